/* catalogue_use.c - rows of the catalogue: the worker itself, and who uses accelerators. */
#include "metric/catalogue_table.h"

#define ABSENT_HIDEPID    "Processes of other users are hidden where /proc is mounted with hidepid."
#define ABSENT_HOLDER     "Not for a holder that is gone."
#define ASKS_PROCESS_TIME "nvmlDeviceGetProcessUtilization"
#define ASKS_TURN         "the worker, after each turn"
#define ASKS_STAT         "/proc/PID/stat"

const struct catalogue_family catalogue_use[] = {
    {"all_smi_up", "gauge", "1", HOST, "1 once the first readings are in (worker)",
     .asks = "the worker, after the first turn of its collectors", RANGE(0, 1)},
    {"all_smi_build_info", "gauge", "info", "hostname,version,os,arch",
     "Constant 1; version of the program, operating system and processor it was built for (worker)",
     .asks = "the build", .period = CATALOGUE_OPEN},
    {"algalon_collector_up", "gauge", "1", COLLECTOR,
     "1 when the collector of a platform answered its last turn, 0 when it failed or hangs "
     "(worker)",
     .asks = ASKS_TURN, RANGE(0, 1)},
    {"algalon_collector_released", "gauge", "1", COLLECTOR,
     "1 while the collector has let go of its driver, on the operator's word or because the driver "
     "is being unbound, else 0 (worker)",
     .asks = "the worker: algalon release, SIGUSR1; nvmlSystemEventSetWait", RANGE(0, 1),
     .absent = "Collectors that hold no driver open."},
    {"algalon_collector_duration_seconds", "gauge", "seconds", COLLECTOR,
     "Duration of the last finished reading of a collector, seconds (worker)",
     .asks = "the worker: the clock around a turn"},
    {"algalon_collector_last_success_timestamp_seconds", "gauge", "seconds", COLLECTOR,
     "When a reading of the collector succeeded last, seconds of Unix time (worker)",
     .asks = "the worker: the clock at the end of a turn",
     .absent = "Before the first reading that succeeds."},
    {"algalon_collector_readings_total", "counter", "1", COLLECTOR,
     "Readings that succeeded since start (worker)", .asks = ASKS_TURN, .period = CATALOGUE_TALLY},
    {"algalon_collector_errors_total", "counter", "1", COLLECTOR,
     "Openings and readings that failed since start (worker)", .asks = ASKS_TURN,
     .period = CATALOGUE_TALLY},
    {"algalon_readings_rejected_total", "counter", "1", "hostname,field,reason",
     "Values withdrawn since start: out of range, a driver's sentinel, or stale (worker)",
     .asks = "the worker: the check of ranges, sentinels and ages", .period = CATALOGUE_TALLY},
    {"algalon_memory_limit_left_out", "gauge", "1", "hostname,what",
     "What the last reading had no room for within --memory-limit: processes of the host, "
     "processes "
     "on devices, series; 0 as it should be (worker)",
     .asks = "the worker: the room left in its buffers"},
    {"algalon_gpu_processes", "gauge", "1", GPU, "Processes that hold the device (driver)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3"},
    {"algalon_gpu_held", "gauge", "1", GPU,
     "1 while somebody holds the device, by a process on it or because it was given the device; 0 "
     "while nobody does (driver, kernel: /proc)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3, /proc/PID/environ", RANGE(0, 1),
     .absent = "Not while the device does not answer.",
     .note =
         "Holding is having a process on the device or having been given it; it need not work."},
    {"algalon_gpu_memory_unattributed_bytes", "gauge", "bytes", GPU,
     "Device memory in use that none of the listed processes holds, bytes; absent with MIG "
     "(driver)",
     .asks = "nvmlDeviceGetMemoryInfo_v2 less the lists of processes",
     .absent = "Not with MIG, nor when the memory of any process is not told.",
     .note = "A few MB of every device are the driver's own. More that stays for minutes is a "
             "context that nobody cleared up, or a process that may not be seen."},
    {"algalon_gpu_open_unlisted", "gauge", "1", GPU,
     "Processes that have the device's node open and that the driver does not list on it (kernel: "
     "/proc/PID/fd)",
     .asks = "links of /proc/PID/fd, once a minute",
     .absent = "Until the open files of all processes were looked through.",
     .note = "Daemons that watch all devices are among them: persistence, DCGM, this worker."},
    {"algalon_gpu_opener_info", "gauge", "info",
     "hostname,gpu_index,gpu_uuid,pid,name?,user?,container_id?,namespace?,pod?,slurm_job?,unit?",
     "Constant 1; such a process, while memory in use belongs to no listed process (kernel: "
     "/proc/PID/fd)",
     .asks = "links of /proc/PID/fd, once a minute",
     .absent = "While less than 512 MiB are unexplained, and in the first three minutes. At most "
               "16 a device."},
    {"algalon_gpu_held_idle_seconds", "gauge", "seconds", HOLDER,
     "Time since a holder was last seen to use the device, at most since the worker started, "
     "seconds (driver's samples)",
     .asks = ASKS_PROCESS_TIME,
     .absent = "Where processes are on a device that tells no load, neither its own nor theirs.",
     .note = "Counts from the start of the worker for one that was idle before. Where the driver "
             "tells no time by process, the device's own utilisation stands for all its holders."},
    {"algalon_holder_gpu_allocated", "gauge", "1", HOLDER,
     "1 when the environment of the holder's processes names the device as given, 0 when only its "
     "use tells (kernel: /proc/PID/environ)",
     .asks = "/proc/PID/environ: NVIDIA_VISIBLE_DEVICES, SLURM_STEP_GPUS, SLURM_JOB_GPUS",
     RANGE(0, 1), .absent = ABSENT_HOLDER,
     .note = "A container that was given all devices counts as given none: images set that by "
             "themselves."},
    {"algalon_holder_gpu_processes", "gauge", "1", HOLDER,
     "Processes of the holder on the device (driver)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3, nvmlDeviceGetProcessUtilization, /proc/PID/cgroup",
     .absent = ABSENT_HOLDER,
     .note =
         "A device's own value is never copied to its holders: each has the sum of its processes."},
    {"algalon_holder_gpu_memory_used_bytes", "gauge", "bytes", HOLDER,
     "Device memory that the holder's processes have, bytes (driver)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3, /proc/PID/cgroup",
     .absent =
         "Not for a holder that is gone, nor when the memory of one of its processes is not told."},
    {"algalon_holder_gpu_utilization", "gauge", "percent", HOLDER,
     "Share of time in which work of the holder's processes ran on the device, percent (driver's "
     "samples)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3, nvmlDeviceGetProcessUtilization, /proc/PID/cgroup",
     .absent = ABSENT_HOLDER,
     .note =
         "Each holder has the sum of its processes. Where the driver tells no time by process, a "
         "device's own utilisation is that of its only holder, and nobody's of several."},
    {"algalon_holder_gpu_seconds_total", "counter", "seconds", HOLDER,
     "Time for which the holder held the device, by use or by gift, since the worker started, "
     "seconds; GPU-hours are its increase / 3600 (computed)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3, /proc/PID/cgroup, what says who was given it",
     .period = CATALOGUE_TALLY, .absent = "A holder that went is shown for a minute more."},
    {"algalon_holder_gpu_busy_seconds_total", "counter", "seconds", HOLDER,
     "Time in which work of the holder's processes ran on the device since the worker started, "
     "seconds (driver's samples)",
     .asks = "nvmlDeviceGetProcessUtilization", .period = CATALOGUE_TALLY,
     .absent = "Until the driver tells the time of one of its processes, or the load of a device "
               "that it holds alone."},
    {"algalon_holder_energy_joules_total", "counter", "joules", HOLDER,
     "Energy of the device that falls to the holder since the worker started: the idle part "
     "evenly, the rest by time of use, joules (driver)",
     .asks = "nvmlDeviceGetTotalEnergyConsumption, else power times time",
     .period = CATALOGUE_TALLY, .absent = "A holder that went is shown for a minute more.",
     .note =
         "The sum over holders, with that called none, is the energy of the device. What a device "
         "draws idle is learned while it is idle; until then all is shared by time of use."},
    {"algalon_process_log_lines_total", "counter", "1", "hostname",
     "Lines that were written to the log of ended processes (the worker)", .asks = "--process-log",
     .period = CATALOGUE_TALLY, .absent = "Without --process-log."},
    {"algalon_process_log_lost_total", "counter", "1", "hostname",
     "Lines of that log that were lost: the disk was full or too slow (the worker)",
     .asks = "--process-log", .period = CATALOGUE_TALLY, .absent = "Without --process-log."},
    {"algalon_attribution_processes", "gauge", "1", "hostname,holder_kind",
     "Processes on devices, by what is known of their holder (kernel: /proc/PID/cgroup)",
     .asks = "/proc/PID/cgroup"},
    {"algalon_attribution_failures_total", "counter", "1", "hostname,reason",
     "Processes on devices since start that could not be attributed, or not for certain (kernel: "
     "/proc)",
     .asks = "/proc/PID/cgroup, /proc/PID/fd", .period = CATALOGUE_TALLY},
    {"algalon_process_info", "gauge", "info",
     "hostname,pid,name?,user?,runtime?,container_id?,container?,namespace?,pod?,slurm_job?,slurm_"
     "step?,unit?",
     "Constant 1; on whose behalf a process that holds a device runs (kernel: /proc/PID/cgroup)",
     .asks = "/proc/PID/cgroup, /var/log/pods, /var/log/containers",
     .absent = "Not for a process that procfs does not show, or whose open files hold no device."},
    {"all_smi_process_memory_used_bytes", "gauge", "bytes", GPU_PROCESS,
     "Device memory that a process holds, bytes (driver)",
     .asks = "nvmlDeviceGetComputeRunningProcesses_v3, nvmlDeviceGetGraphicsRunningProcesses_v3, "
             "nvmlDeviceGetMPSComputeRunningProcesses_v3",
     RANGE(0, 16 * CATALOGUE_TIB),
     .absent = "Under Windows' subsystem the driver does not tell it.",
     .note = "The sum over processes is less than what is in use: see "
             "algalon_gpu_memory_unattributed_bytes."},
    {"algalon_process_gpu_utilization", "gauge", "percent", GPU_PROCESS,
     "Share of time in which work of this process ran on the device, percent (driver's samples)",
     .asks = ASKS_PROCESS_TIME, .period = CATALOGUE_MEAN, .age_s = 15,
     .absent = "Not with MIG, nor in a virtual machine's share of a device."},
    {"algalon_process_gpu_memory_activity", "gauge", "percent", GPU_PROCESS,
     "Share of time in which this process read or wrote device memory, percent (driver's samples)",
     .asks = ASKS_PROCESS_TIME, .period = CATALOGUE_MEAN, .age_s = 15,
     .absent = "Not with MIG, nor in a virtual machine's share of a device."},
    {"all_smi_process_cpu_percent", "gauge", "percent", GPU_PROCESS,
     "CPU time of a process that holds a device, percent of one CPU (kernel: /proc/PID/stat)",
     .asks = ASKS_STAT, RANGE(0, 1e8),
     .absent = "Only when procfs shows the host's processes (--pid=host, hostPID: true)."},
    {"all_smi_process_start_time_seconds", "gauge", "seconds", GPU_PROCESS,
     "Start of a process that holds a device, seconds of Unix time (kernel: /proc/PID/stat)",
     .asks = ASKS_STAT,
     .absent = "Only when procfs shows the host's processes (--pid=host, hostPID: true)."},
    {"algalon_processes", "gauge", "1", HOST, "Processes of the machine that were read (kernel)",
     .asks = "/proc"},
    {"algalon_processes_hidden", "gauge", "1", HOST,
     "Processes that exist but may not be read (kernel: hidepid)", .asks = "/proc",
     .absent = ABSENT_HIDEPID},
    {"algalon_process_cpu_percent", "gauge", "percent", PROCESS,
     "CPU time of the busiest processes and those on a device, percent of one CPU (kernel: /proc)",
     .asks = ASKS_STAT, RANGE(0, 1e8), .absent = ABSENT_HIDEPID},
    {"algalon_process_memory_bytes", "gauge", "bytes", PROCESS,
     "Resident memory of the busiest processes and those on a device, bytes (kernel: /proc)",
     .asks = ASKS_STAT, .absent = ABSENT_HIDEPID},
};
const size_t catalogue_use_len = ARRAY_LEN(catalogue_use);
