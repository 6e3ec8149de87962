/* downsample_test.c - windows say what the samples said: compared with the samples themselves. */
#include "store/columns.h"
#include "store/rewrite.h"
#include "store/store_clock_test.h"
#include "store/summary.h"

#include <sys/wait.h>

#define DAY_1    (INT64_C(20000) * DAY_MS)
#define STEP_MS  INT64_C(10000)
#define ROWS     ((int)(DAY_MS / STEP_MS / 4)) /* six hours */
#define MINUTES5 INT64_C(300000)

enum {
    GAUGE,
    COUNTER,
    CONSTANT,
    ENDING,
    GAPS,
    SERIES
};

static const char *const names[SERIES] = {"gauge", "work_total", "constant", "ending", "gaps"};

static int setup(void **state)
{
    return clock_setup(state, DAY_1 + DAY_MS / 2);
}

static int64_t time_of(int row)
{
    return DAY_1 + 1234 + row * STEP_MS;
}

static double value_of(int series, int row)
{
    uint64_t random = hash_more((uint64_t)row, "v", 1) % 10000;

    switch (series) {
    case GAUGE:
        return (double)random / 100;
    case COUNTER: /* falls at odd places, twice within one window too */
        return row % 700 < 17 ? row % 700 % 9 : row % 700 * 2.5;
    case CONSTANT:
        return 42;
    case ENDING:
        return row < ROWS / 2 ? row : row == ROWS / 2 ? value_stale() : value_absent();
    default:
        return random % 3 ? (double)random : value_absent();
    }
}

static void fill(struct test_store *t)
{
    struct group *g;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    for (int i = 0; i < SERIES; i++)
        assert_int_equal(test_column(t, g, names[i], "node", "n"), i);
    for (int row = 0; row < ROWS; row++) {
        double values[SERIES];
        for (int i = 0; i < SERIES; i++)
            values[i] = value_of(i, row);
        test_append(t, g, time_of(row), values, SERIES);
        if (row % 500 == 499)
            assert_int_equal(store_flush(t->store, NULL), 0);
    }
    assert_int_equal(store_flush(t->store, NULL), 0);
}

/* Opens the store again, days later, with `text` as its ages. */
static void grow_old(struct test_store *t, const char *text, int days)
{
    struct str rest = str_of(text);

    t->options.downsample_len = 0;
    while (rest.len)
        assert_int_equal(store_downsample_add(&t->options, str_cut(&rest, ','), NULL), 0);
    now_ms = DAY_1 + days * DAY_MS;
    atomic_store(&t->store->newest_ms, now_ms);
    test_reopen(t);
    atomic_store(&t->store->believed_ms, now_ms);
    days_learn(t->store->days);
}

static void read_part(struct test_store *t, const char *name, enum sample_part part,
                      struct column *ret, int64_t *ret_window_ms)
{
    struct selection *s = test_select(t, "__name__", name, DAY_1, DAY_1 + DAY_MS - 1);

    assert_int_equal(s->len, 1);
    s->part = part;
    *ret = test_read(t, s, 0, DAY_1, DAY_1 + DAY_MS - 1);
    *ret_window_ms = s->window_ms;
    selection_free(s);
}

struct model {
    double last, min, max, sum, count;
};

static struct model window_of(int series, int64_t from_ms, int64_t to_ms)
{
    struct model m = {value_absent(), INFINITY, -INFINITY, 0, 0};

    for (int row = 0; row < ROWS; row++) {
        double v = value_of(series, row);
        if (time_of(row) <= from_ms || time_of(row) > to_ms || value_is_absent(v))
            continue;
        m.last = v;
        if (value_is_stale(v))
            continue;
        m.min = MIN(m.min, v);
        m.max = MAX(m.max, v);
        m.sum += v;
        m.count++;
    }
    return m;
}

/* All samples of the column in (from, to] taken together as `part` asks. */
static double together(const struct column *c, enum sample_part part, int64_t from, int64_t to)
{
    double all = part == SAMPLE_MIN ? INFINITY : part == SAMPLE_MAX ? -INFINITY : 0;

    for (size_t i = 0; i < c->len; i++) {
        if (c->ts_ms[i] <= from || c->ts_ms[i] > to || value_is_stale(c->values[i]))
            continue;
        all = part == SAMPLE_MIN   ? MIN(all, c->values[i])
              : part == SAMPLE_MAX ? MAX(all, c->values[i])
                                   : all + c->values[i];
    }
    return all;
}

