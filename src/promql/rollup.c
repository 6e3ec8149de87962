/* rollup.c - calls of functions over ranges: opens the range, runs all series, names the result. */
#include "promql/rollup.h"

#include "promql/fault.h"
#include "promql/rates.h"
#include "promql/statistics.h"
#include "promql/sums.h"

static void simple(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const double *v = r->column->values;

    for (size_t k = 0; k < w->steps; k++) {
        if (w->from[k] == w->to[k])
            continue;
        switch (r->id) {
        case FUNCTION_COUNT_OVER_TIME:
            r->to[k] = (double)(w->to[k] - w->from[k]);
            break;
        case FUNCTION_LAST_OVER_TIME:
            r->to[k] = v[w->to[k] - 1];
            break;
        case FUNCTION_FIRST_OVER_TIME:
            r->to[k] = v[w->from[k]];
            break;
        default:
            r->to[k] = 1;
        }
    }
}

int rollup_compute(const struct rollup_row *row)
{
    switch (row->id) {
    case FUNCTION_RATE:
    case FUNCTION_INCREASE:
    case FUNCTION_DELTA:
    case FUNCTION_IRATE:
    case FUNCTION_IDELTA:
    case FUNCTION_RESETS:
    case FUNCTION_CHANGES:
    case FUNCTION_ROLLUP_RATE:
        return rates_compute(row);
    case FUNCTION_AVG_OVER_TIME:
    case FUNCTION_SUM_OVER_TIME:
    case FUNCTION_MIN_OVER_TIME:
    case FUNCTION_MAX_OVER_TIME:
        return sums_compute(row);
    case FUNCTION_COUNT_OVER_TIME:
    case FUNCTION_LAST_OVER_TIME:
    case FUNCTION_FIRST_OVER_TIME:
    case FUNCTION_PRESENT_OVER_TIME:
    case FUNCTION_ABSENT_OVER_TIME:
        simple(row);
        return 0;
    default:
        return statistics_compute(row);
    }
}

