/* schema.c - the tables: all-smi's names with our own beside them, and dcgm-exporter's. */
#include "worker/schema.h"

#include <stddef.h>

#define MIB 1048576.0

/* ---- values that stand in no field ---- */

static double collector_up(const void *thing, unsigned variant)
{
    (void)variant;
    return ((const struct collector_view *)thing)->up;
}

static double collector_released(const void *thing, unsigned variant)
{
    const struct collector_view *view = thing;

    (void)variant;
    return view->releases ? view->released : (double)NAN;
}

static bool is_up(const struct accelerator *a)
{
    return a->state == ACCELERATOR_OK || a->state == ACCELERATOR_SLEEPING ||
           a->state == ACCELERATOR_RELEASED;
}

static double gpu_state(const void *thing, unsigned variant)
{
    (void)variant;
    return ((const struct accelerator *)thing)->state;
}

static double gpu_up(const void *thing, unsigned variant)
{
    (void)variant;
    return is_up(thing);
}

static double gpu_sleeping(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    return is_up(a) ? a->state == ACCELERATOR_SLEEPING : (double)NAN;
}

static double gpu_ecc_errors(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    return variant ? a->ecc_uncorrected_total : a->ecc_corrected_total;
}

static double gpu_throttled(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    if (!(a->throttle_reasons >= 0 && a->throttle_reasons < 0x1p63))
        return (double)NAN;
    return ((uint64_t)a->throttle_reasons & scope_throttle[variant].bit) != 0;
}

static double count_or_unknown(unsigned count)
{
    return count ? count : (double)NAN;
}

static double sockets(const void *thing, unsigned variant)
{
    (void)variant;
    return count_or_unknown(((const struct cpu *)thing)->socket_count);
}

static double cores(const void *thing, unsigned variant)
{
    (void)variant;
    return count_or_unknown(((const struct cpu *)thing)->core_count);
}

static double threads(const void *thing, unsigned variant)
{
    (void)variant;
    return count_or_unknown(((const struct cpu *)thing)->thread_count);
}

static double memory_utilization(const void *thing, unsigned variant)
{
    const struct memory *m = thing;

    (void)variant;
    if (m->used_bytes == UNKNOWN_COUNT || m->total_bytes == UNKNOWN_COUNT || !m->total_bytes)
        return (double)NAN;
    return (double)m->used_bytes / (double)m->total_bytes;
}

static double frame_buffer(uint64_t bytes)
{
    return bytes == UNKNOWN_COUNT ? (double)NAN : (double)bytes / MIB;
}

static double frame_buffer_free(const void *thing, unsigned variant)
{
    (void)variant;
    return frame_buffer(((const struct accelerator *)thing)->mem_free_bytes);
}

static double frame_buffer_used(const void *thing, unsigned variant)
{
    (void)variant;
    return frame_buffer(((const struct accelerator *)thing)->mem_used_bytes);
}

static double frame_buffer_reserved(const void *thing, unsigned variant)
{
    (void)variant;
    return frame_buffer(((const struct accelerator *)thing)->mem_reserved_bytes);
}

/* Megabytes a second over all links in both directions, as DCGM computes it. */
static double link_bandwidth(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    return (a->detail.link_bytes_per_s[0] + a->detail.link_bytes_per_s[1]) / 1024 / 1000;
}

static double attributed(const void *thing, unsigned variant)
{
    const struct snapshot *s = thing;

    return s->accelerator_len ? (double)s->attributed[variant] : (double)NAN;
}

static double attribution_failures(const void *thing, unsigned variant)
{
    const struct snapshot *s = thing;

    return s->accelerator_len ? (double)s->attribution_failures[variant] : (double)NAN;
}

/* A GPU that is no vGPU guest's has no licence, as DCGM says of it; of a guest it is not known. */
static double vgpu_license(const void *thing, unsigned variant)
{
    double mode = ((const struct accelerator *)thing)->detail.virtualization_mode;

    (void)variant;
    return mode >= 0 && mode < 2 ? 0 : (double)NAN;
}

static double first_link_bandwidth(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    return (a->detail.first_link_bytes_per_s[0] + a->detail.first_link_bytes_per_s[1]) / 1024 /
           1000;
}

static double last_xid(const void *thing, unsigned variant)
{
    (void)variant;
    return ((const struct merged_xid *)thing)->xid.xid;
}

