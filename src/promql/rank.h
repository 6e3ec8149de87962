/* rank.h - aggregations that look at all members of a group at once: topk, bottomk, quantile,
 * median, count_values. */
#ifndef ALGALON_PROMQL_RANK_H
#define ALGALON_PROMQL_RANK_H

#include "promql/eval.h"

/** How many of `available` a parameter such as that of topk() asks for. */
MUST_CHECK int rank_wanted(struct eval *e, double param, size_t available, size_t *ret);

MUST_CHECK int rank_eval(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                         struct vector *v, const uint32_t *group_of,
                         const struct label_index *index, struct vector *ret);

#endif
