/* crash_test.c - what was acknowledged survives: killed writers, cut logs, full and broken disks.
 */
#include "store/store_test.h"
#include "store/wal_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define COLUMNS 5

static void add_columns(struct test_store *t, struct group *g)
{
    for (int i = 0; i < COLUMNS; i++)
        assert_int_equal(test_column(t, g, (char[]){'m', (char)('0' + i), '\0'}, "node", "a"), i);
}

static void row_of(int64_t n, double values[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++)
        values[i] = (double)(n * (i + 1)) / 8;
}

/* How many rows the store holds; they must be the first ones, and whole. */
static size_t count_rows(struct test_store *t)
{
    struct selection *s = test_select(t, "node", "a", 0, INT64_MAX - 1);
    size_t rows = SIZE_MAX;
    double want[COLUMNS];

    for (size_t i = 0; i < s->len; i++) {
        struct column c = test_read(t, s, i, 0, INT64_MAX - 1);
        for (size_t k = 0; k < c.len; k++) {
            row_of((int64_t)k + 1, want);
            assert_int_equal(c.ts_ms[k], (int64_t)(k + 1) * 1000);
            assert_true(c.values[k] == want[i]);
        }
        assert_true(rows == SIZE_MAX || rows == c.len);
        rows = c.len;
    }
    selection_free(s);
    arena_reset(&t->arena);
    return rows == SIZE_MAX ? 0 : rows;
}

/* Appends for ever, saying through the pipe how many rows were acknowledged. */
static void write_until_killed(struct test_store *t, int pipe_fd, int64_t from)
{
    struct group *g;
    struct error err;
    double values[COLUMNS];

    if (store_open_with(&t->options, t->io, t->segment_bytes, &t->store, &err) ||
        store_group(t->store, STR("g"), &g, &err))
        _exit(1);
    for (int i = 0; i < COLUMNS; i++) {
        char name[] = {'m', (char)('0' + i), '\0'};
        struct label items[] = {{STR("__name__"), str_of(name)}, {STR("node"), STR("a")}};
        uint32_t column;
        if (store_column(t->store, g, (struct labels){items, 2}, &column, &err) ||
            column != (uint32_t)i)
            _exit(2);
    }
    for (int64_t n = from;; n++) {
        row_of(n, values);
        if (store_append(t->store, g, n * 1000, values, COLUMNS, &err) ||
            write(pipe_fd, &n, sizeof(n)) != sizeof(n))
            _exit(3);
        if (n % 150 == 0)
            keeper_round(t->store);
        if (n % 700 == 0 && store_flush(t->store, &err))
            _exit(4);
    }
}

static void a_killed_writer_loses_nothing_acknowledged(void **state)
{
    struct test_store *t = *state;
    uint64_t random = 99;
    int64_t acknowledged = 0;

    t->segment_bytes = 2048;
    store_close(t->store);
    t->store = NULL;
    for (int round = 0; round < 6; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(fds[0]);
            write_until_killed(t, fds[1], acknowledged + 1);
        }
        close(fds[1]);
        random = hash_more(random, "k", 1);
        int64_t stop = acknowledged + 1 + (int64_t)(random % 900), n = acknowledged;
        while (n < stop && read(fds[0], &n, sizeof(n)) == sizeof(n))
            acknowledged = n;
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(fds[0], &n, sizeof(n)) == sizeof(n))
            acknowledged = n;
        close(fds[0]);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        test_open(t);
        size_t rows = count_rows(t);
        assert_true((int64_t)rows == acknowledged || (int64_t)rows == acknowledged + 1);
        acknowledged = (int64_t)rows;
        store_abandon(t->store);
        t->store = NULL;
    }
    test_open(t);
}

static void every_prefix_of_the_log_opens_with_a_prefix_of_the_rows(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct buf bytes, path;
    double values[COLUMNS];
    size_t before = 0;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    add_columns(t, g);
    for (int64_t n = 1; n <= 20; n++) {
        row_of(n, values);
        test_append(t, g, n * 1000, values, COLUMNS);
    }
    buf_init(&path, 0);
    wal_file_path(&path, t->store->log_dir, wal_segment(t->store->wal));
    char *name = buf_take(&path);
    buf_init(&bytes, 0);
    assert_int_equal(file_read(name, 1u << 20, &bytes, NULL), 0);
    store_abandon(t->store);
    for (size_t n = 0; n <= bytes.len; n += n < 100 ? 1 : 3) {
        char log_dir[160];
        snprintf(log_dir, sizeof(log_dir), "%s/log", t->dir);
        assert_int_equal(file_remove_tree(log_dir), 0);
        assert_int_equal(file_mkdirs(log_dir, NULL), 0);
        assert_int_equal(file_replace(name, bytes.ptr, n, NULL), 0);
        test_open(t);
        size_t rows = count_rows(t);
        assert_true(rows >= before && rows <= 20);
        before = rows;
        store_abandon(t->store);
    }
    assert_true(before >= 19);
    free(name);
    buf_fini(&bytes);
    test_open(t);
}

