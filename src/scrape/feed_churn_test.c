/* feed_churn_test.c - series that come and go: the columns they leave behind stay few, and nothing
 * is lost where a group ends and the next begins. */
#include "scrape/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PIDS_MAX    30000
#define COLUMNS_MAX 4000
#define OTHER       UINT32_MAX /* a column that is no p{pid="N"} */
#define REPORTS     5          /* series of the scrape's own */

/* A store of one group at a time that knows what has become of each p{pid="N"}. */
struct fake {
    struct sink sink;
    struct map columns; /* of the group: number + 1 by labels */
    struct arena labels;
    uint32_t pids[COLUMNS_MAX];
    size_t most;           /* columns that there ever were at once */
    unsigned asked, ended; /* columns, groups */
    int append_code, group_code;
    uint16_t samples[PIDS_MAX], stale[PIDS_MAX];
};

static int fake_group(void *self, struct str name, struct group **ret, struct error *err)
{
    struct fake *f = self;

    (void)name;
    if (f->group_code)
        return error_set(err, f->group_code, "no group");
    *ret = self;
    return 0;
}

static int fake_column(void *self, struct group *g, struct labels labels, uint32_t *ret,
                       struct error *err)
{
    struct fake *f = self;
    struct str pid = labels_get(labels, STR("pid"));
    uint64_t number = OTHER;
    struct buf text;

    (void)g;
    (void)err;
    f->asked++;
    buf_init(&text, 0);
    labels_print(labels, &text);
    uintptr_t column = (uintptr_t)map_get(&f->columns, buf_str(&text));
    if (!column) {
        column = f->columns.len + 1;
        assert_true(column <= COLUMNS_MAX);
        assert_true(!pid.len || num_parse_u64(pid, &number));
        f->pids[column - 1] = (uint32_t)number;
        struct str key = str_make(arena_strndup(&f->labels, text.ptr, text.len), text.len);
        assert_int_equal(map_put(&f->columns, key, (void *)column, NULL), 0);
        f->most = MAX(f->most, f->columns.len);
    }
    buf_fini(&text);
    *ret = (uint32_t)column - 1;
    return 0;
}

static int fake_append(void *self, struct group *g, int64_t ts_ms, const double *values, size_t n,
                       struct error *err)
{
    struct fake *f = self;

    (void)g;
    (void)ts_ms;
    (void)err;
    if (f->append_code)
        return f->append_code;
    assert_true(n <= f->columns.len);
    for (size_t i = 0; i < n; i++) {
        uint32_t pid = f->pids[i];
        if (pid == OTHER || value_is_absent(values[i]))
            continue;
        if (value_is_stale(values[i])) {
            f->stale[pid]++;
            continue;
        }
        assert_true(values[i] == pid);
        f->samples[pid]++;
    }
    return 0;
}

static void fake_end(void *self, struct group *g)
{
    struct fake *f = self;

    assert_ptr_equal(g, f);
    map_fini(&f->columns);
    map_init(&f->columns);
    arena_reset(&f->labels);
    f->ended++;
}

struct bench {
    struct fake fake;
    struct feed *feed;
    struct buf text;
    unsigned round; /* scrapes so far */
};

static const struct feed_settings settings = {.honor_timestamps = true};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    map_init(&b->fake.columns);
    arena_init(&b->fake.labels, 0);
    buf_init(&b->text, 0);
    b->fake.sink = (struct sink){&b->fake, fake_group, fake_column, fake_append, fake_end};
    b->feed = feed_new(b->fake.sink, NULL, STR("job;host"));
    feed_configure(b->feed, &settings, true);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    feed_free(b->feed);
    map_fini(&b->fake.columns);
    arena_fini(&b->fake.labels);
    buf_fini(&b->text);
    free(b);
    return 0;
}

/* The lines of the processes [from, to). */
static void write_pids(struct bench *b, unsigned from, unsigned to)
{
    for (unsigned pid = from; pid < to; pid++)
        buf_printf(&b->text, "p{pid=\"%u\"} %u\n", pid, pid);
}

