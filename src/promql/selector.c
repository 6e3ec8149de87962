/* selector.c - reads what stands in the braces of a selector. */
#include "promql/selector.h"

#include "promql/fault.h"
#include "promql/template.h"

#include <strings.h>

struct gather {
    struct matcher *items;
    size_t len, cap;
    bool named; /* items[0] is the name, written without __name__ */
};

static struct matcher *add(struct parse *p, struct gather *g)
{
    if (g->len == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 4;
        struct matcher *items = arena_calloc(p->arena, cap, sizeof(*items));
        if (!items) {
            fault_memory(p->err);
            return NULL;
        }
        if (g->len >= NODE_MATCHERS_MAX) {
            fault_parse(p->err, p->text, p->token.at, "too many matchers in one selector");
            return NULL;
        }
        if (g->len)
            memcpy(items, g->items, g->len * sizeof(*items));
        g->items = items;
        g->cap = cap;
    }
    return &g->items[g->len++];
}

static bool set_name(struct parse *p, struct gather *g, struct str name, size_t at)
{
    struct matcher first;

    if (g->named) {
        fault_parse(p->err, p->text, at, "metric name must not be set twice: \"%.*s\" or \"%.*s\"",
                    (int)MIN(g->items[0].value.len, (size_t)100), g->items[0].value.ptr,
                    (int)MIN(name.len, (size_t)100), name.ptr);
        return false;
    }
    struct matcher *m = add(p, g);
    if (!m || matcher_init(&first, MATCH_EQUAL, STR(LABEL_NAME), name, NULL))
        return false;
    *m = g->items[0];
    g->items[0] = first;
    g->named = true;
    return true;
}

static bool match_type(enum lex_kind kind, enum match_type *ret)
{
    switch (kind) {
    case LEX_ASSIGN:
        *ret = MATCH_EQUAL;
        return true;
    case LEX_NEQ:
        *ret = MATCH_NOT_EQUAL;
        return true;
    case LEX_MATCH:
        *ret = MATCH_REGEX;
        return true;
    case LEX_NO_MATCH:
        *ret = MATCH_NOT_REGEX;
        return true;
    default:
        return false;
    }
}

static bool braces(struct parse *p, struct gather *g);

/* The filters that a template stands for: WITH (f = {a="b"}) m{f}. */
static bool filters(struct parse *p, struct gather *g, const struct template *t)
{
    struct template_place back;

    if (!template_enter(p, t, &back))
        return false;
    if (!parse_take(p, LEX_LEFT_BRACE))
        return parse_unexpected(p, "label matching", "\"{\"");
    return braces(p, g) && template_leave(p, &back);
}

/* One of: a="b", "a b"="c", "metric.name", the name of a template. */
static bool matcher(struct parse *p, struct gather *g)
{
    static const char where[] = "label matching";
    struct lex_token first = p->token;
    struct str name = first.text, value;
    enum match_type type;
    struct error err;

    if (first.kind == LEX_STRING) {
        if (!parse_string(p, &name))
            return false;
        parse_advance(p);
        if (p->token.kind == LEX_COMMA || p->token.kind == LEX_RIGHT_BRACE)
            return set_name(p, g, name, first.at);
    } else if (first.kind == LEX_WORD) {
        parse_advance(p);
        bool alone = p->token.kind == LEX_COMMA || p->token.kind == LEX_RIGHT_BRACE;
        const struct template *t = alone ? template_find(p, name) : NULL;
        if (t)
            return filters(p, g, t);
    } else {
        return parse_unexpected(p, where, "identifier or \"}\"");
    }
    if (!match_type(p->token.kind, &type))
        return parse_unexpected(p, where, "label matching operator");
    parse_advance(p);
    if (p->token.kind != LEX_STRING)
        return parse_unexpected(p, where, "string");
    if (!parse_string(p, &value))
        return false;
    parse_advance(p);
    struct matcher *m = add(p, g);
    if (!m)
        return false;
    if (matcher_init(m, type, name, value, &err)) {
        g->len--;
        fault_parse(p->err, p->text, first.at, "%s", err.text);
        return false;
    }
    return true;
}

static bool braces(struct parse *p, struct gather *g)
{
    while (!parse_take(p, LEX_RIGHT_BRACE)) {
        if (!matcher(p, g))
            return false;
        if (p->token.kind != LEX_RIGHT_BRACE && !parse_take(p, LEX_COMMA)) {
            parse_unexpected(p, "label matching", "\",\" or \"}\"");
            return false;
        }
    }
    return true;
}

static bool sound(struct parse *p, const struct gather *g, size_t start)
{
    bool selective = false;

    for (size_t i = 0; i < g->len; i++) {
        selective = selective || !matcher_takes_empty(&g->items[i]);
        if (!g->named || i == 0 || !str_is(g->items[i].name, LABEL_NAME))
            continue;
        fault_parse(p->err, p->text, start,
                    "metric name must not be set twice: \"%.*s\" or \"%.*s\"",
                    (int)MIN(g->items[0].value.len, (size_t)100), g->items[0].value.ptr,
                    (int)MIN(g->items[i].value.len, (size_t)100), g->items[i].value.ptr);
        return false;
    }
    if (!selective)
        fault_parse(p->err, p->text, start,
                    "vector selector must contain at least one non-empty matcher");
    return selective;
}

struct node *selector_parse(struct parse *p, const struct lex_token *name)
{
    struct gather g = {0};
    size_t start = name ? name->at : p->token.at;
    struct node *n = parse_node(p, NODE_SELECTOR, PROMQL_VECTOR, start, NULL);

    if (!n)
        return NULL;
    bool good = (!name || set_name(p, &g, name->text, name->at)) &&
                (!parse_take(p, LEX_LEFT_BRACE) || braces(p, &g)) && sound(p, &g, start);
    /* Also when it failed: the tree is what frees the regexes. */
    n->selector.matchers = g.items;
    n->selector.len = g.len;
    n->selector.name = g.named ? g.items[0].value : STR("");
    n->selector.next = p->tree->selectors;
    p->tree->selectors = n;
    n->end = p->end;
    return good ? n : NULL;
}
