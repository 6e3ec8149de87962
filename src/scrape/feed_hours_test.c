/* feed_hours_test.c - half a day of processes that come and go, into a real store: memory follows
 * what lives, not what ever lived. */
#include "scrape/feed.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifdef SANITIZED
#define HOURS 2 /* it is slow there, and memory that was freed is kept from use */
#else
#define SANITIZED false
#define HOURS     12
#endif
#define TURN_MS    5000
#define TURNS      (3600000 / TURN_MS) /* in an hour */
#define STAY       200
#define BEGIN      40        /* processes that begin with each scrape, and live for two */
#define ACTIVE_MAX 6000      /* series in memory: what lives, what may wait to be sorted out */
#define GROWTH_MAX (8 << 20) /* bytes of resident memory from the second hour on */
#define WAIT_S     60

/* Resident memory that is no file's: a day's pages are the kernel's to keep or drop. */
static size_t resident(void)
{
    char text[4096];
    uint64_t kilobytes = 0;

    assert_true(file_read_small("/proc/self/status", text, sizeof(text)) > 0);
    const char *at = strstr(text, "RssAnon:");
    assert_non_null(at);
    struct str rest = str_trim(str_of(at + 8));
    assert_true(num_parse_u64(str_cut(&rest, ' '), &kilobytes));
    return (size_t)kilobytes << 10;
}

static void scrape(struct feed *feed, struct buf *text, unsigned turn, int64_t ts_ms)
{
    struct feed_result result;
    struct error err = {0};

    buf_reset(text);
    for (unsigned i = 0; i < STAY; i++)
        buf_printf(text, "stays{i=\"%u\"} %u\n", i, i + turn % 7);
    for (unsigned pid = turn * BEGIN; pid < (turn + 2) * BEGIN; pid++)
        buf_printf(text, "process{pid=\"%u\",name=\"one of those that come and go\"} %u\n", pid,
                   turn % 100);
    int code = feed_scrape(feed, buf_str(text), false, ts_ms, 0.1, &result, &err);
    if (code)
        fail_msg("%s", err.text);
    assert_int_equal(result.samples, STAY + 2 * BEGIN);
}

/* Series in memory, once the store's thread has had its turn. */
static uint64_t settled(struct store *s)
{
    uint64_t end = clock_mono_ns() + WAIT_S * (uint64_t)NS_PER_S;
    struct store_stats stats;

    do {
        store_get_stats(s, &stats);
        if (stats.series_active <= ACTIVE_MAX)
            break;
        usleep(20000);
    } while (clock_mono_ns() < end);
    return stats.series_active;
}

static size_t count(struct store *s, const char *name, const char *key, const char *value)
{
    struct queryable q = store_queryable(s);
    struct matcher m[2];
    struct selection *found = NULL;
    struct error err = {0};
    struct arena a;
    size_t n = 0;

    arena_init(&a, 0);
    assert_int_equal(matcher_init(&m[0], MATCH_EQUAL, STR("__name__"), str_of(name), &err), 0);
    assert_int_equal(matcher_init(&m[1], MATCH_EQUAL, str_of(key), str_of(value), &err), 0);
    assert_int_equal(q.select(q.self, (struct selector){m, 2}, 0, INT64_MAX, 0, &found, &err), 0);
    for (size_t i = 0; i < found->len; i++) {
        struct column c;
        assert_int_equal(found->ops->read(found, i, 0, INT64_MAX, &a, &c, &err), 0);
        for (size_t k = 0; k < c.len; k++)
            n += !value_is_stale(c.values[k]);
    }
    selection_free(found);
    matcher_fini(&m[0]);
    matcher_fini(&m[1]);
    arena_fini(&a);
    return n;
}

static void memory_follows_what_lives(void **state)
{
    static const struct feed_settings settings = {.honor_timestamps = true};
    char dir[] = TEST_BUILD_DIR "/hours-test-XXXXXX";
    int64_t start = clock_now_ms() - HOURS * INT64_C(3600000);
    struct store_options options;
    struct store *s;
    struct error err = {0};
    struct buf text;
    size_t early = 0;
    (void)state;

    assert_non_null(mkdtemp(dir));
    store_options_init(&options);
    options.dir = dir;
    options.min_free_bytes = 0;
    options.sync_interval_ms = 20;
    assert_int_equal(store_open(&options, &s, &err), 0);
    struct feed *feed = feed_new(sink_of_store(s), NULL, STR("job;host"));
    feed_configure(feed, &settings, true);
    buf_init(&text, 0);
    for (unsigned hour = 0; hour < HOURS; hour++) {
        for (unsigned i = 0; i < TURNS; i++) {
            unsigned turn = hour * TURNS + i;
            scrape(feed, &text, turn, start + (int64_t)turn * TURN_MS);
            if (i % 60 == 59)
                assert_in_range(settled(s), STAY, ACTIVE_MAX);
        }
        if (hour == 1)
            early = resident();
    }
    size_t late = resident();
    if (!SANITIZED && late > early + GROWTH_MAX)
        fail_msg("resident memory went from %zu KB to %zu KB", early >> 10, late >> 10);
    assert_in_range(feed_bytes(feed), 1, 4 << 20);
    assert_int_equal(count(s, "stays", "i", "7"), HOURS * TURNS);
    assert_int_equal(count(s, "process", "pid", "400"), 2); /* of the first minute */
    assert_int_equal(count(s, "process", "pid", SANITIZED ? "30000" : "300000"), 2);
    feed_free(feed);
    store_close(s);
    buf_fini(&text);
    assert_int_equal(file_remove_tree(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_follows_what_lives),
    };

    log_setup(LOG_OFF, LOG_LOGFMT);
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 2); /* as the program has it */
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
