/* catalogue_profile.c - rows of the catalogue: accelerators: parts of the chip, and instances
 * (MIG). */
#include "metric/catalogue_table.h"

#define ARCH_GPM "Hopper and later (GPM); earlier boards have no such reading without DCGM."
#define ASKS_GPM "nvmlGpmSampleGet, nvmlGpmMetricsGet"

const struct catalogue_family catalogue_profile[] = {
    {"all_smi_mig_instance_utilization_gpu", "gauge", "percent", MIG_INSTANCE,
     "Share of its multiprocessors' time in which an instance worked, percent; Hopper and later "
     "(NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 101), .arch = ARCH_GPM},
    {"all_smi_mig_instance_utilization_memory", "gauge", "percent", MIG_INSTANCE,
     "Share of its memory bandwidth that an instance used, percent; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 101), .arch = ARCH_GPM},
    {"all_smi_mig_instance_memory_used_bytes", "gauge", "bytes", MIG_INSTANCE,
     "Memory in use in a GPU instance, shared by its compute instances, bytes (NVML)",
     .asks = "nvmlDeviceGetMemoryInfo_v2 of the instance", .arch = ARCH_MIG},
    {"all_smi_mig_instance_memory_total_bytes", "gauge", "bytes", MIG_INSTANCE,
     "Memory of a GPU instance, shared by its compute instances, bytes (NVML)",
     .asks = "nvmlDeviceGetMemoryInfo_v2 of the instance", .arch = ARCH_MIG},
    {"algalon_mig_instance_multiprocessors", "gauge", "1", MIG_INSTANCE,
     "Multiprocessors of an instance (NVML: nvmlDeviceGetAttributes_v2)",
     .asks = "nvmlDeviceGetAttributes_v2", RANGE(1, 4096), .arch = ARCH_MIG},
    {"algalon_mig_instance_prof_graphics_active", "gauge", "ratio", MIG_INSTANCE,
     "Share of time in which the engine of an instance worked, 0 to 1 (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_mig_instance_prof_sm_occupancy", "gauge", "ratio", MIG_INSTANCE,
     "Share of an instance's warp slots in use, 0 to 1 (NVML: GPM)", .asks = ASKS_GPM,
     RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_mig_instance_prof_tensor_active", "gauge", "ratio", MIG_INSTANCE,
     "Share of time in which an instance's tensor cores worked, 0 to 1 (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"all_smi_gpu_sm_occupancy", "gauge", "ratio", GPU,
     "Share of warp slots in use, 0 to 1, over the interval; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"all_smi_gpu_memory_bandwidth_utilization", "gauge", "ratio", GPU,
     "Share of the memory bandwidth used, 0 to 1, over the interval; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_graphics_active", "gauge", "ratio", GPU,
     "Share of time in which the graphics or compute engine worked, 0 to 1, over the interval; "
     "Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_sm_active", "gauge", "ratio", GPU,
     "Share of time in which multiprocessors had work, mean of all, 0 to 1, over the interval; "
     "Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_sm_occupancy", "gauge", "ratio", GPU,
     "Share of warp slots in use, 0 to 1, over the interval; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_integer_active", "gauge", "ratio", GPU,
     "Share of time in which the integer pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_tensor_active", "gauge", "ratio", GPU,
     "Share of time in which the tensor cores worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_dram_active", "gauge", "ratio", GPU,
     "Share of the memory bandwidth used, 0 to 1, over the interval; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_fp64_active", "gauge", "ratio", GPU,
     "Share of time in which the FP64 pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_fp32_active", "gauge", "ratio", GPU,
     "Share of time in which the FP32 pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_fp16_active", "gauge", "ratio", GPU,
     "Share of time in which the FP16 pipes worked, 0 to 1, over the interval; Hopper and later "
     "(NVML: GPM)",
     .asks = ASKS_GPM, RANGE(0, 1.01), .arch = ARCH_GPM},
    {"algalon_gpu_prof_pcie_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device sent over PCI Express; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, .arch = ARCH_GPM},
    {"algalon_gpu_prof_pcie_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device received over PCI Express; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, .arch = ARCH_GPM},
    {"algalon_gpu_prof_nvlink_transmit_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device sent over NVLink; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, .arch = ARCH_GPM},
    {"algalon_gpu_prof_nvlink_receive_bytes_per_second", "gauge", "bytes per second", GPU,
     "Bytes a second that the device received over NVLink; Hopper and later (NVML: GPM)",
     .asks = ASKS_GPM, .arch = ARCH_GPM},
};
const size_t catalogue_profile_len = ARRAY_LEN(catalogue_profile);
