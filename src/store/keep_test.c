/* keep_test.c - folders, locks, sealing, retention and the clock. */
#include "store/store_test.h"

#include <sys/stat.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__SANITIZE_THREAD__)
#define SANITIZED     1
#define LOCKS_COUNTED 1 /* ThreadSanitizer ends the program when a thread holds more than 64 */
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED     1
#define LOCKS_COUNTED 1
#elif __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
#ifndef LOCKS_COUNTED
#define LOCKS_COUNTED 0
#endif
#include <sys/wait.h>

static struct {
    int64_t now_ms;
    uint64_t mono_ns;
} clocks;

static int64_t fake_now(void)
{
    return clocks.now_ms;
}

static uint64_t fake_mono(void)
{
    return clocks.mono_ns;
}

static void pass(int64_t ms)
{
    clocks.now_ms += ms;
    clocks.mono_ns += (uint64_t)ms * NS_PER_MS;
}

static struct store_io fake_io;

#define NOON (INT64_C(20000) * DAY_MS + DAY_MS / 2)
#define HOUR INT64_C(3600000)

static int setup(void **state)
{
    fake_io = store_io_system;
    fake_io.now_ms = fake_now;
    fake_io.mono_ns = fake_mono;
    clocks.now_ms = NOON;
    clocks.mono_ns = 1000 * (uint64_t)NS_PER_S;
    int code = test_setup(state);
    struct test_store *t = *state;
    t->io = &fake_io;
    t->options.out_of_order_ms = 100 * DAY_MS;
    test_reopen(t);
    return code;
}

static void put_row(struct test_store *t, int64_t ts_ms)
{
    struct group *g;
    double value = 1;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", "a"), 0);
    test_append(t, g, ts_ms, &value, 1);
}

static size_t samples(struct test_store *t)
{
    struct selection *s = test_select(t, "node", "a", 0, INT64_MAX - 1);
    size_t n = s->len ? test_read(t, s, 0, 0, INT64_MAX - 1).len : 0;

    selection_free(s);
    return n;
}

static uint64_t days(struct test_store *t)
{
    struct store_stats stats;
    store_get_stats(t->store, &stats);
    return stats.days;
}

static void days_older_than_the_retention_are_dropped_whole(void **state)
{
    struct test_store *t = *state;
    struct error err;
    double value = 1;
    struct group *g;

    for (int day = 0; day < 5; day++)
        put_row(t, NOON - (4 - day) * DAY_MS);
    t->options.retention_ms = 3 * DAY_MS;
    test_reopen(t);
    assert_int_equal(days(t), 4); /* the oldest day ended 3.5 days ago */
    assert_int_equal(samples(t), 4);
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", "a"), 0);
    assert_int_equal(store_append(t->store, g, NOON - 4 * DAY_MS, &value, 1, &err), -ERANGE);
    for (int i = 0; i < 24; i++) {
        pass(HOUR);
        keeper_round(t->store);
    }
    assert_int_equal(days(t), 3);
}

static void a_reader_keeps_its_day_while_it_is_dropped(void **state)
{
    struct test_store *t = *state;

    put_row(t, NOON - 4 * DAY_MS);
    put_row(t, NOON);
    t->options.retention_ms = 5 * DAY_MS;
    test_reopen(t);
    struct selection *s = test_select(t, "node", "a", 0, INT64_MAX - 1);
    for (int i = 0; i < 48; i++) {
        pass(HOUR);
        keeper_round(t->store);
    }
    assert_int_equal(days(t), 1);
    assert_int_equal(test_read(t, s, 0, 0, INT64_MAX - 1).len, 2);
    selection_free(s);
    assert_int_equal(samples(t), 1);
}

