/* template_number.c - functions on numbers and times: humanize and its kin, toTime, toDuration,
 * parseDuration, now. Results are those of Prometheus. */
#include "rules/spoken.h"
#include "rules/template_functions.h"

/* A number, or a text that reads as one. */
static int to_real(struct template_call *c, const struct template_value *v, double *ret)
{
    switch (v->kind) {
    case VALUE_REAL:
        *ret = v->real;
        return 0;
    case VALUE_WHOLE:
        *ret = (double)v->whole;
        return 0;
    case VALUE_TEXT:
        if (num_parse(v->text, ret))
            return 0;
        return template_call_fail_at(c, "strconv.ParseFloat: parsing ", v->text,
                                     ": invalid syntax");
    default:
        return template_call_fail(c, "can't convert %s to float", template_value_type(v));
    }
}

static int spoken(struct template_call *c, const struct template_value *v,
                  void (*speak)(double v, struct buf *to), struct template_value *ret)
{
    double number;
    int code = to_real(c, v, &number);
    struct buf text;

    if (code)
        return code;
    buf_init(&text, 0);
    speak(number, &text);
    return template_call_text(c, &text, ret);
}

static int call_humanize(struct template_call *c, const struct template_value *args, size_t n,
                         struct template_value *ret)
{
    (void)n;
    return spoken(c, &args[0], spoken_humanize, ret);
}

static int call_humanize_1024(struct template_call *c, const struct template_value *args, size_t n,
                              struct template_value *ret)
{
    (void)n;
    return spoken(c, &args[0], spoken_humanize_1024, ret);
}

static int call_humanize_duration(struct template_call *c, const struct template_value *args,
                                  size_t n, struct template_value *ret)
{
    (void)n;
    return spoken(c, &args[0], spoken_duration, ret);
}

static int call_humanize_percentage(struct template_call *c, const struct template_value *args,
                                    size_t n, struct template_value *ret)
{
    (void)n;
    return spoken(c, &args[0], spoken_percentage, ret);
}

/* Seconds since 1970 as milliseconds, if Go's nanoseconds can hold them. */
static int to_time(struct template_call *c, double seconds, int64_t *ret_ms)
{
    char text[NUM_MAX_TEXT];
    double ns = seconds * 1e9;

    if (ns < 9223372036854775808.0 && ns >= -9223372036854775808.0) {
        *ret_ms = (int64_t)ns / 1000000;
        return 0;
    }
    return template_call_fail(
        c, "%.*s cannot be represented as a nanoseconds timestamp since it overflows int64",
        (int)num_print_brief(text, seconds), text);
}

static int call_humanize_timestamp(struct template_call *c, const struct template_value *args,
                                   size_t n, struct template_value *ret)
{
    double seconds;
    int64_t ms = 0;
    struct buf text;
    int code = to_real(c, &args[0], &seconds);
    bool finite = !code && !isnan(seconds) && !isinf(seconds);

    (void)n;
    if (finite)
        code = to_time(c, seconds, &ms);
    if (code)
        return code;
    struct template_value time = {VALUE_TIME, {.whole = ms}};
    buf_init(&text, 0);
    if (finite)
        template_value_speaks(&time, &text);
    else
        buf_double(&text, seconds);
    return template_call_text(c, &text, ret);
}

static int call_to_time(struct template_call *c, const struct template_value *args, size_t n,
                        struct template_value *ret)
{
    double seconds;
    int code = to_real(c, &args[0], &seconds);

    (void)n;
    *ret = (struct template_value){VALUE_TIME, {0}};
    if (!code && (isnan(seconds) || isinf(seconds)))
        code = template_call_fail(c, "value is NaN or Inf");
    return code ? code : to_time(c, seconds, &ret->whole);
}

static int call_to_duration(struct template_call *c, const struct template_value *args, size_t n,
                            struct template_value *ret)
{
    double seconds;
    int code = to_real(c, &args[0], &seconds);

    (void)n;
    if (code)
        return code;
    double ns = seconds * NS_PER_S;
    bool fits = ns < 9223372036854775808.0 && ns >= -9223372036854775808.0;
    /* What Go makes of the rest differs from one kind of machine to the next. */
    *ret = (struct template_value){VALUE_DURATION, {.whole = fits ? (int64_t)ns : INT64_MIN}};
    return 0;
}

static int call_parse_duration(struct template_call *c, const struct template_value *args, size_t n,
                               struct template_value *ret)
{
    struct str text = args[0].text;
    bool negative = text.len && *text.ptr == '-';
    struct error err;
    int64_t ms = 0;

    (void)n;
    if (negative)
        text = str_make(text.ptr + 1, text.len - 1);
    if (!text.len)
        return template_call_fail(c, "empty duration string");
    char last = text.ptr[text.len - 1];
    bool unit = last >= 'a' && last <= 'z';
    if ((!unit && !str_is(text, "0")) || num_parse_duration(text, &ms, &err))
        return template_call_fail_at(c, "not a valid duration string: ", args[0].text, "");
    *ret = value_of_real((negative ? -(double)ms : (double)ms) / 1000);
    return 0;
}

static int call_now(struct template_call *c, const struct template_value *args, size_t n,
                    struct template_value *ret)
{
    (void)args;
    (void)n;
    *ret = value_of_real((double)c->in->now_ms / 1000);
    return 0;
}

const struct template_function template_number_functions[] = {
    {"humanize", 1, false, {0}, call_humanize},
    {"humanize1024", 1, false, {0}, call_humanize_1024},
    {"humanizeDuration", 1, false, {0}, call_humanize_duration},
    {"humanizePercentage", 1, false, {0}, call_humanize_percentage},
    {"humanizeTimestamp", 1, false, {0}, call_humanize_timestamp},
    {"toTime", 1, false, {0}, call_to_time},
    {"toDuration", 1, false, {0}, call_to_duration},
    {"parseDuration", 1, false, {PARAMETER_TEXT}, call_parse_duration},
    {"now", 0, false, {0}, call_now},
    {NULL, 0, false, {0}, NULL},
};
