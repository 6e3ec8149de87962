/* block_test.c - blocks: what goes in comes out, damage is found where it is. */
#include "store/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS    50
#define COLUMNS 100

static int64_t times[ROWS];
static uint64_t cells[COLUMNS][ROWS];

/* Column `i` of the test has number `i`, and from the 60th on 1000 more; every tenth is empty. */
static uint32_t number_of(uint32_t i)
{
    return i < 60 ? i : i + 1000;
}

static void build(struct buf *to)
{
    static struct block_builder b;

    for (uint32_t r = 0; r < ROWS; r++)
        times[r] = INT64_C(1700000000000) + r * INT64_C(5000) + r % 3;
    block_builder_init(&b);
    block_begin(&b, times, ROWS);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        for (uint32_t r = 0; r < ROWS; r++) {
            double v = i % 4 == 0   ? 5
                       : i % 4 == 1 ? r * 1.5
                       : i % 4 == 2 ? 1.0 / (r + i + 1)
                                    : r % 7;
            cells[i][r] = i % 10 == 9 || (i % 5 == 3 && r < 20) ? VALUE_ABSENT_BITS : value_bits(v);
        }
        block_add(&b, number_of(i), cells[i]);
    }
    assert_int_equal(block_end(&b, to), 0);
    block_builder_fini(&b);
}

static void columns_are_found_by_their_numbers(void **state)
{
    struct buf bytes = {0};
    struct block_view v;
    uint64_t out[ROWS];
    int64_t ts[ROWS];
    uint32_t present, run = 0, at = 0, count = 0, last = 0, column;

    (void)state;
    build(&bytes);
    assert_int_equal(block_open(bytes.ptr, bytes.len, false, &v), 0);
    assert_int_equal(v.size, bytes.len);
    assert_int_equal(v.columns, 90);
    assert_int_equal(block_times(&v, ts), 0);
    assert_memory_equal(ts, times, sizeof(ts));
    for (uint32_t i = 0; i < COLUMNS; i++) {
        uint32_t index = block_find(&v, number_of(i));
        if (i % 10 == 9) {
            assert_int_equal(index, BLOCK_NONE);
            continue;
        }
        assert_int_equal(block_read(&v, index, out, &present), 0);
        assert_memory_equal(out, cells[i], sizeof(out));
    }
    assert_int_equal(block_find(&v, 500), BLOCK_NONE);
    assert_int_equal(block_find(&v, UINT32_MAX - 1), BLOCK_NONE);
    while ((column = block_next_column(&v, &run, &at)) != BLOCK_NONE) {
        assert_true(!count || column > last);
        last = column;
        count++;
    }
    assert_int_equal(count, 90);
    buf_fini(&bytes);
}

static void equal_columns_are_kept_once(void **state)
{
    static struct block_builder b;
    struct buf one = {0}, many = {0};
    uint64_t bits[ROWS], out[ROWS];
    struct block_view v;
    uint32_t present;

    (void)state;
    for (uint32_t r = 0; r < ROWS; r++) {
        times[r] = r;
        bits[r] = value_bits(1.0 / (r + 1));
    }
    block_builder_init(&b);
    block_begin(&b, times, ROWS);
    block_add(&b, 0, bits);
    assert_int_equal(block_end(&b, &one), 0);
    block_begin(&b, times, ROWS);
    for (uint32_t i = 0; i < 10; i++)
        block_add(&b, i, bits);
    assert_int_equal(block_end(&b, &many), 0);
    assert_true(many.len < one.len + 9 * 8);
    assert_int_equal(block_open(many.ptr, many.len, false, &v), 0);
    assert_int_equal(block_read(&v, 9, out, &present), 0);
    assert_memory_equal(out, bits, sizeof(bits));
    block_builder_fini(&b);
    buf_fini(&one);
    buf_fini(&many);
}

/* What related columns hold at row `r`: each but the first is linear in an earlier one, as numbers
 * that are exact in decimals or in binary. */
static double related(uint32_t i, uint32_t r)
{
    uint64_t used = hash_more(r, "u", 1) % 100000;
    const double values[] = {
        (double)used,                   /* what the others are told by */
        (double)(100000 - used),        /* free */
        (double)used / 100,             /* another unit */
        (double)used * 1048576,         /* bytes */
        (double)used * 0.25 - 7,        /* an offset */
        5 - (double)used / 1024,        /* binary fractions, downwards */
        (double)(used + r),             /* not linear in any */
        (double)(used + r) * -3,        /* but this one is in that */
        used % 7 ? (double)used : -0.0, /* exceptions are told apart */
    };
    return values[i];
}

