/* window.h - MetricsQL's functions of one window of samples. */
#ifndef ALGALON_PROMQL_WINDOW_H
#define ALGALON_PROMQL_WINDOW_H

#include "promql/rollup.h"

/** The part of rollup_compute() for function_is_window(). */
MUST_CHECK int window_compute(const struct rollup_row *row);

#endif
