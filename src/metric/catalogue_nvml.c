/* catalogue_nvml.c - rows of the catalogue: what NVML gives beyond the usual: samples of all
 * engines and clocks, limits, errors of the SRAM, links of the fifth generation, virtual GPUs,
 * accounting. */
#include "metric/catalogue_table.h"

#define LINK GPU ",link_index"
#define VGPU GPU ",vgpu_id,vgpu_uuid?,vgpu_type?,vgpu_vm_id?"

#define ASKS_GPM           "nvmlGpmSampleGet, nvmlGpmMetricsGet"
#define ASKS_FIELDS        "nvmlDeviceGetFieldValues"
#define ASKS_SRAM          "nvmlDeviceGetSramEccErrorStatus"
#define ASKS_ENGINES       "nvmlDeviceGetSamples(ENC, DEC, JPG and OFA samples)"
#define ASKS_ENCODER_STATS "nvmlDeviceGetEncoderStats"
#define ASKS_FABRIC        "nvmlDeviceGetGpuFabricInfoV, else nvmlDeviceGetGpuFabricInfo"
#define ASKS_ACCOUNTING    "nvmlDeviceGetAccountingStats"
#define ASKS_CONFIDENTIAL  "nvmlSystemGetConfComputeState"
#define ASKS_VGPU_USE      "nvmlDeviceGetVgpuInstancesUtilizationInfo, else nvmlDeviceGetVgpuUtilization"
#define ARCH_GPM           "Hopper and later."
#define ARCH_FIFTH         "Blackwell and later (NVLink 5)."
#define ARCH_SUPER         "Superchips (GH200, GB200) only."
#define ARCH_FABRIC        "Boards on NVSwitch systems with a fabric manager, Hopper and later."
#define ARCH_NVLINK        "P100, V100, A100, H100 and later; few workstation boards."
#define ABSENT_ROOT        "Only root may ask: the worker says so once at the start."
#define ABSENT_VGPU        "Only on a host that has cut the device into virtual ones."
#define ABSENT_OFF                                                                                 \
    "Only while accounting is on (nvidia-smi -am 1), for at most 64 processes a device."
#define ABSENT_CC     "Only where confidential computing is on."
#define ABSENT_NO_MIG "Not while MIG is on."
#define ABSENT_SERVER "Boards without a fan of their own, as in servers, have none."

