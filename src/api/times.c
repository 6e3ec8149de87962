/* times.c - the times of the API, in and out. */
#include "api/times.h"

#include <time.h>

/* Prometheus counts in nanoseconds of 64 bits: no longer than 292 years. */
#define DURATION_MAX_MS INT64_C(9223372036000)

/* Days from 1970-01-01 to a date of the Gregorian calendar, by counting years from March. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Takes exactly `digits` digits off the front; -1 when they are not there. */
static int take_number(struct str *s, size_t digits)
{
    int value = 0;

    if (s->len < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return -1;
        value = value * 10 + (s->ptr[i] - '0');
    }
    *s = str_make(s->ptr + digits, s->len - digits);
    return value;
}

static bool take_char(struct str *s, char c)
{
    if (!s->len || s->ptr[0] != c)
        return false;
    *s = str_make(s->ptr + 1, s->len - 1);
    return true;
}

/* ".781" and longer: milliseconds, what is finer is cut off. */
static bool take_fraction(struct str *s, int *ret_ms)
{
    int scale = 100;

    *ret_ms = 0;
    if (!take_char(s, '.'))
        return true;
    size_t digits = 0;
    while (digits < s->len && s->ptr[digits] >= '0' && s->ptr[digits] <= '9') {
        *ret_ms += (s->ptr[digits++] - '0') * scale;
        scale /= 10;
    }
    *s = str_make(s->ptr + digits, s->len - digits);
    return digits > 0;
}

/* "Z", "+02:00"; minutes east of Greenwich. */
static bool take_zone(struct str *s, int *ret_minutes)
{
    *ret_minutes = 0;
    if (take_char(s, 'Z'))
        return true;
    bool east = take_char(s, '+');
    if (!east && !take_char(s, '-'))
        return false;
    int hours = take_number(s, 2);
    int minutes = take_char(s, ':') ? take_number(s, 2) : -1;
    *ret_minutes = (hours * 60 + minutes) * (east ? 1 : -1);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool times_parse_rfc3339(struct str s, int64_t *ret_ms)
{
    static const unsigned char month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int ms, zone;
    int year = take_number(&s, 4);
    int month = take_char(&s, '-') ? take_number(&s, 2) : -1;
    int day = take_char(&s, '-') ? take_number(&s, 2) : -1;
    int hour = take_char(&s, 'T') ? take_number(&s, 2) : -1;
    int minute = take_char(&s, ':') ? take_number(&s, 2) : -1;
    int second = take_char(&s, ':') ? take_number(&s, 2) : -1;

    if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > month_days[month - 1] + (month == 2 && leap))
        return false;
    if (!take_fraction(&s, &ms) || !take_zone(&s, &zone) || s.len)
        return false;
    int64_t minutes = (days_of(year, (unsigned)month, (unsigned)day) * 24 + hour) * 60 + minute;
    *ret_ms = ((minutes - zone) * 60 + second) * 1000 + ms;
    return true;
}

static bool seconds_to_ms(double seconds, int64_t *ret_ms)
{
    double ms = round(seconds * 1000);

    if (!(ms >= (double)TIMES_MIN_MS && ms <= (double)TIMES_MAX_MS))
        return false;
    *ret_ms = (int64_t)ms;
    return true;
}

bool times_parse(struct str s, int64_t *ret_ms)
{
    double seconds;

    /* How Prometheus's clients write "the beginning" and "the end" of time. */
    if (str_is(s, "-292273086-05-16T16:47:06Z")) {
        *ret_ms = TIMES_MIN_MS;
        return true;
    }
    if (str_is(s, "292277025-08-18T07:12:54.999999999Z") ||
        str_is(s, "+292277025-08-18T07:12:54.999999999Z")) {
        *ret_ms = TIMES_MAX_MS;
        return true;
    }
    if (num_parse(s, &seconds))
        return seconds_to_ms(seconds, ret_ms);
    return times_parse_rfc3339(s, ret_ms);
}

bool times_parse_duration(struct str s, int64_t *ret_ms)
{
    double seconds;

    if (num_parse(s, &seconds))
        return fabs(seconds) <= (double)DURATION_MAX_MS / 1000 && seconds_to_ms(seconds, ret_ms);
    return num_parse_duration(s, ret_ms, NULL) == 0 && *ret_ms <= DURATION_MAX_MS;
}

char *times_put(char *to, int64_t ms)
{
    if (ms < 0) {
        *to++ = '-';
        ms = -ms;
    }
    to += num_print_u64(to, (uint64_t)ms / 1000);
    unsigned rest = (unsigned)((uint64_t)ms % 1000);
    if (rest) {
        *to++ = '.';
        *to++ = (char)('0' + rest / 100);
        *to++ = (char)('0' + rest / 10 % 10);
        *to++ = (char)('0' + rest % 10);
    }
    return to;
}

void times_print(struct buf *to, int64_t ms)
{
    char text[32];

    buf_add(to, text, (size_t)(times_put(text, ms) - text));
}

void times_print_rfc3339(struct buf *to, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[40];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(to, "\"%s.%03dZ\"", text, (int)(ms % 1000));
}
