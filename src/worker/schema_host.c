/* schema_host.c - where the values of the worker itself, of processes and the host stand. */
#include "worker/schema_rule.h"

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

static double attributed(const void *thing, unsigned variant)
{
    const struct snapshot *s = thing;

    return s->accelerator_len ? (double)s->attributed[variant] : (double)NAN;
}

static double left_out(const void *thing, unsigned variant)
{
    return (double)((const struct snapshot *)thing)->left_out[variant];
}

static double attribution_failures(const void *thing, unsigned variant)
{
    const struct snapshot *s = thing;

    return s->accelerator_len ? (double)s->attribution_failures[variant] : (double)NAN;
}

/* Of those devices that tell theirs. */
static double all_gpu_power(const void *thing, unsigned variant)
{
    const struct snapshot *s = thing;
    double sum = (double)NAN;

    (void)variant;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        double watts = s->accelerators[i].device.power_w;
        if (!isnan(watts))
            sum = isnan(sum) ? watts : sum + watts;
    }
    return sum;
}

/* ---- the table ---- */

const struct schema_rule schema_host[] = {
    INFO("all_smi_up", SCOPE_UP),
    INFO("all_smi_build_info", SCOPE_BUILD),
    COMPUTED("algalon_collector_up", SCOPE_COLLECTOR, collector_up),
    COMPUTED("algalon_collector_released", SCOPE_COLLECTOR, collector_released),
    FIELD("algalon_collector_duration_seconds", SCOPE_COLLECTOR, struct collector_view, duration_s,
          1, 6),
    FIELD("algalon_collector_last_success_timestamp_seconds", SCOPE_COLLECTOR,
          struct collector_view, success_s, 1, 3),
    COUNT("algalon_collector_readings_total", SCOPE_COLLECTOR, struct collector_view, readings),
    COUNT("algalon_collector_errors_total", SCOPE_COLLECTOR, struct collector_view, errors),
    COUNT("algalon_readings_rejected_total", SCOPE_REJECT, struct reading_reject, count),

    INFO("all_smi_chassis_info", SCOPE_CHASSIS_INFO),
    INFO("all_smi_virtualization_info", SCOPE_VIRTUALIZATION),
    INFO("all_smi_runtime_environment", SCOPE_ENVIRONMENT),
    INFO("all_smi_container_runtime_info", SCOPE_CONTAINER),
    INFO("all_smi_kubernetes_pod_info", SCOPE_POD),
    GAUGE("all_smi_chassis_power_watts", SCOPE_CHASSIS, struct chassis, power_w),
    GAUGE("all_smi_chassis_cpu_power_watts", SCOPE_CHASSIS_CPU, struct cpu, power_w),
    {"all_smi_chassis_gpu_power_watts", SCOPE_UP, VALUE_COMPUTED, 3, 1, 0, all_gpu_power},
    {"all_smi_chassis_fan_speed_rpm", SCOPE_CHASSIS_FAN, VALUE_ARRAY, 0, 1,
     offsetof(struct chassis, fan_rpm), NULL},
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

    INFO("algalon_gpu_opener_info", SCOPE_OPENER),
    GAUGE("algalon_gpu_held_idle_seconds", SCOPE_HOLDER, struct holder, idle_s),
    GAUGE("algalon_holder_gpu_allocated", SCOPE_HOLDER, struct holder, allocated),
    COUNT("algalon_holder_gpu_processes", SCOPE_HOLDER, struct holder, processes),
    COUNT("algalon_holder_gpu_memory_used_bytes", SCOPE_HOLDER, struct holder, mem_used_bytes),
    SHARE("algalon_holder_gpu_utilization", SCOPE_HOLDER, struct holder, sm_ratio),
    GAUGE("algalon_holder_gpu_seconds_total", SCOPE_HOLDER, struct holder, held_s_total),
    GAUGE("algalon_holder_gpu_busy_seconds_total", SCOPE_HOLDER, struct holder, busy_s_total),
    GAUGE("algalon_holder_energy_joules_total", SCOPE_HOLDER, struct holder, energy_j_total),
    COMPUTED("algalon_memory_limit_left_out", SCOPE_LEFT_OUT, left_out),
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

    COUNT("algalon_process_log_lines_total", SCOPE_MACHINE, struct snapshot, process_log_lines),
    COUNT("algalon_process_log_lost_total", SCOPE_MACHINE, struct snapshot, process_log_lost),
    COUNT("algalon_processes", SCOPE_MACHINE, struct snapshot, process_count),
    COUNT("algalon_processes_hidden", SCOPE_MACHINE, struct snapshot, processes_hidden),
    SHARE("algalon_process_cpu_percent", SCOPE_PROCESS, struct process, cpu_ratio),
    COUNT("algalon_process_memory_bytes", SCOPE_PROCESS, struct process, memory_bytes),
};
const size_t schema_host_len = ARRAY_LEN(schema_host);
