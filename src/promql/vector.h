/* vector.h - values over a grid of times: every series a dense array of numbers, one for each step,
 * with a mark where it has none. */
#ifndef ALGALON_PROMQL_VECTOR_H
#define ALGALON_PROMQL_VECTOR_H

#include "promql/promql.h"

/* The times an expression is evaluated at: start, start + step, ... */
struct grid {
    int64_t start_ms, step_ms;
    size_t len; /* at least 1 but in empty subqueries */
};

static inline int64_t grid_time(const struct grid *g, size_t i)
{
    return g->start_ms + (int64_t)i * g->step_ms;
}

/* A step without a sample holds value_absent(); every operation looks before it computes, since
 * arithmetic would turn the mark into an ordinary NaN. */
struct line {
    struct labels labels;
    double *values; /* [grid.len] */
};

struct vector {
    struct line *lines;
    size_t len;
};

static inline bool is_absent(double value)
{
    return UNLIKELY(value_is_absent(value));
}

/** Fills with value_absent(). */
void vector_clear(double *values, size_t n);

/** `len` lines whose values are one block of absent marks. False when the arena is full. */
MUST_CHECK bool vector_new(struct arena *a, size_t len, size_t steps, struct vector *ret);

/** Takes lines without any sample out. */
void vector_drop_empty(struct vector *v, size_t steps);

/** `l` without its name: a view where the name stands first, else a copy. False when the arena is
 * full. */
MUST_CHECK bool vector_nameless(struct labels l, struct arena *a, struct labels *ret);

/**
 * Takes the names off. Lines that are then the same become one; -EEXIST when two of them have a
 * sample at the same step, -ENOMEM.
 */
MUST_CHECK int vector_drop_names(struct vector *v, size_t steps, struct arena *a);

/** Makes lines with equal labels one; errors as above. */
MUST_CHECK int vector_merge(struct vector *v, size_t steps, struct arena *a);

/** In the order of labels. */
void vector_sort(struct vector *v);

/* A sum with the rounding errors of Neumaier's variant of Kahan's, as Prometheus adds. */
struct sum {
    double value, rest;
};

static inline void sum_add(struct sum *s, double value)
{
    double total = s->value + value;

    if (isinf(total))
        s->rest = 0;
    else if (fabs(s->value) >= fabs(value))
        s->rest += (s->value - total) + value;
    else
        s->rest += (value - total) + s->value;
    s->value = total;
}

static inline double sum_total(struct sum s)
{
    return isinf(s.value) ? s.value : s.value + s.rest;
}

#endif
