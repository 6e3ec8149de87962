/* duration.h - lengths of time: plain, or arithmetic over them. */
#ifndef ALGALON_PROMQL_DURATION_H
#define ALGALON_PROMQL_DURATION_H

#include "promql/parse.h"

/** All of the arithmetic, as in brackets; or one term of it, as behind "offset". NULL with the
 * error set. */
struct node *duration_parse(struct parse *p);
struct node *duration_parse_term(struct parse *p);

/** Seconds of it, given those of the query's step and range. */
double duration_seconds(const struct node *n, double step_s, double range_s);

/** False when step() or range() decide over it. */
bool duration_is_constant(const struct node *n);

/** True when a duration in seconds can be held in milliseconds. */
static inline bool duration_fits(double seconds)
{
    return fabs(seconds) < 9.2e9; /* 292 years, as far as Prometheus goes */
}

#endif
