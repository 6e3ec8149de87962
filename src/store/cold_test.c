/* cold_test.c - rows that a start leaves as the log has them: they count, and come when asked for.
 */
#include "store/cold.h"
#include "store/store_test.h"

#define NOON (INT64_C(1700000000000) / DAY_MS * DAY_MS + DAY_MS / 2)

static struct group *group(struct test_store *t)
{
    struct group *g;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    test_column(t, g, "a", "node", "x");
    test_column(t, g, "b", "node", "x");
    return g;
}

static void append(struct test_store *t, int from, int to)
{
    struct group *g = group(t);

    for (int i = from; i < to; i++)
        test_append(t, g, NOON + i * 1000, (double[]){i, i / 50}, 2);
}

static void crash(struct test_store *t)
{
    store_abandon(t->store);
    test_open(t);
}

/* The rows 0 to n - 1 are there, once each. */
static void assert_rows(struct test_store *t, size_t n)
{
    struct selection *s = test_select(t, "node", "x", 0, INT64_MAX);

    assert_int_equal(s->len, 2);
    for (size_t i = 0; i < 2; i++) {
        struct column c = test_read(t, s, i, 0, INT64_MAX);
        assert_int_equal(c.len, n);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(c.ts_ms[k], NOON + (int64_t)k * 1000);
            assert_true(c.values[k] == (double)(i ? k / 50 : k));
        }
    }
    selection_free(s);
}

static void a_start_leaves_rows_cold_until_they_are_read(void **state)
{
    struct test_store *t = *state;
    struct store_stats stats;

    append(t, 0, 100);
    crash(t);
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.replayed_rows, 100);
    assert_int_equal(stats.newest_ts_ms, NOON + 99000);
    assert_int_equal(store_next_ms(t->store, 0), NOON);
    crash(t);
    assert_true(group_is_cold(group(t)));
    assert_rows(t, 100);
    assert_false(group_is_cold(group(t)));
}

static void rows_that_follow_cold_ones_stand_behind_them(void **state)
{
    struct test_store *t = *state;

    append(t, 0, 70);
    crash(t);
    append(t, 70, 90);
    crash(t);
    append(t, 89, 130); /* the same once more */
    assert_rows(t, 130);
}

static void the_log_of_cold_rows_is_kept(void **state)
{
    struct test_store *t = *state;

    append(t, 0, 10);
    crash(t);
    assert_int_equal(store_trim_log(t->store, NULL), 0);
    crash(t);
    keeper_round(t->store);
    assert_false(group_is_cold(group(t)));
    crash(t);
    assert_rows(t, 10);
}

static void rows_are_told_by_sealed_ones_over_several_starts(void **state)
{
    struct test_store *t = *state;
    struct error err;
    bool more;
    int n = 0;

    for (int round = 0; round < 5; round++) {
        append(t, n, n + 37);
        n += 37;
        assert_int_equal(store_seal(t->store, true, 0, &more, &err), 0);
        append(t, n, n + 41); /* the difference from rows that lie in a day */
        n += 41;
        if (round % 2)
            crash(t);
    }
    crash(t);
    assert_true(group_is_cold(group(t)));
    assert_rows(t, (size_t)n);
    assert_int_equal(store_flush(t->store, &err), 0);
    assert_rows(t, (size_t)n);
    crash(t);
    assert_rows(t, (size_t)n);
}

static void a_lower_bound_of_series_takes_nothing_from_the_log(void **state)
{
    struct test_store *t = *state;
    struct group *g;

    append(t, 0, 20);
    t->options.max_series = 1;
    crash(t);
    assert_rows(t, 20);
    struct label item = {STR("__name__"), STR("one_more")};
    uint32_t column;
    assert_int_equal(store_group(t->store, STR("h"), &g, NULL), 0);
    assert_int_equal(store_column(t->store, g, (struct labels){&item, 1}, &column, NULL), -ENFILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_leaves_rows_cold_until_they_are_read, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(rows_that_follow_cold_ones_stand_behind_them, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(the_log_of_cold_rows_is_kept, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(rows_are_told_by_sealed_ones_over_several_starts,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_lower_bound_of_series_takes_nothing_from_the_log,
                                        test_setup, test_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
