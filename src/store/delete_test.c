/* delete_test.c - deleted samples are gone for good, and nothing else is. */
#include "store/store_test.h"

#include <signal.h>
#include <sys/wait.h>

#define DAY_1 (INT64_C(20000) * DAY_MS)
#define DAYS  3
#define ROWS  200 /* in each day, a minute apart */
#define NAMES 4

static const char *const names[NAMES] = {"a", "b", "c", "d"};

static int64_t time_of(int day, int row)
{
    return DAY_1 + day * DAY_MS + row * INT64_C(60000);
}

static double value_of(int name, int day, int row)
{
    return name * 1000000 + day * 1000 + row + 0.5;
}

/* Two groups of two series each, over all days. */
static void fill(struct test_store *t)
{
    struct group *g[2];

    assert_int_equal(store_group(t->store, STR("g"), &g[0], NULL), 0);
    assert_int_equal(store_group(t->store, STR("h"), &g[1], NULL), 0);
    for (int i = 0; i < NAMES; i++)
        assert_int_equal(test_column(t, g[i / 2], names[i], "node", "n"), i % 2);
    for (int day = 0; day < DAYS; day++)
        for (int row = 0; row < ROWS; row++)
            for (int k = 0; k < 2; k++) {
                double values[] = {value_of(2 * k, day, row), value_of(2 * k + 1, day, row)};
                test_append(t, g[k], time_of(day, row), values, 2);
            }
}

static int delete (struct test_store *t, const char *name, int64_t start_ms, int64_t end_ms,
                   uint64_t *ret_samples)
{
    struct store_deletion result;
    struct error err = {0};
    struct matcher m;

    assert_int_equal(matcher_init(&m, MATCH_EQUAL, STR("__name__"), str_of(name), &err), 0);
    int code =
        store_delete(t->store, &(struct selector){&m, 1}, 1, start_ms, end_ms, &result, &err);
    matcher_fini(&m);
    *ret_samples = result.samples;
    return code;
}

/* What is there of each series must be what was put, but for samples of `gone` in [start, end].
 * Returns how many samples of `gone` in there are left. */
static size_t check(struct test_store *t, const char *gone, int64_t start_ms, int64_t end_ms)
{
    size_t left = 0;

    for (int i = 0; i < NAMES; i++) {
        struct selection *s = test_select(t, "__name__", names[i], 0, INT64_MAX - 1);
        struct column c = {0};
        size_t at = 0;
        bool is_gone = strcmp(names[i], gone) == 0;
        if (s->len)
            c = test_read(t, s, 0, 0, INT64_MAX - 1);
        for (int day = 0; day < DAYS; day++)
            for (int row = 0; row < ROWS; row++) {
                int64_t ts = time_of(day, row);
                bool may_lack = is_gone && ts >= start_ms && ts <= end_ms;
                if (at < c.len && c.ts_ms[at] == ts) {
                    assert_true(c.values[at++] == value_of(i, day, row));
                    left += may_lack;
                } else {
                    assert_true(may_lack);
                }
            }
        assert_int_equal(at, c.len);
        selection_free(s);
    }
    arena_reset(&t->arena);
    return left;
}

static void a_range_of_a_series_is_deleted_and_nothing_else(void **state)
{
    struct test_store *t = *state;
    int64_t start = time_of(0, 50), end = time_of(1, 20);
    uint64_t samples;

    fill(t);
    struct selection *before = test_select(t, "__name__", "b", 0, INT64_MAX - 1);
    assert_int_equal(delete (t, "b", start, end, &samples), 0);
    assert_int_equal(samples, ROWS - 50 + 21);
    assert_int_equal(check(t, "b", start, end), 0);
    /* A query that began before goes on as it was. */
    assert_true(test_read(t, before, 0, 0, INT64_MAX - 1).len >= ROWS);
    selection_free(before);
    assert_int_equal(delete (t, "b", start, end, &samples), 0);
    assert_int_equal(samples, 0);
    test_reopen(t);
    assert_int_equal(check(t, "b", start, end), 0);
    store_abandon(t->store); /* the log brings nothing back */
    test_open(t);
    assert_int_equal(check(t, "b", start, end), 0);
}

