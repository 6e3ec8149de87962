/* fault.h - how a query fails: kind, place and words, in the caller's struct promql_error. */
#ifndef ALGALON_PROMQL_FAULT_H
#define ALGALON_PROMQL_FAULT_H

#include "promql/promql.h"

/** A mistake in the text at byte `at` of it: "line:column: parse error: `format`". Only the first
 * is kept. Returns -EINVAL. */
int fault_parse(struct promql_error *err, struct str text, size_t at, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** Line and column, from 1, of byte `at` of the text. */
void fault_place(struct str text, size_t at, unsigned *ret_line, unsigned *ret_column);

/** A failure without a place. Returns a negative code that fits `kind`. */
int fault_set(struct promql_error *err, enum promql_error_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

/** The query's arena would not give more. */
int fault_memory(struct promql_error *err);

#endif
