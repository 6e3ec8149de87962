/* regex_write.h - an expression spelled for PCRE2; for regex.c only. */
#ifndef ALGALON_METRIC_REGEX_WRITE_H
#define ALGALON_METRIC_REGEX_WRITE_H

#include "metric/regex_parse.h"

/** Appends the expression so that nothing PCRE2 alone understands can stand in it. */
void regex_write(const struct regex_node *node, struct buf *to);

/** Whether a character may have another case: of those beyond ASCII each one is taken to. */
bool regex_has_case(uint32_t rune);

#endif
