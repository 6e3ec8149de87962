/* Tests of values that cannot be true, and of the library's codes. */
#include "device/nvidia/nvidia_rig.h"

#define GIB ((uint64_t)1 << 30)

/* ---- implausible values ---- */

static void implausible_values_are_withdrawn_and_counted_by_field_and_reason(void **state)
{
    static const struct {
        const char *field; /* of the simulator */
        const char *value;
        const char *name; /* of the reject */
        const char *reason;
        size_t offset; /* of a double in struct accelerator that must be NAN */
    } cases[] = {
        {"sample_utilization", "218322032", "nvidia.utilization", "range", 0},
        {"sample_memory_utilization", "101", "nvidia.memory_utilization", "range", 0},
        {"temperature", "4294967295", "nvidia.temperature", "sentinel",
         offsetof(struct accelerator, temperature_c)},
        {"temperature", "999", "nvidia.temperature", "range",
         offsetof(struct accelerator, temperature_c)},
        {"memory_temperature", "2147483632", "nvidia.memory_temperature", "sentinel",
         offsetof(struct accelerator, memory_temperature_c)},
        {"clock_sm", "0", "nvidia.clock", "sentinel", offsetof(struct accelerator, clock_sm_mhz)},
        {"clock_graphics", "90000", "nvidia.clock", "range",
         offsetof(struct accelerator, clock_graphics_mhz)},
        {"energy", "18446744073709551615", "nvidia.energy", "sentinel",
         offsetof(struct accelerator, energy_j_total)},
        {"throttle", "9223372036854775794", "nvidia.throttle_reasons", "sentinel",
         offsetof(struct accelerator, throttle_reasons)},
        {"pcie_generation", "0", "nvidia.pcie_generation", "sentinel",
         offsetof(struct accelerator, pcie_generation)},
        {"pcie_width", "200", "nvidia.pcie_width", "range",
         offsetof(struct accelerator, pcie_width)},
        {"power_limit", "0", "nvidia.power_limit", "sentinel",
         offsetof(struct accelerator, power_limit_w)},
        {"ecc_corrected", "9e18", "nvidia.ecc_errors", "range",
         offsetof(struct accelerator, ecc_corrected_total)},
        {"sample_engine", "150", "nvidia.encoder", "range", 0},
        {"pstate", "17", "nvidia.pstate", "range", offsetof(struct accelerator, pstate)},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[300];
        snprintf(text, sizeof(text),
                 "gpu 1 H200 profile=constant high=0.4\nfault value field=%s value=%s until=7\n",
                 cases[i].field, cases[i].value);
        rig_open(rig, text);
        rig_read(rig, 0);
        const struct accelerator *a = rig_read(rig, 5);
        if (!rig_rejects(rig, cases[i].name, cases[i].reason))
            fail_msg("%s=%s was not rejected", cases[i].field, cases[i].value);
        if (cases[i].offset)
            assert_true(isnan(*(const double *)((const char *)a + cases[i].offset)));
        else /* the one-shot call steps in */
            assert_true(a->utilization_ratio <= 1 && a->memory_utilization_ratio <= 1);
        uint64_t count = rig_rejects(rig, cases[i].name, cases[i].reason);
        a = rig_read(rig, 30);
        assert_true(!cases[i].offset ||
                    !isnan(*(const double *)((const char *)a + cases[i].offset)));
        rig_read(rig, 35);
        assert_true(rig_rejects(rig, cases[i].name, cases[i].reason) >= count);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void implausible_memory_is_withdrawn(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200\nfault value field=memory_used value=1.8446744073709552e19 until=3\n"
                  "fault value field=memory_used value=200000000000 from=3 until=8\n"
                  "fault value field=memory_total value=0 from=8 until=13\n");
    assert_true(rig_read(rig, 0)->mem_used_bytes == UNKNOWN_COUNT);
    assert_int_equal(rig_rejects(rig, "nvidia.memory_used", "sentinel"), 1);
    assert_true(rig_read(rig, 5)->mem_used_bytes == UNKNOWN_COUNT); /* more than there is */
    assert_int_equal(rig_rejects(rig, "nvidia.memory_used", "range"), 1);
    assert_true(rig->r.accelerators->mem_total_bytes != UNKNOWN_COUNT);
    assert_true(rig_read(rig, 10)->mem_total_bytes == UNKNOWN_COUNT); /* shared with the host */
    assert_true(rig_read(rig, 15)->mem_used_bytes < GIB);
}

static void a_gpu_without_memory_of_its_own_shows_the_hosts(void **state)
{
    static const char *const scenarios[] = {
        "gpu 1 H200\nfault value field=memory_total value=0\n",
        "gpu 1 H200\nfault code call=nvmlDeviceGetMemoryInfo* code=3\n",
    };
    struct rig *rig = *state;

    rig_file(rig, "proc/meminfo",
             "MemTotal:       125000000 kB\nMemFree: 1 kB\nMemAvailable:   100000000 kB\n");
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        rig_open(rig, scenarios[i]);
        const struct accelerator *a = rig_read(rig, 0);
        assert_true(a->mem_total_bytes == (uint64_t)125000000 * 1024);
        assert_true(a->mem_used_bytes == (uint64_t)25000000 * 1024);
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

/* ---- codes ---- */

static void what_is_not_supported_is_not_asked_again_until_the_library_is_opened_anew(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\n"
                  "fault code gpu=0 call=nvmlDeviceGetTemperature code=3 calls=1\n"
                  "fault reload from=8\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_true(isnan(a[0].temperature_c));
    assert_false(isnan(a[1].temperature_c));               /* per device */
    assert_true(isnan(rig_read(rig, 5)[0].temperature_c)); /* although it would answer now */
    assert_false(isnan(rig_read(rig, 10)[0].temperature_c));
}

static void a_passing_failure_costs_one_value_of_one_reading(void **state)
{
    static const int codes[] = {10, 19, 20, 27, 29, 999};
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "gpu 1 H200\nfault code call=nvmlDeviceGetTemperature code=%d calls=1\n",
                 codes[i]);
        rig_open(rig, text);
        assert_true(isnan(rig_read(rig, 0)->temperature_c));
        assert_false(isnan(rig->r.accelerators->power_limit_w));
        assert_false(isnan(rig_read(rig, 5)->temperature_c));
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void older_drivers_are_asked_by_older_calls(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=training memory=10GB\n"
                  "process gpu=0 pid=77 memory=2GB\n"
                  "fault missing call=nvmlDeviceGetMemoryInfo_v2\n"
                  "fault missing call=nvmlDeviceGetComputeRunningProcesses_v3\n"
                  "fault missing call=nvmlDeviceGetSamples\n"
                  "fault missing call=nvmlDeviceGetCurrentClocksEventReasons\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_true(a->mem_used_bytes > 10 * GIB); /* v1 counts what is reserved as used */
    assert_true(a->mem_reserved_bytes == UNKNOWN_COUNT);
    assert_true(a->utilization_ratio > 0);
    assert_int_equal(rig->r.accelerator_process_len, 2);
    assert_int_equal(rig->r.accelerator_processes[0].pid, 77);
    assert_true(rig->r.accelerator_processes[0].mem_used_bytes == 2 * GIB);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(implausible_values_are_withdrawn_and_counted_by_field_and_reason),
        TEST(implausible_memory_is_withdrawn),
        TEST(a_gpu_without_memory_of_its_own_shows_the_hosts),
        TEST(what_is_not_supported_is_not_asked_again_until_the_library_is_opened_anew),
        TEST(a_passing_failure_costs_one_value_of_one_reading),
        TEST(older_drivers_are_asked_by_older_calls),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
