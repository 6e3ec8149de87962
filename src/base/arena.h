/* arena.h - memory that dies together: one per scrape, query or block; reset, not freed piece by
 * piece. */
#ifndef ALGALON_BASE_ARENA_H
#define ALGALON_BASE_ARENA_H

#include "base/std.h"

struct arena_chunk;
struct arena_pool; /* pieces of memory that arenas leave to the next ones: fresh ones cost a page
                      fault for every 4 KiB, which is more than what most queries do with them */
struct arena {
    struct arena_chunk *chunks;
    struct arena_pool *pool; /* NULL: none */
    char *at, *end;
    size_t used; /* bytes handed out and rounding, since the last reset */
    size_t max;  /* bound on the memory taken; 0: none */
};

/** Empty; allocates nothing yet. `max`: bytes it may take in all, 0 for no bound. One thread at a
 * time. */
void arena_init(struct arena *a, size_t max);

/** Keeps at most `pieces` of 1 MiB each. Threads: any number at once. */
struct arena_pool *arena_pool_new(size_t pieces);
/** After the last arena that takes from it. NULL is fine. */
void arena_pool_free(struct arena_pool *p);
/** An arena that grows by such pieces; `pool` NULL: as arena_init(). */
void arena_init_pooled(struct arena *a, size_t max, struct arena_pool *pool);

/** Frees everything. */
void arena_fini(struct arena *a);

/** Forgets everything, keeps the largest chunk for the next use. */
void arena_reset(struct arena *a);

/** The same, and the pages of that chunk rest (see mem_rest()) until it is used again. */
void arena_rest(struct arena *a);

/** `size` bytes, aligned for any type, not zeroed. NULL when the bound is reached or memory is out.
 */
MUST_CHECK void *arena_alloc(struct arena *a, size_t size);

/** `count` zeroed elements of `size` bytes; NULL also when the product overflows. */
MUST_CHECK void *arena_calloc(struct arena *a, size_t count, size_t size);

/** A terminated copy of `len` bytes. NULL as above. */
MUST_CHECK char *arena_strndup(struct arena *a, const char *text, size_t len);

/** Bytes taken from the system now. */
size_t arena_bytes(const struct arena *a);

/** Bytes that it may still take, of its bound; SIZE_MAX where it has none. */
size_t arena_room(const struct arena *a);

#define arena_new(a, type) ((type *)arena_calloc((a), 1, sizeof(type)))

#endif
