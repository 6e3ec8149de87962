/* Tests of errors of memory, limits and modes: calls beside the field values. */
#include "device/nvidia/nvidia_rig.h"

/* Places in ecc_location_total of what fields do not count. */
#define SRAM(period, type) (ECC_LOCATION_COUNTERS + 2 * (period) + (type))

static void errors_of_the_sram_are_told_to_root_and_others_get_none(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 root=on\ngpu 1 H200\ngpu 1 A100-SXM4-80GB root=on\n"
                  "fault value field=sram_parity value=2\nfault value field=sram_sm value=5\n"
                  "fault value field=sram_threshold value=1\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_near(a[0].detail.sram_kind_total[0], 2, 0);
    assert_near(a[0].detail.sram_kind_total[1], 0, 0);
    assert_near(a[0].detail.sram_kind_total[2], 4, 0);
    assert_near(a[0].detail.sram_unit_total[1], 5, 0);
    assert_near(a[0].detail.sram_threshold, 1, 0);
    assert_true(isnan(a[1].detail.sram_kind_total[0]) && isnan(a[1].detail.sram_threshold));
    assert_true(isnan(a[2].detail.sram_threshold)); /* before Hopper there is no such call */
    assert_int_equal(a[1].state, ACCELERATOR_OK);
    rig_read(rig, 20);
    assert_int_equal(rig->r.reject_len, 0);
}

static void places_without_a_field_are_asked_by_a_call(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault value field=memory_error_1_0_7 value=3\n"
                  "fault value field=memory_error_0_1_7 value=8\n"
                  "fault value field=memory_error_0_0_2 value=77\n");
    const double *errors = rig_read(rig, 0)->detail.ecc_location_total;
    assert_near(errors[SRAM(0, 1)], 3, 0);
    assert_near(errors[SRAM(1, 0)], 8, 0);
    assert_near(errors[4], 0, 0); /* the field's, not the call's */
    nvidia_collector.close(rig->state);
    rig->state = NULL;

    rig_open(rig, "gpu 1 V100-SXM2-32GB\nfault code call=nvmlDeviceGetFieldValues code=3\n"
                  "fault value field=memory_error_0_0_2 value=77 from=10\n"
                  "fault value field=memory_error_1_1_6 value=5\n");
    rig_read(rig, 0);
    errors = rig_read(rig, 20)->detail.ecc_location_total;
    assert_near(errors[4], 77, 0);
    assert_near(errors[ECC_LOCATION_COUNTERS - 1], 5, 0); /* uncorrected, aggregate, the CBU */
    assert_true(isnan(errors[SRAM(0, 0)]));
}

static void drivers_without_fields_tell_rows_pages_and_throttling_by_calls(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\ngpu 1 V100-SXM2-32GB\n"
                  "fault missing call=nvmlDeviceGetFieldValues\n"
                  "fault value field=rows_uncorrected value=2\n"
                  "fault value field=rows_pending value=1\n"
                  "fault value field=pages_pending value=1\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 20);
    assert_near(a[0].detail.rows_remapped_total[1], 2, 0);
    assert_near(a[0].detail.rows_pending, 1, 0);
    assert_near(a[0].detail.rows_failed, 0, 0);
    assert_true(isnan(a[0].detail.pages_pending));
    assert_near(a[1].detail.pages_pending, 1, 0);
    assert_true(isnan(a[1].detail.rows_pending));
    assert_near(a[0].detail.throttle_s_total[THROTTLE_TIME_POWER], 2, 1e-6);
    assert_near(a[0].detail.throttle_s_total[THROTTLE_TIME_RELIABILITY], 0, 0);
    assert_true(isnan(a[0].detail.throttle_s_total[THROTTLE_TIME_THERMAL])); /* refused */
}

static void a_rejected_field_is_not_replaced_by_a_call(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault value field=field_74 value=1.8446744073709552e19\n"
                  "fault value field=field_11 value=1.8446744073709552e19\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_true(isnan(a->detail.throttle_s_total[THROTTLE_TIME_POWER]));
    assert_true(isnan(a->detail.ecc_location_total[4]));
    assert_int_equal(rig_rejects(rig, "nvidia.throttle_time", "sentinel"), 1);
}

