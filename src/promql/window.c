/* window.c - MetricsQL's functions of one window of samples. Some count from the sample before the
 * window, when it is no older than the lookback: then nothing between two windows is lost. */
#include "promql/window.h"

#include "promql/statistics.h"

#include <stdlib.h>

/* One window, and the sample before it. */
struct view {
    const double *values;
    const int64_t *ts_ms;
    size_t len;
    bool has_before;
    double before;
    int64_t before_ms;
    int64_t now_ms, width_ms;
};

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

/* The sample that counting begins at: the one before, else the first of the window, which is then
 * no longer counted. False when nothing is left to count. */
static bool begin(struct view *v)
{
    if (v->has_before)
        return true;
    v->before = v->values[0];
    v->before_ms = v->ts_ms[0];
    v->values++;
    v->ts_ms++;
    v->len--;
    return v->len > 0;
}

static double steps_up(struct view *v, double sign, bool count)
{
    double total = 0, before;

    if (!begin(v))
        return 0;
    before = v->before;
    for (size_t i = 0; i < v->len; i++) {
        double by = (v->values[i] - before) * sign;
        if (by > 0)
            total += count ? 1 : by;
        before = v->values[i];
    }
    return total;
}

/* A counter's growth; one that is new has grown from zero. */
static double growth(const struct view *v)
{
    double total = 0, before = v->has_before ? v->before : 0;

    for (size_t i = 0; i < v->len; i++) {
        total += v->values[i] < before ? v->values[i] : v->values[i] - before;
        before = v->values[i];
    }
    return total;
}

static double integral(struct view *v)
{
    bool more = begin(v);
    double sum = 0, before = v->before;
    int64_t at = v->before_ms;

    for (size_t i = 0; more && i < v->len; i++) {
        sum += before * seconds(v->ts_ms[i] - at);
        at = v->ts_ms[i];
        before = v->values[i];
    }
    return sum + before * seconds(v->now_ms - at);
}

static double slope(struct view *v, bool of_last_two)
{
    size_t last;

    if (!begin(v))
        return value_absent();
    last = v->len - 1;
    if (of_last_two && last) {
        v->before = v->values[last - 1];
        v->before_ms = v->ts_ms[last - 1];
    }
    return (v->values[last] - v->before) / seconds(v->ts_ms[last] - v->before_ms);
}

static double interval(struct view v)
{
    if (!begin(&v))
        return value_absent();
    return seconds(v.ts_ms[v.len - 1] - v.before_ms) / (double)v.len;
}

static double mean(const struct view *v)
{
    struct sum sum = {0};

    for (size_t i = 0; i < v->len; i++)
        sum_add(&sum, v->values[i]);
    return sum_total(sum) / (double)v->len;
}

static double deviation(const struct view *v, double around)
{
    struct sum squares = {0};

    for (size_t i = 0; i < v->len; i++)
        sum_add(&squares, (v->values[i] - around) * (v->values[i] - around));
    return sqrt(sum_total(squares) / (double)v->len);
}

/* How many deviations the last sample lies from the mean; nothing where the series has ended. */
static double score(const struct view *v)
{
    double distance = interval(*v), last = v->values[v->len - 1], middle = mean(v);

    if (isnan(distance) || seconds(v->now_ms - v->ts_ms[v->len - 1]) > distance)
        return value_absent();
    return last == middle ? 0 : (last - middle) / deviation(v, middle);
}

static double extent(const struct view *v, double *ret_least)
{
    double least = v->values[0], largest = v->values[0];

    for (size_t i = 1; i < v->len; i++) {
        least = v->values[i] < least ? v->values[i] : least;
        largest = v->values[i] > largest ? v->values[i] : largest;
    }
    *ret_least = least;
    return largest - least;
}

/* Hoeffding's inequality: the mean lies within this bound of what was seen, with probability phi.
 * https://en.wikipedia.org/wiki/Hoeffding%27s_inequality */
