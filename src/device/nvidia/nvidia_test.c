/* Tests of the collector above the simulated library: values, means, faults, life cycle. */
#include "device/nvidia/nvidia_rig.h"

#include <limits.h>

#define GIB ((uint64_t)1 << 30)

static void assert_near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within))
        fail_msg("%g is not within %g of %g", value, within, wanted);
}

/* ---- finding it ---- */

static void hardware_is_detected_by_library_driver_or_bus_and_absence_is_no_error(void **state)
{
    struct rig *rig = *state;

    assert_true(nvidia_collector.detect(&rig->paths));
    rig->paths.nvml_library = "/nonexistent/libnvidia-ml.so.1";
    assert_false(nvidia_collector.detect(&rig->paths));
    rig->paths.nvml_library = NULL;
    assert_false(nvidia_collector.detect(&rig->paths));
    rig_file(rig, "sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
    rig_file(rig, "sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n");
    rig_file(rig, "sys/bus/pci/devices/0000:3b:00.1/vendor", "0x10de\n");
    rig_file(rig, "sys/bus/pci/devices/0000:3b:00.1/class", "0x040300\n"); /* its sound */
    assert_false(nvidia_collector.detect(&rig->paths));
    rig_pci(rig, "0000:3b:00.0", NULL);
    assert_true(nvidia_collector.detect(&rig->paths));
    assert_int_equal(file_remove_tree(rig->sysfs), 0);
    rig_file(rig, "proc/driver/nvidia/version", "NVRM version: NVIDIA ...  580.95.05  ...\n");
    assert_true(nvidia_collector.detect(&rig->paths));
}

static void a_library_that_cannot_be_loaded_says_why(void **state)
{
    struct rig *rig = *state;

    rig->paths.nvml_library = "/nonexistent/libnvidia-ml.so.1";
    assert_int_equal(nvidia_collector.open(&rig->paths, &rig->state, &rig->err), -ENOENT);
    assert_non_null(strstr(rig->err.text, "/nonexistent/libnvidia-ml.so.1"));
    rig->paths.nvml_library = RIG_LIBRARY;
    assert_int_equal(rig_try_open(rig, "gpu 1 H200\nfault code call=nvmlInit* code=9"), -ENXIO);
    assert_non_null(strstr(rig->err.text, "driver not loaded"));
}

static void a_library_that_is_no_nvml_is_refused(void **state)
{
    struct rig *rig = *state;

    rig->paths.nvml_library = "libm.so.6";
    assert_int_equal(nvidia_collector.open(&rig->paths, &rig->state, &rig->err), -ENOSYS);
    assert_non_null(strstr(rig->err.text, "libm.so.6 is no NVML"));
}

static void the_library_is_found_where_the_windows_subsystem_keeps_it(void **state)
{
    struct rig *rig = *state;
    char path[256];

    if (dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL))
        skip(); /* this machine has the real one */
    rig_file(rig, "usr/lib/wsl/lib/README", "");
    snprintf(path, sizeof(path), "%s/usr/lib/wsl/lib/libnvidia-ml.so.1", rig->root);
    assert_int_equal(symlink(RIG_LIBRARY, path), 0);
    rig->paths.nvml_library = NULL;
    assert_true(nvidia_collector.detect(&rig->paths));
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    assert_string_equal(rig_read(rig, 1)->name, "NVIDIA GeForce RTX 3060");
}

static void a_driver_without_gpus_is_asked_again_later(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(rig_try_open(rig, "seed 1\n"), -ENODEV);
    assert_string_equal(rig->err.text, "the driver shows no GPU");
}

/* ---- what it says ---- */

