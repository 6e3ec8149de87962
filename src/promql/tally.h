/* tally.h - sums, means, extremes, counts and deviations of rows, group by group and step by step.
 * Rows can be added one by one, and tallies of different threads be joined. */
#ifndef ALGALON_PROMQL_TALLY_H
#define ALGALON_PROMQL_TALLY_H

#include "promql/node.h"
#include "promql/vector.h"

struct tally {
    enum node_aggregation op;
    size_t groups, steps;
    /* [groups * steps] each; what they mean is the operation's: sum, rest and count; mean, squares
     * and count; or one value alone. A group without a sample at a step has value absent. */
    double *value, *second, *count;
};

/** True for the operations that a tally can do. */
bool tally_can(enum node_aggregation op);

MUST_CHECK bool tally_new(struct arena *a, enum node_aggregation op, size_t groups, size_t steps,
                          struct tally *ret);

/** Adds a row of samples (absent ones are passed over) to a group. */
void tally_add(struct tally *t, size_t group, const double *row);

/** Adds all that `from` has gathered. */
void tally_join(struct tally *t, const struct tally *from);

/** Turns what was gathered into results, in t->value. False when a mean overflowed on the way: then
 * tally_careful_mean() has to do it again. */
bool tally_finish(struct tally *t);

/** Adds a row to means that cannot overflow, step by step. `mean` starts all absent; the result is
 * mean + rest. */
void tally_careful_mean(const double *row, size_t steps, double *mean, double *rest, double *count);

#endif
