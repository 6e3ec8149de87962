#include "migrate/variables.h"

#include <ctype.h>

/* Stand-ins: a name, and a number that makes a duration where a unit follows. Neither occurs in
 * real expressions. */
#define NAME_STAND_IN   "__variable_%zu__"
#define NUMBER_STAND_IN "9876540%02zu"

static size_t identifier(struct str s, size_t at)
{
    size_t from = at;

    while (at < s.len && (isalnum((unsigned char)s.ptr[at]) || s.ptr[at] == '_'))
        at++;
    return at - from;
}

/* Bytes of the variable that starts at `at`; 0 when there is none. */
static size_t variable_at(struct str s, size_t at)
{
    size_t len;

    if (s.ptr[at] == '$' && at + 1 < s.len && s.ptr[at + 1] == '{') {
        const char *end = memchr(s.ptr + at, '}', s.len - at);
        return end && identifier(s, at + 2) ? (size_t)(end + 1 - (s.ptr + at)) : 0;
    }
    if (s.ptr[at] == '$') {
        len = identifier(s, at + 1);
        return len ? len + 1 : 0;
    }
    if (s.ptr[at] == '[' && at + 1 < s.len && s.ptr[at + 1] == '[') {
        len = identifier(s, at + 2);
        const char *close = len ? memchr(s.ptr + at, ']', s.len - at) : NULL;
        if (close && close + 1 < s.ptr + s.len && close[1] == ']')
            return (size_t)(close + 2 - (s.ptr + at));
    }
    return 0;
}

bool variables_stand_in(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (variable_at(text, i))
            return true;
    return str_contains(text, STR("__variable_"));
}

static bool ends_with_word(struct str s, const char *word)
{
    return str_ends(str_trim(s), str_of(word));
}

/* Whether what follows `before` must be a length of time. */
static bool wants_duration(struct str before, bool in_brackets)
{
    return in_brackets || ends_with_word(before, "offset") || ends_with_word(before, "offset -");
}

enum style {
    AS_NAMES,
    AS_NUMBERS,
};

static void stand_in(struct variables *v, struct str expr, size_t at, size_t len, bool duration,
                     enum style style, struct arena *a, struct buf *to)
{
    size_t start = to->len;
    bool unit_follows =
        at + len < expr.len && strchr("smhdwy", expr.ptr[at + len]) != NULL && expr.ptr[at + len];

    if (duration || style == AS_NUMBERS)
        buf_printf(to, NUMBER_STAND_IN, v->len);
    else
        buf_printf(to, NAME_STAND_IN, v->len);
    if (duration && !unit_follows)
        buf_text(to, "ms");
    char *copy = arena_strndup(a, to->ptr ? to->ptr + start : "", to->len - start);
    if (copy)
        v->items[v->len++] = (struct variable_place){str_make(expr.ptr + at, len), str_of(copy)};
    else
        to->failed = true;
}

static bool substitute(struct str expr, enum style style, struct arena *a, struct variables *v)
{
    struct buf out;
    char quote = '\0';
    bool in_brackets = false;

    v->len = 0;
    buf_init(&out, 0);
    for (size_t i = 0; i < expr.len; i++) {
        char c = expr.ptr[i];
        size_t len = quote ? 0 : variable_at(expr, i);
        if (len && v->len < VARIABLES_MAX) {
            stand_in(v, expr, i, len, wants_duration(buf_str(&out), in_brackets), style, a, &out);
            i += len - 1;
            continue;
        }
        if (quote && c == '\\' && quote != '`' && i + 1 < expr.len) {
            buf_char(&out, c);
            c = expr.ptr[++i];
        } else if (quote && c == quote) {
            quote = '\0';
        } else if (!quote && (c == '"' || c == '\'' || c == '`')) {
            quote = c;
        }
        if (!quote)
            in_brackets = c == '[' || (in_brackets && c != ']');
        buf_char(&out, c);
    }
    char *copy = out.failed ? NULL : arena_strndup(a, out.ptr ? out.ptr : "", out.len);
    v->text = str_make(copy, copy ? out.len : 0);
    buf_fini(&out);
    return copy != NULL;
}

int variables_hide(struct str expr, struct arena *a, struct variables *ret,
                   struct promql_error *err)
{
    struct promql_error second;
    int code = -ENOMEM;

    *err = (struct promql_error){.kind = PROMQL_INTERNAL, .text = "out of memory"};
    if (!substitute(expr, AS_NAMES, a, ret))
        return code;
    code = promql_check(ret->text, err);
    if (!code || !ret->len)
        return code;
    if (!substitute(expr, AS_NUMBERS, a, ret))
        return -ENOMEM;
    return promql_check(ret->text, &second) ? code : 0;
}

void variables_show(const struct variables *v, struct str text, struct buf *to)
{
    for (size_t i = 0; i < text.len;) {
        size_t k = 0;
        struct str rest = str_make(text.ptr + i, text.len - i);
        while (k < v->len && !str_starts(rest, v->items[k].stand_in))
            k++;
        if (k < v->len) {
            buf_str_add(to, v->items[k].written);
            i += v->items[k].stand_in.len;
        } else {
            buf_char(to, text.ptr[i++]);
        }
    }
}
