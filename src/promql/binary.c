/* binary.c - operators on rows, and between scalars and vectors. */
#include "promql/binary.h"

#include "promql/fault.h"

static bool holds(enum node_operator op, double a, double b)
{
    switch (op) {
    case OPERATOR_EQL:
        return a == b;
    case OPERATOR_NEQ:
        return a != b;
    case OPERATOR_LTE:
        return a <= b;
    case OPERATOR_LSS:
        return a < b;
    case OPERATOR_GTE:
        return a >= b;
    default:
        return a > b;
    }
}

static void compare_rows(const struct binary_rule *rule, const double *a, const double *b,
                         double *to, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (is_absent(a[k]) || is_absent(b[k])) {
            to[k] = value_absent();
            continue;
        }
        bool yes = holds(rule->op, a[k], b[k]);
        if (rule->return_bool)
            to[k] = yes;
        else if (yes)
            to[k] = rule->keep_right ? b[k] : a[k];
        else
            to[k] = value_absent();
    }
}

#define ROWS(result)                                                                               \
    for (size_t k = 0; k < n; k++)                                                                 \
    to[k] = is_absent(a[k]) || is_absent(b[k]) ? value_absent() : (result)

void binary_rows(const struct binary_rule *rule, const double *a, const double *b, double *to,
                 size_t n)
{
    switch (rule->op) {
    case OPERATOR_ADD:
        ROWS(a[k] + b[k]);
        break;
    case OPERATOR_SUB:
        ROWS(a[k] - b[k]);
        break;
    case OPERATOR_MUL:
        ROWS(a[k] * b[k]);
        break;
    case OPERATOR_DIV:
        ROWS(a[k] / b[k]);
        break;
    case OPERATOR_MOD:
        ROWS(fmod(a[k], b[k]));
        break;
    case OPERATOR_POW:
        ROWS(pow(a[k], b[k]));
        break;
    case OPERATOR_ATAN2:
        ROWS(atan2(a[k], b[k]));
        break;
    default:
        compare_rows(rule, a, b, to, n);
    }
}

bool binary_drops_name(const struct node_binary *b)
{
    return !b->keep_metric_names && (!node_is_comparison(b->op) || b->return_bool);
}

/* MetricsQL: gaps, and NaN, give way to `fill`. */
static void fill_gaps(double *row, const double *fill, size_t n)
{
    for (size_t k = 0; k < n; k++)
        row[k] = isnan(row[k]) ? fill[k] : row[k];
}

static int default_scalar(struct eval *e, const double *fill, const struct grid *g,
                          struct vector *v)
{
    if (!v->len) { /* nothing to fill: the default alone */
        if (!vector_new(&e->arena, 1, g->len, v))
            return fault_memory(e->err);
    }
    for (size_t i = 0; i < v->len; i++)
        fill_gaps(v->lines[i].values, fill, g->len);
    return 0;
}

/* One side a scalar, the other a vector, whose rows take the result. */
static int with_scalar(struct eval *e, const struct node_binary *b, const struct grid *g,
                       bool keep_empty, const struct value *left, const struct value *right,
                       struct vector *ret)
{
    bool scalar_left = left->type == PROMQL_SCALAR;
    const double *numbers = scalar_left ? left->numbers : right->numbers;
    struct binary_rule rule = {b->op, b->return_bool, scalar_left};
    int code = 0;

    *ret = scalar_left ? right->vector : left->vector;
    if (b->op == OPERATOR_DEFAULT) {
        if (!scalar_left)
            return default_scalar(e, numbers, g, ret);
        /* A scalar has no gaps. */
        if (!vector_new(&e->arena, 1, g->len, ret))
            return fault_memory(e->err);
        memcpy(ret->lines[0].values, numbers, g->len * sizeof(double));
        return 0;
    }
    for (size_t i = 0; i < ret->len && !code; i++) {
        double *row = ret->lines[i].values;
        binary_rows(&rule, scalar_left ? numbers : row, scalar_left ? row : numbers, row, g->len);
        code = eval_interrupted(&e->options, e->err);
    }
    if (code)
        return code;
    if (!keep_empty)
        vector_drop_empty(ret, g->len);
    return binary_drops_name(b) ? eval_failed(e, vector_drop_names(ret, g->len, &e->arena)) : 0;
}

int binary_eval(struct eval *e, const struct node *n, const struct grid *g, struct value *ret)
{
    const struct node_binary *b = &n->binary;
    struct binary_rule rule = {b->op, b->return_bool, false};
    struct value left, right;
    bool keep_empty = e->keep_empty && node_is_comparison(b->op);

    if (node_is_condition(b->op)) {
        int failed = eval_series(e, b->left, g, &left.vector);
        if (!failed)
            failed = eval_series(e, b->right, g, &right.vector);
        return failed ? failed : match_sets(e, b, g, &left.vector, &right.vector, &ret->vector);
    }
    /* (x > 5) default 0 is 0 where x is less, also where it always is. */
    const struct node *filtered = node_unwrap(b->left);
    e->keep_empty = b->op == OPERATOR_DEFAULT && filtered->kind == NODE_BINARY &&
                    node_is_comparison(filtered->binary.op);
    int code = eval_node(e, b->left, g, &left);
    e->keep_empty = false;

    if (!code)
        code = eval_node(e, b->right, g, &right);
    if (code)
        return code;
    if (left.type == PROMQL_SCALAR && right.type == PROMQL_SCALAR) {
        ret->numbers = left.numbers;
        if (b->op == OPERATOR_DEFAULT)
            fill_gaps(ret->numbers, right.numbers, g->len);
        else
            binary_rows(&rule, left.numbers, right.numbers, ret->numbers, g->len);
        return 0;
    }
    if (left.type == PROMQL_SCALAR || right.type == PROMQL_SCALAR)
        return with_scalar(e, b, g, keep_empty, &left, &right, &ret->vector);
    if (b->op == OPERATOR_DEFAULT)
        return match_default(e, b, g, &left.vector, &right.vector, &ret->vector);
    if (node_is_set_operator(b->op))
        return match_sets(e, b, g, &left.vector, &right.vector, &ret->vector);
    return match_eval(e, b, g, &left.vector, &right.vector, &ret->vector);
}
