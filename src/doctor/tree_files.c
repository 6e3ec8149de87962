/* tree_files.c - what the collectors of device/ read, place by place. A collector that comes to
 * read another file has it listed here too; tests/integration/bundle.test.mjs replays every
 * recorded machine and misses the metrics of a file that was forgotten. */
#include "doctor/tree.h"

#include <stdlib.h>
#include <unistd.h>

#define PROCESSES_MAX 300  /* beside those on a GPU; three files each */
#define OPEN_MAX      4096 /* of one process's open files are looked at */

struct pattern {
    enum tree_place place;
    enum tree_kind kind;
    const char *path; /* "!": reading it would wake a device that sleeps */
};

/* Links stand before what lies behind them. */
static const struct pattern patterns[] = {
    {TREE_PROC, TREE_FILE, "stat"},
    {TREE_PROC, TREE_FILE, "loadavg"},
    {TREE_PROC, TREE_FILE, "uptime"},
    {TREE_PROC, TREE_FILE, "meminfo"},
    {TREE_PROC, TREE_FILE, "cpuinfo"},
    {TREE_PROC, TREE_FILE, "sys/kernel/osrelease"},
    {TREE_PROC, TREE_FILE, "xen/capabilities"},
    {TREE_PROC, TREE_FILE, "device-tree/model"},
    {TREE_PROC, TREE_FILE, "device-tree/compatible"},
    {TREE_PROC, TREE_FILE, "spl/kstat/zfs/arcstats"},
    {TREE_PROC, TREE_FILE, "self/cgroup"},
    {TREE_PROC, TREE_FILE, "self/mountinfo"},
    {TREE_PROC, TREE_FILE, "self/auxv"},
    {TREE_PROC, TREE_FILE, "1/mountinfo"},
    {TREE_PROC, TREE_FILE, "driver/nvidia/version"},
    {TREE_PROC, TREE_FILE, "driver/nvidia/gpus/*/information"},
    {TREE_PROC, TREE_FILE, "driver/nvidia/gpus/*/power"},
    {TREE_PROC, TREE_FILE, "driver/nvidia/gpus/*/numa_status"},
    {TREE_PROC, TREE_FILE, "driver/tenstorrent/*/pids"},

    {TREE_SYS, TREE_FILE, "class/dmi/id/sys_vendor"},
    {TREE_SYS, TREE_FILE, "class/dmi/id/product_name"},
    {TREE_SYS, TREE_FILE, "class/dmi/id/product_version"},
    {TREE_SYS, TREE_FILE, "class/dmi/id/board_name"},
    {TREE_SYS, TREE_FILE, "class/dmi/id/bios_version"},
    {TREE_SYS, TREE_FILE, "hypervisor/type"},
    {TREE_SYS, TREE_FILE, "devices/system/clocksource/clocksource0/available_clocksource"},
    {TREE_SYS, TREE_FILE, "devices/cpu_core/cpus"},
    {TREE_SYS, TREE_FILE, "devices/cpu_atom/cpus"},
    {TREE_SYS, TREE_FILE, "devices/cpu_lowpower/cpus"},
    {TREE_SYS, TREE_FILE, "devices/system/node/online"},
    {TREE_SYS, TREE_FILE, "devices/system/node/node*/cpulist"},
    {TREE_SYS, TREE_FILE, "devices/system/node/node*/meminfo"},
    {TREE_SYS, TREE_FILE, "kernel/mm/hugepages/hugepages-*/nr_hugepages"},
    {TREE_SYS, TREE_FILE, "kernel/mm/hugepages/hugepages-*/free_hugepages"},
    {TREE_SYS, TREE_FILE, "class/powercap/*/name"},
    {TREE_SYS, TREE_FILE, "class/powercap/*/max_energy_range_uj"},
    {TREE_SYS, TREE_FILE, "class/powercap/*/energy_uj"},
    {TREE_SYS, TREE_NAME, "bus/pci/drivers/nvidia/*:*:*.*"},
    {TREE_SYS, TREE_LINK, "class/hwmon/hwmon*/device"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/name"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/temp*_label"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/temp*_input"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/fan*_label"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/fan*_input"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/power1_average"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/power1_input"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/pwm1"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/rpm"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/device/power1_average"},
    {TREE_SYS, TREE_FILE, "!class/hwmon/hwmon*/device/power1_oem_info"},
    {TREE_SYS, TREE_FILE, "class/thermal/thermal_zone*/type"},
    {TREE_SYS, TREE_FILE, "class/thermal/thermal_zone*/temp"},

    {TREE_SYS, TREE_FILE, "devices/soc0/soc_id"},
    {TREE_SYS, TREE_FILE, "devices/soc0/family"},
    {TREE_SYS, TREE_FILE, "devices/pwm-fan/target_pwm"},
    {TREE_SYS, TREE_FILE, "devices/pwm-fan/rpm_measured"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/cur_freq"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/max_freq"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/available_frequencies"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/device/load"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/device/of_node/name"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/device/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "devices/platform/*.*/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "devices/platform/*host1x*/*/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "devices/platform/bus@*/*/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "devices/platform/bus@*/*host1x*/*/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "kernel/debug/clk/*/clk_rate"},
    {TREE_SYS, TREE_FILE, "kernel/debug/clk/*/clk_enable_count"},
    {TREE_SYS, TREE_FILE, "kernel/debug/bpmp/debug/clk/emc/rate"},
    {TREE_SYS, TREE_FILE, "kernel/debug/cactmon/mc_all"},
    {TREE_SYS, TREE_FILE, "kernel/actmon_avg_activity/mc_all"},
    {TREE_SYS, TREE_FILE, "kernel/debug/nvmap/iovmm/clients"},
    {TREE_SYS, TREE_FILE, "kernel/debug/nvmap/iovmm/maps"},
    {TREE_SYS, TREE_FILE, "bus/i2c/drivers/ina3221*/*/hwmon/hwmon*/name"},
    {TREE_SYS, TREE_FILE, "bus/i2c/drivers/ina3221*/*/hwmon/hwmon*/in*_label"},
    {TREE_SYS, TREE_FILE, "bus/i2c/drivers/ina3221*/*/hwmon/hwmon*/in*_input"},
    {TREE_SYS, TREE_FILE, "bus/i2c/drivers/ina3221*/*/hwmon/hwmon*/curr*_input"},
    {TREE_SYS, TREE_FILE, "bus/i2c/drivers/ina3221*/*/iio:device*/rail_name_*"},
    {TREE_SYS, TREE_FILE, "bus/i2c/drivers/ina3221*/*/iio:device*/in_*_input"},

    {TREE_SYS, TREE_FILE, "module/amdgpu/version"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/vendor"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/device"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/revision"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/uevent"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/numa_node"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/drm/renderD*/dev"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/drm/card*/dev"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/resource"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/sriov_numvfs"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/physfn/uevent"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/gt_*_freq_mhz"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/gt/gt*/rps_*_freq_mhz"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/gt/gt*/throttle_reason_*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/gt/gt*/rc6_residency_ms"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/power/rc6_residency_ms"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/tile*/gt*/freq0/*_freq"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/tile*/gt*/freq0/throttle/*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/tile*/gt*/gtidle/idle_residency_ms"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/unique_id"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/serial_number"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/product_*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/vbios_version"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/mem_*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/gpu_busy_percent"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/gpu_metrics"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/pp_dpm_?clk"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/pcie_replay_count"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/*_link_*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/current_*_partition"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/ras/*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/name"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/*_label"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/*_input"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/temp*_crit"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/temp*_emergency"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/power1_*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/power2_*"},
    {TREE_SYS, TREE_FILE, "!class/drm/card*/device/hwmon/hwmon*/pwm1*"},
    {TREE_SYS, TREE_FILE, "bus/event_source/devices/i915*/type"},
    {TREE_SYS, TREE_FILE, "bus/event_source/devices/i915*/cpumask"},
    {TREE_SYS, TREE_FILE, "bus/event_source/devices/i915*/events/*-busy"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/profiling"},
    {TREE_SYS, TREE_FILE, "class/drm/card*/device/devfreq/*/cur_freq"},
    {TREE_SYS, TREE_FILE, "class/devfreq/*/load"},
    {TREE_SYS, TREE_FILE, "kernel/debug/rknpu/load"},
    {TREE_SYS, TREE_FILE, "class/tenstorrent/tenstorrent!*/device/uevent"},
    {TREE_SYS, TREE_FILE, "class/tenstorrent/tenstorrent!*/device/vendor"},
    {TREE_SYS, TREE_FILE, "class/tenstorrent/tenstorrent!*/device/device"},
    {TREE_SYS, TREE_FILE, "class/tenstorrent/tenstorrent!*/device/revision"},
    {TREE_SYS, TREE_FILE, "class/tenstorrent/tenstorrent!*/device/numa_node"},
    {TREE_SYS, TREE_FILE, "class/tenstorrent/tenstorrent!*/device/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/uevent"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/vendor"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/device"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/revision"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/numa_node"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/accel/accel*/dev"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/npu_*"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/freq/current_freq"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/freq/hw_max_freq"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/vbnv"},
    {TREE_SYS, TREE_FILE, "class/accel/accel*/device/fw_version"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/ce_count"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/ue_*count"},
    {TREE_SYS, TREE_FILE, "class/habanalabs/hl*/device/uevent"},
    {TREE_SYS, TREE_FILE, "class/habanalabs/hl*/device/vendor"},
    {TREE_SYS, TREE_FILE, "class/habanalabs/hl*/device/device"},
    {TREE_SYS, TREE_FILE, "class/habanalabs/hl*/device/revision"},
    {TREE_SYS, TREE_FILE, "class/habanalabs/hl*/device/numa_node"},
    {TREE_SYS, TREE_FILE, "class/habanalabs/hl*/device/power/runtime_status"},
    {TREE_SYS, TREE_FILE, "!class/tenstorrent/tenstorrent!*/tt_*"},
    {TREE_SYS, TREE_FILE, "!class/tenstorrent/tenstorrent!*/pcie_perf_counters/*"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/status"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/device_type"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/clk_*_freq_mhz"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/max_power"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/*_reset_cnt"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/module_id"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/cpucp_ver"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/status"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/device_type"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/clk_*_freq_mhz"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/max_power"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/*_reset_cnt"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/module_id"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/cpucp_ver"},
    {TREE_SYS, TREE_FILE, "!class/tenstorrent/tenstorrent!*/device/hwmon/hwmon*/name"},
    {TREE_SYS, TREE_FILE, "!class/tenstorrent/tenstorrent!*/device/hwmon/hwmon*/*_input"},
    {TREE_SYS, TREE_FILE, "!class/tenstorrent/tenstorrent!*/device/hwmon/hwmon*/*_max"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/hwmon/hwmon*/name"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/hwmon/hwmon*/*_input"},
    {TREE_SYS, TREE_FILE, "!class/accel/accel*/device/hwmon/hwmon*/*_max"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/device/hwmon/hwmon*/name"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/device/hwmon/hwmon*/*_input"},
    {TREE_SYS, TREE_FILE, "!class/habanalabs/hl*/device/hwmon/hwmon*/*_max"},
    {TREE_SYS, TREE_NAME, "bus/pci/drivers/rebellions"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/platform_type"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/busname"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/device_type"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/device_uuid"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/device_sn"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/fw_version"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/version"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/alive"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/device_state"},
    {TREE_SYS, TREE_FILE, "class/npu_mgmt/npu*_mgmt/heartbeat"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/platform_type"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/busname"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/device_type"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/device_uuid"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/device_sn"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/fw_version"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/version"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/alive"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/device_state"},
    {TREE_SYS, TREE_FILE, "class/rngd_mgmt/rngd!npu*mgmt/heartbeat"},
    {TREE_SYS, TREE_FILE, "module/tenstorrent/version"},
    {TREE_SYS, TREE_FILE, "module/habanalabs/version"},
    {TREE_SYS, TREE_FILE, "class/kfd/kfd/topology/nodes/*/gpu_id"},
    {TREE_SYS, TREE_FILE, "class/kfd/kfd/topology/nodes/*/properties"},
    {TREE_SYS, TREE_FILE, "class/kfd/kfd/proc/*/vram_*"},
    {TREE_SYS, TREE_FILE, "class/kfd/kfd/proc/*/stats_*/cu_occupancy"},

    {TREE_ROOT, TREE_FILE, "etc/passwd"},
    {TREE_ROOT, TREE_FILE, "etc/nv_tegra_release"},
    {TREE_ROOT, TREE_FILE, "etc/nvpmodel.conf"},
    {TREE_ROOT, TREE_FILE, "var/lib/nvpmodel/status"},
    {TREE_ROOT, TREE_FILE, "usr/local/cuda/version.json"},
    {TREE_ROOT, TREE_FILE, "run/systemd/container"},
    {TREE_ROOT, TREE_FILE, "opt/rocm/.info/version"},
    {TREE_ROOT, TREE_FILE, "usr/share/libdrm/amdgpu.ids"},
    {TREE_ROOT, TREE_NAME, "run/.containerenv"},
    {TREE_ROOT, TREE_NAME, ".dockerenv"},
    {TREE_ROOT, TREE_NAME, "dev/nvidiactl"},
    {TREE_ROOT, TREE_NAME, "dev/rbln0"},
    {TREE_ROOT, TREE_NAME, "var/log/pods/*"},
    {TREE_ROOT, TREE_NAME, "var/log/containers/*"},
};

/* Many on large machines, so behind all else. */
static const struct pattern cpus[] = {
    {TREE_SYS, TREE_FILE, "devices/system/cpu/cpu*/topology/physical_package_id"},
    {TREE_SYS, TREE_FILE, "devices/system/cpu/cpu*/topology/core_id"},
    {TREE_SYS, TREE_FILE, "devices/system/cpu/cpu*/topology/die_id"},
    {TREE_SYS, TREE_LINK, "devices/system/cpu/cpu*/cpufreq"},
    {TREE_SYS, TREE_FILE, "devices/system/cpu/cpufreq/policy*/cpuinfo_avg_freq"},
    {TREE_SYS, TREE_FILE, "devices/system/cpu/cpufreq/policy*/scaling_cur_freq"},
    {TREE_SYS, TREE_FILE, "devices/system/cpu/cpu*/cpu_capacity"},
};

static void match_all(struct tree_job *job, const struct pattern *list, size_t len)
{
    for (size_t i = 0; i < len; i++)
        tree_match(job, list[i].place, list[i].kind, list[i].path);
}

/* Displays (class 03), processing accelerators (12) and co-processors (0b) of the PCI bus, and the
 * bridges (0604) above them. */
static void collect_pci(struct tree_job *job)
{
    static const char *const files[] = {"vendor",
                                        "device",
                                        "subsystem_device",
                                        "revision",
                                        "class",
                                        "numa_node",
                                        "power/runtime_status",
                                        "secondary_bus_number",
                                        "current_link_speed",
                                        "current_link_width",
                                        "max_link_speed",
                                        "max_link_width"};
    static const char *const sensors[] = {"name", "temp1_input", "temp2_input", "power1_average"};
    enum {
        ALWAYS = 8 /* the rest asks the hardware */
    };
    char path[TREE_PATH_MAX];
    size_t len;

    snprintf(path, sizeof(path), "%s/bus/pci/devices", tree_root(job, TREE_SYS));
    char **names = tree_list(job, path, &len);
    for (size_t i = 0; i < len; i++) {
        char text[32];
        snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/class", tree_root(job, TREE_SYS),
                 names[i]);
        struct str class = file_read_small(path, text, sizeof(text)) > 0 ? str_of(text) : STR("");
        if (!str_starts(class, STR("0x03")) && !str_starts(class, STR("0x12")) &&
            !str_starts(class, STR("0x0b")) && !str_starts(class, STR("0x0604")))
            continue;
        snprintf(path, sizeof(path), "bus/pci/devices/%s/driver", names[i]);
        tree_match(job, TREE_SYS, TREE_LINK, path);
        snprintf(path, sizeof(path), "bus/pci/devices/%s/iommu_group", names[i]);
        tree_match(job, TREE_SYS, TREE_LINK, path);
        snprintf(path, sizeof(path), "bus/pci/devices/%s/accel/accel*", names[i]);
        tree_match(job, TREE_SYS, TREE_NAME, path);
        snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/power/runtime_status",
                 tree_root(job, TREE_SYS), names[i]);
        snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/power/runtime_status",
                 tree_root(job, TREE_SYS), names[i]);
        bool sleeps = file_read_small(path, text, sizeof(text)) > 0 &&
                      str_starts(str_of(text), STR("suspend"));
        for (size_t k = 0; k < (sleeps ? (size_t)ALWAYS : ARRAY_LEN(files)); k++) {
            snprintf(path, sizeof(path), "bus/pci/devices/%s/%s", names[i], files[k]);
            tree_match(job, TREE_SYS, TREE_FILE, path);
        }
        for (size_t k = 0; k < (sleeps ? 0 : ARRAY_LEN(sensors)); k++) {
            snprintf(path, sizeof(path), "bus/pci/devices/%s/hwmon/hwmon*/%s", names[i],
                     sensors[k]);
            tree_match(job, TREE_SYS, TREE_FILE, path);
        }
    }
    tree_list_free(names, len);
}

/* ---- names of devices: of a list of 1.5 MB the lines of those that are there ---- */

#define DEVICES_MAX 64
#define NAMES_BYTES ((size_t)8 << 20)

struct numbers {
    char vendor[8], device[8]; /* "10de", "1c82" */
};

static bool read_number(struct tree_job *job, const char *folder, const char *name,
                        const char *file, char to[8])
{
    char path[TREE_PATH_MAX], text[32];

    snprintf(path, sizeof(path), "%s/%s/%s/device/%s", tree_root(job, TREE_SYS), folder, name,
             file);
    if (!tree_step(job, path) || file_read_small(path, text, sizeof(text)) < 6 ||
        strncmp(text, "0x", 2) != 0)
        return false;
    str_copy(to, 5, str_make(text + 2, 4));
    return true;
}

static size_t list_numbers(struct tree_job *job, struct numbers to[DEVICES_MAX])
{
    static const char *const folders[] = {"class/drm", "class/accel"};
    char path[TREE_PATH_MAX];
    size_t found = 0, len;

    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", tree_root(job, TREE_SYS), folders[i]);
        char **names = tree_list(job, path, &len);
        for (size_t k = 0; k < len && found < DEVICES_MAX; k++)
            found += read_number(job, folders[i], names[k], "vendor", to[found].vendor) &&
                     read_number(job, folders[i], names[k], "device", to[found].device);
        tree_list_free(names, len);
    }
    return found;
}

/* Whether a line names one of them: "10de  NVIDIA Corporation", below it "\t1c82  GP107". */
static bool is_wanted(const struct numbers *all, size_t len, struct str vendor, struct str line)
{
    for (size_t i = 0; i < len; i++)
        if (str_is(vendor, all[i].vendor) &&
            (line.ptr[0] != '\t' ||
             str_starts(str_make(line.ptr + 1, line.len - 1), str_of(all[i].device))))
            return true;
    return false;
}

static void collect_names(struct tree_job *job)
{
    static const char *const files[] = {"usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"};
    struct numbers wanted[DEVICES_MAX];
    size_t len = list_numbers(job, wanted);
    struct buf text, lines;
    char path[TREE_PATH_MAX];

    for (size_t i = 0; i < ARRAY_LEN(files) && len; i++) {
        struct str vendor = STR("");
        buf_init(&text, NAMES_BYTES);
        buf_init(&lines, 0);
        snprintf(path, sizeof(path), "%s/%s", tree_root(job, TREE_ROOT), files[i]);
        if (tree_step(job, path) && !file_read(path, NAMES_BYTES, &text, NULL))
            for (struct str rest = buf_str(&text); rest.ptr;) {
                struct str line = str_cut(&rest, '\n');
                if (line.len < 6 || line.ptr[0] == '#' || str_starts(line, STR("\t\t")))
                    continue;
                if (line.ptr[0] != '\t')
                    vendor = str_make(line.ptr, 4);
                if (!is_wanted(wanted, len, vendor, line))
                    continue;
                buf_str_add(&lines, line);
                buf_char(&lines, '\n');
            }
        if (lines.len)
            tree_put(job, TREE_ROOT, TREE_FILE, files[i], buf_str(&lines));
        buf_fini(&lines);
        buf_fini(&text);
    }
}

/* ---- control groups of this process, up to the top ---- */

static void collect_level(struct tree_job *job, const char *folder)
{
    static const char *const files[] = {
        "memory.max",
        "memory.current",
        "memory.stat",
        "memory.swap.max",
        "memory.swap.current",
        "cpu.max",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "memory.memsw.limit_in_bytes",
        "memory.memsw.usage_in_bytes",
        "cpu.cfs_quota_us",
        "cpu.cfs_period_us",
    };
    char path[TREE_PATH_MAX];

    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (snprintf(path, sizeof(path), "%s/%s", folder, files[i]) < (int)sizeof(path))
            tree_match(job, TREE_SYS, TREE_FILE, path);
}

static void collect_levels(struct tree_job *job, struct str controllers, struct str group)
{
    char folder[TREE_PATH_MAX];

    if (str_contains(group, STR("*")) || str_contains(group, STR("..")))
        group = STR("");
    int top = snprintf(folder, sizeof(folder), "fs/cgroup%s%.*s", controllers.len ? "/" : "",
                       STR_ARG(controllers));
    int n = snprintf(folder + top, sizeof(folder) - (size_t)top, "%.*s", STR_ARG(group));
    if (n < 0 || (size_t)n >= sizeof(folder) - (size_t)top)
        return;
    for (;;) {
        collect_level(job, folder);
        char *slash = strrchr(folder, '/');
        if (!slash || slash - folder < top)
            return;
        *slash = '\0';
    }
}

static void collect_cgroups(struct tree_job *job)
{
    char path[TREE_PATH_MAX];
    struct buf text;

    tree_match(job, TREE_SYS, TREE_FILE, "fs/cgroup/cgroup.controllers");
    snprintf(path, sizeof(path), "%s/self/cgroup", tree_root(job, TREE_PROC));
    buf_init(&text, TREE_FILE_MAX + 1);
    if (tree_file(job, path, &text))
        for (struct str rest = buf_str(&text); rest.ptr;) {
            struct str line = str_cut(&rest, '\n');
            str_cut(&line, ':');
            struct str controllers = str_cut(&line, ':');
            if (line.ptr && line.len < 512 && controllers.len < 128)
                collect_levels(job, controllers, line);
            if (line.ptr &&
                (str_is(controllers, "memory") || str_contains(controllers, STR("cpu"))))
                collect_levels(job, str_is(controllers, "memory") ? controllers : STR("cpu"), line);
        }
    buf_fini(&text);
}

/* ---- processes ---- */

/* Of the open files those that are devices; of others not even the names. True when there is
 * one. */
static bool collect_open(struct tree_job *job, const char *pid)
{
    char path[TREE_PATH_MAX], name[TREE_PATH_MAX], target[256];
    bool holds = false;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s/fd", tree_root(job, TREE_PROC), pid);
    char **names = tree_list(job, path, &len);
    for (size_t i = 0; i < MIN(len, (size_t)OPEN_MAX); i++) {
        snprintf(path, sizeof(path), "%s/%s/fd/%s", tree_root(job, TREE_PROC), pid, names[i]);
        ssize_t n = readlink(path, target, sizeof(target));
        if (n <= 0 || n == (ssize_t)sizeof(target) || !device_is_node(str_make(target, (size_t)n)))
            continue;
        snprintf(name, sizeof(name), "%s/fd/%s", pid, names[i]);
        tree_put(job, TREE_PROC, TREE_LINK, name, str_make(target, (size_t)n));
        snprintf(name, sizeof(name), "%s/fdinfo/%s", pid, names[i]);
        tree_match(job, TREE_PROC, TREE_FILE, name);
        holds = true;
    }
    tree_list_free(names, len);
    return holds;
}

/* Which devices a container may use: the list of its control group, and the names in its /dev. */
static void collect_given(struct tree_job *job, const char *pid)
{
    char path[TREE_PATH_MAX];
    struct buf text;

    snprintf(path, sizeof(path), "%s/root/dev/nvidia*", pid);
    tree_match(job, TREE_PROC, TREE_NAME, path);
    snprintf(path, sizeof(path), "%s/%s/cgroup", tree_root(job, TREE_PROC), pid);
    buf_init(&text, TREE_FILE_MAX + 1);
    if (tree_file(job, path, &text))
        for (struct str rest = buf_str(&text); rest.ptr;) {
            struct str line = str_cut(&rest, '\n');
            str_cut(&line, ':');
            struct str controllers = str_cut(&line, ':');
            if (!line.ptr || !str_is(controllers, "devices") || str_contains(line, STR("*")) ||
                snprintf(path, sizeof(path), "fs/cgroup/devices%.*s/devices.list", STR_ARG(line)) >=
                    (int)sizeof(path))
                continue;
            tree_match(job, TREE_SYS, TREE_FILE, path);
        }
    buf_fini(&text);
}

static void collect_process(struct tree_job *job, const char *pid)
{
    static const char *const files[] = {"stat", "status", "cgroup"};
    char path[64];

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", pid, files[i]);
        tree_match(job, TREE_PROC, TREE_FILE, path);
    }
}

/* A thread of the kernel: a child of number 2. */
static bool is_kernel(struct tree_job *job, const char *pid)
{
    char path[TREE_PATH_MAX], text[512];

    snprintf(path, sizeof(path), "%s/%s/stat", tree_root(job, TREE_PROC), pid);
    if (file_read_small(path, text, sizeof(text)) <= 0)
        return false;
    const char *end = strrchr(text, ')');
    return end && strlen(end) > 6 && !strncmp(end + 4, "2 ", 2);
}

static bool is_listed(const int *pids, size_t len, const char *name)
{
    uint64_t pid;

    if (!num_parse_u64(str_of(name), &pid))
        return true; /* no process: nothing to do either */
    for (size_t i = 0; i < len; i++)
        if (pids[i] == (int)pid)
            return true;
    return false;
}

/* Those that a driver names, then those that have a device open, then the rest. */
static void collect_processes(struct tree_job *job, const int *pids, size_t pid_len)
{
    size_t len, rest = 0;

    for (size_t i = 0; i < pid_len; i++) {
        char pid[16];
        snprintf(pid, sizeof(pid), "%d", pids[i]);
        collect_process(job, pid);
        collect_open(job, pid);
        collect_given(job, pid);
    }
    char **names = tree_list(job, tree_root(job, TREE_PROC), &len);
    for (size_t i = 0; i < len; i++) {
        if (is_listed(pids, pid_len, names[i]) || is_kernel(job, names[i]))
            continue;
        if (!collect_open(job, names[i])) {
            char *later = names[i];
            names[i] = names[rest];
            names[rest++] = later;
            continue;
        }
        collect_process(job, names[i]);
        collect_given(job, names[i]);
    }
    for (size_t i = 0; i < MIN(rest, (size_t)PROCESSES_MAX); i++)
        collect_process(job, names[i]);
    tree_left_out_processes(job, rest - MIN(rest, (size_t)PROCESSES_MAX));
    tree_list_free(names, len);
}

void tree_collect(struct tree_job *job, const int *pids, size_t pid_len)
{
    match_all(job, patterns, ARRAY_LEN(patterns));
    collect_pci(job);
    collect_names(job);
    collect_cgroups(job);
    collect_processes(job, pids, pid_len);
    match_all(job, cpus, ARRAY_LEN(cpus));
}
