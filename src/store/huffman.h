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

#define HUFFMAN_QUICK 8 /* codes up to this length, nearly all that are read, are looked up */

/* What a code says of the number that it begins: how many bits the two take together (0: to be
 * found out otherwise), those of the code, how far 64 bits go right to leave those behind it and
 * one more, and the flags. */
#define HUFFMAN_ALL(code)   ((code)&63)
#define HUFFMAN_LEN(code)   ((code) >> 8 & 63)
#define HUFFMAN_RIGHT(code) ((code) >> 16 & 63)
#define HUFFMAN_MORE(code)  (63 - HUFFMAN_RIGHT(code)) /* bits behind the code */
#define HUFFMAN_ONE         (1u << 24) /* the number has a 1 in front of the bits behind the code */
#define HUFFMAN_RUN         (1u << 31) /* it tells how many zeros there are */
#define HUFFMAN_AT_HAND     57         /* bits of a number that are looked at in one go */

/* For reading. */
struct huffman_reader {
    uint32_t quick[1 << HUFFMAN_QUICK]; /* by the next bits; 0: see huffman_find() */
    uint32_t end[HUFFMAN_BITS + 2];     /* codes of this length end below this, left-aligned */
    uint16_t base[HUFFMAN_BITS + 2];    /* index of a length's first symbol less its first code */
    uint8_t symbols[HUFFMAN_SYMBOLS];   /* in order of their codes */
    uint8_t widest;                     /* bits of the widest number in `quick` */
};

/** Reads lengths back. False when they are none of ours. */
MUST_CHECK bool huffman_read(struct reader *from, struct huffman_reader *ret);

/** Passes over lengths. */
MUST_CHECK bool huffman_skip(struct reader *from);

/** What the next HUFFMAN_BITS bits say, in the form of `quick` and of any length; 0: no code
 * matches.
 */
uint32_t huffman_find(const struct huffman_reader *h, uint32_t bits);

#endif
