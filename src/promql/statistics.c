/* statistics.c - quantiles, deviations and trends of windows. */
#include "promql/statistics.h"

#include <stdlib.h>

int statistics_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    if (isnan(x) || isnan(y))
        return isnan(y) - isnan(x);
    return (x > y) - (x < y);
}

double statistics_quantile(double q, const double *sorted, size_t n)
{
    if (!n || isnan(q))
        return (double)NAN;
    if (q < 0)
        return -(double)INFINITY;
    if (q > 1)
        return (double)INFINITY;
    double rank = q * (double)(n - 1), below = floor(rank), weight = rank - below;
    size_t low = (size_t)below, high = MIN(low + 1, n - 1);
    return sorted[low] * (1 - weight) + sorted[high] * weight;
}

static double deviation(const struct rollup_row *r, size_t from, size_t to)
{
    const double *v = r->column->values;
    struct sum mean = {0}, squares = {0};
    double count = 0;

    for (size_t i = from; i < to; i++) {
        count++;
        double delta = v[i] - (mean.value + mean.rest);
        sum_add(&mean, delta / count);
        sum_add(&squares, delta * (v[i] - (mean.value + mean.rest)));
    }
    double variance = (squares.value + squares.rest) / count;
    return r->id == FUNCTION_STDDEV_OVER_TIME ? sqrt(variance) : variance;
}

/* The samples of the window last looked at, in order. Windows mostly overlap: then only what comes
 * and goes is moved. */
struct ordered {
    double *sorted, *scratch;
    size_t from, to;
};

static size_t place_of(const double *sorted, size_t n, double value)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (statistics_order(&sorted[middle], &value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Moving a sample shifts half the window, at about a tenth of a nanosecond a byte; sorting takes
 * some five nanoseconds a sample and bit of their number. */
static bool is_cheaper_to_move(size_t moves, size_t n)
{
    size_t bits = 1;

    while (bits < 63 && (n >> bits))
        bits++;
    return moves < n && moves <= 12 * bits;
}

static void advance(struct ordered *o, const double *v, size_t from, size_t to)
{
    size_t n = o->to - o->from, moves = (from - o->from) + (to - o->to);

    if (from >= o->to || !is_cheaper_to_move(moves, to - from)) {
        memcpy(o->sorted, v + from, (to - from) * sizeof(*v));
        qsort(o->sorted, to - from, sizeof(*v), statistics_order);
    } else {
        for (size_t i = o->from; i < from; i++) {
            size_t at = place_of(o->sorted, n--, v[i]);
            memmove(o->sorted + at, o->sorted + at + 1, (n - at) * sizeof(*v));
        }
        for (size_t i = o->to; i < to; i++) {
            size_t at = place_of(o->sorted, n, v[i]);
            memmove(o->sorted + at + 1, o->sorted + at, (n++ - at) * sizeof(*v));
            o->sorted[at] = v[i];
        }
    }
    o->from = from;
    o->to = to;
}

static double of_ordered(const struct rollup_row *r, size_t k, struct ordered *o)
{
    size_t n = r->window->to[k] - r->window->from[k];

    advance(o, r->column->values, r->window->from[k], r->window->to[k]);
    if (r->id == FUNCTION_QUANTILE_OVER_TIME)
        return statistics_quantile(r->first[k], o->sorted, n);
    double median = statistics_quantile(0.5, o->sorted, n);
    if (r->id == FUNCTION_MEDIAN_OVER_TIME)
        return median;
    for (size_t i = 0; i < n; i++)
        o->scratch[i] = fabs(o->sorted[i] - median);
    qsort(o->scratch, n, sizeof(*o->scratch), statistics_order);
    return statistics_quantile(0.5, o->scratch, n);
}

struct regression {
    double slope, intercept;
};

/* The line of least squares, in seconds after `zero_ms`. */
static struct regression regress(const struct column *c, size_t from, size_t to, int64_t zero_ms)
{
    struct sum xs = {0}, ys = {0}, xys = {0}, xxs = {0};
    double n = (double)(to - from), first = c->values[from];
    bool constant = true;

    for (size_t i = from; i < to; i++) {
        double x = (double)(c->ts_ms[i] - zero_ms) / 1000, y = c->values[i];
        constant = constant && y == first;
        sum_add(&xs, x);
        sum_add(&ys, y);
        sum_add(&xys, x * y);
        sum_add(&xxs, x * x);
    }
    if (constant)
        return isinf(first) ? (struct regression){(double)NAN, (double)NAN}
                            : (struct regression){0, first};
    double x = xs.value + xs.rest, y = ys.value + ys.rest;
    double covariance = xys.value + xys.rest - x * y / n;
    double variance = xxs.value + xxs.rest - x * x / n;
    double slope = covariance / variance;
    return (struct regression){slope, y / n - slope * x / n};
}

static double trend(const struct rollup_row *r, size_t k)
{
    size_t from = r->window->from[k], to = r->window->to[k];

    if (r->id == FUNCTION_DERIV)
        return regress(r->column, from, to, r->column->ts_ms[from]).slope;
    struct regression line = regress(r->column, from, to, grid_time(r->grid, k));
    return line.slope * r->first[k] + line.intercept;
}

/* Double exponential smoothing after Holt: a level and a trend, each with its own factor. */
static double smooth(const struct rollup_row *r, size_t k)
{
    const double *v = r->column->values + r->window->from[k];
    size_t n = r->window->to[k] - r->window->from[k];
    double level = v[0], before = 0, slope = v[1] - v[0];
    double smoothing = r->first[k], trending = r->second[k];

    for (size_t i = 1; i < n; i++) {
        if (i > 1)
            slope = trending * (level - before) + (1 - trending) * slope;
        before = level;
        level = smoothing * v[i] + (1 - smoothing) * (level + slope);
    }
    return level;
}

int statistics_compute(const struct rollup_row *row)
{
    const struct window *w = row->window;
    struct ordered o = {
        .sorted = arena_alloc(row->scratch, (row->column->len + 1) * sizeof(double)),
        .scratch = arena_alloc(row->scratch, (row->column->len + 1) * sizeof(double)),
    };

    size_t work = 0;

    if (!o.sorted || !o.scratch)
        return -ENOMEM;
    for (size_t k = 0; k < w->steps; k++) {
        size_t from = w->from[k], to = w->to[k];
        if (from == to)
            continue;
        if (rollup_must_stop(row, &work, to - from))
            return -ETIME;
        switch (row->id) {
        case FUNCTION_STDDEV_OVER_TIME:
        case FUNCTION_STDVAR_OVER_TIME:
            row->to[k] = deviation(row, from, to);
            break;
        case FUNCTION_DERIV:
        case FUNCTION_PREDICT_LINEAR:
            if (to - from >= 2)
                row->to[k] = trend(row, k);
            break;
        case FUNCTION_SMOOTHING:
            if (to - from >= 2)
                row->to[k] = smooth(row, k);
            break;
        default:
            row->to[k] = of_ordered(row, k, &o);
        }
    }
    return 0;
}
