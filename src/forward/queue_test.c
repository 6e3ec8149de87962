/* queue_test.c - records come back in order, once, after restarts and tears, within the bounds. */
#include "queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64];
    struct queue_options options;
    struct queue *queue;
    size_t reader;
};

static void open_queue(struct fixture *f)
{
    struct error err = {0};

    if (queue_open(&f->options, &f->queue, &err) || queue_reader(f->queue, "a", &f->reader, &err))
        fail_msg("%s", err.text);
}

static void reopen(struct fixture *f)
{
    queue_close(f->queue);
    open_queue(f);
}

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);

    snprintf(f->dir, sizeof(f->dir), "/tmp/algalon-queue-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->options = (struct queue_options){f->dir, 1 << 20, 4096, 60000};
    open_queue(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    queue_close(f->queue);
    assert_int_equal(file_remove_tree(f->dir), 0);
    free(f);
    return 0;
}

static void append(struct fixture *f, const char *text, int64_t now_ms)
{
    assert_int_equal(queue_append(f->queue, str_of(text), 10, now_ms, NULL), 0);
}

/* The next record is `text`, NULL: there is none; it is passed over. */
static void next_is(struct fixture *f, const char *text, int64_t now_ms)
{
    struct queue_record record = {0};
    int found = queue_peek(f->queue, f->reader, now_ms, &record);

    assert_int_equal(found, text != NULL);
    if (found) {
        assert_true(str_is(buf_str(&record.bytes), text));
        assert_int_equal(record.samples, 10);
        queue_pass(f->queue, f->reader, &record);
    }
    buf_fini(&record.bytes);
}

static void records_come_back_in_order(void **state)
{
    struct fixture *f = *state;

    next_is(f, NULL, 0);
    append(f, "one", 1);
    append(f, "two", 2);
    next_is(f, "one", 2);
    append(f, "", 3);
    next_is(f, "two", 3);
    next_is(f, "", 3);
    next_is(f, NULL, 3);
    assert_int_equal(queue_dropped(f->queue, f->reader), 0);
}

static void a_record_stays_until_it_is_passed(void **state)
{
    struct fixture *f = *state;
    struct queue_record record = {0};

    append(f, "one", 1);
    assert_int_equal(queue_peek(f->queue, f->reader, 1, &record), 1);
    buf_fini(&record.bytes);
    next_is(f, "one", 1);
}

static void what_was_not_passed_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;

    append(f, "one", 1);
    append(f, "two", 2);
    next_is(f, "one", 2);
    reopen(f);
    append(f, "three", 3);
    next_is(f, "two", 3);
    next_is(f, "three", 3);
    reopen(f);
    next_is(f, NULL, 3);
}

static void a_second_process_is_refused(void **state)
{
    struct fixture *f = *state;
    struct queue *second;

    assert_int_equal(queue_open(&f->options, &second, NULL), -EBUSY);
}

static void a_torn_record_is_left_out_and_the_rest_sent(void **state)
{
    struct fixture *f = *state;
    char path[128];

    append(f, "one", 1);
    append(f, "two", 2);
    queue_close(f->queue);
    snprintf(path, sizeof(path), "%s/0000000000000001.queue", f->dir);
    assert_int_equal(truncate(path, 24 + 3 + 24 + 2), 0);
    open_queue(f);
    append(f, "three", 3);
    next_is(f, "one", 3);
    next_is(f, "three", 3);
    next_is(f, NULL, 3);
}

static void damage_while_it_runs_is_counted(void **state)
{
    struct fixture *f = *state;
    char path[128];

    append(f, "one", 1);
    append(f, "two", 2);
    reopen(f);
    append(f, "three", 3);
    snprintf(path, sizeof(path), "%s/0000000000000001.queue", f->dir);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 24, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    fclose(file);
    next_is(f, "three", 3);
    assert_int_equal(queue_dropped(f->queue, f->reader), 20);
}

static void beyond_the_bound_the_oldest_go_and_are_counted(void **state)
{
    struct fixture *f = *state;
    char text[1000];

    f->options.max_bytes = 16384;
    reopen(f);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < 100; i++)
        append(f, text, 1);
    struct queue_stats stats;
    queue_get_stats(f->queue, &stats);
    assert_true(stats.bytes <= 16384);
    size_t left = 0;
    struct queue_record record = {0};
    while (queue_peek(f->queue, f->reader, 1, &record)) {
        queue_pass(f->queue, f->reader, &record);
        left++;
    }
    buf_fini(&record.bytes);
    assert_true(left >= 10 && left <= 16);
    assert_int_equal(queue_dropped(f->queue, f->reader), 10 * (100 - left));
}

static void too_old_records_go_and_are_counted(void **state)
{
    struct fixture *f = *state;

    append(f, "old", 1000);
    reopen(f); /* so that a segment ends */
    append(f, "new", 50000);
    next_is(f, "new", 61001);
    assert_int_equal(queue_dropped(f->queue, f->reader), 10);
}

static void files_go_when_all_readers_are_through(void **state)
{
    struct fixture *f = *state;
    struct queue_stats stats;
    size_t second;
    struct queue_record record = {0};

    assert_int_equal(queue_reader(f->queue, "b", &second, NULL), 0);
    append(f, "one", 1);
    reopen(f);
    assert_int_equal(queue_reader(f->queue, "b", &second, NULL), 0);
    append(f, "two", 2);
    next_is(f, "one", 2);
    next_is(f, "two", 2);
    queue_get_stats(f->queue, &stats);
    assert_int_equal(stats.bytes, 2 * (24 + 3));
    assert_int_equal(queue_peek(f->queue, second, 2, &record), 1);
    assert_true(str_is(buf_str(&record.bytes), "one"));
    queue_pass(f->queue, second, &record);
    assert_int_equal(queue_peek(f->queue, second, 2, &record), 1);
    assert_true(str_is(buf_str(&record.bytes), "two"));
    queue_get_stats(f->queue, &stats);
    queue_pass(f->queue, second, &record);
    next_is(f, NULL, 2);
    queue_get_stats(f->queue, &stats);
    assert_int_equal(stats.bytes, 24 + 3);
    buf_fini(&record.bytes);
}

#define WITH_QUEUE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_QUEUE(records_come_back_in_order),
        WITH_QUEUE(a_record_stays_until_it_is_passed),
        WITH_QUEUE(what_was_not_passed_is_there_after_a_restart),
        WITH_QUEUE(a_second_process_is_refused),
        WITH_QUEUE(a_torn_record_is_left_out_and_the_rest_sent),
        WITH_QUEUE(damage_while_it_runs_is_counted),
        WITH_QUEUE(beyond_the_bound_the_oldest_go_and_are_counted),
        WITH_QUEUE(too_old_records_go_and_are_counted),
        WITH_QUEUE(files_go_when_all_readers_are_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
