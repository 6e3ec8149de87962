/* doubt_test.c - each check finds its contradiction, after its time, and nothing else. */
#include "worker/doubt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define STEP_NS (5 * (uint64_t)NS_PER_S)
#define GIB     (UINT64_C(1) << 30)

static struct {
    struct doubts doubts;
    struct snapshot s;
    struct merged_accelerator gpu;
    struct merged_process process;
    struct chassis chassis;
    uint64_t mono_ns;
} room;

/* A healthy GPU at work, which was seen idle before. */
static int set_up(void **state)
{
    struct accelerator *a = &room.gpu.device;

    (void)state;
    memset(&room, 0, sizeof(room));
    room.mono_ns = 1000 * (uint64_t)NS_PER_S;
    room.s.accelerators = &room.gpu;
    room.s.accelerator_len = 1;
    room.s.chassis = &room.chassis;
    room.chassis.power_w = UNKNOWN;
    accelerator_init(a, "nvidia", 0);
    str_copy(a->uuid, sizeof(a->uuid), STR("GPU-1"));
    a->utilization_ratio = a->utilization_max_ratio = 0;
    a->power_w = 70;
    a->power_limit_w = 700;
    a->mem_used_bytes = 0;
    a->mem_total_bytes = 80 * GIB;
    a->mem_shared = 0;
    a->clock_graphics_mhz = 1980;
    a->clock_graphics_max_mhz = 1980;
    a->temperature_c = 60;
    a->temperature_shutdown_c = 92;
    a->detail.profile[PROFILE_GRAPHICS] = a->detail.profile[PROFILE_SM] = 0;
    assert_int_equal(doubts_update(&room.doubts, &room.s, room.mono_ns), 0);
    a->utilization_ratio = a->utilization_max_ratio = 1;
    a->power_w = 600;
    a->mem_used_bytes = 40 * GIB;
    a->detail.profile[PROFILE_GRAPHICS] = a->detail.profile[PROFILE_SM] = 0.9;
    room.gpu.processes = 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    doubts_fini(&room.doubts);
    return 0;
}

static void run_for(unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i += 5) {
        room.mono_ns += STEP_NS;
        assert_int_equal(doubts_update(&room.doubts, &room.s, room.mono_ns), 0);
    }
}

static bool is_doubtful(enum doubt check)
{
    return room.gpu.doubtful[check] > 0;
}

static bool is_clear(enum doubt check)
{
    return room.gpu.doubtful[check] <= 0; /* false when it cannot be told */
}

static void a_healthy_device_is_beyond_doubt(void **state)
{
    (void)state;
    run_for(600);
    for (unsigned i = 0; i < DOUBTS; i++)
        assert_false(is_doubtful((enum doubt)i));
    assert_true(is_clear(DOUBT_IDLE_POWER) && is_clear(DOUBT_MEMORY) &&
                is_clear(DOUBT_POWER_LIMIT) && is_clear(DOUBT_PROFILE) && is_clear(DOUBT_CLOCK) &&
                is_clear(DOUBT_TEMPERATURE));
    assert_true(isnan(room.gpu.doubtful[DOUBT_ENERGY])); /* it has no counter */
}

static void full_load_at_idle_power(void **state)
{
    (void)state;
    room.gpu.device.power_w = 72;
    run_for(30);
    assert_true(is_clear(DOUBT_IDLE_POWER)); /* not yet */
    run_for(5);
    assert_true(is_doubtful(DOUBT_IDLE_POWER));
    room.gpu.device.power_w = 120;
    run_for(5);
    assert_true(is_clear(DOUBT_IDLE_POWER));
}

static void without_having_seen_it_idle_nothing_is_said_of_its_power(void **state)
{
    (void)state;
    str_copy(room.gpu.device.uuid, sizeof(room.gpu.device.uuid), STR("GPU-2"));
    room.gpu.device.power_w = 1;
    run_for(60);
    assert_true(isnan(room.gpu.doubtful[DOUBT_IDLE_POWER]));
}

static void memory_that_nobody_holds(void **state)
{
    (void)state;
    room.gpu.processes = 0;
    run_for(180);
    assert_true(is_clear(DOUBT_MEMORY));
    run_for(10);
    assert_true(is_doubtful(DOUBT_MEMORY));
    room.gpu.device.mem_used_bytes = GIB; /* less than a fiftieth of it */
    run_for(5);
    assert_true(is_clear(DOUBT_MEMORY));
}

