#include "migrate/translate.h"

#include <ctype.h>
#include <stdarg.h>

struct edit {
    size_t start, end; /* start == end: inserted there */
    struct str text;
};

#define EDITS_MAX 1000

struct work {
    const struct translator *t;
    struct arena *arena;
    struct variables variables;
    struct promql_outline outline;
    struct edit edits[EDITS_MAX];
    size_t len;
    struct translated *ret;
    bool failed; /* memory */
};

static void problem(struct work *w, const char *format, ...) PRINTF_LIKE(2, 3);

static void problem(struct work *w, const char *format, ...)
{
    va_list args;

    if (*w->ret->problem)
        return;
    va_start(args, format);
    vsnprintf(w->ret->problem, sizeof(w->ret->problem), format, args);
    va_end(args);
}

static void edit(struct work *w, size_t start, size_t end, struct buf *text)
{
    char *copy =
        text->failed ? NULL : arena_strndup(w->arena, text->ptr ? text->ptr : "", text->len);

    if (!copy)
        w->failed = true;
    else if (w->len == EDITS_MAX)
        problem(w, "it holds more than %d names", EDITS_MAX);
    else
        w->edits[w->len++] = (struct edit){start, end, str_make(copy, text->len)};
    buf_fini(text);
}

static void quote(struct str s, struct buf *to)
{
    buf_char(to, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\')
            buf_char(to, '\\');
        if (s.ptr[i] == '\n')
            buf_text(to, "\\n");
        else
            buf_char(to, s.ptr[i]);
    }
    buf_char(to, '"');
}

/* nvidia3 or nvidia(0|1) without its prefix; false when it is not of that kind. */
static bool device_value(const struct promql_matcher_place *m, struct str *ret)
{
    static const struct str prefix = {"nvidia", 6};

    if (variables_stand_in(m->value) || !str_starts(m->value, prefix))
        return str_is(m->value, ".*") || str_is(m->value, ".+") ? (*ret = m->value, true) : false;
    *ret = str_make(m->value.ptr + prefix.len, m->value.len - prefix.len);
    return !memchr(ret->ptr, '|', ret->len) || (ret->len && ret->ptr[0] == '(');
}

/* The matchers of a selector in the new labels, without braces. */
static void matchers(struct work *w, const struct promql_selector_place *s,
                     const struct translation *how, struct buf *to)
{
    static const char *const types[] = {"=", "!=", "=~", "!~"};
    struct str written = str_make(w->variables.text.ptr + s->start, s->end - s->start);
    bool spaced = str_contains(written, STR("\", "));

    for (size_t i = 0; i < s->len; i++) {
        const struct promql_matcher_place *m = &s->matchers[i];
        struct label_translation label = {0};
        struct str value = m->value;
        bool other = w->t->label(w->t->ctx, s->name, m->name, &label);
        if (how->drop && str_is(m->name, how->drop))
            continue;
        if (other && label.is_device && !device_value(m, &value)) {
            problem(w, "label `device`: %s", label.reason);
            return;
        }
        if (other && !label.name.len) {
            problem(w, "label `%.*s` of %.*s: %s", STR_ARG(m->name), STR_ARG(s->name),
                    label.reason);
            return;
        }
        if (to->len)
            buf_text(to, spaced ? ", " : ",");
        if (other)
            buf_str_add(to, label.name);
        else
            buf_str_add(to, m->name);
        buf_text(to, types[m->type]);
        quote(value, to);
    }
}

/* `name{matchers}suffix`, or the expression of `how` with them behind each of its names. */
static void put_names(const struct translation *how, struct str list, struct str suffix,
                      struct buf *to)
{
    bool expression = strchr(how->name, '$') != NULL;

    if (!expression) {
        buf_text(to, how->name);
        if (how->match || list.len)
            buf_printf(to, "{%s%s%.*s}", how->match ? how->match : "",
                       how->match && list.len ? "," : "", STR_ARG(list));
        buf_str_add(to, suffix);
        return;
    }
    for (const char *at = how->name; *at; at++) {
        if (at[0] == '{' && at[1] == '$' && !list.len) { /* {$}: no empty braces */
            buf_str_add(to, suffix);
            at += 2;
        } else if (at[0] == '$' && at[1] == '}') {
            if (at[-1] != '{' && list.len)
                buf_char(to, ',');
            buf_str_add(to, list);
            buf_char(to, '}');
            buf_str_add(to, suffix);
            at++;
        } else {
            buf_char(to, *at);
        }
    }
}

static void put_scale(double scale, struct buf *to)
{
    double inverse = 1 / scale;

    if (scale >= 1 || fabs(inverse - round(inverse)) > 1e-9 * inverse) {
        buf_text(to, " * ");
        buf_double(to, scale);
    } else {
        buf_text(to, " / ");
        buf_double(to, round(inverse));
    }
}