/* The outside of these tests: fails call number `at` of a kind, or everything from there on. */
static struct {
    int at, calls;
    int code;
    bool for_good;
    uint64_t free_bytes;
} fault;

static bool fails(void)
{
    int call = fault.calls++;
    return fault.code && (call == fault.at || (fault.for_good && call > fault.at));
}

static ssize_t fault_write(int fd, const void *bytes, size_t n)
{
    if (!fails())
        return write(fd, bytes, n);
    if (fault.code == ENOSPC && n > 9 && write(fd, bytes, 9) != 9)
        return -1;
    errno = fault.code;
    return -1;
}

static int fault_sync(int fd)
{
    bool is_full = fault.for_good && fault.code == ENOSPC; /* which syncs what it holds */

    if (!fails() || is_full)
        return fdatasync(fd);
    errno = EIO;
    return -1;
}

static int fault_truncate(int fd, off_t len)
{
    return ftruncate(fd, len);
}

static int fault_reserve(int fd, off_t len)
{
    return fault.code == ENOSPC && fault.for_good ? ENOSPC : posix_fallocate(fd, 0, len);
}

static int fault_free(int fd, uint64_t *ret)
{
    (void)fd;
    *ret = fault.free_bytes;
    return 0;
}

static int fault_commit(void)
{
    return fails() ? -fault.code : 0;
}

static const struct store_io fault_io = {
    .write = fault_write,
    .sync = fault_sync,
    .truncate = fault_truncate,
    .reserve = fault_reserve,
    .free_bytes = fault_free,
    .before_commit = fault_commit,
    .now_ms = clock_now_ms,
    .mono_ns = clock_mono_ns,
};

/* Appends row `n`; the same row again until it is taken, when the failure passes. */
static int append_row(struct test_store *t, struct group *g, int64_t n)
{
    double values[COLUMNS];
    struct error err;

    row_of(n, values);
    return store_append(t->store, g, n * 1000, values, COLUMNS, &err);
}

static void any_one_failure_loses_nothing_acknowledged(void **state)
{
    static const int codes[] = {ENOSPC, EIO};

    for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
        for (int at = 0; at < 60; at++) {
            struct test_store *t;
            struct group *g;
            struct store_stats stats;
            int64_t kept = 0;

            assert_int_equal(test_setup((void **)&t), 0);
            t->io = &fault_io;
            t->segment_bytes = 600;
            fault.code = 0;
            fault.free_bytes = UINT64_MAX;
            test_reopen(t);
            assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
            add_columns(t, g);
            fault.calls = 0;
            fault.at = at;
            fault.code = codes[c];
            for (int64_t n = 1; n <= 30; n++) {
                if (append_row(t, g, kept + 1) == 0)
                    kept++;
                if (n % 7 == 0)
                    keeper_round(t->store);
                if (n % 13 == 0 && store_flush(t->store, NULL))
                    keeper_round(t->store);
            }
            store_get_stats(t->store, &stats);
            assert_true(!stats.read_only || stats.trouble[0]);
            if (!atomic_load(&t->store->broken)) /* a sync that failed is for good */
                assert_true(kept >= 20);         /* it passes by itself */
            fault.code = 0;
            store_abandon(t->store);
            test_open(t);
            assert_int_equal(count_rows(t), kept);
            void *owned = t;
            test_teardown(&owned);
        }
    }
    (void)state;
}

static void a_full_disk_is_said_and_ends_by_itself(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct store_stats stats;
    double value = 1;
    struct error err;

    t->io = &fault_io;
    t->options.min_free_bytes = 1000;
    fault.code = 0;
    fault.free_bytes = 2000;
    test_reopen(t);
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", "a"), 0);
    test_append(t, g, 1000, &value, 1);
    fault.free_bytes = 999;
    keeper_round(t->store);
    assert_int_equal(store_append(t->store, g, 2000, &value, 1, &err), -ENOSPC);
    store_get_stats(t->store, &stats);
    assert_true(stats.read_only);
    assert_non_null(strstr(stats.trouble, "full"));
    fault.free_bytes = 1000;
    keeper_round(t->store);
    test_append(t, g, 2000, &value, 1);
    store_get_stats(t->store, &stats);
    assert_false(stats.read_only);
    assert_string_equal(stats.trouble, "");
    assert_int_equal(stats.append_errors_total, 1);
}

