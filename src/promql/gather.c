/* gather.c - MetricsQL's aggregations: one number out of a group at each step, or its members
 * changed by what the others are. */
#include "promql/gather.h"

#include "promql/fault.h"
#include "promql/parts.h"
#include "promql/rank.h"
#include "promql/statistics.h"
#include "promql/vmrange.h"

#include <stdlib.h>

static double sum_of(const double *numbers, size_t len, bool squares)
{
    struct sum sum = {0};

    for (size_t i = 0; i < len; i++)
        sum_add(&sum, squares ? numbers[i] * numbers[i] : numbers[i]);
    return sum_total(sum);
}

/* Of sorted numbers; of equally frequent ones the smallest. */
static double mode(const double *sorted, size_t len, size_t *ret_distinct)
{
    size_t run = 0, longest = 0;
    double found = (double)NAN;

    *ret_distinct = 0;
    for (size_t i = 0; i < len; i++) {
        bool same = i && (sorted[i] == sorted[i - 1] || (isnan(sorted[i]) && isnan(sorted[i - 1])));
        run = same ? run + 1 : 1;
        *ret_distinct += !same;
        if (run > longest) {
            longest = run;
            found = sorted[i];
        }
    }
    return found;
}

static double geometric_mean(const double *numbers, size_t len)
{
    struct sum logs = {0};
    bool negative = false;

    for (size_t i = 0; i < len; i++) {
        negative = negative != (numbers[i] < 0);
        sum_add(&logs, log(fabs(numbers[i])));
    }
    if (negative && len > 1)
        return (double)NAN;
    double root = exp(sum_total(logs) / (double)len);
    return negative ? -root : root;
}

/* The median distance from the median. Puts the numbers in order. */
static double deviation_of_median(double *numbers, size_t len)
{
    double median = statistics_quantile(0.5, numbers, len);

    for (size_t i = 0; i < len; i++)
        numbers[i] = fabs(numbers[i] - median);
    qsort(numbers, len, sizeof(*numbers), statistics_order);
    return statistics_quantile(0.5, numbers, len);
}

static double one_number(enum node_aggregation op, double *numbers, size_t len)
{
    size_t distinct;
    double found;

    switch (op) {
    case AGGREGATION_SUM2:
        return sum_of(numbers, len, true);
    case AGGREGATION_GEOMEAN:
        return geometric_mean(numbers, len);
    default:
        break;
    }
    qsort(numbers, len, sizeof(*numbers), statistics_order);
    if (op == AGGREGATION_MAD)
        return deviation_of_median(numbers, len);
    found = mode(numbers, len, &distinct);
    return op == AGGREGATION_MODE ? found : (double)distinct;
}

/* The members' numbers at step k; how many. */
static size_t numbers_at(const struct vector *v, const uint32_t *lines, size_t len, size_t k,
                         double *to)
{
    size_t found = 0;

    for (size_t i = 0; i < len; i++) {
        double value = v->lines[lines[i]].values[k];
        if (!is_absent(value))
            to[found++] = value;
    }
    return found;
}

/* Each member's share of the sum of those that are not negative; these have none. */
static void shares(struct vector *v, const uint32_t *lines, size_t len, size_t k)
{
    struct sum sum = {0};

    for (size_t i = 0; i < len; i++) {
        double value = v->lines[lines[i]].values[k];
        if (value >= 0)
            sum_add(&sum, value);
    }
    for (size_t i = 0; i < len; i++) {
        double *value = &v->lines[lines[i]].values[k];
        *value = *value >= 0 ? *value / sum_total(sum) : value_absent();
    }
}

/* How many standard deviations each member lies from the mean of all. */
static void scores(struct vector *v, const uint32_t *lines, size_t len, size_t k, double *numbers)
{
    size_t found = numbers_at(v, lines, len, k, numbers);
    double mean = sum_of(numbers, found, false) / (double)found;

    for (size_t i = 0; i < found; i++)
        numbers[i] -= mean;
    double width = sqrt(sum_of(numbers, found, true) / (double)found);
    for (size_t i = 0; i < len; i++) {
        double *value = &v->lines[lines[i]].values[k];
        if (!is_absent(*value))
            *value = width > 0 ? (*value - mean) / width : value_absent();
    }
}

/* The first `want` of a group in the order of labels. */
static int first_members(struct eval *e, const struct vector *v, const uint32_t *lines, size_t len,
                         size_t want, struct vector *ret)
{
    struct vector sorted = {arena_calloc(&e->arena, len + 1, sizeof(struct line)), len};

    if (!sorted.lines)
        return fault_memory(e->err);
    for (size_t i = 0; i < len; i++)
        sorted.lines[i] = v->lines[lines[i]];
    vector_sort(&sorted);
    for (size_t i = 0; i < MIN(want, len); i++)
        ret->lines[ret->len++] = sorted.lines[i];
    return 0;
}