static double increase(const struct column *c)
{
    double sum = 0;

    for (size_t i = 1; i < c->len; i++)
        sum += c->values[i] < c->values[i - 1] ? c->values[i] : c->values[i] - c->values[i - 1];
    return sum;
}

static void compare(struct test_store *t, int64_t window_ms)
{
    double want = 0;
    struct column c;
    int64_t said;

    for (int i = 0; i < SERIES; i++)
        for (enum sample_part part = SAMPLE_MIN; part <= SAMPLE_COUNT; part++) {
            read_part(t, names[i], part, &c, &said);
            assert_int_equal(said, window_ms);
            for (int64_t end = DAY_1; end <= time_of(ROWS) + window_ms; end += window_ms) {
                struct model m = window_of(i, end - window_ms, end);
                double got = together(&c, part, end - window_ms, end);
                double sought = part == SAMPLE_MIN   ? m.min
                                : part == SAMPLE_MAX ? m.max
                                : part == SAMPLE_SUM ? m.sum
                                                     : m.count;
                assert_true(got == sought || fabs(got - sought) < 1e-6 * fabs(sought));
            }
        }
    for (int row = 1; row < ROWS; row++) {
        double v = value_of(COUNTER, row), before = value_of(COUNTER, row - 1);
        want += v < before ? v : v - before;
    }
    read_part(t, names[COUNTER], SAMPLE_LAST, &c, &said);
    assert_true(c.len < ROWS / 4);
    assert_true(increase(&c) == want);
    read_part(t, names[CONSTANT], SAMPLE_MEAN, &c, &said);
    for (size_t i = 0; i < c.len; i++)
        assert_true(c.values[i] == 42);
    read_part(t, names[ENDING], SAMPLE_LAST, &c, &said);
    assert_true(value_is_stale(c.values[c.len - 1])); /* it ends where it ended */
    arena_reset(&t->arena);
}

static void windows_say_what_samples_said(void **state)
{
    struct test_store *t = *state;
    struct store_stats before, after;

    fill(t);
    store_get_stats(t->store, &before);
    grow_old(t, "30d:5m", 30);
    assert_false(store_downsample(t->store)); /* it ends 29 days ago */
    grow_old(t, "30d:5m", 31);
    struct selection *old = test_select(t, "__name__", "gauge", DAY_1, DAY_1 + DAY_MS);
    assert_true(store_downsample(t->store));
    assert_int_equal(test_read(t, old, 0, DAY_1, DAY_1 + DAY_MS).len, ROWS); /* begun before */
    selection_free(old);
    compare(t, MINUTES5);
    assert_false(store_downsample(t->store));
    test_reopen(t);
    compare(t, MINUTES5);
    store_get_stats(t->store, &after);
    assert_int_equal(after.downsampled_days, 1);
    assert_int_equal(after.downsample_errors_total, 0);
}

static void windows_become_longer_windows(void **state)
{
    struct test_store *t = *state;

    fill(t);
    grow_old(t, "30d:5m,60d:1h", 32);
    assert_true(store_downsample(t->store));
    compare(t, MINUTES5);
    grow_old(t, "30d:5m,60d:1h", 70);
    assert_true(store_downsample(t->store));
    compare(t, 12 * MINUTES5);
    assert_false(store_downsample(t->store));
}