static void a_gpu_tells_who_it_is_and_what_it_does(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "driver 580.95.05\ncuda 13.0\n"
                  "gpu 1 \"NVIDIA H100 80GB HBM3\" profile=constant high=0.5 memory=40GB numa=1\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_len, 1);
    assert_string_equal(a->platform, "nvidia");
    assert_string_equal(a->name, "NVIDIA H100 80GB HBM3");
    assert_string_equal(a->pci_bus_id, "0000:17:00.0");
    assert_string_equal(a->architecture, "Hopper");
    assert_string_equal(a->compute_capability, "9.0");
    assert_int_equal(strncmp(a->uuid, "GPU-", 4), 0);
    assert_int_equal(strlen(a->uuid), 40);
    assert_int_equal(a->state, ACCELERATOR_OK);
    assert_int_equal(a->minor, 0);
    assert_near(a->utilization_ratio, 0.5, 0.001);
    assert_near(a->utilization_max_ratio, 0.5, 0.001);
    assert_in_range(a->mem_used_bytes, 40 * GIB, 40 * GIB);
    assert_in_range(a->mem_total_bytes, 81559 * (GIB / 1024), 81559 * (GIB / 1024));
    assert_true(a->mem_total_bytes ==
                a->mem_used_bytes + a->mem_free_bytes + a->mem_reserved_bytes);
    assert_true(a->temperature_c > 30 && a->temperature_c < 90);
    assert_true(a->memory_temperature_c > a->temperature_c);
    assert_near(a->temperature_slowdown_c, 89, 0);
    assert_near(a->temperature_shutdown_c, 92, 0);
    assert_near(a->temperature_max_operating_c, 87, 0);
    assert_near(a->power_limit_w, 700, 0);
    assert_near(a->power_limit_min_w, 200, 0);
    assert_near(a->clock_graphics_max_mhz, 1980, 0);
    assert_near(a->clock_memory_mhz, 2619, 0);
    assert_near(a->pstate, 0, 0);
    assert_near(a->ecc_mode, 1, 0);
    assert_near(a->ecc_uncorrected_total, 0, 0);
    assert_near(a->persistence_mode, 1, 0);
    assert_near(a->pcie_generation, 5, 0);
    assert_near(a->pcie_width_max, 16, 0);
    assert_near(a->numa_node, 1, 0);
    assert_near(a->mig_mode, 0, 0);
    assert_true(isnan(a->fan_ratio) && isnan(a->fan_rpm)); /* a board without fans */
    assert_int_equal(rig->r.platform_len, 1);
    assert_string_equal(rig->r.platforms[0].driver_version, "580.95.05");
    assert_string_equal(rig->r.platforms[0].library_version, "13.580.95.05");
    assert_string_equal(rig->r.platforms[0].runtime_version, "13.0");
    assert_string_equal(rig->r.platforms[0].runtime_name, "CUDA");
    assert_int_equal(rig->r.reject_len, 0);
}

static void what_a_board_lacks_is_unknown_and_never_zero(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    const struct accelerator *a = rig_read(rig, 0);
    assert_string_equal(a->serial, "");
    assert_true(isnan(a->memory_temperature_c));
    assert_true(isnan(a->ecc_mode) && isnan(a->ecc_corrected_total));
    assert_true(isnan(a->mig_mode) && isnan(a->numa_node));
    assert_near(a->fan_ratio, 0, 0.5); /* it has fans: at rest they may stand still */
    assert_near(a->utilization_ratio, 0, 0);
}

static void sixteen_gpus_keep_the_order_of_the_bus(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 16 \"A100-SXM4-80GB\" profile=training\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 16);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(a[i].index, i);
    for (unsigned i = 1; i < 16; i++)
        assert_true(strcmp(a[i - 1].pci_bus_id, a[i].pci_bus_id) < 0);
    assert_string_equal(a[15].pci_bus_id, "0001:db:00.0");
}

/* ---- means ---- */

