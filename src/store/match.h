/* match.h - finding series by matchers, over anything that knows its label pairs. */
#ifndef ALGALON_STORE_MATCH_H
#define ALGALON_STORE_MATCH_H

#include "metric/metric.h"
#include "store/postings.h"

struct label_source_ops {
    uint32_t (*name_count)(const void *self);
    struct str (*name_at)(const void *self, uint32_t name);
    /* UINT32_MAX: no series has it */
    uint32_t (*find_name)(const void *self, struct str name);
    uint32_t (*value_count)(const void *self, uint32_t name);
    struct str (*value_at)(const void *self, uint32_t name, uint32_t i, struct posting_view *ret);
    bool (*find_value)(const void *self, uint32_t name, struct str value, struct posting_view *ret);
};

/* Series numbered [0, series), and which label pairs they have. */
struct label_source {
    const struct label_source_ops *ops;
    const void *self;
    uint32_t series;
    const uint64_t *hidden; /* a bit for each series that is to be passed over; NULL: none is */
};

/**
 * The series that all matchers hold on; an absent label counts as empty. `ret` is made for
 * `source->series` numbers and is the caller's, to bitmap_fini().
 * Errors: -ENOMEM, -EIO damaged postings, -ERANGE a regex went past its bound.
 */
MUST_CHECK int match_series(const struct label_source *source, const struct matcher *matchers,
                            size_t n, struct bitmap *ret, struct error *err);

/* Views gathered without an end, sorted and made distinct at the end; memory in an arena. */
struct str_set {
    struct arena *arena;
    struct str *items;
    size_t len, cap;
    struct map seen;
};

void str_set_init(struct str_set *s, struct arena *a);
void str_set_fini(struct str_set *s);

/** Adds a copy of `item`. Errors: -ENOMEM. */
MUST_CHECK int str_set_add(struct str_set *s, struct str item);

/** Sorts, cuts at `limit` (0: none) and hands over the list. */
void str_set_take(struct str_set *s, size_t limit, struct str_list *ret, bool *ret_cut);

/**
 * Adds the label names (`name` NULL) or the values of `*name` that series have which match any of
 * the selectors (none: all series). Errors: as match_series().
 */
MUST_CHECK int match_list(const struct label_source *source, const struct str *name,
                          const struct selector *selectors, size_t n, struct str_set *to,
                          struct error *err);

#endif