static int scrape(struct bench *b, struct feed_result *ret)
{
    return feed_scrape(b->feed, buf_str(&b->text), false, (int64_t)b->round, 0.1, ret, NULL);
}

#define STAY  40 /* processes 0 to 39 are always there */
#define BEGIN 40 /* so many begin with each round, and live for two */

static int scrape_churn(struct bench *b, struct feed_result *ret)
{
    buf_reset(&b->text);
    write_pids(b, 0, STAY);
    write_pids(b, STAY + b->round * BEGIN, STAY + (b->round + 2) * BEGIN);
    int code = scrape(b, ret);
    b->round++;
    return code;
}

/* Rounds until the group begins anew; each is checked. */
static void churn_until_renewed(struct bench *b)
{
    unsigned ended = b->fake.ended;
    struct feed_result result;

    for (unsigned i = 0; b->fake.ended == ended; i++) {
        assert_true(i < 500);
        assert_int_equal(scrape_churn(b, &result), 0);
    }
}

/* Every process had `rounds` samples while it lived, and one marker when it went. */
static void assert_fates(const struct bench *b)
{
    unsigned last = STAY + (b->round + 1) * BEGIN; /* of the last round */

    for (unsigned pid = 0; pid < last; pid++) {
        bool stays = pid < STAY;
        bool lives = stays || pid >= last - 2 * BEGIN;
        bool short_lived = pid < STAY + BEGIN || pid >= last - BEGIN; /* seen once */
        unsigned samples = stays ? b->round : short_lived ? 1 : 2;
        if (b->fake.samples[pid] != samples || b->fake.stale[pid] != !lives)
            fail_msg("process %u: %u samples and %u markers after %u rounds", pid,
                     b->fake.samples[pid], b->fake.stale[pid], b->round);
    }
}

static void processes_that_come_and_go_leave_a_bounded_number_of_columns(void **state)
{
    struct bench *b = *state;
    struct feed_result result;

    for (int i = 0; i < 500; i++) {
        unsigned asked = b->fake.asked, ended = b->fake.ended;
        assert_int_equal(scrape_churn(b, &result), 0);
        assert_int_equal(result.samples, STAY + 2 * BEGIN);
        assert_int_equal(result.added, i ? BEGIN : STAY + 2 * BEGIN);
        if (ended == b->fake.ended)
            assert_int_equal(b->fake.asked - asked, i ? BEGIN : STAY + 2 * BEGIN + REPORTS);
        else
            assert_int_equal(b->fake.columns.len, STAY + 2 * BEGIN + REPORTS);
    }
    assert_fates(b);
    assert_true(b->fake.ended > 5);
    assert_true(b->fake.most < 2000);
}

static void lines_are_recognised_at_once_in_the_new_group(void **state)
{
    struct bench *b = *state;
    struct feed_result result;

    churn_until_renewed(b);
    unsigned asked = b->fake.asked;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(scrape(b, &result), 0);
        assert_int_equal(result.added, 0);
        assert_int_equal(result.kept, STAY + 2 * BEGIN);
    }
    assert_int_equal(b->fake.asked, asked);
    for (unsigned pid = 0; pid < STAY; pid++)
        assert_int_equal(b->fake.samples[pid], b->round + 3);
}

static void a_target_that_has_settled_sheds_what_churned_before(void **state)
{
    struct bench *b = *state;
    struct feed_result result;

    write_pids(b, 0, 1000);
    assert_int_equal(scrape(b, &result), 0);
    buf_reset(&b->text);
    write_pids(b, 0, 10);
    for (int i = 0; i < 29; i++) /* twice as many as bearable: in half the time */
        assert_int_equal(scrape(b, &result), 0);
    assert_int_equal(b->fake.ended, 0);
    assert_int_equal(b->fake.columns.len, 1000 + REPORTS);
    for (int i = 0; i < 200; i++)
        assert_int_equal(scrape(b, &result), 0);
    assert_int_equal(b->fake.ended, 1);
    assert_int_equal(b->fake.columns.len, 10 + REPORTS);
    for (unsigned pid = 0; pid < 1000; pid++) {
        assert_int_equal(b->fake.samples[pid], pid < 10 ? 230 : 1);
        assert_int_equal(b->fake.stale[pid], pid >= 10);
    }
}