#define RELATED 9

static void linear_columns_are_told_by_earlier_ones(void **state)
{
    static struct block_builder b;
    static uint64_t bits[RELATED * 3][300], out[300];
    static int64_t ts[300];
    struct buf plain = {0}, bytes = {0};
    struct block_view v;
    uint32_t present;

    (void)state;
    for (uint32_t r = 0; r < 300; r++)
        ts[r] = r;
    for (uint32_t i = 0; i < RELATED * 3; i++) /* all there; some missing in all; in each others */
        for (uint32_t r = 0; r < 300; r++)
            bits[i][r] = (i / RELATED == 1 && r % 50 < 3) || (i / RELATED == 2 && r % (40 + i) < 5)
                             ? VALUE_ABSENT_BITS
                             : value_bits(related(i % RELATED, r));
    block_builder_init(&b);
    for (int pass = 0; pass < 2; pass++) {
        b.relate = pass;
        block_begin(&b, ts, 300);
        for (uint32_t i = 0; i < RELATED * 3; i++)
            block_add(&b, i, bits[i]);
        assert_int_equal(block_end(&b, pass ? &bytes : &plain), 0);
    }
    assert_int_equal(block_format(plain.ptr, plain.len), 1);
    assert_int_equal(block_format(bytes.ptr, bytes.len), BLOCK_RELATED);
    assert_true(bytes.len < plain.len * 3 / 5);
    assert_int_equal(block_open(bytes.ptr, bytes.len, false, &v), 0);
    for (uint32_t i = 0; i < RELATED * 3; i++) {
        assert_int_equal(block_read(&v, i, out, &present), 0);
        assert_memory_equal(out, bits[i], sizeof(out));
    }
    block_builder_fini(&b);
    buf_fini(&plain);
    buf_fini(&bytes);
}

static void a_reference_that_leads_nowhere_is_refused(void **state)
{
    static struct block_builder b;
    static uint64_t out[ROWS];
    struct buf bytes = {0};
    struct block_view v;
    uint32_t present;
    uint64_t bits[ROWS];

    (void)state;
    block_builder_init(&b);
    b.relate = true;
    for (uint32_t r = 0; r < ROWS; r++)
        times[r] = r;
    block_begin(&b, times, ROWS);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t r = 0; r < ROWS; r++)
            bits[r] = value_bits((double)((hash_more(r, "x", 1) % 1000) * (i + 1)));
        block_add(&b, i, bits);
    }
    assert_int_equal(block_end(&b, &bytes), 0);
    assert_int_equal(block_open(bytes.ptr, bytes.len, true, &v), 0);
    size_t second = (size_t)(v.data_at - v.bytes) + le16(v.length_at);
    assert_int_equal(bytes.ptr[second], 4); /* the kind, then the other one's index */
    assert_int_equal(block_read(&v, 1, out, &present), 0);
    for (char index = 1; index < 100; index++) { /* itself, one told by others, none */
        bytes.ptr[second + 1] = index;
        assert_int_equal(block_read(&v, 1, out, &present), -EIO);
    }
    assert_int_equal(block_read(&v, 2, out, &present), 0);
    size_t third = second + le16(v.length_at + 2);
    bytes.ptr[third + 1] = 1;
    assert_int_equal(block_read(&v, 2, out, &present),
                     -EIO); /* that one has no numbers of its own */
    block_builder_fini(&b);
    buf_fini(&bytes);
}

static void any_changed_byte_is_noticed(void **state)
{
    struct buf bytes = {0};
    struct block_view v;
    uint64_t out[ROWS];
    uint32_t present;

    (void)state;
    build(&bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        bool noticed;
        bytes.ptr[i] ^= 1;
        noticed = block_open(bytes.ptr, bytes.len, false, &v) != 0;
        for (uint32_t c = 0; !noticed && c < v.columns; c++)
            noticed = block_read(&v, c, out, &present) != 0;
        assert_true(noticed);
        bytes.ptr[i] ^= 1;
    }
    for (size_t n = 0; n < bytes.len; n++)
        assert_int_equal(block_open(bytes.ptr, n, false, &v), -EIO);
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_their_numbers),
        cmocka_unit_test(equal_columns_are_kept_once),
        cmocka_unit_test(linear_columns_are_told_by_earlier_ones),
        cmocka_unit_test(a_reference_that_leads_nowhere_is_refused),
        cmocka_unit_test(any_changed_byte_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