static void means_over_an_interval_equal_the_duty_cycle_and_the_peak_is_seen(void **state)
{
    static const struct {
        const char *scenario;
        double mean;
    } cases[] = {
        {"gpu 1 H200 profile=square period=2 duty=0.25\n", 0.25},
        {"gpu 1 H200 profile=square period=6 duty=0.1\n", 0.1},
        {"gpu 1 H200 profile=square period=3 duty=0.5\nfault samples-unordered", 0.5},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        rig_open(rig, cases[i].scenario);
        for (int k = 0; k < 5; k++) {
            const struct accelerator *a = rig_read(rig, 0.9 + 6 * k);
            if (k == 0)
                continue; /* the first covers one second only */
            assert_near(a->utilization_ratio, cases[i].mean, 0.03);
            assert_near(a->utilization_max_ratio, 1, 0);
            assert_near(a->memory_utilization_ratio, cases[i].mean * 0.6,
                        cases[i].mean * 0.2 + 0.02);
        }
        nvidia_collector.close(rig->state);
        rig->state = NULL;
    }
}

static void power_is_the_integral_of_the_energy_counter_with_the_peak_beside_it(void **state)
{
    struct rig *rig = *state;
    double idle, busy;

    rig_open(rig, "gpu 1 H200\n");
    rig_read(rig, 0);
    idle = rig_read(rig, 6)->power_w;
    nvidia_collector.close(rig->state);
    rig_open(rig, "gpu 1 H200 profile=constant\n");
    rig_read(rig, 0);
    busy = rig_read(rig, 6)->power_w;
    nvidia_collector.close(rig->state);
    rig_open(rig, "gpu 1 H200 profile=square period=6 duty=0.5\n");
    double before = rig_read(rig, 0)->energy_j_total;
    const struct accelerator *a = rig_read(rig, 6);
    assert_near(a->power_w, (idle + busy) / 2, 15);
    assert_near((a->energy_j_total - before) / 6, a->power_w, 0.01);
    assert_near(a->power_max_w, busy, 20);
}

static void without_an_energy_counter_power_is_the_mean_of_its_samples(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=12 duty=0.5\n"
                  "fault missing call=nvmlDeviceGetTotalEnergyConsumption\n");
    rig_read(rig, 0);
    const struct accelerator *a = rig_read(rig, 12);
    assert_near(a->power_w, (76 + 672) / 2.0, 15); /* a board at rest and at work */
    assert_near(a->power_max_w, 672, 20);
}

static void an_energy_counter_that_begins_again_makes_no_false_power(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant\nfault energy-restart from=12\n");
    double watts = 0;
    for (int k = 0; k < 6; k++) {
        const struct accelerator *a = rig_read(rig, 5 * k);
        if (k == 2)
            assert_true(a->energy_j_total > 1e6);
        if (k == 3)
            assert_true(a->energy_j_total < 1e5);
        assert_true(a->power_w > 500 && a->power_w < 701);
        watts = a->power_w;
    }
    assert_true(watts > 0);
}

static void without_samples_the_one_shot_call_answers(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.7\nfault samples-empty until=20\n"
                  "fault code call=nvmlDeviceGetTotalEnergyConsumption code=3\n");
    for (int k = 0; k < 3; k++) {
        const struct accelerator *a = rig_read(rig, 5 * k);
        assert_near(a->utilization_ratio, 0.7, 0.001);
        assert_near(a->utilization_max_ratio, 0.7, 0.001);
        assert_true(a->memory_utilization_ratio > 0.2);
        assert_true(a->power_w > 300 && a->power_max_w >= a->power_w);
        assert_true(isnan(a->energy_j_total));
    }
    assert_near(rig_read(rig, 25)->utilization_ratio, 0.7, 0.001); /* the rings fill again */
}

static void stale_samples_are_withdrawn_and_counted(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.3\nfault samples-stale from=8\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig_rejects(rig, "nvidia.utilization", "stale"), 0);
    assert_near(rig_read(rig, 10)->utilization_ratio, 0.3, 0.001); /* by the one-shot call */
    assert_true(rig_rejects(rig, "nvidia.utilization", "stale") > 0);
}

