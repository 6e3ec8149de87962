/* internal.h - struct store, as the files of this room see it. */
#ifndef ALGALON_STORE_INTERNAL_H
#define ALGALON_STORE_INTERNAL_H

#include "store/day.h"
#include "store/head.h"
#include "store/index.h"
#include "store/io.h"
#include "store/merge.h"
#include "store/store.h"
#include "store/wal.h"

#include <zstd.h>

#define MS_PER_DAY         INT64_C(86400000)
#define TS_MAX             INT64_C(253402300799999) /* the end of the year 9999 */
#define FUTURE_MS          INT64_C(600000) /* rows further ahead than this say nothing of "now" */
#define STORE_MERGERS      4               /* kept for the next use */
#define DEFINE_COLUMNS_MAX 1024            /* labels in one record of the log */
#define DEFINE_RAW_MAX                                                                             \
    (2u << 20) /* bytes of such a record before compression: a record is                           \
                  closed at 1 MB, and one series' labels are below 350 KB */

/* Locks in this order: `seal_lock`, a group's `write`, `define_lock`, the index's, `groups_lock`, a
 * group's `head_lock`, `state_lock`. */
struct store {
    struct store_options options;
    char *dir, *log_dir, *day_dir;
    const struct store_io *io;
    int lock_fd, dir_fd;
    uint32_t segment_bytes;
    struct wal *wal;
    struct index index;
    struct epoch *epoch; /* of the index's strings; under the index's lock */
    struct days *days;
    pthread_mutex_t rewrite_lock; /* held while a day is written anew; before seal_lock */
    pthread_mutex_t seal_lock;    /* held while sealing: one at a time */
    struct clock_guard {          /* see retention.c; the keeper's */
        int64_t wall_ms;
        uint64_t mono_ns;
        uint64_t jumped_ns; /* since when the clock stands ahead; 0: it doesn't */
    } guard;

    pthread_rwlock_t groups_lock; /* lock: groups, by_name, next_group, reserved_group */
    struct map groups;            /* struct group by the bytes of its id */
    struct map by_name;           /* and by its kind and name */
    uint32_t next_group;
    uint32_t reserved_group; /* the marker file promises that ids from here on are free */

    pthread_rwlock_t push_lock; /* held for reading by who may push into groups it looked up, for
                                   writing while such groups are ended; before seal_lock */

    pthread_mutex_t define_lock; /* lock: zstd, define_raw */
    ZSTD_CCtx *zstd;
    struct buf define_raw;

    pthread_mutex_t merger_lock; /* lock: mergers, merger_len */
    struct merger *mergers[STORE_MERGERS];
    uint32_t merger_len;

    atomic_bool disk_full;   /* less is free than shall be */
    atomic_bool log_full;    /* the last write found the disk full, or no descriptor, ... */
    atomic_bool broken;      /* the log cannot be trusted any more */
    atomic_bool seal_failed; /* the last sealing did not come through */

    atomic_uint_least64_t samples, rows, too_old, refused_series, append_errors, head_bytes;
    _Atomic int64_t oldest_ms, newest_ms; /* INT64_MAX, INT64_MIN: empty */
    _Atomic int64_t retention_floor_ms;   /* older samples are refused */

    pthread_mutex_t state_lock; /* lock: trouble, stopping, settle_requested */
    pthread_cond_t wake;        /* of the keeper */
    char trouble[200];
    bool stopping;
    bool settle_requested;
    bool keeper_runs;
    pthread_t keeper; /* thread "store": syncs the log, seals, drops old days; waits on `wake` */

    bool old_days_runs;
    pthread_t old_days;          /* thread "store-old": writes days anew; waits on `wake` */
    _Atomic int64_t believed_ms; /* what retention takes the time to be; 0: not known yet */
    atomic_uint_least64_t downsample_errors, settle_errors;
    atomic_bool settle_failed; /* the last time */

    struct wal_replay_result replay;
    uint64_t opened_ns; /* monotonic: when the log was read back */
    uint64_t replayed_rows, replay_lost_rows;
    double replay_seconds;
};

/** Closes without writing anything out, as a killed process would: for tests. */
void store_abandon(struct store *s);

/** store_open() with another outside and another segment size: for tests. */
MUST_CHECK int store_open_with(const struct store_options *options, const struct store_io *io,
                               uint32_t segment_bytes, struct store **ret, struct error *err);

/* ---- store.c ---- */

/** What stands against writing now: 0, -ENOSPC, -EIO. */
MUST_CHECK int store_writable(struct store *s, struct error *err);

/** Notes how a write to the log ended (0: well); -EIO makes the store read-only for good, all
 * others until a write succeeds. */
void store_note_write(struct store *s, int code, const char *text);

/** Notes how sealing ended (0: well). */
void store_note_seal(struct store *s, int code, const char *text);

/** Notes the times of what was kept. */
void store_note_times(struct store *s, int64_t min_ms, int64_t max_ms);

/* ---- groups.c ---- */

/* Groups that ended leave the map once all they had lies in days, and are freed when nobody can
 * have found them before: whoever looks groups up holds an epoch, the index's lock, `seal_lock` or
 * `groups_lock` for as long as it uses them; who appends or pushes keeps them from ending. */

