/* parse.c - expressions: operators by their precedence, calls, aggregations, and what may follow a
 * selector. */
#include "promql/parse.h"

#include "promql/check.h"
#include "promql/duration.h"
#include "promql/fault.h"
#include "promql/grouping.h"
#include "promql/selector.h"
#include "promql/template.h"

#include <strings.h>

/* Binding of binary operators, weakest first. Unary signs bind like a multiplication. */
enum {
    LEVEL_DEFAULT = 1,
    LEVEL_IF,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_COMPARE,
    LEVEL_ADD,
    LEVEL_MUL,
    LEVEL_POW
};

void parse_advance(struct parse *p)
{
    p->end = p->token.at + p->token.text.len;
    p->token = lex_next(&p->lex);
}

bool parse_take(struct parse *p, enum lex_kind kind)
{
    if (p->token.kind != kind)
        return false;
    parse_advance(p);
    return true;
}

struct node *parse_unexpected(struct parse *p, const char *context, const char *expected)
{
    char text[96];

    if (p->token.kind == LEX_ERROR)
        fault_parse(p->err, p->text, p->token.at, "%s", p->lex.error);
    else
        fault_parse(p->err, p->text, p->token.at, "unexpected %s%s%s%s%s",
                    lex_describe(&p->token, text), context ? " in " : "", context ? context : "",
                    expected ? ", expected " : "", expected ? expected : "");
    return NULL;
}

bool parse_string(struct parse *p, struct str *ret)
{
    const char *why;

    if (literal_unquote(p->token.text, p->arena, ret, &why))
        return true;
    if (why)
        fault_parse(p->err, p->text, p->token.at, "%s", why);
    else
        fault_memory(p->err);
    return false;
}

static bool too_deep(struct parse *p, size_t at)
{
    fault_parse(p->err, p->text, at, "the expression is nested deeper than %d levels",
                NODE_DEPTH_MAX);
    return false;
}

bool parse_deepen(struct parse *p, struct node *n, const struct node *child)
{
    n->depth = MAX(n->depth, child->depth + 1);
    return n->depth <= NODE_DEPTH_MAX || too_deep(p, n->start);
}

struct node *parse_node(struct parse *p, enum node_kind kind, enum promql_type type, size_t start,
                        const struct node *child)
{
    struct node *n = arena_new(p->arena, struct node);

    if (!n) {
        fault_memory(p->err);
        return NULL;
    }
    if (++p->nodes > PARSE_NODES_MAX) {
        fault_parse(p->err, p->text, start, "the expression has more than %d parts",
                    PARSE_NODES_MAX);
        return NULL;
    }
    n->kind = kind;
    n->type = type;
    n->depth = 1;
    n->start = n->place = start;
    n->end = p->end;
    return !child || parse_deepen(p, n, child) ? n : NULL;
}

static struct node *expression(struct parse *p, unsigned least);

/* Behind the left parenthesis and `len` arguments, up to the right one. */
static bool arguments(struct parse *p, struct node *args[NODE_ARGS_MAX], size_t len,
                      size_t *ret_len)
{
    while (p->token.kind != LEX_RIGHT_PAREN) {
        if (len == NODE_ARGS_MAX)
            return fault_parse(p->err, p->text, p->token.at, "too many arguments"), false;
        args[len] = expression(p, LEVEL_DEFAULT);
        if (!args[len++])
            return false;
        size_t comma = p->token.at;
        if (p->token.kind == LEX_RIGHT_PAREN)
            break;
        if (!parse_take(p, LEX_COMMA))
            return parse_unexpected(p, NULL, NULL);
        if (p->token.kind == LEX_RIGHT_PAREN)
            return fault_parse(p->err, p->text, comma,
                               "trailing commas not allowed in function call args"),
                   false;
    }
    parse_advance(p);
    *ret_len = len;
    return true;
}

bool parse_is_word(const struct lex_token *t, const char *word)
{
    return t->kind == LEX_WORD && t->text.len == strlen(word) &&
           !strncasecmp(t->text.ptr, word, t->text.len);
}

static bool take_word(struct parse *p, const char *word)
{
    if (!parse_is_word(&p->token, word))
        return false;
    parse_advance(p);
    return true;
}

