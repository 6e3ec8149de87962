/* block.h - many rows of one group as columns: what the head packs its rows into, what the log
 * keeps of pushed samples, and what lies in a day. The bytes are drawn in FORMAT.md. */
#ifndef ALGALON_STORE_BLOCK_H
#define ALGALON_STORE_BLOCK_H

#include "store/relate.h"

#define BLOCK_ROWS_MAX    4096
#define BLOCK_COLUMNS_MAX (1u << 24)
#define BLOCK_NONE        UINT32_MAX
#define BLOCK_RELATED     2 /* format of blocks in which columns are told by others; 1: of the rest */

/* Builds one block after another; keep it to save allocations. */
struct block_builder {
    uint32_t rows;
    uint32_t columns;
    uint32_t window_ms; /* set after block_begin() when rows stand for windows: see summary.h */
    int64_t min_ms, max_ms;
    struct column_coder coder;
    struct buf times, runs, lengths, data;
    uint32_t run_start, run_len; /* the open run of column numbers */
    uint32_t strip_start;        /* where the open strip's data begins */
    struct buf strips;
    uint32_t *seen; /* table from a column's bytes to its index, to refer to equal ones */
    size_t seen_cap;
    struct buf offsets; /* uint32_t: where each column's bytes begin in `data` */
    bool relate; /* set before block_begin(): columns may be told by earlier ones that they are
                    linear in. The block is then one of format 2 */
    struct relations relations;
};

void block_builder_init(struct block_builder *b);
void block_builder_fini(struct block_builder *b);

/** Begins a block of `rows` rows at strictly ascending times, BLOCK_ROWS_MAX at most. */
void block_begin(struct block_builder *b, const int64_t *ts_ms, uint32_t rows);

/** Adds a column: `bits[rows]`, VALUE_ABSENT_BITS where it has no sample. Columns come in ascending
 * order; one without any sample is left out. */
void block_add(struct block_builder *b, uint32_t column, const uint64_t *bits);

/** Appends the block to `to`, at a multiple of 8 bytes from `to`'s start if it stood at one.
 * Errors: -ENOMEM. */
MUST_CHECK int block_end(struct block_builder *b, struct buf *to);

/* A block that is read where it lies. */
struct block_view {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t rows, columns, runs;
    uint32_t window_ms; /* 0: each row is one that came */
    int64_t min_ms, max_ms;
    bool related; /* columns may be told by earlier ones */
    bool checked; /* it never left memory: columns need no checksum */
    /* Strips whose checksum was found good, a bit for each of the first 64: the owner of the view
     * may give room for them, so that not every column of a strip checks it anew. NULL: no room */
    atomic_uint_least64_t *good;
    const uint8_t *run_at, *strip_at, *length_at, *table_at, *time_at, *data_at;
    uint32_t table_size, time_size, data_size;
};

/** Looks at the header and directory of a block. `trusted`: it was built by this process, checksums
 * are skipped. Errors: -EIO, no block or a damaged one. */
MUST_CHECK int block_open(const void *bytes, size_t n, bool trusted, struct block_view *ret);

/** The format of a block, 1 or BLOCK_RELATED; 0: none of ours. */
unsigned block_format(const void *bytes, size_t n);

/** Bytes at the front of a block that block_open() looks at; 0 when `n` bytes don't tell. */
size_t block_front(const void *bytes, size_t n);

/** Decodes the times. Errors: -EIO. */
MUST_CHECK int block_times(const struct block_view *v, int64_t *ret);

/** Index of `column` in the block, or BLOCK_NONE. */
uint32_t block_find(const struct block_view *v, uint32_t column);

/** The column numbers, one after another: start with *run = *at = 0. BLOCK_NONE at the end. */
uint32_t block_next_column(const struct block_view *v, uint32_t *run, uint32_t *at);

/** Decodes the column with index `i`: `rows` values, VALUE_ABSENT_BITS where there is none.
 * Errors: -EIO. */
MUST_CHECK int block_read(const struct block_view *v, uint32_t i, uint64_t *ret,
                          uint32_t *ret_present);

/** Prepares to decode it, by column_decode(), together with others. Errors: -EIO. */
MUST_CHECK int block_job(const struct block_view *v, uint32_t i, uint64_t *ret,
                         struct column_job *ret_job);

/** Whether the checksums of all columns hold. */
bool block_verify(const struct block_view *v);

/** The bytes that block_read() of column `i` touches, for advice to the kernel. */
void block_extent(const struct block_view *v, uint32_t i, const uint8_t **ret_start,
                  size_t *ret_len);

#endif
