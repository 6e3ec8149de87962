/* wal.h - the log: what was acknowledged, in segment files that are only ever appended to. The
 * bytes are drawn in FORMAT.md. One writer at a time inside; replay happens before it opens. */
#ifndef ALGALON_STORE_WAL_H
#define ALGALON_STORE_WAL_H

#include "store/io.h"

#define WAL_HEADER        8                    /* bytes in front of each record's payload */
#define WAL_RECORD_MAX    ((1u << 24) - 64)    /* bytes of a payload */
#define WAL_SEGMENT_BYTES (UINT32_C(64) << 20) /* a segment is closed when it would pass this */

/* What a record says; the payloads are drawn in FORMAT.md. */
enum wal_type {
    WAL_GROUP = 1, /* a group and its name */
    WAL_COLUMNS,   /* labels of further columns of a group */
    WAL_ROW,       /* one row of a group */
    WAL_BLOCK,     /* pushed samples of a group, as a block */
    WAL_MARK,      /* what a group had written before a position lies in blocks by now */
    WAL_TYPES
};

/* A place in the log: segment number and offset; ordered as the log is. */
static inline uint64_t wal_pos(uint32_t segment, uint32_t offset)
{
    return (uint64_t)segment << 32 | offset;
}

static inline uint32_t wal_pos_segment(uint64_t pos)
{
    return (uint32_t)(pos >> 32);
}

/** Opens a record in `b`: returns its start, for wal_record_end() once the payload is appended. */
size_t wal_record_begin(struct buf *b);
void wal_record_end(struct buf *b, size_t start, enum wal_type type);

struct wal;

/** Starts segment `number` in folder `dir`, which must not have it yet. Errors: -ENOSPC, *ret is
 * made all the same: the segment begins with the first write that there is room for. */
MUST_CHECK int wal_open(const char *dir, uint32_t number, uint32_t segment_bytes,
                        const struct store_io *io, struct wal **ret, struct error *err);
void wal_close(struct wal *w); /* NULL is fine; does not sync */

/** Number of the segment that the next record goes to. */
uint32_t wal_segment(struct wal *w);

/**
 * Writes whole records, made for segment `segment`, and gives their place. When it returns, the
 * bytes are the kernel's. Threads: any. Errors: -EAGAIN the log has gone on to another segment:
 * make the records anew (they lean on their segment); -ENOSPC, nothing is kept; -EIO, and from then
 * on always.
 */
MUST_CHECK int wal_write(struct wal *w, uint32_t segment, const void *records, size_t n,
                         uint64_t *ret_pos, struct error *err);

/** Brings what was written to the disk. Threads: any. Errors: -EIO, and from then on always;
 * others: segments of an earlier life could not be opened for it, ask again. */
MUST_CHECK int wal_sync(struct wal *w, struct error *err);

/** Goes on to a new segment, unless the present one is empty. */
MUST_CHECK int wal_rotate(struct wal *w, struct error *err);

/** Removes the segments before `segment`, for good. Threads: one at a time. Errors: what the system
 * says; some may stay, and go the next time. */
MUST_CHECK int wal_trim(struct wal *w, uint32_t segment, struct error *err);

struct wal_stats {
    uint64_t bytes, segments; /* on disk now */
};
void wal_get_stats(struct wal *w, struct wal_stats *ret);

struct wal_replay_result {
    uint64_t bytes, records;
    uint64_t torn_bytes;    /* cut off at the end of the last segment */
    uint64_t damaged_bytes; /* passed over elsewhere */
    uint32_t next_segment;  /* for wal_open() */
    uint32_t segments;
};

/**
 * Reads all segments in order and hands each good record to `visit`, which may refuse to go on with
 * a negative errno. Damage is passed over to the next good record, counted and logged; a torn end
 * of the last segment is cut off.
 */
MUST_CHECK int wal_replay(const char *dir,
                          int (*visit)(void *ctx, uint64_t pos, enum wal_type type,
                                       const uint8_t *payload, size_t n),
                          void *ctx, struct wal_replay_result *ret, struct error *err);

/** Walks the records of one segment's bytes: what wal_replay() does in each file. Returns what
 * `visit` refused with, or 0. */
MUST_CHECK int wal_scan(const uint8_t *bytes, size_t n, uint32_t segment,
                        int (*visit)(void *ctx, uint64_t pos, enum wal_type type,
                                     const uint8_t *payload, size_t n),
                        void *ctx, size_t *ret_good_end, uint64_t *ret_damaged,
                        uint64_t *ret_records);

#endif
