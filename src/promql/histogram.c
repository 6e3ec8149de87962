/* histogram.c - quantiles and fractions of classic histograms: counters by upper bound "le". The
 * rules are those of Prometheus's promql/quantile.go. */
#include "promql/call.h"
#include "promql/fault.h"
#include "promql/vmrange.h"

#include <stdlib.h>

#define SMALL_DELTA 1e-12 /* relative; differences below are taken for rounding of rates */

struct bucket {
    double bound, count;
};

/* The buckets of one histogram: their bounds, and where their counts are. */
struct bars {
    struct bucket_line {
        double bound;
        const double *counts;
    } * items;
    size_t len;
};

static int by_bound(const void *a, const void *b)
{
    double x = ((const struct bucket_line *)a)->bound, y = ((const struct bucket_line *)b)->bound;
    return (x > y) - (x < y);
}

static bool almost_equal(double a, double b)
{
    double scale = fabs(a) + fabs(b);

    if (a == b)
        return true;
    if (a == 0 || b == 0 || scale < 2.2250738585072014e-308)
        return fabs(a - b) < SMALL_DELTA * 2.2250738585072014e-308;
    return fabs(a - b) / MIN(scale, 1.7976931348623157e308) < SMALL_DELTA;
}

/* The buckets that have a sample at step k: equal bounds added up, counts made to rise. */
static size_t gather(const struct bars *bars, size_t k, struct bucket *to, bool *ret_forced)
{
    size_t len = 0;

    for (size_t i = 0; i < bars->len; i++) {
        double count = bars->items[i].counts[k];
        if (is_absent(count))
            continue;
        if (len && to[len - 1].bound == bars->items[i].bound)
            to[len - 1].count += count;
        else
            to[len++] = (struct bucket){bars->items[i].bound, count};
    }
    for (size_t i = 1; i < len; i++) {
        double before = to[i - 1].count;
        if (almost_equal(before, to[i].count)) {
            to[i].count = before;
        } else if (to[i].count < before) {
            to[i].count = before;
            *ret_forced = true;
        }
    }
    return len;
}

static double quantile(double q, const struct bucket *b, size_t len)
{
    size_t at = 0;

    if (isnan(q))
        return (double)NAN;
    if (q < 0)
        return -(double)INFINITY;
    if (q > 1)
        return (double)INFINITY;
    if (len < 2 || b[len - 1].bound != (double)INFINITY)
        return (double)NAN;
    double total = b[len - 1].count, rank = q * total;
    if (total == 0 || isnan(total))
        return (double)NAN;
    while (at < len - 1 && !(b[at].count >= rank))
        at++;
    if (at == len - 1)
        return b[len - 2].bound;
    if (at == 0 && b[0].bound <= 0)
        return b[0].bound;
    double start = at ? b[at - 1].bound : 0, below = at ? b[at - 1].count : 0;
    return start + (b[at].bound - start) * ((rank - below) / (b[at].count - below));
}

/* How many observations are below `v`, spread evenly within a bucket. The first bucket begins at 0
 * when its bound is positive; else all it holds is taken to lie below `v`. */
static double rank_of(double v, const struct bucket *b, size_t len)
{
    double start = b[0].bound > 0 ? 0 : -(double)INFINITY, below = 0;

    for (size_t i = 0; i < len; i++) {
        if (v <= start)
            return below;
        if (v < b[i].bound) {
            if (isinf(start))
                return b[i].count;
            if (isinf(b[i].bound))
                return below;
            return below + (b[i].count - below) * (v - start) / (b[i].bound - start);
        }
        start = b[i].bound;
        below = b[i].count;
    }
    return below;
}

static double fraction(double lower, double upper, const struct bucket *b, size_t len)
{
    if (!len || b[len - 1].bound != (double)INFINITY)
        return (double)NAN;
    double total = b[len - 1].count;
    if (total == 0 || isnan(total) || isnan(lower) || isnan(upper))
        return (double)NAN;
    if (lower >= upper)
        return 0;
    return (rank_of(upper, b, len) - rank_of(lower, b, len)) / total;
}

/* Lines with a readable "le", numbered by their other labels. */
static int group(struct eval *e, const struct node *buckets, struct vector *v,
                 struct label_index *index, double **ret_bounds, uint32_t **ret_group_of)
{
    static const struct str le[] = {{"le", 2}};
    struct projection others;
    size_t kept = 0;

