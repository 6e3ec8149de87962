/* letter_case.h - upper and lower case of UTF-8, for relabelling and for the
 * templates of alerts. */
#ifndef ALGALON_BASE_LETTER_CASE_H
#define ALGALON_BASE_LETTER_CASE_H

#include "base/arena.h"
#include "base/std.h"
#include "base/str.h"

/**
 * Writes `value` in upper or lower case into `a`, letter by letter as Unicode's simple mapping says
 * (of the C library's locale C.UTF-8; where it lacks that, only ASCII changes). Bytes that are no
 * UTF-8 become U+FFFD, as in Prometheus. Errors: -ENOMEM.
 */
MUST_CHECK int letter_case(struct str value, bool upper, struct arena *a, struct str *ret);

#endif