static void what_comes_late_is_made_coarser_when_the_day_has_rested(void **state)
{
    struct test_store *t = *state;
    struct label items[] = {{STR("__name__"), STR("late")}, {STR("node"), STR("n")}};
    struct store_push_result result;
    struct column c;
    int64_t window_ms;

    fill(t);
    grow_old(t, "30d:5m", 32);
    assert_true(store_downsample(t->store));
    for (int i = 0; i < 60; i++) {
        struct store_sample sample = {{items, 2}, DAY_1 + i * 1000 + 1, i};
        assert_int_equal(store_push(t->store, &sample, 1, &result, NULL), 0);
    }
    assert_int_equal(store_flush(t->store, NULL), 0);
    read_part(t, "late", SAMPLE_LAST, &c, &window_ms);
    assert_int_equal(c.len, 60);
    assert_false(store_downsample(t->store));
    mono_ns += 3601 * (uint64_t)NS_PER_S;
    assert_true(store_downsample(t->store));
    assert_false(store_downsample(t->store));
    read_part(t, "late", SAMPLE_LAST, &c, &window_ms);
    assert_int_equal(c.len, 1);
    assert_true(c.values[0] == 59);
    read_part(t, "late", SAMPLE_MEAN, &c, &window_ms);
    assert_true(c.values[0] == 29.5);
    compare(t, MINUTES5);
}

static void samples_are_deleted_from_windows_too(void **state)
{
    struct test_store *t = *state;
    struct store_deletion result;
    struct matcher m;
    struct column c;
    int64_t window_ms;

    fill(t);
    grow_old(t, "30d:5m", 32);
    assert_true(store_downsample(t->store));
    assert_int_equal(matcher_init(&m, MATCH_EQUAL, STR("__name__"), STR("gauge"), NULL), 0);
    assert_int_equal(store_delete(t->store, &(struct selector){&m, 1}, 1, time_of(ROWS / 2),
                                  DAY_1 + DAY_MS, &result, NULL),
                     0);
    matcher_fini(&m);
    read_part(t, "gauge", SAMPLE_SUM, &c, &window_ms);
    assert_true(c.len > 30 && c.ts_ms[c.len - 1] < time_of(ROWS / 2));
    assert_int_equal(window_ms, MINUTES5);
    read_part(t, "gaps", SAMPLE_SUM, &c, &window_ms);
    assert_true(c.ts_ms[c.len - 1] > time_of(ROWS - 40));
}

static void killed_in_the_middle_the_day_is_the_old_or_the_new_one(void **state)
{
    struct test_store *t = *state;
    struct column c;
    int64_t window_ms;
    bool done = false;

    fill(t);
    grow_old(t, "30d:5m", 32);
    store_close(t->store);
    t->store = NULL;
    for (int n = 0; n < 10 && !done; n++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            die_after = n;
            test_open(t);
            atomic_store(&t->store->believed_ms, now_ms);
            days_learn(t->store->days);
            _exit(store_downsample(t->store) ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        done = WIFEXITED(status);
        assert_true(!done || WEXITSTATUS(status) == 0);
        die_after = -1;
        test_open(t);
        if (done) {
            compare(t, MINUTES5);
        } else {
            read_part(t, "gauge", SAMPLE_LAST, &c, &window_ms);
            assert_int_equal(c.len, ROWS);
            assert_int_equal(window_ms, 0);
        }
        store_close(t->store);
        t->store = NULL;
    }
    assert_true(done);
    test_open(t);
}

static void ages_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = {"",       "30d",   "30d:",   ":5m",
                                      "30d:7m", "1d:5m", "30d:2d", "x:5m"};
    struct store_options o;
    struct error err;

    (void)state;
    store_options_init(&o);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(store_downsample_add(&o, str_of(bad[i]), &err), -EINVAL);
    assert_int_equal(store_downsample_add(&o, STR("30d:5m"), &err), 0);
    assert_int_equal(store_downsample_add(&o, STR("20d:1h"), &err), -EINVAL);
    assert_int_equal(store_downsample_add(&o, STR("60d:8m"), &err), -EINVAL);
    assert_int_equal(store_downsample_add(&o, STR("60d:1h"), &err), 0);
    assert_int_equal(o.downsample_len, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(windows_say_what_samples_said, setup, test_teardown),
        cmocka_unit_test_setup_teardown(windows_become_longer_windows, setup, test_teardown),
        cmocka_unit_test_setup_teardown(what_comes_late_is_made_coarser_when_the_day_has_rested,
                                        setup, test_teardown),
        cmocka_unit_test_setup_teardown(samples_are_deleted_from_windows_too, setup, test_teardown),
        cmocka_unit_test_setup_teardown(killed_in_the_middle_the_day_is_the_old_or_the_new_one,
                                        setup, test_teardown),
        cmocka_unit_test(ages_that_make_no_sense_are_refused),
    };
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
