/* queue.h - blocks on disk that wait for receivers: files of records, written at the end, read in
 * order by each receiver on its own, removed when all are through.
 *
 *   DIR/0000000000000001.queue   records, one behind the other; numbers only rise
 *   DIR/NAME.position            how far the receiver NAME is: "segment offset\n"
 *   DIR/lock                     locked with flock() while a process has the queue
 *
 *   0        4        8         12       16          24
 *   | "ALGf" | length | samples | crc    | time (ms) | bytes ...      little-endian
 *     crc: CRC32C over everything but itself. A record that is cut off or does not agree ends its
 *     file; the next file goes on.
 *
 * Threads: any; one per reader. */
#ifndef ALGALON_FORWARD_QUEUE_H
#define ALGALON_FORWARD_QUEUE_H

#include "base/base.h"

#define QUEUE_RECORD_MAX ((size_t)16 << 20)

struct queue;

struct queue_options {
    const char *dir;
    uint64_t max_bytes;     /* beyond it the oldest segments are dropped */
    uint64_t segment_bytes; /* at most; an eighth of either bound fills one too */
    int64_t max_age_ms;     /* segments with nothing younger are dropped */
};

MUST_CHECK int queue_open(const struct queue_options *options, struct queue **ret,
                          struct error *err);
void queue_close(struct queue *q); /* NULL is fine; nobody waits any more */

/** A reader that goes on where the one of this name stopped, or begins with what comes next. Before
 * the first append only. Errors: -ENOMEM, those of the disk. */
MUST_CHECK int queue_reader(struct queue *q, const char *name, size_t *ret, struct error *err);

/** Adds a record and syncs it to the disk. Old records are dropped when there are too many. */
MUST_CHECK int queue_append(struct queue *q, struct str bytes, uint32_t samples, int64_t now_ms,
                            struct error *err);

struct queue_record {
    struct buf bytes; /* kept between calls */
    uint32_t samples;
    int64_t ts_ms;
    uint64_t segment, next; /* where the one behind it begins */
};

/** The record that reader `i` is at: 1; 0 when there is none, or none that can be read now. It
 * stays there until queue_pass(). */
int queue_peek(struct queue *q, size_t i, int64_t now_ms, struct queue_record *ret);

/** Reader `i` is done with the record. */
void queue_pass(struct queue *q, size_t i, const struct queue_record *record);

/** Writes down how far the readers are. */
void queue_save(struct queue *q);

struct queue_stats {
    uint64_t bytes;
};
void queue_get_stats(struct queue *q, struct queue_stats *ret);

/** Samples that reader `i` never saw because they were dropped or damaged. */
uint64_t queue_dropped(struct queue *q, size_t i);

#endif
