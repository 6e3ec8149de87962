/* snappy.h - Snappy's block format: what remote write wraps its bodies in. */
#ifndef ALGALON_REMOTE_SNAPPY_H
#define ALGALON_REMOTE_SNAPPY_H

#include "base/base.h"

/**
 * Appends what `from` unpacks to to `ret`. The memory taken is what the block says it unpacks to,
 * after that was found to be at most `max` and possible for so many bytes. Errors: -EFBIG more than
 * `max` bytes, -EBADMSG damaged, -ENOMEM; `ret` is then as long as it was.
 */
MUST_CHECK int snappy_decode(struct str from, size_t max, struct buf *ret, struct error *err);

/** Appends `from` packed to `ret`. Errors: -EFBIG for 4 GiB and more, -ENOMEM. */
MUST_CHECK int snappy_encode(struct str from, struct buf *ret, struct error *err);

#endif
