/* native.h - VictoriaMetrics' native format, in which its instances and vmctl hand series on:
 * numbers of fixed width have the highest byte first, signed ones are in zigzag, varints have seven
 * bits a byte, low ones first.
 *
 *     stream:  min_ms i64, max_ms i64, then pairs of
 *              u32 length, name, u32 length, block    (each length at most 1 MiB)
 *     name:    metric name, then label names and values in turn, each ended by 01; the bytes 00, 01
 *              and 02 in them stand as 00 '0', 00 '1' and 00 '2'
 *     block:   varints first_ms, last_ms, first value, rows, scale; bytes: how the times are
 * packed, how the values are, 64 (bits of precision); varint length, times; varint length, values.
 * A value is an integer times 10 to the scale. The first releases with this format, 1.79 among
 * them, had neither last_ms nor the bits: such blocks are read too, told by their lengths. packing:
 * 3 all are the first; 2 a constant step (varint); 6 steps (varints); 5 the first step, then what
 * steps grow by; 4 and 1 as 6 and 5, in Zstandard
 *
 * Facts from VictoriaMetrics' lib/storage/block.go, block_header.go, metric_name.go and
 * lib/encoding. */
#ifndef ALGALON_API_NATIVE_H
#define ALGALON_API_NATIVE_H

#include "api/import_batch.h"

#define NATIVE_HEADER_BYTES 16
#define NATIVE_PART_MAX     (1u << 20) /* bytes of a name or a block */
#define NATIVE_ROWS         8192       /* of a block we write */
#define NATIVE_ROWS_MAX     16384      /* of a block we read */

enum native_packing {
    NATIVE_ZSTD_GROWTH = 1,
    NATIVE_STEP = 2,
    NATIVE_CONSTANT = 3,
    NATIVE_ZSTD_STEPS = 4,
    NATIVE_GROWTH = 5,
    NATIVE_STEPS = 6
};

#define NATIVE_PLUS_INFINITY  INT64_MAX
#define NATIVE_STALE          (INT64_MAX - 1)
#define NATIVE_MINUS_INFINITY INT64_MIN

/** Appends what a stream begins with. */
void native_print_header(int64_t min_ms, int64_t max_ms, struct buf *to);

struct native_writer;
struct native_writer *native_writer_new(void);
void native_writer_free(struct native_writer *w); /* NULL is fine */

/** Appends a series in as many blocks as it needs. The format has no NaN but the stale marker:
 * others are left out. Errors: -ENOMEM. */
MUST_CHECK int native_print(struct native_writer *w, struct labels labels, const struct column *c,
                            struct buf *to, struct error *err);

/**
 * Hands the samples of a stream to `push`, a block at a time, with the labels `extra` in place of
 * those of the same names. A block that cannot be read is counted as a line in *ret (begins zeroed)
 * and passed over; where the stream itself is torn, what stands before it is kept. Errors: those of
 * `push`, -ENOMEM.
 */
MUST_CHECK int native_read(struct str body, struct labels extra, import_push *push, void *ctx,
                           struct import_result *ret, struct error *err);

#endif
