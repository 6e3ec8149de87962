/* queue_test.c - records come back in order, once, after restarts and tears, within the bounds. */
#include "queue.h"

#include "outbound/outbound.h"
#include "sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64];
    struct queue_options options;
    struct queue *queue;
    struct queue_reader *reader;
};

static void open_queue(struct fixture *f)
{
    struct error err = {0};

    if (queue_open(&f->options, &f->queue, &err))
        fail_msg("%s", err.text);
    f->reader = queue_reader_open(f->queue, "a");
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
    f->options = (struct queue_options){
        .dir = f->dir, .max_bytes = 1 << 20, .segment_bytes = 4096, .max_age_ms = 60000};
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

/* ---- a receiver that is away for an hour, on a clock of the test's own ---- */

#define HOUR_MS    3600000
#define EVERY_MS   20000 /* a block each */
#define BLOCKS     (HOUR_MS / EVERY_MS)
#define BLOCK_FILL 900

/* A receiver as sender.c drives one: what it took, and when it is tried next. */
struct away {
    struct courier courier; /* only its waits */
    struct queue_reader *reader;
    unsigned attempt, tries, taken;
    int64_t next_ms;
    uint64_t dice;
};

static void append_block(struct fixture *f, unsigned number, int64_t now_ms)
{
    char text[BLOCK_FILL + 16];

    memset(text, 'x', sizeof(text));
    snprintf(text, sizeof(text), "%u", number);
    assert_int_equal(queue_append(f->queue, str_make(text, sizeof(text)), 10, now_ms, NULL), 0);
}

/* What one try at `now_ms` comes to: the receiver takes one block, or none while it is away. */
static bool try_once(struct fixture *f, struct away *a, bool there, int64_t now_ms)
{
    struct queue_record record = {0};

    if (now_ms < a->next_ms || !queue_peek(f->queue, a->reader, now_ms, &record))
        return false;
    a->tries++;
    if (there) {
        assert_int_equal(strtoul(record.bytes.ptr, NULL, 10), a->taken);
        a->taken++;
        a->attempt = 0;
        queue_pass(f->queue, a->reader, &record);
    } else {
        a->dice = hash_more(a->dice, &now_ms, sizeof(now_ms));
        a->next_ms = now_ms + courier_delay_ms(&a->courier, a->attempt++, a->dice, 0);
    }
    buf_fini(&record.bytes);
    return there;
}

static void an_hour_without_a_receiver_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct away away = {0}, there = {0};
    struct queue_stats stats;

    f->options.max_bytes = 64 << 20;
    f->options.max_age_ms = 3 * 24 * HOUR_MS;
    courier_init(&away.courier, SENDER_DELAY_FIRST_MS, SENDER_DELAY_LONGEST_MS, STR("http://a/"));
    reopen(f);
    away.reader = f->reader;
    there.reader = queue_reader_open(f->queue, "there");
    for (int64_t now_ms = 0; now_ms < HOUR_MS; now_ms += 500) {
        if (now_ms == HOUR_MS / 2) { /* the program is started anew meanwhile */
            reopen(f);
            away.reader = f->reader;
            there.reader = queue_reader_open(f->queue, "there");
        }
        if (now_ms % EVERY_MS == 0)
            append_block(f, (unsigned)(now_ms / EVERY_MS), now_ms);
        try_once(f, &away, false, now_ms);
        while (try_once(f, &there, true, now_ms))
            ;
        assert_int_equal(there.taken, now_ms / EVERY_MS + 1); /* the other one is not held up */
    }
    /* 15 to 30 s apart: not so often as to be a burden, often enough to be back soon. */
    assert_true(away.tries >= HOUR_MS / 30000 && away.tries <= HOUR_MS / 15000 + 10);
    queue_get_stats(f->queue, &stats);
    assert_true(stats.bytes >= (uint64_t)BLOCKS * BLOCK_FILL);
    away.next_ms = 0;
    while (try_once(f, &away, true, HOUR_MS))
        ;
    assert_int_equal(away.taken, BLOCKS);
    assert_int_equal(queue_dropped(f->queue, away.reader), 0);
    queue_get_stats(f->queue, &stats);
    assert_true(stats.bytes <= 2 * 4096); /* what is sent does not stay */
    courier_fini(&away.courier);
}

