/* explain.c - a family in words: what HELP cannot hold. */
#include "metric/catalogue.h"

/* What holds for families by name; a star at the end stands for the rest of it. Of several entries
 * that fit a family, the first that says something of a field is taken. */
struct note {
    const char *name;
    const char *call;   /* what is asked */
    const char *period; /* how often, and over which time a value speaks */
    const char *absent; /* when there is no line */
    const char *caveat; /* what it is easily mistaken for */
};

#define EACH_TURN "read every --interval"
#define MEAN      "read every --interval; the mean of the driver's samples since the reading before"
#define STANDS    "read when the driver is opened"

static const struct note notes[] = {
    /* ---- NVIDIA ---- */
    {"all_smi_gpu_utilization",
     "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES), else "
     "nvmlDeviceGetUtilizationRates",
     MEAN, NULL,
     "Time in which at least one kernel ran, however small: 100 percent does not say that the "
     "device is full. With MIG the driver gives none for the whole device."},
    {"algalon_gpu_utilization_m*", "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES)",
     "read every --interval; the extreme sample since the reading before", NULL, NULL},
    {"algalon_gpu_memory_activity*", "nvmlDeviceGetSamples(MEMORY_UTILIZATION_SAMPLES)", MEAN, NULL,
     "Time in which memory was read or written, not how much of it is in use."},
    {"*busy_seconds_total", "nvmlDeviceGetSamples", NULL, NULL,
     "rate() of it is the utilisation over any window, without a spike lost."},
    {"algalon_gpu_encoder_utilization", "nvmlDeviceGetEncoderUtilization", NULL, NULL, NULL},
    {"algalon_gpu_decoder_utilization", "nvmlDeviceGetDecoderUtilization", NULL, NULL, NULL},
    {"*_gpu_memory_*_bytes", "nvmlDeviceGetMemoryInfo_v2, else nvmlDeviceGetMemoryInfo", NULL,
     "Not on boards that share the host's memory.",
     "Used memory leaves out what the driver reserves for itself, from R510 on."},
    {"algalon_gpu_memory_temperature_celsius", "nvmlDeviceGetFieldValues(MEMORY_TEMP)", NULL,
     "Only boards with HBM, and some with GDDR6X, tell it.", NULL},
    {"all_smi_gpu_temperature_threshold_*", "nvmlDeviceGetTemperatureThreshold", NULL, NULL, NULL},
    {"all_smi_gpu_temperature_celsius", "nvmlDeviceGetTemperature", NULL, NULL, NULL},
    {"*_gpu_power_limit_*",
     "nvmlDeviceGetEnforcedPowerLimit, "
     "nvmlDeviceGetPowerManagementLimitConstraints",
     NULL, NULL, NULL},
    {"*_gpu_power_*", "nvmlDeviceGetSamples(TOTAL_POWER_SAMPLES), else nvmlDeviceGetPowerUsage",
     MEAN, NULL, "From Ampere on the driver's own single reading is a mean over one second."},
    {"all_smi_energy_consumed_joules_total", "nvmlDeviceGetTotalEnergyConsumption", NULL,
     "Only from Volta on.", "Restarts from 0 when the driver is loaded again."},
    {"*_gpu_frequency_mhz", "nvmlDeviceGetClockInfo", NULL, NULL, NULL},
    {"*_gpu_clock_*_max_mhz", "nvmlDeviceGetMaxClockInfo", STANDS, NULL, NULL},
    {"*_gpu_clock_*", "nvmlDeviceGetClockInfo", NULL, NULL, NULL},
    {"algalon_gpu_fan_speed_percent", "nvmlDeviceGetFanSpeed", NULL,
     "Boards without a fan of their own, as in servers, have none.",
     "The speed that is asked for, not the one that is reached."},
    {"all_smi_gpu_performance_state", "nvmlDeviceGetPerformanceState", NULL, NULL, NULL},
    {"algalon_gpu_throttled", "nvmlDeviceGetCurrentClocksEventReasons", NULL, NULL,
     "sw_power_cap is normal under full load."},
    {"algalon_gpu_ecc_*", "nvmlDeviceGetTotalEccErrors, nvmlDeviceGetEccMode", NULL,
     "Boards without ECC, and those where it is off, count no errors.", NULL},
    {"*_gpu_pcie_*",
     "nvmlDeviceGetCurrPcieLinkGeneration, nvmlDeviceGetCurrPcieLinkWidth, "
     "nvmlDeviceGetPcieThroughput",
     NULL, NULL, "An idle device may slow its link down: look at generation and width under load."},
    {"*_nvlink_*", "nvmlDeviceGetNvLinkState, nvmlDeviceGetFieldValues", NULL,
     "Boards without NVLink have none.", NULL},
    {"algalon_gpu_xid_*", "nvmlEventSetWait(XID_CRITICAL_ERROR)", "as it happens",
     "No line for a code that was not seen since the worker started.", NULL},
    {"all_smi_gpu_info", "nvmlDeviceGetName, nvmlDeviceGetUUID, nvmlSystemGetDriverVersion", STANDS,
     NULL, NULL},
    {"algalon_gpu_up", NULL, NULL, "Always there, for every device that was ever seen.", NULL},

    {"algalon_gpu_memory_shared", "nvmlDeviceGetMemoryInfo_v2: not supported, or a total of 0",
     NULL, NULL,
     "Where it is 1 (GB10, Thor, Jetson) used and total memory are /proc/meminfo's MemTotal less "
     "MemAvailable, and MemTotal: programs of the CPU count too. Do not add them to the host's."},

    /* ---- Jetson ---- */
    {"algalon_board_power_watts",
     "/sys/bus/i2c/drivers/ina3221*: VDD_IN or POM_5V_IN, else all "
     "rails",
     NULL, "Boards without such a chip have none.",
     "With source sum, what hangs on no measured rail is missing."},
    {"algalon_board_memory_*", "/sys/kernel/debug/bpmp/debug/clk/emc/rate, cactmon/mc_all", NULL,
     "debugfs is root's, and not mounted in containers.", NULL},
    {"algalon_board_info", "/proc/device-tree, /etc/nv_tegra_release, /var/lib/nvpmodel/status",
     EACH_TURN, "Only on NVIDIA's Tegra SoCs.", NULL},
    {"algalon_rail_*", "/sys/bus/i2c/drivers/ina3221*", NULL, "Only on NVIDIA's Tegra SoCs.",
     "VDD_CPU_GPU_CV feeds CPU, GPU and CV together, so such boards tell no power of the GPU."},
    {"algalon_zone_*", "/sys/class/thermal/thermal_zone*", NULL,
     "Only on NVIDIA's Tegra SoCs; not for a zone whose part is switched off.", NULL},
    {"algalon_engine_*",
     "/sys/kernel/debug/clk, /sys/class/devfreq, "
     "/sys/devices/platform/*/power/runtime_status",
     NULL, "Only on NVIDIA's Tegra SoCs; without root only where the kernel shows them in sysfs.",
     "Switched on is not busy: the kernel counts no load of these units."},

    /* ---- who uses devices ---- */
    {"all_smi_process_memory_used_bytes",
     "nvmlDeviceGetComputeRunningProcesses_v3, "
     "nvmlDeviceGetGraphicsRunningProcesses_v3, nvmlDeviceGetMPSComputeRunningProcesses_v3",
     NULL, "Under Windows' subsystem the driver does not tell it.",
     "The sum over processes is less than what is in use: see "
     "algalon_gpu_memory_unattributed_bytes."},
    {"algalon_process_gpu_*", "nvmlDeviceGetProcessUtilization", MEAN,
     "Not with MIG, nor in a virtual machine's share of a device.", NULL},
    {"all_smi_process_*", "/proc/PID/stat", NULL,
     "Only when procfs shows the host's processes (--pid=host, hostPID: true).", NULL},
    {"algalon_process_info", "/proc/PID/cgroup, /var/log/pods, /var/log/containers", NULL,
     "Not for a process that procfs does not show, or whose open files hold no device.", NULL},
    {"algalon_gpu_held_idle_seconds", "nvmlDeviceGetProcessUtilization", NULL,
     "Not for a holder that is gone.",
     "Counts from the start of the worker for one that was idle before. Where the driver tells no "
     "time by process, the device's own utilisation stands for all its holders."},
    {"algalon_gpu_held", NULL, NULL, "Not while the device does not answer.",
     "Holding is having a process on the device or having been given it; it need not work."},
    {"algalon_holder_gpu_allocated",
     "/proc/PID/environ: NVIDIA_VISIBLE_DEVICES, SLURM_STEP_GPUS, "
     "SLURM_JOB_GPUS",
     NULL, "Not for a holder that is gone.",
     "A container that was given all devices counts as given none: images set that by themselves."},
    {"algalon_holder_energy_joules_total",
     "nvmlDeviceGetTotalEnergyConsumption, else power times "
     "time",
     NULL, "A holder that went is shown for a minute more.",
     "The sum over holders, with that called none, is the energy of the device. What a device "
     "draws "
     "idle is learned while it is idle; until then all is shared by time of use."},
    {"algalon_holder_*",
     "nvmlDeviceGet*RunningProcesses_v3, nvmlDeviceGetProcessUtilization, "
     "/proc/PID/cgroup",
     NULL, "Not for a holder that is gone.",
     "A device's own value is never copied to its holders: each has the sum of its processes."},
    {"algalon_gpu_memory_unattributed_bytes",
     "nvmlDeviceGetMemoryInfo_v2 less the lists of "
     "processes",
     NULL, "Not with MIG, nor when the memory of any process is not told.",
     "A few MB of every device are the driver's own. More that stays for minutes is a context that "
     "nobody cleared up, or a process that may not be seen."},

    /* ---- the host ---- */
    {"*_cpu_*frequency_mhz", "/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq", NULL,
     "Virtual machines have none.", NULL},
    {"*_cpu_*power*", "/sys/class/powercap/intel-rapl*/energy_uj", MEAN,
     "Readable by root only on most systems; not in virtual machines.", NULL},
    {"*_cpu_*temperature*", "/sys/class/hwmon", NULL, "Virtual machines have none.", NULL},
    {"algalon_cpu_limit_cores", "cpu.max of the cgroup and those above it", NULL,
     "Only where a limit is set.", NULL},
    {"*_cpu_*", "/proc/stat, /proc/cpuinfo, /sys/devices/system/cpu", NULL, NULL, NULL},
    {"*_memory_*", "/proc/meminfo; in a container the limits of its cgroup", NULL, NULL, NULL},
    {"all_smi_swap_*", "/proc/meminfo", NULL, NULL, NULL},
    {"*_disk_*", "/proc/self/mountinfo, statvfs()",
     "read every 30 s, or every --interval if longer",
     "Not of a file system whose server does not answer.", NULL},
    {"algalon_process*", "/proc/PID/stat, status, cmdline, cgroup", NULL,
     "Processes of other users are hidden where /proc is mounted with hidepid.", NULL},
    {"all_smi_chassis_*", "/sys/class/dmi/id, /sys/class/hwmon", NULL,
     "Where the board tells nothing.", NULL},

    /* ---- what holds for the rest ---- */
    {"*_info", NULL, "read when the hardware or its driver is opened", NULL,
     "Its value is always 1; join it with on(...) group_left(...)."},
    {"DCGM_FI_*", "as the family of the same meaning under all_smi_ or algalon_", NULL,
     "Only with --schema=dcgm.", NULL},
    {"*_total", NULL, "read every --interval; counts up", NULL, "Use rate() or increase()."},
    {"*", NULL, EACH_TURN,
     "No line where the hardware, its driver or the rights of the worker do not give it.", NULL},
};