static void memory_is_not_judged_where_others_processes_are_hidden(void **state)
{
    (void)state;
    room.gpu.processes = 0;
    str_copy(room.chassis.container, sizeof(room.chassis.container), STR("docker"));
    run_for(5);
    assert_true(isnan(room.gpu.doubtful[DOUBT_MEMORY]));
    room.process.known = true; /* the driver speaks of processes of this procfs after all */
    room.s.device_processes = &room.process;
    room.s.device_process_len = 1;
    run_for(5);
    assert_true(is_clear(DOUBT_MEMORY));
    room.gpu.device.detail.virtualization_mode = 2;
    run_for(5);
    assert_true(isnan(room.gpu.doubtful[DOUBT_MEMORY]));
    room.gpu.device.detail.virtualization_mode = 0;
    str_copy(room.chassis.virtualization, sizeof(room.chassis.virtualization), STR("wsl"));
    run_for(5);
    assert_true(isnan(room.gpu.doubtful[DOUBT_MEMORY]));
    room.chassis.virtualization[0] = '\0';
    room.gpu.device.mem_shared = 1;
    run_for(5);
    assert_true(isnan(room.gpu.doubtful[DOUBT_MEMORY]));
}

static void power_above_its_limit(void **state)
{
    (void)state;
    room.gpu.device.power_w = 760; /* a peak that the regulator has not caught yet */
    run_for(60);
    assert_true(is_clear(DOUBT_POWER_LIMIT));
    room.gpu.device.power_w = 800;
    run_for(40);
    assert_true(is_doubtful(DOUBT_POWER_LIMIT));
    room.gpu.device.power_limit_w = UNKNOWN;
    run_for(5);
    assert_true(isnan(room.gpu.doubtful[DOUBT_POWER_LIMIT]));
}

static void profiling_that_counts_nothing_under_load(void **state)
{
    (void)state;
    room.gpu.device.detail.profile[PROFILE_GRAPHICS] = 0;
    run_for(60);
    assert_true(is_clear(DOUBT_PROFILE));
    room.gpu.device.detail.profile[PROFILE_SM] = 0;
    run_for(40);
    assert_true(is_doubtful(DOUBT_PROFILE));
    room.gpu.device.utilization_ratio = 0.5;
    run_for(5);
    assert_true(is_clear(DOUBT_PROFILE));
}

static void clocks_and_heat_beyond_what_the_device_allows_itself(void **state)
{
    (void)state;
    room.gpu.device.clock_memory_mhz = 9999;
    room.gpu.device.clock_memory_max_mhz = 2619;
    room.gpu.device.temperature_c = 98;
    run_for(20);
    assert_true(is_doubtful(DOUBT_CLOCK));
    assert_true(is_doubtful(DOUBT_TEMPERATURE));
}

/* The counter grows by `counted` watts while the board tells `told`. */
static void spend(unsigned seconds, double counted, double told)
{
    room.gpu.device.detail.power_average_w = told;
    for (unsigned i = 0; i < seconds; i += 5) {
        room.gpu.device.energy_j_total += counted * 5;
        run_for(5);
    }
}

static void an_energy_counter_that_parts_with_power(void **state)
{
    (void)state;
    room.gpu.device.energy_j_total = 1e6;
    spend(310, 600, 590);
    assert_true(is_clear(DOUBT_ENERGY));
    spend(300, 300, 590); /* one window is not enough */
    assert_true(is_clear(DOUBT_ENERGY));
    spend(310, 300, 590);
    assert_true(is_doubtful(DOUBT_ENERGY));
    room.gpu.device.energy_j_total = 0; /* the driver was loaded anew: that window is no window */
    spend(320, 590, 590);
    assert_true(is_clear(DOUBT_ENERGY));
}

static void after_a_pause_the_clock_begins_anew(void **state)
{
    (void)state;
    room.gpu.device.power_w = 900;
    run_for(10);
    room.mono_ns += 3600 * (uint64_t)NS_PER_S; /* it was lost for an hour */
    run_for(25);
    assert_true(is_clear(DOUBT_POWER_LIMIT));
    run_for(15);
    assert_true(is_doubtful(DOUBT_POWER_LIMIT));
}

static void a_device_that_does_not_answer_is_not_judged(void **state)
{
    (void)state;
    room.gpu.device.power_w = 900;
    run_for(60);
    room.gpu.device.state = ACCELERATOR_LOST;
    run_for(5);
    for (unsigned i = 0; i < DOUBTS; i++)
        assert_true(isnan(room.gpu.doubtful[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_healthy_device_is_beyond_doubt),
        TEST(full_load_at_idle_power),
        TEST(without_having_seen_it_idle_nothing_is_said_of_its_power),
        TEST(memory_that_nobody_holds),
        TEST(memory_is_not_judged_where_others_processes_are_hidden),
        TEST(power_above_its_limit),
        TEST(profiling_that_counts_nothing_under_load),
        TEST(clocks_and_heat_beyond_what_the_device_allows_itself),
        TEST(an_energy_counter_that_parts_with_power),
        TEST(after_a_pause_the_clock_begins_anew),
        TEST(a_device_that_does_not_answer_is_not_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
