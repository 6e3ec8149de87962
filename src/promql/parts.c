/* parts.c - MetricsQL's functions that make several series out of one, told apart by a label. */
#include "promql/parts.h"

#include "promql/fault.h"
#include "promql/vmrange.h"

/* One of the series: what it is computed by, and how it is called. */
struct part {
    enum function_id id;
    enum rollup_part part;
    struct str value;    /* of the label */
    const double *first; /* the quantile */
};

struct parts {
    struct str label;
    struct part items[NODE_ARGS_MAX];
    size_t len;
};

int parts_label(struct eval *e, struct line *l, struct str name, struct str value)
{
    struct label_builder b;
    struct labels view;
    struct error err;

    label_builder_init(&b, l->labels);
    label_builder_set(&b, name, value);
    if (label_builder_view(&b, &view, &err))
        return fault_set(e->err, PROMQL_EXECUTION, "%s", err.text);
    return labels_copy(view, &e->arena, &l->labels) ? fault_memory(e->err) : 0;
}

static void add(struct parts *p, enum function_id id, enum rollup_part part, const char *value)
{
    p->items[p->len++] = (struct part){id, part, str_of(value), NULL};
}

/* Least, largest and mean: of the samples, or of what is between neighbours. */
static void three(struct parts *p, enum function_id id)
{
    bool samples = id == FUNCTION_ROLLUP;

    add(p, samples ? FUNCTION_MIN_OVER_TIME : id, ROLLUP_MIN, "min");
    add(p, samples ? FUNCTION_MAX_OVER_TIME : id, ROLLUP_MAX, "max");
    add(p, samples ? FUNCTION_AVG_OVER_TIME : id, ROLLUP_AVG, "avg");
}

static void candles(struct parts *p)
{
    add(p, FUNCTION_FIRST_OVER_TIME, ROLLUP_MIN, "open");
    add(p, FUNCTION_LAST_OVER_TIME, ROLLUP_MIN, "close");
    add(p, FUNCTION_MIN_OVER_TIME, ROLLUP_MIN, "low");
    add(p, FUNCTION_MAX_OVER_TIME, ROLLUP_MIN, "high");
}

/* The second argument names the only one that is wanted, which then needs no label. */
static int choose(struct eval *e, const struct node_call *c, struct parts *p)
{
    struct str only = c->len > 1 ? eval_string(c->args[1]) : STR("");

    if (!only.len)
        return 0;
    for (size_t i = 0; i < p->len; i++)
        if (str_equal(p->items[i].value, only)) {
            p->items[0] = p->items[i];
            p->len = 1;
            p->label = STR("");
            return 0;
        }
    return fault_set(e->err, PROMQL_EXECUTION,
                     p->len == 3 ? "%s() gives \"min\", \"max\" or \"avg\", nothing else"
                                 : "%s() gives \"open\", \"close\", \"low\" or \"high\", nothing "
                                   "else",
                     c->function->name);
}

static int quantiles(struct eval *e, const struct node_call *c, const struct grid *g,
                     struct parts *p)
{
    p->label = eval_string(c->args[0]);
    for (size_t i = 1; i + 1 < c->len; i++) {
        double *phi;
        char text[NUM_MAX_TEXT];
        int code = eval_scalar(e, c->args[i], g, &phi);
        if (code)
            return code;
        size_t len = num_print(text, phi[0]);
        const char *copy = arena_strndup(&e->arena, text, len);
        if (!copy)
            return fault_memory(e->err);
        eval_warn_of_quantiles(e, c->args[i], phi, g->len);
        p->items[p->len++] =
            (struct part){FUNCTION_QUANTILE_OVER_TIME, ROLLUP_MIN, str_make(copy, len), phi};
    }
    return 0;
}

/* A name, or several as ("a", "b"). */
static int by_names(struct eval *e, const struct node_call *c, struct parts *p)
{
    const struct node *names = node_unwrap(c->args[0]);
    bool list = names->kind == NODE_CALL;
    size_t len = list ? names->call.len : 1;

    for (size_t i = 0; i < len; i++) {
        struct str name = eval_string(list ? names->call.args[i] : names);
        const struct function *f = function_find(name);
        if (!f || !function_is_rollup(f->id) || function_has_parts(f->id) ||
            f->id == FUNCTION_ABSENT_OVER_TIME || f->max_args != 1)
            return fault_set(e->err, PROMQL_EXECUTION,
                             "aggr_over_time() takes names of functions of a range alone, not "
                             "\"%.*s\"",
                             (int)MIN(name.len, (size_t)100), name.ptr);
        p->items[p->len++] = (struct part){f->id, ROLLUP_MIN, name, NULL};
    }
    return 0;
}

static int plan(struct eval *e, const struct rollup *r, struct parts *p)
{
    const struct node_call *c = r->call;

    *p = (struct parts){.label = STR("rollup")};
    switch (c->function->id) {
    case FUNCTION_QUANTILES_OVER_TIME:
        return quantiles(e, c, r->grid, p);
    case FUNCTION_AGGR_OVER_TIME:
        return by_names(e, c, p);
    case FUNCTION_ROLLUP_CANDLESTICK:
        candles(p);
        return choose(e, c, p);
    default:
        three(p, c->function->id);
        return choose(e, c, p);
    }
}

int parts_eval(struct eval *e, struct rollup *r, struct vector *ret)
{
    if (r->call->function->id == FUNCTION_HISTOGRAM_OVER_TIME)
        return vmrange_over_time(e, r, ret);
    struct parts *p = arena_new(&e->arena, struct parts);
    struct vector one;
    int code = p ? plan(e, r, p) : fault_memory(e->err);

    if (code)
        return code;
    *ret =
        (struct vector){arena_calloc(&e->arena, p->len * r->scan.len + 1, sizeof(struct line)), 0};
    if (!ret->lines)
        return fault_memory(e->err);
    for (size_t i = 0; i < p->len; i++) {
        rollup_choose(r, p->items[i].id);
        r->first = p->items[i].first;
        code = rollup_run(e, r, p->items[i].part, &one);
        for (size_t k = 0; k < one.len && !code; k++) {
            if (p->label.len)
                code = parts_label(e, &one.lines[k], p->label, p->items[i].value);
            ret->lines[ret->len++] = one.lines[k];
        }
        if (code)
            return code;
    }
    return eval_failed(e, vector_merge(ret, r->grid->len, &e->arena));
}
