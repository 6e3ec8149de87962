/* store_test.c - the store from outside: what goes in comes out, also after closing and reopening.
 */
#include "store/store_test.h"

#include "store/store.h"

static void rows_come_back_sorted_by_labels(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct error err;

    assert_int_equal(store_group(t->store, STR("job;a"), &g, &err), 0);
    uint32_t up = test_column(t, g, "up", "node", "b");
    uint32_t load = test_column(t, g, "load", "node", "b");
    assert_int_equal(up, 0);
    assert_int_equal(load, 1);
    assert_int_equal(test_column(t, g, "up", "node", "b"), 0);
    for (int i = 0; i < 100; i++)
        test_append(t, g, 1000 + i * 10, (double[]){1, i * 0.25}, 2);
    for (int round = 0; round < 2; round++) {
        struct selection *s = test_select(t, "node", "b", 0, 5000);
        assert_int_equal(s->len, 2);
        assert_true(str_is(labels_name(s->labels[0]), "load"));
        assert_true(str_is(labels_name(s->labels[1]), "up"));
        struct column a = test_read(t, s, 0, 0, 5000), b = test_read(t, s, 1, 0, 5000);
        assert_int_equal(a.len, 100);
        assert_int_equal(b.len, 100);
        assert_ptr_equal(a.ts_ms, b.ts_ms);
        assert_int_equal(a.ts_ms[99], 1990);
        assert_true(a.values[7] == 1.75);
        struct column c = test_read(t, s, 0, 1010, 1029);
        assert_int_equal(c.len, 2);
        assert_true(c.values[1] == 0.5);
        selection_free(s);
        test_reopen(t);
    }
}

static struct labels series_of(const char *name, const char *job, struct label items[2])
{
    items[0] = (struct label){STR("__name__"), str_of(name)};
    items[1] = (struct label){STR("job"), str_of(job)};
    return (struct labels){items, 2};
}

static void a_series_scraped_and_pushed_is_one(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct label items[2];
    struct store_push_result result;
    uint32_t column;
    double value = 1;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(store_column(t->store, g, series_of("up", "a", items), &column, NULL), 0);
    test_append(t, g, 1000, &value, 1);
    test_append(t, g, 3000, &value, 1);
    struct store_sample pushed[] = {{series_of("up", "a", items), 2000, 2},
                                    {series_of("up", "a", items), 500, 3}};
    assert_int_equal(store_push(t->store, pushed, 2, &result, NULL), 0);
    assert_int_equal(result.kept, 2);
    for (int round = 0; round < 2; round++) {
        struct selection *s = test_select(t, "job", "a", 0, 5000);
        assert_int_equal(s->len, 1);
        struct column c = test_read(t, s, 0, 0, 5000);
        assert_int_equal(c.len, 4);
        assert_true(c.ts_ms[0] == 500 && c.ts_ms[2] == 2000 && c.values[2] == 2);
        selection_free(s);
        test_reopen(t);
    }
}

static void bulk_pushes_of_many_series_and_ages_come_back(void **state)
{
    enum {
        LONG = 10000,
        MANY = 700
    };
    struct test_store *t = *state;
    static struct store_sample samples[LONG + MANY];
    static struct label items[MANY + 1][2];
    static char names[MANY][16];
    struct store_push_result result;

    for (size_t i = 0; i < LONG; i++) /* one series over 4 months, from 1970 on */
        samples[i] = (struct store_sample){series_of("long", "a", items[MANY]),
                                           (int64_t)i * 1000000, (double)i};
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "m%zu", i);
        samples[LONG + i] = (struct store_sample){series_of(names[i], "a", items[i]),
                                                  1700000000000 + (int64_t)i, 1};
    }
    assert_int_equal(store_push(t->store, samples, LONG + MANY, &result, NULL), 0);
    assert_int_equal(result.kept, LONG + MANY);
    assert_string_equal(result.example, "");
    for (int round = 0; round < 2; round++) {
        struct selection *s = test_select(t, "job", "a", 0, INT64_MAX - 1);
        assert_int_equal(s->len, MANY + 1);
        assert_true(str_is(labels_name(s->labels[0]), "long"));
        struct column c = test_read(t, s, 0, 0, INT64_MAX - 1);
        assert_int_equal(c.len, LONG);
        assert_true(c.values[9999] == 9999 && c.ts_ms[9999] == INT64_C(9999000000));
        assert_int_equal(test_read(t, s, MANY, 0, INT64_MAX - 1).len, 1);
        selection_free(s);
        test_reopen(t);
    }
}