/* One star at most, at either end or within. */
static bool fits(const char *pattern, struct str name)
{
    struct str p = str_of(pattern), rest = p;
    struct str front = str_cut(&rest, '*');

    if (!rest.ptr)
        return str_equal(front, name);
    if (!str_starts(name, front))
        return false;
    name = str_make(name.ptr + front.len, name.len - front.len);
    while (rest.ptr) {
        struct str part = str_cut(&rest, '*');
        if (!rest.ptr)
            return str_ends(name, part);
        size_t at = 0;
        while (at + part.len <= name.len &&
               !str_starts(str_make(name.ptr + at, name.len - at), part))
            at++;
        if (at + part.len > name.len)
            return false;
        name = str_make(name.ptr + at + part.len, name.len - at - part.len);
    }
    return true;
}

/* The text that HELP ends with in parentheses. */
static struct str source_of(const char *help)
{
    const char *open = strrchr(help, '(');
    struct str source = str_of(open ? open + 1 : "");

    if (source.len)
        source.len--;
    return source;
}

void catalogue_explain(const struct catalogue_family *family, struct buf *to)
{
    struct str name = str_of(family->name), source = source_of(family->help), labels;
    struct note found = {.name = family->name};

    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        const struct note *n = &notes[i];
        if (!fits(n->name, name))
            continue;
        found.call = found.call ? found.call : n->call;
        found.period = found.period ? found.period : n->period;
        found.absent = found.absent ? found.absent : n->absent;
        found.caveat = found.caveat ? found.caveat : n->caveat;
    }
    buf_printf(to, "%s\n  %s\n\n", family->name, family->help);
    buf_printf(to, "  type    %s\n  unit    %s\n  labels  ", family->type, family->unit);
    labels = str_of(family->labels);
    for (bool first = true; labels.ptr; first = false) {
        struct str label = str_cut(&labels, ',');
        buf_printf(to, "%s%.*s", first ? "" : ", ", STR_ARG(label));
    }
    buf_printf(to, "\n  source  %.*s%s%s\n", STR_ARG(source), found.call ? ": " : "",
               found.call ? found.call : "");
    buf_printf(to, "  period  %s\n  absent  %s\n", found.period, found.absent);
    if (found.caveat)
        buf_printf(to, "  note    %s\n", found.caveat);
}

size_t catalogue_notes_without_family(struct buf *to)
{
    size_t dead = 0;

    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        bool used = false;
        for (size_t j = 0; j < catalogue_len && !used; j++)
            used = fits(notes[i].name, str_of(catalogue[j].name));
        if (!used)
            buf_printf(to, "%s\n", notes[i].name);
        dead += !used;
    }
    return dead;
}
