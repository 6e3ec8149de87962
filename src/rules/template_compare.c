/* template_compare.c - and, or, not, eq, ne, lt, le, gt, ge: those of Go's text/template, which
 * compare values of one kind only. */
#include "rules/template_functions.h"

/* Kinds that can be compared; two values must share one. */
enum basic {
    BASIC_NONE,
    BASIC_BOOL,
    BASIC_WHOLE, /* with or without a sign */
    BASIC_REAL,
    BASIC_TEXT
};

static enum basic basic_of(const struct template_value *v)
{
    switch (v->kind) {
    case VALUE_BOOL:
        return BASIC_BOOL;
    case VALUE_WHOLE:
    case VALUE_BYTE:
    case VALUE_MONTH:
    case VALUE_WEEKDAY:
        return BASIC_WHOLE;
    case VALUE_REAL:
        return BASIC_REAL;
    case VALUE_TEXT:
        return BASIC_TEXT;
    default:
        return BASIC_NONE;
    }
}

static int incompatible(struct template_call *c, const struct template_value *a,
                        const struct template_value *b)
{
    return template_call_fail(c, "incompatible types for comparison: %s and %s",
                              template_value_type(a), template_value_type(b));
}

static bool is_nil(const struct template_value *v)
{
    return v->kind == VALUE_NONE || (v->kind == VALUE_SAMPLE && !v->sample);
}

/* Values that hold others: whether they are nil is all that can be asked of most. */
static int equal_others(struct template_call *c, const struct template_value *a,
                        const struct template_value *b, bool *ret)
{
    if (is_nil(a) || is_nil(b))
        *ret = is_nil(a) && is_nil(b);
    else if (a->kind != b->kind)
        return incompatible(c, a, b);
    else if (a->kind == VALUE_TIME || a->kind == VALUE_DURATION)
        *ret = a->whole == b->whole;
    else if (a->kind == VALUE_SAMPLE)
        *ret = a->sample == b->sample;
    else
        return template_call_fail(c, "non-comparable type %s", template_value_type(b));
    return 0;
}

static int equal(struct template_call *c, const struct template_value *a,
                 const struct template_value *b, bool *ret)
{
    enum basic basic = basic_of(a);

    *ret = false;
    if (basic != basic_of(b))
        return is_nil(a) || is_nil(b) ? 0 : incompatible(c, a, b);
    if (basic == BASIC_BOOL)
        *ret = a->truth == b->truth;
    else if (basic == BASIC_WHOLE)
        *ret = a->whole == b->whole;
    else if (basic == BASIC_REAL)
        *ret = a->real == b->real;
    else if (basic == BASIC_TEXT)
        *ret = str_equal(a->text, b->text);
    else
        return equal_others(c, a, b, ret);
    return 0;
}

static int less(struct template_call *c, const struct template_value *a,
                const struct template_value *b, bool *ret)
{
    enum basic basic = basic_of(a);

    if (basic == BASIC_NONE || basic_of(b) == BASIC_NONE)
        return template_call_fail(c, "invalid type for comparison");
    if (basic != basic_of(b))
        return incompatible(c, a, b);
    if (basic == BASIC_BOOL)
        return template_call_fail(c, "invalid type for comparison");
    *ret = basic == BASIC_WHOLE  ? a->whole < b->whole
           : basic == BASIC_REAL ? a->real < b->real
                                 : str_compare(a->text, b->text) < 0;
    return 0;
}

static int call_not(struct template_call *c, const struct template_value *args, size_t n,
                    struct template_value *ret)
{
    (void)c;
    (void)n;
    *ret = value_of_bool(!template_value_is_true(&args[0]));
    return 0;
}

/* Whether the first one equals any of the others. */
static int call_eq(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    bool truth = false;
    int code = n < 2 ? template_call_fail(c, "missing argument for comparison") : 0;

    for (size_t i = 1; i < n && !truth && !code; i++)
        code = equal(c, &args[0], &args[i], &truth);
    *ret = value_of_bool(truth);
    return code;
}

static int call_ne(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    bool truth = false;
    int code = equal(c, &args[0], &args[1], &truth);

    (void)n;
    *ret = value_of_bool(!truth);
    return code;
}

static int call_lt(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    bool truth = false;
    int code = less(c, &args[0], &args[1], &truth);

    (void)n;
    *ret = value_of_bool(truth);
    return code;
}

static int call_le(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    bool truth = false;
    int code = less(c, &args[0], &args[1], &truth);

    (void)n;
    if (!code && !truth)
        code = equal(c, &args[0], &args[1], &truth);
    *ret = value_of_bool(truth);
    return code;
}

/* Go turns le and lt around, so that of NaN both gt and ge hold. */
static int call_gt(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    int code = call_le(c, args, n, ret);

    ret->truth = !ret->truth;
    return code;
}

static int call_ge(struct template_call *c, const struct template_value *args, size_t n,
                   struct template_value *ret)
{
    int code = call_lt(c, args, n, ret);

    ret->truth = !ret->truth;
    return code;
}

const struct template_function template_compare_functions[] = {
    {"and", 1, true, {0}, NULL},      {"or", 1, true, {0}, NULL},
    {"not", 1, false, {0}, call_not}, {"eq", 1, true, {0}, call_eq},
    {"ne", 2, false, {0}, call_ne},   {"lt", 2, false, {0}, call_lt},
    {"le", 2, false, {0}, call_le},   {"gt", 2, false, {0}, call_gt},
    {"ge", 2, false, {0}, call_ge},   {NULL, 0, false, {0}, NULL},
};
