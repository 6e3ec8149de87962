/* nvidia_sort.c - Shell's sort. */
#include "device/nvidia/nvidia_sort.h"

#include <assert.h>

void nvidia_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    /* Ciura's gaps, each further one 2.25 times larger. */
    static const size_t gaps[] = {20001, 8901, 3956, 1750, 701, 301, 132, 57, 23, 10, 4, 1};
    char one[NVIDIA_SORT_ELEMENT], *s = base;

    assert(size <= sizeof(one));
    for (size_t k = 0; k < ARRAY_LEN(gaps); k++)
        for (size_t i = gaps[k]; i < n; i++) {
            size_t at = i;
            if (compare(s + (i - gaps[k]) * size, s + i * size) <= 0)
                continue;
            memcpy(one, s + i * size, size);
            for (; at >= gaps[k] && compare(s + (at - gaps[k]) * size, one) > 0; at -= gaps[k])
                memcpy(s + at * size, s + (at - gaps[k]) * size, size);
            memcpy(s + at * size, one, size);
        }
}