/** The group of this id or NULL. */
struct group *store_group_by_id(struct store *s, uint32_t id);

/** All groups, to free() the array; NULL when there are none or memory is out. */
struct group **store_list_groups(struct store *s, size_t *ret_len);

/** Finds or makes a group; `id` 0: the next free one. */
MUST_CHECK int store_group_make(struct store *s, bool pushed, struct str name, uint32_t id,
                                struct group **ret, struct error *err);

/** The column of `labels` in `g`, made when new. g->write held. Errors as store_column(). */
MUST_CHECK int group_column(struct store *s, struct group *g, struct labels labels, uint32_t *ret,
                            uint32_t *ret_series, struct error *err);

/** Adds `labels` as the next column of `g`, which has it not yet, also past the bound of series:
 * the log has rows of it. The index is locked for writing. Errors: -EEXIST, -EINVAL, -ENOMEM. */
MUST_CHECK int group_define(struct store *s, struct group *g, struct labels labels, uint64_t hash,
                            struct error *err);

/* ---- record.c ---- */

/** Appends what the log must know before it can take rows of `g` in `segment`: the group, and the
 * columns not told yet. write held. Errors: -ENOMEM. */
MUST_CHECK int record_definitions(struct store *s, struct group *g, uint32_t segment,
                                  struct buf *to);
void record_row(struct group *g, int64_t ts_ms, const struct run *row, struct buf *to);
void record_block(const struct group *g, const void *block, size_t n, struct buf *to);
void record_mark(uint32_t group, uint64_t pos, struct buf *to);

/** Writes g->record (built by `build` for the segment it is given) to the log. write held. */
MUST_CHECK int record_write(struct store *s, struct group *g,
                            int (*build)(void *ctx, struct store *s, struct group *g,
                                         uint32_t segment),
                            void *ctx, uint64_t *ret_pos, struct error *err);

/* ---- replay.c ---- */

/** Reads the log back into groups. */
MUST_CHECK int store_replay(struct store *s, struct error *err);

/* ---- keeper.c ---- */

MUST_CHECK int keeper_start(struct store *s, struct error *err);
void keeper_stop(struct store *s);

/** One round of what the keeper does every sync interval. */
void keeper_round(struct store *s);

/* ---- seal.c ---- */

/**
 * Brings what groups have gathered into days: those that have enough, or `all`. Stops after about
 * `budget_ns` (0: no bound), *ret_more says whether something is left. Errors: -ENOSPC, -EIO,
 * -ENOMEM; nothing is lost.
 */
MUST_CHECK int store_seal(struct store *s, bool all, uint64_t budget_ns, bool *ret_more,
                          struct error *err);

/** Removes log segments of which everything lies in days. Errors: as wal_trim(). */
MUST_CHECK int store_trim_log(struct store *s, struct error *err);

/* ---- forget.c ---- */

/* The time for which the index's strings and groups that ended live; selections hold a reference.
 */
struct epoch;
/** A reference to the present one. */
struct epoch *store_epoch(struct store *s);
struct epoch *epoch_new(void); /* NULL when memory is out */
struct epoch *epoch_ref(struct epoch *e);
void epoch_unref(struct epoch *e); /* NULL is fine */

/** Takes groups that ended, and their series, out of memory when they are many. Ends those that
 * nobody needs any more: found in the log and not asked for, or not pushed into for an hour. */
void store_forget(struct store *s);

/** Builds a shelf of `ix` and writes it. */
MUST_CHECK int seal_write_index(struct day_write *w, const struct index *ix, struct error *err);

/** Adds a column to `ix` unless it is there. Errors: -ENOMEM. */
MUST_CHECK int seal_add_to_index(struct index *ix, struct labels labels, uint32_t group,
                                 uint32_t column);

/* ---- hide.c ---- */

/** Hides those of the series in memory that the selectors match and that have no sample left.
 * rewrite_lock held. */
MUST_CHECK int store_hide_empty(struct store *s, const struct selector *selectors, size_t n,
                                struct error *err);

/** Shows the series again that have a sample in `run`, which was just published. write held */
void group_show(struct store *s, struct group *g, const struct run *run);

/* ---- retention.c ---- */

/** Moves the time before which samples are refused, and drops days before it. */
void store_retain(struct store *s);

/* ---- old_days.c ---- */

MUST_CHECK int old_days_start(struct store *s, struct error *err);
void old_days_stop(struct store *s);

/* ---- settle.c ---- */

/** Packs the oldest ended day anew that needs it; false when there is none or it failed (counted).
 */
bool store_settle(struct store *s);

/** Packs all days anew to which something was added since they were packed. */
void store_settle_all(struct store *s);

/* ---- downsample.c ---- */

/** Makes the oldest day coarser that is due; false when there is none or it failed (counted). */
bool store_downsample(struct store *s);

/* ---- pack.c ---- */

/** Scratch memory for a merge, to be given back. NULL when memory is out. */
struct merger *store_take_merger(struct store *s);
void store_give_merger(struct store *s, struct merger *m); /* NULL is fine */

/** Packs the raw rows at the end of the group's head, if there are at least `least` (1 or more).
 * write held. */
void group_pack(struct store *s, struct group *g, uint32_t least);

#endif
