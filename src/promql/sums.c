/* sums.c - sums, means and extremes over windows. Long windows that overlap are put together from
 * blocks, each reduced once; nothing is ever subtracted, so no digits are lost. */
#include "promql/sums.h"

#define BLOCK 32 /* samples reduced together; windows below three of them are added up plainly */

static double extreme(enum function_id id, double kept, double value)
{
    if (isnan(kept))
        return value;
    if (id == FUNCTION_MIN_OVER_TIME)
        return value < kept ? value : kept;
    return value > kept ? value : kept;
}

static double extreme_of(enum function_id id, const double *v, size_t from, size_t to)
{
    double kept = v[from];

    for (size_t i = from + 1; i < to; i++)
        kept = extreme(id, kept, v[i]);
    return kept;
}

/* A mean that cannot overflow: each value is divided before it is added. */
static double careful_mean(const double *v, size_t from, size_t to)
{
    struct sum mean = {v[from], 0};

    for (size_t i = from + 1; i < to; i++) {
        double count = (double)(i - from + 1), keep = (count - 1) / count;
        mean.value *= keep;
        mean.rest *= keep;
        sum_add(&mean, v[i] / count);
    }
    return mean.value + mean.rest;
}

static double finish(enum function_id id, struct sum s, const double *v, size_t from, size_t to)
{
    if (id == FUNCTION_SUM_OVER_TIME)
        return sum_total(s);
    if (isinf(s.value))
        return careful_mean(v, from, to);
    return s.value / (double)(to - from) + s.rest / (double)(to - from);
}

static struct sum sum_of(const double *v, size_t from, size_t to)
{
    struct sum s = {0};

    for (size_t i = from; i < to; i++)
        sum_add(&s, v[i]);
    return s;
}

static void sum_join(struct sum *to, struct sum part)
{
    sum_add(to, part.value);
    if (!isinf(to->value))
        to->rest += part.rest;
}

static bool is_long(const struct window *w)
{
    size_t samples = 0;

    for (size_t k = 0; k < w->steps; k++)
        samples += w->to[k] - w->from[k];
    return samples / w->steps >= 3 * (size_t)BLOCK;
}

static int sums(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const double *v = r->column->values;
    struct sum *blocks = NULL;
    size_t whole = r->column->len / BLOCK, work = 0;

    if (is_long(w)) {
        blocks = arena_calloc(r->scratch, whole + 1, sizeof(*blocks));
        if (!blocks)
            return -ENOMEM;
        for (size_t b = 0; b < whole; b++)
            blocks[b] = sum_of(v, b * BLOCK, (b + 1) * BLOCK);
    }
    for (size_t k = 0; k < w->steps; k++) {
        size_t from = w->from[k], to = w->to[k];
        size_t first = (from + BLOCK - 1) / BLOCK, last = to / BLOCK;
        if (from == to)
            continue;
        if (rollup_must_stop(r, &work, (to - from) / BLOCK))
            return -ETIME;
        if (!blocks || first >= last) {
            r->to[k] = finish(r->id, sum_of(v, from, to), v, from, to);
            continue;
        }
        struct sum s = sum_of(v, from, first * BLOCK);
        for (size_t b = first; b < last; b++)
            sum_join(&s, blocks[b]);
        for (size_t i = last * BLOCK; i < to; i++)
            sum_add(&s, v[i]);
        r->to[k] = finish(r->id, s, v, from, to);
    }
    return 0;
}

static int extremes(const struct rollup_row *r)
{
    const struct window *w = r->window;
    const double *v = r->column->values;
    double *blocks = NULL;
    size_t whole = r->column->len / BLOCK, work = 0;

    if (is_long(w)) {
        blocks = arena_calloc(r->scratch, whole + 1, sizeof(*blocks));
        if (!blocks)
            return -ENOMEM;
        for (size_t b = 0; b < whole; b++)
            blocks[b] = extreme_of(r->id, v, b * BLOCK, (b + 1) * BLOCK);
    }
    for (size_t k = 0; k < w->steps; k++) {
        size_t from = w->from[k], to = w->to[k];
        size_t first = (from + BLOCK - 1) / BLOCK, last = to / BLOCK;
        if (from == to)
            continue;
        if (rollup_must_stop(r, &work, (to - from) / BLOCK))
            return -ETIME;
        if (!blocks || first >= last) {
            r->to[k] = extreme_of(r->id, v, from, to);
            continue;
        }
        double kept = extreme_of(r->id, blocks, first, last);
        for (size_t i = from; i < first * BLOCK; i++)
            kept = extreme(r->id, kept, v[i]);
        for (size_t i = last * BLOCK; i < to; i++)
            kept = extreme(r->id, kept, v[i]);
        r->to[k] = kept;
    }
    return 0;
}

int sums_compute(const struct rollup_row *row)
{
    if (row->id == FUNCTION_SUM_OVER_TIME || row->id == FUNCTION_AVG_OVER_TIME)
        return sums(row);
    return extremes(row);
}
