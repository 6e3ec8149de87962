/* mem.h - allocation: aborting helpers for small needs, checked arithmetic for sizes from outside.
 */
#ifndef ALGALON_BASE_MEM_H
#define ALGALON_BASE_MEM_H

#include "base/std.h"

#include <stdlib.h>

/** calloc() that aborts when memory is out: for small needs of fixed size only. */
void *xcalloc(size_t count, size_t size);

/** strdup() and strndup() that abort when memory is out. `text` may be NULL, giving NULL. */
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);

/** Multiplies two sizes that come from outside; false when the product does not fit. */
MUST_CHECK static inline bool size_mul(size_t a, size_t b, size_t *ret)
{
    return !__builtin_mul_overflow(a, b, ret);
}

/** Adds two sizes that come from outside; false when the sum does not fit. */
MUST_CHECK static inline bool size_add(size_t a, size_t b, size_t *ret)
{
    return !__builtin_add_overflow(a, b, ret);
}

/**
 * Grows the array at `ptr` (elements of `elem` bytes, `*cap` of them allocated) so that it holds
 * `want`. Doubles, so that appending one by one is linear. New elements are zeroed. Errors: NULL
 * when memory is out or the size overflows; `ptr` and `*cap` are then untouched.
 */
MUST_CHECK void *array_grow(void *ptr, size_t *cap, size_t want, size_t elem);

/**
 * Gives the pages that lie wholly within [ptr, ptr + bytes) back to the system, while the addresses
 * stay: what was written there is lost. For large buffers that rest between two uses; below
 * MEM_REST_MIN bytes it is not worth the call, and nothing happens.
 */
#define MEM_REST_MIN ((size_t)64 << 10)
void mem_rest(void *ptr, size_t bytes);

#endif
