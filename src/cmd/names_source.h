/* names_source.h - where the names come from that a dashboard is held against. */
#ifndef ALGALON_CMD_NAMES_SOURCE_H
#define ALGALON_CMD_NAMES_SOURCE_H

#include "migrate/migrate.h"

/**
 * Reads what `source` gives: the word all-smi or dcgm; a URL of an exporter (with its path) or of a
 * store (without one: its series of the last minutes); else a file with an exposition.
 * Errors: -EINVAL, -ENODATA, -EIO no answer, or what reading gives; `err` says what.
 */
MUST_CHECK int names_source_read(const char *source, struct known *ret, struct error *err);

/** GETs `url` into `to`, at most 256 MiB within `timeout_ms`. Errors: -EIO no answer or another
 * status than 200, -E2BIG, -ELIBACC libcurl is not installed. */
MUST_CHECK int names_source_get(const char *url, int64_t timeout_ms, struct buf *to,
                                struct error *err);

#endif
