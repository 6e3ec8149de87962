/* settle_test.c - a day packed anew says what it said before, in fewer blocks. */
#include "store/store_clock_test.h"

#include <sys/wait.h>

#define DAY_1   (INT64_C(20000) * DAY_MS)
#define STEP_MS INT64_C(15000)
#define ROWS    2000
#define SERIES  6
#define FLUSH   100 /* rows */

static int setup(void **state)
{
    return clock_setup(state, DAY_1 + DAY_MS / 2);
}

static int64_t time_of(int row)
{
    return DAY_1 + 1234 + row * STEP_MS;
}

static double value_at(int series, int row)
{
    uint64_t random = hash_more((uint64_t)row, "v", 1);

    switch (series) {
    case 0: /* any bits at all, NaN with payloads among them */
        return value_of_bits(random == VALUE_ABSENT_BITS ? 0 : random);
    case 1:
        return row / 7;
    case 2:
        return row % 900 < 450 ? 0.1 * (double)(random % 100) : value_absent();
    case 3:
        return row == 700 ? value_stale() : row > 700 ? value_absent() : -0.0;
    case 4:
        return row % 97 == 0 ? INFINITY : 42;
    default: /* told by series 1 in a packed day */
        return 1000 - 2.5 * (row / 7);
    }
}

/* Rows sealed every FLUSH of them, and pushed samples that overlap each other and win by order. */
static void fill(struct test_store *t)
{
    struct group *g;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    for (int i = 0; i < SERIES; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%d", i);
        assert_int_equal(test_column(t, g, name, "node", "n"), i);
    }
    for (int row = 0; row < ROWS; row++) {
        double values[SERIES];
        for (int i = 0; i < SERIES; i++)
            values[i] = value_at(i, row);
        test_append(t, g, time_of(row), values, SERIES);
        if (row % FLUSH == FLUSH - 1)
            assert_int_equal(store_flush(t->store, NULL), 0);
    }
    for (int round = 0; round < 12; round++) {
        struct label items[] = {{STR("__name__"), STR("pushed")}, {STR("node"), STR("n")}};
        struct store_push_result result;
        struct store_sample samples[50];
        for (int i = 0; i < 50; i++)
            samples[i] = (struct store_sample){
                {items, 2}, time_of(round * 20 + i * (1 + round % 3)), round * 1000 + i};
        assert_int_equal(store_push(t->store, samples, 50, &result, NULL), 0);
        assert_int_equal(result.kept, 50);
        assert_int_equal(store_flush(t->store, NULL), 0);
    }
}

/* Opens the store again, a day and some hours later. */
static void grow_old(struct test_store *t)
{
    now_ms = DAY_1 + DAY_MS + 2 * INT64_C(3600000);
    mono_ns += 7200 * (uint64_t)NS_PER_S;
    atomic_store(&t->store->newest_ms, now_ms);
    test_reopen(t);
    atomic_store(&t->store->believed_ms, now_ms);
    days_learn(t->store->days);
}

/* All samples, as one hash of times and bits; *ret_len is how many there are. */
static uint64_t hash_all(struct test_store *t, size_t *ret_len)
{
    struct selection *s = test_select(t, "node", "n", DAY_1, DAY_1 + DAY_MS - 1);
    uint64_t hash = 0;

    *ret_len = 0;
    for (size_t i = 0; i < s->len; i++) {
        struct column c = test_read(t, s, i, DAY_1, DAY_1 + DAY_MS - 1);
        uint64_t own = labels_hash(s->labels[i]);
        own = hash_more(own, c.ts_ms, c.len * sizeof(*c.ts_ms));
        own = hash_more(own, c.values, c.len * sizeof(*c.values));
        hash ^= own;
        *ret_len += c.len;
    }
    selection_free(s);
    return hash;
}

static struct store_stats stats_of(struct test_store *t)
{
    struct store_stats stats;

    store_get_stats(t->store, &stats);
    return stats;
}

static void an_ended_day_lies_in_few_blocks_and_says_the_same(void **state)
{
    struct test_store *t = *state;
    size_t before_len, after_len;

    fill(t);
    assert_false(store_settle(t->store)); /* it has not ended */
    uint64_t before = hash_all(t, &before_len);
    assert_true(stats_of(t).blocks >= ROWS / FLUSH);
    grow_old(t);
    assert_true(store_settle(t->store));
    assert_false(store_settle(t->store)); /* once */
    assert_true(hash_all(t, &after_len) == before);
    assert_int_equal(after_len, before_len);
    assert_int_equal(stats_of(t).blocks, 2 + 1);
    assert_int_equal(stats_of(t).settled_days, 1);
    test_reopen(t);
    assert_true(hash_all(t, &after_len) == before);
    days_learn(t->store->days);
    atomic_store(&t->store->believed_ms, now_ms);
    assert_false(store_settle(t->store));
    assert_int_equal(stats_of(t).settled_days, 1);
}

