#include "base/arena.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

#define FIRST_CHUNK 4096
#define LARGE_CHUNK                                                                                \
    ((size_t)1 << 20) /* doubling stops here: at most this much is wasted at the end */

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of the whole allocation */
    _Alignas(max_align_t) char data[];
};

struct arena_pool {
    size_t pieces;
    pthread_mutex_t lock; /* lock: all below */
    struct arena_chunk *kept;
    size_t len;
};

struct arena_pool *arena_pool_new(size_t pieces)
{
    struct arena_pool *p = xnew(struct arena_pool);

    p->pieces = pieces;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static struct arena_chunk *pool_take(struct arena_pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct arena_chunk *chunk = p->kept;
    if (chunk) {
        p->kept = chunk->next;
        p->len--;
    }
    pthread_mutex_unlock(&p->lock);
    return chunk;
}

/* False when it has enough: the caller frees it. */
static bool pool_give(struct arena_pool *p, struct arena_chunk *chunk)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->len < p->pieces;
    if (room) {
        chunk->next = p->kept;
        p->kept = chunk;
        p->len++;
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

void arena_init_pooled(struct arena *a, size_t max, struct arena_pool *pool)
{
    *a = (struct arena){.max = max, .pool = pool};
}

static void free_chunks(struct arena_pool *pool, struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        if (!pool || chunk->size != LARGE_CHUNK || !pool_give(pool, chunk))
            free(chunk);
        chunk = next;
    }
}

void arena_pool_free(struct arena_pool *p)
{
    if (!p)
        return;
    free_chunks(NULL, p->kept);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void arena_fini(struct arena *a)
{
    free_chunks(a->pool, a->chunks);
    *a = (struct arena){.max = a->max, .pool = a->pool};
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = NULL;
    struct arena_chunk **link = NULL;

    for (struct arena_chunk **at = &a->chunks; *at; at = &(*at)->next)
        if (!link || (*at)->size > (*link)->size)
            link = at;
    if (link) {
        keep = *link;
        *link = keep->next;
        free_chunks(a->pool, a->chunks);
        keep->next = NULL;
    }
    a->chunks = keep;
    a->at = keep ? keep->data : NULL;
    a->end = keep ? (char *)keep + keep->size : NULL;
    a->used = 0;
}

void arena_rest(struct arena *a)
{
    arena_reset(a);
    if (a->chunks)
        mem_rest(a->chunks->data, (size_t)(a->end - a->chunks->data));
}

size_t arena_bytes(const struct arena *a)
{
    size_t bytes = 0;
    for (const struct arena_chunk *chunk = a->chunks; chunk; chunk = chunk->next)
        bytes += chunk->size;
    return bytes;
}

size_t arena_room(const struct arena *a)
{
    return a->max ? a->max - MIN(a->max, arena_bytes(a)) + (size_t)(a->end - a->at) : SIZE_MAX;
}

static bool add_chunk(struct arena *a, size_t size)
{
    size_t want, taken = arena_bytes(a);
    size_t step = a->pool     ? LARGE_CHUNK
                  : a->chunks ? MIN(a->chunks->size * 2, LARGE_CHUNK)
                              : FIRST_CHUNK;

    if (!size_add(size, sizeof(struct arena_chunk), &want))
        return false;
    want = MAX(want, step);
    if (a->max && want > a->max - MIN(taken, a->max)) {
        want = size + sizeof(struct arena_chunk);
        if (want > a->max - MIN(taken, a->max))
            return false;
    }
    struct arena_chunk *chunk = a->pool && want == LARGE_CHUNK ? pool_take(a->pool) : NULL;
    if (!chunk)
        chunk = malloc(want);
    if (!chunk)
        return false;
    chunk->next = a->chunks;
    chunk->size = want;
    a->chunks = chunk;
    a->at = chunk->data;
    a->end = (char *)chunk + want;
    return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t rounded;

    if (!size_add(size, align - 1, &rounded))
        return NULL;
    rounded = MAX(rounded & ~(align - 1), align); /* nothing has a place of its own, too */
    if (UNLIKELY(rounded > (size_t)(a->end - a->at)) && !add_chunk(a, rounded))
        return NULL;
    void *ptr = a->at;
    a->at += rounded;
    a->used += rounded;
    return ptr;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    void *ptr = size_mul(count, size, &bytes) ? arena_alloc(a, bytes) : NULL;
    if (ptr && bytes)
        memset(ptr, 0, bytes);
    return ptr;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;
    if (copy) {
        if (len)
            memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}
