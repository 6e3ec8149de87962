/* nvidia_poll_test.c - own samples, in the place of rings that a driver does not keep. */
#include "device/nvidia/nvidia_rig.h"

#include "device/nvidia/nvidia_poll.h"

#include <time.h>

#define NO_RINGS   "fault code call=nvmlDeviceGetSamples code=3\n"
#define NO_COUNTER "fault code call=nvmlDeviceGetTotalEnergyConsumption code=3\n"
#define NO_EVENTS  "fault code call=nvmlEventSetCreate code=3\n" /* whose thread would call too */
#define PATIENCE_S 30

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* Moves the simulated time and waits until the thread has called `n` times more. */
static void let_it_poll(struct rig *rig, double seconds, uint64_t n)
{
    uint64_t end_ns = clock_mono_ns() + PATIENCE_S * (uint64_t)NS_PER_S, before;

    rig->set_time(RIG_START_US + (int64_t)(seconds * 1e6));
    before = rig->calls();
    while (rig->calls() < before + n) {
        assert_true(clock_mono_ns() < end_ns);
        pause_ms(5);
    }
}

static void own_samples_give_mean_peak_and_low(void **state)
{
    struct rig *rig = *state;

    rig->paths.own_samples = true;
    rig_open(rig, "gpu 1 H200 profile=square period=10 duty=0.5\n" NO_EVENTS NO_RINGS NO_COUNTER);
    rig_read(rig, 0);
    rig_read(rig, 0.5); /* from here on it is asked often */
    let_it_poll(rig, 1, 8);
    let_it_poll(rig, 8, 8);
    const struct accelerator *a = rig_read(rig, 9); /* a look now sees nothing of the load */
    assert_true(a->utilization_ratio > 0.01 && a->utilization_ratio < 0.99);
    assert_near(a->utilization_max_ratio, 1, 0.01);
    assert_near(a->detail.utilization_min_ratio, 0, 0.01);
    assert_true(a->memory_utilization_ratio > 0.001);
    assert_true(a->detail.memory_utilization_max_ratio > a->memory_utilization_ratio);
    assert_true(a->power_max_w > a->power_w && a->detail.power_min_w < a->power_w);
    assert_true(a->power_max_w > a->detail.power_min_w + 100);
    let_it_poll(rig, 9, 4);
    assert_near(rig_read(rig, 9.9)->utilization_max_ratio, 0, 0.01); /* each sample counts once */
}

static void garbage_among_own_samples_is_withdrawn_and_counted(void **state)
{
    struct rig *rig = *state;

    rig->paths.own_samples = true;
    rig_open(rig, "gpu 1 H200 profile=constant high=0.7\n" NO_EVENTS NO_RINGS
                  "fault value field=utilization value=218322032 from=2 until=4\n");
    rig_read(rig, 0);
    rig_read(rig, 0.5);
    let_it_poll(rig, 1, 8);
    let_it_poll(rig, 3, 8);
    let_it_poll(rig, 5, 2);
    assert_near(rig_read(rig, 5)->utilization_max_ratio, 0.7, 0.01);
    assert_true(rig_rejects(rig, "nvidia.utilization", "range") > 0);
}

static void nobody_is_asked_often_without_need(void **state)
{
    static const char *const scenarios[] = {
        "gpu 1 H200 profile=training\n" NO_EVENTS,                          /* has rings */
        "gpu 1 H200 profile=training mig=on instances=1g.18gb\n" NO_EVENTS, /* tells nothing */
        "gpu 1 H200\nfault samples-empty\n" NO_EVENTS,                      /* rings at rest */
        "gpu 1 H200 profile=training\n" NO_EVENTS NO_RINGS,                 /* not wanted */
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        rig->paths.own_samples = i < 3;
        rig_open(rig, scenarios[i]);
        for (int k = 0; k < 3; k++)
            rig_read(rig, k);
        uint64_t before = rig->calls();
        pause_ms(2 * POLL_MS);
        assert_true(rig->calls() == before);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void a_thread_that_hangs_in_the_driver_is_left_behind(void **state)
{
    struct rig *rig = *state;

    rig->paths.own_samples = true;
    rig_open(rig, "gpu 1 A100-SXM4-80GB\n" NO_EVENTS NO_RINGS
                  "fault hang call=nvmlDeviceGetUtilizationRates seconds=8 calls=1 from=2\n");
    rig_read(rig, 0);
    rig_read(rig, 0.5);
    let_it_poll(rig, 1, 4);
    let_it_poll(rig, 3, 1); /* in this call it hangs */
    uint64_t began = clock_mono_ns();
    nvidia_collector.close(rig->state);
    rig->state = NULL;
    assert_true(clock_mono_ns() - began < 7 * (uint64_t)NS_PER_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(own_samples_give_mean_peak_and_low),
        TEST(garbage_among_own_samples_is_withdrawn_and_counted),
        TEST(nobody_is_asked_often_without_need),
        TEST(a_thread_that_hangs_in_the_driver_is_left_behind),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
