/* over_range.c - MetricsQL's range_...: one number out of all points of a series in the query's
 * range, put at each of them. NaN counts as no point. */
#include "promql/call.h"

#include "promql/fault.h"
#include "promql/statistics.h"

#include <stdlib.h>

/* The points of one series that are numbers. */
struct points {
    double *values, *places; /* places: the number of the step */
    size_t len;
};

static void gather(const double *row, size_t steps, struct points *to)
{
    to->len = 0;
    for (size_t k = 0; k < steps; k++)
        if (!isnan(row[k])) {
            to->places[to->len] = (double)k;
            to->values[to->len++] = row[k];
        }
}

static double total(const struct points *p)
{
    struct sum sum = {0};

    for (size_t i = 0; i < p->len; i++)
        sum_add(&sum, p->values[i]);
    return sum_total(sum);
}

static double variance(const struct points *p)
{
    double mean = total(p) / (double)p->len;
    struct sum squares = {0};

    for (size_t i = 0; i < p->len; i++)
        sum_add(&squares, (p->values[i] - mean) * (p->values[i] - mean));
    return sum_total(squares) / (double)p->len;
}

/* Puts the points in order. */
static double quantile(struct points *p, double q)
{
    qsort(p->values, p->len, sizeof(*p->values), statistics_order);
    return statistics_quantile(q, p->values, p->len);
}

/* The median distance from the median. */
static double deviation_of_median(struct points *p)
{
    double median = quantile(p, 0.5);

    for (size_t i = 0; i < p->len; i++)
        p->values[i] = fabs(p->values[i] - median);
    return quantile(p, 0.5);
}

static double extreme(const struct points *p, bool largest)
{
    double found = p->values[0];

    for (size_t i = 1; i < p->len; i++)
        found = largest ? MAX(found, p->values[i]) : MIN(found, p->values[i]);
    return found;
}

/* The one number of a series; `q` is that of range_quantile(). */
static double number_of(enum function_id id, struct points *p, double q)
{
    switch (id) {
    case FUNCTION_RANGE_AVG:
        return total(p) / (double)p->len;
    case FUNCTION_RANGE_FIRST:
        return p->values[0];
    case FUNCTION_RANGE_LAST:
        return p->values[p->len - 1];
    case FUNCTION_RANGE_MAD:
        return deviation_of_median(p);
    case FUNCTION_RANGE_MAX:
        return extreme(p, true);
    case FUNCTION_RANGE_MIN:
        return extreme(p, false);
    case FUNCTION_RANGE_STDDEV:
        return sqrt(variance(p));
    case FUNCTION_RANGE_STDVAR:
        return variance(p);
    case FUNCTION_RANGE_SUM:
        return total(p);
    default:
        return quantile(p, q);
    }
}

/* The straight line nearest to the points, by least squares. */
static void line_through(const struct points *p, double *row)
{
    double mean_x = 0, mean_y = total(p) / (double)p->len, top = 0, bottom = 0;
    size_t at = 0;

    for (size_t i = 0; i < p->len; i++)
        mean_x += p->places[i] / (double)p->len;
    for (size_t i = 0; i < p->len; i++) {
        top += (p->places[i] - mean_x) * (p->values[i] - mean_y);
        bottom += (p->places[i] - mean_x) * (p->places[i] - mean_x);
    }
    double slope = bottom > 0 ? top / bottom : 0;
    for (; at < p->len; at++)
        row[(size_t)p->places[at]] = mean_y + slope * (p->places[at] - mean_x);
}

/* How many standard deviations each point lies from the mean. */
static void scores(const struct points *p, double *row)
{
    double mean = total(p) / (double)p->len, width = sqrt(variance(p));

    for (size_t i = 0; i < p->len; i++)
        row[(size_t)p->places[i]] = (p->values[i] - mean) / width;
}

/* As VictoriaMetrics has it: these leave gaps, and the name; the others fill all from the first
 * point on, and drop the name. */
static bool keeps_points(enum function_id id)
{
    return id == FUNCTION_RANGE_FIRST || id == FUNCTION_RANGE_LAST || id == FUNCTION_RANGE_MEDIAN ||
           id == FUNCTION_RANGE_QUANTILE;
}

static void apply(enum function_id id, const double *q, struct points *p, double *row, size_t steps)
{
    if (id == FUNCTION_RANGE_LINEAR_REGRESSION) {
        line_through(p, row);
    } else if (id == FUNCTION_RANGE_ZSCORE) {
        scores(p, row);
    } else {
        size_t first = (size_t)p->places[0];
        bool fills = !keeps_points(id);
        double number = number_of(id, p, q ? q[0] : 0.5);
        for (size_t k = first; k < steps; k++)
            if (fills || !isnan(row[k]))
                row[k] = number;
    }
}

int over_range_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                    struct vector *ret)
{
    enum function_id id = c->function->id;
    struct points p = {arena_calloc(&e->arena, g->len + 1, sizeof(double)),
                       arena_calloc(&e->arena, g->len + 1, sizeof(double)), 0};
    double *q = NULL;
    int code = eval_vector(e, c->args[c->len - 1], g, ret);

    if (!code && id == FUNCTION_RANGE_QUANTILE)
        code = eval_scalar(e, c->args[0], g, &q);
    if (!code && (!p.values || !p.places))
        code = fault_memory(e->err);
    for (size_t i = 0; i < ret->len && !code; i++) {
        gather(ret->lines[i].values, g->len, &p);
        if (p.len)
            apply(id, q, &p, ret->lines[i].values, g->len);
        code = eval_interrupted(&e->options, e->err);
    }
    if (code || keeps_points(id) || c->keep_metric_names)
        return code;
    return eval_failed(e, vector_drop_names(ret, g->len, &e->arena));
}
