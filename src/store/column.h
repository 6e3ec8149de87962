/* column.h - the values of one series in one block, in as few bytes as we know how. The bytes are
 * drawn in FORMAT.md. */
#ifndef ALGALON_STORE_COLUMN_H
#define ALGALON_STORE_COLUMN_H

#include "metric/metric.h"
#include "store/huffman.h"

#define COLUMN_ROWS_MAX   4096
#define COLUMN_TABLES_MAX 128 /* codes that the columns of a block may share */

/* What makes a column of numbers: number = base + factor * x. */
struct column_numbers {
    unsigned scale;
    uint64_t factor, base;
};

/* A column of numbers as others may be told by it. */
struct column_shape {
    uint64_t hash[2]; /* of each x less the first, the first step upwards: columns that are linear
                         in each other have the same. 128 bits, since equal ones count as equal */
    uint32_t n;       /* values present */
    bool falls;       /* the first step is downwards */
    uint64_t first;   /* the first x */
    struct column_numbers numbers;
};

/* Encodes the columns of one block; they share codes. */
struct column_coder {
    struct huffman tables[COLUMN_TABLES_MAX];
    unsigned table_len;
    uint64_t values[COLUMN_ROWS_MAX]; /* scratch: of the column at hand, without absent ones */
    int64_t ints[COLUMN_ROWS_MAX];
    int64_t other_ints[COLUMN_ROWS_MAX];
    uint64_t residuals[COLUMN_ROWS_MAX];
    struct buf head;  /* presence and exceptions of the column at hand */
    uint8_t flags;    /* likewise */
    bool has_numbers; /* the column at hand does: `numbers`, and x in `values` */
    struct column_numbers numbers;
    float n_log_n[COLUMN_ROWS_MAX + 1]; /* n log2 n, to know what a code of its own would save */
};

void column_coder_init(struct column_coder *c);
void column_coder_fini(struct column_coder *c);

/** Forgets the codes: a new block begins. */
void column_coder_reset(struct column_coder *c);

/** Appends the column `bits[rows]`; nothing when all are absent. Returns how many are present. */
uint32_t column_encode(struct column_coder *c, const uint64_t *bits, uint32_t rows, struct buf *to);

/** The shape of the column that was just encoded. False when it is none of numbers that change. */
MUST_CHECK bool column_shape(struct column_coder *c, uint32_t n, struct column_shape *ret);

/** Appends the column that was just encoded, of shape `own`, as one that is linear in the earlier
 * column `index` of shape `other`; the two have the same hashes. */
void column_encode_like(const struct column_coder *c, const struct column_shape *own,
                        const struct column_shape *other, uint32_t index, struct buf *to);

/** Appends the codes that the columns lean on. */
void column_write_tables(const struct column_coder *c, struct buf *to);

/** Whether the column is told by an earlier one; *ret is that one's index. */
bool column_is_like(struct str bytes, uint64_t *ret);

/* A column to be read back. */
struct column_job {
    struct str tables;       /* what column_write_tables() wrote */
    struct str bytes;        /* of the column */
    struct str other;        /* of the one by which it is told, if so */
    const uint8_t *readable; /* end of the memory that may be looked at; behind both columns */
    uint32_t rows;
    uint64_t *ret;    /* [rows]; absent ones become VALUE_ABSENT_BITS */
    uint32_t present; /* how many are not absent */
};

/** Reads columns back: some at once cost less than one by one. False when the bytes of one are none
 * of ours. */
MUST_CHECK bool column_decode(struct column_job *jobs, size_t n);

#endif
