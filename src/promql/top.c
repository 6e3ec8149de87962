/* top.c - tops over the whole range. */
#include "promql/top.h"

#include "promql/fault.h"
#include "promql/rank.h"
#include "promql/statistics.h"

#include <stdlib.h>

/* A series and what it is ranked by, NaN when it has no number at all. */
struct ranked {
    double score;
    uint32_t line;
};

static double score_of(enum node_aggregation op, const double *row, size_t steps, double *numbers)
{
    size_t len = 0;
    struct sum sum = {0};
    double least = (double)INFINITY, largest = -(double)INFINITY;

    for (size_t k = 0; k < steps; k++) {
        if (isnan(row[k]))
            continue;
        numbers[len++] = row[k];
        sum_add(&sum, row[k]);
        least = MIN(least, row[k]);
        largest = MAX(largest, row[k]);
    }
    if (!len)
        return (double)NAN;
    switch (op) {
    case AGGREGATION_TOPK_MIN:
    case AGGREGATION_BOTTOMK_MIN:
        return least;
    case AGGREGATION_TOPK_MAX:
    case AGGREGATION_BOTTOMK_MAX:
        return largest;
    case AGGREGATION_TOPK_AVG:
    case AGGREGATION_BOTTOMK_AVG:
        return sum_total(sum) / (double)len;
    case AGGREGATION_TOPK_LAST:
    case AGGREGATION_BOTTOMK_LAST:
        return numbers[len - 1];
    default:
        qsort(numbers, len, sizeof(*numbers), statistics_order);
        return statistics_quantile(0.5, numbers, len);
    }
}

/* The medians of a group, step by step. */
static void medians_of(const struct vector *v, const uint32_t *lines, size_t len, size_t steps,
                       double *numbers, double *medians)
{
    for (size_t k = 0; k < steps; k++) {
        size_t found = 0;
        for (size_t i = 0; i < len; i++)
            if (!isnan(v->lines[lines[i]].values[k]))
                numbers[found++] = v->lines[lines[i]].values[k];
        qsort(numbers, found, sizeof(*numbers), statistics_order);
        medians[k] = statistics_quantile(0.5, numbers, found);
    }
}

/* How far a series lies from them, squared and added up. */
static double distance(const double *row, const double *medians, size_t steps)
{
    double sum = 0;

    for (size_t k = 0; k < steps; k++)
        if (!isnan(row[k]))
            sum += (row[k] - medians[k]) * (row[k] - medians[k]);
    return sum;
}

static int compare(const struct ranked *a, const struct ranked *b, int sign)
{
    if (isnan(a->score) != isnan(b->score))
        return isnan(a->score) ? 1 : -1;
    if (a->score != b->score && !isnan(a->score))
        return a->score < b->score ? -sign : sign;
    return (a->line > b->line) - (a->line < b->line);
}

static int by_least(const void *a, const void *b)
{
    return compare(a, b, 1);
}

static int by_largest(const void *a, const void *b)
{
    return compare(a, b, -1);
}

/* "gpu=others", or a word that is both. */
static int name_rest(struct eval *e, struct labels group, struct str what, struct labels *ret)
{
    struct str rest = what, name = str_cut(&rest, '='), value = rest.ptr ? rest : name;
    struct label_builder b;
    struct labels view;
    struct error err;

    if (!name.len || name.len > LABEL_NAME_MAX || value.len > LABEL_VALUE_MAX)
        return fault_set(e->err, PROMQL_EXECUTION, "invalid label name \"%.*s\"",
                         (int)MIN(name.len, (size_t)100), name.ptr);
    label_builder_init(&b, group);
    label_builder_set(&b, name, value);
    if (label_builder_view(&b, &view, &err))
        return fault_set(e->err, PROMQL_EXECUTION, "%s", err.text);
    return labels_copy(view, &e->arena, ret) ? fault_memory(e->err) : 0;
}

/* Takes what lies behind the first `want` of the group away at step k, and adds it up in `rest`
 * where there is one. */
static void cut(struct vector *v, const struct ranked *ranks, size_t len, size_t k, size_t want,
                double *rest)
{
    for (size_t i = want; i < len; i++) {
        double *value = &v->lines[ranks[i].line].values[k];
        if (rest && !isnan(*value))
            rest[k] = is_absent(rest[k]) ? *value : rest[k] + *value;
        *value = value_absent();
    }
}

/* What one group leaves, best first, its rest behind it. */
static int place_group(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                       struct vector *v, const struct ranked *ranks, size_t len, struct labels key,
                       const double *params, struct vector *ret)
{
    struct line rest = {0};
    int code = 0;

    if (a->rest) {
        struct vector one;
        if (!vector_new(&e->arena, 1, g->len, &one))
            return fault_memory(e->err);
        rest = one.lines[0];
        code = name_rest(e, key, eval_string(a->rest), &rest.labels);
    }
    for (size_t k = 0; k < g->len && !code; k++) {
        size_t want = 0;
        code = rank_wanted(e, params[k], len, &want);
        if (!code)
            cut(v, ranks, len, k, want, rest.values);
    }
    for (size_t i = 0; i < len; i++)
        ret->lines[ret->len++] = v->lines[ranks[i].line];
    if (rest.values)
        ret->lines[ret->len++] = rest;
    return code ? code : eval_interrupted(&e->options, e->err);
}

int top_eval(struct eval *e, const struct node_aggregate *a, const struct grid *g, struct vector *v,
             const uint32_t *group_of, const struct label_index *index, struct vector *ret)
{
    struct ranked *ranks = arena_calloc(&e->arena, v->len + 1, sizeof(*ranks));
    double *numbers = arena_calloc(&e->arena, MAX(g->len, v->len) + 1, sizeof(*numbers)), *params;
    double *medians = arena_calloc(&e->arena, g->len + 1, sizeof(*medians));
    bool outliers = a->op == AGGREGATION_OUTLIERSK;
    bool least = a->op >= AGGREGATION_BOTTOMK_MIN && !outliers;
    struct members members;
    int code = eval_scalar(e, a->param, g, &params);

    *ret =
        (struct vector){arena_calloc(&e->arena, v->len + index->len + 1, sizeof(*ret->lines)), 0};
    if (!code && (!ranks || !numbers || !medians || !ret->lines ||
                  !label_index_members(&e->arena, group_of, v->len, index->len, &members)))
        code = fault_memory(e->err);
    for (size_t n = 0; n < index->len && !code; n++) {
        size_t first = members.first[n], len = members.first[n + 1] - first;
        if (outliers)
            medians_of(v, members.items + first, len, g->len, numbers, medians);
        for (size_t i = 0; i < len; i++) {
            uint32_t line = members.items[first + i];
            const double *row = v->lines[line].values;
            ranks[i] = (struct ranked){outliers ? distance(row, medians, g->len)
                                                : score_of(a->op, row, g->len, numbers),
                                       line};
        }
        qsort(ranks, len, sizeof(*ranks), least ? by_least : by_largest);
        code = place_group(e, a, g, v, ranks, len, index->keys[n], params, ret);
    }
    if (code)
        return code;
    vector_drop_empty(ret, g->len);
    return eval_failed(e, vector_merge(ret, g->len, &e->arena));
}