static double hoeffding(const struct view *v, double phi, double sign)
{
    double least, range = extent(v, &least), middle = mean(v);

    if (v->len == 1 || !(range > 0) || !(phi > 0))
        return middle;
    if (phi >= 1)
        return sign * (double)INFINITY;
    return middle + sign * range * sqrt(log(1 / (1 - phi)) / (2 * (double)v->len));
}

static double count_where(enum function_id id, const struct view *v, double bound)
{
    size_t count = 0;

    for (size_t i = 0; i < v->len; i++) {
        double value = v->values[i];
        switch (id) {
        case FUNCTION_COUNT_EQ_OVER_TIME:
        case FUNCTION_SHARE_EQ_OVER_TIME:
            count += value == bound;
            break;
        case FUNCTION_COUNT_NE_OVER_TIME:
            count += value != bound;
            break;
        case FUNCTION_COUNT_GT_OVER_TIME:
        case FUNCTION_SHARE_GT_OVER_TIME:
            count += value > bound;
            break;
        default:
            count += value <= bound;
        }
    }
    return (double)count;
}

/* The n-th root of the product, by logarithms, which a long window does not overflow. */
static double geometric_mean(const struct view *v)
{
    struct sum logs = {0};
    bool negative = false;

    for (size_t i = 0; i < v->len; i++) {
        negative = negative != (v->values[i] < 0);
        sum_add(&logs, log(fabs(v->values[i])));
    }
    if (negative && v->len > 1)
        return (double)NAN;
    double root = exp(sum_total(logs) / (double)v->len);
    return negative ? -root : root;
}

static double time_of_extreme(const struct view *v, double sign)
{
    size_t at = 0;

    for (size_t i = 1; i < v->len; i++)
        if (v->values[i] * sign >= v->values[at] * sign)
            at = i; /* of equals the last */
    return seconds(v->ts_ms[at]);
}

/* The time that samples cover which are no further than `most_s` apart. */
static double covered(const struct view *v, double most_s)
{
    double sum = 0;

    for (size_t i = 1; i < v->len; i++) {
        double distance = seconds(v->ts_ms[i] - v->ts_ms[i - 1]);
        sum += distance <= most_s ? distance : 0;
    }
    return sum;
}

/* From the first to the last sample, as they are. */
static double gain(const struct view *v, bool counter)
{
    double total = v->values[v->len - 1] - v->values[0];

    for (size_t i = 1; counter && i < v->len; i++)
        if (v->values[i] < v->values[i - 1])
            total += v->values[i - 1];
    return v->len < 2 ? value_absent() : total;
}

/* How many values there are, or the one that is there most often (of equals the smallest). */
static double of_sorted(const struct view *v, double *sorted, bool mode)
{
    size_t distinct = 0, longest = 0, run = 0;
    double found = (double)NAN;

    memcpy(sorted, v->values, v->len * sizeof(*sorted));
    qsort(sorted, v->len, sizeof(*sorted), statistics_order);
    for (size_t i = 0; i < v->len; i++) {
        bool same = i && (sorted[i] == sorted[i - 1] || (isnan(sorted[i]) && isnan(sorted[i - 1])));
        run = same ? run + 1 : 1;
        distinct += !same;
        if (run > longest) {
            longest = run;
            found = sorted[i];
        }
    }
    return mode ? found : (double)distinct;
}

static double sum_of_squares(const struct view *v)
{
    struct sum sum = {0};

    for (size_t i = 0; i < v->len; i++)
        sum_add(&sum, v->values[i] * v->values[i]);
    return sum_total(sum);
}

