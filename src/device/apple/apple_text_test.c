/* apple_text_test.c - what is parsed without a machine: process numbers, tables of clocks, values
 * of the SMC, names of channels. */
#include "apple_clocks.h"
#include "apple_gpu.h"
#include "apple_report.h"
#include "apple_smc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("got %g, wanted %g", got, wanted);
}

static void pids_out_of_words(void **state)
{
    (void)state;
    assert_int_equal(apple_gpu_pid(STR("pid 533, WindowServer")), 533);
    assert_int_equal(apple_gpu_pid(STR("pid 412, a, b")), 412);
    assert_int_equal(apple_gpu_pid(STR("pid 7")), 7);
    assert_int_equal(apple_gpu_pid(STR("pid , x")), 0);
    assert_int_equal(apple_gpu_pid(STR("pid 99999999999, x")), 0);
    assert_int_equal(apple_gpu_pid(STR("pid -4, x")), 0);
    assert_int_equal(apple_gpu_pid(STR("533")), 0);
    assert_int_equal(apple_gpu_pid(STR("")), 0);
}

static struct str pairs(const uint32_t *words, size_t len)
{
    return str_make((const char *)words, len * sizeof(*words));
}

static void tables_of_clocks(void **state)
{
    static const uint32_t hz[] = {0, 0, 600000000, 1, 3204000000u, 2};
    static const uint32_t khz[] = {1020000, 1, 4464000, 2};
    /* 4.404 and 4.464 GHz do not fit into 32 bits. */
    static const uint32_t wrapped[] = {1260000000u, 1, 4284000000u, 2,
                                       109032704u,  3, 169032704u,  4};
    static const uint32_t absurd[] = {600000000, 1, 500000000, 1, 400000000, 1, 300000000, 1};
    struct apple_clocks c;
    uint32_t many[2 * (APPLE_STATES + 1)];

    (void)state;
    assert_true(apple_clocks_parse(pairs(hz, ARRAY_LEN(hz)), &c));
    assert_int_equal(c.len, 2); /* off is no clock */
    near(c.mhz[0], 600);
    near(c.mhz[1], 3204);
    assert_true(apple_clocks_parse(pairs(khz, ARRAY_LEN(khz)), &c));
    near(c.mhz[1], 4464);
    assert_true(apple_clocks_parse(pairs(wrapped, ARRAY_LEN(wrapped)), &c));
    near(c.mhz[2], 4404);
    near(c.mhz[3], 4464);
    assert_false(apple_clocks_parse(pairs(absurd, ARRAY_LEN(absurd)), &c));
    assert_false(apple_clocks_parse(str_make("", 0), &c));
    assert_false(apple_clocks_parse(str_make("1234567", 7), &c));
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = 600000000;
    assert_false(apple_clocks_parse(pairs(many, ARRAY_LEN(many)), &c));
}

static void values_of_the_smc(void **state)
{
    static const struct {
        const char *type;
        uint8_t bytes[8];
        size_t size;
        bool good;
        double value;
    } all[] = {
        {"flt ", {0, 0, 0x28, 0x42}, 4, true, 42}, /* lowest byte first */
        {"flt ", {0x42, 0x28, 0, 0}, 4, true, 1.4405e-41},
        {"flt ", {0, 0, 0xc0, 0x7f}, 4, false, 0}, /* no number */
        {"flt ", {0, 0, 0x28}, 3, false, 0},
        {"ui8 ", {3}, 1, true, 3},
        {"ui16", {1, 2}, 2, true, 258}, /* highest byte first */
        {"ui32", {0, 0, 4, 210}, 4, true, 1234},
        {"sp78", {0xff, 0x80}, 2, true, -0.5},
        {"fpe2", {0x15, 0x18}, 2, true, 1350},
        {"fpe2", {0x15}, 1, false, 0},
        {"hex_", {1, 2}, 2, false, 0},
    };
    double value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        bool good = apple_smc_value(apple_smc_key(all[i].type), all[i].bytes, all[i].size, &value);
        if (good != all[i].good)
            fail_msg("%s %zu", all[i].type, i);
        if (good)
            near(value, all[i].value);
    }
}

static void kinds_of_cores_by_their_channels(void **state)
{
    (void)state;
    assert_int_equal(apple_report_core(STR("ECPU010")), 'E');
    assert_int_equal(apple_report_core(STR("DIE_0_PCPU1_CPU0")), 'P');
    assert_int_equal(apple_report_core(STR("MCPU0")), 'M');
    assert_int_equal(apple_report_core(STR("GPUPH")), 0);
    assert_int_equal(apple_report_core(STR("XCPU")), 0);
    assert_int_equal(apple_report_core(STR("E")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pids_out_of_words),
        cmocka_unit_test(tables_of_clocks),
        cmocka_unit_test(values_of_the_smc),
        cmocka_unit_test(kinds_of_cores_by_their_channels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
