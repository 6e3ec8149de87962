/* schema_alias.c - where the values stand that the alias schema calls by other names. */
#include "worker/schema_rule.h"

#define ALIAS(name, member) GAUGE(name, SCOPE_ALIAS_GPU, struct accelerator, member)

const struct schema_rule schema_alias[] = {
    COUNT("all_smi_gpu_memory_used", SCOPE_ALIAS_GPU, struct accelerator, mem_used_bytes),
    COUNT("all_smi_gpu_memory_total", SCOPE_ALIAS_GPU, struct accelerator, mem_total_bytes),
    ALIAS("all_smi_gpu_temperature", temperature_c),
    ALIAS("all_smi_gpu_power", power_w),
    COUNT("all_smi_gpu_processes", SCOPE_ALIAS_GPU_PROCESS, struct merged_process,
          use.mem_used_bytes),
    COUNT("all_smi_disk_available", SCOPE_ALIAS_DISK, struct filesystem, available_bytes),
    COUNT("all_smi_disk_total", SCOPE_ALIAS_DISK, struct filesystem, total_bytes),
    SHARE("all_smi_process_cpu_usage", SCOPE_ALIAS_PROCESS, struct process, cpu_ratio),
    COUNT("all_smi_process_memory_usage", SCOPE_ALIAS_PROCESS, struct process, memory_bytes),
    SHARE("all_smi_process_memory_percent", SCOPE_ALIAS_PROCESS, struct process, memory_ratio),
};
const size_t schema_alias_len = ARRAY_LEN(schema_alias);