static void a_clock_that_jumps_ahead_drops_nothing_for_an_hour(void **state)
{
    struct test_store *t = *state;

    t->options.retention_ms = 2 * DAY_MS;
    test_reopen(t);
    put_row(t, NOON);
    assert_int_equal(store_flush(t->store, NULL), 0);
    keeper_round(t->store);
    clocks.now_ms += 300 * DAY_MS;
    for (int i = 0; i < 50; i++) {
        pass(60000);
        keeper_round(t->store);
    }
    assert_int_equal(days(t), 1);
    clocks.now_ms -= 300 * DAY_MS; /* it was a mistake */
    for (int i = 0; i < 50; i++) {
        pass(60000);
        keeper_round(t->store);
    }
    assert_int_equal(days(t), 1);
    clocks.now_ms += 300 * DAY_MS; /* it was none */
    for (int i = 0; i < 70; i++) {
        pass(60000);
        keeper_round(t->store);
    }
    assert_int_equal(days(t), 0);
}

static void a_row_of_the_future_makes_nothing_old(void **state)
{
    struct test_store *t = *state;

    t->options.retention_ms = 30 * DAY_MS;
    t->options.out_of_order_ms = 60000;
    test_reopen(t);
    put_row(t, NOON - 1000);
    put_row(t, NOON + 3650 * DAY_MS);
    put_row(t, NOON);
    assert_int_equal(store_flush(t->store, NULL), 0);
    keeper_round(t->store);
    put_row(t, NOON + 1000);
    assert_int_equal(samples(t), 4);
    test_reopen(t);
    for (int i = 0; i < 100; i++) {
        pass(60000);
        keeper_round(t->store);
    }
    assert_int_equal(samples(t), 4);
}

static void a_clock_that_was_ahead_makes_nothing_late(void **state)
{
    struct test_store *t = *state;

    t->options.out_of_order_ms = 60000;
    test_reopen(t);
    put_row(t, NOON);
    clocks.now_ms += 6 * HOUR; /* it was a mistake */
    put_row(t, NOON + 6 * HOUR);
    clocks.now_ms -= 6 * HOUR;
    pass(5000);
    put_row(t, NOON + 5000);
    put_row(t, NOON + 10000);
    assert_int_equal(samples(t), 4);
    store_abandon(t->store);
    test_open(t);
    put_row(t, NOON + 15000);
    assert_int_equal(samples(t), 5);
}

static void the_oldest_days_go_when_the_store_is_too_large(void **state)
{
    struct test_store *t = *state;

    for (int day = 0; day < 4; day++)
        put_row(t, NOON - (3 - day) * DAY_MS);
    assert_int_equal(store_flush(t->store, NULL), 0);
    t->options.retention_bytes = 1; /* the current day stays in any case */
    test_reopen(t);
    keeper_round(t->store);
    assert_int_equal(days(t), 1);
    assert_int_equal(samples(t), 1);
}

static void a_group_is_sealed_when_it_has_enough_and_the_log_lets_go(void **state)
{
    struct test_store *t = *state;
    struct store_stats stats;

    t->segment_bytes = 4096;
    test_reopen(t);
    for (int i = 0; i < 1100; i++)
        put_row(t, NOON + i * 1000);
    store_get_stats(t->store, &stats);
    assert_true(stats.log_segments > 3);
    assert_int_equal(stats.blocks, 0);
    keeper_round(t->store);
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.blocks, 1);
    assert_int_equal(stats.log_segments, 1);
    assert_int_equal(samples(t), 1100);
    /* What lies in a day is not replayed again. */
    store_abandon(t->store);
    test_open(t);
    assert_int_equal(samples(t), 1100);
    put_row(t, NOON + 2000000);
    pass(2 * HOUR);
    keeper_round(t->store);
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.blocks, 2); /* an hour old: sealed though it is small */
    assert_int_equal(samples(t), 1101);
}

