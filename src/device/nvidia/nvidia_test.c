/* Tests of the collector above the simulated library: finding it, who a GPU is, means. */
#include "device/nvidia/nvidia_rig.h"

#include <limits.h>

#define GIB ((uint64_t)1 << 30)

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
            assert_near(a->detail.utilization_now_ratio, i == 2, 0); /* busy at that moment */
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
        assert_true(a->detail.energy_estimated > 0);
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
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
