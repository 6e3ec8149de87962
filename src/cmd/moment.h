/* moment.h - a moment of the past as people write it on a command line. */
#ifndef ALGALON_CMD_MOMENT_H
#define ALGALON_CMD_MOMENT_H

#include "base/base.h"

/**
 * Reads "02:13" or "02:13:05" (the last time that this machine's clock showed it),
 * "2026-03-18 02:13[:05]" (likewise by its clock), RFC 3339, or "15m" (so long ago). Errors:
 * -EINVAL none of these, or a moment that is yet to come.
 */
MUST_CHECK int moment_parse(const char *text, int64_t now_ms, int64_t *ret_ms, struct error *err);

#endif
