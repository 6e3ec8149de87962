/* huffman.h - prefix codes for the symbols of columns. A code is told by its lengths alone
 * (canonical: shorter first, then by symbol). */
#ifndef ALGALON_STORE_HUFFMAN_H
#define ALGALON_STORE_HUFFMAN_H

#include "store/bits.h"

/* Symbols: the length in bits of a number (0 to 64), then runs of zeros: symbol 65 + j stands for
 * 2^(j+1) to 2^(j+2) - 1 of them. */
#define HUFFMAN_CLASSES 65
#define HUFFMAN_RUNS    12
#define HUFFMAN_SYMBOLS (HUFFMAN_CLASSES + HUFFMAN_RUNS)
#define HUFFMAN_BITS    15 /* of the longest code */

/* For writing. */
struct huffman {
    uint8_t length[HUFFMAN_SYMBOLS]; /* 0: the symbol has no code */
    uint16_t code[HUFFMAN_SYMBOLS];
};

/** Best lengths for these counts; symbols with count 0 get none. At least one count is not 0. */
void huffman_build(struct huffman *h, const uint32_t counts[HUFFMAN_SYMBOLS]);

/** Appends the lengths. */
void huffman_write(const struct huffman *h, struct buf *to);

#define HUFFMAN_QUICK 6 /* codes up to this length, most of all that are read, are looked up */

/* For reading: counts of codes by length, and the symbols in order of their codes. */
struct huffman_reader {
    uint16_t
        quick[1 << HUFFMAN_QUICK];   /* by the next bits: symbol << 4 | length; 0: it is longer */
    uint32_t end[HUFFMAN_BITS + 2];  /* codes of this length end below this, left-aligned */
    uint16_t base[HUFFMAN_BITS + 2]; /* index of a length's first symbol less its first code */
    uint8_t symbols[HUFFMAN_SYMBOLS];
};

/** Reads lengths back. False when they are none of ours. */
MUST_CHECK bool huffman_read(struct reader *from, struct huffman_reader *ret);

/** Passes over lengths. */
MUST_CHECK bool huffman_skip(struct reader *from);

/** Takes one symbol; HUFFMAN_SYMBOLS when no code matches. 15 bits are at hand. */
static inline unsigned huffman_take(const struct huffman_reader *h, struct bit_reader *r)
{
    uint32_t peek = (uint32_t)(r->held >> (64 - HUFFMAN_BITS));
    unsigned quick = h->quick[peek >> (HUFFMAN_BITS - HUFFMAN_QUICK)];
    unsigned len = quick & 15;

    if (LIKELY(len)) {
        r->held <<= len;
        r->count -= len;
        return quick >> 4;
    }
    len = HUFFMAN_QUICK + 1;
    while (len <= HUFFMAN_BITS && peek >= h->end[len])
        len++;
    if (len > HUFFMAN_BITS)
        return HUFFMAN_SYMBOLS;
    r->held <<= len;
    r->count -= len;
    return h->symbols[(uint16_t)((peek >> (HUFFMAN_BITS - len)) + h->base[len])];
}

#endif
