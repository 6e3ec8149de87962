/* day.h - one UTC day on disk: blocks and label index in an LMDB environment. day.c is the only
 * file that knows LMDB. The keys are drawn in FORMAT.md. */
#ifndef ALGALON_STORE_DAY_H
#define ALGALON_STORE_DAY_H

#include "store/io.h"

#define DAY_MS INT64_C(86400000)

struct days; /* all days of a store */
struct day;  /* one of them, open, referenced */

MUST_CHECK int days_open(const char *dir, const struct store_io *io, struct days **ret,
                         struct error *err);
/** The same for looking only, in a folder where no process writes: nothing is made or changed. */
MUST_CHECK int days_open_read_only(const char *dir, struct days **ret, struct error *err);
void days_close(struct days *d); /* NULL is fine; all references were given back */

/** Day `number` (days since 1970), made when `make`. -ENOENT: there is none. */
MUST_CHECK int days_get(struct days *d, int64_t number, bool make, struct day **ret,
                        struct error *err);
void day_put(struct day *day); /* gives the reference back; NULL is fine */
int64_t day_number(const struct day *day);
/** The date of day `number`, as 2026-11-23. */
void day_print_date(int64_t number, char to[16]);

/** Numbers of the days from `from` to `to` (inside); at most `cap` into `ret`. Returns how many
 * there are. */
size_t days_list(struct days *d, int64_t from, int64_t to, int64_t *ret, size_t cap);

/* How far a day was made coarser: samples of the blocks before number `done` stand for windows. And
 * how far it was packed anew: blocks before `settled` are long. */
struct day_age {
    int64_t window_ms; /* 0: every sample is one that was taken */
    uint64_t done, settled;
    uint64_t next; /* number that the next block gets */
};
struct day_age day_age(const struct day *day);
/** The same for who may write to the day: takes no lock. */
struct day_age day_write_age_of(const struct day *day);
/** Bytes of its file. */
uint64_t day_bytes(const struct day *day);

/** Copies a day as it is now into the folder `dir`, synced. -ENOENT: it was dropped meanwhile. */
MUST_CHECK int days_copy(struct days *d, int64_t number, const char *dir, struct error *err);

/** Unlinks a day; readers that have it open go on reading. */
void days_drop(struct days *d, int64_t number);

/** Notes that reading a day left something out because it is damaged; logged at the first time. */
void day_note_damage(struct day *day, const char *what);

struct days_stats {
    uint64_t days, blocks, block_bytes, disk_bytes;
    uint64_t damaged_days; /* in which damage was met since the start */
    uint64_t damage;       /* readings that left something out */
    uint64_t coarse;       /* days that hold windows in the place of samples */
    uint64_t settled;      /* days of which most lies in long blocks */
};
void days_get_stats(struct days *d, struct days_stats *ret);

/** The oldest day up to `last` that is not of windows of `window_ms` or more throughout and to
 * which nothing was added for an hour; -1: there is none among those opened so far. */
int64_t days_finer(struct days *d, int64_t last, int64_t window_ms);

/** The oldest day up to `last` of which an eighth or more of the blocks are not settled and to
 * which nothing was added for an hour; -1: there is none among those opened so far. */
int64_t days_unsettled(struct days *d, int64_t last);

/** Whether the day has blocks that are not settled, or nobody knows. */
bool days_has_late(struct days *d, int64_t number);

/** Opens one day that was not open yet, if there is one, so that its blocks are counted. */
void days_learn(struct days *d);

/** Times of the oldest and the newest sample in days; false when there are none. */
bool days_range(struct days *d, int64_t *ret_min_ms, int64_t *ret_max_ms);

/* Where a block of a day belongs. */
struct day_place {
    uint32_t group;
    int64_t min_ms, max_ms;
    uint64_t number; /* later blocks have higher ones and win; 0, for writing: the next */
};

/* ---- writing: one thread ---- */

struct day_write; /* a transaction */

struct day_blob {
    uint64_t key;
    const uint8_t *bytes;
    size_t n;
};

