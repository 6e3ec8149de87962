/* bits.h - writes a stream of bits, the first in the highest bit of the first byte. numbers.h reads
 * it back. */
#ifndef ALGALON_STORE_BITS_H
#define ALGALON_STORE_BITS_H

#include "store/varint.h"

struct bit_writer {
    uint8_t *at;
    uint64_t held; /* its low `count` bits are still to be written */
    unsigned count;
};

/* Writes the low `n` bits of `v`, n at most 32; there must be room for 8 bytes. */
static inline void bits_put(struct bit_writer *w, uint64_t v, unsigned n)
{
    w->held = w->held << n | (v & ((UINT64_C(1) << n) - 1));
    w->count += n;
    while (w->count >= 8) {
        w->count -= 8;
        *w->at++ = (uint8_t)(w->held >> w->count);
    }
}

static inline void bits_put_wide(struct bit_writer *w, uint64_t v, unsigned n)
{
    if (n > 32) {
        bits_put(w, v >> 32, n - 32);
        n = 32;
    }
    bits_put(w, v, n);
}

static inline void bits_end(struct bit_writer *w)
{
    if (w->count)
        *w->at++ = (uint8_t)(w->held << (8 - w->count));
    w->count = 0;
}

#endif
