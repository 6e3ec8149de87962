/* schema_apple.c - where the values that only Apple's chips tell stand. */
#include "worker/schema_rule.h"

#define KIND(letter, kind)                                                                         \
    FIELD("all_smi_cpu_" letter "_core_count", SCOPE_CPU, struct cpu, kinds[kind].cores, 1, 0),    \
        SHARE("all_smi_cpu_" letter "_core_utilization", SCOPE_CPU, struct cpu,                    \
              kinds[kind].utilization_ratio),                                                      \
        FIELD("all_smi_cpu_" letter "_cluster_frequency_mhz", SCOPE_CPU, struct cpu,               \
              kinds[kind].frequency_mhz, 1, 0)

const struct schema_rule schema_apple[] = {
    GPU_GAUGE("all_smi_ane_power_watts", detail.ane_power_w),
    GPU_GAUGE("all_smi_combined_power_watts", detail.combined_power_w),
    INFO("all_smi_thermal_pressure_info", SCOPE_GPU_PRESSURE),
    GAUGE("all_smi_chassis_ane_power_watts", SCOPE_CHASSIS, struct chassis, ane_power_w),
    INFO("all_smi_chassis_thermal_pressure_info", SCOPE_CHASSIS_PRESSURE),
    KIND("s", CPU_KIND_SUPER),
    KIND("p", CPU_KIND_PERFORMANCE),
    KIND("e", CPU_KIND_EFFICIENCY),
    FIELD("all_smi_cpu_gpu_core_count", SCOPE_CPU, struct cpu, gpu_cores, 1, 0),
};
const size_t schema_apple_len = ARRAY_LEN(schema_apple);
