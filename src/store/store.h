/* store.h - the embedded time-series store. Start at store_open(), store_append() and
 * store_queryable(). */
#ifndef ALGALON_STORE_STORE_H
#define ALGALON_STORE_STORE_H

#include "base/base.h"
#include "metric/metric.h"

struct store; /* opaque: the layout is store.c's business; the bytes are drawn in FORMAT.md */
struct group; /* the series that arrive together, in a fixed order; see store_group() */

#define STORE_DOWNSAMPLE_MAX 8

/* Days that ended longer than `age_ms` ago hold windows of `window_ms` in the place of samples. */
struct store_downsample {
    int64_t age_ms, window_ms;
};

struct store_options {
    const char *dir;
    int64_t retention_ms;     /* older days are dropped; 0: keep for ever */
    uint64_t retention_bytes; /* oldest days are dropped above this; 0: no bound */
    int64_t out_of_order_ms;  /* how far behind its group's newest row one may come; 0: only newer
                                 ones. Pushed samples may have any age within the retention. */
    uint64_t max_series;      /* active series; further ones are refused and counted; 0: no bound */
    uint64_t min_free_bytes;  /* writing stops with -ENOSPC while the disk has less */
    int64_t sync_interval_ms; /* how often the log is synced to the disk: 1000 */
    struct store_downsample downsample[STORE_DOWNSAMPLE_MAX]; /* by age */
    size_t downsample_len;
};

/** Defaults: 90 days, no size bound, 5 min out of order, 10 million series, 128 MB free. `dir`
 * stays NULL. */
void store_options_init(struct store_options *o);

/** Adds one age, as "30d:5m". Errors: -EINVAL, `err` says what is wrong. */
MUST_CHECK int store_downsample_add(struct store_options *o, struct str text, struct error *err);

/** Whether `dir` can be opened as a data directory, without touching it. Errors: -ENOENT it is not
 * there (store_open() would make it), -EBUSY a running process has it, -EINVAL it holds something
 * else or a newer format, -EACCES. */
MUST_CHECK int store_check_dir(const char *dir, struct error *err);

struct store_inspection {
    uint64_t days, blocks, shelves, log_segments, bytes;
    uint64_t damages; /* how often `found` was called */
};

/**
 * Looks through a data directory that no process has: reads all of it, checks every checksum,
 * changes nothing. Calls `found` for each file with damage, with what it means. Errors: as
 * store_check_dir(), -EIO, -ENOMEM.
 */
MUST_CHECK int store_inspect(const char *dir,
                             void (*found)(void *ctx, const char *file, const char *what),
                             void *ctx, struct store_inspection *ret, struct error *err);

/**
 * Opens the data directory, making it when absent, and replays the log: what was acknowledged
 * before a crash is there. Errors: -EBUSY another process has it, -EACCES/-EROFS it can't be
 * written, -EINVAL it holds something else (foreign files, a newer format), -EIO damage beyond
 * repair; `err` says what to do. A torn last record is no error, nor is a full disk: what is kept
 * is served, and writing begins when there is space. Threads: one "store" thread of its own: syncs
 * the log, packs blocks, drops old days; waits on the clock. Another, "store-old", packs ended days
 * anew and makes old ones coarser.
 */
MUST_CHECK int store_open(const struct store_options *options, struct store **ret,
                          struct error *err);

/** Writes out what is in memory and closes. Every append must have returned. NULL is fine. */
void store_close(struct store *s);

/**
 * The group of a scraped target, found by its name (such as "job;instance") or made. It stays valid
 * until store_close() or store_group_end(). Threads: any.
 */
MUST_CHECK int store_group(struct store *s, struct str name, struct group **ret, struct error *err);

/**
 * Ends a group: its target is gone, or most of its columns belong to series that ended. Its samples
 * stay; its series leave memory once they lie in days. store_group() then makes a new group of the
 * same name, with columns from 0 on. No other call may use `g` meanwhile or afterwards. Threads:
 * any.
 */
void store_group_end(struct store *s, struct group *g);

/**
 * The column of series `labels` in `g`, made when it is new. Columns are numbered from 0 in order
 * of making and never change for the life of the group. `labels` is copied. Errors: -ENFILE too
 * many series (counted), -EINVAL bad labels. Threads: one per group at a time.
 */
MUST_CHECK int store_column(struct store *s, struct group *g, struct labels labels, uint32_t *ret,
                            struct error *err);

/** The labels of a column, a copy in `a`. Errors: -EINVAL there is no such column, -ENOMEM.
 * Threads: one per group at a time. */
MUST_CHECK int store_column_labels(struct store *s, struct group *g, uint32_t column,
                                   struct arena *a, struct labels *ret, struct error *err);

