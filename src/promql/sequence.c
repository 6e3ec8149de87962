/* sequence.c - MetricsQL's functions that make each point of a series by those around it in the
 * query's range. NaN counts as no point. */
#include "promql/call.h"
#include "promql/fault.h"

static size_t first_point(const double *row, size_t steps)
{
    size_t k = 0;

    while (k < steps && isnan(row[k]))
        k++;
    return k;
}

static void keep_last(double *row, size_t steps)
{
    for (size_t k = first_point(row, steps) + 1; k < steps; k++)
        if (isnan(row[k]))
            row[k] = row[k - 1];
}

static void keep_next(double *row, size_t steps)
{
    double next = value_absent();

    for (size_t k = steps; k--;) {
        if (isnan(row[k]))
            row[k] = next;
        next = row[k];
    }
}

/* A straight line over each gap between two points. */
static void interpolate(double *row, size_t steps)
{
    for (size_t last = first_point(row, steps), k = last + 1; k < steps; k++) {
        if (isnan(row[k]))
            continue;
        double by = (row[k] - row[last]) / (double)(k - last);
        for (size_t i = last + 1; i < k; i++)
            row[i] = row[i - 1] + by;
        last = k;
    }
}

/* What a counter had reached before it began again is added to all that follows. Of a fall by less
 * than an eighth only that, as VictoriaMetrics has it: two scrapers of one target are not in step.
 */
static void remove_resets(double *row, size_t steps)
{
    size_t k = first_point(row, steps);
    double before = k < steps ? row[k] : 0, reached = 0;

    for (; k < steps; k++) {
        if (isnan(row[k]))
            continue;
        double fall = before - row[k];
        if (fall > 0)
            reached += fall * 8 < before ? fall : before;
        before = row[k];
        row[k] += reached;
    }
}

/* From the first point on; gaps keep what was reached before them. */
static void run(enum function_id id, double *row, size_t steps)
{
    size_t first = first_point(row, steps);
    double points = 1;

    for (size_t k = first + 1; k < steps; k++) {
        double before = row[k - 1], now = row[k];
        points++;
        if (isnan(now))
            row[k] = before;
        else if (id == FUNCTION_RUNNING_SUM)
            row[k] = before + now;
        else if (id == FUNCTION_RUNNING_AVG)
            row[k] = before + (now - before) / points;
        else if (id == FUNCTION_RUNNING_MIN)
            row[k] = MIN(before, now);
        else
            row[k] = MAX(before, now);
    }
}

/* Each point moves the mean by its share of the way to it. */
static void smooth(double *row, const double *share, size_t steps)
{
    size_t k = first_point(row, steps);
    double mean = k < steps ? row[k] : 0;

    for (k++; k < steps; k++) {
        double by = share[k] < 0 ? 0 : share[k] > 1 ? 1 : share[k];
        if (isnan(row[k]))
            continue;
        if (!isinf(row[k]))
            mean = mean * (1 - by) + row[k] * by;
        row[k] = mean;
    }
}

/* To between 0, the least point, and 1, the largest. */
static void normalize(double *row, size_t steps)
{
    double least = (double)INFINITY, largest = -(double)INFINITY;

    for (size_t k = 0; k < steps; k++) {
        least = row[k] < least ? row[k] : least;
        largest = row[k] > largest ? row[k] : largest;
    }
    for (size_t k = 0; k < steps && largest >= least; k++)
        if (!isnan(row[k]))
            row[k] = (row[k] - least) / (largest - least);
}

static void apply(enum function_id id, const double *share, double *row, size_t steps)
{
    switch (id) {
    case FUNCTION_INTERPOLATE:
        interpolate(row, steps);
        break;
    case FUNCTION_KEEP_LAST_VALUE:
        keep_last(row, steps);
        break;
    case FUNCTION_KEEP_NEXT_VALUE:
        keep_next(row, steps);
        break;
    case FUNCTION_RANGE_NORMALIZE:
        normalize(row, steps);
        break;
    case FUNCTION_REMOVE_RESETS:
        remove_resets(row, steps);
        break;
    case FUNCTION_SMOOTH_EXPONENTIAL:
        smooth(row, share, steps);
        break;
    default:
        run(id, row, steps);
    }
}

/* As VictoriaMetrics has it: what still is a value of the series keeps the name. */
static bool keeps_name(enum function_id id)
{
    return id == FUNCTION_INTERPOLATE || id == FUNCTION_KEEP_LAST_VALUE ||
           id == FUNCTION_KEEP_NEXT_VALUE || id == FUNCTION_RANGE_NORMALIZE ||
           id == FUNCTION_REMOVE_RESETS || id == FUNCTION_SMOOTH_EXPONENTIAL;
}

int sequence_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                  struct vector *ret)
{
    enum function_id id = c->function->id;
    double *share = NULL;
    int code = eval_series(e, c->args[0], g, ret);

    if (!code && c->len > 1)
        code = eval_scalar(e, c->args[1], g, &share);
    for (size_t i = 0; i < ret->len && !code; i++) {
        apply(id, share, ret->lines[i].values, g->len);
        code = eval_interrupted(&e->options, e->err);
    }
    if (code || keeps_name(id) || c->keep_metric_names)
        return code;
    return eval_failed(e, vector_drop_names(ret, g->len, &e->arena));
}