static void series_of_ended_groups_leave_memory_and_stay_readable(void **state)
{
    struct test_store *t = *state;
    struct store_stats stats;
    struct selection *before = NULL;
    double values[400];

    put_row(t, NOON);
    for (int life = 0; life < 8; life++) { /* a target whose processes come and go */
        struct group *g;
        assert_int_equal(store_group(t->store, STR("churn"), &g, NULL), 0);
        for (int i = 0; i < 400; i++) {
            char pid[16];
            snprintf(pid, sizeof(pid), "%d", life * 400 + i);
            assert_int_equal(test_column(t, g, "process", "pid", pid), i);
            values[i] = life;
        }
        test_append(t, g, NOON + life * 5000, values, 400);
        if (life == 5)
            before = test_select(t, "pid", "7", 0, INT64_MAX);
        store_group_end(t->store, g);
        keeper_round(t->store);
        keeper_round(t->store);
    }
    store_get_stats(t->store, &stats);
    assert_true(stats.series_active < 2000);
    put_row(t, NOON + 1000);
    assert_int_equal(samples(t), 2);
    for (int i = 0; i < 3200; i += 399) {
        char pid[16];
        snprintf(pid, sizeof(pid), "%d", i);
        struct selection *s = test_select(t, "pid", pid, 0, INT64_MAX);
        assert_int_equal(s->len, 1);
        assert_true(str_is(labels_get(s->labels[0], STR("pid")), pid));
        struct column c = test_read(t, s, 0, 0, INT64_MAX);
        assert_int_equal(c.len, 1);
        assert_true(c.values[0] == i / 400);
        selection_free(s);
    }
    assert_int_equal(before->len, 1);
    assert_true(str_is(labels_get(before->labels[0], STR("pid")), "7"));
    assert_int_equal(test_read(t, before, 0, 0, INT64_MAX).len, 1);
    selection_free(before);
}

/* What the heap holds, where that can be known; 0 elsewhere. */
static size_t heap_bytes(void)
{
#if defined(__GLIBC__) && !SANITIZED
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

/* `targets` pods come, give a few rows of three series and go, 150 at a time. */
static void churn(struct test_store *t, int from, int targets, bool pushed)
{
    for (int i = from; i < from + targets; i++) {
        char name[32];
        snprintf(name, sizeof(name), "pod-%d", i);
        struct label items[] = {{STR("__name__"), STR("up")},
                                {STR("instance"), str_of(name)},
                                {STR("job"), STR("pods")}};
        if (pushed) {
            struct store_push_result pushed_to;
            struct store_sample sample = {{items, 3}, clocks.now_ms, 1};
            assert_int_equal(store_push(t->store, &sample, 1, &pushed_to, NULL), 0);
            assert_int_equal(pushed_to.kept, 1);
        } else {
            double values[3] = {1, 2, 3};
            struct group *g;
            assert_int_equal(store_group(t->store, str_of(name), &g, NULL), 0);
            if (i % 2) /* of every second target nothing is ever got */
                for (int k = 0; k < 3; k++)
                    test_column(t, g, (const char *[]){"a", "b", "c"}[k], "pod", name);
            if (i % 2)
                test_append(t, g, clocks.now_ms, values, 3);
            store_group_end(t->store, g);
        }
        if (i % 150 == 149) {
            pass(60000);
            keeper_round(t->store);
        }
    }
}

static void targets_that_come_and_go_leave_nothing_in_memory(void **state)
{
    struct test_store *t = *state;
    struct store_stats before, after;

    if (LOCKS_COUNTED)
        skip();
    put_row(t, NOON);
    churn(t, 0, 3000, false);
    store_get_stats(t->store, &before);
    size_t heap = heap_bytes();
    churn(t, 3000, 6000, false);
    store_get_stats(t->store, &after);
    assert_true(before.groups < 700 && after.groups < 700);
    assert_true(after.series_active < 3000);
    assert_true(after.memory_bytes < before.memory_bytes + (512u << 10));
    assert_true(heap_bytes() < heap + (2u << 20));
    struct selection *s = test_select(t, "pod", "pod-4321", 0, INT64_MAX);
    assert_int_equal(s->len, 3);
    assert_int_equal(test_read(t, s, 2, 0, INT64_MAX).len, 1);
    selection_free(s);
}

static void who_pushes_and_goes_leaves_nothing_in_memory_after_an_hour(void **state)
{
    struct test_store *t = *state;
    struct store_stats stats;

    if (LOCKS_COUNTED)
        skip();
    for (int round = 0; round < 4; round++) {
        churn(t, round * 1500, 1500, true);
        pass(2 * HOUR);
        keeper_round(t->store); /* seals what is an hour old, ends groups */
        keeper_round(t->store);
        store_get_stats(t->store, &stats);
        assert_int_equal(stats.groups, 0);
        assert_int_equal(stats.series_active, 0);
    }
    churn(t, 0, 1, true); /* it comes back */
    struct selection *s = test_select(t, "instance", "pod-0", 0, INT64_MAX);
    assert_int_equal(s->len, 1);
    assert_int_equal(test_read(t, s, 0, 0, INT64_MAX).len, 2);
    selection_free(s);
}

static void a_group_nobody_asks_for_after_a_crash_is_forgotten(void **state)
{
    struct test_store *t = *state;
    struct store_stats stats;
    static double values[1500];
    struct group *g;

    assert_int_equal(store_group(t->store, STR("gone"), &g, NULL), 0);
    for (int i = 0; i < 1500; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        assert_int_equal(test_column(t, g, "m", "id", name), i);
    }
    test_append(t, g, NOON, values, 1500);
    store_abandon(t->store);
    test_open(t);
    put_row(t, NOON);
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.series_active, 1501);
    pass(2 * HOUR);
    keeper_round(t->store);
    keeper_round(t->store);
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.series_active, 1);
    struct selection *s = test_select(t, "id", "77", 0, INT64_MAX);
    assert_int_equal(test_read(t, s, 0, 0, INT64_MAX).len, 1);
    selection_free(s);
    assert_int_equal(samples(t), 1);
}