static void limits_and_modes_of_a_board_are_told(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=inference compute_mode=3\ngpu 1 \"RTX 4090\"\n"
                  "gpu 1 GB200\n");
    const struct accelerator *a = rig_read(rig, 0);
    const struct accelerator_detail *d = &a[0].detail;
    assert_near(d->clock_limit_mhz[CLOCK_LIMIT_SM_MAX], 1980, 0);
    assert_near(d->clock_limit_mhz[CLOCK_LIMIT_BOOST_MAX], 1980, 0);
    assert_near(d->clock_limit_mhz[CLOCK_LIMIT_REQUESTED_GRAPHICS], 1965, 0);
    assert_near(d->clock_limit_mhz[CLOCK_LIMIT_REQUESTED_MEMORY], 3201, 0);
    assert_true(isnan(a[2].detail.clock_limit_mhz[CLOCK_LIMIT_REQUESTED_GRAPHICS]));
    assert_near(d->threshold_more_c[THRESHOLD_MEMORY_MAX], 95, 0);
    assert_true(isnan(d->threshold_more_c[THRESHOLD_ACOUSTIC_MAX]));
    assert_near(d->margin_limit_c, 87 - a[0].temperature_c, 0);
    assert_near(d->bar1_total_bytes, 0x1p38, 0);
    assert_near(d->bar1_used_bytes, 0x1p22, 0);
    assert_true(isnan(a[2].detail.bar1_total_bytes));
    assert_near(d->power_limit_requested_w, 700, 0);
    assert_near(d->cores, 16896, 0);
    assert_near(d->memory_bus_bits, 6144, 0);
    assert_true(isnan(a[1].detail.cores));
    assert_near(d->display_active, 0, 0);
    assert_near(a[1].detail.display_active, 1, 0);
    assert_near(d->encoder_sessions, 3, 0);
    assert_near(d->encoder_frames_per_s, 60, 0);
    assert_near(d->encoder_latency_s, 0.0042, 1e-9);
    assert_near(a[1].detail.encoder_sessions, 0, 0);
    assert_true(isnan(a[1].detail.encoder_frames_per_s)); /* of no session there is no speed */
    assert_near(d->reset_needed[0], 0, 0);
    assert_string_equal(a[0].brand, "NVIDIA");
    assert_string_equal(a[1].brand, "GeForce");
    assert_string_equal(a[2].rack_serial, "1820224130075");
    assert_string_equal(a[2].rack_slot, "13/2/1/3");
    assert_string_equal(a[0].rack_serial, "");
}

static void each_fan_speaks_for_itself(void **state)
{
    struct rig *rig = *state;

    rig_open(rig,
             "gpu 1 \"RTX 4090\" profile=constant\ngpu 1 H200\nfault value field=fan value=55\n");
    const struct accelerator *a = rig_read(rig, 5);
    assert_near(a->detail.fan_ratio[0], 0.55, 1e-9);
    assert_near(a->detail.fan_ratio[1], 0.55, 1e-9);
    assert_true(isnan(a->detail.fan_ratio[2]));
    assert_true(a->detail.fan_rpm[1] > 900);
    assert_true(isnan(a[1].detail.fan_ratio[0]));
}

static void traffic_of_pcie_is_sampled_seldom_and_only_where_nothing_else_tells(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 A100-SXM4-80GB profile=constant\ngpu 1 H200 profile=constant\n"
                  "fault value field=pcie_throughput value=123 from=8 until=70\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_near(a[0].detail.pcie_sampled_bytes_per_s[0], 2e9, 0);
    assert_true(isnan(a[1].detail.pcie_sampled_bytes_per_s[0])); /* one GPU a reading */
    a = rig_read(rig, 5);
    assert_near(a[1].detail.pcie_sampled_bytes_per_s[1], 3e9, 0);
    a = rig_read(rig, 10);
    assert_near(a[0].detail.pcie_sampled_bytes_per_s[0], 2e9, 0); /* as it was */
    a = rig_read(rig, 65);
    assert_near(a[0].detail.pcie_sampled_bytes_per_s[0], 123e3, 0);
    assert_true(isnan(a[2].detail.pcie_sampled_bytes_per_s[0]));
}

