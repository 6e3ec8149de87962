/* map.h - a hash table from bytes to pointers: open addressing, keys copied or borrowed by choice.
 */
#ifndef ALGALON_BASE_MAP_H
#define ALGALON_BASE_MAP_H

#include "base/std.h"
#include "base/str.h"

struct map_entry {
    struct str key; /* borrowed: must outlive its place in the map */
    uint64_t hash;
    void *value; /* NULL: the place is free */
};

struct map {
    struct map_entry *entries;
    size_t len, cap, dead;
};

static inline void map_init(struct map *m)
{
    *m = (struct map){0};
}

/** Frees the table, not keys or values. */
void map_fini(struct map *m);

/** The value under `key`, or NULL. */
void *map_get(const struct map *m, struct str key);

/**
 * Puts `value` (never NULL) under `key`, replacing what stood there (returned in `*ret_old`, may be
 * NULL). The key is borrowed; on replacement the new key takes the old one's place. Errors:
 * -ENOMEM, the map is as before.
 */
MUST_CHECK int map_put(struct map *m, struct str key, void *value, void **ret_old);

/** Takes the value under `key` out and returns it; NULL when there is none. */
void *map_take(struct map *m, struct str key);

/** Walks in no order: start with *at = 0; NULL at the end. Do not put while walking; taking is
 * fine. */
struct map_entry *map_next(const struct map *m, size_t *at);

#endif
