/* catalogue_gpu.c - rows of the catalogue: accelerators: load, memory, heat, power, clocks. */
#include "metric/catalogue_table.h"

#define ARCH_NO_MIG "Not while MIG is on."
#define ARCH_POWER                                                                                 \
    "From Ampere on the driver itself averages over one second (the A100 excepted); before that "  \
    "it tells the moment. On A100 and H100 the sensor looks about a quarter of the time (arXiv "   \
    "2312.02741): what a burst of less than a second draws is not known."
#define ASKS_CLOCK "nvmlDeviceGetClockInfo"
#define ASKS_POWER                                                                                 \
    "nvmlDeviceGetSamples(TOTAL_POWER_SAMPLES), else nvmlDeviceGetPowerUsage (--own-samples)"
#define ASKS_POWER_MEAN "nvmlDeviceGetTotalEnergyConsumption, else " ASKS_POWER
#define ASKS_POWER_LIMIT                                                                           \
    "nvmlDeviceGetEnforcedPowerLimit, nvmlDeviceGetPowerManagementLimitConstraints"
#define ASKS_THRESHOLD "nvmlDeviceGetTemperatureThreshold"
#define ABSENT_SHARED  "Not on boards that share the host's memory."
#define ASKS_MEMORY    "nvmlDeviceGetMemoryInfo_v2, else nvmlDeviceGetMemoryInfo"
#define NOTE_RESERVED                                                                              \
    "Used memory leaves out what the driver reserves for itself, from R510 on, as nvidia-smi's "   \
    "memory.used does; memory.reserved is algalon_gpu_memory_reserved_bytes."
#define ARCH_SHARED                                                                                \
    "Where the board shares the host's memory (GB10, Thor, Jetson) the host's figures: see "       \
    "algalon_gpu_memory_shared."

