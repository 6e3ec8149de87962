/* md5.c - RFC 1321. */
#include "scrape/md5.h"

#define BLOCK 64

static uint32_t rotate(uint32_t x, unsigned n)
{
    return (x << n) | (x >> (32 - n));
}

/* One step of round `i / 16`: the mixing function and which word it takes (RFC 1321, 3.4). */
static uint32_t mix(unsigned i, uint32_t b, uint32_t c, uint32_t d, unsigned *ret_word)
{
    switch (i / 16) {
    case 0:
        *ret_word = i;
        return (b & c) | (~b & d);
    case 1:
        *ret_word = (5 * i + 1) % 16;
        return (b & d) | (c & ~d);
    case 2:
        *ret_word = (3 * i + 5) % 16;
        return b ^ c ^ d;
    default:
        *ret_word = (7 * i) % 16;
        return c ^ (b | ~d);
    }
}

static void add_block(uint32_t state[4], const unsigned char *block)
{
    static const unsigned char shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

    for (unsigned i = 0; i < BLOCK; i++) {
        unsigned word;
        uint32_t f = mix(i, b, c, d, &word);
        const unsigned char *p = block + 4 * word;
        uint32_t x = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        /* The constants are floor(2^32 |sin(i + 1)|). */
        uint32_t constant = (uint32_t)(int64_t)floor(fabs(sin(i + 1.0)) * 0x1p32);
        uint32_t next = b + rotate(a + f + constant + x, shifts[i / 16][i % 4]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void md5(struct str text, unsigned char ret[16])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const unsigned char *p = (const unsigned char *)text.ptr;
    unsigned char last[2 * BLOCK] = {0};
    size_t left = text.len;
    uint64_t bits = (uint64_t)text.len * 8;

    for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
        add_block(state, p);
    if (left)
        memcpy(last, p, left);
    last[left] = 0x80;
    size_t n = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
    for (unsigned i = 0; i < 8; i++)
        last[n - 8 + i] = (unsigned char)(bits >> (8 * i));
    for (size_t at = 0; at < n; at += BLOCK)
        add_block(state, last + at);
    for (unsigned i = 0; i < 16; i++)
        ret[i] = (unsigned char)(state[i / 4] >> (8 * (i % 4)));
}