static void an_outage_beyond_the_bounds_costs_the_oldest_and_all_is_accounted_for(void **state)
{
    static const struct {
        uint64_t max_bytes;
        int64_t max_age_ms;
        unsigned at_least; /* blocks that stay */
    } cases[] = {
        {50000, 24 * HOUR_MS, 38},   /* 53 blocks fit, less an eighth and one segment */
        {64 << 20, HOUR_MS / 4, 45}, /* so many are made in a quarter of an hour */
        {64 << 20, HOUR_MS / 60, 3},
        {3000, 24 * HOUR_MS, 1},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct queue_stats stats;
        struct queue_record record = {0};
        unsigned left = 0, next = 0;
        queue_close(f->queue);
        assert_int_equal(file_remove_tree(f->dir), 0);
        f->options.max_bytes = cases[i].max_bytes;
        f->options.max_age_ms = cases[i].max_age_ms;
        f->options.segment_bytes = 16 << 20;
        open_queue(f);
        for (unsigned n = 0; n < BLOCKS; n++) {
            append_block(f, n, (int64_t)n * EVERY_MS);
            queue_get_stats(f->queue, &stats);
            assert_true(stats.bytes <= MAX(cases[i].max_bytes, (uint64_t)8192));
        }
        while (queue_peek(f->queue, f->reader, HOUR_MS, &record)) {
            unsigned number = (unsigned)strtoul(record.bytes.ptr, NULL, 10);
            assert_true(!left || number == next); /* of what stays nothing is missing in between */
            next = number + 1;
            left++;
            /* A segment goes when its youngest is too old: an eighth more at most. */
            assert_true(HOUR_MS - record.ts_ms <= cases[i].max_age_ms * 9 / 8 + 2 * EVERY_MS);
            queue_pass(f->queue, f->reader, &record);
        }
        buf_fini(&record.bytes);
        assert_int_equal(next, BLOCKS);
        assert_true(left >= cases[i].at_least);
        assert_int_equal(queue_dropped(f->queue, f->reader), 10 * (BLOCKS - left));
    }
}

