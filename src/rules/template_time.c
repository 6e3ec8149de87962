/* template_time.c - see template_time.h; what methods give and layouts mean follows Go's package
 * time. Times are in UTC, as those of Prometheus's toTime are. */
#include "rules/template_time.h"

#include "rules/template_value.h"

#include <ctype.h>
#include <time.h>

#define NS_PER_MINUTE (60 * (int64_t)NS_PER_S)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define YEAR_ONE_S    INT64_C(62135596800) /* from 0001-01-01 to 1970: Go's times begin there */
#define DATE_STEP_MAX 100000               /* years, months or days that AddDate takes at most */

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

const char *template_time_month(int64_t month)
{
    return month >= 1 && month <= 12 ? months[month - 1] : "";
}

const char *template_time_weekday(int64_t weekday)
{
    return weekday >= 0 && weekday <= 6 ? weekdays[weekday] : "";
}

/* Takes a time apart; returns its milliseconds. */
static unsigned take_apart(int64_t ms, struct tm *ret)
{
    int64_t rest = ms % 1000;
    time_t whole = (time_t)(ms / 1000);

    if (rest < 0) {
        rest += 1000;
        whole--;
    }
    if (!gmtime_r(&whole, ret))
        memset(ret, 0, sizeof(*ret));
    return (unsigned)rest;
}

/* ".25" or ",25": `digits` digits behind the point, or (`trims`) those that say something. */
static void print_fraction(unsigned ms, char point, size_t digits, bool trims, struct buf *to)
{
    char text[4];

    snprintf(text, sizeof(text), "%03u", ms % 1000);
    if (trims) {
        size_t said = 3;
        while (said && text[said - 1] == '0')
            said--;
        digits = MIN(digits, said);
        if (!digits)
            return;
    }
    buf_char(to, point);
    for (size_t i = 0; i < digits; i++)
        buf_char(to, i < 3 ? text[i] : '0');
}

void template_time_print(int64_t ms, struct buf *to)
{
    template_time_format(ms, STR("2006-01-02 15:04:05.999999999 -0700 MST"), to);
}

/* ---- layouts ---- */

static bool begins(struct str s, const char *word)
{
    return str_starts(s, str_of(word));
}

/* Length of a fraction ".000" or ",999" at the front of a layout; 0 when there is none. */
static size_t fraction_length(struct str s)
{
    size_t n = 1;

    if (s.len < 2 || (s.ptr[0] != '.' && s.ptr[0] != ',') || (s.ptr[1] != '0' && s.ptr[1] != '9'))
        return 0;
    while (n < s.len && s.ptr[n] == s.ptr[1])
        n++;
    return n < s.len && isdigit((unsigned char)s.ptr[n]) ? 0 : n;
}

static bool is_lower_at(struct str s, size_t at)
{
    return at < s.len && islower((unsigned char)s.ptr[at]);
}

/* Words of months and days; the bytes of the layout that were read. */
static size_t print_name(const struct tm *t, struct str s, struct buf *to)
{
    const char *month = template_time_month(t->tm_mon + 1);
    const char *day = template_time_weekday(t->tm_wday);

    if (begins(s, "January") || (begins(s, "Jan") && !is_lower_at(s, 3))) {
        bool whole = begins(s, "January");
        buf_add(to, month, whole ? strlen(month) : MIN(strlen(month), 3));
        return whole ? 7 : 3;
    }
    if (begins(s, "Monday") || (begins(s, "Mon") && !is_lower_at(s, 3))) {
        bool whole = begins(s, "Monday");
        buf_add(to, day, whole ? strlen(day) : MIN(strlen(day), 3));
        return whole ? 6 : 3;
    }
    return 0;
}

/* Zones: all times are in UTC. */
static size_t print_zone(struct str s, struct buf *to)
{
    static const struct {
        const char *word, *text;
    } zones[] = {
        {"MST", "UTC"},
        {"Z07:00:00", "Z"},
        {"Z070000", "Z"},
        {"Z07:00", "Z"},
        {"Z0700", "Z"},
        {"Z07", "Z"},
        {"-07:00:00", "+00:00:00"},
        {"-070000", "+000000"},
        {"-07:00", "+00:00"},
        {"-0700", "+0000"},
        {"-07", "+00"},
    };

    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        if (begins(s, zones[i].word)) {
            buf_text(to, zones[i].text);
            return strlen(zones[i].word);
        }
    }
    return 0;
}