static bool is_one(double scale)
{
    return fabs(scale - 1) < 1e-12;
}

/* The whole of an expression needs no parentheses around it. */
static void put_parenthesis(struct work *w, size_t start, size_t end, char c, struct buf *to)
{
    if (start || end != w->variables.text.len)
        buf_char(to, c);
}

static void insert(struct work *w, size_t at, const char *text, double scale)
{
    struct buf b;

    buf_init(&b, 0);
    if (scale > 0)
        put_scale(scale, &b);
    buf_text(&b, text);
    edit(w, at, at, &b);
}

/* f(m[5m]) where the factor or the expression cannot stand outside: f((m * k)[5m:]). */
static void as_subquery(struct work *w, const struct promql_selector_place *s,
                        const struct translation *how, struct str list, struct str suffix,
                        struct buf *to)
{
    const char *close = suffix.len ? memchr(suffix.ptr, ']', suffix.len) : NULL;

    if (!close) {
        problem(w,
                "%.*s becomes an expression, which needs a range here: write [5m] or "
                "[$__rate_interval]",
                STR_ARG(s->name));
        return;
    }
    buf_char(to, '(');
    put_names(how, list, STR(""), to);
    if (!is_one(how->scale))
        put_scale(how->scale, to);
    buf_char(to, ')');
    buf_add(to, suffix.ptr, (size_t)(close - suffix.ptr));
    buf_char(to, ':');
    buf_add(to, close, suffix.len - (size_t)(close - suffix.ptr));
}

static bool same_but_for_blanks(struct str a, struct str b)
{
    size_t i = 0, k = 0;

    for (;;) {
        while (i < a.len && a.ptr[i] == ' ')
            i++;
        while (k < b.len && b.ptr[k] == ' ')
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (a.ptr[i++] != b.ptr[k++])
            return false;
    }
}

static void change_selector(struct work *w, const struct promql_selector_place *s,
                            const struct translation *how)
{
    struct str suffix = str_make(w->variables.text.ptr + s->end, s->whole_end - s->end);
    bool expression = strchr(how->name, '$') != NULL, scaled = !is_one(how->scale);
    struct buf list, out;

    buf_init(&list, TRANSLATE_EXPR_MAX);
    buf_init(&out, TRANSLATE_EXPR_MAX);
    matchers(w, s, how, &list);
    struct str l = buf_str(&list);
    if (s->rollup == PROMQL_ROLLUP_NONE) {
        if (scaled)
            put_parenthesis(w, s->start, s->whole_end, '(', &out);
        put_names(how, l, suffix, &out);
        if (scaled) {
            put_scale(how->scale, &out);
            put_parenthesis(w, s->start, s->whole_end, ')', &out);
        }
    } else if (expression || (scaled && s->rollup == PROMQL_ROLLUP_OTHER)) {
        as_subquery(w, s, how, l, suffix, &out);
    } else {
        put_names(how, l, suffix, &out);
        scaled = scaled && s->rollup == PROMQL_ROLLUP_LINEAR;
        bool whole = !s->call_start && s->call_end == w->variables.text.len;
        if (scaled && !whole)
            insert(w, s->call_start, "(", 0);
        if (scaled)
            insert(w, s->call_end, whole ? "" : ")", how->scale);
    }
    struct str written = str_make(w->variables.text.ptr + s->start, s->whole_end - s->start);
    if (same_but_for_blanks(written, buf_str(&out)))
        buf_fini(&out);
    else
        edit(w, s->start, s->whole_end, &out);
    buf_fini(&list);
}

