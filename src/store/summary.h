/* summary.h - blocks whose rows stand for windows of time: of each series the last, smallest and
 * largest value of a window, the sum and how many there were. The bytes are drawn in FORMAT.md. */
#ifndef ALGALON_STORE_SUMMARY_H
#define ALGALON_STORE_SUMMARY_H

#include "store/block.h"

#define SUMMARY_PARTS 5 /* SAMPLE_LAST to SAMPLE_COUNT: columns of one series in such a block */

struct summary; /* scratch memory of one block at a time */

MUST_CHECK struct summary *summary_new(void); /* NULL when memory is out */
void summary_free(struct summary *s);         /* NULL is fine */

/**
 * Makes a block of windows of `window_ms` out of a block of rows, or of shorter windows; *ret and
 * *ret_view live until the next call. A window ends at a multiple of `window_ms`, which belongs to
 * it. Of the columns that `is_counter` says are counters the rows around a reset are kept besides.
 * Errors: -EIO damage, -ENOMEM.
 */
MUST_CHECK int summary_make(struct summary *s, const struct block_view *v, uint32_t window_ms,
                            bool (*is_counter)(void *ctx, uint32_t column), void *ctx,
                            const struct buf **ret, struct block_view *ret_view);

/** Reads one part of a series: of a block of windows, or of one of rows. `column` is the series'.
 * Errors: -EIO. */
MUST_CHECK int summary_read(const struct block_view *v, uint32_t column, enum sample_part part,
                            uint64_t *ret, bool *ret_any);

/** Index of the column in the block that reading the part begins with, or BLOCK_NONE. */
uint32_t summary_find(const struct block_view *v, uint32_t column, enum sample_part part);

#endif