static void late(struct test_store *t, int n)
{
    for (int i = 0; i < n; i++) {
        struct label items[] = {{STR("__name__"), STR("late")}, {STR("node"), STR("n")}};
        struct store_sample sample = {{items, 2}, time_of(1000 + i), i};
        struct store_push_result result;
        assert_int_equal(store_push(t->store, &sample, 1, &result, NULL), 0);
        assert_int_equal(store_flush(t->store, NULL), 0);
    }
}

static void what_comes_late_is_packed_when_it_is_much_and_the_day_rests(void **state)
{
    struct test_store *t = *state;
    size_t len;

    fill(t);
    grow_old(t);
    assert_true(store_settle(t->store));
    late(t, 20);
    assert_false(store_settle(t->store)); /* more may come */
    uint64_t before = hash_all(t, &len);
    mono_ns += 3601 * (uint64_t)NS_PER_S;
    assert_true(store_settle(t->store));
    assert_true(hash_all(t, &len) == before);
    assert_int_equal(stats_of(t).blocks,
                     2 + 1 + 1); /* after the restart the pushes have a new group */
}

static void all_days_are_packed_when_it_is_asked_for(void **state)
{
    struct test_store *t = *state;
    size_t len;

    fill(t); /* its day goes on */
    uint64_t before = hash_all(t, &len);
    store_settle_all(t->store);
    assert_int_equal(stats_of(t).blocks, 2 + 1);
    assert_true(hash_all(t, &len) == before);
    late(t, 1);
    assert_int_equal(stats_of(t).blocks, 2 + 1 + 1);
    store_settle_all(t->store);
    assert_int_equal(stats_of(t).blocks, 2 + 1);
    store_request_settle(t->store); /* the thread finds nothing to do, and says so */
    for (int i = 0; i < 3000 && stats_of(t).settle_requested; i++)
        usleep(10000);
    assert_false(stats_of(t).settle_requested);
    assert_int_equal(stats_of(t).settle_errors_total, 0);
}

static void samples_are_deleted_from_a_packed_day(void **state)
{
    struct test_store *t = *state;
    struct store_deletion result;
    struct matcher m;
    size_t len;

    fill(t);
    grow_old(t);
    assert_true(store_settle(t->store));
    assert_int_equal(matcher_init(&m, MATCH_EQUAL, STR("__name__"), STR("s1"), NULL), 0);
    struct selector selector = {&m, 1};
    assert_int_equal(
        store_delete(t->store, &selector, 1, time_of(100), time_of(199), &result, NULL), 0);
    matcher_fini(&m);
    assert_int_equal(result.samples, 100);
    test_reopen(t);
    struct selection *s = test_select(t, "__name__", "s5", DAY_1, DAY_1 + DAY_MS - 1);
    struct column c = test_read(t, s, 0, DAY_1, DAY_1 + DAY_MS - 1);
    assert_int_equal(c.len, ROWS);
    for (int row = 0; row < ROWS; row++)
        assert_true(c.values[row] == value_at(5, row));
    selection_free(s);
    hash_all(t, &len);
    assert_true(len > ROWS);
}

static void a_kill_leaves_the_day_as_it_was(void **state)
{
    struct test_store *t = *state;
    size_t len;

    fill(t);
    grow_old(t);
    uint64_t before = hash_all(t, &len);
    store_close(t->store);
    t->store = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        test_open(t);
        atomic_store(&t->store->believed_ms, now_ms);
        days_learn(t->store->days);
        die_after = 0;
        store_settle(t->store);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    test_open(t);
    assert_true(hash_all(t, &len) == before);
    atomic_store(&t->store->believed_ms, now_ms);
    days_learn(t->store->days);
    assert_true(store_settle(t->store));
    assert_true(hash_all(t, &len) == before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_ended_day_lies_in_few_blocks_and_says_the_same, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(what_comes_late_is_packed_when_it_is_much_and_the_day_rests,
                                        setup, test_teardown),
        cmocka_unit_test_setup_teardown(all_days_are_packed_when_it_is_asked_for, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(samples_are_deleted_from_a_packed_day, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_kill_leaves_the_day_as_it_was, setup, test_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
