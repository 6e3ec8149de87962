/* nvidia_unified_test.c - GPUs that share memory with the CPU: as one pool (GB10, Thor), or as a
 * node of the machine's with memory of their own (Grace). */
#include "device/nvidia/nvidia_rig.h"

#define GIB ((uint64_t)1 << 30)

static void put_meminfo(struct rig *rig)
{
    rig_file(rig, "proc/meminfo",
             "MemTotal:       125000000 kB\nMemFree: 1 kB\nMemAvailable:   100000000 kB\n");
}

static void spark_shows_the_hosts_memory_as_shared_and_no_link(void **state)
{
    struct rig *rig = *state;

    put_meminfo(rig);
    rig_open(rig, "gpu 1 \"NVIDIA GB10\" profile=constant high=0.5\n");
    const struct accelerator *a = rig_read(rig, 5);
    assert_true(a->mem_shared > 0);
    assert_int_equal(a->mem_total_bytes, UINT64_C(125000000) * 1024);
    assert_int_equal(a->mem_used_bytes, UINT64_C(25000000) * 1024);
    assert_int_equal(a->mem_free_bytes, UINT64_C(100000000) * 1024);
    assert_int_equal(a->mem_reserved_bytes, UNKNOWN_COUNT);
    assert_true(isnan(a->pcie_generation) && isnan(a->pcie_generation_max));
    assert_true(isnan(a->pcie_width) && isnan(a->pcie_width_max));
    assert_false(isnan(a->utilization_ratio)); /* all else as of any GPU */
    assert_false(isnan(a->power_w));
    assert_int_equal(rig->r.accelerator_process_len, 1);
    assert_true(rig->r.accelerator_processes[0].mem_used_bytes > GIB);
}

static void a_shared_memory_that_cannot_be_read_is_unknown_of_either_kind(void **state)
{
    struct rig *rig = *state;

    rig_open(rig, "gpu 1 \"NVIDIA GB10\"\n");
    const struct accelerator *a = rig_read(rig, 5);
    assert_true(isnan(a->mem_shared));
    assert_int_equal(a->mem_total_bytes, UNKNOWN_COUNT);
}

static void grace_has_memory_of_its_own_that_is_a_node(void **state)
{
    struct rig *rig = *state;

    put_meminfo(rig);
    rig_open(rig, "gpu 1 \"NVIDIA GH200 480GB\" profile=training numa=1\n");
    const struct accelerator *a = rig_read(rig, 5);
    assert_false(a->mem_shared > 0);
    assert_false(isnan(a->mem_shared));
    assert_int_equal(a->mem_total_bytes, UINT64_C(97871) << 20);
    assert_true(a->numa_node > 0 && a->numa_node < 2);
    assert_true(a->detail.c2c_links > 4 && a->detail.c2c_links < 6);
    assert_false(isnan(a->pcie_generation));
}

/* L4T 38: /proc/driver/nvidia is there, and sysfs has what NVML lacks. */
static void put_thor(struct rig *rig)
{
    put_meminfo(rig);
    rig_file(rig, "etc/nv_tegra_release", "# R38 (release), REVISION: 2.0, GCID: 1\n");
    rig_file(rig, "proc/driver/nvidia/version", "NVRM version: 580.00\n");
    rig_file(rig, "sys/class/devfreq/gpu-gpc-0/cur_freq", "1386000000\n");
    rig_file(rig, "sys/class/devfreq/gpu-gpc-0/device/load", "250\n");
    rig_file(rig, "sys/class/thermal/thermal_zone0/type", "gpu-thermal\n");
    rig_file(rig, "sys/class/thermal/thermal_zone0/temp", "46250\n");
    rig_file(rig, "sys/class/hwmon/hwmon0/name", "pwmfan\n");
    rig_file(rig, "sys/class/hwmon/hwmon0/pwm1", "51\n");
}

static void what_nvml_does_not_tell_of_thor_comes_from_sysfs(void **state)
{
    struct rig *rig = *state;

    put_thor(rig);
    rig_open(rig, "gpu 1 \"NVIDIA Thor\" profile=constant high=0.75\n"
                  "fault code call=nvmlDeviceGetUtilizationRates code=3\n"
                  "fault code call=nvmlDeviceGetSamples code=3\n"
                  "fault code call=nvmlDeviceGetTemperature* code=3\n");
    const struct accelerator *a = rig_read(rig, 5);
    assert_true(a->mem_shared > 0);
    assert_true(fabs(a->utilization_ratio - 0.25) < 1e-9);
    assert_true(fabs(a->temperature_c - 46.25) < 1e-9);
    assert_true(fabs(a->fan_ratio - 0.2) < 1e-9);
    assert_true(a->power_w > 5); /* NVML's */
}

static void what_nvml_tells_of_thor_stands(void **state)
{
    struct rig *rig = *state;

    put_thor(rig);
    rig_open(rig, "gpu 1 \"NVIDIA Thor\" profile=constant high=0.75\n");
    const struct accelerator *a = rig_read(rig, 5);
    assert_true(a->utilization_ratio > 0.6);
    assert_true(a->clock_graphics_mhz > 1386);
}

static void the_stub_of_orin_is_left_alone(void **state)
{
    struct rig *rig = *state;

    rig->paths.nvml_library = NULL;
    rig_file(rig, "proc/driver/nvidia/version", "NVRM version: 540.4.0\n");
    assert_true(nvidia_collector.detect(&rig->paths));
    rig_file(rig, "sys/class/devfreq/17000000.ga10b/device/load", "250\n");
    assert_false(nvidia_collector.detect(&rig->paths));
    struct finding *list = NULL;
    size_t len = 0;
    nvidia_diagnose(&rig->paths, &rig->arena, &list, &len);
    assert_int_equal(len, 0);               /* the board's collector speaks of its GPU */
    rig_pci(rig, "0005:09:00.0", "nvidia"); /* a card in its slot, as of IGX Orin */
    assert_true(nvidia_collector.detect(&rig->paths));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spark_shows_the_hosts_memory_as_shared_and_no_link),
        TEST(a_shared_memory_that_cannot_be_read_is_unknown_of_either_kind),
        TEST(grace_has_memory_of_its_own_that_is_a_node),
        TEST(what_nvml_does_not_tell_of_thor_comes_from_sysfs),
        TEST(what_nvml_tells_of_thor_stands),
        TEST(the_stub_of_orin_is_left_alone),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
