/* error.h - how a failure travels: a negative errno as the result, words in a struct on the
 * caller's stack. */
#ifndef ALGALON_BASE_ERROR_H
#define ALGALON_BASE_ERROR_H

#include "base/std.h"

struct error {
    int code; /* negative errno; 0 when nothing failed */
    char text[240];
};

/** Writes "`format`: what errno `code` means" into `err` (NULL is fine) and returns `code`. */
int error_errno(struct error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/** Writes `format` alone into `err` (NULL is fine) and returns `code`: for failures that errno has
 * no word for. */
int error_set(struct error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/** Puts "`format`: " in front of what `err` says and returns its code. Each layer adds what it was
 * doing. */
int error_in(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
