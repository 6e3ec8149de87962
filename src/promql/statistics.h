/* statistics.h - quantiles, deviations and trends of windows. */
#ifndef ALGALON_PROMQL_STATISTICS_H
#define ALGALON_PROMQL_STATISTICS_H

#include "promql/rollup.h"

/** The part of rollup_compute() for quantiles, deviations and trends. */
MUST_CHECK int statistics_compute(const struct rollup_row *row);

/** The quantile of sorted numbers, as Prometheus interpolates. */
double statistics_quantile(double q, const double *sorted, size_t n);

/** Orders numbers, NaN first. For qsort(). */
int statistics_order(const void *a, const void *b);

#endif
