/* grouping.c - what says how series are grouped: by (...), on (...) group_left (...), limit N. */
#include "promql/grouping.h"

#include "promql/fault.h"
#include "promql/literal.h"

/* (a, b, "c d"); with `ret_all` (MetricsQL) also (*). */
static bool label_list(struct parse *p, struct node_labels *ret, bool *ret_all)
{
    static const char where[] = "grouping opts";
    struct str names[NODE_LABELS_MAX];
    size_t len = 0;

    if (!parse_take(p, LEX_LEFT_PAREN))
        return parse_unexpected(p, where, "\"(\"");
    if (ret_all && parse_take(p, LEX_MUL)) {
        *ret_all = true;
        return parse_take(p, LEX_RIGHT_PAREN) || parse_unexpected(p, where, "\")\"");
    }
    while (p->token.kind != LEX_RIGHT_PAREN) {
        if (len == NODE_LABELS_MAX)
            return fault_parse(p->err, p->text, p->token.at, "too many labels"), false;
        if (p->token.kind == LEX_WORD && !memchr(p->token.text.ptr, ':', p->token.text.len)) {
            names[len] = p->token.text;
        } else if (p->token.kind != LEX_STRING) {
            return parse_unexpected(p, where, "label");
        } else if (!parse_string(p, &names[len])) {
            return false;
        }
        len++;
        parse_advance(p);
        if (p->token.kind != LEX_RIGHT_PAREN && !parse_take(p, LEX_COMMA))
            return parse_unexpected(p, where, "\",\" or \")\"");
    }
    parse_advance(p);
    ret->items = arena_calloc(p->arena, len + 1, sizeof(*names));
    if (!ret->items)
        return false;
    if (len)
        memcpy(ret->items, names, len * sizeof(*names));
    ret->len = len;
    return true;
}

/* What comes behind the token at hand. */
static enum lex_kind kind_ahead(const struct parse *p)
{
    struct lex ahead = p->lex;

    return lex_next(&ahead).kind;
}

/* MetricsQL: limit 3, behind an aggregation. */
bool grouping_limit(struct parse *p, struct node_aggregate *a)
{
    double most;

    if (!parse_is_word(&p->token, "limit") || kind_ahead(p) != LEX_NUMBER)
        return true;
    parse_advance(p);
    if (!literal_number(p->token.text, &most) || !(most >= 0 && most < 0x1p32) ||
        most != floor(most))
        return parse_unexpected(p, "limit of an aggregation", "a whole number");
    parse_advance(p);
    a->limited = true;
    a->limit = (uint32_t)most;
    return true;
}

bool grouping_of_aggregation(struct parse *p, struct node_aggregate *a)
{
    if (a->grouped || p->token.kind != LEX_WORD ||
        (p->token.word != WORD_BY && p->token.word != WORD_WITHOUT))
        return true;
    a->grouped = true;
    a->without = p->token.word == WORD_WITHOUT;
    parse_advance(p);
    return label_list(p, &a->labels, NULL);
}

/* bool, on (...) group_left (...) and the like, behind an operator. */
bool grouping_of_operator(struct parse *p, struct node_binary *b)
{
    if (p->token.kind == LEX_WORD && p->token.word == WORD_BOOL) {
        b->return_bool = true;
        parse_advance(p);
    }
    if (p->token.kind != LEX_WORD || (p->token.word != WORD_ON && p->token.word != WORD_IGNORING))
        return true;
    b->matching = true;
    b->on = p->token.word == WORD_ON;
    parse_advance(p);
    if (!label_list(p, &b->labels, NULL))
        return false;
    if (p->token.kind != LEX_WORD ||
        (p->token.word != WORD_GROUP_LEFT && p->token.word != WORD_GROUP_RIGHT))
        return true;
    b->cardinality =
        p->token.word == WORD_GROUP_LEFT ? CARDINALITY_MANY_TO_ONE : CARDINALITY_ONE_TO_MANY;
    parse_advance(p);
    if (p->token.kind == LEX_LEFT_PAREN && !label_list(p, &b->include, &b->include_all))
        return false;
    if (!parse_is_word(&p->token, "prefix") || kind_ahead(p) != LEX_STRING)
        return true;
    parse_advance(p);
    if (!parse_string(p, &b->prefix))
        return false;
    parse_advance(p);
    return true;
}
