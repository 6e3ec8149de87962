/* postings_test.c - sets of numbers, stored as runs, against a plain table. */
#include "store/postings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BITS 3000

static void runs_come_back_as_they_were_added(void **state)
{
    (void)state;
    for (uint64_t density = 1; density < 12; density++) {
        struct postings p = {0};
        struct bitmap open, stored;
        struct buf bytes = {0};
        bool is[BITS] = {false};
        uint32_t count = 0;

        for (uint32_t i = 0; i < BITS; i++) {
            is[i] = hash_more(density, &i, sizeof(i)) % 12 < density || (i > 900 && i < 1300);
            if (is[i])
                assert_int_equal(postings_add(&p, i), 0);
            count += is[i];
        }
        assert_int_equal(bitmap_init(&open, BITS), 0);
        assert_int_equal(bitmap_init(&stored, BITS), 0);
        postings_write(&p, &bytes);
        assert_true(bitmap_add(&open, postings_view(&p)));
        assert_true(bitmap_add(
            &stored, (struct posting_view){(const uint8_t *)bytes.ptr, (uint32_t)bytes.len, 0, 0}));
        for (uint32_t i = 0; i < BITS; i++) {
            assert_int_equal(bitmap_next(&open, i) == i, is[i]);
            assert_int_equal(bitmap_next(&stored, i) == i, is[i]);
        }
        assert_int_equal(bitmap_count(&open), count);
        assert_int_equal(bitmap_next(&open, BITS), UINT32_MAX);
        assert_true(bitmap_meets(&open, postings_view(&p)));
        bitmap_and_not(&open, &stored);
        assert_int_equal(bitmap_count(&open), 0);
        assert_false(bitmap_meets(&open, postings_view(&p)));
        bitmap_or(&open, &stored);
        bitmap_and(&open, &stored);
        assert_int_equal(bitmap_count(&open), count);
        bitmap_fill(&open);
        assert_int_equal(bitmap_count(&open), BITS);
        bitmap_fini(&open);
        bitmap_fini(&stored);
        postings_fini(&p);
        buf_fini(&bytes);
    }
}

static void numbers_in_sequence_take_no_bytes(void **state)
{
    struct postings p = {0};

    (void)state;
    for (uint32_t i = 5; i < 100000; i++)
        assert_int_equal(postings_add(&p, i), 0);
    assert_int_equal(p.used, 0);
    assert_int_equal(postings_add(&p, 99999), 0); /* the last one again is no change */
    assert_int_equal(p.len, 99995);
    postings_fini(&p);
}

static void foreign_bytes_stay_inside_the_bitmap(void **state)
{
    struct bitmap b;
    uint8_t bytes[24];

    (void)state;
    assert_int_equal(bitmap_init(&b, 100), 0);
    for (uint32_t i = 0; i < 20000; i++) {
        for (size_t k = 0; k < sizeof(bytes); k++)
            bytes[k] = (uint8_t)(hash_more(i, &k, sizeof(k)) >> 9);
        bitmap_add(&b, (struct posting_view){bytes, i % sizeof(bytes), 0, 0});
        bitmap_meets(&b, (struct posting_view){bytes, i % sizeof(bytes), 0, 0});
    }
    assert_true(bitmap_count(&b) <= 100);
    bitmap_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_come_back_as_they_were_added),
        cmocka_unit_test(numbers_in_sequence_take_no_bytes),
        cmocka_unit_test(foreign_bytes_stay_inside_the_bitmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
