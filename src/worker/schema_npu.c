/* schema_npu.c - where the values stand that all-smi has of accelerators that are no GPUs, under
 * each vendor's names, and what we add. */
#include "worker/schema_rule.h"

#define DEVICE                         struct accelerator
#define NPU_GAUGE(name, scope, member) GAUGE(name, scope, DEVICE, member)
#define NPU_VALUE(name, scope, member) GAUGE(name, scope, DEVICE, npu.value.member)
#define NPU_COUNT(name, scope, member) COUNT(name, scope, DEVICE, member)
#define NPU_BUSY(name, scope)          SHARE(name, scope, DEVICE, utilization_ratio)

static double memory_percent(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    if (a->mem_used_bytes == UNKNOWN_COUNT || a->mem_total_bytes == UNKNOWN_COUNT ||
        !a->mem_total_bytes)
        return UNKNOWN;
    return 100 * (double)a->mem_used_bytes / (double)a->mem_total_bytes;
}

static double power_percent(const void *thing, unsigned variant)
{
    const struct accelerator *a = thing;

    (void)variant;
    return a->power_limit_w > 0 ? 100 * a->power_w / a->power_limit_w : UNKNOWN;
}

const struct schema_rule schema_npu[] = {
    INFO("all_smi_npu_device_info", SCOPE_NPU_DEVICE_INFO),
    INFO("all_smi_npu_firmware_info", SCOPE_NPU_FIRMWARE_INFO),
    NPU_GAUGE("all_smi_npu_temperature_celsius", SCOPE_NPU, temperature_c),
    NPU_GAUGE("all_smi_npu_power_watts", SCOPE_NPU, power_w),
    NPU_GAUGE("all_smi_npu_power_draw_watts", SCOPE_NPU, power_w),
    NPU_VALUE("algalon_npu_healthy", SCOPE_NPU_STATUS, healthy),
    NPU_VALUE("algalon_npu_module", SCOPE_NPU, module),
    NPU_VALUE("algalon_npu_thermal_trips_total", SCOPE_NPU, thermal_trips_total),
    ARRAY_IN("algalon_npu_resets_total", SCOPE_NPU_RESET, DEVICE, npu.value.resets_total, 1, 0),

    INFO("all_smi_tenstorrent_board_info", SCOPE_TENSTORRENT_BOARD_INFO),
    INFO("all_smi_tenstorrent_collection_method_info", SCOPE_TENSTORRENT_METHOD_INFO),
    INFO("all_smi_tenstorrent_arc_firmware_info", SCOPE_TENSTORRENT_ARC_INFO),
    INFO("all_smi_tenstorrent_eth_firmware_info", SCOPE_TENSTORRENT_ETH_INFO),
    INFO("all_smi_tenstorrent_pcie_address_info", SCOPE_TENSTORRENT_ADDRESS_INFO),
    INFO("all_smi_tenstorrent_pcie_device_info", SCOPE_TENSTORRENT_PCI_INFO),
    NPU_GAUGE("all_smi_tenstorrent_asic_temperature_celsius", SCOPE_TENSTORRENT, temperature_c),
    NPU_GAUGE("all_smi_tenstorrent_aiclk_mhz", SCOPE_TENSTORRENT, clock_graphics_mhz),
    NPU_VALUE("all_smi_tenstorrent_axiclk_mhz", SCOPE_TENSTORRENT, axi_clock_mhz),
    NPU_VALUE("all_smi_tenstorrent_arcclk_mhz", SCOPE_TENSTORRENT, arc_clock_mhz),
    NPU_VALUE("all_smi_tenstorrent_voltage_volts", SCOPE_TENSTORRENT, voltage_v),
    NPU_VALUE("all_smi_tenstorrent_current_amperes", SCOPE_TENSTORRENT, current_a),
    NPU_GAUGE("all_smi_tenstorrent_power_raw_watts", SCOPE_TENSTORRENT, power_w),
    NPU_GAUGE("all_smi_tenstorrent_power_limit_tdp_watts", SCOPE_TENSTORRENT, power_limit_w),
    NPU_VALUE("all_smi_tenstorrent_power_limit_tdc_amperes", SCOPE_TENSTORRENT, current_limit_a),
    NPU_GAUGE("all_smi_tenstorrent_tdp_limit_watts", SCOPE_TENSTORRENT, power_limit_w),
    NPU_VALUE("all_smi_tenstorrent_tdc_limit_amperes", SCOPE_TENSTORRENT, current_limit_a),
    NPU_GAUGE("all_smi_tenstorrent_thermal_limit_celsius", SCOPE_TENSTORRENT,
              temperature_slowdown_c),
    NPU_VALUE("all_smi_tenstorrent_heartbeat", SCOPE_TENSTORRENT, heartbeat),
    NPU_GAUGE("all_smi_tenstorrent_fan_rpm", SCOPE_TENSTORRENT, fan_rpm),
    NPU_GAUGE("all_smi_tenstorrent_pcie_generation", SCOPE_TENSTORRENT, pcie_generation),
    NPU_GAUGE("all_smi_tenstorrent_pcie_width", SCOPE_TENSTORRENT, pcie_width),

    INFO("all_smi_gaudi_device_info", SCOPE_GAUDI),
    INFO("all_smi_gaudi_internal_name_info", SCOPE_GAUDI_NAME_INFO),
    INFO("all_smi_gaudi_driver_info", SCOPE_GAUDI_DRIVER_INFO),
    NPU_BUSY("all_smi_gaudi_aip_utilization_percent", SCOPE_GAUDI),
    NPU_COUNT("all_smi_gaudi_memory_used_bytes", SCOPE_GAUDI, mem_used_bytes),
    NPU_COUNT("all_smi_gaudi_memory_total_bytes", SCOPE_GAUDI, mem_total_bytes),
    COMPUTED("all_smi_gaudi_memory_utilization_percent", SCOPE_GAUDI, memory_percent),
    NPU_GAUGE("all_smi_gaudi_power_draw_watts", SCOPE_GAUDI, power_w),
    NPU_GAUGE("all_smi_gaudi_power_max_watts", SCOPE_GAUDI, power_limit_w),
    COMPUTED("all_smi_gaudi_power_utilization_percent", SCOPE_GAUDI, power_percent),
    NPU_GAUGE("all_smi_gaudi_temperature_celsius", SCOPE_GAUDI, temperature_c),

    NPU_BUSY("all_smi_tpu_utilization_percent", SCOPE_TPU),
    NPU_COUNT("all_smi_tpu_memory_used_bytes", SCOPE_TPU, mem_used_bytes),
    NPU_COUNT("all_smi_tpu_memory_total_bytes", SCOPE_TPU, mem_total_bytes),
    COMPUTED("all_smi_tpu_memory_utilization_percent", SCOPE_TPU, memory_percent),
    INFO("all_smi_tpu_chip_version_info", SCOPE_TPU_CHIP_INFO),
    INFO("all_smi_tpu_accelerator_type_info", SCOPE_TPU_TYPE_INFO),
    NPU_VALUE("all_smi_tpu_core_count", SCOPE_TPU, cores),
    NPU_VALUE("all_smi_tpu_tensorcore_count", SCOPE_TPU, tensor_cores),
    INFO("all_smi_tpu_memory_type_info", SCOPE_TPU_MEMORY_INFO),
    INFO("all_smi_tpu_runtime_version_info", SCOPE_TPU_RUNTIME_INFO),
    NPU_VALUE("all_smi_tpu_hlo_queue_size", SCOPE_TPU, queued_programs),
    NPU_VALUE("all_smi_tpu_hlo_exec_mean_microseconds", SCOPE_TPU, exec_us[0]),
    NPU_VALUE("all_smi_tpu_hlo_exec_p50_microseconds", SCOPE_TPU, exec_us[1]),
    NPU_VALUE("all_smi_tpu_hlo_exec_p90_microseconds", SCOPE_TPU, exec_us[2]),
    NPU_VALUE("all_smi_tpu_hlo_exec_p95_microseconds", SCOPE_TPU, exec_us[3]),
    NPU_VALUE("all_smi_tpu_hlo_exec_p999_microseconds", SCOPE_TPU, exec_us[4]),

    INFO("all_smi_rebellions_device_info", SCOPE_REBELLIONS_DEVICE_INFO),
    INFO("all_smi_rebellions_firmware_info", SCOPE_REBELLIONS_FIRMWARE_INFO),
    INFO("all_smi_rebellions_kmd_info", SCOPE_REBELLIONS_DRIVER_INFO),
    INFO("all_smi_rebellions_pstate_info", SCOPE_REBELLIONS_PSTATE_INFO),
    NPU_VALUE("all_smi_rebellions_status", SCOPE_REBELLIONS_STATUS, healthy),

    INFO("all_smi_furiosa_device_info", SCOPE_FURIOSA_DEVICE_INFO),
    INFO("all_smi_furiosa_chip_info", SCOPE_FURIOSA_CHIP_INFO),
    INFO("all_smi_furiosa_driver_info", SCOPE_FURIOSA_DRIVER_INFO),
    INFO("all_smi_furiosa_firmware_info", SCOPE_FURIOSA_FIRMWARE_INFO),
    NPU_BUSY("all_smi_furiosa_utilization_percent", SCOPE_FURIOSA),
    NPU_BUSY("all_smi_furiosa_compute_utilization_percent", SCOPE_FURIOSA),
    NPU_COUNT("all_smi_furiosa_memory_used_bytes", SCOPE_FURIOSA, mem_used_bytes),
    NPU_COUNT("all_smi_furiosa_memory_total_bytes", SCOPE_FURIOSA, mem_total_bytes),
    NPU_GAUGE("all_smi_furiosa_clock_mhz", SCOPE_FURIOSA, clock_graphics_mhz),
    NPU_VALUE("all_smi_furiosa_status", SCOPE_FURIOSA_STATUS, healthy),
    NPU_VALUE("all_smi_furiosa_ready", SCOPE_FURIOSA_STATUS, healthy),
};
const size_t schema_npu_len = ARRAY_LEN(schema_npu);
