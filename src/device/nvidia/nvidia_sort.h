/* nvidia_sort.h - sorts in place, without memory: qsort() may allocate, and readings must not. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_SORT_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_SORT_H

#include "base/base.h"

#define NVIDIA_SORT_ELEMENT 128 /* bytes of the largest element */

/** Sorts `n` elements of `size` bytes (at most NVIDIA_SORT_ELEMENT) by `compare`; not stable. Quick
 * on what is nearly in order. */
void nvidia_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));

#endif
