/* unit.c - carries the units of metrics through an expression. Where it does not know, it says so:
 * a wrong unit would be worse than none. */
#include "promql/fault.h"
#include "promql/parse.h"

#define UNIT_MEMORY_MAX ((size_t)64 << 20)

struct context {
    struct promql_unit (*unit_of)(void *ctx, struct str name);
    void *ctx;
};

static const struct promql_unit unknown = {NULL, 1}, bare = {"1", 1};

/* What a second's worth of it is called, and the other way round. */
static const struct {
    const char *whole, *rate;
} rates[] = {{"bytes", "bytes per second"},
             {"joules", "watts"},
             {"seconds", "1"},
             {"bits", "bits per second"},
             {"1", "1 per second"}};

static struct promql_unit per_second(struct promql_unit u)
{
    for (size_t i = 0; u.dimension && i < ARRAY_LEN(rates); i++)
        if (!strcmp(u.dimension, rates[i].whole))
            return (struct promql_unit){rates[i].rate, u.factor};
    return unknown;
}

static bool same(struct promql_unit a, struct promql_unit b)
{
    return a.dimension && b.dimension && !strcmp(a.dimension, b.dimension);
}

static struct promql_unit unit(const struct context *c, const struct node *n);

/* Of MetricsQL's functions of a range. */
static struct promql_unit of_window(const struct context *c, const struct node_call *call)
{
    static const struct promql_unit seconds = {"seconds", 1};
    size_t range = 0;

    while (call->args[range]->type != PROMQL_MATRIX)
        range++;
    switch (function_size_of(call->function->id)) {
    case FUNCTION_SIZE_SAME:
        return unit(c, call->args[range]);
    case FUNCTION_SIZE_RATE:
        return per_second(unit(c, call->args[range]));
    case FUNCTION_SIZE_NONE:
        return bare;
    case FUNCTION_SIZE_SECONDS:
        return seconds;
    default:
        return unknown;
    }
}

static struct promql_unit of_call(const struct context *c, const struct node *n)
{
    const struct node_call *call = &n->call;
    enum function_id id = call->function->id;

    if (function_is_window(id) || function_has_parts(id))
        return of_window(c, call);
    switch (call->function->id) {
    case FUNCTION_RATE:
    case FUNCTION_IRATE:
    case FUNCTION_DERIV:
        return per_second(unit(c, call->args[0]));
    case FUNCTION_RESETS:
    case FUNCTION_CHANGES:
    case FUNCTION_COUNT_OVER_TIME:
    case FUNCTION_PRESENT_OVER_TIME:
    case FUNCTION_ABSENT_OVER_TIME:
    case FUNCTION_ABSENT:
        return bare;
    case FUNCTION_STDVAR_OVER_TIME:
        return unknown;
    case FUNCTION_TIME:
    case FUNCTION_TIMESTAMP:
    case FUNCTION_START:
    case FUNCTION_END:
    case FUNCTION_NOW:
    case FUNCTION_STEP_NUMBER:
        return (struct promql_unit){"seconds", 1};
    case FUNCTION_QUANTILE_OVER_TIME:
    case FUNCTION_RANGE_QUANTILE:
        return unit(c, call->args[1]);
    case FUNCTION_RANGE_AVG:
    case FUNCTION_RANGE_FIRST:
    case FUNCTION_RANGE_LAST:
    case FUNCTION_RANGE_LINEAR_REGRESSION:
    case FUNCTION_RANGE_MAD:
    case FUNCTION_RANGE_MAX:
    case FUNCTION_RANGE_MEDIAN:
    case FUNCTION_RANGE_MIN:
    case FUNCTION_RANGE_STDDEV:
    case FUNCTION_RANGE_SUM:
    case FUNCTION_ABS:
    case FUNCTION_CEIL:
    case FUNCTION_FLOOR:
    case FUNCTION_ROUND:
    case FUNCTION_CLAMP:
    case FUNCTION_CLAMP_MIN:
    case FUNCTION_CLAMP_MAX:
    case FUNCTION_SCALAR:
    case FUNCTION_VECTOR:
    case FUNCTION_SORT:
    case FUNCTION_SORT_DESC:
    case FUNCTION_SORT_BY_LABEL:
    case FUNCTION_SORT_BY_LABEL_DESC:
    case FUNCTION_LABEL_REPLACE:
    case FUNCTION_SORT_BY_LABEL_NUMERIC:
    case FUNCTION_SORT_BY_LABEL_NUMERIC_DESC:
    case FUNCTION_LABEL_JOIN:
        return unit(c, call->args[0]);
    case FUNCTION_RANGE_NORMALIZE:
        return bare;
    case FUNCTION_LABEL_VALUE:
        return unknown;
    case FUNCTION_LIMIT_OFFSET:
        return unit(c, call->args[2]);
    default:
        if (function_is_sequence(id) || (id >= FUNCTION_ALIAS && id <= FUNCTION_LABELS_EQUAL))
            return unit(c, call->args[0]);
        return function_is_rollup(call->function->id) && call->len ? unit(c, call->args[0])
                                                                   : unknown;
    }
}

