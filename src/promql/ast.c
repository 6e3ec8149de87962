/* ast.c - the tree of an expression as JSON: keys and words are those of Prometheus's API. */
#include "promql/ast.h"

#include "promql/duration.h"

static void open_node(struct buf *to, const char *type)
{
    buf_printf(to, "{\"type\":\"%s\"", type);
}

static void key(struct buf *to, const char *name)
{
    buf_printf(to, ",\"%s\":", name);
}

static void flag(struct buf *to, const char *name, bool value)
{
    key(to, name);
    buf_text(to, value ? "true" : "false");
}

static void child(struct buf *to, const char *name, const struct node *n)
{
    key(to, name);
    if (n)
        ast_print(n, to);
    else
        buf_text(to, "null");
}

static void names(struct buf *to, const char *name, const struct node_labels *labels)
{
    key(to, name);
    buf_char(to, '[');
    for (size_t i = 0; i < labels->len; i++) {
        if (i)
            buf_char(to, ',');
        buf_json(to, labels->items[i]);
    }
    buf_char(to, ']');
}

static void milliseconds(struct buf *to, const char *name, const struct node *duration)
{
    bool known = duration && duration_is_constant(duration);

    key(to, name);
    buf_i64(to, known ? (int64_t)round(duration_seconds(duration, 0, 0) * 1000) : 0);
}

/* "offset", "timestamp" and "startOrEnd", which selectors and subqueries share. */
static void times(struct buf *to, const struct node *n)
{
    milliseconds(to, "offset", n->offset);
    key(to, "timestamp");
    if (n->at == AT_TIME)
        buf_i64(to, n->at_ms);
    else
        buf_text(to, "null");
    key(to, "startOrEnd");
    buf_text(to, n->at == AT_START ? "\"start\"" : n->at == AT_END ? "\"end\"" : "null");
}

static void matchers(struct buf *to, const struct node_selector *s)
{
    static const char *const types[] = {"=", "!=", "=~", "!~"};

    key(to, "matchers");
    buf_char(to, '[');
    for (size_t i = 0; i < s->len; i++) {
        /* That of a name written in front is our first, and Prometheus's last. */
        const struct matcher *m = &s->matchers[s->name.len ? (i + 1) % s->len : i];
        buf_text(to, i ? ",{\"name\":" : "{\"name\":");
        buf_json(to, m->name);
        key(to, "value");
        buf_json(to, m->value);
        buf_printf(to, ",\"type\":\"%s\"}", types[m->type]);
    }
    buf_char(to, ']');
}

static void selector(struct buf *to, const struct node *n)
{
    const struct node_selector *s = &n->selector;
    bool ranged = n->type == PROMQL_MATRIX;

    open_node(to, ranged ? "matrixSelector" : "vectorSelector");
    key(to, "name");
    buf_json(to, s->name);
    if (ranged)
        milliseconds(to, "range", s->range.expr);
    if (s->range.implicit)
        flag(to, "implicitRange", true);
    times(to, n);
    matchers(to, s);
    flag(to, "anchored", false);
    flag(to, "smoothed", false);
}

static void subquery(struct buf *to, const struct node *n)
{
    open_node(to, "subquery");
    child(to, "expr", n->subquery.expr);
    milliseconds(to, "range", n->subquery.range.expr);
    milliseconds(to, "step", n->subquery.step.expr);
    times(to, n);
}

static void call(struct buf *to, const struct node_call *c)
{
    static const char *const types[] = {[PROMQL_SCALAR] = "scalar",
                                        [PROMQL_VECTOR] = "vector",
                                        [PROMQL_MATRIX] = "matrix",
                                        [PROMQL_STRING] = "string"};
    const struct function *f = c->function;
    bool any_more = f->max_args == FUNCTION_ANY_MORE;

    open_node(to, "call");
    buf_printf(to, ",\"func\":{\"name\":\"%s\",\"argTypes\":[", f->name);
    for (size_t i = 0; i < function_args_declared(f); i++)
        buf_printf(to, i ? ",\"%s\"" : "\"%s\"", types[function_arg_type(f, i, SIZE_MAX)]);
    buf_printf(to, "],\"variadic\":%d,\"returnType\":\"%s\"},\"args\":[",
               any_more ? -1 : f->max_args - f->min_args, types[f->result]);
    for (size_t i = 0; i < c->len; i++) {
        if (i)
            buf_char(to, ',');
        ast_print(c->args[i], to);
    }
    buf_char(to, ']');
    if (c->keep_metric_names)
        flag(to, "keepMetricNames", true);
}