static void what_cannot_be_kept_is_counted_with_an_example(void **state)
{
    struct test_store *t = *state;
    struct label a[2], b[2], none[2];
    struct store_stats stats;
    struct store_push_result result;

    t->options.max_series = 1;
    t->options.retention_ms = DAY_MS;
    test_reopen(t);
    keeper_round(t->store);
    int64_t now = clock_now_ms();
    struct store_sample samples[] = {{series_of("x", "a", a), now, 1},
                                     {series_of("x", "a", a), now - 3 * DAY_MS, 1},
                                     {series_of("y", "a", b), now, 1},
                                     {series_of("z", "", none), now, 1}};
    assert_int_equal(store_push(t->store, samples, 4, &result, NULL), 0);
    assert_int_equal(result.kept, 1);
    assert_int_equal(result.too_old, 1);
    assert_int_equal(result.refused, 2);
    assert_string_not_equal(result.example, "");
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.too_old_total, 1);
    assert_int_equal(stats.refused_series_total, 1);
    assert_int_equal(stats.series_active, 1);
    assert_int_equal(stats.samples_total, 1);
}

static void late_rows_are_taken_inside_the_window_only(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    double value = 1;
    struct error err;

    t->options.out_of_order_ms = 1000;
    test_reopen(t);
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", "a"), 0);
    test_append(t, g, 10000, &value, 1);
    test_append(t, g, 9000, &value, 1);
    assert_int_equal(store_append(t->store, g, 8999, &value, 1, &err), -ERANGE);
    assert_int_equal(store_append(t->store, g, -1, &value, 1, &err), -ERANGE);
    assert_int_equal(store_append(t->store, g, 11000, &value, 2, &err), -EINVAL);
    struct selection *s = test_select(t, "node", "a", 0, 20000);
    assert_int_equal(test_read(t, s, 0, 0, 20000).len, 2);
    selection_free(s);
}

static void labels_are_listed_from_memory_and_from_days(void **state)
{
    struct test_store *t = *state;
    struct store_push_result result;
    struct label a[2], b[2];
    struct store_sample old = {series_of("old", "before", a), 1000, 1};
    struct store_sample new = {series_of("new", "after", b), 5 * DAY_MS, 1};
    struct str_list list;
    struct arena arena;
    bool cut;

    arena_init(&arena, 0);
    assert_int_equal(store_push(t->store, &old, 1, &result, NULL), 0);
    test_reopen(t);
    assert_int_equal(store_push(t->store, &new, 1, &result, NULL), 0);
    struct queryable q = store_queryable(t->store);
    assert_int_equal(
        q.label_values(q.self, STR("job"), NULL, 0, 0, 10 * DAY_MS, 0, &arena, &list, &cut, NULL),
        0);
    assert_int_equal(list.len, 2);
    assert_true(str_is(list.items[0], "after") && str_is(list.items[1], "before"));
    assert_int_equal(
        q.label_values(q.self, STR("job"), NULL, 0, 0, DAY_MS, 0, &arena, &list, &cut, NULL), 0);
    assert_int_equal(list.len, 1);
    assert_true(str_is(list.items[0], "before"));
    assert_int_equal(q.label_names(q.self, NULL, 0, 0, 10 * DAY_MS, 1, &arena, &list, &cut, NULL),
                     0);
    assert_true(list.len == 1 && cut && str_is(list.items[0], "__name__"));
    arena_fini(&arena);
}

