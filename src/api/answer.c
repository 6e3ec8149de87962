/* answer.c - envelopes, errors, and what a request asks for. */
#include "api/answer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#define JSON "application/json"

#define SELECTORS_MAX    256               /* match[] parameters of one request */
#define SELECTORS_MEMORY ((size_t)8 << 20) /* of their matchers */

void answer_begin(const struct api *api, struct buf *to)
{
    buf_init(to, api->query_max_memory);
    buf_text(to, "{\"status\":\"success\",\"data\":");
}

static void print_list(struct buf *body, const char *name, const struct str_list *list)
{
    if (!list || !list->len)
        return;
    buf_printf(body, ",\"%s\":", name);
    strings_print(body, list);
}

void answer_finish(struct http_request *r, struct buf *body, const struct str_list *warnings,
                   const struct str_list *infos)
{
    print_list(body, "warnings", warnings);
    print_list(body, "infos", infos);
    buf_char(body, '}');
    if (body->failed) {
        buf_fini(body);
        answer_error(r, 422, "execution",
                     "the answer is larger than --query.max-memory allows: ask for less");
        return;
    }
    http_reply(r, 200, JSON, body);
}

void answer_finish_warn(struct http_request *r, struct buf *body, const char *warning)
{
    struct str text = str_of(warning);
    struct str_list list = {&text, warning ? 1 : 0};

    answer_finish(r, body, &list, NULL);
}

void answer_error(struct http_request *r, unsigned status, const char *type, const char *format,
                  ...)
{
    char text[1024];
    struct buf body;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&body, 0);
    buf_printf(&body, "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":", type);
    buf_json(&body, str_of(text));
    buf_char(&body, '}');
    http_reply(r, status, JSON, &body);
}

void answer_promql_error(struct http_request *r, const char *parameter,
                         const struct promql_error *err)
{
    bool in_text = strstr(err->text, "parse error") != NULL;

    switch (err->kind) {
    case PROMQL_BAD_DATA:
        if (in_text)
            answer_error(r, 400, "bad_data", "invalid parameter \"%s\": %s", parameter, err->text);
        else
            answer_error(r, 400, "bad_data", "%s", err->text);
        return;
    case PROMQL_EXECUTION:
        answer_error(r, 422, "execution", "%s", err->text);
        return;
    case PROMQL_TIMEOUT:
        answer_error(r, 503, "timeout", "%s", err->text);
        return;
    case PROMQL_CANCELED:
        answer_error(r, 503, "canceled", "%s", err->text);
        return;
    case PROMQL_INTERNAL:
        break;
    }
    answer_error(r, 500, "internal", "%s", err->text);
}

void answer_failure(struct http_request *r, const struct error *err)
{
    if (err->code == -ENOMEM || err->code == -E2BIG || err->code == -ERANGE)
        answer_error(r, 422, "execution", "%s", err->text);
    else
        answer_error(r, 500, "internal", "%s", err->text);
}

void strings_print(struct buf *to, const struct str_list *list)
{
    buf_char(to, '[');
    for (size_t i = 0; i < list->len; i++) {
        if (i)
            buf_char(to, ',');
        buf_json(to, list->items[i]);
    }
    buf_char(to, ']');
}

/* ---- times ---- */

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

static bool parse_rfc3339(struct str s, int64_t *ret_ms)
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

    if (!(ms >= (double)TIME_MIN_MS && ms <= (double)TIME_MAX_MS))
        return false;
    *ret_ms = (int64_t)ms;
    return true;
}

bool time_parse(struct str s, int64_t *ret_ms)
{
    double seconds;

    /* How Prometheus's clients write "the beginning" and "the end" of time. */
    if (str_is(s, "-292273086-05-16T16:47:06Z")) {
        *ret_ms = TIME_MIN_MS;
        return true;
    }
    if (str_is(s, "292277025-08-18T07:12:54.999999999Z") ||
        str_is(s, "+292277025-08-18T07:12:54.999999999Z")) {
        *ret_ms = TIME_MAX_MS;
        return true;
    }
    if (num_parse(s, &seconds))
        return seconds_to_ms(seconds, ret_ms);
    return parse_rfc3339(s, ret_ms);
}

