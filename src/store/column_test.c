/* column_test.c - columns come back bit for bit, whatever they hold. */
#include "store/column_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct random {
    uint64_t state;
};

static uint64_t next(struct random *r)
{
    r->state = hash_more(r->state, "x", 1);
    return r->state;
}

static double uniform(struct random *r)
{
    return (double)(next(r) >> 11) / 9007199254740992.0;
}

static uint64_t rounded(double value, double step)
{
    return value_bits(nearbyint(value * step) / step);
}

/* One value of a made-up series of kind `kind`, behind `*state`. */
static uint64_t sample(struct random *r, unsigned kind, uint32_t i, double *state)
{
    static const uint64_t special[] = {VALUE_STALE_BITS,
                                       VALUE_NAN_BITS,
                                       0x7ff0000000000000,
                                       0xfff0000000000000,
                                       0x8000000000000000,
                                       0x7ff8dead0000beef,
                                       0,
                                       1};
    switch (kind) {
    case 0:
        return value_bits(42);
    case 1:
        return value_bits(*state += (double)(next(r) % 1000));
    case 2:
        return rounded(uniform(r) * 100, 100);
    case 3:
        return value_bits(uniform(r));
    case 4:
        return special[next(r) % ARRAY_LEN(special)];
    case 5:
        return next(r);
    case 6:
        return value_bits((double)(float)(uniform(r) - 0.5));
    case 7:
        return value_bits((double)(next(r) % 30 == 0 ? *state += 7 : *state));
    case 8:
        return value_bits((double)(next(r) % 4096) * 1048576);
    case 9:
        return value_bits((double)i * 1.5 - 100);
    case 10:
        return value_bits((double)(next(r) % 5000) / 1024);
    case 11:
        return value_bits(ldexp((double)next(r), (int)(next(r) % 1000) - 500));
    case 12:
        return next(r) % 3 ? value_bits((double)(next(r) % 10)) : special[next(r) % 4];
    default:
        return next(r) % 2 ? 0x8000000000000000 : value_bits(1);
    }
}

static void columns_come_back_bit_for_bit(void **state)
{
    static const uint32_t lengths[] = {1, 2, 3, 16, 120, 480, 4096};
    struct column_coder *c = malloc(sizeof(*c));
    static uint64_t in[COLUMN_ROWS_MAX], out[COLUMN_ROWS_MAX];
    struct buf bytes, tables;
    size_t ends[200], n = 0;

    (void)state;
    assert_non_null(c);
    column_coder_init(c);
    buf_init(&bytes, 0);
    buf_init(&tables, 0);
    for (size_t l = 0; l < ARRAY_LEN(lengths); l++) {
        for (unsigned pass = 0; pass < 2; pass++) { /* encode all, then decode all */
            struct random again = {l + 1};
            n = 0;
            if (!pass) {
                column_coder_reset(c);
                buf_reset(&bytes);
            }
            for (unsigned kind = 0; kind < 14; kind++) {
                for (unsigned gaps = 0; gaps < 3; gaps++, n++) {
                    double walk = 1000;
                    uint32_t wanted = 0;
                    for (uint32_t i = 0; i < lengths[l]; i++) {
                        uint64_t v = sample(&again, kind, i, &walk);
                        bool absent =
                            gaps == 1 ? next(&again) % 4 == 0 : gaps == 2 && i / 7 % 3 == 1;
                        in[i] = absent && i ? VALUE_ABSENT_BITS : v;
                        wanted += in[i] != VALUE_ABSENT_BITS;
                    }
                    if (!pass) {
                        assert_int_equal(column_encode(c, in, lengths[l], &bytes), wanted);
                        ends[n] = bytes.len;
                        continue;
                    }
                    size_t start = n ? ends[n - 1] : 0;
                    struct column_job job = {.tables = buf_str(&tables),
                                             .bytes = str_make(bytes.ptr + start, ends[n] - start),
                                             .readable = (const uint8_t *)bytes.ptr + bytes.len,
                                             .rows = lengths[l],
                                             .ret = out};
                    assert_true(column_decode(&job, 1));
                    assert_int_equal(job.present, wanted);
                    assert_memory_equal(in, out, lengths[l] * sizeof(*in));
                }
            }
            if (!pass) {
                buf_reset(&tables);
                column_write_tables(c, &tables);
            }
        }
    }
    buf_fini(&bytes);
    buf_fini(&tables);
    column_coder_fini(c);
    free(c);
}

static void a_column_of_absent_values_takes_no_bytes(void **state)
{
    struct column_coder *c = malloc(sizeof(*c));
    uint64_t in[10];
    struct buf bytes;

    (void)state;
    assert_non_null(c);
    column_coder_init(c);
    buf_init(&bytes, 0);
    for (size_t i = 0; i < ARRAY_LEN(in); i++)
        in[i] = VALUE_ABSENT_BITS;
    assert_int_equal(column_encode(c, in, ARRAY_LEN(in), &bytes), 0);
    assert_int_equal(bytes.len, 0);
    column_coder_fini(c);
    free(c);
}

static void any_bytes_decode_or_are_refused(void **state)
{
    struct random r = {7};
    static uint64_t out[COLUMN_ROWS_MAX];
    uint8_t bytes[64], tables[32];
    int good = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        for (size_t k = 0; k < sizeof(bytes); k++)
            bytes[k] = (uint8_t)(next(&r) >> (next(&r) % 7));
        for (size_t k = 0; k < sizeof(tables); k++)
            tables[k] = (uint8_t)(next(&r) % 12);
        struct column_job job = {.tables = str_make((char *)tables, next(&r) % sizeof(tables)),
                                 .bytes = str_make((char *)bytes, next(&r) % sizeof(bytes) / 2),
                                 .other =
                                     str_make((char *)bytes + sizeof(bytes) / 2, sizeof(bytes) / 2),
                                 .readable = bytes + sizeof(bytes),
                                 .rows = (uint32_t)(1 + next(&r) % 300),
                                 .ret = out};
        good += column_decode(&job, 1);
    }
    assert_true(good < 100000);
}

/* However they are calculated: just what one division gives, near to the largest exact integer and
 * beyond. */
static void values_are_correctly_rounded_quotients(void **state)
{
    struct random r = {9};
    static uint64_t x[1500];
    static int64_t sums[1500];

    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        struct column_plan p = {.kind = COLUMN_NUMBERS,
                                .guess = round % 3 ? COLUMN_QUARTERS : COLUMN_DRIFT,
                                .scale = round % (COLUMN_TEN + 1),
                                .factor = 1 + round % 2 * 4096,
                                .base = next(&r) >> (12 + next(&r) % 52),
                                .drift = round % 3 ? 0 : (int64_t)(next(&r) % 1000)};
        uint32_t n = 1 + (uint32_t)(next(&r) % 1500);
        unsigned width = (unsigned)(next(&r) % 53);
        uint64_t last = p.base;
        for (uint32_t i = 0; i < n; i++) {
            uint64_t number = next(&r) >> (63 - width);
            last += ((uint64_t)unzigzag(number) + (uint64_t)p.drift) * p.factor;
            x[i] = number;
            sums[i] = (int64_t)last;
        }
        column_undo(&p, n, x);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(x[i], value_bits((double)sums[i] / column_powers[p.scale]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_back_bit_for_bit),
        cmocka_unit_test(a_column_of_absent_values_takes_no_bytes),
        cmocka_unit_test(any_bytes_decode_or_are_refused),
        cmocka_unit_test(values_are_correctly_rounded_quotients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
