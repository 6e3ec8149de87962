/* queue.h - blocks on disk that wait for receivers: files of records, written at the end, read in
 * order by each receiver on its own, removed when all are through.
 *
 *   DIR/0000000000000001.queue   records, one behind the other; numbers only rise
 *   DIR/NAME.position            how far the receiver NAME is: "segment offset\n"; of one that is
 * no longer a receiver "segment offset end-segment end-offset\n": what lies before the end waits
 * for it DIR/lock                     locked with flock() while a process has the queue
 *
 *   0        4        8         12       16          24
 *   | "ALGf" | length | samples | crc    | time (ms) | bytes ...      little-endian
 *     crc: CRC32C over everything but itself. A record that is cut off or does not agree ends its
 *     file; the next file goes on.
 *
 * A reader that is closed keeps its place and what it was to get until it left, within the bounds
 * of all: opened again it goes on there. When nothing of that is left its position is forgotten.
 *
 * Threads: any; one per reader. */
#ifndef ALGALON_FORWARD_QUEUE_H
#define ALGALON_FORWARD_QUEUE_H

#include "base/base.h"

#define QUEUE_RECORD_MAX ((size_t)16 << 20)

struct queue;

struct queue_options {
    const char *dir;
    uint64_t max_bytes;     /* beyond it the oldest segments are dropped, or there is no room */
    bool keep_oldest;       /* the latter: queue_has_room() before anything is taken */
    uint64_t segment_bytes; /* at most; an eighth of either bound fills one too */
    int64_t max_age_ms;     /* segments with nothing younger are dropped */
};

MUST_CHECK int queue_open(const struct queue_options *options, struct queue **ret,
                          struct error *err);
void queue_close(struct queue *q); /* NULL is fine; nobody waits any more */

struct queue_reader;

/** A reader that goes on where the one of this name stopped, or begins with what comes next. None
 * of the name may be open. */
struct queue_reader *queue_reader_open(struct queue *q, const char *name);
/** From now on nothing more is added for the reader: it comes to its end. */
void queue_reader_leave(struct queue *q, struct queue_reader *r);
/** Nobody reads with it any more. */
void queue_reader_close(struct queue *q, struct queue_reader *r);

/** False while a queue that keeps the oldest is full. What is added all the same passes its bound.
 */
bool queue_has_room(struct queue *q, int64_t now_ms);

/** Adds a record and syncs it to the disk. Old records are dropped when there are too many. */
MUST_CHECK int queue_append(struct queue *q, struct str bytes, uint32_t samples, int64_t now_ms,
                            struct error *err);

struct queue_record {
    struct buf bytes; /* kept between calls */
    uint32_t samples;
    int64_t ts_ms;
    uint64_t segment, next; /* where the one behind it begins */
};

/** The record that the reader is at: 1; 0 when there is none, or none that can be read now. It
 * stays there until queue_pass(). */
int queue_peek(struct queue *q, struct queue_reader *r, int64_t now_ms, struct queue_record *ret);

/** The reader is done with the record. */
void queue_pass(struct queue *q, struct queue_reader *r, const struct queue_record *record);

/** Writes down how far the readers are. */
void queue_save(struct queue *q);

struct queue_stats {
    uint64_t bytes;
};
void queue_get_stats(struct queue *q, struct queue_stats *ret);

/** Samples that the reader never saw because they were dropped or damaged. */
uint64_t queue_dropped(struct queue *q, struct queue_reader *r);

#endif