static void implausible_limits_are_withdrawn_and_counted(void **state)
{
    static const struct {
        const char *field, *value, *name, *reason;
        size_t offset;
    } cases[] = {
        {"bar1_used", "1e15", "nvidia.bar1", "range",
         offsetof(struct accelerator_detail, bar1_used_bytes)},
        {"bar1_total", "0", "nvidia.bar1", "sentinel",
         offsetof(struct accelerator_detail, bar1_total_bytes)},
        {"margin", "999", "nvidia.temperature_margin", "range",
         offsetof(struct accelerator_detail, margin_limit_c)},
        {"encoder_sessions", "4294967295", "nvidia.sessions", "sentinel",
         offsetof(struct accelerator_detail, encoder_sessions)},
        {"display_active", "2", "nvidia.mode", "range",
         offsetof(struct accelerator_detail, display_active)},
        {"sram_corrected", "9e18", "nvidia.ecc_errors", "range",
         offsetof(struct accelerator_detail, sram_kind_total) + 2 * sizeof(double)},
        {"sample_clock_sm", "90000", "nvidia.clock", "range",
         offsetof(struct accelerator_detail, clock_interval_mhz) + sizeof(double)},
        {"field_192", "4e9", "nvidia.power_limit", "range",
         offsetof(struct accelerator_detail, power_limit_requested_w)},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[200];
        snprintf(text, sizeof(text), "gpu 1 H200 root=on\nfault value field=%s value=%s\n",
                 cases[i].field, cases[i].value);
        rig_open(rig, text);
        const struct accelerator *a = rig_read(rig, 0);
        assert_true(isnan(*(const double *)((const char *)&a->detail + cases[i].offset)));
        if (!rig_rejects(rig, cases[i].name, cases[i].reason))
            fail_msg("%s=%s was not rejected", cases[i].field, cases[i].value);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

/* What a driver lacks is asked once: not by any of the calls that came after the first headers. */
static void a_driver_without_the_newer_calls_is_read_all_the_same(void **state)
{
    static const char *const calls[] = {
        "nvmlDeviceGetBAR1MemoryInfo",     "nvmlDeviceGetMarginTemperature",
        "nvmlDeviceGetMemoryErrorCounter", "nvmlDeviceGetSramEccErrorStatus",
        "nvmlDeviceGetEncoderStats",       "nvmlDeviceGetFBCStats",
        "nvmlDeviceGetAccountingMode",     "nvmlSystemGetConfComputeState",
        "nvmlDeviceGetActiveVgpus",        "nvmlDeviceGetC2cModeInfoV",
        "nvmlDeviceGetP2PStatus",          "nvmlDeviceGetTopologyCommonAncestor",
        "nvmlDeviceGetCpuAffinity",        "nvmlDeviceGetPlatformInfo",
        "nvmlDeviceGetGpuFabricInfo*",     "nvmlGpm*"};
    struct rig *rig = *state;
    char text[2048];
    size_t len = (size_t)snprintf(text, sizeof(text), "gpu 2 H200 profile=constant\n");

    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "fault missing call=%s\n", calls[i]);
    rig_open(rig, text);
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 20);
    assert_near(a[1].utilization_ratio, 1, 0);
    assert_true(isnan(a[1].detail.bar1_total_bytes) && isnan(a[1].detail.fabric_state));
    assert_true(isnan(a[1].detail.accounting_mode) && isnan(a[1].detail.confidential_mode));
    assert_int_equal(rig->r.peer_len, 0);
    assert_int_equal(rig->r.reject_len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(errors_of_the_sram_are_told_to_root_and_others_get_none),
        TEST(places_without_a_field_are_asked_by_a_call),
        TEST(drivers_without_fields_tell_rows_pages_and_throttling_by_calls),
        TEST(a_rejected_field_is_not_replaced_by_a_call),
        TEST(limits_and_modes_of_a_board_are_told),
        TEST(each_fan_speaks_for_itself),
        TEST(traffic_of_pcie_is_sampled_seldom_and_only_where_nothing_else_tells),
        TEST(implausible_limits_are_withdrawn_and_counted),
        TEST(a_driver_without_the_newer_calls_is_read_all_the_same),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