const struct catalogue_family catalogue_nvml[] = {
    /* ---- the interval's samples ---- */
    {"algalon_gpu_memory_activity_min", "gauge", "percent", GPU,
     "The lowest sample of memory activity in the interval, percent (driver samples)",
     .asks = "nvmlDeviceGetSamples(MEMORY_UTILIZATION_SAMPLES)", .period = CATALOGUE_EXTREME,
     .age_s = 15, .absent = ABSENT_NO_MIG},
    {"algalon_gpu_lost_seconds_total", "counter", "seconds", GPU,
     "Busy seconds lost since the first reading to clocks below the highest SM clock: time busy "
     "times (1 - clock / highest clock) (driver samples)",
     .asks = "nvmlDeviceGetSamples(GPU_UTILIZATION, PROCESSOR_CLK), nvmlDeviceGetMaxClockInfo",
     .period = CATALOGUE_TALLY, .absent = ABSENT_NO_MIG,
     .note = "The clock is the mean of the interval's samples when the device never rested in it, "
             "else the highest of them: a lower bound. rate() of it over that of "
             "algalon_gpu_busy_seconds_total is the share of work that was lost."},
    {"algalon_gpu_engine_utilization_max", "gauge", "percent", GPU ",engine",
     "The highest sample in the interval of the utilisation of an engine (encoder, decoder, jpeg, "
     "ofa), percent (driver samples)",
     .asks = ASKS_ENGINES, .period = CATALOGUE_EXTREME, .age_s = 15, .absent = ABSENT_NO_MIG},
    {"algalon_gpu_engine_utilization_min", "gauge", "percent", GPU ",engine",
     "The lowest sample in the interval of the utilisation of an engine, percent (driver samples)",
     .asks = ASKS_ENGINES, .period = CATALOGUE_EXTREME, .age_s = 15, .absent = ABSENT_NO_MIG},
    {"algalon_gpu_engine_busy_seconds_total", "counter", "seconds", GPU ",engine",
     "Time in which an engine worked since the first reading, the integral of its samples, seconds "
     "(driver samples)",
     .asks = ASKS_ENGINES ", else the one-shot calls", .period = CATALOGUE_TALLY,
     .absent = ABSENT_NO_MIG},
    {"algalon_gpu_clock_interval_mhz", "gauge", "megahertz", GPU ",clock,stat",
     "SM and memory clock over the interval: mean, min and max of the samples, MHz (driver "
     "samples)",
     .asks = "nvmlDeviceGetSamples(PROCESSOR_CLK and MEMORY_CLK samples)", .age_s = 15,
     .period = CATALOGUE_MEAN,
     .note = "Without samples the mean is the clock of the moment, and min and max are left out."},
    {"algalon_gpu_module_power_watts", "gauge", "watts", GPU,
     "Power of the module that the device shares with a processor, mean over the interval, watts "
     "(driver samples, else NVML field 186)",
     .asks = "nvmlDeviceGetSamples(MODULE_POWER_SAMPLES), else nvmlDeviceGetFieldValues",
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = ARCH_SUPER,
     .note = "Holds the power of the device and that of the processor: never add them."},
    {"algalon_gpu_module_power_max_watts", "gauge", "watts", GPU,
     "The highest sample of the module's power in the interval, watts (driver samples)",
     .asks = "nvmlDeviceGetSamples(MODULE_POWER_SAMPLES)", .period = CATALOGUE_EXTREME, .age_s = 15,
     .arch = ARCH_SUPER},
    {"algalon_gpu_module_power_min_watts", "gauge", "watts", GPU,
     "The lowest sample of the module's power in the interval, watts (driver samples)",
     .asks = "nvmlDeviceGetSamples(MODULE_POWER_SAMPLES)", .period = CATALOGUE_EXTREME, .age_s = 15,
     .arch = ARCH_SUPER},

    /* ---- limits, modes, sessions ---- */
    {"algalon_gpu_module_power_limit_watts", "gauge", "watts", GPU,
     "Power limit of the module that the device shares with a processor, watts (NVML field 190)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S, .arch = ARCH_SUPER},
    {"algalon_gpu_memory_power_watts", "gauge", "watts", GPU,
     "Power of the device memory, watts (NVML field 185)", .asks = ASKS_FIELDS, .arch = ARCH_GPM},
    {"algalon_gpu_power_limit_requested_watts", "gauge", "watts", GPU,
     "Power limit that was asked for; the one in force may be lower, watts (NVML field 192)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S},
    {"algalon_gpu_temperature_threshold_celsius", "gauge", "celsius", GPU ",limit",
     "Temperatures beside those of all-smi: highest of the memory, lowest and highest that the "
     "acoustic limit may aim at, degrees Celsius (driver)",
     .asks = "nvmlDeviceGetTemperatureThreshold", .period = CATALOGUE_OPEN},
    {"algalon_gpu_temperature_margin_to_limit_celsius", "gauge", "celsius", GPU,
     "How much warmer the device may get before it slows down, degrees Celsius; negative when it "
     "is "
     "above (NVML: nvmlDeviceGetMarginTemperature)",
     .asks = "nvmlDeviceGetMarginTemperature", RANGE(-150, 150), .arch = "Ada and later."},
    {"algalon_gpu_clock_limit_mhz", "gauge", "megahertz", GPU ",limit",
     "Highest SM and video clock, highest graphics clock of a boost, clocks that were requested "
     "for "
     "applications, MHz (driver)",
     .asks = "nvmlDeviceGetMaxClockInfo, nvmlDeviceGetClock, nvmlDeviceGetApplicationsClock",
     .period = CATALOGUE_15S, .absent = "Newer drivers no longer know requested clocks."},
    {"algalon_gpu_each_fan_speed_percent", "gauge", "percent", GPU ",fan",
     "Speed that one fan is set to, percent of its highest (driver)",
     .asks = "nvmlDeviceGetFanSpeed_v2", RANGE(0, 200), .absent = ABSENT_SERVER},
    {"algalon_gpu_each_fan_speed_rpm", "gauge", "rpm", GPU ",fan",
     "Speed of one fan, revolutions per minute (driver)", .asks = "nvmlDeviceGetFanSpeedRPM",
     RANGE(0, 40000), .absent = ABSENT_SERVER},
    {"algalon_gpu_bar1_total_bytes", "gauge", "bytes", GPU,
     "Size of the window through which the host reaches device memory, bytes (NVML: "
     "nvmlDeviceGetBAR1MemoryInfo)",
     .asks = "nvmlDeviceGetBAR1MemoryInfo", .period = CATALOGUE_15S, RANGE(1, 16 * CATALOGUE_TIB)},
    {"algalon_gpu_bar1_used_bytes", "gauge", "bytes", GPU,
     "How much of that window is in use, bytes (NVML: nvmlDeviceGetBAR1MemoryInfo)",
     .asks = "nvmlDeviceGetBAR1MemoryInfo", .period = CATALOGUE_15S, RANGE(0, 16 * CATALOGUE_TIB)},
    {"algalon_gpu_cores", "gauge", "1", GPU, "CUDA cores (NVML: nvmlDeviceGetNumGpuCores)",
     .asks = "nvmlDeviceGetNumGpuCores", .period = CATALOGUE_OPEN, RANGE(1, 1e6)},
    {"algalon_gpu_memory_bus_width", "gauge", "1", GPU,
     "Width of the bus to the device memory, bits (NVML: nvmlDeviceGetMemoryBusWidth)",
     .asks = "nvmlDeviceGetMemoryBusWidth", .period = CATALOGUE_OPEN, RANGE(1, 65536)},
    {"algalon_gpu_compute_mode", "gauge", "1", GPU,
     "Who may compute: 0 all, 1 one thread (old), 2 nobody, 3 one process (NVML: "
     "nvmlDeviceGetComputeMode)",
     .asks = "nvmlDeviceGetComputeMode", RANGE(0, 3)},
    {"algalon_gpu_display_active", "gauge", "1", GPU,
     "1 when a display was initialised on the device, else 0 (NVML: nvmlDeviceGetDisplayActive)",
     .asks = "nvmlDeviceGetDisplayActive", .period = CATALOGUE_15S, RANGE(0, 1)},
    {"algalon_gpu_encoder_sessions", "gauge", "1", GPU,
     "Sessions of the video encoder (NVML: nvmlDeviceGetEncoderStats)", .asks = ASKS_ENCODER_STATS,
     .period = CATALOGUE_15S, RANGE(0, 1e5)},
    {"algalon_gpu_encoder_frames_per_second", "gauge", "1", GPU,
     "Frames a second of the encoder's sessions, their mean (NVML: nvmlDeviceGetEncoderStats)",
     .asks = ASKS_ENCODER_STATS, .period = CATALOGUE_15S, RANGE(0, 1e5),
     .absent = "Not without a session."},
    {"algalon_gpu_encoder_latency_seconds", "gauge", "seconds", GPU,
     "Time the encoder takes for a frame, mean of its sessions, seconds (NVML: "
     "nvmlDeviceGetEncoderStats)",
     .asks = ASKS_ENCODER_STATS, .period = CATALOGUE_15S, RANGE(0, 60),
     .absent = "Not without a session."},
    {"algalon_gpu_capture_sessions", "gauge", "1", GPU,
     "Sessions that capture the frame buffer (NVML: nvmlDeviceGetFBCStats)",
     .asks = "nvmlDeviceGetFBCStats", .period = CATALOGUE_15S, RANGE(0, 1e5)},
    {"algalon_gpu_affinity_info", "gauge", "info", GPU ",cpus,numa_nodes?",
     "Constant 1; processors and NUMA nodes near the device (NVML: nvmlDeviceGetCpuAffinity)",
     .asks = "nvmlDeviceGetCpuAffinity, nvmlDeviceGetMemoryAffinity", .period = CATALOGUE_OPEN},
    {"algalon_gpu_peer_info", "gauge", "info", GPU ",peer_gpu_index,level?,nvlink?",
     "Constant 1 for each pair of devices, the lower number first: their nearest common place "
     "(internal, single_switch, multi_switch, host_bridge, numa_node, system) and whether they can "
     "use NVLink (NVML: nvmlDeviceGetTopologyCommonAncestor, nvmlDeviceGetP2PStatus)",
     .asks = "nvmlDeviceGetTopologyCommonAncestor, nvmlDeviceGetP2PStatus, every ten minutes",
     .period = CATALOGUE_OPEN, .absent = "Not with a single device."},
    {"algalon_gpu_rack_info", "gauge", "info", GPU ",chassis_serial,place?",
     "Constant 1; serial number of the chassis of a rack-scale machine, and slot/tray/host/module "
     "in "
     "it (NVML: nvmlDeviceGetPlatformInfo)",
     .asks = "nvmlDeviceGetPlatformInfo", .period = CATALOGUE_OPEN,
     .arch = "Rack-scale machines (GB200 NVL) only."},

    /* ---- errors ---- */
    {"algalon_gpu_ecc_mode_pending", "gauge", "1", GPU,
     "1 when ECC will be on after the next restart, 0 when it will be off (driver)",
     .asks = "nvmlDeviceGetEccMode", RANGE(0, 1), .absent = "Boards without ECC have none."},
    {"algalon_gpu_sram_errors_total", "counter", "1", GPU ",period,kind",
     "Errors of the SRAM: uncorrected by parity, uncorrected by SEC-DED, corrected; over the life "
     "of "
     "the board (aggregate) or since the driver was loaded (volatile) (NVML: "
     "nvmlDeviceGetSramEccErrorStatus)",
     .asks = ASKS_SRAM, .period = CATALOGUE_COUNTS, .absent = ABSENT_ROOT, .arch = ARCH_GPM},
    {"algalon_gpu_sram_unit_errors_total", "counter", "1", GPU ",unit",
     "Uncorrected errors of the SRAM over the life of the board, by unit (NVML: "
     "nvmlDeviceGetSramEccErrorStatus)",
     .asks = ASKS_SRAM, .period = CATALOGUE_COUNTS, .absent = ABSENT_ROOT, .arch = ARCH_GPM},
    {"algalon_gpu_sram_threshold_exceeded", "gauge", "1", GPU,
     "1 when the SRAM had so many errors that the board wants service, else 0 (NVML: "
     "nvmlDeviceGetSramEccErrorStatus)",
     .asks = ASKS_SRAM, .period = CATALOGUE_15S, RANGE(0, 1), .absent = ABSENT_ROOT,
     .arch = ARCH_GPM},
    {"algalon_gpu_pages_to_retire", "gauge", "1", GPU ",type",
     "Pages of device memory that wait for a restart to be taken out of use, after corrected or "
     "uncorrected errors (NVML fields 92 and 93)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S, RANGE(0, 1e6), .arch = "Before Ampere."},
    {"algalon_gpu_reset_needed", "gauge", "1", GPU ",action",
     "1 while the device needs a reset, or a reset after its work was drained, else 0 (NVML fields "
     "226 and 227)",
     .asks = ASKS_FIELDS, RANGE(0, 1), .arch = ARCH_GPM,
     .note = "algalon_gpu_recovery_action says the same in newer drivers."},
    {"algalon_gpu_pcie_sampled_bytes_per_second", "gauge", "bytes per second", GPU ",direction",
     "Traffic of PCI Express in 20 ms, sampled once a minute, bytes per second (NVML: "
     "nvmlDeviceGetPcieThroughput)",
     .asks = "nvmlDeviceGetPcieThroughput", RANGE(0, 1e12),
     .absent = "Not where the board counts bytes or has GPM.", .arch = "Before Hopper.",
     .note = "The call blocks for 20 ms, so one device is asked at a reading. A sample, no mean."},

    /* ---- links ---- */
    {"algalon_gpu_nvlinks", "gauge", "1", GPU, "NVLinks that the device has (NVML field 91)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S, RANGE(0, 64), .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlinks_to_switches", "gauge", "1", GPU,
     "NVLinks that lead to a switch (NVML field 147)", .asks = ASKS_FIELDS, .period = CATALOGUE_15S,
     RANGE(0, 64), .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlink_speed_bytes_per_second", "gauge", "bytes per second", GPU,
     "Speed in one direction of the slowest NVLink that is up, bytes per second (NVML field 164)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S, RANGE(0, 1e13), .arch = ARCH_NVLINK},
    {"algalon_gpu_nvlinks_low_power", "gauge", "1", GPU,
     "How many NVLinks save power at present (NVML field 167)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_15S, RANGE(0, 64), .arch = ARCH_GPM},
    {"algalon_gpu_nvlink_link_bytes_per_second", "gauge", "bytes per second", LINK ",direction",
     "Bytes a second over a link that has no counters of bytes, over the interval (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_MEAN,
     .absent = "Where a link counts bytes, algalon_gpu_nvlink_*_bytes_total tell.",
     .arch = ARCH_GPM},
    {"algalon_gpu_nvlink_ecc_errors_total", "counter", "1", GPU,
     "ECC errors of the data of all links (NVML field 160)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_COUNTS, .arch = "A100 to H200 (NVLink 3 and 4)."},
    {"algalon_gpu_nvlink5_errors_total", "counter", "1", LINK ",kind",
     "Errors of a link of the fifth generation by kind (NVML fields 206 to 212, 219, 221)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, .arch = ARCH_FIFTH},
    {"algalon_gpu_nvlink5_recoveries_total", "counter", "1", LINK ",result",
     "Times that a link was lost and trained again, successfully or not (NVML fields 213 and 214)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, .arch = ARCH_FIFTH,
     .note = "A link that recovers again and again fails within days."},
    {"algalon_gpu_nvlink_bit_error_ratio", "gauge", "ratio", LINK ",kind",
     "Bit error rate of a link: raw, effective (behind the correction), of symbols (NVML fields "
     "218, 220 and 222)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S, RANGE(0, 1), .arch = ARCH_FIFTH},
    {"algalon_gpu_nvlink_fec_blocks_total", "counter", "1", GPU ",symbols",
     "Blocks of all links in which the correction mended so many symbols, 0 to 15 (NVML fields 235 "
     "to 250)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_COUNTS, .arch = ARCH_FIFTH},
    {"algalon_gpu_fabric_info", "gauge", "info", GPU ",cluster_uuid",
     "Constant 1; the NVLink domain that the device belongs to (NVML: nvmlDeviceGetGpuFabricInfoV)",
     .asks = ASKS_FABRIC, .arch = ARCH_FABRIC},
    {"algalon_gpu_fabric_health", "gauge", "1", GPU,
     "Health of the fabric in one number: 1 healthy, 2 unhealthy, 3 limited capacity (NVML: "
     "nvmlDeviceGetGpuFabricInfoV)",
     .asks = "nvmlDeviceGetGpuFabricInfoV version 3", RANGE(1, 3), .arch = ARCH_FABRIC},
    {"algalon_gpu_fabric_clique", "gauge", "1", GPU,
     "Number of the clique in the NVLink domain: devices of one clique reach each other (NVML: "
     "nvmlDeviceGetGpuFabricInfoV)",
     .asks = ASKS_FABRIC, RANGE(0, 1e6), .arch = ARCH_FABRIC},
    {"algalon_gpu_c2c_mode", "gauge", "1", GPU,
     "1 when the links between the chips of a superchip are in use, else 0 (NVML: "
     "nvmlDeviceGetC2cModeInfoV)",
     .asks = "nvmlDeviceGetC2cModeInfoV", .period = CATALOGUE_15S, RANGE(0, 1), .arch = ARCH_SUPER},
    {"algalon_gpu_c2c_links_active", "gauge", "1", GPU,
     "Links between the chips of a superchip that are up (NVML field 171)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_15S, RANGE(0, 64), .arch = ARCH_SUPER},
    {"algalon_gpu_c2c_max_bytes_per_second", "gauge", "bytes per second", GPU,
     "Speed of all links between the chips of a superchip (NVML field 172)", .asks = ASKS_FIELDS,
     .period = CATALOGUE_15S, .arch = ARCH_SUPER},
    {"algalon_gpu_c2c_low_power", "gauge", "1", GPU,
     "1 while the links between the chips of a superchip save power (NVML field 234)",
     .asks = ASKS_FIELDS, .period = CATALOGUE_15S, RANGE(0, 1), .arch = ARCH_SUPER},

    /* ---- profile ---- */
    {"algalon_gpu_prof_tensor_kind_active", "gauge", "ratio", GPU ",kind",
     "Share of time in which the tensor cores worked on FP64 (dfma, dmma), half (hmma) or integer "
     "(imma) numbers, 0 to 1 (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_MEAN, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_engine_active", "gauge", "ratio", GPU ",engine,engine_index",
     "Share of time in which a single engine worked, 0 to 1 (NVML: GPM)", .asks = ASKS_GPM,
     .period = CATALOGUE_MEAN, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_cache_ratio", "gauge", "ratio", GPU ",memory,result",
     "Hits and misses in the cache of accesses to memory of the host, of peers and of the device, "
     "0 "
     "to 1 (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_MEAN, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_c2c_bytes_per_second", "gauge", "bytes per second", GPU ",traffic,direction",
     "Bytes a second between the chips of a superchip, all and data alone (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_MEAN, .arch = ARCH_SUPER},
    {"algalon_gpu_prof_cycles_total", "counter", "1", GPU ",kind",
     "Cycles since the machine was started: of the multiprocessors, elapsed and active, and of the "
     "pipes (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_COUNTS, RANGE(0, 1e19), .arch = ARCH_GPM,
     .note = "The growth of sm_active over that of sm_elapsed is the share of any window."},
    {"algalon_gpu_context_switch_active", "gauge", "ratio", GPU,
     "Share of time in which the engine switched between contexts, 0 to 1 (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_MEAN, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_context_switches_total", "counter", "1", GPU,
     "Times that the engine switched between contexts since the first reading (NVML: GPM)",
     .asks = ASKS_GPM, .period = CATALOGUE_COUNTS, RANGE(0, 1e12), .arch = ARCH_GPM},
    {"algalon_mig_instance_parts", "gauge", "1", MIG_INSTANCE ",part",
     "What an instance consists of: slices, copy engines, decoders and so on (NVML: "
     "nvmlDeviceGetAttributes_v2)",
     .asks = "nvmlDeviceGetAttributes_v2", RANGE(0, 1000), .arch = ARCH_MIG},
    {"algalon_mig_instance_memory_free_bytes", "gauge", "bytes", MIG_INSTANCE,
     "Memory of a GPU instance that is free, shared by its compute instances, bytes (NVML)",
     .asks = "nvmlDeviceGetMemoryInfo_v2", .arch = ARCH_MIG},
    {"algalon_mig_instance_memory_reserved_bytes", "gauge", "bytes", MIG_INSTANCE,
     "Memory of a GPU instance that the driver keeps, shared by its compute instances, bytes "
     "(NVML)",
     .asks = "nvmlDeviceGetMemoryInfo_v2", .arch = ARCH_MIG},
    {"algalon_mig_instance_prof_pipe_active", "gauge", "ratio", MIG_INSTANCE ",pipe",
     "Share of time in which a pipe of an instance worked, of dram the share of its bandwidth, 0 "
     "to "
     "1 (NVML: GPM)",
     .asks = "nvmlGpmMigSampleGet, nvmlGpmMetricsGet", .period = CATALOGUE_MEAN, RANGE(0, 1.01),
     .arch = ARCH_GPM},
    {"algalon_mig_instance_prof_tensor_kind_active", "gauge", "ratio", MIG_INSTANCE ",kind",
     "Share of time in which an instance's tensor cores worked on FP64 (dfma, dmma), half (hmma) "
     "or "
     "integer (imma) numbers, 0 to 1 (NVML: GPM)",
     .asks = "nvmlGpmMigSampleGet, nvmlGpmMetricsGet", .period = CATALOGUE_MEAN, RANGE(0, 1.01),
     .arch = ARCH_GPM},

    /* ---- shared use ---- */
    {"algalon_gpu_processes_of_type", "gauge", "1", GPU ",type",
     "Processes on the device by type: compute, graphics, mps (clients of the multi-process "
     "service) (driver)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3",
     .note = "A process in several lists counts once: mps before compute before graphics."},
    {"algalon_gpu_mps_servers", "gauge", "1", GPU,
     "Servers of the multi-process service on the device (driver, kernel: /proc/PID/comm)",
     .asks = "nvmlDeviceGet*RunningProcesses_v3, /proc/PID/comm: nvidia-cuda-mps-server",
     .absent = "Only when procfs shows the host's processes (--pid=host, hostPID: true)."},
    {"algalon_gpu_accounting_mode", "gauge", "1", GPU,
     "1 when the driver accounts for processes, else 0 (NVML: nvmlDeviceGetAccountingMode)",
     .asks = "nvmlDeviceGetAccountingMode", .period = CATALOGUE_15S, RANGE(0, 1)},
    {"algalon_process_accounted_utilization", "gauge", "percent", GPU ",pid",
     "Share of a running process's life in which its work ran on the device, percent (NVML: "
     "nvmlDeviceGetAccountingStats)",
     .asks = ASKS_ACCOUNTING, .period = CATALOGUE_15S, .absent = ABSENT_OFF},
    {"algalon_process_accounted_memory_activity", "gauge", "percent", GPU ",pid",
     "Share of a running process's life in which it read or wrote device memory, percent (NVML: "
     "nvmlDeviceGetAccountingStats)",
     .asks = ASKS_ACCOUNTING, .period = CATALOGUE_15S, .absent = ABSENT_OFF},
    {"algalon_process_accounted_memory_max_bytes", "gauge", "bytes", GPU ",pid",
     "Most device memory that a running process ever had, bytes (NVML: "
     "nvmlDeviceGetAccountingStats)",
     .asks = ASKS_ACCOUNTING, .period = CATALOGUE_15S, .absent = ABSENT_OFF},
    {"algalon_process_accounted_seconds_total", "counter", "seconds", GPU ",pid",
     "Time that a running process has had a context on the device, seconds (NVML: "
     "nvmlDeviceGetAccountingStats)",
     .asks = ASKS_ACCOUNTING, .period = CATALOGUE_COUNTS, .absent = ABSENT_OFF},
    {"algalon_gpu_confidential_compute", "gauge", "1", GPU,
     "1 when confidential computing is on, else 0 (NVML: nvmlSystemGetConfComputeState)",
     .asks = ASKS_CONFIDENTIAL, .period = CATALOGUE_OPEN, RANGE(0, 1), .arch = ARCH_GPM},
    {"algalon_gpu_confidential_devtools", "gauge", "1", GPU,
     "1 when it lets development tools in, and so protects nothing (NVML: "
     "nvmlSystemGetConfComputeState)",
     .asks = ASKS_CONFIDENTIAL, .period = CATALOGUE_OPEN, RANGE(0, 1), .absent = ABSENT_CC},
    {"algalon_gpu_confidential_ready", "gauge", "1", GPU,
     "1 when the devices take work, 0 while they wait for attestation (NVML: "
     "nvmlSystemGetConfComputeGpusReadyState)",
     .asks = "nvmlSystemGetConfComputeGpusReadyState", .period = CATALOGUE_15S, RANGE(0, 1),
     .absent = ABSENT_CC},
    {"algalon_gpu_confidential_memory_used_bytes", "gauge", "bytes", GPU,
     "Protected device memory in use, bytes (NVML: nvmlDeviceGetConfComputeProtectedMemoryUsage)",
     .asks = "nvmlDeviceGetConfComputeProtectedMemoryUsage", .absent = ABSENT_CC},
    {"all_smi_vgpu_host_mode", "gauge", "1", GPU ",host_mode",
     "How the host cuts the device into virtual ones: 0 without, 1 with SR-IOV (NVML: "
     "nvmlDeviceGetHostVgpuMode)",
     .asks = "nvmlDeviceGetHostVgpuMode", .period = CATALOGUE_OPEN, RANGE(0, 1),
     .absent = ABSENT_VGPU},
    {"all_smi_vgpu_scheduler_state", "gauge", "1", GPU ",arr_supported",
     "Whether the scheduler of virtual devices adapts its round robin: 0 it cannot, 1 off, 2 on "
     "(NVML: nvmlDeviceGetVgpuSchedulerState)",
     .asks = "nvmlDeviceGetVgpuSchedulerState", RANGE(0, 2),
     .absent = "Only on a host, while a virtual device is active."},
    {"all_smi_vgpu_scheduler_policy", "gauge", "1", GPU ",arr_supported",
     "How the time is shared between virtual devices: 1 best effort, 2 equal share, 3 fixed share "
     "(NVML: nvmlDeviceGetVgpuSchedulerState)",
     .asks = "nvmlDeviceGetVgpuSchedulerState", RANGE(0, 3),
     .absent = "Only on a host, while a virtual device is active."},
    {"algalon_gpu_vgpu_licensed", "gauge", "1", GPU,
     "1 when this guest's virtual device has a licence, 0 when it has none (NVML: "
     "nvmlDeviceGetGridLicensableFeatures_v4)",
     .asks = "nvmlDeviceGetGridLicensableFeatures_v4", RANGE(0, 1),
     .absent = "Only in a guest with a virtual device."},
    {"algalon_vgpu_info", "gauge", "info", VGPU ",vm_driver_version?",
     "Constant 1 for each active virtual device; its type, its machine and that machine's driver "
     "(NVML: nvmlDeviceGetActiveVgpus)",
     .asks = "nvmlDeviceGetActiveVgpus, nvmlVgpuInstanceGetType, nvmlVgpuInstanceGetVmID, "
             "nvmlVgpuInstanceGetVmDriverVersion",
     .absent = ABSENT_VGPU},
    {"all_smi_vgpu_active", "gauge", "1", VGPU,
     "1 for each active virtual device (NVML: nvmlDeviceGetActiveVgpus)",
     .asks = "nvmlDeviceGetActiveVgpus", RANGE(0, 1), .absent = ABSENT_VGPU},
    {"all_smi_vgpu_utilization", "gauge", "percent", VGPU,
     "Share of time in which a virtual device worked, mean over the interval, percent (driver "
     "samples)",
     .asks = ASKS_VGPU_USE, .period = CATALOGUE_MEAN, .age_s = 15, .absent = ABSENT_VGPU},
    {"all_smi_vgpu_memory_utilization", "gauge", "percent", VGPU,
     "Share of time in which a virtual device read or wrote memory, percent (driver samples)",
     .asks = ASKS_VGPU_USE, .period = CATALOGUE_MEAN, .age_s = 15, .absent = ABSENT_VGPU},
    {"algalon_vgpu_encoder_utilization", "gauge", "percent", VGPU,
     "Share of time in which a virtual device used the encoder, percent (driver samples)",
     .asks = ASKS_VGPU_USE, .period = CATALOGUE_MEAN, .age_s = 15, .absent = ABSENT_VGPU},
    {"algalon_vgpu_decoder_utilization", "gauge", "percent", VGPU,
     "Share of time in which a virtual device used the decoder, percent (driver samples)",
     .asks = ASKS_VGPU_USE, .period = CATALOGUE_MEAN, .age_s = 15, .absent = ABSENT_VGPU},
    {"all_smi_vgpu_memory_used_bytes", "gauge", "bytes", VGPU,
     "Memory of a virtual device in use, bytes (NVML: nvmlVgpuInstanceGetFbUsage)",
     .asks = "nvmlVgpuInstanceGetFbUsage", RANGE(0, 16 * CATALOGUE_TIB), .absent = ABSENT_VGPU},
    {"all_smi_vgpu_memory_total_bytes", "gauge", "bytes", VGPU,
     "Memory of a virtual device, bytes (NVML: nvmlVgpuTypeGetFramebufferSize)",
     .asks = "nvmlVgpuTypeGetFramebufferSize", RANGE(0, 16 * CATALOGUE_TIB), .absent = ABSENT_VGPU},
    {"algalon_vgpu_licensed", "gauge", "1", VGPU,
     "1 when a virtual device has a licence, 0 when it has none (NVML: "
     "nvmlVgpuInstanceGetLicenseInfo_v2)",
     .asks = "nvmlVgpuInstanceGetLicenseInfo_v2", RANGE(0, 1), .absent = ABSENT_VGPU},
    {"algalon_vgpu_frame_rate_limit", "gauge", "1", VGPU,
     "Frames a second that a virtual device is held to (NVML: nvmlVgpuInstanceGetFrameRateLimit)",
     .asks = "nvmlVgpuInstanceGetFrameRateLimit", RANGE(0, 1e5),
     .absent = "Only on a host; not where there is no limit."},
};
const size_t catalogue_nvml_len = ARRAY_LEN(catalogue_nvml);
