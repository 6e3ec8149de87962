/* rates.c - how fast counters and gauges change. */
#include "promql/rates.h"

/* Counters start anew; what they had reached then counts on. The places are gathered once for the
 * column, so that a window costs its resets and not its samples. */
struct resets {
    uint32_t *at; /* samples that are smaller than the one before */
    size_t len;
};

static bool find_resets(const struct rollup_row *r, struct resets *ret)
{
    const struct column *c = r->column;
    size_t count = 0;

    for (size_t i = 1; i < c->len; i++)
        count += c->values[i] < c->values[i - 1];
    *ret = (struct resets){NULL, 0};
    if (!count)
        return true;
    ret->at = arena_calloc(r->scratch, count, sizeof(*ret->at));
    if (!ret->at)
        return false;
    for (size_t i = 1; i < c->len; i++)
        if (c->values[i] < c->values[i - 1])
            ret->at[ret->len++] = (uint32_t)i;
    return true;
}

/* From a window's ends to its samples, and between them; what it is carried on by at both. */
struct extrapolation {
    double start_s, end_s, span_s;
};

/*
 * Prometheus's rule (promql/functions.go, extrapolatedRate): growth is carried on to an end of the
 * window that is nearer than 1.1 mean distances of samples, else half a distance on; a counter
 * never below zero.
 */
static struct extrapolation extrapolation_of(const struct rollup_row *r, size_t k)
{
    const struct window *w = r->window;
    const int64_t *ts = r->column->ts_ms;
    size_t from = w->from[k], to = w->to[k];
    struct extrapolation x = {
        .start_s = (double)(ts[from] - (w->end_ms[k] - w->width_ms)) / 1000,
        .end_s = (double)(w->end_ms[k] - ts[to - 1]) / 1000,
        .span_s = (double)(ts[to - 1] - ts[from]) / 1000,
    };
    double distance = x.span_s / (double)(to - from - 1), limit = distance * 1.1;

    if (x.start_s >= limit)
        x.start_s = distance / 2;
    if (x.end_s >= limit)
        x.end_s = distance / 2;
    return x;
}

/* What the growth in a window is multiplied by. */
static double factor_of(const struct rollup_row *r, struct extrapolation x)
{
    double factor = (x.span_s + x.start_s + x.end_s) / x.span_s;

    return r->id == FUNCTION_RATE ? factor / ((double)r->window->width_ms / 1000) : factor;
}

/* The factors of all windows, as long as none begins at zero. */
static const double *usual_factors(const struct rollup_row *r)
{
    const struct window *w = r->window;
    struct window_memo *memo = w->memo;

    if (!memo)
        return NULL;
    for (size_t k = 0; k < w->steps && !memo->filled; k++)
        if (w->to[k] - w->from[k] >= 2)
            memo->numbers[k] = factor_of(r, extrapolation_of(r, k));
    memo->filled = true;
    return memo->numbers;
}

/* The factor of a counter that was `first` and gained `gain` since: it was zero not before the
 * window began. */
static double factor_above_zero(const struct rollup_row *r, size_t k, double first, double gain)
{
    struct extrapolation x = extrapolation_of(r, k);
    double to_zero = x.span_s * (first / gain);

    if (to_zero < x.start_s)
        x.start_s = to_zero;
    return factor_of(r, x);
}

static int extrapolated(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const double *v = r->column->values, *usual = usual_factors(r);
    bool counter = r->id != FUNCTION_DELTA;
    struct resets resets = {0};
    size_t next = 0, work = 0;

    if (counter && !find_resets(r, &resets))
        return -ENOMEM;
    for (size_t k = 0; k < w->steps; k++) {
        size_t from = w->from[k], to = w->to[k];
        if (to - from < 2)
            continue;
        double gain = v[to - 1] - v[from];
        while (next < resets.len && resets.at[next] <= from)
            next++;
        size_t last = next;
        for (; last < resets.len && resets.at[last] < to; last++)
            gain += v[resets.at[last] - 1];
        if (resets.len && rollup_must_stop(r, &work, last - next))
            return -ETIME;
        /* A counter that is twice its growth was zero more than a span ago, which is too long. */
        if (counter && gain > 0 && v[from] >= 0 && !(v[from] >= 2 * gain))
            r->to[k] = gain * factor_above_zero(r, k, v[from], gain);
        else
            r->to[k] = gain * (usual ? usual[k] : factor_of(r, extrapolation_of(r, k)));
    }
    return 0;
}

