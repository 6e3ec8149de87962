/* node.c - what can be said of a tree without evaluating it. */
#include "promql/node.h"

void node_tree_fini(struct tree *t)
{
    for (struct node *n = t->selectors; n; n = n->selector.next)
        for (size_t i = 0; i < n->selector.len; i++)
            matcher_fini(&n->selector.matchers[i]);
    t->selectors = NULL;
}

const struct node *node_unwrap(const struct node *n)
{
    while (n->kind == NODE_PAREN && !n->offset)
        n = n->paren;
    return n;
}

static bool both(const struct node *a, const struct node *b)
{
    return (!a && !b) || (a && b && node_equal(a, b));
}

static bool durations_equal(struct node_duration a, struct node_duration b)
{
    return a.implicit == b.implicit && both(a.expr, b.expr);
}

static bool labels_same(struct node_labels a, struct node_labels b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (!str_equal(a.items[i], b.items[i]))
            return false;
    return true;
}

static bool selectors_equal(const struct node_selector *a, const struct node_selector *b)
{
    if (a->len != b->len || !durations_equal(a->range, b->range))
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (a->matchers[i].type != b->matchers[i].type ||
            !str_equal(a->matchers[i].name, b->matchers[i].name) ||
            !str_equal(a->matchers[i].value, b->matchers[i].value))
            return false;
    return true;
}

static bool calls_equal(const struct node_call *a, const struct node_call *b)
{
    if (a->function != b->function || a->len != b->len ||
        a->keep_metric_names != b->keep_metric_names)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!node_equal(a->args[i], b->args[i]))
            return false;
    return true;
}

static bool aggregates_equal(const struct node_aggregate *a, const struct node_aggregate *b)
{
    if (a->more_len != b->more_len || a->limited != b->limited || a->limit != b->limit)
        return false;
    for (size_t i = 0; i < a->more_len; i++)
        if (!node_equal(a->more[i], b->more[i]))
            return false;
    return a->op == b->op && a->without == b->without && a->grouped == b->grouped &&
           labels_same(a->labels, b->labels) && both(a->param, b->param) &&
           both(a->rest, b->rest) && node_equal(a->expr, b->expr);
}

static bool binaries_equal(const struct node_binary *a, const struct node_binary *b)
{
    return a->op == b->op && a->return_bool == b->return_bool && a->on == b->on &&
           a->matching == b->matching && a->cardinality == b->cardinality &&
           a->keep_metric_names == b->keep_metric_names && labels_same(a->labels, b->labels) &&
           a->include_all == b->include_all && str_equal(a->prefix, b->prefix) &&
           labels_same(a->include, b->include) && node_equal(a->left, b->left) &&
           node_equal(a->right, b->right);
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->type != b->type || a->at != b->at || a->at_ms != b->at_ms ||
        !both(a->offset, b->offset))
        return false;
    switch (a->kind) {
    case NODE_NUMBER:
        return a->number.value == b->number.value ||
               (isnan(a->number.value) && isnan(b->number.value));
    case NODE_STRING:
        return str_equal(a->string, b->string);
    case NODE_SELECTOR:
        return selectors_equal(&a->selector, &b->selector);
    case NODE_SUBQUERY:
        return durations_equal(a->subquery.range, b->subquery.range) &&
               durations_equal(a->subquery.step, b->subquery.step) &&
               node_equal(a->subquery.expr, b->subquery.expr);
    case NODE_CALL:
        return calls_equal(&a->call, &b->call);
    case NODE_AGGREGATE:
        return aggregates_equal(&a->aggregate, &b->aggregate);
    case NODE_BINARY:
        return binaries_equal(&a->binary, &b->binary);
    case NODE_UNARY:
        return a->unary.minus == b->unary.minus && node_equal(a->unary.expr, b->unary.expr);
    case NODE_PAREN:
        return node_equal(a->paren, b->paren);
    }
    return false;
}

const char *node_operator_text(enum node_operator op)
{
    static const char *const texts[] = {"+",  "-",      "*",       "/",  "%",    "^", "atan2",
                                        "==", "!=",     "<=",      "<",  ">=",   ">", "and",
                                        "or", "unless", "default", "if", "ifnot"};
    return texts[op];
}

const char *node_aggregation_text(enum node_aggregation op)
{
    static const char *const texts[] = {"sum",          "avg",          "count",
                                        "min",          "max",          "group",
                                        "stddev",       "stdvar",       "topk",
                                        "bottomk",      "count_values", "quantile",
                                        "median",       "any",          "distinct",
                                        "geomean",      "histogram",    "mad",
                                        "mode",         "share",        "sum2",
                                        "zscore",       "limitk",       "quantiles",
                                        "topk_min",     "topk_max",     "topk_avg",
                                        "topk_median",  "topk_last",    "bottomk_min",
                                        "bottomk_max",  "bottomk_avg",  "bottomk_median",
                                        "bottomk_last", "outliersk"};
    return texts[op];
}

bool node_find_aggregation(struct str name, enum node_aggregation *ret)
{
    for (int op = AGGREGATION_MEDIAN; op <= AGGREGATION_OUTLIERSK; op++)
        if (str_is(name, node_aggregation_text((enum node_aggregation)op))) {
            *ret = (enum node_aggregation)op;
            return true;
        }
    return false;
}

const char *node_type_text(enum promql_type type)
{
    static const char *const texts[] = {[PROMQL_SCALAR] = "scalar",
                                        [PROMQL_VECTOR] = "instant vector",
                                        [PROMQL_MATRIX] = "range vector",
                                        [PROMQL_STRING] = "string"};
    return texts[type];
}