/* From GPM; where a board has none, from the counters of bytes. */
static double pcie_rate_sent(const void *thing, unsigned variant)
{
    const struct accelerator_detail *d = &((const struct accelerator *)thing)->detail;

    (void)variant;
    return isnan(d->profile[PROFILE_PCIE_TX]) ? d->pcie_bytes_per_s[0]
                                              : d->profile[PROFILE_PCIE_TX];
}

static double pcie_rate_received(const void *thing, unsigned variant)
{
    const struct accelerator_detail *d = &((const struct accelerator *)thing)->detail;

    (void)variant;
    return isnan(d->profile[PROFILE_PCIE_RX]) ? d->pcie_bytes_per_s[1]
                                              : d->profile[PROFILE_PCIE_RX];
}

/* ---- the tables ---- */

#define INFO(name, scope)                                                                          \
    {                                                                                              \
        name, scope, VALUE_ONE, 0, 1, 0, NULL                                                      \
    }
#define COMPUTED(name, scope, compute)                                                             \
    {                                                                                              \
        name, scope, VALUE_COMPUTED, 0, 1, 0, compute                                              \
    }
#define FIELD(name, scope, type, member, scale, decimals)                                          \
    {                                                                                              \
        name, scope, VALUE_DOUBLE, decimals, scale, offsetof(type, member), NULL                   \
    }
#define GAUGE(name, scope, type, member) FIELD(name, scope, type, member, 1, 3)
#define SHARE(name, scope, type, member) FIELD(name, scope, type, member, 100, 2)
#define COUNT(name, scope, type, member)                                                           \
    {                                                                                              \
        name, scope, VALUE_COUNT, 0, 1, offsetof(type, member), NULL                               \
    }

#define ARRAY(name, scope, member, decimals)                                                       \
    {                                                                                              \
        name, scope, VALUE_ARRAY, decimals, 1, offsetof(struct accelerator, detail.member), NULL   \
    }

#define RATIO(name, scope, type, member) FIELD(name, scope, type, member, 1, 4)
#define PROFILE(name, metric)            RATIO(name, SCOPE_GPU, struct accelerator, detail.profile[metric])
#define PROFILE_RATE(name, metric)                                                                 \
    FIELD(name, SCOPE_GPU, struct accelerator, detail.profile[metric], 1, 0)

#define GPU_GAUGE(name, member) GAUGE(name, SCOPE_GPU, struct accelerator, member)
#define GPU_SHARE(name, member) SHARE(name, SCOPE_GPU, struct accelerator, member)
#define GPU_COUNT(name, member) COUNT(name, SCOPE_GPU, struct accelerator, member)
#define DCGM(name, member, scale, decimals)                                                        \
    FIELD(name, SCOPE_DCGM, struct accelerator, member, scale, decimals)

