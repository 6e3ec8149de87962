/* regex_write.c - the tree, written for PCRE2: every flag, name and class resolved. */
#include "metric/regex_write.h"

bool regex_has_case(uint32_t rune)
{
    return rune >= 0x80 || (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
}

static void write_char(uint32_t rune, struct buf *to)
{
    char utf8[4];

    if (rune < 0x20 || rune == 0x7f) {
        buf_printf(to, "\\x{%x}", (unsigned)rune);
        return;
    }
    bool word = regex_has_case(rune) || (rune >= '0' && rune <= '9');
    if (!word)
        buf_char(to, '\\');
    buf_add(to, utf8, str_utf8_put(utf8, rune));
}

static void write_folded(const struct regex_node *node, struct buf *to)
{
    buf_text(to, "(?i:");
    if (node->kind == REGEX_CHAR)
        write_char(node->rune, to);
    else
        buf_str_add(to, node->text);
    buf_char(to, ')');
}

/* Characters that ignore case share one group, so that the engine sees a string. */
static void write_concat(const struct regex_node *node, struct buf *to)
{
    bool folding = false;

    for (const struct regex_node *it = node->first; it; it = it->next) {
        bool fold = it->kind == REGEX_CHAR && it->fold;
        if (fold != folding)
            buf_text(to, fold ? "(?i:" : ")");
        folding = fold;
        if (fold)
            write_char(it->rune, to);
        else if (it->kind == REGEX_ALTERNATE) {
            buf_text(to, "(?:");
            regex_write(it, to);
            buf_char(to, ')');
        } else
            regex_write(it, to);
    }
    if (folding)
        buf_char(to, ')');
}

static void write_repeat(const struct regex_node *node, struct buf *to)
{
    const struct regex_node *what = node->first;
    bool bare = what->kind == REGEX_GROUP || what->kind == REGEX_ANY ||
                (what->kind == REGEX_CLASS && !what->fold) ||
                (what->kind == REGEX_CHAR && !what->fold);

    if (!bare)
        buf_text(to, "(?:");
    regex_write(what, to);
    if (!bare)
        buf_char(to, ')');
    if (node->max == -1 && node->min <= 1)
        buf_char(to, node->min ? '+' : '*');
    else if (node->max == -1)
        buf_printf(to, "{%d,}", node->min);
    else
        buf_printf(to, "{%d,%d}", node->min, node->max);
    if (node->lazy)
        buf_char(to, '?');
}

void regex_write(const struct regex_node *node, struct buf *to)
{
    switch (node->kind) {
    case REGEX_EMPTY:
        break;
    case REGEX_CHAR:
        if (node->fold)
            write_folded(node, to);
        else
            write_char(node->rune, to);
        break;
    case REGEX_ANY:
        buf_char(to, '.');
        break;
    case REGEX_CLASS:
        if (node->fold)
            write_folded(node, to);
        else
            buf_str_add(to, node->text);
        break;
    case REGEX_ASSERT:
        buf_str_add(to, node->text);
        break;
    case REGEX_GROUP:
        buf_char(to, '(');
        regex_write(node->first, to);
        buf_char(to, ')');
        break;
    case REGEX_CONCAT:
        write_concat(node, to);
        break;
    case REGEX_ALTERNATE:
        for (const struct regex_node *it = node->first; it; it = it->next) {
            regex_write(it, to);
            if (it->next)
                buf_char(to, '|');
        }
        break;
    case REGEX_REPEAT:
        write_repeat(node, to);
        break;
    }
}
