/* numbers.h - reads the numbers of columns out of their streams of bits: a code for the length of
 * each, then its bits. The next number of a stream is known where the one before ends only, so
 * streams are read two at a time, for the processor to have something to do meanwhile. */
#ifndef ALGALON_STORE_NUMBERS_H
#define ALGALON_STORE_NUMBERS_H

#include "store/huffman.h"

#define NUMBERS_TOGETHER 2

struct number_stream {
    const struct huffman_reader *codes;
    const uint8_t *bytes;
    size_t at, end;   /* bits: of the next number, and of the stream */
    size_t quick_end; /* before this bit eight bytes may be read */
    uint64_t *ret;
    uint32_t got, want;
    bool failed;
    uint8_t last[16]; /* the last bytes, with zeros behind them */
};

/** `n` numbers are wanted in `ret`; the bytes from `at` to `end` are the stream,
 * those up to `readable` (`end` or later) may be looked at. */
void numbers_begin(struct number_stream *s, const struct huffman_reader *codes, const uint8_t *at,
                   const uint8_t *end, const uint8_t *readable, uint64_t *ret, uint32_t n);

/** Reads on in all of `streams[n]` (NUMBERS_TOGETHER at most) until at least one of them is
 * through.
 */
void numbers_read(struct number_stream *const *streams, unsigned n);

static inline bool numbers_through(const struct number_stream *s)
{
    return s->failed || s->got >= s->want;
}

/** Whether a stream that is through gave just what was wanted. */
bool numbers_good(const struct number_stream *s);

#endif
