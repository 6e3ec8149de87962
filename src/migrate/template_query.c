/* template_query.c - see template_query.h. Actions are told from text, and quoted texts from words,
 * as src/rules/template_lex.c does; what is wrong in a template is for the reader of rules to say.
 */
#include "migrate/template_query.h"

#include <ctype.h>

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

/* Behind the quoted text at `at`; the end of the text when it is not closed. */
static size_t skip_quoted(struct str text, size_t at)
{
    char quote = text.ptr[at++];

    while (at < text.len && text.ptr[at] != quote)
        at += quote != '`' && text.ptr[at] == '\\' ? 2 : 1;
    return MIN(at + 1, text.len);
}

/* What a quoted text means; false for escapes that expressions have no use for. */
static bool unquote(struct str quoted, struct arena *a, struct str *ret)
{
    char *text = arena_alloc(a, quoted.len + 1);
    size_t len = 0;

    for (size_t i = 1; text && i + 1 < quoted.len; i++) {
        if (quoted.ptr[i] == '\\' && quoted.ptr[0] == '"') {
            i++;
            if (quoted.ptr[i] != '"' && quoted.ptr[i] != '\\')
                return false;
        }
        text[len++] = quoted.ptr[i];
    }
    *ret = str_make(text, len);
    return text != NULL;
}

static void read_query(struct str text, size_t at, struct arena *a, struct template_query *ret)
{
    *ret = (struct template_query){0};
    while (at < text.len && isspace((unsigned char)text.ptr[at]))
        at++;
    if (at == text.len || (text.ptr[at] != '"' && text.ptr[at] != '`'))
        return;
    ret->begin = at;
    ret->end = skip_quoted(text, at);
    ret->quote = text.ptr[at];
    ret->is_literal = ret->end - at >= 2 && text.ptr[ret->end - 1] == ret->quote &&
                      unquote(str_make(text.ptr + at, ret->end - at), a, &ret->expr);
}

/* The next word `query` of the action at `at`; its end, where *ret stays false, when it has none.
 */
static size_t find_in_action(struct str text, size_t at, bool *ret)
{
    while (at < text.len) {
        char c = text.ptr[at];
        size_t from = at;
        if (c == '}' && at + 1 < text.len && text.ptr[at + 1] == '}')
            return at + 2;
        if (c == '"' || c == '`' || c == '\'') {
            at = skip_quoted(text, at);
            continue;
        }
        while (at < text.len && is_word(text.ptr[at]))
            at++;
        if (str_is(str_make(text.ptr + from, at - from), "query")) {
            *ret = true;
            return at;
        }
        at += at == from;
    }
    return at;
}

bool template_query_next(struct template_queries *of, struct arena *a, struct template_query *ret)
{
    while (of->at < of->text.len) {
        bool found = false;
        if (!of->inside) {
            const char *open = memmem(of->text.ptr + of->at, of->text.len - of->at, "{{", 2);
            if (!open)
                return false;
            of->at = (size_t)(open - of->text.ptr) + 2;
        }
        of->at = find_in_action(of->text, of->at, &found);
        of->inside = found;
        if (found) {
            read_query(of->text, of->at, a, ret);
            return true;
        }
    }
    return false;
}

void template_query_quote(char quote, struct str expr, struct buf *to)
{
    bool raw = quote == '`' && !(expr.len && memchr(expr.ptr, '`', expr.len));

    buf_char(to, raw ? '`' : '"');
    for (size_t i = 0; i < expr.len; i++) {
        bool line = !raw && expr.ptr[i] == '\n';
        if (line || (!raw && (expr.ptr[i] == '"' || expr.ptr[i] == '\\')))
            buf_char(to, '\\');
        buf_char(to, line ? 'n' : expr.ptr[i]);
    }
    buf_char(to, raw ? '`' : '"');
}
