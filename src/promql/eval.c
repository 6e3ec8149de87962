/* eval.c - walks the tree; what is the same at every step is evaluated once. */
#include "promql/eval.h"

#include "promql/duration.h"
#include "promql/fault.h"
#include "promql/scan.h"

#include <stdarg.h>

int eval_interrupted(const struct promql_options *o, struct promql_error *err)
{
    if (o->cancel && atomic_load_explicit(o->cancel, memory_order_relaxed))
        return fault_set(err, PROMQL_CANCELED, "query was canceled");
    if (o->deadline_mono_ns && clock_mono_ns() >= o->deadline_mono_ns)
        return fault_set(err, PROMQL_TIMEOUT,
                         "query timed out: narrow it, or raise --query.timeout");
    return 0;
}

int eval_failed(struct eval *e, int code)
{
    if (code == -EEXIST)
        return fault_set(e->err, PROMQL_EXECUTION,
                         "vector cannot contain metrics with the same labelset");
    if (code == -ENOMEM)
        return fault_memory(e->err);
    return code;
}

__attribute__((format(printf, 5, 0))) static void note(struct eval *e, const struct node *about,
                                                       struct str *list, size_t *len,
                                                       const char *format, va_list args)
{
    char text[400];
    int n = vsnprintf(text, sizeof(text), format, args);
    struct str s = {text, MIN((size_t)MAX(n, 0), sizeof(text) - 1)};
    unsigned line, column;

    if (about) {
        fault_place(e->text, about->start, &line, &column);
        n = snprintf(text + s.len, sizeof(text) - s.len, " (%u:%u)", line, column);
        s.len = MIN(s.len + (size_t)MAX(n, 0), sizeof(text) - 1);
    }
    for (size_t i = 0; i < *len; i++)
        if (str_equal(list[i], s))
            return;
    if (*len == EVAL_NOTES_MAX)
        return;
    s.ptr = arena_strndup(&e->arena, text, s.len);
    if (s.ptr)
        list[(*len)++] = s;
}

void eval_warn(struct eval *e, const struct node *about, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note(e, about, e->warnings, &e->warnings_len, format, args);
    va_end(args);
}

void eval_inform(struct eval *e, const struct node *about, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note(e, about, e->infos, &e->infos_len, format, args);
    va_end(args);
}

void eval_warn_of_quantiles(struct eval *e, const struct node *about, const double *quantiles,
                            size_t n)
{
    char text[NUM_MAX_TEXT];

    for (size_t k = 0; k < n; k++)
        if (!(quantiles[k] >= 0 && quantiles[k] <= 1))
            eval_warn(e, about,
                      "PromQL warning: quantile value should be between 0 and 1, got %.*s",
                      (int)num_print_brief(text, quantiles[k]), text);
}

int eval_duration(struct eval *e, const struct node *n, bool positive, int64_t *ret_ms)
{
    double seconds = duration_seconds(n, e->step_s, e->range_s);

    if (!duration_fits(seconds))
        return fault_set(e->err, PROMQL_BAD_DATA, "duration out of range");
    double ms = round(seconds * 1000);
    if (positive && ms < 1)
        return fault_set(e->err, PROMQL_BAD_DATA, "duration must be greater than 0");
    *ret_ms = (int64_t)ms;
    return 0;
}

int eval_time_of(struct eval *e, const struct node *n, bool *ret_fixed, int64_t *ret_at,
                 int64_t *ret_offset)
{
    *ret_offset = 0;
    *ret_fixed = n->at != AT_NONE;
    *ret_at = n->at == AT_START ? e->options.start_ms
              : n->at == AT_END ? e->options.end_ms
                                : n->at_ms;
    return n->offset ? eval_duration(e, n->offset, false, ret_offset) : 0;
}

static bool call_is_fixed(const struct node_call *c)
{
    switch (c->function->id) {
    case FUNCTION_TIME:
    case FUNCTION_PREDICT_LINEAR: /* counts from the time of evaluation */
    case FUNCTION_RAND:
    case FUNCTION_RAND_EXPONENTIAL:
    case FUNCTION_RAND_NORMAL:
        return false;
    case FUNCTION_TIMESTAMP:
        if (node_unwrap(c->args[0])->kind != NODE_SELECTOR)
            return false;
        break;
    default:
        if (function_is_over_range(c->function->id) || function_is_sequence(c->function->id))
            return false;
        if (c->function->id >= FUNCTION_MINUTE && c->function->id <= FUNCTION_YEAR && !c->len)
            return false;
    }
    for (size_t i = 0; i < c->len; i++)
        if (!eval_is_fixed(c->args[i]))
            return false;
    return true;
}

bool eval_is_fixed(const struct node *n)
{
    switch (n->kind) {
    case NODE_NUMBER:
    case NODE_STRING:
        return true;
    case NODE_SELECTOR:
    case NODE_SUBQUERY:
        return n->at != AT_NONE;
    case NODE_PAREN:
        return eval_is_fixed(n->paren);
    case NODE_UNARY:
        return eval_is_fixed(n->unary.expr);
    case NODE_BINARY:
        return eval_is_fixed(n->binary.left) && eval_is_fixed(n->binary.right);
    case NODE_AGGREGATE:
        return (!n->aggregate.param || eval_is_fixed(n->aggregate.param)) &&
               eval_is_fixed(n->aggregate.expr);
    case NODE_CALL:
        return call_is_fixed(&n->call);
    }
    return false;
}

