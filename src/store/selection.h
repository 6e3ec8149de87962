/* selection.h - what a select found, and how its samples are read. */
#ifndef ALGALON_STORE_SELECTION_H
#define ALGALON_STORE_SELECTION_H

#include "store/internal.h"

#define TRACK_ORDER_MEMORY 0x80000000u /* added to the order of runs in memory */

/* One run of rows that a track reads, in memory or in a day. */
struct track_run {
    struct block_view view;     /* when it is a block */
    atomic_uint_least64_t good; /* the view's */
    const struct run *row;      /* when it is a raw row; else NULL */
    const uint8_t *block;       /* when it lies in a day; else NULL */
    size_t block_size;
    struct day_read *cold; /* when it lies in a day and was not read lately; else NULL */
    int64_t min_ms, max_ms;
    size_t time_at; /* its times begin here in track.times */
    uint32_t rows;
    uint32_t source; /* index in track.sources */
    uint32_t order;  /* of arrival: later values win. What is in memory came after any block. */
};

/* Times of parts of a track one behind the other, for all series that have just these parts. */
struct joined {
    struct joined *next;
    size_t n, samples;
    int64_t *times; /* [samples], behind `parts` */
    struct time_part {
        const int64_t *times;
        size_t len;
    } parts[]; /* [n] */
};

struct found_day {
    struct day *day;
    struct day_read *read;
};

/* Groups whose rows are read together, because series lie in all of them. Most tracks are one
 * group. */
struct track {
    uint32_t *sources; /* indices in selection.sources, ascending */
    uint32_t source_len;
    uint32_t first; /* of its entries, + 1; they are linked by entry.next */
    int failed;     /* what resolving it ended with */
    bool ordered;   /* the runs follow each other in time without overlap */
    struct track_run *runs;
    uint32_t run_len;
    int64_t *times; /* of all runs; in order of time when `ordered` */
    size_t time_len;
    _Atomic(struct joined *) joined; /* made while series are read; only ever added to */
    atomic_uint joined_len;
};

/* One group as it was when the selection was made. */
struct source {
    uint32_t group;
    struct run_list *list; /* reference; NULL: nothing in memory */
    uint32_t list_len;
    uint32_t track;   /* index + 1 of the track of this source alone; 0: none yet */
    bool from_memory; /* the index in memory told of its series */
};

struct entry {
    uint32_t track;
    uint32_t next;     /* entry of the same track, + 1; 0: the last */
    uint32_t *columns; /* [track.source_len] */
};

/* One place of one series while the selection is being made. */
struct hit {
    struct labels labels;
    uint32_t source, column;
};

struct found {
    struct selection base;
    struct store *store;
    struct epoch *epoch; /* keeps the strings of labels */
    struct arena memory;
    struct labels *labels;
    struct entry *entries;
    int64_t start_ms, end_ms;

    bool from_memory; /* it is memory that is asked */
    struct source *sources;
    size_t source_len, source_cap;
    struct map source_map; /* index + 1 by group id */
    struct track *tracks;
    size_t track_len, track_cap;
    struct map track_map; /* index + 1 by the sources */

    struct hit *hits;
    size_t hit_len, hit_cap;

    struct found_day *days;
    size_t day_len;

    pthread_mutex_t lock; /* lock: resolved, and while it is false the tracks */
    atomic_bool resolved;
};

/** Notes that `labels` has samples in `column` of `group`. Errors: -ENOMEM. */
MUST_CHECK int found_add(struct found *f, struct labels labels, uint32_t group, uint32_t column);

/** Whether the index in memory told of the series of `group` that it knows. */
bool found_told(const struct found *f, uint32_t group);

/** Sorts the hits into entries. Errors: -ENOMEM. */
MUST_CHECK int found_finish(struct found *f);

/** Says in the selection's warning that a day's label index is damaged. */
void found_note_damage(struct found *f, struct day *day);

/** Opens the days of the selection's range; damaged ones are left out. Errors: -ENOMEM, -EBUSY. */
MUST_CHECK int found_open_days(struct found *f, struct error *err);

/** Adds what the days' label indexes find. Errors as match_series(). */
MUST_CHECK int found_add_days(struct found *f, struct selector selector, struct error *err);

/** Finds the runs of all tracks and reads their times; the first to read a series does it for all,
 * so that the kernel hears of everything before we wait for anything. */
void found_resolve(struct found *f);

/** Adds one more run to a track; NULL when memory is out. */
struct track_run *track_add_run(struct track *t, size_t *cap);

/** Adds the blocks that days have of a track, and tells the kernel of those not read lately.
 * Errors: -ENOMEM, -EIO. */
MUST_CHECK int track_add_days(struct found *f, struct track *t, size_t *cap);

/** Looks at the directories of the blocks. Errors: -EIO. */
MUST_CHECK int track_open_blocks(struct track *t);

/** Tells the kernel which pages of columns will be read. */
void track_advise_columns(const struct found *f, const struct track *t);

/** selection_ops.read and read_some */
int found_read(struct selection *base, size_t i, int64_t start_ms, int64_t end_ms, struct arena *a,
               struct column *ret, struct error *err);
int found_read_some(struct selection *base, size_t first, size_t n, int64_t start_ms,
                    int64_t end_ms, struct arena *a, struct column *ret, struct error *err);

struct found *found_new(struct store *s, int64_t start_ms, int64_t end_ms);
void found_free(struct selection *base);

#endif
