/* catalogue.c - the table of metric families, and its form as a page of documentation.
 *
 * Names, types and labels of all_smi_* are those of all-smi 0.25 (API.md and its exporter), of
 * DCGM_FI_* those of dcgm-exporter 4.8; `hostname` on all of all_smi_* is our addition. */
#include "metric/catalogue.h"

#define HOST        "hostname"
#define GPU         "hostname,gpu_index,gpu_uuid,gpu"
#define GPU_PROCESS "hostname,pid,name?,user?,device_id,gpu_index,device_uuid?,command?"
#define HOLDER                                                                                     \
    "hostname,gpu_index,gpu_uuid,gpu,holder_kind,holder,user?,namespace?,pod?,container?,"         \
    "slurm_job?"
#define CPU       "hostname,cpu_model,index"
#define SOCKET    "hostname,cpu_model,cpu_index,socket_id"
#define MEMORY    "hostname,index"
#define DISK      "hostname,mount_point,index"
#define PROCESS   "hostname,pid,name,user"
#define COLLECTOR "hostname,collector"
#define DCGM                                                                                       \
    "gpu,UUID,pci_bus_id,device,modelName,GPU_I_PROFILE?,GPU_I_ID?,Hostname,DCGM_FI_DRIVER_"       \
    "VERSION?"
#define MIG_INSTANCE                                                                               \
    "hostname,gpu_index,gpu_uuid,gpu,mig_instance,mig_uuid?,mig_profile?,gpu_instance_id?,"        \
    "compute_instance_id?"
#define GPU_INFO                                                                                   \
    "hostname,gpu_index,gpu_uuid,gpu,type,driver_version?,cuda_version?,lib_name?,"                \
    "lib_version?,architecture?,vbios_version?,pci_bus_id?"