static void instant(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const double *v = r->column->values;
    const int64_t *ts = r->column->ts_ms;

    for (size_t k = 0; k < w->steps; k++) {
        size_t to = w->to[k];
        if (to - w->from[k] < 2)
            continue;
        double gain = v[to - 1] - v[to - 2];
        if (r->id == FUNCTION_IRATE) {
            if (v[to - 1] < v[to - 2])
                gain = v[to - 1];
            gain /= (double)(ts[to - 1] - ts[to - 2]) / 1000;
        }
        r->to[k] = gain;
    }
}

static bool differs(enum function_id id, double before, double now)
{
    if (id == FUNCTION_RESETS)
        return now < before;
    return now != before && !(isnan(now) && isnan(before));
}

/* Counts are whole numbers, so a running count subtracted is exact. */
static int count_events(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const struct column *c = r->column;
    uint32_t *count = arena_calloc(r->scratch, c->len + 1, sizeof(*count));

    if (!count)
        return -ENOMEM;
    for (size_t i = 1; i < c->len; i++)
        count[i] = count[i - 1] + differs(r->id, c->values[i - 1], c->values[i]);
    for (size_t k = 0; k < w->steps; k++)
        if (w->from[k] < w->to[k])
            r->to[k] = (double)(count[w->to[k] - 1] - count[w->from[k]]);
    return 0;
}

/* From one sample to the next. */
static double between(enum function_id id, const struct column *c, size_t i)
{
    const double *v = c->values;
    double apart_s = (double)(c->ts_ms[i] - c->ts_ms[i - 1]) / 1000, gain = v[i] - v[i - 1];

    switch (id) {
    case FUNCTION_ROLLUP_SCRAPE_INTERVAL:
        return apart_s;
    case FUNCTION_ROLLUP_DELTA:
        return gain;
    case FUNCTION_ROLLUP_DERIV:
        return gain / apart_s;
    case FUNCTION_ROLLUP_INCREASE:
        return gain < 0 ? v[i] : gain;
    default:
        return (gain < 0 ? v[i] : gain) / apart_s;
    }
}

static int between_samples(const struct rollup_row *r)
{
    size_t work = 0;
    const struct window *w = r->window;

    for (size_t k = 0; k < w->steps; k++) {
        double smallest = (double)INFINITY, largest = -(double)INFINITY;
        struct sum sum = {0};
        size_t from = w->from[k], to = w->to[k];
        if (to - from < 2)
            continue;
        for (size_t i = from + 1; i < to; i++) {
            double value = between(r->id, r->column, i);
            smallest = value < smallest ? value : smallest;
            largest = value > largest ? value : largest;
            sum_add(&sum, value);
        }
        double mean = sum_total(sum) / (double)(to - from - 1);
        r->to[k] = r->part == ROLLUP_MIN ? smallest : r->part == ROLLUP_MAX ? largest : mean;
        if (rollup_must_stop(r, &work, to - from))
            return -ETIME;
    }
    return 0;
}

int rates_compute(const struct rollup_row *row)
{
    switch (row->id) {
    case FUNCTION_IRATE:
    case FUNCTION_IDELTA:
        instant(row);
        return 0;
    case FUNCTION_RESETS:
    case FUNCTION_CHANGES:
        return count_events(row);
    case FUNCTION_ROLLUP_RATE:
    case FUNCTION_ROLLUP_DELTA:
    case FUNCTION_ROLLUP_DERIV:
    case FUNCTION_ROLLUP_INCREASE:
    case FUNCTION_ROLLUP_SCRAPE_INTERVAL:
        return between_samples(row);
    default:
        return extrapolated(row);
    }
}
