/* feed.h - one target's way into the store: exposition text in, one row a scrape out.
 *
 * A target gives the same lines in the same order every time. So a feed keeps the text of the last
 * scrape with, for each line, where its series stands in it and which column that is; a scrape that
 * has not changed costs one comparison and one number a line. A scrape that has changed is walked a
 * second time: known lines are found by the hash of their text, new ones have their labels parsed.
 *
 * Series that come and go (processes) leave columns behind. When those are more than the columns in
 * use for a while, the feed ends its group and begins it again with what lives.
 *
 * Threads: one at a time per feed. */
#ifndef ALGALON_SCRAPE_FEED_H
#define ALGALON_SCRAPE_FEED_H

#include "base/base.h"
#include "metric/metric.h"
#include "scrape/relabel.h"
#include "scrape/sink.h"

/* How a target's samples are taken. All borrowed: they outlive the feed or the next
 * feed_configure(). */
struct feed_settings {
    struct labels labels; /* of the target: job, instance and what relabelling gave */
    bool honor_labels, honor_timestamps;
    bool track_timestamps; /* series with timestamps of their own end with stale markers too */
    bool extra;            /* scrape_timeout_seconds, _sample_limit, _body_size_bytes as well; the
                              same for all the life of a feed */
    double timeout_s;
    const struct relabel *relabel; /* of metrics; NULL: none */
    uint64_t sample_limit;         /* the limits: 0: none; a scrape beyond one fails */
    uint64_t label_limit, label_name_length_limit, label_value_length_limit;
};

struct feed_result {
    size_t samples;          /* in the text */
    size_t kept;             /* after relabelling */
    size_t added;            /* series that were not in the scrape before */
    size_t duplicates;       /* a series twice in one text: the first stands */
    size_t lines_refused;    /* lines that can't be read, series that the store refused */
    char first_refused[240]; /* "" when none was */
};

struct feed;

/** A feed into the group `name` of `sink`; allocates no more than itself. NULL: memory is out. */
struct feed *feed_new(struct sink sink, struct metadata *metadata, struct str name);
void feed_free(struct feed *f); /* NULL is fine */

/** Sets how samples are taken; what was learnt of the lines is forgotten when `settings` differ in
 * more than where they lie, which `changed` says. */
void feed_configure(struct feed *f, const struct feed_settings *settings, bool changed);

/**
 * Takes a scrape that succeeded: its samples, stale markers for series that vanished, `up` 1 and
 * the scrape's own series, in one row at `ts_ms`.
 *
 * Errors: -EBADMSG    not one line could be read, -E2BIG a limit was passed: the scrape is kept as
 *                     failed (see feed_failed()).
 *         -ENOSPC, -EIO, -ERANGE  the store did not keep the row.
 * Cost:   about 15 ns a line when the lines are those of the last scrape; no allocation then. The
 *         group beginning anew: 1 us a series that lives, once for as many that ended.
 */
MUST_CHECK int feed_scrape(struct feed *f, struct str text, bool openmetrics, int64_t ts_ms,
                           double duration_s, struct feed_result *ret, struct error *err);

/** Takes a scrape that failed: stale markers for all series, `up` 0. `body_bytes` is what is told
 * of its size: -1 for one beyond its limit. Errors: as the store's. */
MUST_CHECK int feed_failed(struct feed *f, int64_t ts_ms, double duration_s, double body_bytes,
                           struct error *err);

/** The target is gone: stale markers for everything, its own series too; the group ends, also where
 * the markers are not kept. Errors: as the store's. */
MUST_CHECK int feed_end(struct feed *f, int64_t ts_ms, struct error *err);

/** Bytes the feed holds. */
size_t feed_bytes(const struct feed *f);

#endif
