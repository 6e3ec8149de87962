/* merge.h - many runs of a group become few blocks: for packing rows in memory, for joining small
 * pushed blocks, and for what goes to a day. */
#ifndef ALGALON_STORE_MERGE_H
#define ALGALON_STORE_MERGE_H

#include "store/head.h"

struct merger; /* scratch memory of one merge at a time */

MUST_CHECK struct merger *merger_new(void); /* NULL when memory is out */
void merger_free(struct merger *m);         /* NULL is fine */

/** Whether the blocks that are made may tell columns by others (block.h: `relate`); at first they
 * do not. */
void merger_relate(struct merger *m, bool relate);

/**
 * Merges `runs[n]`, in order of arrival (a later value at the same time wins), and hands each block
 * to `take`, in order of time. A block never spans a multiple of `split_ms` (0: no such bound) and
 * has `most` rows at most, up to BLOCK_ROWS_MAX. Errors: -ENOMEM, -EIO a damaged run, or what
 * `take` refused with.
 */
MUST_CHECK int merge_runs(struct merger *m, struct run *const *runs, uint32_t n, int64_t split_ms,
                          uint32_t most, int (*take)(void *ctx, const void *block, size_t size),
                          void *ctx);

#endif
