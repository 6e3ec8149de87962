/* huffman_test.c - prefix codes: every symbol comes back, no code is too long, foreign lengths are
 * refused. */
#include "store/huffman.h"

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
        uint8_t bytes[HUFFMAN_SYMBOLS * 2 + 8];
        struct bit_writer w = {bytes, 0, 0};
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
            if (counts[s])
                bits_put(&w, h.code[s], h.length[s]);
        }
        bits_end(&w);
        struct bit_reader r = bit_reader_of(bytes, w.at);
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++) {
            if (!counts[s])
                continue;
            bits_fill(&r);
            assert_int_equal(huffman_take(&reader, &r), s);
        }
        assert_false(bits_overrun(&r));
        buf_fini(&lengths);
    }
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
        cmocka_unit_test(lengths_that_are_no_code_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