    *ret_bounds = arena_calloc(&e->arena, v->len + 1, sizeof(**ret_bounds));
    if (!*ret_bounds || !projection_new(&e->arena, false, le, 1, &others) ||
        !label_index_init(index, &e->arena, v->len / 4))
        return fault_memory(e->err);
    for (size_t i = 0; i < v->len; i++) {
        struct str bound = labels_get(v->lines[i].labels, le[0]);
        if (num_parse(bound, &(*ret_bounds)[kept])) {
            v->lines[kept++] = v->lines[i];
            continue;
        }
        eval_warn(e, buckets,
                  "PromQL warning: bucket label \"le\" is missing or has a malformed value of "
                  "\"%.*s\" for metric name \"%.*s\"",
                  (int)MIN(bound.len, (size_t)60), bound.ptr,
                  (int)MIN(labels_name(v->lines[i].labels).len, (size_t)120),
                  labels_name(v->lines[i].labels).ptr);
    }
    v->len = kept;
    *ret_group_of = label_index_lines(index, &others, v, &e->arena);
    return *ret_group_of ? 0 : fault_memory(e->err);
}

struct question {
    bool quantile;
    const double *first, *second;
};

static void answer(const struct question *q, const struct bars *bars, struct bucket *scratch,
                   size_t steps, double *to, bool *ret_forced)
{
    for (size_t k = 0; k < steps; k++) {
        size_t len = gather(bars, k, scratch, ret_forced);
        if (!len)
            continue;
        to[k] = q->quantile ? quantile(q->first[k], scratch, len)
                            : fraction(q->first[k], q->second[k], scratch, len);
    }
}

static int answer_all(struct eval *e, const struct question *q, const struct node *buckets,
                      struct vector *v, size_t steps, struct vector *ret)
{
    struct label_index index;
    struct members members;
    double *bounds = NULL;
    uint32_t *group_of = NULL;
    bool forced = false;
    int code = group(e, buckets, v, &index, &bounds, &group_of);

    if (code)
        return code;
    struct bucket *scratch = arena_calloc(&e->arena, v->len + 1, sizeof(*scratch));
    struct bars bars = {arena_calloc(&e->arena, v->len + 1, sizeof(*bars.items)), 0};
    if (!scratch || !bars.items ||
        !label_index_members(&e->arena, group_of, v->len, index.len, &members) ||
        !vector_new(&e->arena, index.len, steps, ret))
        return fault_memory(e->err);
    for (size_t n = 0; n < index.len && !code; n++) {
        bars.len = 0;
        for (size_t i = members.first[n]; i < members.first[n + 1]; i++) {
            uint32_t line = members.items[i];
            bars.items[bars.len++] = (struct bucket_line){bounds[line], v->lines[line].values};
        }
        qsort(bars.items, bars.len, sizeof(*bars.items), by_bound);
        ret->lines[n].labels = index.keys[n];
        answer(q, &bars, scratch, steps, ret->lines[n].values, &forced);
        code = eval_interrupted(&e->options, e->err);
    }
    if (forced)
        eval_inform(e, buckets,
                    "PromQL info: input to histogram_quantile needed to be fixed for monotonicity "
                    "(see https://prometheus.io/docs/prometheus/latest/querying/functions/"
                    "#histogram_quantile)");
    vector_drop_empty(ret, steps);
    return code;
}

static int lowest(struct eval *e, const struct grid *g, double **ret)
{
    *ret = arena_calloc(&e->arena, g->len, sizeof(double));
    if (!*ret)
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++)
        (*ret)[k] = -(double)INFINITY;
    return 0;
}

int histogram_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                   struct vector *ret)
{
    struct question q = {c->function->id == FUNCTION_HISTOGRAM_QUANTILE, NULL, NULL};
    struct vector v;
    double *first = NULL, *second = NULL;
    bool share = c->function->id == FUNCTION_HISTOGRAM_SHARE; /* from the lowest on */
    int code = eval_scalar(e, c->args[0], g, share ? &second : &first);

    if (!code && c->len > 2)
        code = eval_scalar(e, c->args[1], g, &second);
    if (!code && share)
        code = lowest(e, g, &first);
    if (!code)
        code = eval_vector(e, c->args[c->len - 1], g, &v);
    if (!code)
        code = vmrange_to_buckets(e, g->len, &v);
    if (code)
        return code;
    q.first = first;
    q.second = second;
    if (q.quantile)
        eval_warn_of_quantiles(e, c->args[0], first, g->len);
    return answer_all(e, &q, c->args[c->len - 1], &v, g->len, ret);
}