bool duration_parse(struct str s, int64_t *ret_ms)
{
    double seconds;

    if (num_parse(s, &seconds))
        return seconds_to_ms(seconds, ret_ms);
    return num_parse_duration(s, ret_ms, NULL) == 0 && *ret_ms <= TIME_MAX_MS;
}

char *time_put(char *to, int64_t ms)
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

void time_print(struct buf *to, int64_t ms)
{
    char text[32];

    buf_add(to, text, (size_t)(time_put(text, ms) - text));
}

void time_print_rfc3339(struct buf *to, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[40];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(to, "\"%s.%03dZ\"", text, (int)(ms % 1000));
}

/* ---- parameters ---- */

bool param_time(struct http_request *r, const char *name, int64_t *ret_ms)
{
    struct str text = http_param(r, name);

    if (!text.len || time_parse(text, ret_ms))
        return true;
    if (strcmp(name, "time") == 0)
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"time\": Invalid time value for 'time': cannot parse "
                     "\"%.*s\" to a valid timestamp",
                     (int)MIN(text.len, 100), text.ptr);
    else
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid timestamp", name,
                     (int)MIN(text.len, 100), text.ptr);
    return false;
}

bool param_duration(struct http_request *r, const char *name, int64_t *ret_ms)
{
    struct str text = http_param(r, name);

    if (!text.len || duration_parse(text, ret_ms))
        return true;
    answer_error(r, 400, "bad_data",
                 "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid duration", name,
                 (int)MIN(text.len, 100), text.ptr);
    return false;
}

bool param_limit(struct http_request *r, const char *name, size_t *ret)
{
    struct str text = http_param(r, name);
    uint64_t value;

    if (!text.len)
        return true;
    if (num_parse_u64(text, &value)) {
        *ret = value < SIZE_MAX ? (size_t)value : SIZE_MAX;
        return true;
    }
    answer_error(r, 400, "bad_data", "invalid parameter \"%s\": must be a number, 0 or above",
                 name);
    return false;
}

/* ---- match[] ---- */

/* One match[]; false with the answer given. */
static bool read_selector(struct http_request *r, struct str text, struct selectors *ret)
{
    struct promql_error err = {0};
    struct selector *s = &ret->items[ret->len];

    if (ret->len == SELECTORS_MAX) {
        answer_error(r, 400, "bad_data", "more than %d match[] parameters", SELECTORS_MAX);
        return false;
    }
    if (promql_parse_selector(text, &ret->arena, s, &err) < 0) {
        answer_error(r, 400, "bad_data", "invalid parameter \"match[]\": %s", err.text);
        return false;
    }
    ret->len++;
    return true;
}

bool selectors_read(struct http_request *r, bool wanted, struct selectors *ret)
{
    static const char *const names[] = {"match[]", "match"};

    *ret = (struct selectors){0};
    arena_init(&ret->arena, SELECTORS_MEMORY);
    ret->items = xcalloc(SELECTORS_MAX, sizeof(*ret->items));
    for (size_t n = 0; n < ARRAY_LEN(names); n++)
        for (size_t i = 0;; i++) {
            struct str text = http_param_at(r, names[n], i);
            if (!text.ptr)
                break;
            if (!read_selector(r, text, ret))
                return false;
        }
    if (wanted && !ret->len) {
        answer_error(r, 400, "bad_data", "no match[] parameter provided");
        return false;
    }
    return true;
}

void selectors_fini(struct selectors *s)
{
    for (size_t i = 0; i < s->len; i++)
        promql_selector_fini(&s->items[i]);
    free(s->items);
    arena_fini(&s->arena);
}