static void change_labels(struct work *w)
{
    for (size_t i = 0; i < w->outline.label_len; i++) {
        const struct promql_label_place *p = &w->outline.labels[i];
        struct label_translation label = {0};
        struct buf out;
        if (!w->t->label(w->t->ctx, w->ret->metric, p->name, &label))
            continue;
        if (!label.name.len) {
            problem(w, "label `%.*s`: %s", STR_ARG(p->name), label.reason);
            return;
        }
        buf_init(&out, TRANSLATE_EXPR_MAX);
        buf_printf(&out, p->quoted ? "\"%.*s\"" : "%.*s", STR_ARG(label.name));
        edit(w, p->start, p->end, &out);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static void put_together(struct work *w, struct buf *to)
{
    struct str text = w->variables.text;
    size_t at = 0;

    qsort(w->edits, w->len, sizeof(*w->edits), by_place);
    for (size_t i = 0; i < w->len; i++) {
        const struct edit *e = &w->edits[i];
        if (e->start < at) /* two of one place: a template's text that is used twice */
            continue;
        buf_add(to, text.ptr + at, e->start - at);
        buf_str_add(to, e->text);
        at = e->end;
    }
    buf_add(to, text.ptr + at, text.len - at);
}

static void translate_selectors(struct work *w)
{
    for (size_t i = 0; i < w->outline.selector_len; i++) {
        const struct promql_selector_place *s = &w->outline.selectors[i];
        struct translation how = {.scale = 1};
        const char *reason = "";
        switch (s->name.len ? w->t->metric(w->t->ctx, s, &how, &reason) : TRANSLATE_KEEP) {
        case TRANSLATE_KEEP:
            w->ret->selectors_kept++;
            break;
        case TRANSLATE_FAIL:
            problem(w, "%.*s: %s", STR_ARG(s->name), reason);
            break;
        case TRANSLATE_CHANGE:
            w->ret->selectors_changed++;
            w->ret->metric = s->name;
            change_selector(w, s, &how);
            break;
        }
    }
    if (w->ret->selectors_changed)
        change_labels(w);
}

int translate_expr(const struct translator *t, struct str expr, struct arena *a, struct buf *to,
                   struct translated *ret)
{
    struct work *w = arena_new(a, struct work);
    struct promql_error err;
    struct buf out;

    *ret = (struct translated){0};
    if (!w)
        return -ENOMEM;
    w->t = t;
    w->arena = a;
    w->ret = ret;
    if (expr.len > TRANSLATE_EXPR_MAX)
        problem(w, "it is longer than %zu bytes", TRANSLATE_EXPR_MAX);
    else if (variables_hide(expr, a, &w->variables, &err) ||
             promql_outline(w->variables.text, a, &w->outline, &err))
        problem(w, "it cannot be read: %s", err.text);
    else
        translate_selectors(w);
    buf_init(&out, 2 * TRANSLATE_EXPR_MAX);
    if (!*ret->problem && w->len) {
        put_together(w, &out);
        if (out.failed || promql_check(buf_str(&out), &err))
            problem(w, "the translation would not parse: %s", out.failed ? "too long" : err.text);
    }
    ret->changed = !*ret->problem && w->len;
    if (ret->changed)
        variables_show(&w->variables, buf_str(&out), to);
    else
        buf_str_add(to, expr);
    buf_fini(&out);
    return w->failed || to->failed ? -ENOMEM : 0;
}

/* ---- legends and templates ---- */

static bool put_label(const struct translator *t, struct str metric, struct str name,
                      bool in_legend, struct buf *to, char *why, size_t size)
{
    struct label_translation label = {0};

    if (!t->label(t->ctx, metric, name, &label)) {
        buf_str_add(to, name);
        return true;
    }
    if (label.is_device && in_legend)
        label.name = STR("gpu_index"); /* the caller has written what stands before the number */
    if (label.name.len) {
        buf_str_add(to, label.name);
        return true;
    }
    buf_str_add(to, name);
    snprintf(why, size, "label `%.*s`: %s", STR_ARG(name), label.reason);
    return false;
}

bool translate_legend(const struct translator *t, struct str metric, struct str legend,
                      struct buf *to, char *why, size_t size)
{
    bool good = true;

    for (size_t i = 0; i < legend.len;) {
        struct str rest = str_make(legend.ptr + i, legend.len - i);
        const char *end = str_starts(rest, STR("{{")) ? memmem(rest.ptr, rest.len, "}}", 2) : NULL;
        if (!end) {
            buf_char(to, legend.ptr[i++]);
            continue;
        }
        struct str name = str_trim(str_make(rest.ptr + 2, (size_t)(end - rest.ptr) - 2));
        struct label_translation label = {0};
        if (t->label(t->ctx, metric, name, &label) && label.is_device)
            buf_text(to, "nvidia");
        buf_text(to, "{{");
        good = put_label(t, metric, name, true, to, why, size) && good;
        buf_text(to, "}}");
        i += (size_t)(end + 2 - rest.ptr);
    }
    return good;
}

bool translate_template(const struct translator *t, struct str metric, struct str text,
                        struct buf *to, char *why, size_t size)
{
    static const struct str labels[] = {{"$labels.", 8}, {".Labels.", 8}, {"__field.labels.", 15}};
    bool good = true;

    for (size_t i = 0; i < text.len;) {
        struct str rest = str_make(text.ptr + i, text.len - i);
        size_t k = 0;
        while (k < ARRAY_LEN(labels) && !str_starts(rest, labels[k]))
            k++;
        if (k == ARRAY_LEN(labels)) {
            buf_char(to, text.ptr[i++]);
            continue;
        }
        size_t from = i + labels[k].len, end = from;
        while (end < text.len && (isalnum((unsigned char)text.ptr[end]) || text.ptr[end] == '_'))
            end++;
        buf_str_add(to, labels[k]);
        good = put_label(t, metric, str_make(text.ptr + from, end - from), false, to, why, size) &&
               good;
        i = end;
    }
    return good;
}