static void a_clock_set_back_does_not_blind_the_means(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=square period=2 duty=0.25\n");
    rig_read(rig, 3600);
    rig_read(rig, 3606);
    rig_read(rig, 6);
    assert_near(rig_read(rig, 12)->utilization_ratio, 0.25, 0.03);
    assert_near(rig->r.accelerators->utilization_max_ratio, 1, 0);
}

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

/* ---- lost and found ---- */

static void a_lost_gpu_stays_with_its_identity_and_comes_back(void **state)
{
    struct rig *rig = *state;
    char uuid[96];

    rig_open(rig, "gpu 4 H200 profile=training\nfault lost gpu=2 from=10\n");
    snprintf(uuid, sizeof(uuid), "%s", rig_read(rig, 5)[2].uuid);
    for (int k = 10; k < 70; k += 10) {
        const struct accelerator *a = rig_read(rig, k);
        assert_int_equal(rig->r.accelerator_len, 4);
        assert_int_equal(a[2].state, ACCELERATOR_LOST);
        assert_string_equal(a[2].uuid, uuid);
        assert_string_equal(a[2].name, "NVIDIA H200");
        assert_true(isnan(a[2].utilization_ratio) && isnan(a[2].temperature_c));
        assert_true(a[2].mem_used_bytes == UNKNOWN_COUNT);
        assert_int_equal(a[3].state, ACCELERATOR_OK);
        assert_true(a[3].utilization_ratio > 0);
        for (size_t i = 0; i < rig->r.accelerator_process_len; i++)
            assert_int_not_equal(rig->r.accelerator_processes[i].accelerator, 2);
    }
    assert_int_equal(rig->inits(), 1); /* the others are left in peace for a minute */
    rig_read(rig, 80);
    assert_int_equal(rig->inits(), 2);
    assert_int_equal(rig->r.accelerators[2].state, ACCELERATOR_OK);
    assert_string_equal(rig->r.accelerators[2].uuid, uuid);
}

static void a_gpu_that_the_driver_no_longer_counts_keeps_its_number(void **state)
{
    struct rig *rig = *state;
    char last[96];

    rig_open(rig, "gpu 4 H200\nfault lost gpu=1 from=10 back=gone\n");
    snprintf(last, sizeof(last), "%s", rig_read(rig, 5)[3].uuid);
    rig_read(rig, 10);
    rig_read(rig, 15);
    rig_read(rig, 80);
    assert_int_equal(rig->inits(), 2);
    assert_int_equal(rig->r.accelerator_len, 4);
    assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[1].name, "NVIDIA H200");
    assert_string_equal(rig->r.accelerators[3].uuid, last);
    assert_int_equal(rig->r.accelerators[3].index, 3);
    assert_int_equal(rig->r.accelerators[3].state, ACCELERATOR_OK);
}

static void when_all_are_lost_the_library_is_opened_anew_with_growing_patience(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault lost from=4 until=100 back=never\n");
    rig_read(rig, 0);
    for (int k = 5; k < 100; k += 5) {
        rig_read(rig, k);
        assert_int_equal(rig->r.accelerator_len, 2);
        assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
        assert_string_equal(rig->r.accelerators[1].name, "NVIDIA H200");
    }
    assert_in_range(rig->inits(), 4, 8);
    rig_read(rig, 165);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_OK);
    assert_false(isnan(rig->r.accelerators[0].temperature_c));
}

static void a_gpu_lost_from_the_start_keeps_its_slot(void **state)
{
    struct rig *rig = *state;

    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t A\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:3b:00.0/information",
             "Model: \t\t NVIDIA H200\nIRQ:   \t\t 120\nGPU UUID: \t GPU-1-2-3\n"
             "Video BIOS: \t 96.00.a5\nDevice Minor: \t 7\n");
    rig_open(rig, "gpu 2 H200\nfault lost gpu=1 back=never\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_int_equal(a[1].state, ACCELERATOR_LOST);
    assert_string_equal(a[1].pci_bus_id, "0000:3b:00.0"); /* as the driver's files have it */
    assert_string_equal(a[1].name, "NVIDIA H200");
    assert_string_equal(a[1].uuid, "GPU-1-2-3");
    assert_int_equal(a[1].minor, 7);
}