static void a_disk_that_is_full_at_the_start_serves_what_is_kept(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct store_stats stats;
    char path[200];

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    add_columns(t, g);
    for (int64_t n = 1; n <= 3; n++)
        assert_int_equal(append_row(t, g, n), 0);
    assert_int_equal(store_flush(t->store, NULL), 0);
    assert_int_equal(append_row(t, g, 4), 0);
    store_abandon(t->store);
    t->store = NULL;
    snprintf(path, sizeof(path), "%s/days/1970-01-01.mdb-lock", t->dir);
    assert_int_equal(unlink(path), 0); /* as in a copy */
    t->io = &fault_io;
    fault.code = ENOSPC;
    fault.for_good = true;
    fault.calls = fault.at = 0;
    fault.free_bytes = 0;
    test_open(t);
    assert_int_equal(count_rows(t), 4);
    store_get_stats(t->store, &stats);
    assert_true(stats.read_only);
    assert_true(stats.trouble[0] != '\0');
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(append_row(t, g, 5), -ENOSPC);
    keeper_round(t->store);
    assert_int_equal(count_rows(t), 4);
    fault.code = 0; /* there is space again */
    fault.for_good = false;
    fault.free_bytes = UINT64_MAX;
    keeper_round(t->store);
    assert_int_equal(append_row(t, g, 5), 0);
    keeper_round(t->store);
    assert_int_equal(store_flush(t->store, NULL), 0);
    store_get_stats(t->store, &stats);
    assert_false(stats.read_only);
    test_reopen(t);
    assert_int_equal(count_rows(t), 5);
}

static void a_removed_folder_is_said(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct store_stats stats;
    double value = 1;
    struct error err;

    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", "a"), 0);
    test_append(t, g, 1000, &value, 1);
    assert_int_equal(file_remove_tree(t->dir), 0);
    keeper_round(t->store);
    assert_int_equal(store_append(t->store, g, 2000, &value, 1, &err), -EIO);
    store_get_stats(t->store, &stats);
    assert_true(stats.read_only);
    assert_non_null(strstr(stats.trouble, "removed"));
}

static void a_broken_log_makes_the_store_read_only(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct store_stats stats;
    double value = 1;
    struct error err;

    t->io = &fault_io;
    fault.code = 0;
    fault.free_bytes = UINT64_MAX;
    test_reopen(t);
    assert_int_equal(store_group(t->store, STR("g"), &g, NULL), 0);
    assert_int_equal(test_column(t, g, "m", "node", "a"), 0);
    test_append(t, g, 1000, &value, 1);
    fault.calls = 0;
    fault.at = 0;
    fault.code = EIO;
    fault.for_good = true;
    keeper_round(t->store);
    fault.code = 0;
    fault.for_good = false;
    assert_int_equal(store_append(t->store, g, 2000, &value, 1, &err), -EIO);
    store_get_stats(t->store, &stats);
    assert_true(stats.read_only);
    assert_string_not_equal(stats.trouble, "");
    struct selection *s = test_select(t, "node", "a", 0, 5000);
    assert_int_equal(test_read(t, s, 0, 0, 5000).len, 1);
    selection_free(s);
}

static void push_one(struct test_store *t, int64_t ts_ms)
{
    struct label items[] = {{STR("__name__"), STR("m")}, {STR("job"), STR("j")}};
    struct store_sample sample = {{items, 2}, ts_ms, 1};
    struct store_push_result result;

    assert_int_equal(store_push(t->store, &sample, 1, &result, NULL), 0);
    assert_int_equal(result.kept, 1);
}

/* What a killed process had written to days already is found, also where the log tells of older
 * samples of the same series only. */
static void newer_samples_in_days_are_found_beside_older_ones_in_the_log(void **state)
{
    struct test_store *t = *state;

    push_one(t, 20 * DAY_MS);
    assert_int_equal(store_flush(t->store, NULL), 0);
    push_one(t, 10 * DAY_MS);
    store_abandon(t->store);
    test_open(t);
    for (int day = 10; day <= 20; day += 10) {
        struct selection *s = test_select(t, "job", "j", day * DAY_MS, day * DAY_MS + 1000);
        assert_int_equal(s->len, 1);
        assert_int_equal(test_read(t, s, 0, 0, INT64_MAX).len, 1);
        selection_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing_acknowledged, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(every_prefix_of_the_log_opens_with_a_prefix_of_the_rows,
                                        test_setup, test_teardown),
        cmocka_unit_test(any_one_failure_loses_nothing_acknowledged),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_and_ends_by_itself, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_at_the_start_serves_what_is_kept,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_removed_folder_is_said, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_broken_log_makes_the_store_read_only, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(
            newer_samples_in_days_are_found_beside_older_ones_in_the_log, test_setup,
            test_teardown),
    };
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
