/* schedule_test.c - turns, delays, what is stale and what hangs; the clock is ours. */
#include "worker/schedule.h"

#include "worker/fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define S           ((uint64_t)NS_PER_S)
#define INTERVAL_MS 5000
#define INTERVAL    (5 * S)
#define START       (1000 * S)

static struct {
    uint64_t now_ns;
    bool present;
    int open_code, read_code;
    unsigned opened, read, closed;
    unsigned released; /* readings that were to release */
    uint64_t takes_ns; /* how long a reading takes */
    void (*while_reading)(void);
} fake;

static uint64_t fake_now(void)
{
    return fake.now_ns;
}

static bool fake_detect(const struct host_paths *paths)
{
    assert_string_equal(paths->procfs, "/proc");
    return fake.present;
}

static int fake_open(const struct host_paths *paths, void **ret, struct error *err)
{
    (void)paths;
    if (fake.open_code)
        return error_errno(err, fake.open_code, "fake");
    fake.opened++;
    *ret = &fake;
    return 0;
}

static int fake_read(void *state, struct reading *out, struct error *err)
{
    assert_ptr_equal(state, &fake);
    fake.read++;
    out->released = out->release;
    fake.released += out->release;
    fake_accelerators(out, "fake", fake.read, 0);
    if (fake.while_reading)
        fake.while_reading();
    fake.now_ns += fake.takes_ns;
    return fake.read_code ? error_errno(err, fake.read_code, "fake") : 0;
}

static void fake_close(void *state)
{
    if (state)
        fake.closed++;
}

static const struct collector fake_collector = {
    .name = "fake",
    .detect = fake_detect,
    .open = fake_open,
    .read = fake_read,
    .close = fake_close,
};
static const struct collector slow_collector = {
    .name = "slow",
    .detect = fake_detect,
    .open = fake_open,
    .read = fake_read,
    .close = fake_close,
    .interval_ms = 30000,
};

static const struct collector holding_collector = {
    .name = "holding",
    .detect = fake_detect,
    .open = fake_open,
    .read = fake_read,
    .close = fake_close,
    .releases = true,
};

static struct schedule *make(const struct collector *collector, const char *disabled)
{
    const struct collector *const table[] = {collector, NULL};
    const struct schedule_options options = {
        .paths = {.procfs = "/proc", .sysfs = "/sys", .rootfs = "/"},
        .collectors = table,
        .disabled = disabled,
        .interval_ms = INTERVAL_MS,
        .now = fake_now,
    };
    struct schedule *s = NULL;
    struct error err;

    assert_int_equal(schedule_new(&options, &s, &err), 0);
    return s;
}

static int set_up(void **state)
{
    memset(&fake, 0, sizeof(fake));
    fake.now_ns = START;
    fake.present = true;
    *state = make(&fake_collector, NULL);
    return 0;
}

static int tear_down(void **state)
{
    schedule_release(*state);
    assert_int_equal(fake.closed, fake.opened);
    return 0;
}

static struct collector_view look(struct schedule *s)
{
    struct collector_view view;

    schedule_look(s, fake.now_ns, &view);
    return view;
}

static void drop(struct collector_view *view)
{
    if (view->held)
        recycled_release(&view->held->base);
    view->held = NULL;
}

/* Goes to the next turn and takes it. */
static void next_turn(struct schedule *s)
{
    fake.now_ns = schedule_due(s, 0);
    schedule_turn(s, 0);
}

static void the_second_turn_comes_soon_and_then_one_each_interval(void **state)
{
    struct schedule *s = *state;

    assert_int_equal(schedule_due(s, 0), START);
    schedule_turn(s, 0);
    assert_int_equal(schedule_due(s, 0), schedule_origin(s));
    assert_in_range(schedule_origin(s), START + 1, START + S);
    next_turn(s);
    assert_int_equal(schedule_due(s, 0), schedule_origin(s) + INTERVAL);
    fake.takes_ns = INTERVAL + S; /* one turn is missed, none is made up for */
    next_turn(s);
    assert_int_equal(schedule_due(s, 0), schedule_origin(s) + 3 * INTERVAL);
}

static void a_reading_can_be_seen_until_the_next(void **state)
{
    struct schedule *s = *state;
    struct collector_view view = look(s);

    assert_false(view.seen);
    assert_false(view.up);
    assert_null(view.held);
    fake.takes_ns = S / 4;
    schedule_turn(s, 0);
    view = look(s);
    assert_true(view.seen);
    assert_true(view.up);
    assert_int_equal(view.readings, 1);
    assert_int_equal(view.errors, 0);
    assert_true(view.duration_s > 0.24 && view.duration_s < 0.26);
    assert_int_equal(view.held->reading.accelerator_len, 1);
    assert_int_equal(view.held->reading.mono_ns, START);

    next_turn(s); /* fills another buffer */
    struct collector_view second = look(s);
    assert_int_equal(view.held->reading.accelerator_len, 1);
    assert_int_equal(second.held->reading.accelerator_len, 2);
    struct held_reading *first = view.held;
    drop(&view);
    drop(&second);
    next_turn(s); /* and this one the first again */
    view = look(s);
    assert_ptr_equal(view.held, first);
    drop(&view);
}