/* Numbers of the date and the clock, the longer words first. */
static size_t print_number(const struct tm *t, struct str s, struct buf *to)
{
    int twelve = t->tm_hour % 12 ? t->tm_hour % 12 : 12;
    const struct {
        const char *word, *format;
        int number;
    } words[] = {
        {"2006", "%04d", t->tm_year + 1900},
        {"_2006", "_%04d", t->tm_year + 1900},
        {"002", "%03d", t->tm_yday + 1},
        {"__2", "%3d", t->tm_yday + 1},
        {"01", "%02d", t->tm_mon + 1},
        {"02", "%02d", t->tm_mday},
        {"03", "%02d", twelve},
        {"04", "%02d", t->tm_min},
        {"05", "%02d", t->tm_sec},
        {"06", "%02d", (t->tm_year + 1900) % 100},
        {"15", "%02d", t->tm_hour},
        {"_2", "%2d", t->tm_mday},
        {"1", "%d", t->tm_mon + 1},
        {"2", "%d", t->tm_mday},
        {"3", "%d", twelve},
        {"4", "%d", t->tm_min},
        {"5", "%d", t->tm_sec},
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!begins(s, words[i].word))
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(to, words[i].format, words[i].number); /* one of the formats above */
#pragma GCC diagnostic pop
        return strlen(words[i].word);
    }
    return 0;
}

void template_time_format(int64_t ms, struct str layout, struct buf *to)
{
    struct tm t;
    unsigned rest = take_apart(ms, &t);

    while (layout.len) {
        size_t n = fraction_length(layout);
        if (n)
            print_fraction(rest, layout.ptr[0], n - 1, layout.ptr[1] == '9', to);
        else
            n = print_name(&t, layout, to);
        if (!n)
            n = print_zone(layout, to);
        if (!n)
            n = print_number(&t, layout, to);
        if (!n && (begins(layout, "PM") || begins(layout, "pm"))) {
            buf_text(to, layout.ptr[0] == 'P' ? (t.tm_hour < 12 ? "AM" : "PM")
                                              : (t.tm_hour < 12 ? "am" : "pm"));
            n = 2;
        }
        if (!n) {
            buf_char(to, *layout.ptr);
            n = 1;
        }
        layout = str_make(layout.ptr + n, layout.len - n);
    }
}

/* ---- durations ---- */

/* `units` / 10^`decimals` with what stands behind the point only where it is not zero. */
static void print_units(uint64_t units, unsigned decimals, const char *unit, struct buf *to)
{
    char text[NUM_MAX_TEXT];

    buf_add(to, text, num_print_fixed(text, (int64_t)units, decimals));
    buf_text(to, unit);
}

void template_time_print_duration(int64_t ns, struct buf *to)
{
    uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

    buf_text(to, ns < 0 ? "-" : "");
    if (!left) {
        buf_text(to, "0s");
    } else if (left < NS_PER_S) {
        bool milli = left >= 1000000, micro = !milli && left >= 1000;
        print_units(left, milli ? 6 : micro ? 3 : 0, milli ? "ms" : micro ? "\xc2\xb5s" : "ns", to);
    } else {
        if (left >= (uint64_t)NS_PER_HOUR)
            buf_printf(to, "%" PRIu64 "h", left / NS_PER_HOUR);
        if (left >= (uint64_t)NS_PER_MINUTE)
            buf_printf(to, "%" PRIu64 "m", left / NS_PER_MINUTE % 60);
        print_units(left % NS_PER_MINUTE, 9, "s", to);
    }
}

/* ---- methods ---- */