static struct node *make_call(struct parse *p, const struct function *f, size_t start,
                              struct node *const *args, size_t len)
{
    struct node *n = parse_node(p, NODE_CALL, f->result, start, NULL);

    if (!n)
        return NULL;
    n->call.function = f;
    n->call.len = len;
    n->call.args = arena_calloc(p->arena, len + 1, sizeof(struct node *));
    if (!n->call.args)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        n->call.args[i] = args[i];
        if (!parse_deepen(p, n, args[i]))
            return NULL;
    }
    return n;
}

static struct node *call(struct parse *p, const struct lex_token *name)
{
    const struct function *f = function_find(name->text);
    const char *reason = f ? NULL : function_refused(name->text);
    struct node *args[NODE_ARGS_MAX];
    size_t len;

    if (!f) {
        int width = (int)MIN(name->text.len, (size_t)100);
        if (reason)
            fault_parse(p->err, p->text, name->at, "function \"%.*s\" %s", width, name->text.ptr,
                        reason);
        else
            fault_parse(p->err, p->text, name->at, "unknown function with name \"%.*s\"", width,
                        name->text.ptr);
        return NULL;
    }
    parse_advance(p);
    if (!arguments(p, args, 0, &len))
        return NULL;
    struct node *n = make_call(p, f, name->at, args, len);
    if (!n)
        return NULL;
    n->call.keep_metric_names = take_word(p, "keep_metric_names");
    n->end = p->end;
    return n;
}

static struct node *aggregate(struct parse *p, const struct lex_token *name,
                              enum node_aggregation op)
{
    struct node_aggregate a = {.op = op};
    struct node *args[NODE_ARGS_MAX];
    size_t len, want = node_has_param(op) ? 2 : 1;
    bool rest;

    if (!grouping_of_aggregation(p, &a))
        return NULL;
    if (!parse_take(p, LEX_LEFT_PAREN))
        return parse_unexpected(p, "aggregation", NULL);
    if (!arguments(p, args, 0, &len) || !grouping_of_aggregation(p, &a) || !grouping_limit(p, &a))
        return NULL;
    if (!len) {
        fault_parse(p->err, p->text, name->at, "no arguments for aggregate expression provided");
        return NULL;
    }
    rest = node_is_top(op) && op != AGGREGATION_OUTLIERSK && len == want + 1;
    a.more_len = op == AGGREGATION_QUANTILES && len > want ? len - want : 0;
    if (op == AGGREGATION_QUANTILES && !a.more_len) {
        fault_parse(p->err, p->text, name->at,
                    "quantiles() takes a label, quantiles and an expression");
        return NULL;
    }
    want += a.more_len;
    if (len != want && !rest) {
        fault_parse(p->err, p->text, name->at,
                    "wrong number of arguments for aggregate expression provided, expected %zu, "
                    "got %zu",
                    want, len);
        return NULL;
    }
    a.grouped = a.without || a.labels.len; /* by () says what saying nothing says */
    a.param = want >= 2 ? args[0] : NULL;
    a.more = arena_calloc(p->arena, a.more_len + 1, sizeof(*a.more));
    if (!a.more)
        return NULL;
    for (size_t i = 0; i < a.more_len; i++)
        a.more[i] = args[1 + i];
    a.expr = args[want - 1];
    a.rest = rest ? args[want] : NULL;
    struct node *n = parse_node(p, NODE_AGGREGATE, PROMQL_VECTOR, name->at, a.expr);
    if (!n || (a.param && !parse_deepen(p, n, a.param)) || (rest && !parse_deepen(p, n, a.rest)))
        return NULL;
    for (size_t i = 0; i < a.more_len; i++)
        if (!parse_deepen(p, n, a.more[i]))
            return NULL;
    n->aggregate = a;
    return n;
}

static bool starts_aggregation(const struct lex_token *name, const struct lex_token *next,
                               enum node_aggregation *ret)
{
    bool body = next->kind == LEX_LEFT_PAREN ||
                (next->kind == LEX_WORD && (next->word == WORD_BY || next->word == WORD_WITHOUT));

    if (name->word >= WORD_SUM && name->word <= WORD_QUANTILE)
        *ret = (enum node_aggregation)(name->word - WORD_SUM + AGGREGATION_SUM);
    else if (!node_find_aggregation(name->text, ret))
        return false;
    return body;
}