static void series_that_come_back_soon_keep_their_columns(void **state)
{
    struct bench *b = *state;
    struct feed_result result;

    for (int i = 0; i < 300; i++) { /* a job of 600 processes every 50 scrapes */
        buf_reset(&b->text);
        write_pids(b, 0, i % 50 < 10 ? 600 : 10);
        assert_int_equal(scrape(b, &result), 0);
    }
    assert_int_equal(b->fake.ended, 0);
    assert_int_equal(b->fake.asked, 610 + 5 * 590 + REPORTS - 10);
}

static void a_change_over_that_fails_is_made_up_for(void **state)
{
    struct bench *b = *state;
    struct feed_result result;
    struct error err;

    churn_until_renewed(b);
    b->fake.group_code = -ENOSPC; /* the next group can't be had */
    assert_int_equal(b->fake.ended, 1);
    for (unsigned i = 0; b->fake.ended == 1; i++) {
        assert_true(i < 500);
        assert_int_equal(scrape_churn(b, &result), 0);
    }
    unsigned kept = b->round;
    assert_int_equal(scrape(b, &result), -ENOSPC);
    assert_int_equal(feed_failed(b->feed, 1, 0, 0, &err), -ENOSPC);
    assert_int_equal(feed_end(b->feed, 1, &err), -ENOSPC);
    b->fake.group_code = 0;
    assert_int_equal(scrape_churn(b, &result), 0);
    assert_int_equal(result.added, BEGIN);
    assert_int_equal(b->round, kept + 1);
    assert_fates(b);
}

static void markers_that_were_not_kept_are_told_before_a_group_ends(void **state)
{
    struct bench *b = *state;
    struct feed_result result;

    for (int i = 0; i < 500; i++) {
        unsigned ended = b->fake.ended;
        if (i % 3 == 1) { /* the disk is full for a moment */
            b->fake.append_code = -ENOSPC;
            assert_int_equal(scrape(b, &result), -ENOSPC);
            buf_reset(&b->text);
            assert_int_equal(scrape(b, &result), -ENOSPC);
            assert_int_equal(b->fake.ended, ended);
            b->fake.append_code = 0;
        }
        assert_int_equal(scrape_churn(b, &result), 0);
    }
    assert_true(b->fake.ended > 5);
    assert_fates(b);
}

static void a_target_that_is_down_sheds_too_and_returns_complete(void **state)
{
    struct bench *b = *state;
    struct feed_result result;

    write_pids(b, 0, 1000);
    assert_int_equal(scrape(b, &result), 0);
    buf_reset(&b->text);
    write_pids(b, 0, 10);
    assert_int_equal(scrape(b, &result), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(feed_failed(b->feed, i, 0.1, 0, NULL), 0);
    assert_int_equal(b->fake.ended, 1);
    unsigned asked = b->fake.asked;
    assert_int_equal(scrape(b, &result), 0);
    assert_int_equal(result.added, 10);
    assert_int_equal(b->fake.asked, asked);
    for (unsigned pid = 0; pid < 1000; pid++) {
        assert_int_equal(b->fake.samples[pid], pid < 10 ? 3 : 1);
        assert_int_equal(b->fake.stale[pid], 1);
    }
}

#define CHURN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHURN_TEST(processes_that_come_and_go_leave_a_bounded_number_of_columns),
        CHURN_TEST(lines_are_recognised_at_once_in_the_new_group),
        CHURN_TEST(a_target_that_has_settled_sheds_what_churned_before),
        CHURN_TEST(series_that_come_back_soon_keep_their_columns),
        CHURN_TEST(a_change_over_that_fails_is_made_up_for),
        CHURN_TEST(markers_that_were_not_kept_are_told_before_a_group_ends),
        CHURN_TEST(a_target_that_is_down_sheds_too_and_returns_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