static void files_go_when_all_readers_are_through(void **state)
{
    struct fixture *f = *state;
    struct queue_stats stats;
    struct queue_reader *second;
    struct queue_record record = {0};

    second = queue_reader_open(f->queue, "b");
    append(f, "one", 1);
    reopen(f);
    second = queue_reader_open(f->queue, "b");
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

static uint64_t bytes_of(struct fixture *f)
{
    struct queue_stats stats;

    queue_get_stats(f->queue, &stats);
    return stats.bytes;
}

static bool has_position(struct fixture *f, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s.position", f->dir, name);
    return access(path, F_OK) == 0;
}

static void a_new_reader_begins_with_what_comes_next(void **state)
{
    struct fixture *f = *state;
    struct queue_reader *first = f->reader;

    append(f, "one", 1);
    f->reader = queue_reader_open(f->queue, "b");
    next_is(f, NULL, 1);
    append(f, "two", 2);
    next_is(f, "two", 2);
    f->reader = first;
    next_is(f, "one", 2);
    next_is(f, "two", 2);
}

/* In segments of its own each, so that what is kept shows in the size. */
static void what_waits_for_a_reader_that_left_is_kept_and_nothing_that_came_later(void **state)
{
    struct fixture *f = *state;
    struct queue_reader *b = queue_reader_open(f->queue, "b");

    append(f, "one", 1);
    reopen(f);
    b = queue_reader_open(f->queue, "b");
    append(f, "two", 2);
    queue_reader_leave(f->queue, b);
    queue_reader_close(f->queue, b);
    append(f, "three", 3);
    reopen(f); /* it has left before, also for this process */
    append(f, "four", 4);
    for (size_t i = 0; i < 4; i++)
        next_is(f, ((const char *const[]){"one", "two", "three", "four"})[i], 4);
    next_is(f, NULL, 4);
    assert_true(has_position(f, "b"));
    assert_int_equal(bytes_of(f), (24 + 3) + (24 + 3) + (24 + 5) + (24 + 4));

    struct queue_reader *a = f->reader;
    f->reader = queue_reader_open(f->queue, "b"); /* it is back */
    next_is(f, "one", 4);
    queue_reader_leave(f->queue, f->reader);
    next_is(f, "two", 4);
    next_is(f, "three", 4);
    next_is(f, "four", 4);
    append(f, "five", 5);
    next_is(f, NULL, 5); /* it left before that */
    queue_reader_close(f->queue, f->reader);
    f->reader = a;
    next_is(f, "five", 5);
    queue_save(f->queue);
    assert_false(has_position(f, "b")); /* nothing waits for it any more */
    assert_true(has_position(f, "a"));
    reopen(f);
    append(f, "six", 6);
    next_is(f, "six", 6);
    assert_int_equal(bytes_of(f), 24 + 3);
}

static void what_waits_for_one_that_left_is_held_to_the_bounds(void **state)
{
    struct fixture *f = *state;
    struct queue_reader *b = queue_reader_open(f->queue, "b");

    append(f, "one", 1);
    queue_reader_leave(f->queue, b);
    queue_reader_close(f->queue, b);
    reopen(f);
    append(f, "two", 100000); /* max_age_ms is 60000 */
    queue_save(f->queue);
    assert_false(has_position(f, "b"));
    assert_int_equal(bytes_of(f), 24 + 3);
    next_is(f, "two", 100000);
    assert_int_equal(queue_dropped(f->queue, f->reader), 10);
}

static void a_queue_that_keeps_the_oldest_says_when_it_is_full(void **state)
{
    struct fixture *f = *state;
    size_t taken = 0;

    f->options.keep_oldest = true;
    f->options.max_bytes = 50000;
    reopen(f);
    for (; queue_has_room(f->queue, 1) && taken < BLOCKS; taken++)
        append_block(f, (unsigned)taken, 1);
    assert_true(taken >= 50 && taken < BLOCKS);
    append_block(f, (unsigned)taken++, 1); /* what was taken already is not lost */
    assert_false(queue_has_room(f->queue, 1));
    for (unsigned n = 0; n < taken; n++) {
        struct queue_record record = {0};
        assert_int_equal(queue_peek(f->queue, f->reader, 1, &record), 1);
        assert_int_equal(strtoul(record.bytes.ptr, NULL, 10), n);
        queue_pass(f->queue, f->reader, &record);
        buf_fini(&record.bytes);
    }
    assert_true(queue_has_room(f->queue, 1));
    assert_int_equal(queue_dropped(f->queue, f->reader), 0);
    append_block(f, (unsigned)taken, 1);
    assert_true(queue_has_room(f->queue, 100000)); /* age is a bound all the same */
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
        WITH_QUEUE(an_hour_without_a_receiver_loses_nothing),
        WITH_QUEUE(an_outage_beyond_the_bounds_costs_the_oldest_and_all_is_accounted_for),
        WITH_QUEUE(files_go_when_all_readers_are_through),
        WITH_QUEUE(a_new_reader_begins_with_what_comes_next),
        WITH_QUEUE(what_waits_for_a_reader_that_left_is_kept_and_nothing_that_came_later),
        WITH_QUEUE(what_waits_for_one_that_left_is_held_to_the_bounds),
        WITH_QUEUE(a_queue_that_keeps_the_oldest_says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
