/* process_log_test.c - lines reach the file, which stays bounded, and a disk that fails costs lines
 * only. */
#include "worker/process_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    char dir[64], path[96], old[128];
} room;

static int set_up(void **state)
{
    (void)state;
    snprintf(room.dir, sizeof(room.dir), "/tmp/algalon-test-XXXXXX");
    assert_non_null(mkdtemp(room.dir));
    snprintf(room.path, sizeof(room.path), "%s/processes.jsonl", room.dir);
    snprintf(room.old, sizeof(room.old), "%s.1", room.path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return file_remove_tree(room.dir);
}

static void assert_holds(const char *path, const char *wanted)
{
    struct buf found;

    buf_init(&found, 0);
    assert_int_equal(file_read(path, 1 << 20, &found, NULL), 0);
    buf_char(&found, '\0');
    assert_string_equal(found.ptr, wanted);
    buf_fini(&found);
}

/* Waits until `n` lines were written or lost. */
static void await(struct process_log *log, uint64_t n)
{
    uint64_t deadline = clock_mono_ns() + 5 * (uint64_t)NS_PER_S, written, lost;

    do {
        process_log_counts(log, &written, &lost);
        usleep(1000);
    } while (written + lost < n && clock_mono_ns() < deadline);
    assert_int_equal(written + lost, n);
}

static void lines_are_appended_and_written_at_the_latest_at_the_end(void **state)
{
    struct process_log *log;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(process_log_open(room.path, 1 << 20, &log, NULL), 0);
        process_log_add(log, STR("{\"a\":1}"));
        process_log_add(log, STR("{\"a\":2}"));
        process_log_close(log);
    }
    assert_holds(room.path, "{\"a\":1}\n{\"a\":2}\n{\"a\":1}\n{\"a\":2}\n");
}

static void a_full_file_is_put_aside(void **state)
{
    struct process_log *log;

    (void)state;
    assert_int_equal(process_log_open(room.path, 4, &log, NULL), 0);
    for (uint64_t i = 1; i <= 3; i++) {
        process_log_add(log, str_of(i == 1 ? "first" : i == 2 ? "second" : "third"));
        await(log, i);
    }
    process_log_close(log);
    assert_holds(room.old, "second\n");
    assert_holds(room.path, "third\n");
}

static void a_file_that_was_moved_away_is_begun_anew(void **state)
{
    struct process_log *log;

    (void)state;
    assert_int_equal(process_log_open(room.path, 1 << 20, &log, NULL), 0);
    process_log_add(log, STR("one"));
    await(log, 1);
    assert_int_equal(rename(room.path, room.old), 0);
    process_log_add(log, STR("two"));
    process_log_close(log);
    assert_holds(room.old, "one\n");
    assert_holds(room.path, "two\n");
}

static void a_folder_that_went_costs_lines_until_it_is_back(void **state)
{
    struct process_log *log;
    uint64_t written, lost;

    (void)state;
    assert_int_equal(process_log_open(room.path, 1 << 20, &log, NULL), 0);
    assert_int_equal(file_remove_tree(room.dir), 0);
    process_log_add(log, STR("lost"));
    await(log, 1);
    assert_int_equal(mkdir(room.dir, 0700), 0);
    process_log_add(log, STR("kept"));
    await(log, 2);
    process_log_counts(log, &written, &lost);
    assert_int_equal(written, 1);
    assert_int_equal(lost, 1);
    process_log_close(log);
    assert_holds(room.path, "kept\n");
}

static void what_does_not_fit_is_counted(void **state)
{
    struct process_log *log;
    struct buf line;
    uint64_t written, lost;

    (void)state;
    buf_init(&line, 0);
    assert_non_null(buf_reserve(&line, PROCESS_LOG_PENDING_MAX + 1));
    memset(line.ptr, 'x', PROCESS_LOG_PENDING_MAX);
    line.len = PROCESS_LOG_PENDING_MAX;
    assert_int_equal(process_log_open(room.path, 1 << 20, &log, NULL), 0);
    process_log_add(log, buf_str(&line));
    process_log_counts(log, &written, &lost);
    assert_int_equal(lost, 1);
    process_log_close(log);
    buf_fini(&line);
}

static void a_place_where_no_file_can_be_is_an_error_in_words(void **state)
{
    struct process_log *log;
    struct error err;

    (void)state;
    assert_int_equal(process_log_open("/nowhere/at/all", 1, &log, &err), -ENOENT);
    assert_non_null(strstr(err.text, "log of processes /nowhere/at/all"));
    process_log_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void collect(void *ctx, struct str line)
{
    struct buf *to = ctx;

    buf_str_add(to, line);
    buf_char(to, ' ');
}

static void who_listens_gets_what_comes_and_not_what_was(void **state)
{
    struct process_log *log;
    struct buf got;
    uint64_t at = UINT64_MAX;
    char line[16];

    (void)state;
    buf_init(&got, 0);
    assert_int_equal(process_log_open(room.path, 1 << 20, &log, NULL), 0);
    process_log_add(log, STR("old"));
    process_log_since(log, &at, collect, &got);
    assert_int_equal(got.len, 0);
    process_log_add(log, STR("a"));
    process_log_add(log, STR("b"));
    process_log_since(log, &at, collect, &got);
    process_log_since(log, &at, collect, &got);
    assert_true(str_is(buf_str(&got), "a b "));
    buf_reset(&got);
    for (unsigned i = 0; i < PROCESS_LOG_RECENT + 2; i++) { /* more than are kept */
        snprintf(line, sizeof(line), "%u", i);
        process_log_add(log, str_of(line));
    }
    process_log_since(log, &at, collect, &got);
    assert_true(str_starts(buf_str(&got), STR("2 3 4 ")));
    process_log_close(log);
    buf_fini(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_are_appended_and_written_at_the_latest_at_the_end),
        TEST(who_listens_gets_what_comes_and_not_what_was),
        TEST(a_full_file_is_put_aside),
        TEST(a_file_that_was_moved_away_is_begun_anew),
        TEST(a_folder_that_went_costs_lines_until_it_is_back),
        TEST(what_does_not_fit_is_counted),
        TEST(a_place_where_no_file_can_be_is_an_error_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