static void absent_hardware_is_asked_for_often_at_first(void **state)
{
    struct schedule *s = *state;
    unsigned turns = 0;

    fake.present = false;
    for (; schedule_due(s, 0) < START + 60 * S; turns++)
        next_turn(s);
    assert_int_equal(turns, 12);
    uint64_t before = schedule_due(s, 0);
    next_turn(s);
    assert_int_equal(schedule_due(s, 0) - before, 30 * S);
    assert_int_equal(look(s).errors, 0);
    assert_false(look(s).seen);
    fake.present = true;
    next_turn(s);
    struct collector_view view = look(s);
    assert_true(view.up);
    drop(&view);
}

static void opening_is_tried_again_with_longer_and_longer_pauses(void **state)
{
    static const unsigned pauses_s[] = {5, 10, 20, 40, 60, 60};
    struct schedule *s = *state;

    fake.open_code = -EACCES;
    for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++) {
        next_turn(s);
        assert_int_equal(schedule_due(s, 0) - fake.now_ns, pauses_s[i] * S);
        assert_int_equal(look(s).errors, i + 1);
        assert_true(look(s).seen);
        assert_false(look(s).up);
    }
    fake.open_code = 0;
    next_turn(s);
    struct collector_view view = look(s);
    assert_true(view.up);
    drop(&view);
}

static void hardware_that_went_away_is_closed_and_found_again(void **state)
{
    struct schedule *s = *state;

    next_turn(s);
    fake.read_code = -ENODEV;
    next_turn(s);
    struct collector_view view = look(s);
    assert_null(view.held);
    assert_false(view.up);
    assert_true(view.seen);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(view.errors, 1);
    fake.read_code = 0;
    next_turn(s);
    assert_int_equal(fake.opened, 2);
    view = look(s);
    assert_true(view.up);
    drop(&view);
}

static void what_a_failing_reading_filled_stands(void **state)
{
    struct schedule *s = *state;

    next_turn(s);
    fake.read_code = -EIO;
    next_turn(s);
    struct collector_view view = look(s);
    assert_false(view.up);
    assert_int_equal(view.held->reading.accelerator_len, 2);
    assert_int_equal(view.readings, 1);
    assert_int_equal(view.errors, 1);
    assert_int_equal(fake.closed, 0);
    drop(&view);
}

static void a_reading_is_withdrawn_after_three_intervals(void **state)
{
    struct schedule *s = *state;

    next_turn(s);
    fake.now_ns = START + 3 * INTERVAL;
    struct collector_view view = look(s);
    assert_non_null(view.held);
    assert_true(view.up);
    drop(&view);
    fake.now_ns++;
    for (int i = 0; i < 2; i++) { /* counted once */
        view = look(s);
        assert_null(view.held);
        assert_false(view.up);
        assert_int_equal(view.stale, 1);
    }
    fake.now_ns = schedule_due(s, 0);
    schedule_turn(s, 0);
    view = look(s);
    assert_true(view.up);
    drop(&view);
}

static struct schedule *looked_at;

static void look_while_it_hangs(void)
{
    uint64_t began = fake.now_ns;

    fake.now_ns = began + 3 * INTERVAL;
    struct collector_view view = look(looked_at);
    assert_null(view.held); /* the reading before this one is older than the turn */
    assert_false(view.up);
    fake.now_ns = began + 10 * INTERVAL;
    assert_int_equal(look(looked_at).stale, 1);
    assert_false(look(looked_at).up);
}

static void a_collector_that_hangs_is_down(void **state)
{
    struct schedule *s = *state;

    next_turn(s);
    looked_at = s;
    fake.while_reading = look_while_it_hangs;
    next_turn(s);
    fake.while_reading = NULL;
    assert_null(look(s).held); /* what it brings at last is as old as its turn */
    assert_int_equal(look(s).stale, 2);
    next_turn(s);
    struct collector_view view = look(s);
    assert_true(view.up);
    drop(&view);
}

static void ask_for_answers_while_it_is_late(void)
{
    uint64_t due = schedule_origin(looked_at) + INTERVAL;

    assert_false(schedule_answered(looked_at, due));
    assert_true(schedule_answered(looked_at, due + INTERVAL));
}

static void one_that_is_late_from_an_earlier_turn_is_not_waited_for(void **state)
{
    struct schedule *s = *state;
    uint64_t origin = schedule_origin(s);

    next_turn(s);
    assert_false(schedule_answered(s, origin));
    next_turn(s);
    assert_true(schedule_answered(s, origin));
    assert_false(schedule_answered(s, origin + INTERVAL));
    looked_at = s;
    fake.while_reading = ask_for_answers_while_it_is_late;
    next_turn(s);
    assert_true(schedule_answered(s, origin + INTERVAL));
}

static void ask_at_the_origin(void)
{
    assert_false(schedule_answered(looked_at, schedule_origin(looked_at)));
}