static const struct template_method time_methods[] = {
    {"Add", METHOD_DURATION},   {"AddDate", METHOD_DATE},      {"After", METHOD_TIME},
    {"Before", METHOD_TIME},    {"Day", METHOD_NONE},          {"Equal", METHOD_TIME},
    {"Format", METHOD_TEXT},    {"Hour", METHOD_NONE},         {"IsZero", METHOD_NONE},
    {"Minute", METHOD_NONE},    {"Month", METHOD_NONE},        {"Nanosecond", METHOD_NONE},
    {"Second", METHOD_NONE},    {"String", METHOD_NONE},       {"Sub", METHOD_TIME},
    {"UTC", METHOD_NONE},       {"Truncate", METHOD_DURATION}, {"Unix", METHOD_NONE},
    {"UnixMicro", METHOD_NONE}, {"UnixMilli", METHOD_NONE},    {"UnixNano", METHOD_NONE},
    {"Weekday", METHOD_NONE},   {"Year", METHOD_NONE},         {"YearDay", METHOD_NONE},
};

static const struct template_method duration_methods[] = {
    {"Abs", METHOD_NONE},          {"Hours", METHOD_NONE},   {"Microseconds", METHOD_NONE},
    {"Milliseconds", METHOD_NONE}, {"Minutes", METHOD_NONE}, {"Nanoseconds", METHOD_NONE},
    {"Round", METHOD_DURATION},    {"Seconds", METHOD_NONE}, {"String", METHOD_NONE},
    {"Truncate", METHOD_DURATION},
};

static const struct template_method name_methods[] = {{"String", METHOD_NONE}};

const struct template_method *template_time_method(const struct template_value *v, struct str name)
{
    const struct template_method *list = NULL;
    size_t len = 0;

    if (v->kind == VALUE_TIME) {
        list = time_methods;
        len = ARRAY_LEN(time_methods);
    } else if (v->kind == VALUE_DURATION) {
        list = duration_methods;
        len = ARRAY_LEN(duration_methods);
    } else if (v->kind == VALUE_MONTH || v->kind == VALUE_WEEKDAY) {
        list = name_methods;
        len = ARRAY_LEN(name_methods);
    }
    for (size_t i = 0; i < len; i++)
        if (str_is(name, list[i].name))
            return &list[i];
    return NULL;
}

static struct template_value of_kind(enum value_kind kind, int64_t whole)
{
    return (struct template_value){kind, {.whole = whole}};
}

/* `n` without what is left of whole steps of `step`, toward zero. */
static int64_t whole_steps(int64_t n, int64_t step)
{
    return step > 0 ? n - n % step : n;
}

static int64_t rounded(int64_t ns, int64_t step)
{
    int64_t low = whole_steps(ns, step), rest = ns - low;

    if (step <= 0 || (rest < 0 ? -rest : rest) < step - (rest < 0 ? -rest : rest))
        return low;
    return ns < 0 ? low - step : low + step;
}

/* Counted from the year 1, as Go does, so that weeks begin on a Monday. */
static int64_t truncated_ms(int64_t ms, int64_t step_ns)
{
    __int128 ns = ((__int128)ms + (__int128)YEAR_ONE_S * 1000) * 1000000;

    return step_ns > 0 ? (int64_t)((ns - ns % step_ns) / 1000000 - (__int128)YEAR_ONE_S * 1000)
                       : ms;
}

static int64_t add_date(int64_t ms, const struct template_value *args)
{
    struct tm t;
    unsigned rest = take_apart(ms, &t);

    for (size_t i = 0; i < 3; i++)
        if (args[i].whole > DATE_STEP_MAX || args[i].whole < -DATE_STEP_MAX)
            return ms;
    t.tm_year += (int)args[0].whole;
    t.tm_mon += (int)args[1].whole;
    t.tm_mday += (int)args[2].whole;
    return (int64_t)timegm(&t) * 1000 + rest;
}