static const struct schema_rule all_smi[] = {
    INFO("all_smi_up", SCOPE_UP),
    INFO("all_smi_build_info", SCOPE_BUILD),
    COMPUTED("algalon_collector_up", SCOPE_COLLECTOR, collector_up),
    COMPUTED("algalon_collector_released", SCOPE_COLLECTOR, collector_released),
    FIELD("algalon_collector_duration_seconds", SCOPE_COLLECTOR, struct collector_view, duration_s,
          1, 6),
    COUNT("algalon_collector_readings_total", SCOPE_COLLECTOR, struct collector_view, readings),
    COUNT("algalon_collector_errors_total", SCOPE_COLLECTOR, struct collector_view, errors),
    COUNT("algalon_readings_rejected_total", SCOPE_REJECT, struct reading_reject, count),

    INFO("all_smi_chassis_info", SCOPE_CHASSIS_INFO),
    INFO("all_smi_virtualization_info", SCOPE_VIRTUALIZATION),
    INFO("all_smi_runtime_environment", SCOPE_ENVIRONMENT),
    INFO("all_smi_container_runtime_info", SCOPE_CONTAINER),
    GAUGE("all_smi_chassis_power_watts", SCOPE_CHASSIS, struct chassis, power_w),
    GAUGE("all_smi_chassis_inlet_temperature_celsius", SCOPE_CHASSIS, struct chassis,
          inlet_temperature_c),
    GAUGE("all_smi_chassis_outlet_temperature_celsius", SCOPE_CHASSIS, struct chassis,
          outlet_temperature_c),

    INFO("algalon_board_info", SCOPE_BOARD_INFO),
    GAUGE("algalon_board_power_watts", SCOPE_BOARD_POWER, struct board, power_w),
    GAUGE("algalon_board_memory_clock_mhz", SCOPE_BOARD, struct board, memory_clock_mhz),
    SHARE("algalon_board_memory_controller_utilization", SCOPE_BOARD, struct board,
          memory_controller_ratio),
    GAUGE("algalon_rail_power_watts", SCOPE_RAIL, struct board_rail, power_w),
    GAUGE("algalon_rail_voltage_volts", SCOPE_RAIL, struct board_rail, voltage_v),
    GAUGE("algalon_rail_current_amperes", SCOPE_RAIL, struct board_rail, current_a),
    GAUGE("algalon_zone_temperature_celsius", SCOPE_ZONE, struct board_zone, temperature_c),
    GAUGE("algalon_engine_running", SCOPE_ENGINE, struct board_engine, running),
    GAUGE("algalon_engine_clock_mhz", SCOPE_ENGINE, struct board_engine, clock_mhz),

    COMPUTED("algalon_gpu_up", SCOPE_GPU, gpu_up),
    COMPUTED("algalon_gpu_state", SCOPE_GPU, gpu_state),
    COMPUTED("algalon_gpu_sleeping", SCOPE_GPU, gpu_sleeping),
    INFO("algalon_gpu_presence", SCOPE_PRESENCE),
    COUNT("algalon_gpu_index_changes_total", SCOPE_MACHINE, struct snapshot, index_changes),
    COUNT("algalon_gpu_replacements_total", SCOPE_MACHINE, struct snapshot, replacements),
    INFO("all_smi_gpu_info", SCOPE_GPU_INFO),
    INFO("algalon_gpu_board_info", SCOPE_GPU_BOARD_INFO),
    INFO("all_smi_gpu_gsp_firmware_version_info", SCOPE_GPU_GSP_INFO),
    GPU_GAUGE("all_smi_gpu_gsp_firmware_mode", detail.gsp_mode),
    GPU_SHARE("all_smi_gpu_utilization", utilization_ratio),
    GPU_SHARE("algalon_gpu_utilization_max", utilization_max_ratio),
    GPU_SHARE("algalon_gpu_utilization_min", detail.utilization_min_ratio),
    GPU_GAUGE("algalon_gpu_busy_seconds_total", detail.busy_s_total),
    GPU_GAUGE("algalon_gpu_memory_busy_seconds_total", detail.memory_busy_s_total),
    GPU_SHARE("algalon_gpu_memory_activity_max", detail.memory_utilization_max_ratio),
    GPU_SHARE("algalon_gpu_memory_activity", memory_utilization_ratio),
    GPU_SHARE("algalon_gpu_encoder_utilization", encoder_ratio),
    GPU_SHARE("algalon_gpu_decoder_utilization", decoder_ratio),
    GPU_SHARE("algalon_gpu_jpeg_utilization", detail.jpeg_ratio),
    GPU_SHARE("algalon_gpu_ofa_utilization", detail.ofa_ratio),
    GPU_COUNT("all_smi_gpu_memory_used_bytes", mem_used_bytes),
    GPU_COUNT("all_smi_gpu_memory_total_bytes", mem_total_bytes),
    GPU_COUNT("algalon_gpu_memory_free_bytes", mem_free_bytes),
    GPU_COUNT("algalon_gpu_memory_reserved_bytes", mem_reserved_bytes),
    GPU_GAUGE("algalon_gpu_memory_shared", mem_shared),
    GPU_GAUGE("all_smi_gpu_temperature_celsius", temperature_c),
    GPU_GAUGE("algalon_gpu_memory_temperature_celsius", memory_temperature_c),
    GPU_GAUGE("all_smi_gpu_temperature_threshold_slowdown_celsius", temperature_slowdown_c),
    GPU_GAUGE("all_smi_gpu_temperature_threshold_shutdown_celsius", temperature_shutdown_c),
    GPU_GAUGE("all_smi_gpu_temperature_threshold_max_operating_celsius",
              temperature_max_operating_c),
    GPU_GAUGE("all_smi_gpu_temperature_threshold_acoustic_celsius", temperature_acoustic_c),
    GPU_GAUGE("all_smi_gpu_power_consumption_watts", power_w),
    GPU_GAUGE("algalon_gpu_power_max_watts", power_max_w),
    GPU_GAUGE("algalon_gpu_power_min_watts", detail.power_min_w),
    GPU_GAUGE("all_smi_gpu_power_limit_current_watts", power_limit_w),
    GPU_GAUGE("algalon_gpu_power_limit_default_watts", power_limit_default_w),
    GPU_GAUGE("algalon_gpu_power_limit_min_watts", power_limit_min_w),
    GPU_GAUGE("all_smi_gpu_power_limit_max_watts", power_limit_max_w),
    GAUGE("all_smi_energy_consumed_joules_total", SCOPE_GPU_ENERGY, struct accelerator,
          energy_j_total),
    GPU_GAUGE("all_smi_gpu_frequency_mhz", clock_graphics_mhz),
    GPU_GAUGE("algalon_gpu_clock_sm_mhz", clock_sm_mhz),
    GPU_GAUGE("algalon_gpu_clock_memory_mhz", clock_memory_mhz),
    GPU_GAUGE("algalon_gpu_clock_video_mhz", clock_video_mhz),
    GPU_GAUGE("all_smi_gpu_clock_graphics_max_mhz", clock_graphics_max_mhz),
    GPU_GAUGE("all_smi_gpu_clock_memory_max_mhz", clock_memory_max_mhz),
    GPU_SHARE("algalon_gpu_fan_speed_percent", fan_ratio),
    GPU_GAUGE("all_smi_gpu_fan_speed_rpm", fan_rpm),
    GPU_GAUGE("all_smi_gpu_performance_state", pstate),
    COMPUTED("algalon_gpu_throttled", SCOPE_GPU_THROTTLE, gpu_throttled),
    GPU_GAUGE("algalon_gpu_ecc_mode", ecc_mode),
    COMPUTED("algalon_gpu_ecc_errors_total", SCOPE_GPU_ECC, gpu_ecc_errors),
    ARRAY("algalon_gpu_ecc_errors_aggregate_total", SCOPE_GPU_ECC, ecc_aggregate_total, 0),
    ARRAY("algalon_gpu_ecc_location_errors_total", SCOPE_GPU_ECC_LOCATION, ecc_location_total, 0),
    ARRAY("algalon_gpu_remapped_rows_total", SCOPE_GPU_ECC, rows_remapped_total, 0),
    GPU_GAUGE("algalon_gpu_row_remap_pending", detail.rows_pending),
    GPU_GAUGE("algalon_gpu_row_remap_failed", detail.rows_failed),
    ARRAY("algalon_gpu_row_remap_banks", SCOPE_GPU_BANKS, remap_banks, 0),
    ARRAY("algalon_gpu_retired_pages", SCOPE_GPU_ECC, pages_retired, 0),
    GPU_GAUGE("algalon_gpu_retired_pages_pending", detail.pages_pending),
    COUNT("algalon_gpu_xid_errors_total", SCOPE_XID, struct merged_xid, xid.count),
    GAUGE("algalon_gpu_xid_last_time_seconds", SCOPE_XID, struct merged_xid, xid.last_s),
    GPU_GAUGE("algalon_gpu_xid_events_total", detail.xid_events_total),
    GPU_GAUGE("algalon_gpu_recovery_action", detail.recovery_action),
    ARRAY("algalon_gpu_throttle_seconds_total", SCOPE_GPU_THROTTLE_TIME, throttle_s_total, 3),
    ARRAY("algalon_gpu_temperature_margin_celsius", SCOPE_GPU_MARGIN, margin_c, 0),
    GPU_GAUGE("algalon_gpu_power_average_watts", detail.power_average_w),
    GPU_GAUGE("algalon_gpu_power_instant_watts", detail.power_instant_w),
    GPU_GAUGE("algalon_gpu_pcie_replays_total", detail.pcie_replays_total),
    GPU_GAUGE("algalon_gpu_pcie_replay_rollovers_total", detail.pcie_replay_rollovers_total),
    ARRAY("algalon_gpu_pcie_errors_total", SCOPE_GPU_PCIE_ERROR, pcie_error_total, 0),
    FIELD("algalon_gpu_pcie_transmitted_bytes_total", SCOPE_GPU, struct accelerator,
          detail.pcie_bytes_total[0], 1, 0),
    FIELD("algalon_gpu_pcie_received_bytes_total", SCOPE_GPU, struct accelerator,
          detail.pcie_bytes_total[1], 1, 0),
    FIELD("algalon_gpu_pcie_transmit_bytes_per_second", SCOPE_GPU, struct accelerator,
          detail.pcie_bytes_per_s[0], 1, 0),
    FIELD("algalon_gpu_pcie_receive_bytes_per_second", SCOPE_GPU, struct accelerator,
          detail.pcie_bytes_per_s[1], 1, 0),
    GPU_GAUGE("all_smi_gpu_pcie_gen_current", pcie_generation),
    GPU_GAUGE("algalon_gpu_pcie_gen_max", pcie_generation_max),
    GPU_GAUGE("all_smi_gpu_pcie_width_current", pcie_width),
    GPU_GAUGE("algalon_gpu_pcie_width_max", pcie_width_max),
    GAUGE("algalon_gpu_nvlink_up", SCOPE_LINK, struct merged_link, link.up),
    GAUGE("algalon_gpu_nvlink_version", SCOPE_LINK, struct merged_link, link.version),
    INFO("all_smi_nvlink_remote_device_type", SCOPE_LINK_REMOTE),
    GAUGE("algalon_gpu_nvlink_transmitted_bytes_total", SCOPE_LINK, struct merged_link,
          link.bytes_total[0]),
    GAUGE("algalon_gpu_nvlink_received_bytes_total", SCOPE_LINK, struct merged_link,
          link.bytes_total[1]),
    {"algalon_gpu_nvlink_errors_total", SCOPE_LINK_ERROR, VALUE_ARRAY, 0, 1,
     offsetof(struct merged_link, link.error_total), NULL},
    FIELD("algalon_gpu_nvlink_transmit_bytes_per_second", SCOPE_GPU, struct accelerator,
          detail.link_bytes_per_s[0], 1, 0),
    FIELD("algalon_gpu_nvlink_receive_bytes_per_second", SCOPE_GPU, struct accelerator,
          detail.link_bytes_per_s[1], 1, 0),
    GPU_GAUGE("algalon_gpu_c2c_links", detail.c2c_links),
    ARRAY("algalon_gpu_c2c_errors_total", SCOPE_GPU_C2C_ERROR, c2c_error_total, 0),
    GPU_GAUGE("algalon_gpu_fabric_state", detail.fabric_state),
    GPU_GAUGE("algalon_gpu_fabric_status", detail.fabric_status),
    ARRAY("algalon_gpu_fabric_fault", SCOPE_GPU_FABRIC, fabric_fault, 0),
    GPU_GAUGE("all_smi_gpu_numa_node_id", numa_node),
    GPU_GAUGE("algalon_gpu_persistence_mode", persistence_mode),
    GPU_GAUGE("algalon_gpu_virtualization_mode", detail.virtualization_mode),
    GPU_GAUGE("algalon_gpu_mig_mode", mig_mode),
    GPU_GAUGE("all_smi_gpu_mig_mode", mig_mode),
    SHARE("all_smi_mig_instance_utilization_gpu", SCOPE_INSTANCE, struct merged_instance,
          instance.profile[PROFILE_SM]),
    SHARE("all_smi_mig_instance_utilization_memory", SCOPE_INSTANCE, struct merged_instance,
          instance.profile[PROFILE_DRAM]),
    COUNT("all_smi_mig_instance_memory_used_bytes", SCOPE_INSTANCE, struct merged_instance,
          instance.mem_used_bytes),
    COUNT("all_smi_mig_instance_memory_total_bytes", SCOPE_INSTANCE, struct merged_instance,
          instance.mem_total_bytes),
    GAUGE("algalon_mig_instance_multiprocessors", SCOPE_INSTANCE, struct merged_instance,
          instance.sm_count),
    RATIO("algalon_mig_instance_prof_graphics_active", SCOPE_INSTANCE, struct merged_instance,
          instance.profile[PROFILE_GRAPHICS]),
    RATIO("algalon_mig_instance_prof_sm_occupancy", SCOPE_INSTANCE, struct merged_instance,
          instance.profile[PROFILE_OCCUPANCY]),
    RATIO("algalon_mig_instance_prof_tensor_active", SCOPE_INSTANCE, struct merged_instance,
          instance.profile[PROFILE_TENSOR]),
    PROFILE("all_smi_gpu_sm_occupancy", PROFILE_OCCUPANCY),
    PROFILE("all_smi_gpu_memory_bandwidth_utilization", PROFILE_DRAM),
    PROFILE("algalon_gpu_prof_graphics_active", PROFILE_GRAPHICS),
    PROFILE("algalon_gpu_prof_sm_active", PROFILE_SM),
    PROFILE("algalon_gpu_prof_sm_occupancy", PROFILE_OCCUPANCY),
    PROFILE("algalon_gpu_prof_integer_active", PROFILE_INTEGER),
    PROFILE("algalon_gpu_prof_tensor_active", PROFILE_TENSOR),
    PROFILE("algalon_gpu_prof_dram_active", PROFILE_DRAM),
    PROFILE("algalon_gpu_prof_fp64_active", PROFILE_FP64),
    PROFILE("algalon_gpu_prof_fp32_active", PROFILE_FP32),
    PROFILE("algalon_gpu_prof_fp16_active", PROFILE_FP16),
    PROFILE_RATE("algalon_gpu_prof_pcie_transmit_bytes_per_second", PROFILE_PCIE_TX),
    PROFILE_RATE("algalon_gpu_prof_pcie_receive_bytes_per_second", PROFILE_PCIE_RX),
    PROFILE_RATE("algalon_gpu_prof_nvlink_transmit_bytes_per_second", PROFILE_LINK_TX),
    PROFILE_RATE("algalon_gpu_prof_nvlink_receive_bytes_per_second", PROFILE_LINK_RX),
    COUNT("algalon_gpu_processes", SCOPE_GPU, struct merged_accelerator, processes),
    GAUGE("algalon_gpu_held", SCOPE_GPU, struct merged_accelerator, held),
    COUNT("algalon_gpu_memory_unattributed_bytes", SCOPE_GPU, struct merged_accelerator,
          mem_unattributed_bytes),
    GAUGE("algalon_gpu_held_idle_seconds", SCOPE_HOLDER, struct holder, idle_s),
    GAUGE("algalon_holder_gpu_allocated", SCOPE_HOLDER, struct holder, allocated),
    COUNT("algalon_holder_gpu_processes", SCOPE_HOLDER, struct holder, processes),
    COUNT("algalon_holder_gpu_memory_used_bytes", SCOPE_HOLDER, struct holder, mem_used_bytes),
    SHARE("algalon_holder_gpu_utilization", SCOPE_HOLDER, struct holder, sm_ratio),
    GAUGE("algalon_holder_energy_joules_total", SCOPE_HOLDER, struct holder, energy_j_total),
    COMPUTED("algalon_attribution_processes", SCOPE_ATTRIBUTED, attributed),
    COMPUTED("algalon_attribution_failures_total", SCOPE_ATTRIBUTION_FAILURE, attribution_failures),
    INFO("algalon_process_info", SCOPE_GPU_PROCESS_INFO),

    COUNT("all_smi_process_memory_used_bytes", SCOPE_GPU_PROCESS, struct merged_process,
          use.mem_used_bytes),
    SHARE("algalon_process_gpu_utilization", SCOPE_GPU_PROCESS, struct merged_process,
          use.sm_ratio),
    SHARE("algalon_process_gpu_memory_activity", SCOPE_GPU_PROCESS, struct merged_process,
          use.mem_ratio),
    SHARE("all_smi_process_cpu_percent", SCOPE_GPU_PROCESS, struct merged_process, host.cpu_ratio),
    GAUGE("all_smi_process_start_time_seconds", SCOPE_GPU_PROCESS, struct merged_process,
          host.start_time_s),

    INFO("all_smi_cpu_info", SCOPE_CPU_INFO),
    SHARE("all_smi_cpu_utilization", SCOPE_CPU, struct cpu, utilization_ratio),
    COMPUTED("all_smi_cpu_socket_count", SCOPE_CPU, sockets),
    COMPUTED("all_smi_cpu_core_count", SCOPE_CPU, cores),
    COMPUTED("all_smi_cpu_thread_count", SCOPE_CPU, threads),
    GAUGE("all_smi_cpu_frequency_mhz", SCOPE_CPU, struct cpu, frequency_mhz),
    GAUGE("all_smi_cpu_temperature_celsius", SCOPE_CPU, struct cpu, temperature_c),
    GAUGE("all_smi_cpu_power_consumption_watts", SCOPE_CPU, struct cpu, power_w),
    SHARE("all_smi_cpu_socket_utilization", SCOPE_SOCKET, struct cpu_socket, utilization_ratio),
    GAUGE("all_smi_cpu_socket_frequency_mhz", SCOPE_SOCKET, struct cpu_socket, frequency_mhz),
    GAUGE("all_smi_cpu_socket_temperature_celsius", SCOPE_SOCKET, struct cpu_socket, temperature_c),
    GAUGE("algalon_cpu_socket_power_watts", SCOPE_SOCKET, struct cpu_socket, power_w),
    SHARE("all_smi_cpu_core_utilization", SCOPE_CORE, struct cpu_core, utilization_ratio),
    GAUGE("algalon_cpu_core_frequency_mhz", SCOPE_CORE_CLOCK, struct cpu_core, frequency_mhz),
    SHARE("algalon_cpu_iowait_percent", SCOPE_CPU_HOST, struct cpu, iowait_ratio),
    SHARE("algalon_cpu_steal_percent", SCOPE_CPU_HOST, struct cpu, steal_ratio),
    GAUGE("algalon_cpu_limit_cores", SCOPE_CPU_HOST, struct cpu, limit_cores),
    GAUGE("algalon_load1", SCOPE_CPU_HOST, struct cpu, load1),
    GAUGE("algalon_load5", SCOPE_CPU_HOST, struct cpu, load5),
    GAUGE("algalon_load15", SCOPE_CPU_HOST, struct cpu, load15),
    GAUGE("algalon_uptime_seconds", SCOPE_CPU_HOST, struct cpu, uptime_s),
    GAUGE("algalon_boot_time_seconds", SCOPE_CPU_HOST, struct cpu, boot_time_s),

    COUNT("all_smi_memory_total_bytes", SCOPE_MEMORY, struct memory, total_bytes),
    COUNT("all_smi_memory_used_bytes", SCOPE_MEMORY, struct memory, used_bytes),
    COUNT("all_smi_memory_available_bytes", SCOPE_MEMORY, struct memory, available_bytes),
    COUNT("all_smi_memory_free_bytes", SCOPE_MEMORY, struct memory, free_bytes),
    COUNT("all_smi_memory_buffers_bytes", SCOPE_MEMORY, struct memory, buffers_bytes),
    COUNT("all_smi_memory_cached_bytes", SCOPE_MEMORY, struct memory, cached_bytes),
    {"all_smi_memory_utilization", SCOPE_MEMORY, VALUE_COMPUTED, 2, 100, 0, memory_utilization},
    COUNT("all_smi_swap_total_bytes", SCOPE_MEMORY, struct memory, swap_total_bytes),
    COUNT("all_smi_swap_used_bytes", SCOPE_MEMORY, struct memory, swap_used_bytes),
    COUNT("all_smi_swap_free_bytes", SCOPE_MEMORY, struct memory, swap_free_bytes),
    COUNT("algalon_memory_hugepages_total_bytes", SCOPE_MEMORY_HOST, struct memory,
          hugepages_total_bytes),
    COUNT("algalon_memory_hugepages_free_bytes", SCOPE_MEMORY_HOST, struct memory,
          hugepages_free_bytes),
    COUNT("algalon_memory_zfs_arc_bytes", SCOPE_MEMORY_HOST, struct memory, zfs_arc_bytes),

    INFO("algalon_disk_info", SCOPE_DISK_INFO),
    COUNT("all_smi_disk_total_bytes", SCOPE_DISK, struct filesystem, total_bytes),
    COUNT("algalon_disk_used_bytes", SCOPE_DISK, struct filesystem, used_bytes),
    COUNT("all_smi_disk_available_bytes", SCOPE_DISK, struct filesystem, available_bytes),

    COUNT("algalon_processes", SCOPE_MACHINE, struct snapshot, process_count),
    COUNT("algalon_processes_hidden", SCOPE_MACHINE, struct snapshot, processes_hidden),
    SHARE("algalon_process_cpu_percent", SCOPE_PROCESS, struct process, cpu_ratio),
    COUNT("algalon_process_memory_bytes", SCOPE_PROCESS, struct process, memory_bytes),
};