MUST_CHECK int day_write_begin(struct day *day, struct day_write **ret, struct error *err);
MUST_CHECK int day_write_block(struct day_write *w, const struct day_place *place,
                               const void *bytes, size_t n, struct error *err);
/** Says how old the day is made; `next` may only rise. */
void day_write_age(struct day_write *w, struct day_age age);
MUST_CHECK int day_write_shelf(struct day_write *w, const void *bytes, size_t n, struct error *err);
/** Calls `visit` for each shelf, the new ones too; what it is given dies with the next write. */
MUST_CHECK int day_write_shelves(struct day_write *w,
                                 int (*visit)(void *ctx, const struct day_blob *shelf,
                                              bool trusted),
                                 void *ctx, struct error *err);
MUST_CHECK int day_write_drop_shelf(struct day_write *w, uint64_t key, struct error *err);

/** Makes it last; `w` is gone in any case. Errors: -ENOSPC (nothing was written), -EIO. */
MUST_CHECK int day_write_commit(struct day_write *w, struct error *err);
void day_write_abort(struct day_write *w); /* NULL is fine */

/** Marks columns of a group as indexed in this day; true when this one was not yet. It is only
 * remembered while the day is open: asking twice costs a few bytes of index. */
bool day_index_column(struct day *day, uint32_t group, uint32_t column);
/** Forgets that: after a failed commit, or when the index that had them is damaged. */
void day_index_forget(struct day *day);

/** Forgets that of one group in all days: it ended. Nobody seals meanwhile. */
void days_forget_group(struct days *d, uint32_t group);

/** Notes that the label index of the day is damaged: columns will be indexed anew. */
void day_note_index_damage(struct day *day);
/** Whether that was noted; says so once only while the day is open. */
bool day_take_index_damage(struct day *day);

/* ---- writing a day anew, into a file beside it ---- */

/** An empty day for the same date as `day`, for the functions above; only the caller knows it. */
MUST_CHECK int day_draft_begin(struct day *day, struct day **ret, struct error *err);
/** Puts the draft in the place of `day`, whole or not at all; readers of `day` go on reading it.
 * The draft is gone in any case. Errors: -ENOENT the day was dropped meanwhile, or what the system
 * says. No other thread writes to `day`. */
MUST_CHECK int day_draft_commit(struct day *draft, const struct day *day, struct error *err);
void day_draft_abort(struct day *draft); /* NULL is fine */

/* ---- reading: any thread, a reader by one thread at a time ---- */

struct day_read; /* a consistent look; what it gives stays valid until day_read_end() */

MUST_CHECK int day_read_begin(struct day *day, struct day_read **ret, struct error *err);
void day_read_end(struct day_read *r); /* NULL is fine */

/** Calls `visit` for each shelf. Stops at what it returns unless 0. */
MUST_CHECK int day_read_shelves(struct day_read *r,
                                int (*visit)(void *ctx, const struct day_blob *shelf, bool trusted),
                                void *ctx, struct error *err);
/** Notes that the checksum of a shelf was found good. */
void day_trust_shelf(struct day_read *r, uint64_t key);

/** Calls `visit` for each block, by group, then by first time. Stops at what it returns unless 0.
 */
MUST_CHECK int day_read_all(struct day_read *r,
                            int (*visit)(void *ctx, const struct day_place *place,
                                         const struct day_blob *block),
                            void *ctx, struct error *err);

/** Calls `visit` for each block of `group` that touches [start_ms, end_ms], by first time. */
MUST_CHECK int day_read_blocks(struct day_read *r, uint32_t group, int64_t start_ms, int64_t end_ms,
                               int (*visit)(void *ctx, const struct day_blob *block, int64_t min_ms,
                                            int64_t max_ms),
                               void *ctx, struct error *err);

/** Tells the kernel that bytes of a day will be read soon. */
void day_advise(const void *at, size_t n);

/** True when this stretch of a group was not read lately, so that the kernel should be told first.
 */
bool day_is_cold(const struct day_read *r, uint32_t group, int64_t ts_ms);
void day_mark_warm(struct day_read *r, uint32_t group, int64_t ts_ms);

#endif
