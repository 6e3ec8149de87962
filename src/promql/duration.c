/* duration.c - lengths of time: 5m, 300, or arithmetic with step() and range() over them. */
#include "promql/duration.h"

#include "promql/fault.h"

static const char wanted[] = "number, duration, step(), or range()";
static const char where[] = "subquery or range selector";

static unsigned precedence(enum lex_kind kind)
{
    switch (kind) {
    case LEX_ADD:
    case LEX_SUB:
        return 1;
    case LEX_MUL:
    case LEX_DIV:
    case LEX_MOD:
        return 2;
    case LEX_POW:
        return 3;
    default:
        return 0;
    }
}

static struct node *expression(struct parse *p, unsigned least);

static struct node *literal(struct parse *p)
{
    struct node *n = parse_node(p, NODE_NUMBER, PROMQL_SCALAR, p->token.at, NULL);
    struct error err;
    int64_t ms;

    if (!n)
        return NULL;
    if (p->token.kind == LEX_DURATION) {
        if (num_parse_duration(p->token.text, &ms, &err)) {
            fault_parse(p->err, p->text, p->token.at, "%s", err.text);
            return NULL;
        }
        n->number.value = (double)ms / 1000;
        n->number.duration = true;
    } else if (!literal_number(p->token.text, &n->number.value)) {
        return parse_unexpected(p, where, wanted);
    }
    parse_advance(p);
    n->end = p->end;
    return n;
}

static struct node *call(struct parse *p)
{
    const struct function *f = function_find_duration(p->token.text);
    struct node *n = f ? parse_node(p, NODE_CALL, PROMQL_SCALAR, p->token.at, NULL) : NULL;

    if (!f)
        return parse_unexpected(p, where, wanted);
    if (!n || !(n->call.args = arena_calloc(p->arena, 2, sizeof(struct node *))))
        return NULL;
    n->call.function = f;
    parse_advance(p);
    if (!parse_take(p, LEX_LEFT_PAREN))
        return parse_unexpected(p, where, "\"(\"");
    for (; n->call.len < f->min_args; n->call.len++) {
        if (n->call.len && !parse_take(p, LEX_COMMA))
            return parse_unexpected(p, where, "\",\"");
        struct node *arg = expression(p, 1);
        if (!arg || !parse_deepen(p, n, arg))
            return NULL;
        n->call.args[n->call.len] = arg;
    }
    if (!parse_take(p, LEX_RIGHT_PAREN))
        return parse_unexpected(p, where, "\")\"");
    n->end = p->end;
    return n;
}

static struct node *sign(struct parse *p, bool whole)
{
    bool minus = p->token.kind == LEX_SUB;
    size_t start = p->token.at;

    parse_advance(p);
    struct node *inner = whole ? expression(p, 3) : duration_parse_term(p);
    if (!inner)
        return NULL;
    if (inner->kind == NODE_NUMBER) {
        inner->number.value = minus ? -inner->number.value : inner->number.value;
        inner->start = start;
        return inner;
    }
    struct node *n = parse_node(p, NODE_UNARY, PROMQL_SCALAR, start, inner);
    if (n) {
        n->unary.minus = minus;
        n->unary.expr = inner;
        n->end = p->end;
    }
    return n;
}

static struct node *term(struct parse *p, bool whole)
{
    size_t start = p->token.at;

    switch (p->token.kind) {
    case LEX_NUMBER:
    case LEX_DURATION:
        return literal(p);
    case LEX_WORD:
        return call(p);
    case LEX_ADD:
    case LEX_SUB:
        return sign(p, whole);
    case LEX_LEFT_PAREN:
        break;
    default:
        return parse_unexpected(p, whole ? where : "offset", wanted);
    }
    parse_advance(p);
    struct node *inner = expression(p, 1);
    if (!inner)
        return NULL;
    if (!parse_take(p, LEX_RIGHT_PAREN))
        return parse_unexpected(p, where, "\")\"");
    struct node *n = parse_node(p, NODE_PAREN, PROMQL_SCALAR, start, inner);
    if (n) {
        n->paren = inner;
        n->end = p->end;
    }
    return n;
}

static struct node *operation(struct parse *p, struct node *left)
{
    enum lex_kind kind = p->token.kind;
    unsigned level = precedence(kind);

    parse_advance(p);
    struct node *right = expression(p, kind == LEX_POW ? level : level + 1);
    struct node *n = right ? parse_node(p, NODE_BINARY, PROMQL_SCALAR, left->start, left) : NULL;
    if (!n || !parse_deepen(p, n, right))
        return NULL;
    n->binary.op = (enum node_operator)(kind - LEX_ADD + OPERATOR_ADD);
    n->binary.left = left;
    n->binary.right = right;
    n->end = p->end;
    return n;
}

static struct node *expression(struct parse *p, unsigned least)
{
    if (++p->depth > NODE_DEPTH_MAX) {
        fault_parse(p->err, p->text, p->token.at, "nested too deeply");
        return NULL;
    }
    struct node *n = term(p, true);
    while (n && precedence(p->token.kind) >= least && precedence(p->token.kind))
        n = operation(p, n);
    p->depth--;
    return n;
}

struct node *duration_parse(struct parse *p)
{
    return expression(p, 1);
}

struct node *duration_parse_term(struct parse *p)
{
    if (++p->depth > NODE_DEPTH_MAX) {
        fault_parse(p->err, p->text, p->token.at, "nested too deeply");
        return NULL;
    }
    struct node *n = term(p, false);
    p->depth--;
    return n;
}

bool duration_is_constant(const struct node *n)
{
    switch (n->kind) {
    case NODE_BINARY:
        return duration_is_constant(n->binary.left) && duration_is_constant(n->binary.right);
    case NODE_UNARY:
        return duration_is_constant(n->unary.expr);
    case NODE_PAREN:
        return duration_is_constant(n->paren);
    case NODE_CALL:
        for (size_t i = 0; i < n->call.len; i++)
            if (!duration_is_constant(n->call.args[i]))
                return false;
        return n->call.len > 0;
    default:
        return true;
    }
}

static double operate(enum node_operator op, double a, double b)
{
    switch (op) {
    case OPERATOR_ADD:
        return a + b;
    case OPERATOR_SUB:
        return a - b;
    case OPERATOR_MUL:
        return a * b;
    case OPERATOR_DIV:
        return a / b;
    case OPERATOR_MOD:
        return fmod(a, b);
    default:
        return pow(a, b);
    }
}

static double call_seconds(const struct node_call *c, double step_s, double range_s)
{
    if (c->function->id == FUNCTION_STEP)
        return step_s;
    if (c->function->id == FUNCTION_RANGE)
        return range_s;
    double a = duration_seconds(c->args[0], step_s, range_s);
    double b = duration_seconds(c->args[1], step_s, range_s);
    return c->function->id == FUNCTION_MIN_OF ? MIN(a, b) : MAX(a, b);
}

double duration_seconds(const struct node *n, double step_s, double range_s)
{
    switch (n->kind) {
    case NODE_NUMBER:
        return n->number.value;
    case NODE_UNARY: {
        double value = duration_seconds(n->unary.expr, step_s, range_s);
        return n->unary.minus ? -value : value;
    }
    case NODE_PAREN:
        return duration_seconds(n->paren, step_s, range_s);
    case NODE_BINARY:
        return operate(n->binary.op, duration_seconds(n->binary.left, step_s, range_s),
                       duration_seconds(n->binary.right, step_s, range_s));
    default:
        return call_seconds(&n->call, step_s, range_s);
    }
}
