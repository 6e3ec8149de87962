/* worker_test.c - the worker with its threads: snapshots come, a driver that hangs harms nobody,
 * stopping ends in time. Waits are for events, with a deadline that only a failure reaches. */
#include "worker/worker_with.h"

#include "worker/fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define PATIENCE_NS (20 * (uint64_t)NS_PER_S)

/* What the fakes do; all of it is changed under the lock. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hangs, hung; /* readings of "driver" wait while `hangs` */
    unsigned closed;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool present(const struct host_paths *paths)
{
    (void)paths;
    return true;
}

static bool absent(const struct host_paths *paths)
{
    (void)paths;
    return false;
}

static int open_fake(const struct host_paths *paths, void **ret, struct error *err)
{
    (void)paths;
    (void)err;
    *ret = &fake;
    return 0;
}

static int read_driver(void *state, struct reading *out, struct error *err)
{
    (void)state;
    (void)err;
    pthread_mutex_lock(&fake.lock);
    while (fake.hangs) {
        fake.hung = true;
        pthread_cond_broadcast(&fake.changed);
        pthread_cond_wait(&fake.changed, &fake.lock);
    }
    fake.hung = false;
    pthread_mutex_unlock(&fake.lock);
    fake_accelerators(out, "driver", 2, 1);
    return 0;
}

static int read_host(void *state, struct reading *out, struct error *err)
{
    (void)state;
    (void)err;
    fake_host(out, 2);
    fake_processes(out, 5, 1000, 100);
    return 0;
}

