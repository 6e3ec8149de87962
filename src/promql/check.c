/* check.c - the type rules of Prometheus, in its order: children first. */
#include "promql/check.h"

#include "promql/fault.h"

struct check {
    struct str text;
    struct promql_error *err;
};

static int check(struct check *c, struct node *n);

static int same_type(struct check *c, const struct node *n, enum promql_type want,
                     const char *context)
{
    if (n->type == want)
        return 0;
    return fault_parse(c->err, c->text, n->start, "expected type %s in %s, got %s",
                       node_type_text(want), context, node_type_text(n->type));
}

static int want_type(struct check *c, struct node *n, enum promql_type want, const char *context)
{
    int code = check(c, n);

    return code ? code : same_type(c, n, want, context);
}

/* ("a", "b"), which stands where one string may. */
static bool is_list_of_strings(const struct node *n)
{
    n = node_unwrap(n);
    if (n->kind != NODE_CALL || n->call.function->id != FUNCTION_UNION)
        return false;
    for (size_t i = 0; i < n->call.len; i++)
        if (node_unwrap(n->call.args[i])->kind != NODE_STRING)
            return false;
    return true;
}

/* MetricsQL: rate(m) is rate(m[step]). */
static void make_range(struct node *n)
{
    struct node *inner = n;

    while (inner->kind == NODE_PAREN && !inner->offset)
        inner = inner->paren;
    if (inner->kind != NODE_SELECTOR || inner->type != PROMQL_VECTOR)
        return;
    inner->selector.range.implicit = true;
    for (; n != inner; n = n->paren)
        n->type = PROMQL_MATRIX;
    inner->type = PROMQL_MATRIX;
}

static int check_call(struct check *c, struct node *n)
{
    const struct function *f = n->call.function;
    unsigned min = f->min_args, max = f->max_args;
    char context[80];

    if (min == max && n->call.len != min)
        return fault_parse(c->err, c->text, n->start,
                           "expected %u argument(s) in call to \"%s\", got %zu", min, f->name,
                           n->call.len);
    if (n->call.len < min)
        return fault_parse(c->err, c->text, n->start,
                           "expected at least %u argument(s) in call to \"%s\", got %zu", min,
                           f->name, n->call.len);
    if (max != FUNCTION_ANY_MORE && n->call.len > max)
        return fault_parse(c->err, c->text, n->start,
                           "expected at most %u argument(s) in call to \"%s\", got %zu", max,
                           f->name, n->call.len);
    snprintf(context, sizeof(context), "call to function \"%s\"", f->name);
    for (size_t i = 0; i < n->call.len; i++) {
        enum promql_type want = function_arg_type(f, i, n->call.len);
        if (want == PROMQL_MATRIX && n->call.args[i]->type == PROMQL_VECTOR)
            make_range(n->call.args[i]);
        if (f->id == FUNCTION_AGGR_OVER_TIME && i == 0 && is_list_of_strings(n->call.args[0]))
            continue;
        int code = check(c, n->call.args[i]);
        if (!code && want == PROMQL_VECTOR && n->call.args[i]->type == PROMQL_SCALAR &&
            function_takes_scalars(f->id))
            continue;
        if (!code)
            code = same_type(c, n->call.args[i], want, context);
        if (code)
            return code;
    }
    return 0;
}

static int check_aggregate(struct check *c, struct node *n)
{
    struct node_aggregate *a = &n->aggregate;
    int code = want_type(c, a->expr, PROMQL_VECTOR, "aggregation expression");

    if (!code && a->param)
        code = want_type(c, a->param,
                         a->op == AGGREGATION_COUNT_VALUES || a->op == AGGREGATION_QUANTILES
                             ? PROMQL_STRING
                             : PROMQL_SCALAR,
                         "aggregation parameter");
    for (size_t i = 0; i < a->more_len && !code; i++)
        code = want_type(c, a->more[i], PROMQL_SCALAR, "aggregation parameter");
    if (!code && a->rest)
        code = want_type(c, a->rest, PROMQL_STRING, "aggregation parameter");
    return code;
}