static void gpus_that_may_not_be_opened_keep_their_slot(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 3 H200\nfault code gpu=1 call=nvmlDeviceGetHandleByIndex_v2 code=17\n"
                  "fault code gpu=0 call=nvmlDeviceGetHandleByIndex_v2 code=4\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 3);
    assert_int_equal(a[0].state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(a[1].state, ACCELERATOR_FORBIDDEN);
    assert_int_equal(a[2].state, ACCELERATOR_OK);
    assert_int_equal(a[2].index, 2);
    assert_string_equal(a[2].pci_bus_id, "0000:5d:00.0");
}

static void a_gpu_whose_every_call_fails_is_lost_until_it_answers(void **state)
{
    struct rig *rig = *state;

    /* What a container sees after "systemctl daemon-reload" took its device rights away. */
    rig_open(rig, "gpu 2 H200\nfault code call=nvmlDevice* code=999 from=8 until=18\n");
    rig_read(rig, 5);
    rig_try_read(rig, 10);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[0].name, "NVIDIA H200");
    rig_try_read(rig, 15);
    assert_int_equal(rig->r.accelerators[1].state, ACCELERATOR_LOST);
    assert_int_equal(rig_read(rig, 40)->state, ACCELERATOR_OK);
    assert_false(isnan(rig->r.accelerators[0].temperature_c));
}

static void a_reloaded_driver_is_opened_anew_within_the_reading(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "driver 570.10\ngpu 2 H200 profile=training\n"
                  "fault reload from=8 driver=580.95.05\n");
    rig_read(rig, 0);
    assert_string_equal(rig->r.platforms[0].driver_version, "570.10");
    rig_read(rig, 5);
    const struct accelerator *a = rig_read(rig, 10);
    assert_int_equal(rig->inits(), 2);
    assert_string_equal(rig->r.platforms[0].driver_version, "580.95.05");
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_true(a[1].utilization_ratio > 0);
    assert_true(a[0].power_w > 0 && a[0].power_w < 701); /* although its counter began again */
    rig_read(rig, 15);
    assert_int_equal(rig->inits(), 2);
}

static void a_driver_that_stays_away_is_an_error_with_the_gpus_still_listed(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 2 H200\nfault reload from=8\nfault code call=nvmlInit* code=9 from=8 "
                  "until=100\n");
    rig_read(rig, 5);
    for (int k = 10; k < 100; k += 5) {
        assert_int_not_equal(rig_try_read(rig, k), 0);
        assert_int_equal(rig->r.accelerator_len, 2);
        assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_LOST);
        assert_string_equal(rig->r.accelerators[0].name, "NVIDIA H200");
        assert_string_equal(rig->r.accelerators[1].pci_bus_id, "0000:3b:00.0");
    }
    assert_non_null(strstr(rig->err.text, "NVML"));
    const struct accelerator *a = rig_read(rig, 165);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
}

static void hardware_that_is_gone_altogether_is_said_so(void **state)
{
    struct rig *rig = *state;
    char library[128], scenario[128];
    struct buf bytes;

    /* A library of its own, that really goes away. */
    buf_init(&bytes, 0);
    assert_int_equal(file_read(RIG_LIBRARY, (size_t)64 << 20, &bytes, NULL), 0);
    snprintf(library, sizeof(library), "%s/libnvidia-ml.so.1", rig->root);
    assert_int_equal(file_replace(library, bytes.ptr, bytes.len, NULL), 0);
    buf_fini(&bytes);
    snprintf(scenario, sizeof(scenario), "%s/one.scn", rig->root);
    rig_file(rig, "one.scn", "gpu 1 H200\nfault code call=nvmlDeviceGetTemperature code=9\n");
    assert_int_equal(setenv("ALGALON_NVML_SIM", scenario, 1), 0);
    rig->paths.nvml_library = library;
    assert_int_equal(nvidia_collector.open(&rig->paths, &rig->state, &rig->err), 0);
    assert_int_equal(unlink(library), 0);
    assert_int_equal(rig_try_read(rig, 10), -ENODEV);
    assert_int_equal(rig->r.accelerators[0].state, ACCELERATOR_LOST);
    assert_string_equal(rig->r.accelerators[0].name, "NVIDIA H200");
    assert_int_equal(unsetenv("ALGALON_NVML_SIM"), 0);
}