static void close_fake(void *state)
{
    (void)state;
    pthread_mutex_lock(&fake.lock);
    fake.closed++;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

static const struct collector driver = {.name = "driver",
                                        .detect = present,
                                        .open = open_fake,
                                        .read = read_driver,
                                        .close = close_fake};
static const struct collector host = {
    .name = "host", .detect = present, .open = open_fake, .read = read_host, .close = close_fake};
static const struct collector missing = {
    .name = "missing", .detect = absent, .open = open_fake, .read = read_host, .close = close_fake};
static const struct collector *const table[] = {&driver, &missing, &host, NULL};

static int set_up(void **state)
{
    (void)state;
    thread_cond_init(&fake.changed);
    fake.hangs = fake.hung = false;
    fake.closed = 0;
    return 0;
}

static void set_hanging(bool hangs)
{
    pthread_mutex_lock(&fake.lock);
    fake.hangs = hangs;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

static struct worker_options quick(void)
{
    struct worker_options o;

    worker_options_init(&o);
    o.hostname = "node1";
    o.version = "1";
    o.interval_ms = 20;
    return o;
}

static struct worker *start(void)
{
    const struct worker_options o = quick();
    struct worker *w = NULL;
    struct error err;

    assert_int_equal(worker_start_with(&o, table, &w, &err), 0);
    return w;
}

/* The next snapshot after `seq`. */
static struct snapshot *next(struct worker *w, uint64_t seq)
{
    assert_true(worker_wait(w, seq, clock_mono_ns() + PATIENCE_NS) > seq);
    struct snapshot *s = worker_latest(w);
    assert_non_null(s);
    return s;
}

#define UP(name)   "algalon_collector_up{hostname=\"node1\",collector=\"" name "\"} 1"
#define DOWN(name) "algalon_collector_up{hostname=\"node1\",collector=\"" name "\"} 0"

/* Waits for a snapshot whose text holds both lines: on a busy machine any collector may miss its
 * turns for a while. */
static struct snapshot *next_with(struct worker *w, const char *line, const char *and)
{
    uint64_t deadline = clock_mono_ns() + PATIENCE_NS, seq = 0;

    while (clock_mono_ns() < deadline) {
        struct snapshot *s = next(w, seq);
        struct str text = snapshot_body(s, SNAPSHOT_TEXT);
        if (str_contains(text, str_of(line)) && str_contains(text, str_of(and)))
            return s;
        seq = snapshot_seq(s);
        snapshot_release(s);
    }
    fail_msg("never came: %s and %s", line, and);
    return NULL;
}

static void snapshots_come_one_after_the_other(void **state)
{
    struct worker *w = start();
    struct snapshot *first = next_with(w, UP("driver"), UP("host"));
    struct snapshot *second = next(w, snapshot_seq(first));

    (void)state;
    assert_true(snapshot_seq(second) > snapshot_seq(first));
    assert_true(snapshot_ts_ms(second) >= snapshot_ts_ms(first));
    assert_int_equal(snapshot_accelerators(first), 2);
    assert_false(str_contains(snapshot_body(first, SNAPSHOT_TEXT), STR("\"missing\"")));
    assert_int_equal(worker_wait(w, UINT64_MAX, clock_mono_ns()), 0);
    snapshot_release(first);
    snapshot_release(second);
    worker_stop(w);
    assert_int_equal(fake.closed, 2);
}

static void count_published(void *ctx, struct snapshot *s)
{
    atomic_uint *count = ctx;

    assert_true(snapshot_body(s, SNAPSHOT_TEXT).len > 0);
    atomic_fetch_add(count, 1);
}

static void each_snapshot_is_handed_to_the_listener(void **state)
{
    atomic_uint count = 0;
    struct worker *w = start();

    (void)state;
    worker_on_publish(w, count_published, &count);
    struct snapshot *s = next(w, 0);
    snapshot_release(next(w, snapshot_seq(s)));
    snapshot_release(s);
    worker_stop(w);
    assert_true(atomic_load(&count) >= 1);
}

static void a_snapshot_outlives_its_worker(void **state)
{
    struct worker *w = start();
    struct snapshot *s = next(w, 0);
    struct buf json;

    (void)state;
    worker_stop(w);
    assert_true(snapshot_body(s, SNAPSHOT_OPENMETRICS_GZIP).len > 0);
    buf_init(&json, 0);
    snapshot_json(s, &json);
    assert_true(json.len > 0);
    buf_fini(&json);
    snapshot_release(s);
}

static void a_driver_that_hangs_holds_up_only_itself(void **state)
{
    struct worker *w = start();

    (void)state;
    snapshot_release(next_with(w, UP("driver"), UP("host")));
    set_hanging(true);
    struct snapshot *s = next_with(w, DOWN("driver"), UP("host"));
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);
    assert_true(str_contains(text, STR("algalon_gpu_up{hostname=\"node1\",gpu_index=\"1\","
                                       "gpu_uuid=\"GPU-driver-1\",gpu=\"Board of driver\"} 0")));
    assert_false(str_contains(text, STR("all_smi_gpu_utilization{")));
    assert_true(str_contains(text, STR("field=\"driver\",reason=\"stale\"} ")));
    snapshot_release(s);
    set_hanging(false);
    snapshot_release(next_with(w, UP("driver"), UP("host")));
    worker_stop(w);
    assert_int_equal(fake.closed, 2);
}

static void stopping_leaves_a_hanging_driver_behind(void **state)
{
    struct worker *w = start();

    (void)state;
    snapshot_release(next(w, 0));
    set_hanging(true);
    pthread_mutex_lock(&fake.lock);
    while (!fake.hung)
        assert_false(thread_wait_until(&fake.changed, &fake.lock, clock_mono_ns() + PATIENCE_NS));
    pthread_mutex_unlock(&fake.lock);
    uint64_t before = clock_mono_ns();
    worker_stop(w);
    assert_true(clock_mono_ns() - before < 10 * (uint64_t)NS_PER_S);
    assert_int_equal(fake.closed, 1);

    set_hanging(false); /* when the driver answers after all, the thread cleans up behind itself */
    pthread_mutex_lock(&fake.lock);
    while (fake.closed < 2)
        assert_false(thread_wait_until(&fake.changed, &fake.lock, clock_mono_ns() + PATIENCE_NS));
    pthread_mutex_unlock(&fake.lock);
}

struct reader {
    struct worker *worker;
    atomic_bool stop;
    pthread_t thread;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;
    uint64_t seq = 0;

    while (!atomic_load(&r->stop)) {
        uint64_t newer = worker_wait(r->worker, seq, clock_mono_ns() + 10 * NS_PER_MS);
        struct snapshot *s = worker_latest(r->worker);
        if (newer)
            seq = newer;
        for (int form = 0; s && form < 4; form++)
            if (!snapshot_body(s, (enum snapshot_form)form).len)
                abort();
        snapshot_release(s);
    }
    return NULL;
}

static void many_readers_share_a_snapshot(void **state)
{
    struct reader readers[4] = {0};
    struct worker *w = start();
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        readers[i].worker = w;
        assert_int_equal(thread_start(&readers[i].thread, "reader", read_on, &readers[i], &err), 0);
    }
    for (uint64_t seq = 0; seq < 20;) {
        struct snapshot *s = next(w, seq);
        seq = snapshot_seq(s);
        snapshot_release(s);
    }
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        atomic_store(&readers[i].stop, true);
        pthread_join(readers[i].thread, NULL);
    }
    worker_stop(w);
}

