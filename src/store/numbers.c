/* numbers.c - reading numbers. Any bytes may come: what is read is bounded by `quick_end`, what is
 * written by `want`. */
#include "store/numbers.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* What a loop over a stream changes and looks at. */
struct place {
    size_t at;
    uint64_t *to;
    const uint32_t *quick;
    const uint8_t *bytes;
    size_t quick_end;
    const uint64_t *end;  /* before this there is room for as many numbers as are taken at a time */
    const uint64_t *full; /* what is wanted ends here */
};

void numbers_begin(struct number_stream *s, const struct huffman_reader *codes, const uint8_t *at,
                   const uint8_t *end, const uint8_t *readable, uint64_t *ret, uint32_t n)
{
    size_t bytes = (size_t)(readable - at);

    s->codes = codes;
    s->bytes = at;
    s->at = 0;
    s->end = (size_t)(end - at) * 8;
    s->quick_end = bytes < 8 ? 0 : (bytes - 7) * 8;
    s->ret = ret;
    s->got = 0;
    s->want = n;
    s->failed = false;
}

/* The next bits, from the highest one down; HUFFMAN_AT_HAND of them at least. */
static ALWAYS_INLINE uint64_t bits_at(const uint8_t *bytes, size_t at)
{
    uint64_t word;

    memcpy(&word, bytes + at / 8, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word << at % 8;
}

static ALWAYS_INLINE struct place place_of(const struct number_stream *s, unsigned each)
{
    uint32_t most = s->want < each ? 0 : s->want - (each - 1);

    return (struct place){.at = s->at,
                          .to = s->ret + s->got,
                          .quick = s->codes->quick,
                          .bytes = s->bytes,
                          .quick_end = s->quick_end,
                          .end = s->ret + most,
                          .full = s->ret + s->want};
}

static ALWAYS_INLINE void keep(struct number_stream *s, const struct place *p)
{
    s->at = p->at;
    s->got = (uint32_t)(p->to - s->ret);
}

static ALWAYS_INLINE bool is_ready(const struct place *p)
{
    return p->to < p->end && p->at < p->quick_end;
}

/* Takes `each` numbers, whose bits are all at hand, or fewer and a run of zeros; false when it came
 * to what take_long() is for. What the processor can guess wrong is only whether a run comes. */
static ALWAYS_INLINE bool take(struct place *p, unsigned each)
{
    uint64_t bits = bits_at(p->bytes, p->at);
    uint64_t *to = p->to;
    size_t at = p->at;
    bool good = true;

    for (unsigned i = 0; i < each; i++) {
        uint32_t code = p->quick[bits >> (64 - HUFFMAN_QUICK)];
        uint64_t number = (bits << HUFFMAN_LEN(code)) >> 1;
        if (UNLIKELY((int32_t)code <= 0)) {
            uint64_t zeros = number >> HUFFMAN_RIGHT(code) | UINT64_C(1) << HUFFMAN_MORE(code);
            good = code && zeros <= (uint64_t)(p->full - to);
            if (!good)
                break;
            for (; zeros; zeros--)
                *to++ = 0;
            at += HUFFMAN_ALL(code);
            break;
        }
        number |= (uint64_t)(code >> 24) << 63;
        *to++ = number >> HUFFMAN_RIGHT(code);
        at += HUFFMAN_ALL(code);
        bits <<= HUFFMAN_ALL(code);
    }
    p->to = to;
    p->at = at;
    return good;
}

/* The `n` bits from bit `at` on, 0 to 63; what lies behind the readable bytes is 0. */
static uint64_t long_bits(const struct number_stream *s, size_t at, unsigned n)
{
    uint64_t value = 0;
    size_t readable = s->quick_end + 56;

    if (n && at + 32 < s->quick_end) {
        unsigned first = MIN(n, 32u), rest = n - first;
        value = bits_at(s->bytes, at) >> (64 - first);
        return rest ? value << rest | bits_at(s->bytes, at + first) >> (64 - rest) : value;
    }
    for (unsigned i = 0; i < n; i++, at++)
        value = value << 1 | (at < readable ? s->bytes[at / 8] >> (7 - at % 8) & 1u : 0u);
    return value;
}

/* A number with a long code, or many bits, or a run that is longer than what is wanted. */
static void take_long(struct number_stream *s)
{
    uint32_t code =
        huffman_find(s->codes, (uint32_t)(bits_at(s->bytes, s->at) >> (64 - HUFFMAN_BITS)));
    unsigned more = HUFFMAN_MORE(code);
    uint64_t number = long_bits(s, s->at + HUFFMAN_LEN(code), more);
    bool run = code & HUFFMAN_RUN;

    if (code & HUFFMAN_ONE)
        number |= UINT64_C(1) << more;
    s->at += HUFFMAN_LEN(code) + more;
    s->failed = !code || (run && number > s->want - s->got);
    if (s->failed)
        return;
    if (!run)
        s->ret[s->got++] = number;
    for (; run && number; number--)
        s->ret[s->got++] = 0;
}

/* The rest of a stream of which fewer than eight bytes are readable. */
static void go_to_last(struct number_stream *s)
{
    size_t from = s->at / 8, left = s->end / 8 - MIN(from, s->end / 8);

    if (s->bytes == s->last || s->at > s->end) {
        s->failed = true; /* it ends too early */
        return;
    }
    memset(s->last, 0, sizeof(s->last));
    memcpy(s->last, s->bytes + from, MIN(left, sizeof(s->last) - 8));
    s->bytes = s->last;
    s->at -= from * 8;
    s->end -= from * 8;
    s->quick_end = (sizeof(s->last) - 7) * 8;
}

/* What stopped a loop: something for take_long(), or the last bytes. */
static void go_on(struct number_stream *s)
{
    if (numbers_through(s))
        return;
    if (s->at >= s->quick_end)
        go_to_last(s);
    else if ((int32_t)s->codes->quick[bits_at(s->bytes, s->at) >> (64 - HUFFMAN_QUICK)] <= 0)
        take_long(s);
}

static ALWAYS_INLINE void take_by(unsigned each, struct number_stream *s, struct number_stream *t)
{
    struct place p = place_of(s, each), q = place_of(t, each);

    bool more = true;

    while (more && is_ready(&p) && is_ready(&q)) {
        more = take(&p, each);
        more = take(&q, each) && more;
    }
    keep(s, &p);
    keep(t, &q);
}

static ALWAYS_INLINE void take_alone_by(unsigned each, struct number_stream *s)
{
    struct place p = place_of(s, each);

    while (is_ready(&p) && take(&p, each))
        ;
    keep(s, &p);
}

static void read_two(struct number_stream *s, struct number_stream *t)
{
    unsigned widest = MAX(s->codes->widest, t->codes->widest);

    while (!numbers_through(s) && !numbers_through(t)) {
        if (widest * 4 <= HUFFMAN_AT_HAND)
            take_by(4, s, t);
        else if (widest * 2 <= HUFFMAN_AT_HAND)
            take_by(2, s, t);
        take_by(1, s, t);
        go_on(s);
        go_on(t);
    }
}

static void read_one(struct number_stream *s)
{
    unsigned widest = s->codes->widest;

    while (!numbers_through(s)) {
        if (widest * 4 <= HUFFMAN_AT_HAND)
            take_alone_by(4, s);
        else if (widest * 2 <= HUFFMAN_AT_HAND)
            take_alone_by(2, s);
        take_alone_by(1, s);
        go_on(s);
    }
}

void numbers_read(struct number_stream *const *streams, unsigned n)
{
    if (n > 1)
        read_two(streams[0], streams[1]);
    else
        read_one(streams[0]);
}

bool numbers_good(const struct number_stream *s)
{
    return !s->failed && s->got == s->want && s->at <= s->end;
}