/* ---- MIG ---- */

static void a_gpu_cut_into_instances_has_no_utilisation_but_all_else(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=training mig=on\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_near(a->mig_mode, 1, 0);
    assert_true(isnan(a->utilization_ratio) && isnan(a->utilization_max_ratio));
    assert_false(isnan(a->power_w) || isnan(a->temperature_c));
    assert_int_equal(rig->r.accelerator_process_len, 1);
    assert_true(isnan(rig->r.accelerator_processes[0].sm_ratio));
}

/* ---- processes ---- */

static const struct accelerator_process *process(const struct rig *rig, int pid)
{
    size_t i = 0;

    while (i < rig->r.accelerator_process_len && rig->r.accelerator_processes[i].pid != pid)
        i++;
    if (i == rig->r.accelerator_process_len)
        fail_msg("pid %d is not listed", pid);
    return &rig->r.accelerator_processes[i];
}

static void processes_are_joined_by_pid_with_their_share_of_the_gpu(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant high=0.8 processes=0\ngpu 1 H200 processes=0\n"
                  "process gpu=0 pid=10 memory=4GB share=0.5 type=B\n"
                  "process gpu=0 pid=11 memory=unknown share=0.25 type=C\n"
                  "process gpu=0 pid=12 memory=1GB share=0 type=G\n"
                  "process gpu=1 pid=10 memory=2GB type=C share=0.5\n"
                  "process gpu=0 pid=13 memory=1GB share=0.1 type=M\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_process_len, 5);
    const struct accelerator_process *p = process(rig, 10);
    assert_int_equal(p->accelerator, 0);
    assert_int_equal(p->type, 'C'); /* in both lists: one process, its memory not added */
    assert_true(p->mem_used_bytes == 4 * GIB);
    assert_near(p->sm_ratio, 0.4, 0.001);
    assert_true(p->mem_ratio > 0.1 && p->mem_ratio < 0.4);
    assert_true(process(rig, 11)->mem_used_bytes == UNKNOWN_COUNT);
    assert_near(process(rig, 11)->sm_ratio, 0.2, 0.001);
    assert_int_equal(process(rig, 12)->type, 'G');
    assert_near(process(rig, 12)->sm_ratio, 0, 0);
    assert_int_equal(process(rig, 13)->type, 'M');
    const struct accelerator_process *other = &rig->r.accelerator_processes[4];
    assert_int_equal(other->accelerator, 1); /* the same pid on another GPU is another row */
    assert_int_equal(other->pid, 10);
    assert_near(other->sm_ratio, 0, 0); /* that GPU rests: "not found" means nobody computed */
}

static void five_hundred_processes_are_listed_also_when_more_come_meanwhile(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant processes=0\n"
                  "process gpu=0 pid=1000 count=500 memory=16MB share=0.002\n"
                  "fault processes-grow value=300\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_int_equal(rig->r.accelerator_process_len, 500);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(rig->r.accelerator_processes[i].pid, 1000 + i);
        assert_true(rig->r.accelerator_processes[i].mem_used_bytes == 16 * GIB / 1024);
    }
}

static void the_layout_of_early_r535_drivers_is_noticed(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 processes=0\nprocess gpu=0 pid=2000 count=7 memory=3GB\n"
                  "fault process-layout-r535\n");
    rig_read(rig, 0);
    assert_int_equal(rig->r.accelerator_process_len, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(rig->r.accelerator_processes[i].pid, 2000 + i);
        assert_true(rig->r.accelerator_processes[i].mem_used_bytes == 3 * GIB);
    }
    assert_int_equal(rig->r.reject_len, 0);
}

