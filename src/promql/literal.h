/* literal.h - what the literals of PromQL mean: numbers and strings. */
#ifndef ALGALON_PROMQL_LITERAL_H
#define ALGALON_PROMQL_LITERAL_H

#include "base/base.h"

/**
 * Copies what a LEX_STRING means into `a`: escapes resolved, raw between backticks.
 * False when an escape is none (`*ret_error` says so), or when the arena is full (it is NULL then).
 */
bool literal_unquote(struct str quoted, struct arena *a, struct str *ret, const char **ret_error);

/** Reads a LEX_NUMBER: decimal, hexadecimal, octal, with underscores, or with a suffix (1Ki, 5M).
 * False when it is none. */
bool literal_number(struct str text, double *ret);

#endif
