/* zstd.h - bytes in Zstandard's form, as VictoriaMetrics sends and takes them. */
#ifndef ALGALON_REMOTE_ZSTD_H
#define ALGALON_REMOTE_ZSTD_H

#include "base/base.h"

/** Appends `from`, packed. Errors: -ENOMEM. */
MUST_CHECK int zstd_encode(struct str from, struct buf *to, struct error *err);

/** Appends what `from` was packed from, `max` bytes at most. Errors: -EINVAL it is no whole frame
 * or gives more, -ENOMEM. */
MUST_CHECK int zstd_decode(struct str from, size_t max, struct buf *to, struct error *err);

#endif
