/* head.h - groups, and what they hold that is not in a day yet: runs of rows that never change once
 * they are published, so that readers need no lock while they read. */
#ifndef ALGALON_STORE_HEAD_H
#define ALGALON_STORE_HEAD_H

#include "metric/metric.h"
#include "store/block.h"

#define HEAD_PACK_ROWS 16 /* raw rows are packed when there are so many: 128 bytes a series */

/* One raw row, or a block of rows. */
struct run {
    atomic_uint refs;
    bool packed;
    uint32_t rows;
    uint32_t len;                 /* row: values; block: bytes */
    uint64_t first_pos, last_pos; /* where its records begin in the log */
    uint64_t born_ns;             /* monotonic: when its oldest row came */
    int64_t min_ms, max_ms;
    uint64_t bits[]; /* row: the values; block: its bytes */
};

/** A raw row (copied). NULL when memory is out. */
struct run *run_new_row(int64_t ts_ms, const uint64_t *values, uint32_t n);
/** A packed run of `n` bytes of a valid block (copied). NULL when memory is out. */
struct run *run_new_block(const void *bytes, uint32_t n, const struct block_view *view);
struct run *run_ref(struct run *r);
void run_unref(struct run *r); /* NULL is fine */
static inline uint64_t run_bytes(const struct run *r)
{
    return sizeof(*r) + (r->packed ? r->len : (uint64_t)r->len * 8);
}

/* The runs of a group in order of arrival. A reader that holds a reference sees the runs below the
 * length it found when it took it; the writer may add behind that. */
struct run_list {
    atomic_uint refs;
    atomic_uint len;
    uint32_t cap;
    struct run *items[];
};

static inline uint32_t run_list_len(const struct run_list *l)
{
    return l ? atomic_load_explicit(&l->len, memory_order_acquire) : 0;
}

/** A list with the runs of `from` (NULL: none) and room for `more`. NULL when memory is out. */
struct run_list *run_list_more(const struct run_list *from, uint32_t more);
struct run_list *run_list_ref(struct run_list *l);
void run_list_unref(struct run_list *l); /* NULL is fine */

struct store;

/* Takes a group's rows. Order of locks: see struct store. */
struct group {
    struct store *store;
    uint32_t id;    /* never given twice, also not in later lives of the process */
    bool pushed;    /* samples come through store_push() */
    struct str key; /* 'p' when pushed, else 's', and the name: unique among all */
    struct str name;

    pthread_mutex_t write; /* lock: all up to head_lock */
    uint32_t *series;      /* column -> number in the index */
    size_t column_len, column_cap;
    atomic_uint column_seen;  /* column_len for those without the lock */
    uint32_t logged_columns;  /* of them, defined in segment `logged_segment` */
    uint32_t logged_segment;  /* 0: none */
    struct run *before;       /* the row logged last: the next is told by its difference */
    uint32_t chain;           /* rows since one that stands alone; 0: the next must */
    int64_t newest_ms;        /* INT64_MIN: none */
    struct buf record;        /* being built for the log */
    _Atomic int64_t first_ms; /* of anything it ever held in this process; INT64_MAX: nothing */
    _Atomic int64_t last_ms;  /* the same; INT64_MIN: nothing */
    atomic_uint_least64_t used_ns; /* monotonic: when samples were pushed last, or it was made */
    atomic_bool claimed;           /* store_group() gave it to somebody in this process */
    atomic_bool ended;             /* nobody appends any more */
    atomic_bool hides;             /* some of its series may be hidden: see hide.c */
    bool sealing;                  /* the runs at the front must stay as they are */

    /* lock: all below; held for moments only, and once after a start while rows are thawed */
    pthread_mutex_t head_lock;
    struct run_list *head; /* NULL: empty */
    uint32_t raw;          /* raw rows at the end of it */
    uint32_t head_rows;
    uint64_t head_bytes;
    struct cold_row *cold, *cold_last; /* behind `head`; see cold.h */
    atomic_uint_least64_t cold_bytes;  /* of them; 0: there are none */
};

struct group *group_new(struct store *s, uint32_t id, bool pushed, struct str name);
void group_free(struct group *g); /* NULL is fine */

/** Notes that it holds something from `from_ms` to `to_ms`: queries pass over groups that never
 * held anything of their range. head_lock held, or nobody else knows the group yet. */
void group_saw(struct group *g, int64_t from_ms, int64_t to_ms);

/** Makes room for one more run, so that group_push() cannot fail. write held. Errors: -ENOMEM. */
MUST_CHECK int group_reserve(struct group *g);

/** Publishes a run (ownership moves to the group). write held, room reserved. */
void group_push(struct group *g, struct run *r);

/** Puts `l` (NULL: nothing; ownership moves) in the place of what the group holds. head_lock held
 */
void group_install(struct group *g, struct run_list *l);

/** What the group holds now: a reference (NULL: nothing) and how many runs of it count. Errors:
 * -ENOMEM (cold rows). */
MUST_CHECK int group_snapshot(struct group *g, struct run_list **ret, uint32_t *ret_len);

/**
 * Puts `runs[n]` in the place of the `count` runs from `from` on (n may be 0); ownership moves.
 * Runs that came meanwhile stay. write held. Errors: -ENOMEM, nothing has changed and `runs` is
 * still the caller's.
 */
MUST_CHECK int group_replace(struct group *g, uint32_t from, uint32_t count, struct run **runs,
                             uint32_t n);

#endif
