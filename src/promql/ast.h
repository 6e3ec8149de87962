/* ast.h - a tree as JSON, in the shape in which Prometheus 3 answers /api/v1/parse_query. */
#ifndef ALGALON_PROMQL_AST_H
#define ALGALON_PROMQL_AST_H

#include "promql/node.h"

/**
 * Appends the tree. Lengths of time that step() or range() decide over are 0, as nothing is known
 * of the query. What only MetricsQL has stands under keys that Prometheus does not know:
 * "keepMetricNames", and "implicitRange" for rate(m).
 */
void ast_print(const struct node *n, struct buf *to);

#endif