static void a_second_process_is_told_the_first_ones_number(void **state)
{
    struct test_store *t = *state;
    struct store *second;
    struct error err;
    char pid[24];

    snprintf(pid, sizeof(pid), "process %d", (int)getpid());
    assert_int_equal(store_open(&t->options, &second, &err), -EBUSY);
    assert_non_null(strstr(err.text, pid));
}

static void what_is_not_ours_is_refused(void **state)
{
    static const struct {
        const char *name, *text;
        int code;
        const char *says;
    } cases[] = {
        {"photo.jpg", "x", -EINVAL, "photo.jpg"},
        {"STORE", "something else\n", -EINVAL, "marker"},
        {"STORE", "algalon store 99\nnext-group 1\n", -EINVAL, "newer"},
        {"STORE", "algalon store 1\nnext-group x\n", -EINVAL, "damaged"},
    };
    struct test_store *t = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct store_options options = t->options;
        struct store *s;
        struct error err;
        char dir[160], path[200];
        snprintf(dir, sizeof(dir), "%s/foreign%zu", t->dir, i);
        snprintf(path, sizeof(path), "%s/%s", dir, cases[i].name);
        assert_int_equal(file_mkdirs(dir, NULL), 0);
        assert_int_equal(file_replace(path, cases[i].text, strlen(cases[i].text), NULL), 0);
        options.dir = dir;
        assert_int_equal(store_open(&options, &s, &err), cases[i].code);
        assert_non_null(strstr(err.text, cases[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(days_older_than_the_retention_are_dropped_whole, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_reader_keeps_its_day_while_it_is_dropped, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_jumps_ahead_drops_nothing_for_an_hour, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_row_of_the_future_makes_nothing_old, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_was_ahead_makes_nothing_late, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(the_oldest_days_go_when_the_store_is_too_large, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_group_is_sealed_when_it_has_enough_and_the_log_lets_go,
                                        setup, test_teardown),
        cmocka_unit_test_setup_teardown(series_of_ended_groups_leave_memory_and_stay_readable,
                                        setup, test_teardown),
        cmocka_unit_test_setup_teardown(targets_that_come_and_go_leave_nothing_in_memory, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(who_pushes_and_goes_leaves_nothing_in_memory_after_an_hour,
                                        setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_group_nobody_asks_for_after_a_crash_is_forgotten, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_second_process_is_told_the_first_ones_number, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(what_is_not_ours_is_refused, setup, test_teardown),
    };
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