/* Units of dcgm-exporter 4.8 (its default-counters.csv): MHz, MiB, percent, millijoules. */
static const struct schema_rule dcgm[] = {
    DCGM("DCGM_FI_DEV_SM_CLOCK", clock_sm_mhz, 1, 0),
    DCGM("DCGM_FI_DEV_MEM_CLOCK", clock_memory_mhz, 1, 0),
    DCGM("DCGM_FI_DEV_MEMORY_TEMP", memory_temperature_c, 1, 0),
    DCGM("DCGM_FI_DEV_GPU_TEMP", temperature_c, 1, 0),
    DCGM("DCGM_FI_DEV_POWER_USAGE", power_w, 1, 3),
    DCGM("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", energy_j_total, 1000, 0),
    DCGM("DCGM_FI_DEV_GPU_UTIL", utilization_ratio, 100, 2),
    DCGM("DCGM_FI_DEV_MEM_COPY_UTIL", memory_utilization_ratio, 100, 2),
    DCGM("DCGM_FI_DEV_ENC_UTIL", encoder_ratio, 100, 2),
    DCGM("DCGM_FI_DEV_DEC_UTIL", decoder_ratio, 100, 2),
    COMPUTED("DCGM_FI_DEV_FB_FREE", SCOPE_DCGM, frame_buffer_free),
    COMPUTED("DCGM_FI_DEV_FB_USED", SCOPE_DCGM, frame_buffer_used),
    COMPUTED("DCGM_FI_DEV_FB_RESERVED", SCOPE_DCGM, frame_buffer_reserved),
    DCGM("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", ecc_corrected_total, 1, 0),
    DCGM("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", ecc_uncorrected_total, 1, 0),
    DCGM("DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", detail.ecc_aggregate_total[0], 1, 0),
    DCGM("DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", detail.ecc_aggregate_total[1], 1, 0),
    DCGM("DCGM_FI_DEV_RETIRED_SBE", detail.pages_retired[0], 1, 0),
    DCGM("DCGM_FI_DEV_RETIRED_DBE", detail.pages_retired[1], 1, 0),
    DCGM("DCGM_FI_DEV_RETIRED_PENDING", detail.pages_pending, 1, 0),
    DCGM("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", detail.rows_remapped_total[0], 1, 0),
    DCGM("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", detail.rows_remapped_total[1], 1, 0),
    DCGM("DCGM_FI_DEV_ROW_REMAP_FAILURE", detail.rows_failed, 1, 0),
    DCGM("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", detail.pcie_replays_total, 1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL",
         detail.link_error_total[LINK_ERROR_CRC_FLIT], 1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL",
         detail.link_error_total[LINK_ERROR_CRC_DATA], 1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", detail.link_error_total[LINK_ERROR_REPLAY],
         1, 0),
    DCGM("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL",
         detail.link_error_total[LINK_ERROR_RECOVERY], 1, 0),
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", SCOPE_DCGM, VALUE_COMPUTED, 3, 1, 0, link_bandwidth},
    COMPUTED("DCGM_FI_DEV_XID_ERRORS", SCOPE_DCGM_XID, last_xid),
    DCGM("DCGM_FI_PROF_GR_ENGINE_ACTIVE", detail.profile[PROFILE_GRAPHICS], 1, 6),
    DCGM("DCGM_FI_PROF_SM_ACTIVE", detail.profile[PROFILE_SM], 1, 6),
    DCGM("DCGM_FI_PROF_SM_OCCUPANCY", detail.profile[PROFILE_OCCUPANCY], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", detail.profile[PROFILE_TENSOR], 1, 6),
    DCGM("DCGM_FI_PROF_DRAM_ACTIVE", detail.profile[PROFILE_DRAM], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_FP64_ACTIVE", detail.profile[PROFILE_FP64], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_FP32_ACTIVE", detail.profile[PROFILE_FP32], 1, 6),
    DCGM("DCGM_FI_PROF_PIPE_FP16_ACTIVE", detail.profile[PROFILE_FP16], 1, 6),
    {"DCGM_FI_PROF_PCIE_TX_BYTES", SCOPE_DCGM, VALUE_COMPUTED, 0, 1, 0, pcie_rate_sent},
    {"DCGM_FI_PROF_PCIE_RX_BYTES", SCOPE_DCGM, VALUE_COMPUTED, 0, 1, 0, pcie_rate_received},
    {"DCGM_FI_DEV_NVLINK_BANDWIDTH_L0", SCOPE_DCGM, VALUE_COMPUTED, 3, 1, 0, first_link_bandwidth},
    COUNT("DCGM_EXP_XID_ERRORS_COUNT", SCOPE_DCGM_XID_COUNT, struct merged_xid, xid.recent),
    ARRAY("DCGM_EXP_CLOCK_EVENTS_COUNT", SCOPE_DCGM_CLOCK_EVENT, clock_events, 0),
    COMPUTED("DCGM_FI_DEV_VGPU_LICENSE_STATUS", SCOPE_DCGM, vgpu_license),
    DCGM("DCGM_FI_DEV_POWER_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_POWER], 1e9, 0),
    DCGM("DCGM_FI_DEV_THERMAL_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_THERMAL], 1e9, 0),
    DCGM("DCGM_FI_DEV_SYNC_BOOST_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_SYNC_BOOST], 1e9,
         0),
    DCGM("DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_BOARD_LIMIT],
         1e9, 0),
    DCGM("DCGM_FI_DEV_LOW_UTIL_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_LOW_UTILIZATION],
         1e9, 0),
    DCGM("DCGM_FI_DEV_RELIABILITY_VIOLATION", detail.throttle_s_total[THROTTLE_TIME_RELIABILITY],
         1e9, 0),
};

const struct schema_table schema_tables[] = {
    {SCHEMA_ALL_SMI, all_smi, ARRAY_LEN(all_smi)},
    {SCHEMA_DCGM, dcgm, ARRAY_LEN(dcgm)},
};
const size_t schema_tables_len = ARRAY_LEN(schema_tables);