static double compute(const struct rollup_row *r, struct view *v, double first, double *scratch)
{
    double least;

    switch (r->id) {
    case FUNCTION_ASCENT_OVER_TIME:
        return steps_up(v, 1, false);
    case FUNCTION_DESCENT_OVER_TIME:
        return steps_up(v, -1, false);
    case FUNCTION_INCREASES_OVER_TIME:
        return steps_up(v, 1, true);
    case FUNCTION_DECREASES_OVER_TIME:
        return steps_up(v, -1, true);
    case FUNCTION_INCREASE_PURE:
        return growth(v);
    case FUNCTION_INTEGRATE:
        return integral(v);
    case FUNCTION_DERIV_FAST:
        return slope(v, false);
    case FUNCTION_IDERIV:
        return slope(v, true);
    case FUNCTION_LIFETIME:
        return begin(v) ? seconds(v->ts_ms[v->len - 1] - v->before_ms) : value_absent();
    case FUNCTION_SCRAPE_INTERVAL:
        return interval(*v);
    case FUNCTION_ZSCORE_OVER_TIME:
        return score(v);
    case FUNCTION_DISTINCT_OVER_TIME:
        return of_sorted(v, scratch, false);
    case FUNCTION_MODE_OVER_TIME:
        return of_sorted(v, scratch, true);
    case FUNCTION_DURATION_OVER_TIME:
        return covered(v, first);
    case FUNCTION_GEOMEAN_OVER_TIME:
        return geometric_mean(v);
    case FUNCTION_HOEFFDING_LOWER:
        return hoeffding(v, first, -1);
    case FUNCTION_HOEFFDING_UPPER:
        return hoeffding(v, first, 1);
    case FUNCTION_DELTA_PROMETHEUS:
        return gain(v, false);
    case FUNCTION_INCREASE_PROMETHEUS:
        return gain(v, true);
    case FUNCTION_LAG:
        return seconds(v->now_ms - v->ts_ms[v->len - 1]);
    case FUNCTION_RANGE_OVER_TIME:
        return extent(v, &least);
    case FUNCTION_RATE_OVER_SUM:
        return mean(v) * (double)v->len / seconds(v->width_ms);
    case FUNCTION_SHARE_EQ_OVER_TIME:
    case FUNCTION_SHARE_GT_OVER_TIME:
    case FUNCTION_SHARE_LE_OVER_TIME:
        return count_where(r->id, v, first) / (double)v->len;
    case FUNCTION_SUM2_OVER_TIME:
        return sum_of_squares(v);
    case FUNCTION_TFIRST_OVER_TIME:
        return seconds(v->ts_ms[0]);
    case FUNCTION_TLAST_OVER_TIME:
        return seconds(v->ts_ms[v->len - 1]);
    case FUNCTION_TMIN_OVER_TIME:
        return time_of_extreme(v, -1);
    case FUNCTION_TMAX_OVER_TIME:
        return time_of_extreme(v, 1);
    default:
        return count_where(r->id, v, first);
    }
}

int window_compute(const struct rollup_row *row)
{
    const struct window *w = row->window;
    const struct column *c = row->column;
    double *scratch = arena_alloc(row->scratch, (c->len + 1) * sizeof(*scratch));
    size_t work = 0;

    if (!scratch)
        return -ENOMEM;
    for (size_t k = 0; k < w->steps; k++) {
        size_t from = w->from[k], to = w->to[k];
        int64_t begin_ms = w->end_ms[k] - w->width_ms;
        if (from == to)
            continue;
        if (rollup_must_stop(row, &work, to - from))
            return -ETIME;
        struct view v = {.values = c->values + from,
                         .ts_ms = c->ts_ms + from,
                         .len = to - from,
                         .now_ms = w->end_ms[k],
                         .width_ms = w->width_ms};
        v.has_before = function_looks_before(row->id) && from > 0 &&
                       begin_ms - c->ts_ms[from - 1] < row->options->lookback_ms;
        if (v.has_before) {
            v.before = c->values[from - 1];
            v.before_ms = c->ts_ms[from - 1];
        }
        row->to[k] = compute(row, &v, row->first ? row->first[k] : 0, scratch);
    }
    return 0;
}
