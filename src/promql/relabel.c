/* relabel.c - MetricsQL's functions of labels. */
#include "promql/call.h"
#include "promql/fault.h"
#include "promql/parts.h"

#include <ctype.h>

static struct str argument(const struct node_call *c, size_t i)
{
    return eval_string(c->args[i]);
}

static bool is_named(const struct node_call *c, struct str name)
{
    for (size_t i = 1; i < c->len; i++)
        if (str_equal(argument(c, i), name))
            return true;
    return false;
}

static int check_labels(struct eval *e, const struct node_call *c)
{
    enum function_id id = c->function->id;
    bool pairs = id == FUNCTION_LABEL_COPY || id == FUNCTION_LABEL_MOVE || id == FUNCTION_LABEL_SET;

    if ((pairs && c->len % 2 == 0) || (id == FUNCTION_LABEL_MAP && c->len % 2))
        return fault_set(e->err, PROMQL_EXECUTION, "%s() takes %s in pairs", c->function->name,
                         id == FUNCTION_LABEL_MAP   ? "old and new values"
                         : id == FUNCTION_LABEL_SET ? "labels and values"
                                                    : "labels to take from and to put in");
    for (size_t i = 1; i < c->len; i++) {
        struct str s = argument(c, i);
        bool value = (id == FUNCTION_LABEL_SET && i % 2 == 0) || id == FUNCTION_ALIAS ||
                     (id >= FUNCTION_LABEL_MATCH && id <= FUNCTION_LABEL_MISMATCH && i > 1) ||
                     (id == FUNCTION_LABEL_MAP && i > 1) ||
                     (id == FUNCTION_LABEL_TRANSFORM && i > 1);
        if (value ? s.len > LABEL_VALUE_MAX : !s.len || s.len > LABEL_NAME_MAX)
            return fault_set(e->err, PROMQL_EXECUTION, "invalid label %s in %s(): \"%.*s\"",
                             value ? "value" : "name", c->function->name,
                             (int)MIN(s.len, (size_t)100), s.ptr);
    }
    return 0;
}

/* The same text in capitals or small letters (of ASCII); NULL when the arena is full. */
static const char *recase(struct arena *a, struct str text, bool upper)
{
    char *to = arena_alloc(a, text.len + 1);

    for (size_t i = 0; to && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        to[i] = (char)(c > 127 ? c : upper ? toupper(c) : tolower(c));
    }
    return to;
}

static int recase_all(struct eval *e, const struct node_call *c, struct label_builder *b)
{
    for (size_t i = 1; i < c->len; i++) {
        struct str name = argument(c, i), value = label_builder_get(b, name);
        const char *text = recase(&e->arena, value, c->function->id == FUNCTION_LABEL_UPPERCASE);
        if (!text)
            return fault_memory(e->err);
        label_builder_set(b, name, str_make(text, value.len));
    }
    return 0;
}

static int change(struct eval *e, const struct node_call *c, struct labels from,
                  struct label_builder *b)
{
    enum function_id id = c->function->id;

    switch (id) {
    case FUNCTION_ALIAS:
        label_builder_set(b, STR(LABEL_NAME), argument(c, 1));
        return 0;
    case FUNCTION_LABEL_SET:
        for (size_t i = 1; i < c->len; i += 2)
            label_builder_set(b, argument(c, i), argument(c, i + 1));
        return 0;
    case FUNCTION_LABEL_DEL:
        for (size_t i = 1; i < c->len; i++)
            label_builder_set(b, argument(c, i), STR(""));
        return 0;
    case FUNCTION_LABEL_KEEP:
        for (size_t i = 0; i < from.len; i++)
            if (!is_named(c, from.items[i].name))
                label_builder_set(b, from.items[i].name, STR(""));
        return 0;
    case FUNCTION_LABEL_COPY:
    case FUNCTION_LABEL_MOVE:
        for (size_t i = 1; i < c->len; i += 2) {
            struct str value = label_builder_get(b, argument(c, i));
            if (!value.len)
                continue; /* what is not there replaces nothing */
            label_builder_set(b, argument(c, i + 1), value);
            if (id == FUNCTION_LABEL_MOVE && !str_equal(argument(c, i), argument(c, i + 1)))
                label_builder_set(b, argument(c, i), STR(""));
        }
        return 0;
    case FUNCTION_LABEL_MAP:
        for (size_t i = 2; i < c->len; i += 2)
            if (str_equal(labels_get(from, argument(c, 1)), argument(c, i)))
                label_builder_set(b, argument(c, 1), argument(c, i + 1));
        return 0;
    default:
        return recase_all(e, c, b);
    }
}