static void garbage_shares_of_processes_are_left_out(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 H200 profile=constant processes=1\n"
                  "fault value field=process_utilization value=4000000 from=8\n");
    rig_read(rig, 0);
    rig_read(rig, 5);
    assert_near(rig->r.accelerator_processes[0].sm_ratio, 1, 0.001);
    rig_read(rig, 10);
    assert_true(isnan(rig->r.accelerator_processes[0].sm_ratio));
    assert_true(rig->r.accelerator_processes[0].mem_ratio > 0);
    assert_true(rig_rejects(rig, "nvidia.process_utilization", "range") > 0);
}

/* ---- sleep ---- */

static void sleeping_gpus_are_left_asleep_and_read_when_somebody_wakes_them(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/information",
             "Model: \t NVIDIA GeForce RTX 3060\nGPU UUID: \t GPU-?"
             "?"
             "?"
             "?-?"
             "?\n");
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    for (int k = 0; k < 3; k++) {
        const struct accelerator *a = rig_read(rig, 5 * k);
        assert_int_equal(rig->r.accelerator_len, 1);
        assert_int_equal(a->state, ACCELERATOR_SLEEPING);
        assert_string_equal(a->name, "NVIDIA GeForce RTX 3060");
        assert_string_equal(a->uuid, "");
        assert_true(isnan(a->temperature_c));
    }
    assert_int_equal(rig->inits(), 0);
    rig_power(rig, "0000:17:00.0", "active\n");
    assert_int_equal(rig_read(rig, 15)->state, ACCELERATOR_OK);
    assert_int_equal(rig->inits(), 1);
    assert_false(isnan(rig->r.accelerators->temperature_c));
}

