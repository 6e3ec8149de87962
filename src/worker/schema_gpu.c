/* schema_gpu.c - where the values of accelerators stand. */
#include "worker/schema_rule.h"

/* ---- values that stand in no field ---- */

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

/* ---- the table ---- */

const struct schema_rule schema_gpu[] = {
    COMPUTED("algalon_gpu_up", SCOPE_GPU, gpu_up),
    COMPUTED("algalon_gpu_state", SCOPE_GPU, gpu_state),
    COMPUTED("algalon_gpu_sleeping", SCOPE_GPU, gpu_sleeping),
    {"algalon_power_watts", SCOPE_POWER, VALUE_ARRAY, 3, 1, offsetof(struct snapshot, part_power_w),
     NULL},
    {"algalon_energy_joules_total", SCOPE_POWER, VALUE_ARRAY, 3, 1,
     offsetof(struct snapshot, part_energy_j), NULL},
    {"algalon_gpu_doubtful", SCOPE_GPU_DOUBT, VALUE_ARRAY, 0, 1,
     offsetof(struct merged_accelerator, doubtful), NULL},
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
    GPU_GAUGE("algalon_gpu_hotspot_temperature_celsius", detail.hotspot_temperature_c),
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
    GPU_GAUGE("algalon_gpu_energy_estimated", detail.energy_estimated),
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
    GAUGE("all_smi_gpu_mig_mode", SCOPE_GPU_MIG_MODE, struct accelerator, mig_mode),
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
    COUNT("algalon_gpu_open_unlisted", SCOPE_GPU, struct merged_accelerator, open_unlisted),
};
const size_t schema_gpu_len = ARRAY_LEN(schema_gpu);
