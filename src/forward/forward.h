/* forward.h - sends what is scraped on to other stores by remote write, through a queue on disk
 * that outlives them being away and this process ending. Start at forward_open().
 *
 * Every row goes into a block in memory; twice a second, and when it is large, the block is packed
 * and written to the queue: a crash loses what came since. Each receiver reads the queue at its own
 * pace, in order.
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
    const char *dir;                         /* of the queue; made when absent */
    const struct scrape_receiver *receivers; /* borrowed until forward_close() */
    size_t receiver_len;
    enum forward_packing packing;
    uint64_t max_bytes;  /* of the queue; beyond it the oldest blocks are dropped, counted */
    int64_t max_age_ms;  /* older blocks are dropped, counted */
    struct store *store; /* keeps the rows too; NULL: they are only sent */
    const char *version; /* for the User-Agent */
};

/** Opens the queue and starts sending what is left in it. Errors: -EINVAL a URL that is none,
 * -EBUSY another process has the queue, -ELIBACC libcurl is not installed, or those of the disk. */
MUST_CHECK int forward_open(const struct forward_options *options, struct forward **ret,
                            struct error *err);

/** Writes what is in memory to the queue and ends; what was not sent waits for the next start. All
 * who use the sink have ended before. NULL is fine. */
void forward_close(struct forward *f);

/** Where scraped rows go: to the store, if there is one, and then to the receivers. A row that the
 * store refuses is not sent. */
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
    uint64_t left_samples;     /* its relabelling leaves them out */
    uint64_t rejected_samples; /* the receiver will never take them (4xx) */
    uint64_t dropped_samples;  /* the queue was full, or they were too old, or damaged */
    double behind_seconds;     /* age of the oldest block that waits */
    bool failing;              /* the last try did not work */
    char last_error[240];
};

/* Of all receivers together. */
struct forward_totals {
    uint64_t samples; /* taken from the sink */
    uint64_t lost;    /* never reached the queue: the disk refuses, or memory is full */
    uint64_t queue_bytes;
    size_t receivers;
};

void forward_get_totals(struct forward *f, struct forward_totals *ret);
/** Of the i-th receiver, i below `receivers`. */
void forward_get_stats(struct forward *f, size_t i, struct forward_stats *ret);

#endif