/* `inner` as if it stood in parentheses, where an operator beside it could tear it apart. */
static struct node *enclose(struct parse *p, struct node *inner, size_t start)
{
    bool negative = inner->kind == NODE_NUMBER && signbit(inner->number.value);

    if (inner->kind != NODE_BINARY && inner->kind != NODE_UNARY && !negative)
        return inner;
    struct node *n = parse_node(p, NODE_PAREN, inner->type, start, inner);
    if (n)
        n->paren = inner;
    return n;
}

/* WITH (...) expression */
static struct node *with(struct parse *p, size_t start)
{
    const struct template *before = p->scope;

    if (!template_define(p))
        return NULL;
    struct node *inner = expression(p, LEVEL_DEFAULT);
    p->scope = before;
    return inner ? enclose(p, inner, start) : NULL;
}

static struct node *use_template(struct parse *p, const struct template *t, size_t start)
{
    struct template_place back;

    if (!template_enter(p, t, &back))
        return NULL;
    struct node *inner = expression(p, LEVEL_DEFAULT);
    return inner && template_leave(p, &back) ? enclose(p, inner, start) : NULL;
}

/* A name: of a function, an aggregation or a metric. */
static struct node *named(struct parse *p)
{
    struct lex_token name = p->token;
    enum node_aggregation op;

    switch (name.word) {
    case WORD_ON:
    case WORD_IGNORING:
    case WORD_GROUP_LEFT:
    case WORD_GROUP_RIGHT:
    case WORD_BOOL:
    case WORD_ATAN2:
        return parse_unexpected(p, NULL, NULL);
    case WORD_INF:
    case WORD_NAN: {
        parse_advance(p);
        struct node *n = parse_node(p, NODE_NUMBER, PROMQL_SCALAR, name.at, NULL);
        if (n)
            n->number.value = name.word == WORD_INF ? (double)INFINITY : (double)NAN;
        return n;
    }
    default:
        break;
    }
    parse_advance(p);
    const struct template *t = name.word == WORD_NAME ? template_find(p, name.text) : NULL;
    if (t)
        return use_template(p, t, name.at);
    if (p->token.kind == LEX_LEFT_PAREN && parse_is_word(&name, "with"))
        return with(p, name.at);
    if (starts_aggregation(&name, &p->token, &op))
        return aggregate(p, &name, op);
    if (p->token.kind == LEX_LEFT_PAREN)
        return call(p, &name);
    return selector_parse(p, &name);
}

static struct node *literal(struct parse *p)
{
    enum lex_kind kind = p->token.kind;
    struct node *n =
        parse_node(p, kind == LEX_STRING ? NODE_STRING : NODE_NUMBER,
                   kind == LEX_STRING ? PROMQL_STRING : PROMQL_SCALAR, p->token.at, NULL);
    struct error err;
    int64_t ms;

    if (!n)
        return NULL;
    if (kind == LEX_STRING) {
        if (!parse_string(p, &n->string))
            return NULL;
    } else if (kind == LEX_DURATION) {
        if (num_parse_duration(p->token.text, &ms, &err))
            return fault_parse(p->err, p->text, p->token.at, "%s", err.text), NULL;
        n->number.value = (double)ms / 1000;
        n->number.duration = true;
    } else if (!literal_number(p->token.text, &n->number.value)) {
        return parse_unexpected(p, NULL, NULL);
    }
    parse_advance(p);
    n->end = p->end;
    return n;
}

/* MetricsQL: (a, b) is union(a, b); of strings it is the list of aggr_over_time(). */
static struct node *tuple(struct parse *p, struct node *first, size_t start)
{
    struct node *args[NODE_ARGS_MAX] = {first};
    size_t len;

    return arguments(p, args, 1, &len) ? make_call(p, function_find(STR("union")), start, args, len)
                                       : NULL;
}

static struct node *parenthesised(struct parse *p)
{
    size_t start = p->token.at;

