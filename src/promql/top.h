/* top.h - MetricsQL's topk_avg and the like: the series that are largest or smallest over the whole
 * range, instead of others at every step. */
#ifndef ALGALON_PROMQL_TOP_H
#define ALGALON_PROMQL_TOP_H

#include "promql/eval.h"

MUST_CHECK int top_eval(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                        struct vector *v, const uint32_t *group_of, const struct label_index *index,
                        struct vector *ret);

#endif
