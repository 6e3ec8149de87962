/* selector.h - reads a selector. */
#ifndef ALGALON_PROMQL_SELECTOR_H
#define ALGALON_PROMQL_SELECTOR_H

#include "promql/parse.h"

/** What follows a name (or, when it is NULL, nothing) up to the closing brace. NULL with the error
 * set. */
struct node *selector_parse(struct parse *p, const struct lex_token *name);

#endif