    parse_advance(p);
    struct node *inner = expression(p, LEVEL_DEFAULT);
    if (!inner)
        return NULL;
    if (parse_take(p, LEX_COMMA))
        return tuple(p, inner, start);
    if (!parse_take(p, LEX_RIGHT_PAREN))
        return parse_unexpected(p, NULL, NULL);
    struct node *n = parse_node(p, NODE_PAREN, inner->type, start, inner);
    if (!n)
        return NULL;
    n->paren = inner;
    if (inner->kind == NODE_BINARY && take_word(p, "keep_metric_names"))
        inner->binary.keep_metric_names = true;
    n->end = p->end;
    return n;
}

/* Ranges and steps of what is fixed already must make sense; the rest is looked at when it runs. */
static bool sound_duration(struct parse *p, const struct node *n)
{
    if (!duration_is_constant(n))
        return true;
    double seconds = duration_seconds(n, 0, 0);
    if (!duration_fits(seconds))
        return fault_parse(p->err, p->text, n->start, "duration out of range"), false;
    if (seconds * 1000 < 1)
        return fault_parse(p->err, p->text, n->start, "duration must be greater than 0"), false;
    return true;
}

static struct node *range_of(struct parse *p, struct node *n, size_t bracket, struct node *range)
{
    if (n->kind != NODE_SELECTOR || n->selector.range.expr)
        return fault_parse(p->err, p->text, bracket, "ranges only allowed for vector selectors"),
               NULL;
    if (n->offset)
        return fault_parse(p->err, p->text, bracket, "no offset modifiers allowed before range"),
               NULL;
    if (n->at != AT_NONE)
        return fault_parse(p->err, p->text, bracket, "no @ modifiers allowed before range"), NULL;
    n->selector.range.expr = range;
    n->type = PROMQL_MATRIX;
    n->end = p->end;
    return parse_deepen(p, n, range) ? n : NULL;
}

/* [5m], [5m:], [5m:1m] behind `inner`. */
static struct node *bracketed(struct parse *p, struct node *inner)
{
    size_t bracket = p->token.at;
    struct node *step = NULL;

    parse_advance(p);
    struct node *range = duration_parse(p);
    if (!range || !sound_duration(p, range))
        return NULL;
    if (parse_take(p, LEX_RIGHT_BRACKET))
        return range_of(p, inner, bracket, range);
    if (!parse_take(p, LEX_COLON))
        return parse_unexpected(p, "subquery or range selector", "\":\" or \"]\"");
    if (p->token.kind != LEX_RIGHT_BRACKET) {
        step = duration_parse(p);
        if (!step || !sound_duration(p, step))
            return NULL;
        if (p->token.kind != LEX_RIGHT_BRACKET)
            return parse_unexpected(p, "subquery selector", "\"]\"");
    }
    parse_advance(p);
    struct node *n = parse_node(p, NODE_SUBQUERY, PROMQL_MATRIX, inner->start, inner);
    if (!n || !parse_deepen(p, n, range) || (step && !parse_deepen(p, n, step)))
        return NULL;
    n->subquery.expr = inner;
    n->subquery.range.expr = range;
    n->subquery.step.expr = step;
    return n;
}

/* What an offset is kept at: selectors and subqueries themselves; with MetricsQL also parentheses,
 * calls and aggregations, which are put into some. */
static struct node *offset_holder(struct parse *p, struct node *n)
{
    if (n->kind != NODE_CALL && n->kind != NODE_AGGREGATE)
        return n;
    struct node *holder = parse_node(p, NODE_PAREN, n->type, n->start, n);
    if (holder)
        holder->paren = n;
    return holder;
}

static struct node *offset(struct parse *p, struct node *n)
{
    parse_advance(p);
    struct node *by = duration_parse_term(p);
    n = by ? offset_holder(p, n) : NULL;
    if (!n)
        return NULL;
    if (n->kind != NODE_SELECTOR && n->kind != NODE_SUBQUERY && n->kind != NODE_PAREN)
        return fault_parse(p->err, p->text, n->start,
                           "offset modifier must be preceded by an instant vector selector or "
                           "range vector selector or a subquery"),
               NULL;
    if (n->offset)
        return fault_parse(p->err, p->text, n->start, "offset may not be set multiple times"), NULL;
    if (duration_is_constant(by) && !duration_fits(duration_seconds(by, 0, 0)))
        return fault_parse(p->err, p->text, by->start, "duration out of range"), NULL;
    n->offset = by;
    n->end = p->end;
    return parse_deepen(p, n, by) ? n : NULL;
}

