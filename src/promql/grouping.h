/* grouping.h - what says how series are grouped, in an expression. All advance the parse; false
 * with the error set. */
#ifndef ALGALON_PROMQL_GROUPING_H
#define ALGALON_PROMQL_GROUPING_H

#include "promql/parse.h"

/** by (a, b) or without (a, b), when it stands here. */
MUST_CHECK bool grouping_of_aggregation(struct parse *p, struct node_aggregate *a);

/** MetricsQL: limit 3, behind an aggregation, when it stands here. */
MUST_CHECK bool grouping_limit(struct parse *p, struct node_aggregate *a);

/** bool, on (...) group_left (...) and the like, behind an operator. */
MUST_CHECK bool grouping_of_operator(struct parse *p, struct node_binary *b);

#endif