static bool has(const struct node_labels *labels, struct str name)
{
    for (size_t i = 0; i < labels->len; i++)
        if (str_equal(labels->items[i], name))
            return true;
    return false;
}

static int check_matching(struct check *c, const struct node *n)
{
    const struct node_binary *b = &n->binary;
    bool grouped =
        b->cardinality == CARDINALITY_MANY_TO_ONE || b->cardinality == CARDINALITY_ONE_TO_MANY;

    for (size_t i = 0; b->on && i < b->include.len; i++)
        if (has(&b->labels, b->include.items[i]))
            return fault_parse(c->err, c->text, n->place,
                               "label \"%.*s\" must not occur in ON and GROUP clause at once",
                               (int)MIN(b->include.items[i].len, (size_t)100),
                               b->include.items[i].ptr);
    bool vectors = b->left->type == PROMQL_VECTOR && b->right->type == PROMQL_VECTOR;
    if (!vectors && b->matching)
        return fault_parse(c->err, c->text, n->start,
                           "vector matching only allowed between instant vectors");
    if (node_is_set_operator(b->op)) {
        if (b->left->type == PROMQL_SCALAR || b->right->type == PROMQL_SCALAR)
            return fault_parse(c->err, c->text, n->start,
                               "set operator \"%s\" not allowed in binary scalar expression",
                               node_operator_text(b->op));
    }
    if (grouped && (node_is_set_operator(b->op) || b->op >= OPERATOR_DEFAULT))
        return fault_parse(c->err, c->text, n->start, "no grouping allowed for \"%s\" operation",
                           node_operator_text(b->op));
    return 0;
}

static bool is_number_type(enum promql_type type)
{
    return type == PROMQL_SCALAR || type == PROMQL_VECTOR;
}

static int check_binary(struct check *c, struct node *n)
{
    struct node_binary *b = &n->binary;
    int code = check(c, b->left);

    if (!code)
        code = check(c, b->right);
    if (code)
        return code;
    if (b->return_bool && !node_is_comparison(b->op))
        return fault_parse(c->err, c->text, n->place,
                           "bool modifier can only be used on comparison operators");
    if (node_is_comparison(b->op) && !b->return_bool && b->left->type == PROMQL_SCALAR &&
        b->right->type == PROMQL_SCALAR)
        return fault_parse(c->err, c->text, n->place,
                           "comparisons between scalars must use BOOL modifier");
    if (!is_number_type(b->left->type) || !is_number_type(b->right->type))
        return fault_parse(c->err, c->text,
                           is_number_type(b->left->type) ? b->right->start : b->left->start,
                           "binary expression must contain only scalar and instant vector types");
    return check_matching(c, n);
}

static int check(struct check *c, struct node *n)
{
    int code = 0;

    switch (n->kind) {
    case NODE_NUMBER:
    case NODE_STRING:
    case NODE_SELECTOR:
        return 0;
    case NODE_PAREN:
        code = check(c, n->paren);
        n->type = n->paren->type;
        if (!code && n->offset && !is_number_type(n->type))
            code = fault_parse(c->err, c->text, n->start,
                               "offset modifier must be preceded by an instant vector selector or "
                               "range vector selector or a subquery");
        return code;
    case NODE_UNARY:
        code = check(c, n->unary.expr);
        if (!code && !is_number_type(n->unary.expr->type))
            code = fault_parse(c->err, c->text, n->start,
                               "unary expression only allowed on expressions of type scalar or "
                               "instant vector, got \"%s\"",
                               node_type_text(n->unary.expr->type));
        return code;
    case NODE_SUBQUERY:
        code = check(c, n->subquery.expr);
        if (!code && n->subquery.expr->type != PROMQL_VECTOR)
            code = fault_parse(c->err, c->text, n->start,
                               "subquery is only allowed on instant vector, got %s instead",
                               node_type_text(n->subquery.expr->type));
        return code;
    case NODE_CALL:
        return check_call(c, n);
    case NODE_AGGREGATE:
        return check_aggregate(c, n);
    case NODE_BINARY:
        return check_binary(c, n);
    }
    return code;
}

int check_types(struct str text, struct node *root, struct promql_error *err)
{
    struct check c = {text, err};

    return check(&c, root);
}