static bool at_time(struct parse *p, struct node *n)
{
    bool minus = false;
    struct node *time;

    if (p->token.kind == LEX_ADD || p->token.kind == LEX_SUB) {
        minus = p->token.kind == LEX_SUB;
        parse_advance(p);
    }
    bool word =
        p->token.kind == LEX_WORD && (p->token.word == WORD_INF || p->token.word == WORD_NAN);
    if (p->token.kind != LEX_NUMBER && p->token.kind != LEX_DURATION && !word)
        return parse_unexpected(p, "@", "timestamp");
    time = word ? named(p) : literal(p);
    if (!time)
        return false;
    double ms = round((minus ? -time->number.value : time->number.value) * 1000);
    if (!(fabs(ms) < 0x1p62)) {
        fault_parse(p->err, p->text, time->start, "timestamp out of bounds for @ modifier: %g",
                    ms / 1000);
        return false;
    }
    n->at = AT_TIME;
    n->at_ms = (int64_t)ms;
    return true;
}

static struct node *at(struct parse *p, struct node *n)
{
    struct node scratch = {0};

    parse_advance(p);
    bool start = p->token.kind == LEX_WORD && p->token.word == WORD_START;
    if (start || (p->token.kind == LEX_WORD && p->token.word == WORD_END)) {
        parse_advance(p);
        if (!parse_take(p, LEX_LEFT_PAREN) || !parse_take(p, LEX_RIGHT_PAREN))
            return parse_unexpected(p, "@", "timestamp");
        scratch.at = start ? AT_START : AT_END;
    } else if (!at_time(p, &scratch)) {
        return NULL;
    }
    if (n->kind != NODE_SELECTOR && n->kind != NODE_SUBQUERY)
        return fault_parse(p->err, p->text, n->start,
                           "@ modifier must be preceded by an instant vector selector or range "
                           "vector selector or a subquery"),
               NULL;
    if (n->at != AT_NONE)
        return fault_parse(p->err, p->text, n->start,
                           "@ <timestamp> may not be set multiple times"),
               NULL;
    n->at = scratch.at;
    n->at_ms = scratch.at_ms;
    n->end = p->end;
    return n;
}

static struct node *primary(struct parse *p)
{
    struct node *n;

    switch (p->token.kind) {
    case LEX_NUMBER:
    case LEX_DURATION:
    case LEX_STRING:
        n = literal(p);
        break;
    case LEX_LEFT_PAREN:
        n = parenthesised(p);
        break;
    case LEX_LEFT_BRACE:
        n = selector_parse(p, NULL);
        break;
    case LEX_WORD:
        n = named(p);
        break;
    default:
        return parse_unexpected(p, NULL, NULL);
    }
    while (n) {
        if (p->token.kind == LEX_LEFT_BRACKET)
            n = bracketed(p, n);
        else if (p->token.kind == LEX_AT)
            n = at(p, n);
        else if (p->token.kind == LEX_WORD && p->token.word == WORD_OFFSET)
            n = offset(p, n);
        else
            break;
    }
    return n;
}

static struct node *signed_or_primary(struct parse *p)
{
    size_t start = p->token.at;
    bool minus = p->token.kind == LEX_SUB;

    if (!minus && p->token.kind != LEX_ADD)
        return primary(p);
    parse_advance(p);
    struct node *inner = expression(p, LEVEL_POW);
    if (!inner)
        return NULL;
    if (inner->kind == NODE_NUMBER) {
        inner->number.value = minus ? -inner->number.value : inner->number.value;
        inner->start = start;
        return inner;
    }
    struct node *n = parse_node(p, NODE_UNARY, inner->type, start, inner);
    if (n) {
        n->unary.minus = minus;
        n->unary.expr = inner;
    }
    return n;
}