static void gpus_of_other_drivers_are_left_out_asleep_or_not(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "vfio-pci");
    rig_pci(rig, "0000:3b:00.0", "nvidia");
    rig_pci(rig, "0000:5d:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_power(rig, "0000:5d:00.0", "suspended\n");
    rig_open(rig, "gpu 3 \"RTX 3060\"\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_string_equal(a[0].pci_bus_id, "0000:3b:00.0");
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_int_equal(a[1].state, ACCELERATOR_SLEEPING);
}

static void beside_a_sleeping_gpu_the_others_are_read(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_pci(rig, "0000:3b:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "suspended\n");
    rig_power(rig, "0000:3b:00.0", "active\n");
    rig_open(rig, "gpu 2 \"RTX 3060\" profile=constant\n");
    const struct accelerator *a = rig_read(rig, 1);
    assert_int_equal(rig->r.accelerator_len, 2);
    assert_int_equal(a[0].state, ACCELERATOR_SLEEPING);
    assert_int_equal(a[1].state, ACCELERATOR_OK);
    assert_near(a[1].utilization_ratio, 1, 0);
    rig_power(rig, "0000:17:00.0", "active\n");
    a = rig_read(rig, 6);
    assert_int_equal(a[0].state, ACCELERATOR_OK);
    assert_int_equal(a[0].index, 0);
}

static void an_idle_gpu_that_could_sleep_is_let_go_and_taken_back(void **state)
{
    struct rig *rig = *state;

    rig_pci(rig, "0000:17:00.0", "nvidia");
    rig_power(rig, "0000:17:00.0", "active\n");
    rig_file(rig, "proc/driver/nvidia/gpus/0000:17:00.0/power",
             "Runtime D3 status:          Enabled (fine-grained)\nVideo Memory: Active\n");
    rig_open(rig, "gpu 1 \"RTX 3060\"\n");
    for (int k = 0; k <= 300; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_OK);
    assert_int_equal(rig_read(rig, 305)->state, ACCELERATOR_SLEEPING);
    assert_string_equal(rig->r.accelerators->name, "NVIDIA GeForce RTX 3060");
    assert_int_equal(strlen(rig->r.accelerators->uuid), 40);
    rig_power(rig, "0000:17:00.0", "suspended\n");
    assert_int_equal(rig_read(rig, 315)->state, ACCELERATOR_SLEEPING);
    assert_int_equal(rig_read(rig, 900)->state, ACCELERATOR_SLEEPING);
    assert_int_equal(rig->inits(), 1);
    rig_power(rig, "0000:17:00.0", "active\n");
    assert_int_equal(rig_read(rig, 905)->state, ACCELERATOR_OK);
    /* Let go again, but somebody else keeps it awake: then it is read again, and left in peace. */
    for (int k = 910; k <= 1205; k += 5)
        rig_read(rig, k);
    assert_int_equal(rig_read(rig, 1215)->state, ACCELERATOR_SLEEPING);
    for (int k = 1245; k < 2500; k += 5)
        assert_int_equal(rig_read(rig, k)->state, ACCELERATOR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hardware_is_detected_by_library_driver_or_bus_and_absence_is_no_error),
        TEST(a_library_that_cannot_be_loaded_says_why),
        TEST(a_library_that_is_no_nvml_is_refused),
        TEST(the_library_is_found_where_the_windows_subsystem_keeps_it),
        TEST(a_driver_without_gpus_is_asked_again_later),
        TEST(a_gpu_tells_who_it_is_and_what_it_does),
        TEST(what_a_board_lacks_is_unknown_and_never_zero),
        TEST(sixteen_gpus_keep_the_order_of_the_bus),
        TEST(means_over_an_interval_equal_the_duty_cycle_and_the_peak_is_seen),
        TEST(power_is_the_integral_of_the_energy_counter_with_the_peak_beside_it),
        TEST(without_an_energy_counter_power_is_the_mean_of_its_samples),
        TEST(an_energy_counter_that_begins_again_makes_no_false_power),
        TEST(without_samples_the_one_shot_call_answers),
        TEST(stale_samples_are_withdrawn_and_counted),
        TEST(a_clock_set_back_does_not_blind_the_means),
        TEST(implausible_values_are_withdrawn_and_counted_by_field_and_reason),
        TEST(implausible_memory_is_withdrawn),
        TEST(a_gpu_without_memory_of_its_own_shows_the_hosts),
        TEST(what_is_not_supported_is_not_asked_again_until_the_library_is_opened_anew),
        TEST(a_passing_failure_costs_one_value_of_one_reading),
        TEST(older_drivers_are_asked_by_older_calls),
        TEST(a_lost_gpu_stays_with_its_identity_and_comes_back),
        TEST(a_gpu_that_the_driver_no_longer_counts_keeps_its_number),
        TEST(when_all_are_lost_the_library_is_opened_anew_with_growing_patience),
        TEST(a_gpu_lost_from_the_start_keeps_its_slot),
        TEST(gpus_that_may_not_be_opened_keep_their_slot),
        TEST(a_gpu_whose_every_call_fails_is_lost_until_it_answers),
        TEST(a_reloaded_driver_is_opened_anew_within_the_reading),
        TEST(a_driver_that_stays_away_is_an_error_with_the_gpus_still_listed),
        TEST(hardware_that_is_gone_altogether_is_said_so),
        TEST(a_gpu_cut_into_instances_has_no_utilisation_but_all_else),
        TEST(processes_are_joined_by_pid_with_their_share_of_the_gpu),
        TEST(five_hundred_processes_are_listed_also_when_more_come_meanwhile),
        TEST(the_layout_of_early_r535_drivers_is_noticed),
        TEST(garbage_shares_of_processes_are_left_out),
        TEST(sleeping_gpus_are_left_asleep_and_read_when_somebody_wakes_them),
        TEST(gpus_of_other_drivers_are_left_out_asleep_or_not),
        TEST(beside_a_sleeping_gpu_the_others_are_read),
        TEST(an_idle_gpu_that_could_sleep_is_let_go_and_taken_back),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
