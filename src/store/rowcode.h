/* rowcode.h - one row of values for the log: what changed since the group's row before. */
#ifndef ALGALON_STORE_ROWCODE_H
#define ALGALON_STORE_ROWCODE_H

#include "store/varint.h"

/**
 * Appends `values[n]` (as bits) to `to`, told by their difference from `before[before_len]`; where
 * that is shorter, by the difference from 0. Cost: about 1 ns for a value that stayed, 3 for one
 * that changed.
 */
void row_encode(struct buf *to, const uint64_t *values, size_t n, const uint64_t *before,
                size_t before_len);

/** Reads `n` values back into `values`, which holds the row before (`before_len` values). False
 * when the bytes are none of ours. */
MUST_CHECK bool row_decode(struct reader *from, uint64_t *values, size_t n, size_t before_len);

#endif