static bool is_name_of_counter(struct str name)
{
    static const char *const ends[] = {"_total", "_sum", "_count", "_bucket"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (str_ends(name, str_of(ends[i])))
            return true;
    return !name.len; /* nothing can be said */
}

/* Prometheus says so when a counter's function meets names that are none of a counter. */
static void look_at_names(struct eval *e, const struct rollup *r)
{
    enum function_id id = r->call->function->id;
    struct str last = STR("");

    if (id != FUNCTION_RATE && id != FUNCTION_INCREASE)
        return;
    for (size_t i = 0; i < r->scan.len; i++) {
        struct str name = labels_name(r->scan.labels[i]);
        if (!str_equal(name, last) && !is_name_of_counter(name))
            eval_inform(e, r->call->args[0],
                        "PromQL info: metric might not be a counter, name does not end in "
                        "_total/_sum/_count/_bucket: \"%.*s\"",
                        (int)MIN(name.len, (size_t)120), name.ptr);
        last = name;
    }
}

static int smoothing_parameters(struct eval *e, const struct rollup *r)
{
    static const char *const names[] = {"smoothing", "trend"};
    const double *factors[] = {r->first, r->second};

    for (size_t f = 0; f < 2; f++)
        for (size_t k = 0; k < r->grid->len; k++)
            if (!(factors[f][k] > 0 && factors[f][k] < 1))
                return fault_set(e->err, PROMQL_EXECUTION,
                                 "invalid %s factor. Expected: 0 < %cf < 1, got: %f", names[f],
                                 names[f][0], factors[f][k]);
    return 0;
}

/* Samples that stand for windows: a function reads the part of them that it is about. */
static void choose_part(struct rollup *r)
{
    struct selection *s = r->scan.selection;

    if (!s || !s->window_ms)
        return;
    switch (r->id) {
    case FUNCTION_MIN_OVER_TIME:
        s->part = SAMPLE_MIN;
        break;
    case FUNCTION_MAX_OVER_TIME:
        s->part = SAMPLE_MAX;
        break;
    case FUNCTION_SUM_OVER_TIME:
        s->part = SAMPLE_SUM;
        break;
    case FUNCTION_AVG_OVER_TIME:
        s->part = SAMPLE_MEAN;
        break;
    case FUNCTION_COUNT_OVER_TIME:
        s->part = SAMPLE_COUNT;
        r->id = FUNCTION_SUM_OVER_TIME;
        break;
    default:
        s->part = SAMPLE_LAST;
    }
}

int rollup_open(struct eval *e, const struct node *n, const struct grid *g, struct rollup *ret)
{
    const struct node_call *c = &n->call;
    enum function_id id = c->function->id;
    size_t range = id == FUNCTION_QUANTILE_OVER_TIME ? 1 : 0;
    int code = 0;

    *ret = (struct rollup){.id = id, .call = c, .grid = g, .options = &e->options};
    ret->keep_names =
        c->keep_metric_names || id == FUNCTION_LAST_OVER_TIME || id == FUNCTION_FIRST_OVER_TIME;
    for (size_t i = 0; i < c->len && !code; i++)
        if (c->args[i]->type == PROMQL_SCALAR)
            code = eval_scalar(e, c->args[i], g, ret->first ? &ret->second : &ret->first);
    if (!code && id == FUNCTION_SMOOTHING)
        code = smoothing_parameters(e, ret);
    if (!code)
        code = scan_open(e, c->args[range], g, &ret->scan);
    if (!code)
        look_at_names(e, ret);
    if (!code && id == FUNCTION_QUANTILE_OVER_TIME && ret->scan.len)
        eval_warn_of_quantiles(e, c->args[0], ret->first, g->len);
    if (!code)
        choose_part(ret);
    return code;
}

struct job {
    const struct rollup *rollup;
    enum rollup_part part;
    struct vector *vector;
};

static int compute_row(void *ctx, unsigned thread, size_t i, const struct column *c,
                       const struct window *w, struct arena *scratch, struct error *err)
{
    const struct job *j = ctx;
    struct rollup_row row = rollup_row_of(j->rollup, c, w, scratch, j->vector->lines[i].values);

    (void)thread;
    (void)err;
    row.part = j->part;
    return rollup_compute(&row);
}

static int run(struct eval *e, const struct rollup *r, enum rollup_part part, struct vector *ret)
{
    struct job job = {r, part, ret};

    if (!vector_new(&e->arena, r->scan.len, r->grid->len, ret))
        return fault_memory(e->err);
    for (size_t i = 0; i < r->scan.len; i++)
        ret->lines[i].labels = r->scan.labels[i];
    int code = scan_run(e, &r->scan, compute_row, &job);
    vector_drop_empty(ret, r->grid->len);
    if (!code && !r->keep_names)
        code = eval_failed(e, vector_drop_names(ret, r->grid->len, &e->arena));
    return code;
}

static int add_label(struct eval *e, struct line *l, struct str name, struct str value)
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

/* MetricsQL: the smallest, the largest and the mean of the rates between neighbouring samples. */
static int rollup_rate(struct eval *e, const struct rollup *r, struct vector *ret)
{
    static const char *const names[] = {"min", "max", "avg"};
    struct str only = r->call->len > 1 ? eval_string(r->call->args[1]) : STR("");
    struct vector part;

    *ret = (struct vector){arena_calloc(&e->arena, 3 * r->scan.len + 1, sizeof(struct line)), 0};
    if (!ret->lines)
        return fault_memory(e->err);
    if (only.len && !str_is(only, "min") && !str_is(only, "max") && !str_is(only, "avg"))
        return fault_set(e->err, PROMQL_EXECUTION,
                         "rollup_rate() gives \"min\", \"max\" or \"avg\", nothing else");
    for (size_t p = 0; p < ARRAY_LEN(names); p++) {
        if (only.len && !str_is(only, names[p]))
            continue;
        int code = run(e, r, (enum rollup_part)p, &part);
        for (size_t i = 0; i < part.len && !code; i++) {
            if (!only.len)
                code = add_label(e, &part.lines[i], STR("rollup"), str_of(names[p]));
            ret->lines[ret->len++] = part.lines[i];
        }
        if (code)
            return code;
    }
    return 0;
}

int rollup_eval(struct eval *e, const struct node *n, const struct grid *g, struct vector *ret)
{
    struct rollup r;
    int code = rollup_open(e, n, g, &r);

    if (code)
        return code;
    return r.call->function->id == FUNCTION_ROLLUP_RATE ? rollup_rate(e, &r, ret)
                                                        : run(e, &r, ROLLUP_MIN, ret);
}
