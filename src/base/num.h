/* num.h - numbers, durations and sizes as text, whatever the locale. */
#ifndef ALGALON_BASE_NUM_H
#define ALGALON_BASE_NUM_H

#include "base/error.h"
#include "base/std.h"
#include "base/str.h"

#define NUM_MAX_TEXT 32 /* enough for any number printed here, with its end */

/**
 * Parses a whole view as a float64, as Prometheus's formats write it: decimal, exponent,
 * hexadecimal, NaN, Inf, +Inf, -Inf (any case). Correctly rounded. False when anything else stands
 * there.
 */
MUST_CHECK bool num_parse(struct str s, double *ret);

/** Parses a whole view as a decimal integer; false on anything else and on overflow. */
MUST_CHECK bool num_parse_i64(struct str s, int64_t *ret);
MUST_CHECK bool num_parse_u64(struct str s, uint64_t *ret);

/**
 * Prints the shortest decimal that reads back as the same float64: plain from 1e-6 to below 1e21,
 * with an exponent beyond ("1e+21"), "NaN", "+Inf", "-Inf". Writes at most NUM_MAX_TEXT bytes, not
 * terminated; returns how many.
 */
size_t num_print(char *to, double value);
size_t num_print_u64(char *to, uint64_t value);

/** The same digits with an exponent below 1e-4 and from 1e+06 on, as Go's %v has them: for texts
 * that Prometheus's users know in this form (templates, expressions). At most NUM_MAX_TEXT bytes.
 */
size_t num_print_brief(char *to, double value);

/** Prints `units` / 10^`decimals` (18 at most) exactly, without trailing zeros: (1234, 2) is
 * "12.34", (1200, 2) is "12". At most NUM_MAX_TEXT bytes, not terminated; returns how many. */
size_t num_print_fixed(char *to, int64_t units, unsigned decimals);

/**
 * Parses a duration as Prometheus writes it: "5s", "1h30m", "250ms", units y w d h m s ms in this
 * order, each once; a bare number is seconds ("15", "0.5"). Errors: -EINVAL, -ERANGE; `err` says
 * what is wanted.
 */
MUST_CHECK int num_parse_duration(struct str s, int64_t *ret_ms, struct error *err);

/** Parses a size: a number and an optional unit (B, KB, MB, GB, TB, PB, or KiB ...; each a power of
 * 1024, as Prometheus has it). */
MUST_CHECK int num_parse_size(struct str s, uint64_t *ret_bytes, struct error *err);

/** Prints a duration the way num_parse_duration() reads it ("1h30m"). `to` has room for 48 bytes.
 * Returns `to`. */
const char *num_print_duration(char *to, int64_t ms);

#endif