static bool binary_operator(const struct lex_token *t, enum node_operator *ret, unsigned *level)
{
    switch (t->kind) {
    case LEX_ADD:
    case LEX_SUB:
        *level = LEVEL_ADD;
        break;
    case LEX_MUL:
    case LEX_DIV:
    case LEX_MOD:
        *level = LEVEL_MUL;
        break;
    case LEX_POW:
        *level = LEVEL_POW;
        break;
    case LEX_WORD:
        if (t->word >= WORD_AND && t->word <= WORD_UNLESS) {
            *level = t->word == WORD_OR ? LEVEL_OR : LEVEL_AND;
            *ret = (enum node_operator)(t->word - WORD_AND + OPERATOR_AND);
            return true;
        }
        if (parse_is_word(t, "if") || parse_is_word(t, "ifnot")) {
            *level = LEVEL_IF;
            *ret = t->text.len == 2 ? OPERATOR_IF : OPERATOR_IFNOT;
            return true;
        }
        *level = t->word == WORD_ATAN2 ? LEVEL_MUL : LEVEL_DEFAULT;
        *ret = t->word == WORD_ATAN2 ? OPERATOR_ATAN2 : OPERATOR_DEFAULT;
        return t->word == WORD_ATAN2 || parse_is_word(t, "default");
    default:
        if (t->kind < LEX_EQL || t->kind > LEX_GTR)
            return false;
        *level = LEVEL_COMPARE;
        *ret = (enum node_operator)(t->kind - LEX_EQL + OPERATOR_EQL);
        return true;
    }
    *ret = (enum node_operator)(t->kind - LEX_ADD + OPERATOR_ADD);
    return true;
}

static struct node *operation(struct parse *p, struct node *left, enum node_operator op,
                              unsigned level)
{
    struct node_binary b = {.op = op, .left = left};
    size_t place = p->token.at;

    parse_advance(p);
    if (node_is_set_operator(op))
        b.cardinality = CARDINALITY_MANY_TO_MANY;
    if (!grouping_of_operator(p, &b))
        return NULL;
    b.right = expression(p, op == OPERATOR_POW ? level : level + 1);
    if (!b.right)
        return NULL;
    bool scalar =
        left->type == PROMQL_SCALAR && b.right->type == PROMQL_SCALAR && !node_is_condition(op);
    struct node *n =
        parse_node(p, NODE_BINARY, scalar ? PROMQL_SCALAR : PROMQL_VECTOR, left->start, left);
    if (!n || !parse_deepen(p, n, b.right))
        return NULL;
    n->binary = b;
    n->place = place;
    return n;
}

static struct node *expression(struct parse *p, unsigned least)
{
    enum node_operator op;
    unsigned level;

    if (++p->depth > NODE_DEPTH_MAX)
        return too_deep(p, p->token.at), NULL;
    struct node *n = signed_or_primary(p);
    while (n && binary_operator(&p->token, &op, &level) && level >= least)
        n = operation(p, n, op, level);
    p->depth--;
    return n;
}

int parse_begin(struct parse *p, struct str text, struct arena *a, struct tree *tree,
                struct promql_error *err)
{
    *p = (struct parse){.arena = a, .tree = tree, .err = err};
    *err = (struct promql_error){0};
    *tree = (struct tree){.arena = a};
    if (text.len > PARSE_TEXT_MAX)
        return fault_set(err, PROMQL_BAD_DATA, "the expression is longer than %zu bytes",
                         PARSE_TEXT_MAX);
    p->text.ptr = arena_strndup(a, text.ptr, text.len);
    p->text.len = text.len;
    if (!p->text.ptr)
        return fault_memory(err);
    if (!str_is_utf8(text))
        return fault_parse(err, p->text, 0, "the expression is not valid UTF-8");
    lex_init(&p->lex, p->text);
    p->token = lex_next(&p->lex);
    return 0;
}

int parse_text(struct str text, struct arena *a, struct tree *ret, struct promql_error *err)
{
    struct parse p;
    int code = parse_begin(&p, text, a, ret, err);

    if (code)
        return code;
    if (p.token.kind == LEX_END)
        return fault_parse(err, p.text, 0, "no expression found in input");
    struct node *root = expression(&p, LEVEL_DEFAULT);
    if (root && p.token.kind != LEX_END)
        root = parse_unexpected(&p, NULL, NULL);
    if (!root) {
        node_tree_fini(ret);
        return err->text[0] ? -EINVAL : fault_memory(err);
    }
    ret->root = root;
    code = check_types(p.text, root, err);
    if (code)
        node_tree_fini(ret);
    return code;
}
