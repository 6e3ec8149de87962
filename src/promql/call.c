/* call.c - calls of functions. */
#include "promql/call.h"

#include "promql/fault.h"
#include "promql/rollup.h"
#include "promql/scan.h"
#include "promql/vmrange.h"

/* A vector whose numbers a function changes one by one; the names go. */
static int finish_numbers(struct eval *e, const struct node_call *c, const struct grid *g,
                          struct vector *v)
{
    if (c->keep_metric_names)
        return 0;
    return eval_failed(e, vector_drop_names(v, g->len, &e->arena));
}

static int call_numbers(struct eval *e, const struct node_call *c, const struct grid *g,
                        struct vector *ret)
{
    int code = eval_vector(e, c->args[0], g, ret);

    for (size_t i = 0; i < ret->len && !code; i++) {
        math_apply(c->function->id, ret->lines[i].values, g->len);
        code = eval_interrupted(&e->options, e->err);
    }
    return code ? code : finish_numbers(e, c, g, ret);
}

/* Halves go up, also below zero, as Prometheus rounds. */
static double round_to(double value, double nearest)
{
    double inverse = 1 / nearest;
    return floor(value * inverse + 0.5) / inverse;
}

/* The larger and the smaller of two as Go has them: NaN wins, but not over the infinity that is
 * larger (or smaller) than any number. */
static double larger(double a, double b)
{
    if (isnan(a) || isnan(b))
        return a == (double)INFINITY || b == (double)INFINITY ? (double)INFINITY : (double)NAN;
    return MAX(a, b);
}

static double smaller(double a, double b)
{
    return -larger(-a, -b);
}

static double bounded(enum function_id id, double value, double low, double high)
{
    switch (id) {
    case FUNCTION_ROUND:
        return round_to(value, low);
    case FUNCTION_CLAMP_MIN:
        return larger(value, low);
    case FUNCTION_CLAMP_MAX:
        return smaller(value, low);
    default:
        return larger(low, smaller(high, value));
    }
}

static int call_bounded(struct eval *e, const struct node_call *c, const struct grid *g,
                        struct vector *ret)
{
    enum function_id id = c->function->id;
    double *low = NULL, *high = NULL;
    int code = eval_vector(e, c->args[0], g, ret);

    if (!code && c->len > 1)
        code = eval_scalar(e, c->args[1], g, &low);
    if (!code && c->len > 2)
        code = eval_scalar(e, c->args[2], g, &high);
    for (size_t i = 0; i < ret->len && !code; i++) {
        double *values = ret->lines[i].values;
        for (size_t k = 0; k < g->len; k++) {
            if (is_absent(values[k]))
                continue;
            if (id == FUNCTION_CLAMP && low[k] > high[k])
                values[k] = value_absent();
            else
                values[k] = bounded(id, values[k], low ? low[k] : 1, high ? high[k] : 0);
        }
        code = eval_interrupted(&e->options, e->err);
    }
    if (code)
        return code;
    vector_drop_empty(ret, g->len);
    return finish_numbers(e, c, g, ret);
}

/* The labels that a selector's equalities fix: what absent() says is missing. Its builder is 2 KB,
 * which must not stand in the frame of every call on the way down. */
__attribute__((noinline)) static int labels_of_selector(struct eval *e, const struct node *n,
                                                        struct labels *ret)
{
    struct label_builder b;
    struct labels view;
    struct error err;

    *ret = (struct labels){NULL, 0};
    if (n->kind != NODE_SELECTOR)
        return 0;
    label_builder_init(&b, *ret);
    const struct node_selector *s = &n->selector;
    for (size_t i = 0; i < s->len; i++) {
        size_t same = 0;
        for (size_t j = 0; j < s->len; j++)
            same += str_equal(s->matchers[i].name, s->matchers[j].name);
        if (s->matchers[i].type == MATCH_EQUAL && same == 1 &&
            !str_is(s->matchers[i].name, LABEL_NAME))
            label_builder_set(&b, s->matchers[i].name, s->matchers[i].value);
    }
    if (label_builder_view(&b, &view, &err))
        return fault_set(e->err, PROMQL_EXECUTION, "%s", err.text);
    return labels_copy(view, &e->arena, ret) ? fault_memory(e->err) : 0;
}

static int call_absent(struct eval *e, const struct node_call *c, const struct grid *g,
                       struct vector *ret)
{
    struct vector v;
    int code;

    if (c->function->id == FUNCTION_ABSENT) {
        code = eval_vector(e, c->args[0], g, &v);
    } else {
        struct node present = {.kind = NODE_CALL, .type = PROMQL_VECTOR};
        present.call = *c;
        present.call.keep_metric_names =
            true; /* they are not looked at, and need not be distinct */
        code = rollup_eval(e, &present, g, &v);
    }
    if (code)
        return code;
    if (!vector_new(&e->arena, 1, g->len, ret))
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++) {
        size_t i = 0;
        while (i < v.len && value_is_absent(v.lines[i].values[k]))
            i++;
        if (i == v.len)
            ret->lines[0].values[k] = 1;
    }
    vector_drop_empty(ret, g->len);
    return labels_of_selector(e, node_unwrap(c->args[0]), &ret->lines[0].labels);
}

static int call_scalar(struct eval *e, const struct node_call *c, const struct grid *g,
                       struct value *ret)
{
    struct vector v;
    int code = eval_vector(e, c->args[0], g, &v);

