/* rewrite.h - a day written anew, block by block: for deleting samples, for packing ended days and
 * for making old ones coarser. Appends, sealing and queries go on meanwhile. */
#ifndef ALGALON_STORE_REWRITE_H
#define ALGALON_STORE_REWRITE_H

#include "store/internal.h"

struct rewrite; /* a day on its way */

struct rewrite_ops {
    /**
     * Takes the day's blocks by group, then by first time, and writes what is to stand in their
     * place with rewrite_put(). `late`: the block came after the rewriting began.
     */
    int (*block)(void *ctx, struct rewrite *rw, const struct day_place *place,
                 const struct day_blob *block, bool late);
    /* All blocks but late ones have come; may put more. NULL: nothing to do. */
    int (*end)(void *ctx, struct rewrite *rw);
    /* Whether a column is still named by the label index; NULL: all are. */
    bool (*keeps)(const void *ctx, uint32_t group, uint32_t column);
    bool settles; /* the blocks are as long as they should be afterwards */
    void *ctx;
};

/** Writes one block. Errors: -ENOSPC, -EIO. */
MUST_CHECK int rewrite_put(struct rewrite *rw, const struct day_place *place, const void *bytes,
                           size_t n);

/** A look at the day as it was when the rewriting began. */
struct day_read *rewrite_read(struct rewrite *rw);

/** Where words about a failure go. */
struct error *rewrite_error(struct rewrite *rw);

/**
 * Writes a day anew: the new one takes the old one's place whole, or not at all, also when the
 * process is killed. `window_ms`: the windows that its samples stand for from now on; 0: as before.
 * rewrite_lock held. Errors: -ENOENT there is no such day, -ENOSPC, -EIO, -ENOMEM, -ECANCELED the
 * store is being closed; what `ops` gave.
 */
MUST_CHECK int rewrite_day(struct store *s, int64_t number, const struct rewrite_ops *ops,
                           int64_t window_ms, struct error *err);

#endif
