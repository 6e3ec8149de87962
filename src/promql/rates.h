/* rates.h - how fast counters and gauges change. */
#ifndef ALGALON_PROMQL_RATES_H
#define ALGALON_PROMQL_RATES_H

#include "promql/rollup.h"

/** The part of rollup_compute() for rate, increase, delta, irate, idelta, resets, changes,
 * rollup_rate. */
MUST_CHECK int rates_compute(const struct rollup_row *row);

#endif