const struct catalogue_family catalogue[] = {
    /* ---- the worker itself ---- */
    {"all_smi_up", "gauge", "1", HOST, "1 once the first readings are in (worker)"},
    {"all_smi_build_info", "gauge", "info", "hostname,version,os,arch",
     "Constant 1; version of the program, operating system and processor it was built for "
     "(worker)"},
    {"algalon_collector_up", "gauge", "1", COLLECTOR,
     "1 when the collector of a platform answered its last turn, 0 when it failed or hangs "
     "(worker)"},
    {"algalon_collector_duration_seconds", "gauge", "seconds", COLLECTOR,
     "Duration of the last finished reading of a collector, seconds (worker)"},
    {"algalon_collector_readings_total", "counter", "1", COLLECTOR,
     "Readings that succeeded since start (worker)"},
    {"algalon_collector_errors_total", "counter", "1", COLLECTOR,
     "Openings and readings that failed since start (worker)"},
    {"algalon_readings_rejected_total", "counter", "1", "hostname,field,reason",
     "Values withdrawn since start: out of range, a driver's sentinel, or stale (worker)"},

    /* ---- accelerators ---- */
    {"algalon_board_info", "gauge", "info",
     "hostname,model?,soc?,l4t_version?,jetpack_version?,power_mode?,power_mode_id?",
     "Constant 1; a module with everything on it (Jetson): model, chip, release of its software, "
     "power mode (device tree, /etc/nv_tegra_release, nvpmodel)"},
    {"algalon_board_power_watts", "gauge", "watts", "hostname,source",
     "Power of the whole module, watts; source says whether a rail feeds it all (input) or the "
     "rails were added up (sum) (INA3221)"},
    {"algalon_board_memory_clock_mhz", "gauge", "megahertz", HOST,
     "Clock of the memory controller, MHz (debugfs: emc)"},
    {"algalon_board_memory_controller_utilization", "gauge", "percent", HOST,
     "Share of time in which the memory controller worked, percent (debugfs: cactmon)"},
    {"algalon_rail_power_watts", "gauge", "watts", "hostname,rail",
     "Power on a supply line, watts (INA3221)"},
    {"algalon_rail_voltage_volts", "gauge", "volts", "hostname,rail",
     "Voltage of a supply line, volts (INA3221)"},
    {"algalon_rail_current_amperes", "gauge", "amperes", "hostname,rail",
     "Current on a supply line, amperes (INA3221)"},
    {"algalon_zone_temperature_celsius", "gauge", "celsius", "hostname,zone",
     "Temperature of a thermal zone, degrees Celsius (kernel: thermal_zone)"},
    {"algalon_engine_running", "gauge", "1", "hostname,engine",
     "1 while a unit with one purpose (nvdec, nvenc, nvjpg, vic, ofa, dla0, pva0) is switched on, "
     "else 0 (kernel: clk, runtime_status)"},
    {"algalon_engine_clock_mhz", "gauge", "megahertz", "hostname,engine",
     "Clock of a unit with one purpose, MHz (kernel: clk, devfreq)"},
    {"algalon_gpu_up", "gauge", "1", GPU,
     "1 while the device answers or sleeps, 0 when it is lost, forbidden or its driver is silent "
     "(driver)"},
    {"algalon_gpu_sleeping", "gauge", "1", GPU,
     "1 while the device is suspended by the kernel and so left unread (kernel: "
     "power/runtime_status)"},
    {"all_smi_gpu_info", "gauge", "info", GPU_INFO,
     "Constant 1; identity and software of a device (driver)"},
    {"algalon_gpu_board_info", "gauge", "info",
     "hostname,gpu_index,gpu_uuid,gpu,compute_capability?,serial?,board_part?,inforom_"
     "image?,inforom_ecc?,inforom_power?,inforom_oem?",
     "Constant 1; marks of a board: serial and part number, versions of its InfoROM, compute "
     "capability (driver)"},
    {"all_smi_gpu_gsp_firmware_version_info", "gauge", "info",
     "hostname,gpu_index,gpu_uuid,gpu,version",
     "Constant 1; version of the firmware of the system processor (NVML: "
     "nvmlDeviceGetGspFirmwareVersion)"},
    {"all_smi_gpu_gsp_firmware_mode", "gauge", "1", GPU,
     "Firmware of the system processor: 0 off, 1 on, 2 on by default (NVML: "
     "nvmlDeviceGetGspFirmwareMode)"},
    {"all_smi_gpu_utilization", "gauge", "percent", GPU,
     "Share of time in which the device worked, mean over the interval, percent (driver's "
     "samples)"},
    {"algalon_gpu_utilization_max", "gauge", "percent", GPU,
     "The highest sample of the device's utilisation in the interval, percent (driver's samples)"},
    {"algalon_gpu_utilization_min", "gauge", "percent", GPU,
     "The lowest sample of the device utilisation in the interval, percent (driver samples)"},
    {"algalon_gpu_busy_seconds_total", "counter", "seconds", GPU,
     "Time in which the device worked since the first reading, the integral of its samples, "
     "seconds (driver samples)"},
    {"algalon_gpu_memory_busy_seconds_total", "counter", "seconds", GPU,
     "Time in which device memory was read or written since the first reading, seconds (driver "
     "samples)"},
    {"algalon_gpu_memory_activity_max", "gauge", "percent", GPU,
     "The highest sample of memory activity in the interval, percent (driver samples)"},
    {"algalon_gpu_memory_activity", "gauge", "percent", GPU,
     "Share of time in which device memory was read or written, percent (driver's samples)"},
    {"algalon_gpu_encoder_utilization", "gauge", "percent", GPU,
     "Share of time in which the video encoder worked, percent (driver)"},
    {"algalon_gpu_decoder_utilization", "gauge", "percent", GPU,
     "Share of time in which the video decoder worked, percent (driver)"},
    {"algalon_gpu_jpeg_utilization", "gauge", "percent", GPU,
     "Share of time in which the JPEG decoder worked, percent (NVML: nvmlDeviceGetJpgUtilization)"},
    {"algalon_gpu_ofa_utilization", "gauge", "percent", GPU,
     "Share of time in which the optical flow accelerator worked, percent (NVML: "
     "nvmlDeviceGetOfaUtilization)"},
    {"all_smi_gpu_memory_used_bytes", "gauge", "bytes", GPU,
     "Device memory in use, without what the driver reserves, bytes (driver)"},
    {"all_smi_gpu_memory_total_bytes", "gauge", "bytes", GPU,
     "Size of the device memory, bytes (driver)"},
    {"algalon_gpu_memory_free_bytes", "gauge", "bytes", GPU, "Device memory free, bytes (driver)"},
    {"algalon_gpu_memory_reserved_bytes", "gauge", "bytes", GPU,
     "Device memory that the driver and firmware keep for themselves, bytes (driver)"},
    {"algalon_gpu_memory_shared", "gauge", "1", GPU,
     "1 when the device has no memory of its own and shares that of the host, which its figures "
     "then are; 0 when it has its own (driver)"},
    {"all_smi_gpu_temperature_celsius", "gauge", "celsius", GPU,
     "Temperature of the chip, degrees Celsius (driver)"},
    {"algalon_gpu_memory_temperature_celsius", "gauge", "celsius", GPU,
     "Temperature of the device memory, degrees Celsius (driver)"},
    {"all_smi_gpu_temperature_threshold_slowdown_celsius", "gauge", "celsius", GPU,
     "Temperature at which the clocks are cut, degrees Celsius (driver)"},
    {"all_smi_gpu_temperature_threshold_shutdown_celsius", "gauge", "celsius", GPU,
     "Temperature at which the device switches itself off, degrees Celsius (driver)"},
    {"all_smi_gpu_temperature_threshold_max_operating_celsius", "gauge", "celsius", GPU,
     "Highest temperature of normal operation, degrees Celsius (driver)"},
    {"all_smi_gpu_temperature_threshold_acoustic_celsius", "gauge", "celsius", GPU,
     "Temperature that the acoustic limit aims at, degrees Celsius (driver)"},
    {"all_smi_gpu_power_consumption_watts", "gauge", "watts", GPU,
     "Power drawn, mean over the interval where the driver keeps samples, watts (driver)"},
    {"algalon_gpu_power_max_watts", "gauge", "watts", GPU,
     "The highest sample of power in the interval, watts (driver's samples)"},
    {"algalon_gpu_power_min_watts", "gauge", "watts", GPU,
     "The lowest sample of power in the interval, watts (driver samples)"},
    {"all_smi_gpu_power_limit_current_watts", "gauge", "watts", GPU,
     "Power limit in force, watts (driver)"},
    {"algalon_gpu_power_limit_default_watts", "gauge", "watts", GPU,
     "Power limit after a reset, watts (driver)"},
    {"algalon_gpu_power_limit_min_watts", "gauge", "watts", GPU,
     "Lowest power limit that may be set, watts (driver)"},
    {"all_smi_gpu_power_limit_max_watts", "gauge", "watts", GPU,
     "Highest power limit that may be set, watts (driver)"},
    {"all_smi_energy_consumed_joules_total", "counter", "joules",
     "hostname,scope,gpu_index,gpu_uuid",
     "Energy consumed since the driver was loaded, joules (the hardware's counter)"},
    {"all_smi_gpu_frequency_mhz", "gauge", "megahertz", GPU, "Graphics clock, MHz (driver)"},
    {"algalon_gpu_clock_sm_mhz", "gauge", "megahertz", GPU,
     "Clock of the streaming multiprocessors, MHz (driver)"},
    {"algalon_gpu_clock_memory_mhz", "gauge", "megahertz", GPU, "Memory clock, MHz (driver)"},
    {"algalon_gpu_clock_video_mhz", "gauge", "megahertz", GPU,
     "Clock of the video engines, MHz (driver)"},
    {"all_smi_gpu_clock_graphics_max_mhz", "gauge", "megahertz", GPU,
     "Highest graphics clock, MHz (driver)"},
    {"all_smi_gpu_clock_memory_max_mhz", "gauge", "megahertz", GPU,
     "Highest memory clock, MHz (driver)"},
    {"algalon_gpu_fan_speed_percent", "gauge", "percent", GPU,
     "Speed the fan is set to, percent of its highest (driver)"},
    {"all_smi_gpu_fan_speed_rpm", "gauge", "rpm", GPU,
     "Speed of the fan, revolutions per minute (driver)"},
    {"all_smi_gpu_performance_state", "gauge", "1", GPU,
     "Performance state, 0 the fastest to 15 the idlest (driver)"},
    {"algalon_gpu_throttled", "gauge", "1", "hostname,gpu_index,gpu_uuid,gpu,reason",
     "1 while clocks are held down for this reason (driver)"},
    {"algalon_gpu_ecc_mode", "gauge", "1", GPU, "1 when ECC is on, 0 when it is off (driver)"},
    {"algalon_gpu_ecc_errors_total", "counter", "1", "hostname,gpu_index,gpu_uuid,gpu,type",
     "Memory errors since the driver was loaded, corrected or uncorrected (driver)"},
    {"algalon_gpu_ecc_errors_aggregate_total", "counter", "1",
     "hostname,gpu_index,gpu_uuid,gpu,type",
     "Memory errors over the life of the board, corrected or uncorrected (NVML fields 5 and 6)"},
    {"algalon_gpu_ecc_location_errors_total", "counter", "1",
     "hostname,gpu_index,gpu_uuid,gpu,type,location,period",
     "Memory errors by place in the device, since the driver was loaded (volatile) or over the "
     "life of the board (aggregate) (NVML fields 7 to 28)"},
    {"algalon_gpu_remapped_rows_total", "counter", "1", "hostname,gpu_index,gpu_uuid,gpu,type",
     "Rows of device memory that were replaced by spare ones, after corrected or uncorrected "
     "errors (NVML fields 142 and 143)"},
    {"algalon_gpu_row_remap_pending", "gauge", "1", GPU,
     "1 while a row waits for a reset of the device to be replaced, else 0 (NVML field 144)"},
    {"algalon_gpu_row_remap_failed", "gauge", "1", GPU,
     "1 when a row could not be replaced and the board wants service, else 0 (NVML field 145)"},
    {"algalon_gpu_row_remap_banks", "gauge", "1", "hostname,gpu_index,gpu_uuid,gpu,spare",
     "Banks of device memory by how many of their spare rows are left: max, high, partial, low, "
     "none (NVML: nvmlDeviceGetRowRemapperHistogram)"},
    {"algalon_gpu_retired_pages", "gauge", "1", "hostname,gpu_index,gpu_uuid,gpu,type",
     "Pages of device memory taken out of use, after corrected or uncorrected errors; boards "
     "before Ampere (NVML fields 29 and 30)"},
    {"algalon_gpu_retired_pages_pending", "gauge", "1", GPU,
     "1 while a page waits for a restart to be taken out of use, else 0 (NVML field 31)"},
    {"algalon_gpu_xid_errors_total", "counter", "1", "hostname,gpu_index,gpu_uuid,gpu,xid",
     "Errors that the driver reported since start, by code; docs/xid.md says what each means (NVML "
     "events)"},
    {"algalon_gpu_xid_last_time_seconds", "gauge", "seconds", "hostname,gpu_index,gpu_uuid,gpu,xid",
     "When the driver reported this code last, seconds of Unix time (NVML events)"},
    {"algalon_gpu_xid_events_total", "counter", "1", GPU,
     "Errors that the driver reported since start, of all codes; begins with 0, so that the first "
     "one shows as growth (NVML events)"},
    {"algalon_gpu_recovery_action", "gauge", "1", GPU,
     "What the driver asks for: 0 nothing, 1 reset, 2 reboot, 3 drain peers, 4 drain and reset, 5 "
     "recover the IMEX domain (NVML field 230)"},
    {"algalon_gpu_throttle_seconds_total", "counter", "seconds",
     "hostname,gpu_index,gpu_uuid,gpu,reason",
     "Time for which clocks were held down for this reason, seconds; nanoseconds as the header of "
     "the library says, withdrawn when it grows faster than time (NVML fields 74 to 81 and 269 to "
     "271)"},
    {"algalon_gpu_temperature_margin_celsius", "gauge", "celsius",
     "hostname,gpu_index,gpu_uuid,gpu,limit",
     "How much warmer the device may get before this limit, degrees Celsius; negative when it is "
     "above (NVML fields 193 to 196)"},
    {"algalon_gpu_power_average_watts", "gauge", "watts", GPU,
     "Power as the board averages it over about a second, watts (NVML field 185)"},
    {"algalon_gpu_power_instant_watts", "gauge", "watts", GPU,
     "Power at the moment of the reading, watts (NVML field 186)"},
    {"algalon_gpu_pcie_replays_total", "counter", "1", GPU,
     "PCI Express packets sent again (NVML field 94)"},
    {"algalon_gpu_pcie_replay_rollovers_total", "counter", "1", GPU,
     "Times that the same PCI Express packet had to be sent again four times (NVML field 95)"},
    {"algalon_gpu_pcie_errors_total", "counter", "1", "hostname,gpu_index,gpu_uuid,gpu,kind",
     "Errors of the PCI Express link by kind (NVML fields 169 and 173 to 183)"},
    {"algalon_gpu_pcie_transmitted_bytes_total", "counter", "bytes", GPU,
     "Bytes the device sent over PCI Express (NVML field 197)"},
    {"algalon_gpu_pcie_received_bytes_total", "counter", "bytes", GPU,
     "Bytes the device received over PCI Express (NVML field 198)"},
    {"algalon_gpu_pcie_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device sent over PCI Express in the interval (NVML field 197)"},
    {"algalon_gpu_pcie_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device received over PCI Express in the interval (NVML field 198)"},
    {"all_smi_gpu_pcie_gen_current", "gauge", "1", GPU,
     "PCI Express generation that the link runs at (driver)"},
    {"algalon_gpu_pcie_gen_max", "gauge", "1", GPU,
     "Highest PCI Express generation of device and slot (driver)"},
    {"all_smi_gpu_pcie_width_current", "gauge", "1", GPU,
     "PCI Express lanes that the link uses (driver)"},
    {"algalon_gpu_pcie_width_max", "gauge", "1", GPU,
     "Most PCI Express lanes of device and slot (driver)"},
    {"algalon_gpu_nvlink_up", "gauge", "1", "hostname,gpu_index,gpu_uuid,gpu,link_index",
     "1 while the link is up, 0 while it is down (NVML: nvmlDeviceGetNvLinkState)"},
    {"algalon_gpu_nvlink_version", "gauge", "1", "hostname,gpu_index,gpu_uuid,gpu,link_index",
     "Version of the link, as the driver numbers it (NVML: nvmlDeviceGetNvLinkVersion)"},
    {"all_smi_nvlink_remote_device_type", "gauge", "info",
     "hostname,gpu_index,gpu_uuid,gpu,link_index,remote_type",
     "Constant 1; what is at the other end of a link that is up: gpu, switch, ibmnpu or unknown "
     "(NVML)"},
    {"algalon_gpu_nvlink_transmitted_bytes_total", "counter", "bytes",
     "hostname,gpu_index,gpu_uuid,gpu,link_index",
     "Bytes sent over the link, read every 15 s (NVML field 138 or 202)"},
    {"algalon_gpu_nvlink_received_bytes_total", "counter", "bytes",
     "hostname,gpu_index,gpu_uuid,gpu,link_index",
     "Bytes received over the link, read every 15 s (NVML field 139 or 204)"},
    {"algalon_gpu_nvlink_errors_total", "counter", "1",
     "hostname,gpu_index,gpu_uuid,gpu,link_index,kind",
     "Errors of the link by kind, read every 15 s (NVML: nvmlDeviceGetNvLinkErrorCounter)"},
    {"algalon_gpu_nvlink_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second sent over all links in the interval (NVML field 138 or 202)"},
    {"algalon_gpu_nvlink_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second received over all links in the interval (NVML field 139 or 204)"},
    {"algalon_gpu_c2c_links", "gauge", "1", GPU,
     "Links between the chips of a superchip (NVML field 170)"},
    {"algalon_gpu_c2c_errors_total", "counter", "1", "hostname,gpu_index,gpu_uuid,gpu,kind",
     "Errors of the links between the chips of a superchip (NVML fields 231 to 233)"},
    {"algalon_gpu_fabric_state", "gauge", "1", GPU,
     "Registration with the NVLink fabric: 0 not supported, 1 not started, 2 in progress, 3 "
     "completed (NVML: nvmlDeviceGetGpuFabricInfoV)"},
    {"algalon_gpu_fabric_status", "gauge", "1", GPU,
     "Result of the completed registration, a code of the library, 0 is success (NVML: "
     "nvmlDeviceGetGpuFabricInfoV)"},
    {"algalon_gpu_fabric_fault", "gauge", "1", "hostname,gpu_index,gpu_uuid,gpu,fault",
     "1 while the fabric has this fault, 0 while it has not (NVML: nvmlDeviceGetGpuFabricInfoV)"},
    {"all_smi_gpu_numa_node_id", "gauge", "1", GPU, "NUMA node that the device hangs on (kernel)"},
    {"algalon_gpu_persistence_mode", "gauge", "1", GPU,
     "1 when the driver stays loaded without a client, 0 when not (driver)"},
    {"algalon_gpu_virtualization_mode", "gauge", "1", GPU,
     "Virtualisation: 0 none, 1 passed through, 2 vGPU guest, 3 vGPU host, 4 vSGA host (NVML: "
     "nvmlDeviceGetVirtualizationMode)"},
    {"algalon_gpu_mig_mode", "gauge", "1", GPU,
     "1 when the device is split into instances (MIG), 0 when not (driver)"},
    {"all_smi_gpu_mig_mode", "gauge", "1", GPU,
     "1 when the device is split into instances (MIG), 0 when not (driver)"},
    {"all_smi_mig_instance_utilization_gpu", "gauge", "percent", MIG_INSTANCE,
     "Share of its multiprocessors' time in which an instance worked, percent; Hopper and later "
     "(NVML: GPM)"},
    {"all_smi_mig_instance_utilization_memory", "gauge", "percent", MIG_INSTANCE,
     "Share of its memory bandwidth that an instance used, percent; Hopper and later (NVML: GPM)"},
    {"all_smi_mig_instance_memory_used_bytes", "gauge", "bytes", MIG_INSTANCE,
     "Memory in use in a GPU instance, shared by its compute instances, bytes (NVML)"},
    {"all_smi_mig_instance_memory_total_bytes", "gauge", "bytes", MIG_INSTANCE,
     "Memory of a GPU instance, shared by its compute instances, bytes (NVML)"},
    {"algalon_mig_instance_multiprocessors", "gauge", "1", MIG_INSTANCE,
     "Multiprocessors of an instance (NVML: nvmlDeviceGetAttributes_v2)"},
    {"algalon_mig_instance_prof_graphics_active", "gauge", "ratio", MIG_INSTANCE,
     "Share of time in which the engine of an instance worked, 0 to 1 (NVML: GPM)"},
    {"algalon_mig_instance_prof_sm_occupancy", "gauge", "ratio", MIG_INSTANCE,
     "Share of an instance's warp slots in use, 0 to 1 (NVML: GPM)"},
    {"algalon_mig_instance_prof_tensor_active", "gauge", "ratio", MIG_INSTANCE,
     "Share of time in which an instance's tensor cores worked, 0 to 1 (NVML: GPM)"},
    {"all_smi_gpu_sm_occupancy", "gauge", "ratio", GPU,
     "Share of warp slots in use, 0 to 1, over the interval; Hopper and later (NVML: GPM)"},
    {"all_smi_gpu_memory_bandwidth_utilization", "gauge", "ratio", GPU,
     "Share of the memory bandwidth used, 0 to 1, over the interval; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_graphics_active", "gauge", "ratio", GPU,
     "Share of time in which the graphics or compute engine worked, 0 to 1, over the interval; "
     "Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_sm_active", "gauge", "ratio", GPU,
     "Share of time in which multiprocessors had work, mean of all, 0 to 1, over the interval; "
     "Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_sm_occupancy", "gauge", "ratio", GPU,
     "Share of warp slots in use, 0 to 1, over the interval; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_integer_active", "gauge", "ratio", GPU,
     "Share of time in which the integer pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)"},
    {"algalon_gpu_prof_tensor_active", "gauge", "ratio", GPU,
     "Share of time in which the tensor cores worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)"},
    {"algalon_gpu_prof_dram_active", "gauge", "ratio", GPU,
     "Share of the memory bandwidth used, 0 to 1, over the interval; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_fp64_active", "gauge", "ratio", GPU,
     "Share of time in which the FP64 pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)"},
    {"algalon_gpu_prof_fp32_active", "gauge", "ratio", GPU,
     "Share of time in which the FP32 pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)"},
    {"algalon_gpu_prof_fp16_active", "gauge", "ratio", GPU,
     "Share of time in which the FP16 pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)"},
    {"algalon_gpu_prof_pcie_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device sent over PCI Express; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_pcie_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device received over PCI Express; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_nvlink_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device sent over NVLink; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_prof_nvlink_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device received over NVLink; Hopper and later (NVML: GPM)"},
    {"algalon_gpu_processes", "gauge", "1", GPU, "Processes that hold the device (driver)"},

    {"algalon_gpu_held", "gauge", "1", GPU,
     "1 while somebody holds the device, by a process on it or because it was given the device; 0 "
     "while nobody does (driver, kernel: /proc)"},
    {"algalon_gpu_memory_unattributed_bytes", "gauge", "bytes", GPU,
     "Device memory in use that none of the listed processes holds, bytes; absent with MIG "
     "(driver)"},

    /* ---- holders: for whom devices work ---- */
    {"algalon_gpu_held_idle_seconds", "gauge", "seconds", HOLDER,
     "Time since a holder was last seen to use the device, at most since the worker started, "
     "seconds (driver's samples)"},
    {"algalon_holder_gpu_allocated", "gauge", "1", HOLDER,
     "1 when the environment of the holder's processes names the device as given, 0 when only its "
     "use tells (kernel: /proc/PID/environ)"},
    {"algalon_holder_gpu_processes", "gauge", "1", HOLDER,
     "Processes of the holder on the device (driver)"},
    {"algalon_holder_gpu_memory_used_bytes", "gauge", "bytes", HOLDER,
     "Device memory that the holder's processes have, bytes (driver)"},
    {"algalon_holder_gpu_utilization", "gauge", "percent", HOLDER,
     "Share of time in which work of the holder's processes ran on the device, percent (driver's "
     "samples)"},
    {"algalon_holder_energy_joules_total", "counter", "joules", HOLDER,
     "Energy of the device that falls to the holder since the worker started: the idle part "
     "evenly, "
     "the rest by time of use, joules (driver)"},
    {"algalon_attribution_processes", "gauge", "1", "hostname,holder_kind",
     "Processes on devices, by what is known of their holder (kernel: /proc/PID/cgroup)"},
    {"algalon_attribution_failures_total", "counter", "1", "hostname,reason",
     "Processes on devices since start that could not be attributed, or not for certain (kernel: "
     "/proc)"},

    /* ---- processes on accelerators ---- */
    {"algalon_process_info", "gauge", "info",
     "hostname,pid,name?,user?,runtime?,container_id?,container?,namespace?,pod?,slurm_job?,"
     "slurm_step?,unit?",
     "Constant 1; on whose behalf a process that holds a device runs (kernel: /proc/PID/cgroup)"},
    {"all_smi_process_memory_used_bytes", "gauge", "bytes", GPU_PROCESS,
     "Device memory that a process holds, bytes (driver)"},
    {"algalon_process_gpu_utilization", "gauge", "percent", GPU_PROCESS,
     "Share of time in which work of this process ran on the device, percent (driver's samples)"},
    {"algalon_process_gpu_memory_activity", "gauge", "percent", GPU_PROCESS,
     "Share of time in which this process read or wrote device memory, percent (driver's samples)"},
    {"all_smi_process_cpu_percent", "gauge", "percent", GPU_PROCESS,
     "CPU time of a process that holds a device, percent of one CPU (kernel: /proc/PID/stat)"},
    {"all_smi_process_start_time_seconds", "gauge", "seconds", GPU_PROCESS,
     "Start of a process that holds a device, seconds of Unix time (kernel: /proc/PID/stat)"},

    /* ---- processors ---- */
    {"all_smi_cpu_info", "gauge", "info", "hostname,cpu_model,index,architecture?,platform_type?",
     "Constant 1; model and make of the processors (kernel: /proc/cpuinfo)"},
    {"all_smi_cpu_utilization", "gauge", "percent", CPU,
     "Busy share of all hardware threads over the interval, percent (kernel: /proc/stat)"},
    {"all_smi_cpu_socket_count", "gauge", "1", CPU, "Processor sockets (kernel)"},
    {"all_smi_cpu_core_count", "gauge", "1", CPU, "Physical cores (kernel)"},
    {"all_smi_cpu_thread_count", "gauge", "1", CPU, "Hardware threads online (kernel)"},
    {"all_smi_cpu_frequency_mhz", "gauge", "megahertz", CPU,
     "Clock, mean of all cores, MHz (kernel: cpufreq)"},
    {"all_smi_cpu_temperature_celsius", "gauge", "celsius", CPU,
     "Temperature of the hottest processor, degrees Celsius (kernel: hwmon)"},
    {"all_smi_cpu_power_consumption_watts", "gauge", "watts", CPU,
     "Power of all sockets, mean over the interval, watts (kernel: powercap)"},
    {"all_smi_cpu_socket_utilization", "gauge", "percent", SOCKET,
     "Busy share of the hardware threads of a socket, percent (kernel: /proc/stat)"},
    {"all_smi_cpu_socket_frequency_mhz", "gauge", "megahertz", SOCKET,
     "Clock, mean of the socket's cores, MHz (kernel: cpufreq)"},
    {"all_smi_cpu_socket_temperature_celsius", "gauge", "celsius", SOCKET,
     "Temperature of a socket, degrees Celsius (kernel: hwmon)"},
    {"algalon_cpu_socket_power_watts", "gauge", "watts", SOCKET,
     "Power of a socket, mean over the interval, watts (kernel: powercap)"},
    {"all_smi_cpu_core_utilization", "gauge", "percent", "hostname,cpu_model,core_id,core_type",
     "Busy share of a hardware thread, percent (kernel: /proc/stat)"},
    {"algalon_cpu_core_frequency_mhz", "gauge", "megahertz", "hostname,core_id",
     "Clock of a hardware thread, MHz (kernel: cpufreq)"},
    {"algalon_cpu_iowait_percent", "gauge", "percent", HOST,
     "Share of time idle while waiting for disks, percent (kernel: /proc/stat)"},
    {"algalon_cpu_steal_percent", "gauge", "percent", HOST,
     "Share of time that the hypervisor gave to others, percent (kernel: /proc/stat)"},
    {"algalon_cpu_limit_cores", "gauge", "1", HOST,
     "CPU time that the control group allows, in cores (kernel: cgroup)"},
    {"algalon_load1", "gauge", "1", HOST, "Load average over 1 minute (kernel: /proc/loadavg)"},
    {"algalon_load5", "gauge", "1", HOST, "Load average over 5 minutes (kernel: /proc/loadavg)"},
    {"algalon_load15", "gauge", "1", HOST, "Load average over 15 minutes (kernel: /proc/loadavg)"},
    {"algalon_uptime_seconds", "gauge", "seconds", HOST,
     "Time since the machine was started, seconds (kernel: /proc/uptime)"},
    {"algalon_boot_time_seconds", "gauge", "seconds", HOST,
     "When the machine was started, seconds of Unix time (kernel: /proc/stat)"},

    /* ---- memory ---- */
    {"all_smi_memory_total_bytes", "gauge", "bytes", MEMORY,
     "Size of the memory, or the control group's limit, bytes (kernel: /proc/meminfo, cgroup)"},
    {"all_smi_memory_used_bytes", "gauge", "bytes", MEMORY,
     "Memory in use, bytes (kernel: /proc/meminfo, cgroup)"},
    {"all_smi_memory_available_bytes", "gauge", "bytes", MEMORY,
     "Memory that programs can have without swapping, bytes (kernel: /proc/meminfo)"},
    {"all_smi_memory_free_bytes", "gauge", "bytes", MEMORY,
     "Memory used for nothing, bytes (kernel: /proc/meminfo)"},
    {"all_smi_memory_buffers_bytes", "gauge", "bytes", MEMORY,
     "Buffers of block devices, bytes (kernel: /proc/meminfo)"},
    {"all_smi_memory_cached_bytes", "gauge", "bytes", MEMORY,
     "Page cache, bytes (kernel: /proc/meminfo)"},
    {"all_smi_memory_utilization", "gauge", "percent", MEMORY,
     "Memory in use, percent of its size (kernel: /proc/meminfo, cgroup)"},
    {"all_smi_swap_total_bytes", "gauge", "bytes", MEMORY,
     "Size of the swap space, bytes (kernel: /proc/meminfo)"},
    {"all_smi_swap_used_bytes", "gauge", "bytes", MEMORY,
     "Swap space in use, bytes (kernel: /proc/meminfo)"},
    {"all_smi_swap_free_bytes", "gauge", "bytes", MEMORY,
     "Swap space free, bytes (kernel: /proc/meminfo)"},
    {"algalon_memory_hugepages_total_bytes", "gauge", "bytes", HOST,
     "Memory set aside as huge pages of all sizes, bytes (kernel: hugepages)"},
    {"algalon_memory_hugepages_free_bytes", "gauge", "bytes", HOST,
     "Huge pages of all sizes that nobody uses, bytes (kernel: hugepages)"},
    {"algalon_memory_zfs_arc_bytes", "gauge", "bytes", HOST,
     "Size of the ZFS cache, which counts as used although it gives way, bytes (kernel: arcstats)"},

    /* ---- file systems ---- */
    {"all_smi_disk_total_bytes", "gauge", "bytes", DISK,
     "Size of a file system, bytes (kernel: statvfs)"},
    {"algalon_disk_used_bytes", "gauge", "bytes", DISK,
     "Space in use on a file system, bytes (kernel: statvfs)"},
    {"all_smi_disk_available_bytes", "gauge", "bytes", DISK,
     "Space that unprivileged users can have, bytes (kernel: statvfs)"},
    {"algalon_disk_info", "gauge", "info", "hostname,mount_point,index,device,fstype",
     "Constant 1; device and type of a file system (kernel: /proc/mounts)"},

    /* ---- processes of the host ---- */
    {"algalon_processes", "gauge", "1", HOST, "Processes of the machine that were read (kernel)"},
    {"algalon_processes_hidden", "gauge", "1", HOST,
     "Processes that exist but may not be read (kernel: hidepid)"},
    {"algalon_process_cpu_percent", "gauge", "percent", PROCESS,
     "CPU time of the busiest processes and those on a device, percent of one CPU (kernel: /proc)"},
    {"algalon_process_memory_bytes", "gauge", "bytes", PROCESS,
     "Resident memory of the busiest processes and those on a device, bytes (kernel: /proc)"},

    /* ---- the machine ---- */
    {"all_smi_chassis_info", "gauge", "info",
     "hostname,product_name?,vendor?,board?,version?,bios_version?",
     "Constant 1; maker, product and firmware of the machine (kernel: DMI)"},
    {"all_smi_chassis_power_watts", "gauge", "watts", HOST,
     "Power of the whole machine, watts (power supply or board sensors)"},
    {"all_smi_chassis_inlet_temperature_celsius", "gauge", "celsius", HOST,
     "Temperature of the air that enters, degrees Celsius (board sensors)"},
    {"all_smi_chassis_outlet_temperature_celsius", "gauge", "celsius", HOST,
     "Temperature of the air that leaves, degrees Celsius (board sensors)"},
    {"all_smi_virtualization_info", "gauge", "info", "hostname,vm_type,hypervisor",
     "Constant 1 inside a virtual machine, with its kind (kernel: DMI, CPUID)"},
    {"all_smi_runtime_environment", "gauge", "info", "hostname,environment",
     "Constant 1 inside a container or virtual machine, with its kind (kernel)"},
    {"all_smi_container_runtime_info", "gauge", "info", "hostname,runtime",
     "Constant 1 inside a container, with what runs it (kernel: cgroup)"},

    /* ---- the schema of dcgm-exporter ---- */
    {"DCGM_FI_DEV_SM_CLOCK", "gauge", "megahertz", DCGM, "SM clock, MHz (NVML)"},
    {"DCGM_FI_DEV_MEM_CLOCK", "gauge", "megahertz", DCGM, "Memory clock, MHz (NVML)"},
    {"DCGM_FI_DEV_MEMORY_TEMP", "gauge", "celsius", DCGM,
     "Temperature of the memory, degrees Celsius (NVML)"},
    {"DCGM_FI_DEV_GPU_TEMP", "gauge", "celsius", DCGM,
     "Temperature of the chip, degrees Celsius (NVML)"},
    {"DCGM_FI_DEV_POWER_USAGE", "gauge", "watts", DCGM,
     "Power drawn, mean over the interval, watts (NVML)"},
    {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", "millijoules", DCGM,
     "Energy consumed since the driver was loaded, millijoules (NVML)"},
    {"DCGM_FI_DEV_GPU_UTIL", "gauge", "percent", DCGM,
     "Share of time in which the device worked, mean over the interval, percent (NVML)"},
    {"DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", "percent", DCGM,
     "Share of time in which device memory was read or written, percent (NVML)"},
    {"DCGM_FI_DEV_ENC_UTIL", "gauge", "percent", DCGM,
     "Share of time in which the encoder worked, percent (NVML)"},
    {"DCGM_FI_DEV_DEC_UTIL", "gauge", "percent", DCGM,
     "Share of time in which the decoder worked, percent (NVML)"},
    {"DCGM_FI_DEV_FB_FREE", "gauge", "mebibytes", DCGM, "Frame buffer free, MiB (NVML)"},
    {"DCGM_FI_DEV_FB_USED", "gauge", "mebibytes", DCGM, "Frame buffer in use, MiB (NVML)"},
    {"DCGM_FI_DEV_FB_RESERVED", "gauge", "mebibytes", DCGM,
     "Frame buffer that the driver keeps for itself, MiB (NVML)"},
    {"DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "counter", "1", DCGM,
     "Corrected memory errors since the driver was loaded (NVML)"},
    {"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "counter", "1", DCGM,
     "Uncorrected memory errors since the driver was loaded (NVML)"},
    {"DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", "counter", "1", DCGM,
     "Corrected memory errors over the life of the board (NVML)"},
    {"DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", "counter", "1", DCGM,
     "Uncorrected memory errors over the life of the board (NVML)"},
    {"DCGM_FI_DEV_RETIRED_SBE", "counter", "1", DCGM,
     "Pages taken out of use after corrected errors (NVML)"},
    {"DCGM_FI_DEV_RETIRED_DBE", "counter", "1", DCGM,
     "Pages taken out of use after uncorrected errors (NVML)"},
    {"DCGM_FI_DEV_RETIRED_PENDING", "counter", "1", DCGM,
     "1 while a page waits to be taken out of use, else 0 (NVML)"},
    {"DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "counter", "1", DCGM,
     "Rows replaced after corrected errors (NVML)"},
    {"DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "counter", "1", DCGM,
     "Rows replaced after uncorrected errors (NVML)"},
    {"DCGM_FI_DEV_ROW_REMAP_FAILURE", "gauge", "1", DCGM,
     "1 when a row could not be replaced, else 0 (NVML)"},
    {"DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "counter", "1", DCGM,
     "PCI Express packets sent again (NVML)"},
    {"DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "counter", "1", DCGM,
     "Sum of the CRC errors of flits of all NVLinks (NVML)"},
    {"DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL", "counter", "1", DCGM,
     "Sum of the CRC errors of data of all NVLinks (NVML)"},
    {"DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "counter", "1", DCGM,
     "Sum of the replays of all NVLinks (NVML)"},
    {"DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "counter", "1", DCGM,
     "Sum of the recoveries of all NVLinks (NVML)"},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "counter", "megabytes per second", DCGM,
     "Data over all NVLinks in both directions; a rate, although dcgm-exporter calls it a counter "
     "(NVML)"},
    {"DCGM_FI_DEV_XID_ERRORS", "gauge", "1",
     "gpu,UUID,pci_bus_id,device,modelName,Hostname,DCGM_FI_DRIVER_VERSION?,err_code,err_msg?",
     "Code of the last XID, which stays; none before the first (NVML events)"},
    {"DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", "ratio", DCGM,
     "Share of time in which the engine worked, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_SM_ACTIVE", "gauge", "ratio", DCGM,
     "Share of time in which multiprocessors had work, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_SM_OCCUPANCY", "gauge", "ratio", DCGM,
     "Share of warp slots in use, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "gauge", "ratio", DCGM,
     "Share of time in which the tensor cores worked, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_DRAM_ACTIVE", "gauge", "ratio", DCGM,
     "Share of the memory bandwidth used, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_PIPE_FP64_ACTIVE", "gauge", "ratio", DCGM,
     "Share of time in which the FP64 pipes worked, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_PIPE_FP32_ACTIVE", "gauge", "ratio", DCGM,
     "Share of time in which the FP32 pipes worked, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_PIPE_FP16_ACTIVE", "gauge", "ratio", DCGM,
     "Share of time in which the FP16 pipes worked, 0 to 1; Hopper and later (NVML: GPM)"},
    {"DCGM_FI_PROF_PCIE_TX_BYTES", "gauge", "bytes per second", DCGM,
     "Bytes a second sent over PCI Express (NVML: GPM, else field 197)"},
    {"DCGM_FI_PROF_PCIE_RX_BYTES", "gauge", "bytes per second", DCGM,
     "Bytes a second received over PCI Express (NVML: GPM, else field 198)"},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_L0", "counter", "megabytes per second", DCGM,
     "Data over the first NVLink in both directions; a rate, although dcgm-exporter calls it a "
     "counter (NVML)"},
    {"DCGM_EXP_XID_ERRORS_COUNT", "counter", "1",
     "gpu,UUID,pci_bus_id,device,modelName,Hostname,DCGM_FI_DRIVER_VERSION?,window_size_in_ms,xid",
     "XIDs of the last five minutes by code; falls again, although dcgm-exporter calls it a "
     "counter (NVML events)"},
    {"DCGM_FI_DEV_VGPU_LICENSE_STATUS", "gauge", "1", DCGM,
     "0 where the device is not that of a vGPU guest, which needs no licence; else not given "
     "(NVML: nvmlDeviceGetVirtualizationMode)"},
    {"DCGM_EXP_CLOCK_EVENTS_COUNT", "counter", "1",
     "gpu,UUID,pci_bus_id,device,modelName,GPU_I_PROFILE?,GPU_I_ID?,Hostname,DCGM_FI_DRIVER_"
     "VERSION?,clock_event,window_size_in_ms",
     "Readings of the last five minutes at which clocks were held down for this reason; falls "
     "again, although dcgm-exporter calls it a counter (NVML)"},
    {"DCGM_FI_DEV_POWER_VIOLATION", "counter", "nanoseconds", DCGM,
     "Time for which clocks were held down by the power cap, nanoseconds (NVML)"},
    {"DCGM_FI_DEV_THERMAL_VIOLATION", "counter", "nanoseconds", DCGM,
     "Time for which clocks were held down by heat, nanoseconds (NVML)"},
    {"DCGM_FI_DEV_SYNC_BOOST_VIOLATION", "counter", "nanoseconds", DCGM,
     "Time for which clocks were held down by the group that boosts together, nanoseconds (NVML)"},
    {"DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", "counter", "nanoseconds", DCGM,
     "Time for which clocks were held down by the limit of the board, nanoseconds (NVML)"},
    {"DCGM_FI_DEV_LOW_UTIL_VIOLATION", "counter", "nanoseconds", DCGM,
     "Time for which clocks were held down by low use, nanoseconds (NVML)"},
    {"DCGM_FI_DEV_RELIABILITY_VIOLATION", "counter", "nanoseconds", DCGM,
     "Time for which clocks were held down by the limit of reliability, nanoseconds (NVML)"},
};
const size_t catalogue_len = ARRAY_LEN(catalogue);

