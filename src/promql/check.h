/* check.h - types: what may stand where. */
#ifndef ALGALON_PROMQL_CHECK_H
#define ALGALON_PROMQL_CHECK_H

#include "promql/node.h"

/** Checks the whole tree; a selector where a range is wanted gets an implicit one. `text` is for
 * the place of a complaint. */
MUST_CHECK int check_types(struct str text, struct node *root, struct promql_error *err);

#endif