    if (code)
        return code;
    ret->numbers = arena_calloc(&e->arena, g->len, sizeof(double));
    if (!ret->numbers)
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++) {
        size_t found = 0;
        for (size_t i = 0; i < v.len && found < 2; i++) {
            if (value_is_absent(v.lines[i].values[k]))
                continue;
            ret->numbers[k] = v.lines[i].values[k];
            found++;
        }
        if (found != 1)
            ret->numbers[k] = (double)NAN;
    }
    return 0;
}

static int times(struct eval *e, const struct grid *g, double **ret)
{
    *ret = arena_calloc(&e->arena, g->len, sizeof(double));
    if (!*ret)
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++)
        (*ret)[k] = (double)grid_time(g, k) / 1000;
    return 0;
}

static int one_line(struct eval *e, double *values, struct vector *ret)
{
    ret->lines = arena_calloc(&e->arena, 1, sizeof(*ret->lines));
    if (!ret->lines)
        return fault_memory(e->err);
    ret->lines[0].values = values;
    ret->len = 1;
    return 0;
}

static int call_date(struct eval *e, const struct node_call *c, const struct grid *g,
                     struct vector *ret)
{
    double *now;
    int code;

    if (c->len) {
        code = eval_vector(e, c->args[0], g, ret);
    } else {
        code = times(e, g, &now);
        if (!code)
            code = one_line(e, now, ret);
    }
    for (size_t i = 0; i < ret->len && !code; i++)
        date_apply(c->function->id, ret->lines[i].values, g->len);
    return code ? code : finish_numbers(e, c, g, ret);
}

static int call_timestamp(struct eval *e, const struct node_call *c, const struct grid *g,
                          struct vector *ret)
{
    const struct node *arg = node_unwrap(c->args[0]);
    int code = 0;

    if (arg->kind == NODE_SELECTOR) {
        code = scan_instant(e, arg, g, SCAN_TIMESTAMP, ret);
    } else {
        code = eval_vector(e, arg, g, ret);
        for (size_t i = 0; i < ret->len && !code; i++)
            for (size_t k = 0; k < g->len; k++)
                if (!is_absent(ret->lines[i].values[k]))
                    ret->lines[i].values[k] = (double)grid_time(g, k) / 1000;
    }
    return code ? code : finish_numbers(e, c, g, ret);
}

static int call_vector(struct eval *e, const struct node_call *c, const struct grid *g,
                       struct vector *ret)
{
    double *numbers;
    int code = eval_scalar(e, c->args[0], g, &numbers);

    return code ? code : one_line(e, numbers, ret);
}

static int call_pi(struct eval *e, const struct grid *g, struct value *ret)
{
    ret->numbers = arena_calloc(&e->arena, g->len, sizeof(double));
    if (!ret->numbers)
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++)
        ret->numbers[k] = 3.14159265358979323846;
    return 0;
}

int call_eval(struct eval *e, const struct node *n, const struct grid *g, struct value *ret)
{
    const struct node_call *c = &n->call;
    enum function_id id = c->function->id;

    switch (id) {
    case FUNCTION_ABSENT:
    case FUNCTION_ABSENT_OVER_TIME:
        return call_absent(e, c, g, &ret->vector);
    case FUNCTION_ROUND:
    case FUNCTION_CLAMP:
    case FUNCTION_CLAMP_MIN:
    case FUNCTION_CLAMP_MAX:
        return call_bounded(e, c, g, &ret->vector);
    case FUNCTION_TIME:
        return times(e, g, &ret->numbers);
    case FUNCTION_TIMESTAMP:
        return call_timestamp(e, c, g, &ret->vector);
    case FUNCTION_PI:
        return call_pi(e, g, ret);
    case FUNCTION_SCALAR:
        return call_scalar(e, c, g, ret);
    case FUNCTION_VECTOR:
        return call_vector(e, c, g, &ret->vector);
    case FUNCTION_SORT:
    case FUNCTION_SORT_DESC:
    case FUNCTION_SORT_BY_LABEL:
    case FUNCTION_SORT_BY_LABEL_DESC:
    case FUNCTION_SORT_BY_LABEL_NUMERIC:
    case FUNCTION_SORT_BY_LABEL_NUMERIC_DESC:
        return ordering_eval(e, n, g, &ret->vector);
    case FUNCTION_LABEL_REPLACE:
    case FUNCTION_LABEL_JOIN:
        return renaming_eval(e, c, g, &ret->vector);
    case FUNCTION_HISTOGRAM_QUANTILE:
    case FUNCTION_HISTOGRAM_FRACTION:
    case FUNCTION_HISTOGRAM_SHARE:
        return histogram_eval(e, c, g, &ret->vector);
    case FUNCTION_BUCKETS_LIMIT:
    case FUNCTION_PROMETHEUS_BUCKETS:
        return vmrange_eval(e, c, g, &ret->vector);
    default:
        break;
    }
    if (function_is_over_range(id))
        return over_range_eval(e, c, g, &ret->vector);
    if (function_is_sequence(id))
        return sequence_eval(e, c, g, &ret->vector);
    if (id >= FUNCTION_ALIAS && id <= FUNCTION_LABELS_EQUAL)
        return relabel_eval(e, c, g, &ret->vector);
    if (id >= FUNCTION_BITMAP_AND && id <= FUNCTION_UNION)
        return mixed_vector(e, c, g, &ret->vector);
    if (id >= FUNCTION_END && id <= FUNCTION_STEP_NUMBER)
        return mixed_scalar(e, c, g, &ret->numbers);
    if (function_is_rollup(id))
        return rollup_eval(e, n, g, &ret->vector);
    if (id >= FUNCTION_MINUTE && id <= FUNCTION_YEAR)
        return call_date(e, c, g, &ret->vector);
    return call_numbers(e, c, g, &ret->vector);
}
