/* rowcode_test.c - rows told by their difference come back. */
#include "store/rowcode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MOST 200

static void rows_come_back(void **state)
{
    uint64_t before[MOST], row[MOST], back[MOST], random = 1;
    struct buf bytes = {0};

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t n = (random >> 8) % MOST, before_len = (random >> 20) % MOST;
        uint64_t change = 1 + (random >> 32) % 30;
        for (size_t i = 0; i < MOST; i++) {
            random = hash_more(random, "r", 1);
            before[i] = random << (random % 60);
            row[i] = random % change == 0 ? hash_more(random, "v", 1) >> (random % 64) : before[i];
        }
        buf_reset(&bytes);
        row_encode(&bytes, row, n, before, before_len);
        struct reader from = reader_of(bytes.ptr, bytes.len);
        memcpy(back, before, sizeof(back));
        assert_true(row_decode(&from, back, n, MIN(n, before_len)));
        assert_memory_equal(back, row, n * sizeof(*row));
        assert_int_equal(reader_left(&from), 0);
    }
    buf_fini(&bytes);
}

static void a_row_that_stayed_takes_three_bytes(void **state)
{
    uint64_t row[MOST] = {7};
    struct buf bytes = {0};

    (void)state;
    row_encode(&bytes, row, MOST, row, MOST);
    assert_true(bytes.len <= 3);
    buf_fini(&bytes);
}

static void cut_rows_are_refused(void **state)
{
    uint64_t row[MOST], back[MOST];
    struct buf bytes = {0};

    (void)state;
    for (size_t i = 0; i < MOST; i++)
        row[i] = hash_more(i, "x", 1);
    row_encode(&bytes, row, MOST, NULL, 0);
    for (size_t n = 0; n < bytes.len; n++) {
        struct reader from = reader_of(bytes.ptr, n);
        assert_false(row_decode(&from, back, MOST, 0));
    }
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back),
        cmocka_unit_test(a_row_that_stayed_takes_three_bytes),
        cmocka_unit_test(cut_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
