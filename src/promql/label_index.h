/* label_index.h - finds label sets that are the same: a number for each, and the members of each
 * number. */
#ifndef ALGALON_PROMQL_LABEL_INDEX_H
#define ALGALON_PROMQL_LABEL_INDEX_H

#include "promql/projection.h"
#include "promql/vector.h"

/* Numbers label sets in the order they first come. */
struct label_index {
    struct arena *arena;
    struct labels *keys;
    uint64_t *hashes;
    size_t len, cap;
    uint32_t *slots; /* number + 1; 0 is free */
    size_t mask;
};

MUST_CHECK bool label_index_init(struct label_index *x, struct arena *a, size_t expected);

/** The number of `l`; a new one gets the next and, with `copy`, a copy of the pairs (not of their
 * text). SIZE_MAX when the arena is full. */
size_t label_index_put(struct label_index *x, struct labels l, bool copy);

/** The number of each line's projection, in `a`; NULL when it is full. */
MUST_CHECK uint32_t *label_index_lines(struct label_index *x, const struct projection *p,
                                       const struct vector *v, struct arena *a);

/* Members of numbered groups: those of group g are items[first[g]] to items[first[g + 1]]. */
struct members {
    uint32_t *first, *items;
};

MUST_CHECK bool label_index_members(struct arena *a, const uint32_t *group_of, size_t len,
                                    size_t groups, struct members *ret);

#endif
