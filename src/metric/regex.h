/* regex.h - regular expressions of matchers and relabelling: RE2's language, anchored at both ends,
 * bounded in time. The only file that knows PCRE2 is regex.c; the rules of the gate stand there. */
#ifndef ALGALON_METRIC_REGEX_H
#define ALGALON_METRIC_REGEX_H

#include "base/base.h"

struct regex;

/**
 * Compiles `pattern` (4 KiB at most), anchored: it must match whole values.
 * Errors: -EINVAL with the reason and position; what RE2 would refuse is refused.
 * Threads: a compiled regex is used by any number of threads at once.
 */
MUST_CHECK int regex_new(struct str pattern, struct regex **ret, struct error *err);
void regex_free(struct regex *re); /* NULL is fine */

/**
 * The same to be found anywhere in a value, as Go's regexp.Compile() has it: "." is no end of a
 * line. For regex_match(), which tells then whether it is in the value, and regex_replace().
 */
MUST_CHECK int regex_new_search(struct str pattern, struct regex **ret, struct error *err);

/** 1 match, 0 none, -ERANGE when the pattern went past its step bound on this value (the query must
 * end). */
int regex_match(const struct regex *re, struct str value);

/**
 * Expands `replacement` ($1, ${1}, ${name}, $$) for a whole match of `value` and appends it to
 * `to`. 1 expanded, 0 no match (nothing appended), negative as above.
 */
int regex_expand(const struct regex *re, struct str value, struct str replacement, struct buf *to);

/**
 * Appends `value` with every place where an expression of regex_new_search() is found replaced by
 * `replacement`, expanded as above. Errors: -ERANGE when that takes too many steps or is not done
 * by the deadline (clock_mono_ns()).
 */
MUST_CHECK int regex_replace(const struct regex *re, struct str value, struct str replacement,
                             uint64_t deadline_mono_ns, struct buf *to);

/** When the pattern is a plain set of literals ("a|b|c"), how many; 0 otherwise. regex_literal()
 * gives them. */
size_t regex_literals(const struct regex *re);
struct str regex_literal(const struct regex *re, size_t i);

/** The literal that every match starts with; may be empty. */
struct str regex_prefix(const struct regex *re);

#endif