static double *spread(struct arena *a, double value, size_t steps)
{
    double *to = arena_calloc(a, steps, sizeof(double));

    for (size_t i = 0; to && i < steps; i++)
        to[i] = value;
    return to;
}

/* One step for all. */
static int eval_fixed(struct eval *e, const struct node *n, const struct grid *g, struct value *ret)
{
    struct grid one = {g->start_ms, g->step_ms, 1};
    int code = eval_node(e, n, &one, ret);

    if (code)
        return code;
    if (ret->type == PROMQL_SCALAR) {
        ret->numbers = spread(&e->arena, ret->numbers[0], g->len);
        return ret->numbers ? 0 : fault_memory(e->err);
    }
    for (size_t i = 0; i < ret->vector.len; i++) {
        struct line *l = &ret->vector.lines[i];
        l->values = spread(&e->arena, l->values[0], g->len);
        if (!l->values)
            return fault_memory(e->err);
    }
    return 0;
}

static int eval_unary(struct eval *e, const struct node *n, const struct grid *g, struct value *ret)
{
    int code = eval_node(e, n->unary.expr, g, ret);

    if (code || !n->unary.minus)
        return code;
    if (ret->type == PROMQL_SCALAR) {
        for (size_t k = 0; k < g->len; k++)
            ret->numbers[k] = -ret->numbers[k];
        return 0;
    }
    for (size_t i = 0; i < ret->vector.len; i++) {
        double *values = ret->vector.lines[i].values;
        for (size_t k = 0; k < g->len; k++)
            values[k] = is_absent(values[k]) ? values[k] : -values[k];
    }
    return eval_failed(e, vector_drop_names(&ret->vector, g->len, &e->arena));
}

/* MetricsQL: an expression as it was `offset` before each step. */
static int eval_earlier(struct eval *e, const struct node *n, const struct grid *g,
                        struct value *ret)
{
    struct grid earlier = *g;
    int64_t offset_ms = 0;
    int code = eval_duration(e, n->offset, false, &offset_ms);

    earlier.start_ms -= offset_ms; /* both are far from overflow: see duration_fits() */
    return code ? code : eval_node(e, n->paren, &earlier, ret);
}

int eval_node(struct eval *e, const struct node *n, const struct grid *g, struct value *ret)
{
    int code = eval_interrupted(&e->options, e->err);

    *ret = (struct value){.type = n->type};
    if (code)
        return code;
    if (g->len > 1 && n->kind >= NODE_SELECTOR && n->kind != NODE_PAREN && eval_is_fixed(n))
        return eval_fixed(e, n, g, ret);
    switch (n->kind) {
    case NODE_NUMBER:
        ret->numbers = spread(&e->arena, n->number.value, g->len);
        return ret->numbers ? 0 : fault_memory(e->err);
    case NODE_STRING:
        ret->string = n->string;
        return 0;
    case NODE_SELECTOR:
        return scan_instant(e, n, g, SCAN_VALUE, &ret->vector);
    case NODE_CALL:
        return call_eval(e, n, g, ret);
    case NODE_AGGREGATE:
        return aggregate_eval(e, n, g, &ret->vector);
    case NODE_BINARY:
        return binary_eval(e, n, g, ret);
    case NODE_UNARY:
        return eval_unary(e, n, g, ret);
    case NODE_PAREN:
        return n->offset ? eval_earlier(e, n, g, ret) : eval_node(e, n->paren, g, ret);
    case NODE_SUBQUERY:
        break; /* only under a function, which takes it apart, or at the top, see query.c */
    }
    return fault_set(e->err, PROMQL_INTERNAL, "a range vector stands where none can stand");
}

int eval_vector(struct eval *e, const struct node *n, const struct grid *g, struct vector *ret)
{
    struct value value;
    int code = eval_node(e, n, g, &value);

    if (!code)
        *ret = value.vector;
    return code;
}

int eval_scalar(struct eval *e, const struct node *n, const struct grid *g, double **ret)
{
    struct value value;
    int code = eval_node(e, n, g, &value);

    if (!code)
        *ret = value.numbers;
    return code;
}

int eval_series(struct eval *e, const struct node *n, const struct grid *g, struct vector *ret)
{
    struct value value;
    int code = eval_node(e, n, g, &value);

    if (code || n->type == PROMQL_VECTOR) {
        *ret = value.vector;
        return code;
    }
    *ret = (struct vector){arena_calloc(&e->arena, 1, sizeof(struct line)), 1};
    if (!ret->lines)
        return fault_memory(e->err);
    ret->lines[0].values = value.numbers;
    return 0;
}

struct str eval_string(const struct node *n)
{
    return node_unwrap(n)->string;
}
