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

struct extrapolation {
    double first, gain; /* value at the first sample; growth to the last */
    double to_start_s, to_end_s,
        span_s; /* from the window's ends to the samples, and between them */
    size_t samples;
    bool counter;
};

/*
 * Prometheus's rule (promql/functions.go, extrapolatedRate): growth is carried on to an end of the
 * window that is nearer than 1.1 mean distances of samples, else half a distance on; a counter
 * never below zero.
 */
static double extrapolate(const struct extrapolation *x)
{
    double distance = x->span_s / (double)(x->samples - 1);
    double limit = distance * 1.1, start = x->to_start_s, end = x->to_end_s;

    if (start >= limit)
        start = distance / 2;
    if (x->counter && x->gain > 0 && x->first >= 0) {
        double to_zero = x->span_s * (x->first / x->gain);
        if (to_zero < start)
            start = to_zero;
    }
    if (end >= limit)
        end = distance / 2;
    return (x->span_s + start + end) / x->span_s;
}

static int extrapolated(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const double *v = r->column->values;
    const int64_t *ts = r->column->ts_ms;
    bool counter = r->id != FUNCTION_DELTA;
    double width_s = (double)w->width_ms / 1000;
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
        if (rollup_must_stop(r, &work, last - next))
            return -ETIME;
        struct extrapolation x = {
            .first = v[from],
            .gain = gain,
            .to_start_s = (double)(ts[from] - (w->end_ms[k] - w->width_ms)) / 1000,
            .to_end_s = (double)(w->end_ms[k] - ts[to - 1]) / 1000,
            .span_s = (double)(ts[to - 1] - ts[from]) / 1000,
            .samples = to - from,
            .counter = counter,
        };
        double factor = extrapolate(&x);
        if (r->id == FUNCTION_RATE)
            factor /= width_s;
        r->to[k] = gain * factor;
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