static int choose(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                  const struct vector *v, size_t groups, const struct members *m,
                  struct vector *ret)
{
    double *params = NULL;
    int code = a->param ? eval_scalar(e, a->param, g, &params) : 0;

    *ret = (struct vector){arena_calloc(&e->arena, v->len + 1, sizeof(struct line)), 0};
    if (!code && !ret->lines)
        code = fault_memory(e->err);
    for (size_t n = 0; n < groups && !code; n++) {
        size_t first = m->first[n], len = m->first[n + 1] - first, want = 1;
        code = params ? rank_wanted(e, params[0], len, &want) : 0;
        if (!code)
            code = first_members(e, v, m->items + first, len, want, ret);
    }
    return code;
}

static int one_of_each(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                       const struct vector *v, const struct label_index *index,
                       const struct members *m, double *numbers, struct vector *ret)
{
    int code = 0;

    if (!vector_new(&e->arena, index->len, g->len, ret))
        return fault_memory(e->err);
    for (size_t n = 0; n < index->len && !code; n++) {
        ret->lines[n].labels = index->keys[n];
        for (size_t k = 0; k < g->len; k++) {
            size_t len =
                numbers_at(v, m->items + m->first[n], m->first[n + 1] - m->first[n], k, numbers);
            if (len)
                ret->lines[n].values[k] = one_number(a->op, numbers, len);
        }
        code = eval_interrupted(&e->options, e->err);
    }
    vector_drop_empty(ret, g->len);
    return code;
}

/* quantiles("phi", 0.5, 0.9, x): a series for each quantile of each group. */
static int quantiles(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                     const struct vector *v, const struct label_index *index,
                     const struct members *m, double *numbers, struct vector *ret)
{
    double *phis[NODE_ARGS_MAX];
    struct str names[NODE_ARGS_MAX];
    int code = 0;

    for (size_t p = 0; p < a->more_len && !code; p++) {
        char text[NUM_MAX_TEXT];
        code = eval_scalar(e, a->more[p], g, &phis[p]);
        if (code)
            return code;
        names[p].len = num_print(text, phis[p][0]);
        names[p].ptr = arena_strndup(&e->arena, text, names[p].len);
        if (!names[p].ptr)
            return fault_memory(e->err);
        eval_warn_of_quantiles(e, a->more[p], phis[p], g->len);
    }
    if (!vector_new(&e->arena, index->len * a->more_len, g->len, ret))
        return fault_memory(e->err);
    for (size_t n = 0; n < index->len && !code; n++) {
        struct line *lines = ret->lines + n * a->more_len;
        for (size_t k = 0; k < g->len; k++) {
            size_t len =
                numbers_at(v, m->items + m->first[n], m->first[n + 1] - m->first[n], k, numbers);
            qsort(numbers, len, sizeof(*numbers), statistics_order);
            for (size_t p = 0; len && p < a->more_len; p++)
                lines[p].values[k] = statistics_quantile(phis[p][k], numbers, len);
        }
        for (size_t p = 0; p < a->more_len && !code; p++) {
            lines[p].labels = index->keys[n];
            code = parts_label(e, &lines[p], eval_string(a->param), names[p]);
        }
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    vector_drop_empty(ret, g->len);
    return code ? code : eval_failed(e, vector_merge(ret, g->len, &e->arena));
}

static int change_members(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                          struct vector *v, size_t groups, const struct members *m, double *numbers)
{
    int code = 0;

    for (size_t n = 0; n < groups && !code; n++) {
        const uint32_t *lines = m->items + m->first[n];
        size_t len = m->first[n + 1] - m->first[n];
        for (size_t k = 0; k < g->len; k++) {
            if (a->op == AGGREGATION_SHARE)
                shares(v, lines, len, k);
            else
                scores(v, lines, len, k, numbers);
        }
        code = eval_interrupted(&e->options, e->err);
    }
    vector_drop_empty(v, g->len);
    return code ? code : eval_failed(e, vector_drop_names(v, g->len, &e->arena));
}

int gather_eval(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                struct vector *v, const struct label_index *index, const struct members *m,
                struct vector *ret)
{
    double *numbers = arena_calloc(&e->arena, v->len + 1, sizeof(*numbers));

    if (!numbers)
        return fault_memory(e->err);
    switch (a->op) {
    case AGGREGATION_ANY:
    case AGGREGATION_LIMITK:
        return choose(e, a, g, v, index->len, m, ret);
    case AGGREGATION_HISTOGRAM:
        return vmrange_gather(e, g, v, index, m, ret);
    case AGGREGATION_QUANTILES:
        return quantiles(e, a, g, v, index, m, numbers, ret);
    case AGGREGATION_SHARE:
    case AGGREGATION_ZSCORE:
        *ret = *v;
        return change_members(e, a, g, ret, index->len, m, numbers);
    default:
        return one_of_each(e, a, g, v, index, m, numbers, ret);
    }
}