static void too_many_series_for_a_query_are_an_error(void **state)
{
    struct test_store *t = *state;
    struct queryable q = store_queryable(t->store);
    struct selection *s;
    struct group *g;
    double values[2] = {1, 2};
    struct error err;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    test_column(t, g, "a", "node", "x");
    test_column(t, g, "b", "node", "x");
    test_append(t, g, 1000, values, 2);
    struct selector all = {NULL, 0};
    assert_int_equal(q.select(q.self, all, 0, 5000, 1, &s, &err), -E2BIG);
    assert_int_equal(q.select(q.self, all, INT64_MIN, INT64_MAX, 2, &s, &err), 0);
    assert_int_equal(test_read(t, s, 1, INT64_MIN, INT64_MAX).len, 1);
    assert_int_equal(test_read(t, s, 1, 5, 3).len, 0);
    selection_free(s);
    test_reopen(t);
    q = store_queryable(t->store);
    assert_int_equal(q.select(q.self, all, 0, 5000, 1, &s, &err), -E2BIG);
}

static void the_next_time_with_samples_is_found(void **state)
{
    struct test_store *t = *state;
    const int64_t day = 86400000;
    struct label items[2];
    struct store_push_result result = {0};
    struct store_sample pushed[] = {{series_of("a", "x", items), 3 * day + 5000, 1},
                                    {series_of("a", "x", items), 7 * day + 9000, 2}};

    assert_true(store_next_ms(t->store, 0) == INT64_MAX);
    assert_int_equal(store_push(t->store, &pushed[0], 1, &result, NULL), 0);
    assert_int_equal(store_push(t->store, &pushed[1], 1, &result, NULL), 0);
    for (int round = 0; round < 2; round++) {
        /* In memory the sample, in a day the day. */
        int64_t first = store_next_ms(t->store, INT64_MIN);
        assert_true(first == 3 * day + 5000 || first == 3 * day);
        int64_t second = store_next_ms(t->store, 4 * day);
        assert_true(second == 7 * day + 9000 || second == 7 * day);
        assert_int_equal(store_next_ms(t->store, 7 * day + 9000), 7 * day + 9000);
        assert_true(store_next_ms(t->store, 8 * day) == INT64_MAX);
        assert_true(store_next_ms(t->store, INT64_MAX) == INT64_MAX);
        assert_int_equal(store_flush(t->store, NULL), 0);
    }
}

static void bad_labels_are_refused(void **state)
{
    static struct label many[LABELS_MAX + 1];
    struct test_store *t = *state;
    struct label twice[] = {{STR("a"), STR("1")}, {STR("a"), STR("2")}};
    struct label empty[] = {{STR("a"), STR("")}};
    struct group *g;
    struct error err;
    uint32_t column;

    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct label){str_make("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcd"
                                          "efghijklmnopqrstuvwxyz",
                                          i + 1),
                                 STR("x")};
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    const struct labels cases[] = {{twice, 2}, {empty, 1}, {NULL, 0}, {many, LABELS_MAX + 1}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(store_column(t->store, g, cases[i], &column, &err), -EINVAL);
    assert_int_equal(store_column(t->store, g, (struct labels){many, LABELS_MAX}, &column, &err),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_back_sorted_by_labels, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_series_scraped_and_pushed_is_one, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(bulk_pushes_of_many_series_and_ages_come_back, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_kept_is_counted_with_an_example, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(late_rows_are_taken_inside_the_window_only, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(labels_are_listed_from_memory_and_from_days, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(too_many_series_for_a_query_are_an_error, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(the_next_time_with_samples_is_found, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(bad_labels_are_refused, test_setup, test_teardown),
    };
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
