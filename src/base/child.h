/* child.h - runs another program to its end, with bounds on time and output. */
#ifndef ALGALON_BASE_CHILD_H
#define ALGALON_BASE_CHILD_H

#include "base/buf.h"
#include "base/error.h"

/**
 * Runs argv[0] (looked up in PATH) without a shell, standard input empty, and appends what it
 * writes to standard output. Errors: -ENOENT and others, it cannot be started; -ETIMEDOUT it was
 * killed after `patience_ms`; -EFBIG it was killed when `out` had reached its bound; -ECHILD it
 * ended otherwise than with 0 (`err` has the code and the beginning of what it wrote).
 */
MUST_CHECK int child_run(const char *const *argv, int64_t patience_ms, struct buf *out,
                         struct error *err);

#endif