static int take(struct eval *e, struct label_builder *b, struct line *l)
{
    struct labels view;
    struct error err;

    if (label_builder_view(b, &view, &err))
        return fault_set(e->err, PROMQL_EXECUTION, "%s", err.text);
    return labels_copy(view, &e->arena, &l->labels) ? fault_memory(e->err) : 0;
}

static int change_all(struct eval *e, const struct node_call *c, struct vector *v)
{
    int code = 0;

    for (size_t i = 0; i < v->len && !code; i++) {
        struct label_builder b;
        label_builder_init(&b, v->lines[i].labels);
        code = change(e, c, v->lines[i].labels, &b);
        if (!code)
            code = take(e, &b, &v->lines[i]);
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    return code;
}

/* A label's value as the number of all points; nothing where it is no number. */
static void values_of(const struct node_call *c, const struct grid *g, struct vector *v)
{
    for (size_t i = 0; i < v->len; i++) {
        double number, *row = v->lines[i].values;
        if (!num_parse(labels_get(v->lines[i].labels, argument(c, 1)), &number))
            number = value_absent();
        for (size_t k = 0; k < g->len; k++)
            row[k] = is_absent(row[k]) ? row[k] : number;
    }
}

static bool labels_agree(const struct node_call *c, struct labels l)
{
    for (size_t i = 2; i < c->len; i++)
        if (!str_equal(labels_get(l, argument(c, i)), labels_get(l, argument(c, 1))))
            return false;
    return true;
}

/* Leaves the series whose labels are as wanted. */
static int filter(struct eval *e, const struct node_call *c, struct vector *v)
{
    bool equal = c->function->id == FUNCTION_LABELS_EQUAL;
    struct regex *re = NULL;
    struct error why;
    size_t kept = 0;
    int code = 0;

    if (!equal && regex_new(argument(c, 2), &re, &why))
        return fault_set(e->err, PROMQL_EXECUTION, "invalid regular expression in %s(): %s",
                         c->function->name, why.text);
    for (size_t i = 0; i < v->len && !code; i++) {
        struct labels l = v->lines[i].labels;
        int matched = equal ? labels_agree(c, l) : regex_match(re, labels_get(l, argument(c, 1)));
        if (matched < 0)
            code =
                fault_set(e->err, PROMQL_EXECUTION,
                          "%s(): the regular expression takes too many steps", c->function->name);
        else if ((matched != 0) != (c->function->id == FUNCTION_LABEL_MISMATCH))
            v->lines[kept++] = v->lines[i];
    }
    v->len = kept;
    regex_free(re);
    return code;
}

/* $1 of the pattern is $3 of the one that is put around it; $0 its whole match. */
static void shift_references(struct str replacement, struct buf *to)
{
    for (size_t i = 0; i < replacement.len; i++) {
        const char *at = replacement.ptr + i;
        bool braced = at[0] == '$' && i + 1 < replacement.len && at[1] == '{';
        size_t digits = i + 1 + braced, end = digits;
        if (at[0] == '$' && i + 1 < replacement.len && at[1] == '$') {
            buf_text(to, "$$");
            i++;
            continue;
        }
        while (at[0] == '$' && end < replacement.len &&
               isdigit((unsigned char)replacement.ptr[end]) && end - digits < 3)
            end++;
        if (end == digits || (braced && (end == replacement.len || replacement.ptr[end] != '}'))) {
            buf_char(to, at[0]);
            continue;
        }
        int64_t number = 0;
        for (size_t d = digits; d < end; d++)
            number = number * 10 + (replacement.ptr[d] - '0');
        buf_printf(to, "${%" PRId64 "}", number + 2);
        i = end - 1 + braced;
    }
}

/* Replaces every match within a value; the compiled pattern says what is before and behind one. */
static int transform(struct eval *e, const struct regex *re, struct str replacement,
                     struct str value, struct buf *to)
{
    struct buf part;
    int matched = 1;

    buf_init(&part, LABEL_VALUE_MAX);
    while (value.len) {
        buf_reset(&part);
        matched = regex_expand(re, value, STR("${algalon_behind}"), &part);
        if (matched > 0)
            matched = regex_expand(re, value, replacement, to);
        if (matched <= 0)
            break;
        size_t behind = part.len;
        if (behind == value.len) { /* nothing was matched in front of a letter, which stays */
            buf_char(to, value.ptr[0]);
            behind--;
        }
        value = str_make(value.ptr + value.len - behind, behind);
    }
    buf_str_add(to, value);
    bool failed = to->failed || part.failed;
    buf_fini(&part);
    if (matched < 0)
        return fault_set(e->err, PROMQL_EXECUTION,
                         "label_transform(): the regular expression takes too many steps");
    if (failed)
        return fault_set(e->err, PROMQL_EXECUTION,
                         "label_transform(): the value would be longer than %d bytes",
                         LABEL_VALUE_MAX);
    return eval_interrupted(&e->options, e->err);
}

static int transform_all(struct eval *e, const struct node_call *c, struct vector *v)
{
    struct buf pattern, replacement, value;
    struct str written = argument(c, 2);
    struct regex *re = NULL;
    struct error why;
    int code = 0;

    buf_init(&pattern, LABEL_VALUE_MAX);
    buf_init(&replacement, 2 * LABEL_VALUE_MAX);
    buf_init(&value, LABEL_VALUE_MAX);
    buf_printf(&pattern,
               "(?P<algalon_front>(?s:.*?))(?P<algalon_match>%.*s)(?P<algalon_behind>(?s:.*))",
               (int)MIN(written.len, (size_t)LABEL_VALUE_MAX), written.ptr);
    buf_text(&replacement, "${algalon_front}");
    shift_references(argument(c, 3), &replacement);
    if (regex_new(buf_str(&pattern), &re, &why))
        code = fault_set(e->err, PROMQL_EXECUTION,
                         "invalid regular expression in label_transform(): %s", why.text);
    for (size_t i = 0; i < v->len && !code; i++) {
        struct str old = labels_get(v->lines[i].labels, argument(c, 1));
        buf_reset(&value);
        code = transform(e, re, buf_str(&replacement), old, &value);
        if (!code && !str_equal(old, buf_str(&value)))
            code = parts_label(e, &v->lines[i], argument(c, 1), buf_str(&value));
    }
    regex_free(re);
    buf_fini(&pattern);
    buf_fini(&replacement);
    buf_fini(&value);
    return code;
}

static bool everywhere(const struct vector *v, struct label l)
{
    for (size_t i = 0; i < v->len; i++)
        if (!str_equal(labels_get(v->lines[i].labels, l.name), l.value))
            return false;
    return true;
}

static int drop_common(struct eval *e, const struct node_call *c, const struct grid *g,
                       struct vector *ret)
{
    struct labels first;
    struct vector part;
    size_t len = 0;
    int code = 0;

    *ret = (struct vector){NULL, 0};
    for (size_t i = 0; i < c->len && !code; i++) {
        code = eval_series(e, c->args[i], g, &part);
        struct line *all = code ? NULL : arena_calloc(&e->arena, len + part.len + 1, sizeof(*all));
        if (code || !all)
            return code ? code : fault_memory(e->err);
        if (len)
            memcpy(all, ret->lines, len * sizeof(*all));
        if (part.len)
            memcpy(all + len, part.lines, part.len * sizeof(*all));
        len += part.len;
        *ret = (struct vector){all, len};
    }
    if (!ret->len)
        return 0;
    first = ret->lines[0].labels;
    bool common[LABELS_MAX] = {false};
    for (size_t i = 0; i < first.len && i < LABELS_MAX; i++)
        common[i] = everywhere(ret, first.items[i]);
    for (size_t i = 0; i < ret->len && !code; i++) {
        struct label_builder b;
        label_builder_init(&b, ret->lines[i].labels);
        for (size_t k = 0; k < first.len && k < LABELS_MAX; k++)
            if (common[k])
                label_builder_set(&b, first.items[k].name, STR(""));
        code = take(e, &b, &ret->lines[i]);
    }
    return code;
}

int relabel_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                 struct vector *ret)
{
    int code;

    if (c->function->id == FUNCTION_DROP_COMMON_LABELS) {
        code = drop_common(e, c, g, ret);
    } else {
        code = check_labels(e, c);
        if (!code)
            code = eval_series(e, c->args[0], g, ret);
        if (code)
            return code;
        switch (c->function->id) {
        case FUNCTION_LABEL_VALUE:
            values_of(c, g, ret);
            vector_drop_empty(ret, g->len);
            code = c->keep_metric_names ? 0
                                        : eval_failed(e, vector_drop_names(ret, g->len, &e->arena));
            break;
        case FUNCTION_LABEL_MATCH:
        case FUNCTION_LABEL_MISMATCH:
        case FUNCTION_LABELS_EQUAL:
            code = filter(e, c, ret);
            break;
        case FUNCTION_LABEL_TRANSFORM:
            code = transform_all(e, c, ret);
            break;
        default:
            code = change_all(e, c, ret);
        }
    }
    return code ? code : eval_failed(e, vector_merge(ret, g->len, &e->arena));
}
