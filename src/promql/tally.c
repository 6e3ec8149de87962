/* tally.c - gathering rows into groups. */
#include "promql/tally.h"

bool tally_can(enum node_aggregation op)
{
    return op <= AGGREGATION_STDVAR;
}

static bool is_deviation(enum node_aggregation op)
{
    return op == AGGREGATION_STDDEV || op == AGGREGATION_STDVAR;
}

bool tally_new(struct arena *a, enum node_aggregation op, size_t groups, size_t steps,
               struct tally *ret)
{
    bool second = op == AGGREGATION_SUM || op == AGGREGATION_AVG || is_deviation(op);
    bool count = op == AGGREGATION_AVG || is_deviation(op);
    size_t cells;

    *ret = (struct tally){.op = op, .groups = groups, .steps = steps};
    if (!size_mul(groups, steps, &cells))
        return false;
    ret->value = arena_calloc(a, cells + 1, sizeof(double));
    if (second)
        ret->second = arena_calloc(a, cells + 1, sizeof(double));
    if (count)
        ret->count = arena_calloc(a, cells + 1, sizeof(double));
    if (!ret->value || (second && !ret->second) || (count && !ret->count))
        return false;
    vector_clear(ret->value, cells);
    return true;
}

static void add_sums(const struct tally *t, size_t base, const double *row)
{
    double *value = t->value + base, *rest = t->second + base;

    for (size_t k = 0; k < t->steps; k++) {
        if (is_absent(row[k]))
            continue;
        if (is_absent(value[k])) {
            value[k] = row[k];
            continue;
        }
        struct sum s = {value[k], rest[k]};
        sum_add(&s, row[k]);
        value[k] = s.value;
        rest[k] = s.rest;
    }
    if (t->op != AGGREGATION_AVG)
        return;
    double *count = t->count + base;
    for (size_t k = 0; k < t->steps; k++)
        count[k] += !value_is_absent(row[k]);
}

static void add_extremes(const struct tally *t, size_t base, const double *row)
{
    double *value = t->value + base;
    bool smallest = t->op == AGGREGATION_MIN;

    for (size_t k = 0; k < t->steps; k++) {
        if (is_absent(row[k]))
            continue;
        /* A NaN gives way to any number; absent is a NaN too. */
        if (isnan(value[k]) || (smallest ? row[k] < value[k] : row[k] > value[k]))
            value[k] = row[k];
    }
}

static void add_counts(const struct tally *t, size_t base, const double *row)
{
    double *value = t->value + base;

    for (size_t k = 0; k < t->steps; k++)
        if (!is_absent(row[k]))
            value[k] = value_is_absent(value[k]) || t->op == AGGREGATION_GROUP ? 1 : value[k] + 1;
}

/* Welford's running mean and sum of squared distances from it. */
static void add_deviations(const struct tally *t, size_t base, const double *row)
{
    double *mean = t->value + base, *squares = t->second + base, *count = t->count + base;

    for (size_t k = 0; k < t->steps; k++) {
        if (is_absent(row[k]))
            continue;
        if (value_is_absent(mean[k]))
            mean[k] = 0;
        count[k]++;
        double delta = row[k] - mean[k];
        mean[k] += delta / count[k];
        squares[k] += delta * (row[k] - mean[k]);
    }
}

void tally_add(struct tally *t, size_t group, const double *row)
{
    size_t base = group * t->steps;

    switch (t->op) {
    case AGGREGATION_SUM:
    case AGGREGATION_AVG:
        add_sums(t, base, row);
        break;
    case AGGREGATION_MIN:
    case AGGREGATION_MAX:
        add_extremes(t, base, row);
        break;
    case AGGREGATION_STDDEV:
    case AGGREGATION_STDVAR:
        add_deviations(t, base, row);
        break;
    default:
        add_counts(t, base, row);
    }
}

static void join_sums(struct tally *t, const struct tally *from, size_t i)
{
    if (value_is_absent(t->value[i])) {
        t->value[i] = from->value[i];
        t->second[i] = from->second[i];
    } else {
        struct sum s = {t->value[i], t->second[i]};
        sum_add(&s, from->value[i]);
        if (!isinf(s.value))
            s.rest += from->second[i];
        t->value[i] = s.value;
        t->second[i] = s.rest;
    }
    if (t->count)
        t->count[i] += from->count[i];
}

static void join_deviations(struct tally *t, const struct tally *from, size_t i)
{
    if (value_is_absent(t->value[i])) {
        t->value[i] = from->value[i];
        t->second[i] = from->second[i];
        t->count[i] = from->count[i];
        return;
    }
    double a = t->count[i], b = from->count[i], delta = from->value[i] - t->value[i];
    t->value[i] += delta * b / (a + b);
    t->second[i] += from->second[i] + delta * delta * a * b / (a + b);
    t->count[i] = a + b;
}

void tally_join(struct tally *t, const struct tally *from)
{
    size_t cells = t->groups * t->steps;

    if (t->op == AGGREGATION_MIN || t->op == AGGREGATION_MAX) {
        for (size_t g = 0; g < t->groups; g++)
            add_extremes(t, g * t->steps, from->value + g * t->steps);
        return;
    }
    for (size_t i = 0; i < cells; i++) {
        if (value_is_absent(from->value[i]))
            continue;
        if (t->op == AGGREGATION_SUM || t->op == AGGREGATION_AVG)
            join_sums(t, from, i);
        else if (is_deviation(t->op))
            join_deviations(t, from, i);
        else if (value_is_absent(t->value[i]) || t->op == AGGREGATION_GROUP)
            t->value[i] = from->value[i];
        else
            t->value[i] += from->value[i];
    }
}

bool tally_finish(struct tally *t)
{
    size_t cells = t->groups * t->steps;
    bool fine = true;

    for (size_t i = 0; i < cells && t->second; i++) {
        if (value_is_absent(t->value[i]))
            continue;
        if (is_deviation(t->op)) {
            double variance = t->second[i] / t->count[i];
            t->value[i] = t->op == AGGREGATION_STDDEV ? sqrt(variance) : variance;
        } else if (t->op == AGGREGATION_SUM) {
            t->value[i] = sum_total((struct sum){t->value[i], t->second[i]});
        } else {
            fine = fine && !isinf(t->value[i]);
            t->value[i] = isinf(t->value[i])
                              ? t->value[i]
                              : t->value[i] / t->count[i] + t->second[i] / t->count[i];
        }
    }
    return fine;
}

void tally_careful_mean(const double *row, size_t steps, double *mean, double *rest, double *count)
{
    for (size_t k = 0; k < steps; k++) {
        if (is_absent(row[k]))
            continue;
        if (value_is_absent(mean[k]))
            mean[k] = rest[k] = count[k] = 0;
        count[k]++;
        double keep = (count[k] - 1) / count[k];
        struct sum s = {count[k] > 1 ? mean[k] * keep : 0, count[k] > 1 ? rest[k] * keep : 0};
        sum_add(&s, row[k] / count[k]);
        mean[k] = s.value;
        rest[k] = s.rest;
    }
}