static struct promql_unit of_aggregate(const struct context *c, const struct node *n)
{
    switch (n->aggregate.op) {
    case AGGREGATION_COUNT:
    case AGGREGATION_GROUP:
    case AGGREGATION_COUNT_VALUES:
    case AGGREGATION_DISTINCT:
    case AGGREGATION_HISTOGRAM:
    case AGGREGATION_SHARE:
    case AGGREGATION_ZSCORE:
        return bare;
    case AGGREGATION_SUM2:
    case AGGREGATION_STDVAR:
        return unknown;
    default:
        return unit(c, n->aggregate.expr);
    }
}

/* A number as it is written, through parentheses and signs: NAN when it is none. */
static double constant(const struct node *n)
{
    n = node_unwrap(n);
    if (n->kind == NODE_NUMBER)
        return n->number.value;
    if (n->kind == NODE_UNARY)
        return n->unary.minus ? -constant(n->unary.expr) : constant(n->unary.expr);
    if (n->kind != NODE_BINARY)
        return (double)NAN;
    double a = constant(n->binary.left), b = constant(n->binary.right);
    switch (n->binary.op) {
    case OPERATOR_ADD:
        return a + b;
    case OPERATOR_SUB:
        return a - b;
    case OPERATOR_MUL:
        return a * b;
    case OPERATOR_DIV:
        return b != 0 ? a / b : (double)NAN;
    case OPERATOR_POW:
        return pow(a, b);
    default:
        return (double)NAN;
    }
}

/* x * 100 is the same thing in a unit that is a hundredth. */
static struct promql_unit scaled(struct promql_unit u, double by)
{
    if (!(by > 0) || isinf(by))
        return unknown;
    u.factor /= by;
    return u;
}

static struct promql_unit of_binary(const struct context *c, const struct node *n)
{
    const struct node_binary *b = &n->binary;
    double left = constant(b->left), right = constant(b->right);

    if (node_is_comparison(b->op) && b->return_bool)
        return bare;
    if (b->op == OPERATOR_MUL && !isnan(right))
        return scaled(unit(c, b->left), right);
    if (b->op == OPERATOR_MUL && !isnan(left))
        return scaled(unit(c, b->right), left);
    if (b->op == OPERATOR_DIV && !isnan(right))
        return scaled(unit(c, b->left), right != 0 ? 1 / right : 0);
    struct promql_unit x = unit(c, b->left), y = unit(c, b->right);
    switch (b->op) {
    case OPERATOR_DIV:
        return same(x, y) ? (struct promql_unit){"1", x.factor / y.factor} : unknown;
    case OPERATOR_ADD:
    case OPERATOR_SUB:
    case OPERATOR_MOD:
        if (!isnan(left) || !isnan(right))
            return isnan(left) ? x : y;
        return same(x, y) && fabs(x.factor / y.factor - 1) < 1e-9 ? x : unknown;
    case OPERATOR_OR:
    case OPERATOR_DEFAULT:
        return same(x, y) && fabs(x.factor / y.factor - 1) < 1e-9 ? x : unknown;
    case OPERATOR_AND:
    case OPERATOR_UNLESS:
    case OPERATOR_IF:
    case OPERATOR_IFNOT:
        return x;
    case OPERATOR_MUL: /* x * on (...) group_left info: info metrics are 1 */
        return y.dimension && !strcmp(y.dimension, "info")   ? x
               : x.dimension && !strcmp(x.dimension, "info") ? y
                                                             : unknown;
    default:
        return node_is_comparison(b->op) ? x : unknown;
    }
}

static struct promql_unit unit(const struct context *c, const struct node *n)
{
    switch (n->kind) {
    case NODE_SELECTOR:
        return n->selector.name.len ? c->unit_of(c->ctx, n->selector.name) : unknown;
    case NODE_SUBQUERY:
        return unit(c, n->subquery.expr);
    case NODE_CALL:
        return of_call(c, n);
    case NODE_AGGREGATE:
        return of_aggregate(c, n);
    case NODE_BINARY:
        return of_binary(c, n);
    case NODE_UNARY:
        return unit(c, n->unary.expr);
    case NODE_PAREN:
        return unit(c, n->paren);
    default:
        return unknown;
    }
}

int promql_unit(struct str expr, struct promql_unit (*unit_of)(void *ctx, struct str name),
                void *ctx, struct promql_unit *ret, struct promql_error *err)
{
    struct context c = {unit_of, ctx};
    struct arena arena;
    struct tree tree;

    arena_init(&arena, UNIT_MEMORY_MAX);
    int code = parse_text(expr, &arena, &tree, err);
    if (!code) {
        *ret = unit(&c, tree.root);
        node_tree_fini(&tree);
    }
    arena_fini(&arena);
    return code;
}
