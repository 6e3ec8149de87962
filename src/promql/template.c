/* template.c - templates by their text. */
#include "promql/template.h"

#include "promql/fault.h"

static const char where[] = "WITH";

/* Passes over one argument or definition: up to a comma or parenthesis that is not its own. */
static bool skip_text(struct parse *p, size_t *ret_start, size_t *ret_end)
{
    size_t nested = 0;

    *ret_start = p->token.at;
    for (;; parse_advance(p)) {
        switch (p->token.kind) {
        case LEX_LEFT_PAREN:
        case LEX_LEFT_BRACE:
        case LEX_LEFT_BRACKET:
            nested++;
            continue;
        case LEX_RIGHT_BRACE:
        case LEX_RIGHT_BRACKET:
            nested--;
            continue;
        case LEX_RIGHT_PAREN:
            if (nested--)
                continue;
            break;
        case LEX_COMMA:
            if (nested)
                continue;
            break;
        case LEX_END:
        case LEX_ERROR:
            return parse_unexpected(p, where, NULL);
        default:
            continue;
        }
        *ret_end = p->token.at;
        return *ret_end > *ret_start || parse_unexpected(p, where, "expression");
    }
}

static bool parameters(struct parse *p, struct template *t)
{
    t->has_params = parse_take(p, LEX_LEFT_PAREN);
    if (!t->has_params)
        return true;
    while (!parse_take(p, LEX_RIGHT_PAREN)) {
        if (p->token.kind != LEX_WORD || p->token.word != WORD_NAME)
            return parse_unexpected(p, where, "parameter");
        if (t->params_len == TEMPLATE_PARAMS_MAX)
            return fault_parse(p->err, p->text, p->token.at, "too many parameters"), false;
        t->params[t->params_len++] = p->token.text;
        parse_advance(p);
        if (p->token.kind != LEX_RIGHT_PAREN && !parse_take(p, LEX_COMMA))
            return parse_unexpected(p, where, "\",\" or \")\"");
    }
    return true;
}

static struct template *new_template(struct parse *p, struct str name)
{
    struct template *t = arena_new(p->arena, struct template);

    if (!t)
        fault_memory(p->err);
    else
        t->name = name;
    return t;
}

bool template_define(struct parse *p)
{
    if (!parse_take(p, LEX_LEFT_PAREN))
        return parse_unexpected(p, where, "\"(\"");
    while (!parse_take(p, LEX_RIGHT_PAREN)) {
        if (p->token.kind != LEX_WORD || p->token.word != WORD_NAME)
            return parse_unexpected(p, where, "name");
        struct template *t = new_template(p, p->token.text);
        parse_advance(p);
        if (!t || !parameters(p, t))
            return false;
        if (!parse_take(p, LEX_ASSIGN))
            return parse_unexpected(p, where, "\"=\"");
        if (!skip_text(p, &t->start, &t->end))
            return false;
        t->scope = t->outer = p->scope;
        p->scope = t;
        parse_take(p, LEX_COMMA);
    }
    return true;
}

const struct template *template_find(const struct parse *p, struct str name)
{
    const struct template *t = p->scope;

    while (t && !str_equal(t->name, name))
        t = t->outer;
    return t;
}

/* Arguments are templates too: their text is read where the parameter stands, with the eyes of the
 * caller. */
static bool arguments(struct parse *p, const struct template *t, const struct template **scope)
{
    size_t at = p->token.at, len = 0;

    if (!parse_take(p, LEX_LEFT_PAREN))
        return parse_unexpected(p, where, "\"(\"");
    for (; p->token.kind != LEX_RIGHT_PAREN; len++) {
        struct template *arg = new_template(p, len < t->params_len ? t->params[len] : t->name);
        if (!arg || (len && !parse_take(p, LEX_COMMA)) || !skip_text(p, &arg->start, &arg->end))
            return false;
        arg->outer = *scope;
        arg->scope = p->scope;
        *scope = arg;
    }
    parse_advance(p);
    if (len == t->params_len)
        return true;
    fault_parse(p->err, p->text, at, "template \"%.*s\" takes %zu argument(s), got %zu",
                (int)MIN(t->name.len, (size_t)100), t->name.ptr, t->params_len, len);
    return false;
}

bool template_enter(struct parse *p, const struct template *t, struct template_place *ret_back)
{
    const struct template *scope = t->scope;

    if (t->has_params && !arguments(p, t, &scope))
        return false;
    if (++p->uses > TEMPLATE_USES_MAX || ++p->depth > NODE_DEPTH_MAX) {
        fault_parse(p->err, p->text, t->start, "templates are used too often or too deep");
        return false;
    }
    *ret_back = (struct template_place){p->lex, p->token, p->scope, p->end};
    lex_init(&p->lex, str_make(p->text.ptr, t->end));
    p->lex.at = t->start;
    p->scope = scope;
    p->token = lex_next(&p->lex);
    return true;
}

bool template_leave(struct parse *p, const struct template_place *back)
{
    if (p->token.kind != LEX_END)
        return parse_unexpected(p, where, NULL);
    p->lex = back->lex;
    p->token = back->token;
    p->scope = back->scope;
    p->end = back->end;
    p->depth--;
    return true;
}