static void aggregate(struct buf *to, const struct node_aggregate *a)
{
    open_node(to, "aggregation");
    buf_printf(to, ",\"op\":\"%s\"", node_aggregation_text(a->op));
    child(to, "expr", a->expr);
    child(to, "param", a->param);
    if (a->rest)
        child(to, "rest", a->rest);
    if (a->more_len) {
        key(to, "quantiles");
        for (size_t i = 0; i < a->more_len; i++) {
            buf_char(to, i ? ',' : '[');
            ast_print(a->more[i], to);
        }
        buf_char(to, ']');
    }
    if (a->limited)
        buf_printf(to, ",\"limit\":%" PRIu32, a->limit);
    names(to, "grouping", &a->labels);
    flag(to, "without", a->without);
}

static void binary(struct buf *to, const struct node_binary *b)
{
    static const char *const cards[] = {[CARDINALITY_ONE_TO_ONE] = "one-to-one",
                                        [CARDINALITY_MANY_TO_ONE] = "many-to-one",
                                        [CARDINALITY_ONE_TO_MANY] = "one-to-many",
                                        [CARDINALITY_MANY_TO_MANY] = "many-to-many"};

    open_node(to, "binaryExpr");
    buf_printf(to, ",\"op\":\"%s\"", node_operator_text(b->op));
    child(to, "lhs", b->left);
    child(to, "rhs", b->right);
    key(to, "matching");
    if (b->left->type == PROMQL_VECTOR && b->right->type == PROMQL_VECTOR) {
        buf_printf(to, "{\"card\":\"%s\"", cards[b->cardinality]);
        names(to, "labels", &b->labels);
        flag(to, "on", b->on);
        names(to, "include", &b->include);
        if (b->include_all)
            flag(to, "includeAll", true);
        if (b->prefix.len) {
            key(to, "prefix");
            buf_json(to, b->prefix);
        }
        buf_char(to, '}');
    } else {
        buf_text(to, "null");
    }
    flag(to, "bool", b->return_bool);
    if (b->keep_metric_names)
        flag(to, "keepMetricNames", true);
}

static void zeros(struct buf *to, int64_t n)
{
    while (n-- > 0)
        buf_char(to, '0');
}

/* The shortest digits that read back the same, never with an exponent: clients show them as they
 * come. */
static void plain_digits(struct buf *to, struct str text)
{
    struct str rest = text, mantissa = str_cut(&rest, 'e');
    int64_t power = 0;

    if (!rest.ptr ||
        !num_parse_i64(rest.ptr[0] == '+' ? str_make(rest.ptr + 1, rest.len - 1) : rest, &power)) {
        buf_str_add(to, text);
        return;
    }
    if (mantissa.ptr[0] == '-') {
        buf_char(to, '-');
        mantissa = str_make(mantissa.ptr + 1, mantissa.len - 1);
    }
    struct str fraction = mantissa, whole = str_cut(&fraction, '.');
    if (power < 0) {
        buf_text(to, "0.");
        zeros(to, -power - 1);
    }
    buf_str_add(to, whole); /* one digit */
    buf_str_add(to, fraction);
    zeros(to, power - (int64_t)fraction.len);
}

static void number(struct buf *to, double value)
{
    char text[NUM_MAX_TEXT];

    open_node(to, "numberLiteral");
    buf_text(to, ",\"val\":\"");
    plain_digits(to, str_make(text, num_print(text, value)));
    buf_char(to, '"');
}

void ast_print(const struct node *n, struct buf *to)
{
    switch (n->kind) {
    case NODE_NUMBER:
        number(to, n->number.value);
        break;
    case NODE_STRING:
        open_node(to, "stringLiteral");
        key(to, "val");
        buf_json(to, n->string);
        break;
    case NODE_SELECTOR:
        selector(to, n);
        break;
    case NODE_SUBQUERY:
        subquery(to, n);
        break;
    case NODE_CALL:
        call(to, &n->call);
        break;
    case NODE_AGGREGATE:
        aggregate(to, &n->aggregate);
        break;
    case NODE_BINARY:
        binary(to, &n->binary);
        break;
    case NODE_UNARY:
        open_node(to, "unaryExpr");
        buf_printf(to, ",\"op\":\"%c\"", n->unary.minus ? '-' : '+');
        child(to, "expr", n->unary.expr);
        break;
    case NODE_PAREN:
        open_node(to, "parenExpr");
        child(to, "expr", n->paren);
        if (n->offset)
            milliseconds(to, "offset", n->offset);
        break;
    }
    buf_char(to, '}');
}
