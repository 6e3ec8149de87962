/* format.h - a tree as text again. */
#ifndef ALGALON_PROMQL_FORMAT_H
#define ALGALON_PROMQL_FORMAT_H

#include "promql/node.h"

/** Appends the expression on one line. */
void format_line(const struct node *n, struct buf *to);

/** Appends it in lines: what is longer than 100 characters is broken up, two blanks a level. */
void format_pretty(const struct node *n, struct buf *to);

#endif
