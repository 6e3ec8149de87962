/* index.h - the series known in memory: labels to number and back, label pairs to series, and where
 * each series' samples go. */
#ifndef ALGALON_STORE_INDEX_H
#define ALGALON_STORE_INDEX_H

#include "metric/metric.h"
#include "store/match.h"

#define INDEX_NONE UINT32_MAX

/* Where samples of a series lie: a column of a group. A series that is scraped and pushed, or whose
 * target was renamed, has several. */
struct place {
    uint32_t group, column;
    uint32_t next; /* in index.places; 0: the last */
};

struct series {
    const uint32_t *pairs; /* numbers of label pairs, in order of label names */
    uint32_t pair_len;
    uint32_t tag; /* of the labels' hash */
    struct place place;
};

/* A label's name and value, and the series that have it. */
struct pair {
    const char *value;
    uint32_t value_len;
    uint32_t name;
    struct postings postings;
};

struct name {
    struct str text;
    uint32_t *pairs; /* with this name, in order of making */
    size_t len, cap;
};

struct slot;

#define INDEX_PAGE     4096
#define INDEX_PAGE_MAX 16384 /* 67 million series */

/* The caller holds `lock`: for reading to look things up, for writing to add. Series never move, so
 * a pointer to one stays good without the lock. */
struct index {
    pthread_rwlock_t lock; /* lock: all below */
    struct arena memory;   /* strings and pair lists */
    struct series **pages; /* [INDEX_PAGE_MAX] */
    uint32_t len;          /* series */
    struct slot *series_table;
    size_t series_cap;
    struct pair *pairs;
    size_t pair_len, pair_cap;
    struct slot *pair_table;
    size_t pair_table_cap;
    struct name *names;
    size_t name_len, name_cap;
    struct map name_map;
    struct place *places; /* further places; [0] is not used */
    size_t place_len, place_cap;
    uint64_t *hidden; /* a bit for each series that is not shown: all it had was deleted */
    size_t hidden_cap;
    uint32_t hidden_len; /* such series */
};

MUST_CHECK int index_init(struct index *ix);
void index_fini(struct index *ix);

/** Exchanges what two indexes hold; each keeps its lock. The first is locked for writing. */
void index_swap(struct index *a, struct index *b);

/** The number of the series with these labels, or INDEX_NONE. `hash` is labels_hash(). */
uint32_t index_find(const struct index *ix, struct labels labels, uint64_t hash);

/** labels_hash(), and begins to fetch the memory that index_find() and index_add() will need. */
uint64_t index_prepare(const struct index *ix, struct labels labels);

/** Adds a series that is not there yet, with its first place. Errors: -ENOMEM. */
MUST_CHECK int index_add(struct index *ix, struct labels labels, uint64_t hash, uint32_t group,
                         uint32_t column, uint32_t *ret);

/** Adds a further place. Errors: -ENOMEM. */
MUST_CHECK int index_add_place(struct index *ix, uint32_t series, uint32_t group, uint32_t column);

static inline struct series *index_series(const struct index *ix, uint32_t id)
{
    return &ix->pages[id / INDEX_PAGE][id % INDEX_PAGE];
}

static inline const struct place *index_next_place(const struct index *ix, const struct place *p)
{
    return p->next ? &ix->places[p->next] : NULL;
}

/** Shows a series no more, or again. Errors: -ENOMEM. */
MUST_CHECK int index_hide(struct index *ix, uint32_t series);
void index_show(struct index *ix, uint32_t series);

static inline bool index_is_hidden(const struct index *ix, uint32_t series)
{
    return series / 64 < ix->hidden_cap && ix->hidden[series / 64] >> series % 64 & 1;
}

/** The column of `series` in `group`, or INDEX_NONE. */
uint32_t index_column(const struct index *ix, uint32_t series, uint32_t group);

/** The labels of a series, the array in `a`, its strings the index's. Errors: -ENOMEM. */
MUST_CHECK int index_labels(const struct index *ix, uint32_t series, struct arena *a,
                            struct labels *ret);

struct label_source index_source(const struct index *ix);

uint64_t index_bytes(const struct index *ix);

#endif
