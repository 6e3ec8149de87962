/* renaming.c - functions that change labels. */
#include "promql/call.h"
#include "promql/fault.h"

/* Replaces the labels of a line by those of `b`. */
static int take_labels(struct eval *e, struct label_builder *b, struct line *l)
{
    struct labels view;
    struct error err;

    if (label_builder_view(b, &view, &err))
        return fault_set(e->err, PROMQL_EXECUTION, "%s", err.text);
    return labels_copy(view, &e->arena, &l->labels) ? fault_memory(e->err) : 0;
}

static int check_name(struct eval *e, struct str name, const char *what)
{
    if (name.len && name.len <= LABEL_NAME_MAX && str_is_utf8(name))
        return 0;
    return fault_set(e->err, PROMQL_EXECUTION, "invalid %s: %.*s", what,
                     (int)MIN(name.len, (size_t)100), name.ptr);
}

static int replace(struct eval *e, const struct node_call *c, struct vector *v)
{
    struct str to = eval_string(c->args[1]), replacement = eval_string(c->args[2]);
    struct str from = eval_string(c->args[3]), pattern = eval_string(c->args[4]);
    struct error why;
    struct regex *re;
    struct buf value;

    if (regex_new(pattern, &re, &why))
        return fault_set(e->err, PROMQL_EXECUTION,
                         "invalid regular expression in label_replace(): %s", why.text);
    int code = check_name(e, to, "destination label name in label_replace()");
    buf_init(&value, LABEL_VALUE_MAX);
    for (size_t i = 0; i < v->len && !code; i++) {
        struct line *l = &v->lines[i];
        struct label_builder b;
        buf_reset(&value);
        int matched = regex_expand(re, labels_get(l->labels, from), replacement, &value);
        if (matched < 0)
            code = fault_set(e->err, PROMQL_EXECUTION,
                             "label_replace(): the regular expression takes too many steps");
        else if (value.failed)
            code = fault_set(e->err, PROMQL_EXECUTION,
                             "label_replace(): the value would be longer than %d bytes",
                             LABEL_VALUE_MAX);
        if (code || !matched)
            continue;
        label_builder_init(&b, l->labels);
        label_builder_set(&b, to, buf_str(&value));
        code = take_labels(e, &b, l);
    }
    buf_fini(&value);
    regex_free(re);
    return code;
}

static int join(struct eval *e, const struct node_call *c, struct vector *v)
{
    struct str to = eval_string(c->args[1]), separator = eval_string(c->args[2]);
    struct buf value;
    int code = check_name(e, to, "destination label name in label_join()");

    for (size_t s = 3; s < c->len && !code; s++)
        code = check_name(e, eval_string(c->args[s]), "source label name in label_join()");
    buf_init(&value, LABEL_VALUE_MAX);
    for (size_t i = 0; i < v->len && !code; i++) {
        struct line *l = &v->lines[i];
        struct label_builder b;
        buf_reset(&value);
        for (size_t s = 3; s < c->len; s++) {
            if (s > 3)
                buf_str_add(&value, separator);
            buf_str_add(&value, labels_get(l->labels, eval_string(c->args[s])));
        }
        if (value.failed)
            code =
                fault_set(e->err, PROMQL_EXECUTION,
                          "label_join(): the value would be longer than %d bytes", LABEL_VALUE_MAX);
        if (code)
            break;
        label_builder_init(&b, l->labels);
        label_builder_set(&b, to, buf_str(&value));
        code = take_labels(e, &b, l);
    }
    buf_fini(&value);
    return code;
}

int renaming_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                  struct vector *ret)
{
    int code = eval_vector(e, c->args[0], g, ret);

    if (!code)
        code = c->function->id == FUNCTION_LABEL_REPLACE ? replace(e, c, ret) : join(e, c, ret);
    if (!code)
        code = eval_failed(e, vector_merge(ret, g->len, &e->arena));
    return code;
}