static size_t count_values(struct test_store *t, struct str label)
{
    struct queryable q = store_queryable(t->store);
    struct str_list list;
    bool cut;

    assert_int_equal(
        q.label_values(q.self, label, NULL, 0, 0, INT64_MAX - 1, 0, &t->arena, &list, &cut, NULL),
        0);
    return list.len;
}

static void a_series_deleted_whole_leaves_index_and_lists(void **state)
{
    struct test_store *t = *state;
    uint64_t samples;
    struct group *g;
    double values[] = {1, 2};

    fill(t);
    assert_int_equal(delete (t, "a", 0, INT64_MAX - 1, &samples), 0);
    assert_int_equal(samples, DAYS * ROWS);
    struct selection *s = test_select(t, "__name__", "a", 0, INT64_MAX - 1);
    assert_int_equal(s->len, 0);
    selection_free(s);
    assert_int_equal(count_values(t, STR("__name__")), NAMES - 1);
    /* It may come again, in the group it was in. */
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    test_append(t, g, time_of(2, ROWS), values, 2);
    s = test_select(t, "__name__", "a", 0, INT64_MAX - 1);
    assert_int_equal(s->len, 1);
    assert_int_equal(test_read(t, s, 0, 0, INT64_MAX - 1).len, 1);
    selection_free(s);
    assert_int_equal(count_values(t, STR("__name__")), NAMES);
    test_reopen(t);
    assert_int_equal(count_values(t, STR("__name__")), NAMES);
    assert_int_equal(delete (t, "a", 0, INT64_MAX - 1, &samples), 0);
    test_reopen(t);
    assert_int_equal(count_values(t, STR("__name__")), NAMES - 1);
}

static void pushed_series_come_again_after_deletion(void **state)
{
    struct test_store *t = *state;
    struct label items[] = {{STR("__name__"), STR("p")}, {STR("node"), STR("n")}};
    struct store_sample sample = {{items, 2}, DAY_1, 1};
    struct store_push_result result;
    uint64_t samples;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_push(t->store, &sample, 1, &result, NULL), 0);
        struct selection *s = test_select(t, "__name__", "p", 0, INT64_MAX - 1);
        assert_int_equal(s->len, 1);
        assert_int_equal(test_read(t, s, 0, 0, INT64_MAX - 1).len, 1);
        selection_free(s);
        assert_int_equal(delete (t, "p", 0, INT64_MAX - 1, &samples), 0);
        assert_int_equal(samples, 1);
        s = test_select(t, "__name__", "p", 0, INT64_MAX - 1);
        assert_int_equal(s->len, 0);
        selection_free(s);
        assert_int_equal(count_values(t, STR("__name__")), 0);
    }
}

static int die_after;

static int die_before_commit(void)
{
    if (die_after >= 0 && die_after-- == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

static void killed_in_the_middle_it_takes_nothing_else_along(void **state)
{
    struct test_store *t = *state;
    static struct store_io io;
    int64_t start = time_of(0, 10), end = time_of(2, 100);
    uint64_t samples;
    size_t left = 1;

    io = store_io_system;
    io.before_commit = die_before_commit;
    fill(t);
    store_close(t->store);
    t->store = NULL;
    t->io = &io;
    for (int n = 0; n < 20 && left; n++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            die_after = n;
            test_open(t);
            _exit(delete (t, "c", start, end, &samples) ? 2 : 0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        die_after = -1;
        test_open(t);
        left = check(t, "c", start, end);
        assert_true(left == 0 || WIFSIGNALED(status));
        store_close(t->store);
        t->store = NULL;
    }
    assert_int_equal(left, 0);
    test_open(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_range_of_a_series_is_deleted_and_nothing_else, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_series_deleted_whole_leaves_index_and_lists, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(pushed_series_come_again_after_deletion, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(killed_in_the_middle_it_takes_nothing_else_along,
                                        test_setup, test_teardown),
    };
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
