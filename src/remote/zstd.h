/* zstd.h - bodies of remote write in Zstandard's form, as VictoriaMetrics takes them. */
#ifndef ALGALON_REMOTE_ZSTD_H
#define ALGALON_REMOTE_ZSTD_H

#include "base/base.h"

/** Appends `from`, packed. Errors: -ENOMEM. */
MUST_CHECK int zstd_encode(struct str from, struct buf *to, struct error *err);

#endif