const struct catalogue_family catalogue_gpu[] = {
    {"algalon_gpu_up", "gauge", "1", GPU,
     "1 while the device answers, sleeps or is released, 0 when it is lost, forbidden or its "
     "driver is silent (driver)",
     .asks = "nvmlDeviceGetHandleByIndex_v2 and the calls that follow", RANGE(0, 1),
     .absent = "Always there, for every device that was ever seen."},
    {"algalon_gpu_state", "gauge", "1", GPU,
     "State of the device: 0 answers, 1 lost or its driver is silent, 2 may not be opened by this "
     "process, 3 asleep, 4 released by the operator (driver)",
     .asks = "nvmlDeviceGetHandleByIndex_v2 and the calls that follow", RANGE(0, 4),
     .absent = "Always there, for every device that was ever seen."},
    {"algalon_gpu_sleeping", "gauge", "1", GPU,
     "1 while the device is suspended by the kernel and so left unread (kernel: "
     "power/runtime_status)",
     .asks = "/sys/bus/pci/devices/ADDRESS/power/runtime_status", RANGE(0, 1)},
    {"all_smi_gpu_info", "gauge", "info",
     GPU ",type,driver_version?,cuda_version?,lib_name?,lib_version?,architecture?,vbios_version?,"
         "pci_bus_id?",
     "Constant 1; identity and software of a device; AMD's have rocm_version in place of "
     "cuda_version (driver)",
     .asks = "nvmlDeviceGetName, nvmlDeviceGetUUID, nvmlSystemGetDriverVersion",
     .period = CATALOGUE_OPEN},
    {"algalon_gpu_board_info", "gauge", "info",
     GPU ",compute_capability?,serial?,board_part?,inforom_image?,inforom_ecc?,inforom_power?,"
         "inforom_oem?,brand?",
     "Constant 1; marks of a board: serial and part number, versions of its InfoROM, compute "
     "capability, brand (driver)",
     .asks = "nvmlDeviceGetSerial, nvmlDeviceGetBoardPartNumber, nvmlDeviceGetInforomVersion, "
             "nvmlDeviceGetCudaComputeCapability",
     .period = CATALOGUE_OPEN},
    {"all_smi_gpu_gsp_firmware_version_info", "gauge", "info", GPU ",version",
     "Constant 1; version of the firmware of the system processor (NVML: "
     "nvmlDeviceGetGspFirmwareVersion)",
     .asks = "nvmlDeviceGetGspFirmwareVersion", .period = CATALOGUE_OPEN,
     .arch = "Turing and later; the proprietary driver can also run without the firmware."},
    {"all_smi_gpu_gsp_firmware_mode", "gauge", "1", GPU,
     "Firmware of the system processor: 0 off, 1 on, 2 on by default (NVML: "
     "nvmlDeviceGetGspFirmwareMode)",
     .asks = "nvmlDeviceGetGspFirmwareMode", RANGE(0, 2),
     .arch = "Turing and later; the proprietary driver can also run without the firmware."},
    {"all_smi_gpu_utilization", "gauge", "percent", GPU,
     "Share of time in which the device worked, mean over the interval, percent (driver's samples)",
     .asks = "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES), else nvmlDeviceGetUtilizationRates "
             "(--own-samples)",
     .period = CATALOGUE_MEAN, .age_s = 15,
     .arch = "With MIG the driver gives none for the whole board; Hopper and later have "
             "all_smi_mig_instance_utilization_gpu in its place.",
     .note = "Time in which at least one kernel ran, however small: 100 percent does not say that "
             "the device is full."},
    {"algalon_gpu_utilization_max", "gauge", "percent", GPU,
     "The highest sample of the device's utilisation in the interval, percent (driver's samples)",
     .asks = "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES)", .period = CATALOGUE_EXTREME,
     .age_s = 15},
    {"algalon_gpu_utilization_min", "gauge", "percent", GPU,
     "The lowest sample of the device utilisation in the interval, percent (driver samples)",
     .asks = "nvmlDeviceGetSamples(GPU_UTILIZATION_SAMPLES)", .period = CATALOGUE_EXTREME,
     .age_s = 15},
    {"algalon_gpu_busy_seconds_total", "counter", "seconds", GPU,
     "Time in which the device worked since the first reading, the integral of its samples, "
     "seconds (driver samples)",
     .asks = "nvmlDeviceGetSamples", .period = CATALOGUE_TALLY,
     .note = "rate() of it is the utilisation over any window, without a spike lost."},
    {"algalon_gpu_memory_busy_seconds_total", "counter", "seconds", GPU,
     "Time in which device memory was read or written since the first reading, seconds (driver "
     "samples)",
     .asks = "nvmlDeviceGetSamples", .period = CATALOGUE_TALLY,
     .note = "rate() of it is the utilisation over any window, without a spike lost."},
    {"algalon_gpu_memory_activity_max", "gauge", "percent", GPU,
     "The highest sample of memory activity in the interval, percent (driver samples)",
     .asks = "nvmlDeviceGetSamples(MEMORY_UTILIZATION_SAMPLES)", .period = CATALOGUE_MEAN,
     .age_s = 15, .arch = ARCH_NO_MIG,
     .note = "Time in which memory was read or written, not how much of it is in use."},
    {"algalon_gpu_memory_activity", "gauge", "percent", GPU,
     "Share of time in which device memory was read or written, percent (driver's samples)",
     .asks = "nvmlDeviceGetSamples(MEMORY_UTILIZATION_SAMPLES)", .period = CATALOGUE_MEAN,
     .age_s = 15, .arch = ARCH_NO_MIG,
     .note = "Time in which memory was read or written, not how much of it is in use."},
    {"algalon_gpu_encoder_utilization", "gauge", "percent", GPU,
     "Share of time in which the video encoder worked, mean over the interval, percent (driver's "
     "samples)",
     .asks = "nvmlDeviceGetSamples(ENC_UTILIZATION_SAMPLES), else nvmlDeviceGetEncoderUtilization",
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = ARCH_NO_MIG},
    {"algalon_gpu_decoder_utilization", "gauge", "percent", GPU,
     "Share of time in which the video decoder worked, mean over the interval, percent (driver's "
     "samples)",
     .asks = "nvmlDeviceGetSamples(DEC_UTILIZATION_SAMPLES), else nvmlDeviceGetDecoderUtilization",
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = ARCH_NO_MIG},
    {"algalon_gpu_jpeg_utilization", "gauge", "percent", GPU,
     "Share of time in which the JPEG decoder worked, percent (NVML: nvmlDeviceGetJpgUtilization)",
     .asks = "nvmlDeviceGetSamples(JPG_UTILIZATION_SAMPLES), else nvmlDeviceGetJpgUtilization",
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = "Turing and later."},
    {"algalon_gpu_ofa_utilization", "gauge", "percent", GPU,
     "Share of time in which the optical flow accelerator worked, percent (NVML: "
     "nvmlDeviceGetOfaUtilization)",
     .asks = "nvmlDeviceGetSamples(OFA_UTILIZATION_SAMPLES), else nvmlDeviceGetOfaUtilization",
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = "Turing and later."},
    {"all_smi_gpu_memory_used_bytes", "gauge", "bytes", GPU,
     "Device memory in use, without what the driver reserves, bytes (driver)", .asks = ASKS_MEMORY,
     RANGE(0, 16 * CATALOGUE_TIB), .arch = ARCH_SHARED, .note = NOTE_RESERVED},
    {"all_smi_gpu_memory_total_bytes", "gauge", "bytes", GPU,
     "Size of the device memory, bytes (driver)", .asks = ASKS_MEMORY, RANGE(1, 16 * CATALOGUE_TIB),
     .arch = ARCH_SHARED},
    {"algalon_gpu_memory_free_bytes", "gauge", "bytes", GPU, "Device memory free, bytes (driver)",
     .asks = ASKS_MEMORY, RANGE(0, 16 * CATALOGUE_TIB), .absent = ABSENT_SHARED,
     .note = NOTE_RESERVED},
    {"algalon_gpu_memory_reserved_bytes", "gauge", "bytes", GPU,
     "Device memory that the driver and firmware keep for themselves, bytes (driver)",
     .asks = ASKS_MEMORY, RANGE(0, 16 * CATALOGUE_TIB), .absent = ABSENT_SHARED,
     .note = NOTE_RESERVED},
    {"algalon_gpu_memory_shared", "gauge", "1", GPU,
     "1 when the device has no memory of its own and shares that of the host, which its figures "
     "then are; 0 when it has its own (driver)",
     .asks = "nvmlDeviceGetMemoryInfo_v2: not supported, or a total of 0", RANGE(0, 1),
     .arch = "1 on GB10, Thor and Jetson.",
     .note =
         "Where it is 1 used and total memory are /proc/meminfo's MemTotal less MemAvailable, and "
         "MemTotal: programs of the CPU count too. Do not add them to the host's."},
    {"all_smi_gpu_temperature_celsius", "gauge", "celsius", GPU,
     "Temperature of the chip, degrees Celsius (driver)", .asks = "nvmlDeviceGetTemperature",
     RANGE(-30, 130)},
    {"algalon_gpu_memory_temperature_celsius", "gauge", "celsius", GPU,
     "Temperature of the device memory, degrees Celsius (driver)",
     .asks = "nvmlDeviceGetFieldValues(MEMORY_TEMP)", RANGE(-30, 140),
     .absent = "Only boards with HBM, and some with GDDR6X, tell it.",
     .arch = "Boards with HBM (P100, V100, A100, H100 and later), and some with GDDR6X."},
    {"algalon_gpu_hotspot_temperature_celsius", "gauge", "celsius", GPU,
     "Temperature of the hottest place of the chip, degrees Celsius (driver)",
     .asks = "amdgpu: temp2_input, gpu_metrics", RANGE(-30, 140),
     .absent = "Only AMD's boards tell it apart.", .arch = "AMD."},
    {"all_smi_gpu_temperature_threshold_slowdown_celsius", "gauge", "celsius", GPU,
     "Temperature at which the clocks are cut, degrees Celsius (driver)", .asks = ASKS_THRESHOLD,
     RANGE(30, 150)},
    {"all_smi_gpu_temperature_threshold_shutdown_celsius", "gauge", "celsius", GPU,
     "Temperature at which the device switches itself off, degrees Celsius (driver)",
     .asks = ASKS_THRESHOLD, RANGE(30, 150)},
    {"all_smi_gpu_temperature_threshold_max_operating_celsius", "gauge", "celsius", GPU,
     "Highest temperature of normal operation, degrees Celsius (driver)", .asks = ASKS_THRESHOLD,
     RANGE(30, 150)},
    {"all_smi_gpu_temperature_threshold_acoustic_celsius", "gauge", "celsius", GPU,
     "Temperature that the acoustic limit aims at, degrees Celsius (driver)",
     .asks = ASKS_THRESHOLD, RANGE(30, 150)},
    {"all_smi_gpu_power_consumption_watts", "gauge", "watts", GPU,
     "Power drawn, mean over the interval, watts: growth of the energy counter, else the driver's "
     "samples, else own ones (driver)",
     .asks = ASKS_POWER_MEAN, .period = CATALOGUE_MEAN, .age_s = 15, .arch = ARCH_POWER},
    {"algalon_gpu_power_max_watts", "gauge", "watts", GPU,
     "The highest sample of power in the interval, watts (driver's samples)", .asks = ASKS_POWER,
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = ARCH_POWER},
    {"algalon_gpu_power_min_watts", "gauge", "watts", GPU,
     "The lowest sample of power in the interval, watts (driver samples)", .asks = ASKS_POWER,
     .period = CATALOGUE_MEAN, .age_s = 15, .arch = ARCH_POWER},
    {"all_smi_gpu_power_limit_current_watts", "gauge", "watts", GPU,
     "Power limit in force, watts (driver)", .asks = ASKS_POWER_LIMIT, RANGE(1, 5000)},
    {"algalon_gpu_power_limit_default_watts", "gauge", "watts", GPU,
     "Power limit after a reset, watts (driver)", .asks = ASKS_POWER_LIMIT, RANGE(1, 5000)},
    {"algalon_gpu_power_limit_min_watts", "gauge", "watts", GPU,
     "Lowest power limit that may be set, watts (driver)", .asks = ASKS_POWER_LIMIT,
     RANGE(1, 5000)},
    {"all_smi_gpu_power_limit_max_watts", "gauge", "watts", GPU,
     "Highest power limit that may be set, watts (driver)", .asks = ASKS_POWER_LIMIT,
     RANGE(1, 5000)},
    {"all_smi_energy_consumed_joules_total", "counter", "joules",
     "hostname,scope,gpu_index,gpu_uuid",
     "Energy consumed since the driver was loaded, joules (the hardware's counter; where there is "
     "none, power times time since the worker started)",
     .asks = "nvmlDeviceGetTotalEnergyConsumption", .period = CATALOGUE_COUNTS,
     .arch = "Counted by the hardware from Volta on; algalon_gpu_energy_estimated tells which.",
     .note = "Restarts from 0 when the driver is loaded again."},
    {"algalon_gpu_energy_estimated", "gauge", "1", GPU,
     "1 where energy is power times time since the worker started, 0 where the hardware counts it "
     "(driver)",
     .asks = "nvmlDeviceGetTotalEnergyConsumption", RANGE(0, 1),
     .arch = "1 before Volta, in guests with a virtual GPU, and on Jetson."},
    {"all_smi_gpu_frequency_mhz", "gauge", "megahertz", GPU, "Graphics clock, MHz (driver)",
     .asks = ASKS_CLOCK, RANGE(1, 30000), .age_s = 15},
    {"algalon_gpu_clock_sm_mhz", "gauge", "megahertz", GPU,
     "Clock of the streaming multiprocessors, MHz (driver)", .asks = ASKS_CLOCK},
    {"algalon_gpu_clock_memory_mhz", "gauge", "megahertz", GPU, "Memory clock, MHz (driver)",
     .asks = ASKS_CLOCK},
    {"algalon_gpu_clock_video_mhz", "gauge", "megahertz", GPU,
     "Clock of the video engines, MHz (driver)", .asks = ASKS_CLOCK},
    {"all_smi_gpu_clock_graphics_max_mhz", "gauge", "megahertz", GPU,
     "Highest graphics clock, MHz (driver)", .asks = "nvmlDeviceGetMaxClockInfo",
     .period = CATALOGUE_OPEN},
    {"all_smi_gpu_clock_memory_max_mhz", "gauge", "megahertz", GPU,
     "Highest memory clock, MHz (driver)", .asks = "nvmlDeviceGetMaxClockInfo",
     .period = CATALOGUE_OPEN},
    {"algalon_gpu_fan_speed_percent", "gauge", "percent", GPU,
     "Speed the fan is set to, percent of its highest (driver)", .asks = "nvmlDeviceGetFanSpeed",
     RANGE(0, 200), .absent = "Boards without a fan of their own, as in servers, have none.",
     .arch = "Passively cooled boards have no fan.",
     .note = "The speed that is asked for, not the one that is reached."},
    {"all_smi_gpu_fan_speed_rpm", "gauge", "rpm", GPU,
     "Speed of the fan, revolutions per minute (driver)", .asks = "nvmlDeviceGetFanSpeedRPM",
     RANGE(0, 40000), .arch = "Boards with a fan, where the driver has the call."},
    {"all_smi_gpu_performance_state", "gauge", "1", GPU,
     "Performance state, 0 the fastest to 15 the idlest (driver)",
     .asks = "nvmlDeviceGetPerformanceState", RANGE(0, 15)},
    {"algalon_gpu_power_average_watts", "gauge", "watts", GPU,
     "Power as the board averages it over about a second, watts (NVML field 185)",
     .asks = "nvmlDeviceGetFieldValues(POWER_AVERAGE)", .period = CATALOGUE_MEAN,
     .arch = "Ampere and later but for the A100."},
    {"algalon_gpu_power_instant_watts", "gauge", "watts", GPU,
     "Power at the moment of the reading, watts (NVML field 186)",
     .asks = "nvmlDeviceGetFieldValues(POWER_INSTANT)", .period = CATALOGUE_MEAN},
    {"all_smi_gpu_numa_node_id", "gauge", "1", GPU, "NUMA node that the device hangs on (kernel)",
     .asks = "/sys/bus/pci/devices/ADDRESS/numa_node", RANGE(0, 4095)},
    {"algalon_gpu_persistence_mode", "gauge", "1", GPU,
     "1 when the driver stays loaded without a client, 0 when not (driver)",
     .asks = "nvmlDeviceGetPersistenceMode", RANGE(0, 1)},
    {"algalon_gpu_virtualization_mode", "gauge", "1", GPU,
     "Virtualisation: 0 none, 1 passed through, 2 vGPU guest, 3 vGPU host, 4 vSGA host (NVML: "
     "nvmlDeviceGetVirtualizationMode)",
     .asks = "nvmlDeviceGetVirtualizationMode", RANGE(0, 4)},
    {"algalon_gpu_mig_mode", "gauge", "1", GPU,
     "1 when the device is split into instances (MIG), 0 when not (driver)",
     .asks = "nvmlDeviceGetMigMode", RANGE(0, 1), .arch = ARCH_MIG},
    {"all_smi_gpu_mig_mode", "gauge", "1", GPU,
     "1 when the device is split into instances (MIG), 0 when not (driver)",
     .asks = "nvmlDeviceGetMigMode", RANGE(0, 1), .arch = ARCH_MIG},
};
const size_t catalogue_gpu_len = ARRAY_LEN(catalogue_gpu);
