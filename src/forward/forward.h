/* forward.h - sends what is scraped on to other stores by remote write, through a queue on disk
 * that outlives them being away and this process ending. Start at forward_open().
 *
 * Every row goes into a block in memory; twice a second, and when it is large, the block is packed
 * and written to the queue: a crash loses what came since. Each receiver reads the queue at its own
 * pace, in order.
 *
 * Receivers may be exchanged while it runs: forward_prepare(), forward_commit(). Those that stay as
 * they are notice nothing of it.
 *
 * Threads: "forward" writes blocks, waits for rows or the clock; "forward-N" sends to the N-th
 * receiver, waits for the queue, the receiver (30 s at most) or the time to try again. */
#ifndef ALGALON_FORWARD_FORWARD_H
#define ALGALON_FORWARD_FORWARD_H

#include "base/base.h"
#include "metric/metric.h"
#include "scrape/scrape.h"
#include "store/store.h"

#define FORWARD_RECEIVERS_MAX 16

struct forward;

/* How bodies are packed: as the receiver takes them (it is asked), or in one form. */
enum forward_packing {
    FORWARD_PACKING_AUTO,
    FORWARD_PACKING_SNAPPY,
    FORWARD_PACKING_ZSTD
};

struct forward_options {
    const char *dir;                    /* of the queue; made when there is a receiver */
    struct scrape_receivers *receivers; /* held as long as needed; may have none */
    enum forward_packing packing;
    uint64_t max_bytes; /* of the queue; see `keep_oldest` */
    int64_t max_age_ms; /* older blocks are dropped, counted */
    /* When the queue is full: false: the oldest blocks are dropped; true: new samples are refused.
     * Both are counted. */
    bool keep_oldest;
    struct store *store;       /* keeps the rows too; NULL: they are only sent */
    struct metadata *metadata; /* sent to receivers that want it; borrowed; NULL: none */
    const char *version;       /* for the User-Agent */
};

/** Opens the queue and starts sending what is left in it. Errors: -EINVAL a URL that is none,
 * -EBUSY another process has the queue, -ELIBACC libcurl is not installed, or those of the disk. */
MUST_CHECK int forward_open(const struct forward_options *options, struct forward **ret,
                            struct error *err);

/* Other receivers, made ready. */
struct forward_change;

/** Makes ready what is needed to send to `list` (held as long as needed) and changes nothing yet.
 * Errors: those of forward_open(). Threads: one change at a time, from here to commit or drop. */
MUST_CHECK int forward_prepare(struct forward *f, struct scrape_receivers *list,
                               struct forward_change **ret, struct error *err);
/**
 * From now on it is sent to them; `change` is gone. One with an equal key stays as it was. One with
 * other settings and the place of an earlier one goes on where that stopped; a new one begins with
 * what comes next. One that is no longer there is still sent what waits for it, for 10 s and while
 * it takes it: what is left stays in the queue, within its bounds, and waits for it to come back.
 */
void forward_commit(struct forward *f, struct forward_change *change);
void forward_drop(struct forward_change *change); /* NULL is fine */

/** Writes what is in memory to the queue and ends; what was not sent waits for the next start. All
 * who use the sink have ended before. NULL is fine. */
void forward_close(struct forward *f);

/** Where scraped rows go: to the store, if there is one, and then to the receivers. A row that the
 * store refuses is not sent. A full queue that keeps the oldest: -ENOSPC where there is no store,
 * else the row is kept and not sent. */
struct sink forward_sink(struct forward *f);

/** Sends samples that come one by one, as rules give them; what memory cannot hold is lost and
 * counted. Threads: any. */
void forward_push(struct forward *f, const struct store_sample *samples, size_t n);

/** Labels for every series that is sent and has none of the name (global.external_labels); copied.
 * Any thread. */
void forward_set_external(struct forward *f, struct labels labels);

struct forward_stats {
    char receiver[200]; /* its name, or the URL without user, password and query */
    uint64_t sent_samples, sent_bytes, requests, retries;
    uint64_t left_samples;      /* its relabelling leaves them out */
    uint64_t rejected_samples;  /* the receiver will never take them (4xx) */
    uint64_t dropped_samples;   /* the queue was full, or they were too old, or damaged */
    uint64_t metadata;          /* families of which it took what is known */
    uint64_t metadata_failures; /* requests of metadata that failed */
    double behind_seconds;      /* age of the oldest block that waits */
    bool failing;               /* the last try did not work */
    char last_error[240];
};

/* Of all receivers together. */
struct forward_totals {
    uint64_t samples; /* taken from the sink */
    uint64_t lost;    /* never reached the queue: the disk refuses, or memory is full */
    uint64_t refused; /* the queue was full, and keeps the oldest */
    uint64_t queue_bytes;
    bool full; /* the queue is, and keeps the oldest */
};

void forward_get_totals(struct forward *f, struct forward_totals *ret);
/** Of each receiver, in order; returns how many there are. */
size_t forward_get_stats(struct forward *f, struct forward_stats ret[FORWARD_RECEIVERS_MAX]);

#endif