/**
 * Appends one row: `values[i]` is the sample of column `i` of `g` at `ts_ms` (Unix time, ms);
 * value_absent() where a column has none, value_stale() where its series ended. `n` may be less
 * than the group's columns: the rest is absent. It can be queried when the call returns, survives
 * the death of this process, and is on disk at the latest one second later.
 *
 * A row at the time of an older one: a column's later write wins (the same value twice is no
 * error).
 *
 * Ownership: `values` is borrowed until the call returns.
 * Threads:   one per group at a time; different groups in parallel.
 * Errors:    -ERANGE  `ts_ms` is older than the out-of-order window (or the retention); the row is
 *                     dropped, counted.
 *            -ENOSPC  the disk is full; the row is not kept, the store stays usable.
 *            -EIO     the log could not be written; the store is read-only from now on.
 *            -EINVAL  more values than columns.
 * Cost:      one allocation and copy of the row, about 2 ns a value to tell it from the row before,
 *            one write(2). Every 16th row packs those before it: 0.4 ms for 1,000 series.
 */
MUST_CHECK int store_append(struct store *s, struct group *g, int64_t ts_ms, const double *values,
                            size_t n, struct error *err);

/* A pushed sample (import, remote write): series by labels, in any order. */
struct store_sample {
    struct labels labels; /* borrowed during the call */
    int64_t ts_ms;
    double value;
};

struct store_push_result {
    size_t kept, too_old, refused; /* refused: too many series, bad labels */
    char example[200];             /* the first sample not kept, and why; "" when all were */
};

/** Keeps pushed samples: sorted into groups by job and instance. In the log when it returns.
 * Errors: -ENOSPC, -EIO, -ENOMEM. */
MUST_CHECK int store_push(struct store *s, const struct store_sample *samples, size_t n,
                          struct store_push_result *ret, struct error *err);

/** The door for queries. Valid until store_close(). Reading never stalls appends. */
struct queryable store_queryable(struct store *s);

/** The first time from `from_ms` on at which there may be samples, INT64_MAX when there are none
 * any more: for who walks through all that is kept. Threads: any. */
int64_t store_next_ms(struct store *s, int64_t from_ms);

/** Packs and commits everything that is in memory (SIGTERM, backup, tests). */
MUST_CHECK int store_flush(struct store *s, struct error *err);

/**
 * Writes a copy of all that was kept when it was called into `dir`, a new folder that a store can
 * be opened from. Appends and queries go on meanwhile. It appears whole or not at all: until the
 * end it is `dir`.part. Errors: -EEXIST `dir` is there, -ENOSPC, -EIO. Threads: any; one at a time.
 */
MUST_CHECK int store_backup(struct store *s, const char *dir, struct error *err);

/**
 * Has all days packed anew in the background, also those that have not ended, as ended ones are by
 * themselves: into blocks of about 1,440 rows. Returns at once; stats.settle_requested tells when
 * it is through. Threads: any.
 */
void store_request_settle(struct store *s);

struct store_deletion {
    uint64_t samples; /* that are gone */
};

/**
 * Deletes the samples between start_ms and end_ms (both inside) of the series that any of the
 * selectors matches: from the files, not from what is shown only. Their days are written anew
 * without them, one after the other, and need that much space meanwhile. Appends and queries go on.
 * What is acknowledged after the call began may stay. When it returns well no restart brings
 * anything back; failed or killed in the middle, some days are done and others not: ask again.
 * Errors: -ENOSPC, -EIO (also: damage hides what was to be found), -ERANGE a regex went past its
 * bound, -ENOMEM, -ECANCELED the store is being closed. Threads: any; a second waits for the first.
 */
MUST_CHECK int store_delete(struct store *s, const struct selector *selectors, size_t n,
                            int64_t start_ms, int64_t end_ms, struct store_deletion *ret,
                            struct error *err);

struct store_stats {
    uint64_t series_active, series_total, groups, samples_total, rows_total;
    uint64_t too_old_total, refused_series_total, append_errors_total;
    uint64_t log_bytes, log_segments, block_bytes, blocks, days, disk_bytes, memory_bytes;
    int64_t oldest_ts_ms, newest_ts_ms; /* INT64_MIN when empty */
    uint64_t replayed_rows, replay_dropped_bytes;
    double replay_seconds;
    uint64_t damaged_days;  /* in which something could not be read since the start */
    uint64_t damaged_reads; /* readings that left something out because of that */
    uint64_t downsampled_days, downsample_errors_total;
    uint64_t settled_days, settle_errors_total;
    bool settle_requested; /* store_request_settle() is not through yet */
    bool read_only;        /* disk full or log broken: `trouble` says which */
    bool seal_failed; /* what gathers in memory and log could not be brought into days: likewise */
    char trouble[200];
};

/** A consistent look at the store's counters. Any thread. */
void store_get_stats(struct store *s, struct store_stats *ret);

#endif