const struct catalogue_family *catalogue_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(catalogue); i++)
        if (str_is(name, catalogue[i].name))
            return &catalogue[i];
    return NULL;
}

static void section(struct buf *to, const char *prefix, const char *title, const char *text)
{
    buf_printf(to, "\n## %s\n\n%s\n\n", title, text);
    buf_text(to, "| family | type | unit | labels | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(catalogue); i++) {
        const struct catalogue_family *family = &catalogue[i];
        if (str_starts(str_of(family->name), str_of(prefix)))
            buf_printf(to, "| `%s` | %s | %s | `%s` | %s |\n", family->name, family->type,
                       family->unit, family->labels, family->help);
    }
}

void catalogue_markdown(struct buf *to)
{
    buf_text(to,
             "# Metrics\n\n"
             "What `algalon worker` gives at `/metrics`. This page is made from the table in "
             "`src/metric/catalogue.c`; a test compares the two.\n\n"
             "- A value that the hardware does not give is left out, never 0; a family without "
             "a value leaves no line.\n"
             "- Shares are percent, 0 to 100, with at most two decimals; of a process's CPU "
             "time percent of one CPU.\n"
             "- `gpu_index` counts all accelerators of the machine, NVIDIA's first, so there it "
             "is the index that nvidia-smi shows. `device_id` counts within one platform.\n"
             "- `?` behind a label: left out where it has no value. The unit `1` is a bare "
             "number, `info` a constant 1 whose labels say it.\n");
    section(to, "all_smi_", "Names of all-smi",
            "With `--schema=all-smi`, the default. Names, types and labels are all-smi's, so its "
            "dashboards and queries go on working; `hostname` stands on every series and "
            "`instance` is left to the scraper (`--instance-label` adds it).");
    section(to, "algalon_", "What all-smi lacks", "In the same schema, under names of our own.");
    section(
        to, "DCGM_", "Names of dcgm-exporter",
        "With `--schema=dcgm`: names and units of dcgm-exporter 4.8, for NVIDIA's devices only. "
        "A device that is cut into MIG instances has a row for each of them in place of its own, "
        "with `GPU_I_PROFILE` and `GPU_I_ID`; what only the board has stands on each.");
}
