/* column.h - the values of one series in one block, in as few bytes as we know how. The bytes are
 * drawn in FORMAT.md. */
#ifndef ALGALON_STORE_COLUMN_H
#define ALGALON_STORE_COLUMN_H

#include "metric/metric.h"
#include "store/huffman.h"

#define COLUMN_ROWS_MAX   4096
#define COLUMN_TABLES_MAX 64 /* codes that the columns of a block may share */

/* Encodes the columns of one block; they share codes. */
struct column_coder {
    struct huffman tables[COLUMN_TABLES_MAX];
    unsigned table_len;
    uint64_t values[COLUMN_ROWS_MAX]; /* scratch: of the column at hand, without absent ones */
    int64_t ints[COLUMN_ROWS_MAX];
    int64_t other_ints[COLUMN_ROWS_MAX];
    uint64_t residuals[COLUMN_ROWS_MAX];
    struct buf head;                    /* presence and exceptions of the column at hand */
    float n_log_n[COLUMN_ROWS_MAX + 1]; /* n log2 n, to know what a code of its own would save */
};

void column_coder_init(struct column_coder *c);
void column_coder_fini(struct column_coder *c);

/** Forgets the codes: a new block begins. */
void column_coder_reset(struct column_coder *c);

/** Appends the column `bits[rows]`; nothing when all are absent. Returns how many are present. */
uint32_t column_encode(struct column_coder *c, const uint64_t *bits, uint32_t rows, struct buf *to);

/** Appends the codes that the columns lean on. */
void column_write_tables(const struct column_coder *c, struct buf *to);

/**
 * Reads a column back into `ret[rows]`, absent ones as VALUE_ABSENT_BITS. `tables` is what
 * column_write_tables() wrote. False when the bytes are none of ours.
 */
MUST_CHECK bool column_decode(const uint8_t *tables, size_t table_size, const uint8_t *bytes,
                              size_t n, uint32_t rows, uint64_t *ret, uint32_t *ret_present);

#endif
