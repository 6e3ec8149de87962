#include "base/mem.h"

#include <sys/mman.h>
#include <unistd.h>

static void *must(void *ptr)
{
    if (!ptr) {
        fputs("algalon: out of memory\n", stderr);
        abort();
    }
    return ptr;
}

void *xcalloc(size_t count, size_t size)
{
    return must(calloc(count, size ? size : 1));
}

char *xstrdup(const char *text)
{
    return text ? must(strdup(text)) : NULL;
}

char *xstrndup(const char *text, size_t len)
{
    return text ? must(strndup(text, len)) : NULL;
}

void *array_grow(void *ptr, size_t *cap, size_t want, size_t elem)
{
    size_t next, bytes;

    if (want <= *cap && ptr)
        return ptr;
    if (!size_mul(*cap, 2, &next))
        return NULL;
    if (next < want)
        next = want;
    if (next < 8)
        next = 8;
    if (!size_mul(next, elem, &bytes))
        return NULL;
    char *grown = realloc(ptr, bytes);
    if (!grown)
        return NULL;
    memset(grown + *cap * elem, 0, bytes - *cap * elem);
    *cap = next;
    return grown;
}

void mem_rest(void *ptr, size_t bytes)
{
#ifdef __linux__
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)ptr + page - 1) / page * page;
    uintptr_t to = ((uintptr_t)ptr + bytes) / page * page;

    if (ptr && bytes >= MEM_REST_MIN && from < to)
        (void)!madvise((void *)from, to - from, MADV_DONTNEED);
#else
    (void)ptr;
    (void)bytes;
#endif
}
