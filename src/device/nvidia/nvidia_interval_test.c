/* Tests of what the driver sampled between two readings: extremes, seconds, lost work. */
#include "device/nvidia/nvidia_rig.h"

static void engines_tell_mean_extremes_and_seconds_of_the_interval(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=2 duty=0.5\n"
                  "fault value field=sample_engine value=40 from=0.5 until=3.5\n"
                  "fault value field=sample_engine value=10 from=3.5\n");
    rig_read(rig, 0.4);
    rig_read(rig, 3.4);
    const struct accelerator *a = rig_read(rig, 9.4);
    const struct accelerator_detail *d = &a->detail;
    /* The simulator tells a sample's value as of the moment of asking. */
    assert_near(a->encoder_ratio, 0.1, 1e-9);
    assert_near(a->decoder_ratio, 0.1, 1e-9);
    assert_near(d->jpeg_ratio, 0.1, 1e-9);
    assert_near(d->ofa_ratio, 0.1, 1e-9);
    assert_near(d->engine_max_ratio[ENGINE_DECODER], 0.1, 1e-9);
    assert_near(d->engine_min_ratio[ENGINE_OFA], 0.1, 1e-9);
    assert_near(d->engine_busy_s_total[ENGINE_ENCODER], 3 * 0.4 + 6 * 0.1, 1e-6);
    assert_near(d->engine_busy_s_total[ENGINE_JPEG], 3 * 0.4 + 6 * 0.1, 1e-6);
    assert_near(d->memory_utilization_min_ratio, 0, 0);
}

static void without_rings_the_engines_are_asked_and_have_no_extremes(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\nfault missing call=nvmlDeviceGetSamples\n"
                  "fault value field=encoder value=30\nfault value field=jpeg value=20\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 10);
    assert_near(a->encoder_ratio, 0.3, 0);
    assert_near(a->detail.jpeg_ratio, 0.2, 0);
    assert_true(isnan(a->detail.engine_max_ratio[ENGINE_ENCODER]));
    assert_near(a->detail.engine_busy_s_total[ENGINE_ENCODER], 3, 1e-6);
    assert_near(a->detail.clock_interval_mhz[0], a->clock_sm_mhz, 0); /* as it is now */
    assert_true(isnan(a->detail.clock_interval_mhz[1]));
}

static void clocks_tell_mean_lowest_and_highest(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=2 duty=0.5\n");
    rig_read(rig, 0.4);
    const double *mhz = rig_read(rig, 6.4)->detail.clock_interval_mhz;
    assert_near(mhz[1], 345, 0); /* at rest */
    assert_near(mhz[2], 1950, 60);
    assert_near(mhz[0], (345 + 1950) / 2.0, 80);
    assert_near(mhz[3], 3201, 0);
    assert_near(mhz[5], 3201, 0);
}

static void work_is_lost_while_busy_at_less_than_the_highest_clock(void **state)
{
    static const struct {
        const char *scenario;
        double lost; /* in ten seconds */
    } cases[] = {
        {"gpu 1 H200 profile=constant\nfault value field=sample_clock_sm value=1485\n", 2.5},
        {"gpu 1 H200 profile=constant\nfault value field=sample_clock_sm value=1980\n", 0},
        {"gpu 1 H200 profile=constant\nfault value field=sample_clock_sm value=2100\n", 0},
        {"gpu 1 H200 profile=constant high=0.4\nfault value field=sample_clock_sm value=1485\n", 1},
        {"gpu 1 H200 profile=idle\nfault value field=sample_clock_sm value=345\n", 0},
        {"gpu 1 H200 profile=constant\nfault missing call=nvmlDeviceGetSamples\n"
         "fault value field=clock_sm value=1485\n",
         2.5},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        rig_open(rig, cases[i].scenario);
        double before = rig_read(rig, 0)->detail.lost_s_total;
        rig_read(rig, 5);
        assert_near(rig_read(rig, 10)->detail.lost_s_total - before, cases[i].lost, 1e-6);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void clocks_that_rest_with_the_gpu_lose_nothing(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=2 duty=0.5\n");
    rig_read(rig, 0.4);
    /* Half of the time it rests at 345 MHz; at work it runs within 90 MHz of 1980. */
    assert_near(rig_read(rig, 10.4)->detail.lost_s_total, 0, 5 * 90 / 1980.0);
}

static void a_gpu_in_instances_loses_nothing_that_can_be_told(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant mig=on instances=7g.141gb\n");
    rig_read(rig, 0);
    const struct accelerator_detail *d = &rig_read(rig, 5)->detail;
    assert_true(isnan(d->lost_s_total) && isnan(d->busy_s_total));
    assert_true(isnan(d->engine_busy_s_total[ENGINE_ENCODER]));
    assert_false(isnan(d->clock_interval_mhz[1])); /* clocks are the board's */
}

static void a_superchip_tells_the_power_of_its_module(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 GB200 profile=constant\ngpu 1 H200 profile=constant\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 6);
    assert_near(a->detail.module_power_w, a->power_w + 100, 30);
    assert_true(a->detail.module_power_max_w >= a->detail.module_power_w);
    assert_true(a->detail.module_power_min_w <= a->detail.module_power_w);
    assert_near(a->detail.module_power_limit_w, 1500, 0);
    assert_near(a->detail.memory_power_w, 0.2 * a->power_w, 10);
    assert_true(isnan(a[1].detail.module_power_w));
}

static void long_intervals_are_counted_whole_and_a_silence_is_not(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.5\n");
    rig_read(rig, 0);
    rig_read(rig, 1);
    double before =
        rig_read(rig, 61)->detail.busy_s_total; /* readings begin to be a minute apart */
    double after = rig_read(rig, 121)->detail.busy_s_total;
    assert_near(after - before, 30, 0.5);
    before = rig_read(rig, 126)->detail.busy_s_total;
    rig_read(rig, 131);
    after = rig_read(rig, 900)->detail.busy_s_total; /* the machine slept */
    assert_true(after - before < 0.5 * (5 + 21));
}

static void boards_without_a_counter_have_their_power_integrated(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.5\ngpu 1 H200 profile=constant high=0.5\n"
                  "fault code gpu=0 call=nvmlDeviceGetTotalEnergyConsumption code=3\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    double before[2] = {a[0].energy_j_total, a[1].energy_j_total};
    assert_true(before[0] < before[1]); /* since the worker started; since the driver was loaded */
    a = rig_read(rig, 15);
    double grown = a[1].energy_j_total - before[1];
    assert_near(a[0].energy_j_total - before[0], grown, 0.05 * grown);
    assert_near(a[0].detail.energy_estimated, 1, 0);
    assert_near(a[1].detail.energy_estimated, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(engines_tell_mean_extremes_and_seconds_of_the_interval),
        TEST(without_rings_the_engines_are_asked_and_have_no_extremes),
        TEST(clocks_tell_mean_lowest_and_highest),
        TEST(work_is_lost_while_busy_at_less_than_the_highest_clock),
        TEST(clocks_that_rest_with_the_gpu_lose_nothing),
        TEST(a_gpu_in_instances_loses_nothing_that_can_be_told),
        TEST(a_superchip_tells_the_power_of_its_module),
        TEST(long_intervals_are_counted_whole_and_a_silence_is_not),
        TEST(boards_without_a_counter_have_their_power_integrated),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
