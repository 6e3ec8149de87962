/* projection.h - the part of a series' labels that by(), on() and the like look at. */
#ifndef ALGALON_PROMQL_PROJECTION_H
#define ALGALON_PROMQL_PROJECTION_H

#include "metric/metric.h"

/* Which labels count: those named (keep), or all others but the name. */
struct projection {
    bool keep;
    const struct str *names; /* sorted, distinct */
    size_t len;
};

/** Sorts the names into `a`. False when the arena is full. */
MUST_CHECK bool projection_new(struct arena *a, bool keep, const struct str *names, size_t len,
                               struct projection *ret);

/** The labels of `l` that count, in `to`. */
struct labels projection_of(const struct projection *p, struct labels l,
                            struct label to[LABELS_MAX]);

#endif
