/* huffman_test.c - prefix codes: every symbol comes back, no code is too long, foreign lengths are
 * refused; numbers come back, in any company. */
#include "store/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_symbol_comes_back(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 300; round++) {
        uint32_t counts[HUFFMAN_SYMBOLS] = {0};
        struct huffman h;
        struct huffman_reader reader;
        struct buf lengths = {0};
        uint64_t kinds = 1 + hash_more(round, "k", 1) % HUFFMAN_SYMBOLS;

        counts[round % HUFFMAN_SYMBOLS] = 1;
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++) {
            uint64_t random = hash_more(round, &s, sizeof(s));
            if (random % HUFFMAN_SYMBOLS < kinds) /* steep, so that codes would get too long */
                counts[s] = 1u << (random >> 32) % 28;
        }
        huffman_build(&h, counts);
        huffman_write(&h, &lengths);
        struct reader from = reader_of(lengths.ptr, lengths.len);
        assert_true(huffman_read(&from, &reader));
        assert_int_equal(reader_left(&from), 0);
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++) {
            assert_int_equal(h.length[s] > 0, counts[s] > 0);
            assert_true(h.length[s] <= HUFFMAN_BITS);
        }
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++) {
            if (!counts[s])
                continue;
            bool run = s >= HUFFMAN_CLASSES;
            uint32_t bits = (uint32_t)h.code[s] << (HUFFMAN_BITS - h.length[s]);
            uint32_t code = huffman_find(&reader, bits);
            assert_int_equal(HUFFMAN_LEN(code), h.length[s]);
            assert_int_equal(HUFFMAN_MORE(code), run ? s - HUFFMAN_CLASSES + 1 : s ? s - 1 : 0);
            assert_int_equal(!!(code & HUFFMAN_RUN), run);
            assert_int_equal(!!(code & HUFFMAN_ONE), s > 0);
            uint32_t quick = reader.quick[bits >> (HUFFMAN_BITS - HUFFMAN_QUICK)];
            unsigned all = HUFFMAN_LEN(code) + HUFFMAN_MORE(code);
            bool fits = h.length[s] <= HUFFMAN_QUICK && all <= HUFFMAN_AT_HAND;
            assert_true(!fits || HUFFMAN_ALL(code) == all);
            assert_int_equal(quick, fits ? code : 0);
        }
        buf_fini(&lengths);
    }
}

/* A stream of random numbers and its codes. */
struct written {
    uint64_t numbers[700], read[700];
    uint8_t bytes[700 * 12];
    size_t len;
    uint32_t n;
    struct huffman_reader reader;
    struct number_stream stream;
};

static unsigned class_of(uint64_t number)
{
    return number ? 64 - (unsigned)__builtin_clzll(number) : 0;
}

/* Up to `bits` wide, some of them runs of two or three zeros. */
static void write_numbers(struct written *to, uint64_t seed, unsigned bits)
{
    uint32_t counts[HUFFMAN_SYMBOLS] = {0}, at = 0;
    struct bit_writer w = {to->bytes, 0, 0};
    struct buf lengths = {0};
    struct huffman h;

    to->n = 1 + (uint32_t)(hash_more(seed, "n", 1) % 700);
    for (uint32_t i = 0; i < to->n; i++) {
        uint64_t random = hash_more(seed, &i, sizeof(i));
        unsigned wide = (unsigned)(random % (bits + 1)) * (random >> 40 & 1);
        to->numbers[i] = wide ? hash_more(random, "v", 1) >> (64 - wide) : 0;
        counts[class_of(to->numbers[i])]++;
    }
    counts[HUFFMAN_CLASSES] = to->n / 8 + 1;
    huffman_build(&h, counts);
    while (at < to->n) {
        bool run = to->n - at >= 3 && !to->numbers[at] && !to->numbers[at + 1];
        bool three = run && !to->numbers[at + 2];
        unsigned symbol = run ? HUFFMAN_CLASSES : class_of(to->numbers[at]);
        bits_put(&w, h.code[symbol], h.length[symbol]);
        if (run)
            bits_put(&w, three, 1);
        else if (symbol > 1)
            bits_put_wide(&w, to->numbers[at], symbol - 1);
        at += run ? 2 + three : 1;
    }
    bits_end(&w);
    to->len = (size_t)(w.at - to->bytes);
    huffman_write(&h, &lengths);
    struct reader from = reader_of(lengths.ptr, lengths.len);
    assert_true(huffman_read(&from, &to->reader));
    buf_fini(&lengths);
}

static void numbers_come_back_in_any_company(void **state)
{
    struct written *all = calloc(NUMBERS_TOGETHER, sizeof(*all));

    (void)state;
    assert_non_null(all);
    for (uint64_t round = 0; round < 600; round++) {
        struct number_stream *streams[NUMBERS_TOGETHER];
        unsigned n = 1 + (unsigned)(round % NUMBERS_TOGETHER), left = n;
        for (unsigned i = 0; i < n; i++) {
            struct written *w = &all[i];
            write_numbers(w, round * 8 + i, round % 3 ? 12 : 64);
            memset(w->read, 0, sizeof(w->read));
            const uint8_t *end = w->bytes + w->len;
            numbers_begin(&w->stream, &w->reader, w->bytes, end, end + (round % 2 ? 0 : 700),
                          w->read, w->n);
            streams[i] = &w->stream;
        }
        while (left) {
            numbers_read(streams, left);
            unsigned kept = 0;
            for (unsigned i = 0; i < left; i++)
                if (!numbers_through(streams[i]))
                    streams[kept++] = streams[i];
            assert_true(kept < left);
            left = kept;
        }
        for (unsigned i = 0; i < n; i++) {
            assert_true(numbers_good(&all[i].stream));
            assert_memory_equal(all[i].read, all[i].numbers, all[i].n * sizeof(uint64_t));
        }
    }
    free(all);
}

/* One byte less, and the last number is not there. */
static void a_stream_that_ends_too_early_is_no_good(void **state)
{
    struct written *w = calloc(1, sizeof(*w));

    (void)state;
    assert_non_null(w);
    for (uint64_t round = 0; round < 100; round++) {
        struct number_stream *stream = &w->stream;
        write_numbers(w, round, 40);
        memset(w->read, 0, sizeof(w->read));
        const uint8_t *end = w->bytes + w->len - 1;
        numbers_begin(stream, &w->reader, w->bytes, end, end + round % 2, w->read, w->n);
        while (!numbers_through(stream))
            numbers_read(&stream, 1);
        assert_false(numbers_good(stream));
    }
    free(w);
}

static void lengths_that_are_no_code_are_refused(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t n;
    } cases[] = {
        {{0}, 0},                       /* nothing */
        {{0, 0, 0}, 3},                 /* no symbol */
        {{0, 3, 0x11, 0x10, 0}, 5},     /* three codes of one bit */
        {{60, 9, 1, 1, 1, 1, 1, 0}, 8}, /* classes past the last */
        {{0, 2, 0x11, 13, 0, 0, 0}, 7}, /* runs past the last */
        {{0, 2, 0x11}, 3},              /* cut */
    };
    struct huffman_reader h;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reader from = reader_of(cases[i].bytes, cases[i].n);
        assert_false(huffman_read(&from, &h));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_symbol_comes_back),
        cmocka_unit_test(numbers_come_back_in_any_company),
        cmocka_unit_test(a_stream_that_ends_too_early_is_no_good),
        cmocka_unit_test(lengths_that_are_no_code_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
