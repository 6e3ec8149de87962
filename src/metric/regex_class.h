/* regex_class.h - escapes and character classes of a pattern; for regex_parse.c only. */
#ifndef ALGALON_METRIC_REGEX_CLASS_H
#define ALGALON_METRIC_REGEX_CLASS_H

#include "metric/regex_scan.h"

/* \d \s \w and their opposites, spelled for the inside of a class and for outside. PCRE2's \s has
 * the vertical tab, RE2's has not. */
struct perl_class {
    const char *escape, *inside, *outside;
};

/** Reads the one at p->at; NULL when there is none. */
const struct perl_class *regex_class_perl(struct parser *p);

/** Reads \pL, \p{Greek}, \P{^Lu} at p->at and appends PCRE2's spelling. False when there is none;
 * true also when it failed. */
bool regex_class_property(struct parser *p, struct buf *to);

/** Reads one escaped character, behind the backslash. False when it failed. */
bool regex_class_escape(struct parser *p, uint32_t *ret);

/** Reads the class whose bracket stands at p->at. NULL when it failed. */
struct regex_node *regex_class_parse(struct parser *p);

#endif
