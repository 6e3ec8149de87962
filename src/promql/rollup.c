/* rollup.c - calls of functions over ranges: opens the range, runs all series, names the result. */
#include "promql/rollup.h"

#include "promql/fault.h"
#include "promql/parts.h"
#include "promql/rates.h"
#include "promql/statistics.h"
#include "promql/sums.h"
#include "promql/window.h"

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
    case FUNCTION_ROLLUP_DELTA:
    case FUNCTION_ROLLUP_DERIV:
    case FUNCTION_ROLLUP_INCREASE:
    case FUNCTION_ROLLUP_SCRAPE_INTERVAL:
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
        return function_is_window(row->id) ? window_compute(row) : statistics_compute(row);
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
void rollup_choose(struct rollup *r, enum function_id id)
{
    struct selection *s = r->scan.selection;

    r->id = id;
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

static bool keeps_names(const struct node_call *c)
{
    switch (c->function->id) {
    case FUNCTION_LAST_OVER_TIME:
    case FUNCTION_FIRST_OVER_TIME:
    case FUNCTION_GEOMEAN_OVER_TIME:
    case FUNCTION_HOEFFDING_LOWER:
    case FUNCTION_HOEFFDING_UPPER:
    case FUNCTION_MODE_OVER_TIME:
    case FUNCTION_QUANTILES_OVER_TIME:
    case FUNCTION_ROLLUP:
    case FUNCTION_ROLLUP_CANDLESTICK:
        return true;
    default:
        return c->keep_metric_names;
    }
}

static int scalar_parameters(struct eval *e, const struct grid *g, struct rollup *r)
{
    const struct node_call *c = r->call;
    double *numbers;

    if (c->function->id == FUNCTION_QUANTILES_OVER_TIME)
        return 0; /* any number of them: see parts.c */
    for (size_t i = 0; i < c->len; i++) {
        if (c->args[i]->type != PROMQL_SCALAR)
            continue;
        int code = eval_scalar(e, c->args[i], g, &numbers);
        if (code)
            return code;
        if (r->first)
            r->second = numbers;
        else
            r->first = numbers;
    }
    return c->function->id == FUNCTION_SMOOTHING ? smoothing_parameters(e, r) : 0;
}

int rollup_open(struct eval *e, const struct node *n, const struct grid *g, struct rollup *ret)
{
    const struct node_call *c = &n->call;
    enum function_id id = c->function->id;
    size_t range = 0;
    int code;

    *ret = (struct rollup){.id = id, .call = c, .grid = g, .options = &e->options};
    ret->keep_names = keeps_names(c);
    while (c->args[range]->type != PROMQL_MATRIX)
        range++;
    bool before = function_looks_before(id) || id == FUNCTION_AGGR_OVER_TIME;
    struct grid places = *g;
    /* A candle stands at its begin: what a step further on is its last is what ends it, and the
     * sample at that time begins the next. So VictoriaMetrics draws them. */
    if (id == FUNCTION_ROLLUP_CANDLESTICK)
        places.start_ms += places.step_ms - 1;
    code = scalar_parameters(e, g, ret);
    if (!code)
        code =
            scan_open(e, c->args[range], &places, before ? e->options.lookback_ms : 0, &ret->scan);
    ret->scan.memo = id == FUNCTION_RATE || id == FUNCTION_INCREASE || id == FUNCTION_DELTA;
    if (!code)
        look_at_names(e, ret);
    if (!code && id == FUNCTION_QUANTILE_OVER_TIME && ret->scan.len)
        eval_warn_of_quantiles(e, c->args[0], ret->first, g->len);
    if (!code)
        rollup_choose(ret, id);
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

int rollup_run(struct eval *e, const struct rollup *r, enum rollup_part part, struct vector *ret)
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

int rollup_eval(struct eval *e, const struct node *n, const struct grid *g, struct vector *ret)
{
    struct rollup r;
    int code = rollup_open(e, n, g, &r);

    if (code)
        return code;
    return function_has_parts(n->call.function->id) ? parts_eval(e, &r, ret)
                                                    : rollup_run(e, &r, ROLLUP_MIN, ret);
}