static void one_reading_takes_two_turns_for_rates(void **state)
{
    struct worker_options o = quick();
    struct snapshot *s = NULL;
    struct error err;
    char late[64];

    (void)state;
    assert_int_equal(worker_once_with(&o, table, 1, 20000, late, sizeof(late), &s, &err), 0);
    assert_string_equal(late, "");
    assert_true(str_contains(snapshot_body(s, SNAPSHOT_TEXT),
                             STR("algalon_collector_readings_total{hostname=\"node1\","
                                 "collector=\"driver\"} 2")));
    assert_int_equal(fake.closed, 2);
    snapshot_release(s);
    o.disabled = "driver";
    assert_int_equal(worker_once_with(&o, table, 0, 20000, late, sizeof(late), &s, &err), 0);
    assert_int_equal(snapshot_accelerators(s), 0);
    snapshot_release(s);
}

static void one_reading_goes_without_a_driver_that_hangs(void **state)
{
    struct worker_options o = quick();
    struct snapshot *s = NULL;
    struct error err;
    char late[64];

    (void)state;
    set_hanging(true);
    /* Time enough for the others, however busy the machine is. */
    assert_int_equal(worker_once_with(&o, table, 0, 2000, late, sizeof(late), &s, &err), 0);
    assert_string_equal(late, "driver");
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);
    assert_true(str_contains(text, STR("algalon_collector_up{hostname=\"node1\","
                                       "collector=\"driver\"} 0")));
    assert_true(str_contains(text, STR("algalon_collector_up{hostname=\"node1\","
                                       "collector=\"host\"} 1")));
    assert_int_equal(snapshot_accelerators(s), 0);
    snapshot_release(s);
    set_hanging(false); /* the thread cleans up behind itself */
    pthread_mutex_lock(&fake.lock);
    while (fake.closed < 2)
        assert_false(thread_wait_until(&fake.changed, &fake.lock, clock_mono_ns() + PATIENCE_NS));
    pthread_mutex_unlock(&fake.lock);
}

static void nonsense_is_refused(void **state)
{
    struct worker_options o = quick();
    struct worker *w = NULL;
    struct snapshot *s = NULL;
    struct error err;
    char late[64];

    (void)state;
    o.schemas = 0;
    assert_int_equal(worker_start_with(&o, table, &w, &err), -EINVAL);
    assert_int_equal(worker_once_with(&o, table, 0, 20000, late, sizeof(late), &s, &err), -EINVAL);
    o = quick();
    o.interval_ms = 0;
    assert_int_equal(worker_start_with(&o, table, &w, &err), -EINVAL);
    worker_stop(NULL);
    snapshot_release(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(snapshots_come_one_after_the_other),
        TEST(each_snapshot_is_handed_to_the_listener),
        TEST(a_snapshot_outlives_its_worker),
        TEST(a_driver_that_hangs_holds_up_only_itself),
        TEST(stopping_leaves_a_hanging_driver_behind),
        TEST(many_readers_share_a_snapshot),
        TEST(one_reading_takes_two_turns_for_rates),
        TEST(one_reading_goes_without_a_driver_that_hangs),
        TEST(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
