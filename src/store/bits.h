/* bits.h - a stream of bits, the first in the highest bit of the first byte. */
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

/* Reads past the end give zeros; bits_overrun() tells afterwards. */
struct bit_reader {
    const uint8_t *at, *end;
    uint64_t held; /* the next bits, from the highest one down */
    unsigned count;
    unsigned beyond; /* bytes made up behind the end */
};

static inline struct bit_reader bit_reader_of(const uint8_t *at, const uint8_t *end)
{
    return (struct bit_reader){at, end, 0, 0, 0};
}

/* Has at least 57 bits at hand afterwards. */
static inline void bits_fill(struct bit_reader *r)
{
    if (r->end - r->at >= 8) {
        uint64_t word;
        memcpy(&word, r->at, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        r->held |= word >> r->count;
        unsigned taken = (63 - r->count) / 8;
        r->at += taken;
        r->count += taken * 8;
        return;
    }
    while (r->count <= 56) {
        uint64_t byte = 0;
        if (r->at < r->end)
            byte = *r->at++;
        else
            r->beyond++;
        r->held |= byte << (56 - r->count);
        r->count += 8;
    }
}

/* Takes `n` bits, 1 to 57, that are at hand. */
static inline uint64_t bits_take(struct bit_reader *r, unsigned n)
{
    uint64_t v = r->held >> (64 - n);
    r->held <<= n;
    r->count -= n;
    return v;
}

static inline bool bits_overrun(const struct bit_reader *r)
{
    return r->beyond * 8 > r->count;
}

#endif
