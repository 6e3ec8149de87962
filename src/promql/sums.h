/* sums.h - sums, means and extremes over windows. */
#ifndef ALGALON_PROMQL_SUMS_H
#define ALGALON_PROMQL_SUMS_H

#include "promql/rollup.h"

/** The part of rollup_compute() for sum, avg, min and max over time. */
MUST_CHECK int sums_compute(const struct rollup_row *row);

#endif