static void the_first_snapshot_waits_for_drivers_that_load(void **state)
{
    struct schedule *s = *state;

    looked_at = s;
    fake.while_reading = ask_at_the_origin;
    schedule_turn(s, 0);
}

static void a_collector_may_have_a_longer_interval(void **state)
{
    struct schedule *s = make(&slow_collector, "fake, other");

    (void)state;
    next_turn(s);
    next_turn(s);
    assert_int_equal(schedule_due(s, 0), schedule_origin(s) + 30 * S);
    assert_true(schedule_answered(s, schedule_origin(s) + INTERVAL));
    fake.now_ns = schedule_origin(s) + 90 * S;
    struct collector_view view = look(s);
    assert_true(view.up);
    drop(&view);
    fake.now_ns++;
    assert_false(look(s).up);
    schedule_release(s);
}

static void drivers_are_let_go_at_once_and_taken_back_by_themselves(void **state)
{
    struct schedule *s = make(&holding_collector, NULL);
    struct collector_view view;

    (void)state;
    schedule_turn(s, 0);
    fake.now_ns += 7 * S;
    schedule_turn(s, 0);
    assert_false(schedule_has_let_go(s));
    fake.now_ns += S;
    schedule_let_go(s, fake.now_ns + 600 * S);
    assert_true(schedule_due(s, 0) <= fake.now_ns); /* not only at its next turn */
    assert_false(schedule_has_let_go(s));
    schedule_turn(s, 0);
    assert_true(schedule_has_let_go(s));
    assert_int_equal(fake.released, 1);
    schedule_look(s, fake.now_ns, &view);
    assert_true(view.releases && view.released && view.up);
    recycled_release(&view.held->base);
    for (unsigned i = 0; i < 3; i++) {
        fake.now_ns = schedule_due(s, 0);
        schedule_turn(s, 0);
    }
    assert_int_equal(fake.released, 4);
    fake.now_ns += 600 * S;
    schedule_turn(s, 0);
    assert_int_equal(fake.released, 4);
    assert_false(schedule_has_let_go(s));
    schedule_let_go(s, fake.now_ns + 600 * S);
    schedule_turn(s, 0);
    schedule_let_go(s, 0); /* the operator is done before */
    assert_true(schedule_due(s, 0) <= fake.now_ns);
    schedule_turn(s, 0);
    assert_int_equal(fake.released, 5);
    assert_false(schedule_has_let_go(s));
    schedule_release(s);
}

static void a_driver_that_is_let_go_is_not_opened(void **state)
{
    struct schedule *s = make(&holding_collector, NULL);
    struct collector_view view;

    (void)state;
    schedule_let_go(s, fake.now_ns + 60 * S);
    schedule_turn(s, 0);
    assert_int_equal(fake.opened, 0);
    assert_true(schedule_has_let_go(s));
    schedule_look(s, fake.now_ns, &view);
    assert_true(view.released && !view.held);
    assert_int_equal(view.errors, 0);
    fake.now_ns += 61 * S;
    schedule_turn(s, 0);
    assert_int_equal(fake.opened, 1);
    schedule_release(s);
}

static void letting_go_leaves_those_without_a_driver_alone(void **state)
{
    struct schedule *s = *state;

    schedule_let_go(s, fake.now_ns + 60 * S);
    assert_true(schedule_has_let_go(s));
    schedule_turn(s, 0);
    assert_int_equal(fake.opened, 1);
    assert_int_equal(fake.released, 0);
}

static void disabled_collectors_are_left_out(void **state)
{
    struct schedule *s = make(&fake_collector, "other, fake");

    (void)state;
    assert_int_equal(schedule_len(s), 0);
    assert_true(schedule_answered(s, START + INTERVAL));
    schedule_release(s);
}

static void nonsense_is_refused(void **state)
{
    const struct collector *const none[] = {NULL};
    struct schedule_options options = {.collectors = none, .now = fake_now};
    struct schedule *s = NULL;
    struct error err;

    (void)state;
    assert_int_equal(schedule_new(&options, &s, &err), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_second_turn_comes_soon_and_then_one_each_interval),
        TEST(a_reading_can_be_seen_until_the_next),
        TEST(absent_hardware_is_asked_for_often_at_first),
        TEST(opening_is_tried_again_with_longer_and_longer_pauses),
        TEST(hardware_that_went_away_is_closed_and_found_again),
        TEST(what_a_failing_reading_filled_stands),
        TEST(a_reading_is_withdrawn_after_three_intervals),
        TEST(a_collector_that_hangs_is_down),
        TEST(one_that_is_late_from_an_earlier_turn_is_not_waited_for),
        TEST(the_first_snapshot_waits_for_drivers_that_load),
        TEST(a_collector_may_have_a_longer_interval),
        TEST(drivers_are_let_go_at_once_and_taken_back_by_themselves),
        TEST(a_driver_that_is_let_go_is_not_opened),
        TEST(letting_go_leaves_those_without_a_driver_alone),
        TEST(disabled_collectors_are_left_out),
        TEST(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