static struct template_value call_time(struct str name, int64_t ms,
                                       const struct template_value *args)
{
    struct tm t;
    unsigned rest = take_apart(ms, &t);
    const struct {
        const char *name;
        enum value_kind kind;
        int64_t whole;
    } plain[] = {
        {"Day", VALUE_WHOLE, t.tm_mday},
        {"Hour", VALUE_WHOLE, t.tm_hour},
        {"IsZero", VALUE_BOOL, ms == -YEAR_ONE_S * 1000},
        {"Minute", VALUE_WHOLE, t.tm_min},
        {"Month", VALUE_MONTH, t.tm_mon + 1},
        {"Nanosecond", VALUE_WHOLE, (int64_t)rest * 1000000},
        {"Second", VALUE_WHOLE, t.tm_sec},
        {"UTC", VALUE_TIME, ms},
        {"Unix", VALUE_WHOLE, (ms - (int64_t)rest) / 1000},
        {"UnixMicro", VALUE_WHOLE, (int64_t)((uint64_t)ms * 1000)},
        {"UnixMilli", VALUE_WHOLE, ms},
        {"UnixNano", VALUE_WHOLE, (int64_t)((uint64_t)ms * 1000000)},
        {"Weekday", VALUE_WEEKDAY, t.tm_wday},
        {"Year", VALUE_WHOLE, t.tm_year + 1900},
        {"YearDay", VALUE_WHOLE, t.tm_yday + 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (str_is(name, plain[i].name))
            return plain[i].kind == VALUE_BOOL ? value_of_bool(plain[i].whole != 0)
                                               : of_kind(plain[i].kind, plain[i].whole);
    if (str_is(name, "Add"))
        return of_kind(VALUE_TIME, ms + args[0].whole / 1000000);
    if (str_is(name, "AddDate"))
        return of_kind(VALUE_TIME, add_date(ms, args));
    if (str_is(name, "Truncate"))
        return of_kind(VALUE_TIME, truncated_ms(ms, args[0].whole));
    if (str_is(name, "Sub"))
        return of_kind(VALUE_DURATION,
                       (int64_t)(((uint64_t)ms - (uint64_t)args[0].whole) * 1000000));
    if (str_is(name, "After"))
        return value_of_bool(ms > args[0].whole);
    if (str_is(name, "Before"))
        return value_of_bool(ms < args[0].whole);
    return value_of_bool(ms == args[0].whole); /* Equal */
}

static struct template_value call_duration(struct str name, int64_t ns,
                                           const struct template_value *args)
{
    if (str_is(name, "Hours"))
        return value_of_real((double)ns / NS_PER_HOUR);
    if (str_is(name, "Minutes"))
        return value_of_real((double)ns / NS_PER_MINUTE);
    if (str_is(name, "Seconds"))
        return value_of_real((double)ns / NS_PER_S);
    if (str_is(name, "Milliseconds"))
        return value_of_whole(ns / 1000000);
    if (str_is(name, "Microseconds"))
        return value_of_whole(ns / 1000);
    if (str_is(name, "Nanoseconds"))
        return value_of_whole(ns);
    if (str_is(name, "Round"))
        return of_kind(VALUE_DURATION, rounded(ns, args[0].whole));
    if (str_is(name, "Truncate"))
        return of_kind(VALUE_DURATION, whole_steps(ns, args[0].whole));
    return of_kind(VALUE_DURATION, ns < 0 && ns > INT64_MIN ? -ns : ns); /* Abs */
}

int template_time_call(const struct template_method *m, const struct template_value *v,
                       const struct template_value *args, struct arena *a,
                       struct template_value *ret)
{
    bool formats = m->takes == METHOD_TEXT;
    struct buf text;

    if (!formats && !str_is(str_of(m->name), "String")) {
        *ret = v->kind == VALUE_TIME ? call_time(str_of(m->name), v->whole, args)
                                     : call_duration(str_of(m->name), v->whole, args);
        return 0;
    }
    buf_init(&text, TEMPLATE_BYTES_MAX);
    if (formats)
        template_time_format(v->whole, args[0].text, &text);
    else
        template_value_speaks(v, &text);
    char *copy = text.failed ? NULL : arena_strndup(a, text.len ? text.ptr : "", text.len);
    *ret = value_of_text(str_make(copy, text.len));
    buf_fini(&text);
    return copy ? 0 : -ENOMEM;
}
