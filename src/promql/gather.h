/* gather.h - MetricsQL's aggregations, which look at all members of a group at once. */
#ifndef ALGALON_PROMQL_GATHER_H
#define ALGALON_PROMQL_GATHER_H

#include "promql/eval.h"

/** An aggregation for which node_is_gathered(). */
MUST_CHECK int gather_eval(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                           struct vector *v, const struct label_index *index,
                           const struct members *m, struct vector *ret);

#endif
