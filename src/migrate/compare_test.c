/* compare_test.c - when two exporters are called equal, different, or not known yet. */
#include "migrate/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAT    "DCGM_FI_DEV_GPU_TEMP"
#define RETRIES "DCGM_FI_DEV_PCIE_REPLAY_COUNTER"

static void add(struct compare *c, enum compare_side side, const char *name, const char *uuid,
                double value, int64_t ts_ms)
{
    struct label items[] = {{STR("UUID"), str_of(uuid)}, {STR("__name__"), str_of(name)}};

    assert_int_equal(compare_add(c, side, (struct labels){items, 2}, value, ts_ms, 1000), 0);
}

/* `n` pairs, of which the first `apart` lie apart: the verdict that the one family gets. */
static enum compare_verdict judged(const char *name, size_t n, size_t apart)
{
    struct compare *c = compare_new("a", "b");
    enum compare_verdict ret = COMPARE_NONE;

    for (size_t i = 0; i < n; i++) {
        add(c, COMPARE_A, name, "u", 50, (int64_t)i * 5000);
        add(c, COMPARE_B, name, "u", i < apart ? 90 : 50, (int64_t)i * 5000 + 100);
    }
    for (int v = COMPARE_EQUAL; v < COMPARE_NONE; v++)
        if (compare_count(c, (enum compare_verdict)v))
            ret = (enum compare_verdict)v;
    compare_free(c);
    return ret;
}

static void a_verdict_needs_pairs_enough(void **state)
{
    static const struct {
        size_t pairs, apart;
        enum compare_verdict verdict;
    } cases[] = {
        {2, 0, COMPARE_FEW},      {3, 0, COMPARE_EQUAL},     {8, 0, COMPARE_EQUAL},
        {8, 1, COMPARE_FEW},      {19, 1, COMPARE_FEW},      {20, 1, COMPARE_EQUAL},
        {20, 2, COMPARE_DIFFERS}, {8, 4, COMPARE_DIFFERS},   {8, 8, COMPARE_DIFFERS},
        {100, 5, COMPARE_EQUAL},  {100, 6, COMPARE_DIFFERS},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(judged(HEAT, cases[i].pairs, cases[i].apart), cases[i].verdict);
}

static void times_of_scrapes_are_told_to_a_few_percent(void **state)
{
    struct compare *c = compare_new("a", "b");
    const struct compare_cost *cost = compare_cost(c, COMPARE_A);

    (void)state;
    assert_true(isnan(compare_time(cost, 0.5)));
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            compare_add_scrape(c, COMPARE_A, STR("up 1\n"), i < 98 ? 0.004 : 2.0, i * 5000, 1000),
            0);
    assert_true(fabs(compare_time(cost, 0.5) / 0.004 - 1) < 0.03);
    assert_true(fabs(compare_time(cost, 0.99) / 2.0 - 1) < 0.03);
    /* What no class is for is in the first or the last. */
    assert_int_equal(compare_add_scrape(c, COMPARE_B, STR(""), 0, 0, 1000), 0);
    assert_true(fabs(compare_time(compare_cost(c, COMPARE_B), 0.5) / 1e-5 - 1) < 0.03);
    assert_int_equal(compare_add_scrape(c, COMPARE_B, STR(""), 1e12, 5000, 1000), 0);
    assert_true(compare_time(compare_cost(c, COMPARE_B), 1) > 2900);
    compare_free(c);
}

static void a_counter_that_grows_otherwise_on_one_gpu_differs(void **state)
{
    struct compare *c = compare_new("a", "b");

    (void)state;
    for (int gpu = 0; gpu < 8; gpu++)
        for (int i = 0; i < 4; i++) {
            char uuid[] = {'u', (char)('0' + gpu), '\0'};
            add(c, COMPARE_A, RETRIES, uuid, i, i * 5000);
            add(c, COMPARE_B, RETRIES, uuid, gpu ? i : i * 1000, i * 5000 + 100);
        }
    assert_int_equal(compare_count(c, COMPARE_DIFFERS), 1);
    compare_free(c);
}

static void what_one_side_has_alone_is_said(void **state)
{
    struct compare *c = compare_new("a", "b");

    (void)state;
    for (int i = 0; i < 4; i++)
        add(c, COMPARE_B, HEAT, "u", 50, i * 5000);
    assert_int_equal(compare_count(c, COMPARE_ONLY_B), 1);
    assert_int_equal(compare_count(c, COMPARE_EQUAL), 0);
    compare_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_scrapes_are_told_to_a_few_percent),
        cmocka_unit_test(a_verdict_needs_pairs_enough),
        cmocka_unit_test(a_counter_that_grows_otherwise_on_one_gpu_differs),
        cmocka_unit_test(what_one_side_has_alone_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
