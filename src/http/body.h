/* body.h - content codings: undoes those of request bodies within a bound, applies gzip to answers.
 */
#ifndef ALGALON_HTTP_BODY_H
#define ALGALON_HTTP_BODY_H

#include "base/base.h"

/** True for the codings body_decode() knows: "", identity, gzip, x-gzip, zstd, and snappy, which is
 * left to the handler. */
bool body_coding_is_known(struct str coding);

/**
 * Undoes `coding` of `body` into `*ret` (replaced; owned by the caller). A coding that changes
 * nothing moves the bytes over. Errors: -EFBIG more than `max` bytes come out, -EBADMSG damaged
 * input, -EOPNOTSUPP an unknown coding, -ENOMEM. `body` is emptied in every case.
 */
MUST_CHECK int body_decode(struct str coding, struct buf *body, size_t max, struct buf *ret,
                           struct error *err);

/* Compressors are large: a few are kept for reuse. */
struct body_gzip;
struct body_gzip *body_gzip_new(void);
void body_gzip_free(struct body_gzip *g); /* NULL is fine */

/** Replaces `body` by its gzip form; false (and unchanged) when memory is out or nothing is gained.
 * Threads: any. */
bool body_gzip(struct body_gzip *g, struct buf *body);

#endif
