/* parts.h - MetricsQL's functions that make several series out of one. */
#ifndef ALGALON_PROMQL_PARTS_H
#define ALGALON_PROMQL_PARTS_H

#include "promql/rollup.h"

/** A call for which function_has_parts(), opened. */
MUST_CHECK int parts_eval(struct eval *e, struct rollup *r, struct vector *ret);

/** Sets a label of a line; an empty value takes it away. */
MUST_CHECK int parts_label(struct eval *e, struct line *l, struct str name, struct str value);

#endif
