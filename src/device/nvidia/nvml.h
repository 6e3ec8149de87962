/* nvml.h - the door to libnvidia-ml: opened at run time, every symbol looked up by name. Nothing
 * else of ours calls dlopen() for it. A call the library lacks is a NULL member. */
#ifndef ALGALON_DEVICE_NVIDIA_NVML_H
#define ALGALON_DEVICE_NVIDIA_NVML_H

#include "base/base.h"
#include "device/nvidia/nvml_abi.h"

#define DEVICE struct nvml_device *
#define ULL    unsigned long long

/* member, arguments, and the symbols that have this signature, newest first. */
#define NVML_CALLS(X)                                                                              \
    X(init, (void), "nvmlInit_v2", NULL)                                                           \
    X(init_flags, (unsigned), "nvmlInitWithFlags", NULL)                                           \
    X(shutdown, (void), "nvmlShutdown", NULL)                                                      \
    X(driver_version, (char *, unsigned), "nvmlSystemGetDriverVersion", NULL)                      \
    X(library_version, (char *, unsigned), "nvmlSystemGetNVMLVersion", NULL)                       \
    X(cuda_version, (int *), "nvmlSystemGetCudaDriverVersion", NULL)                               \
    X(count, (unsigned *), "nvmlDeviceGetCount_v2", NULL)                                          \
    X(by_index, (unsigned, DEVICE *), "nvmlDeviceGetHandleByIndex_v2", NULL)                       \
    X(by_bus_id, (const char *, DEVICE *), "nvmlDeviceGetHandleByPciBusId_v2", NULL)               \
    X(name, (DEVICE, char *, unsigned), "nvmlDeviceGetName", NULL)                                 \
    X(uuid, (DEVICE, char *, unsigned), "nvmlDeviceGetUUID", NULL)                                 \
    X(serial, (DEVICE, char *, unsigned), "nvmlDeviceGetSerial", NULL)                             \
    X(vbios, (DEVICE, char *, unsigned), "nvmlDeviceGetVbiosVersion", NULL)                        \
    X(pci, (DEVICE, struct nvml_pci_info *), "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2") \
    X(minor_number, (DEVICE, unsigned *), "nvmlDeviceGetMinorNumber", NULL)                        \
    X(architecture, (DEVICE, unsigned *), "nvmlDeviceGetArchitecture", NULL)                       \
    X(compute_capability, (DEVICE, int *, int *), "nvmlDeviceGetCudaComputeCapability", NULL)      \
    X(numa_node, (DEVICE, unsigned *), "nvmlDeviceGetNumaNodeId", NULL)                            \
    X(threshold, (DEVICE, int, unsigned *), "nvmlDeviceGetTemperatureThreshold", NULL)             \
    X(max_clock, (DEVICE, int, unsigned *), "nvmlDeviceGetMaxClockInfo", NULL)                     \
    X(power_default, (DEVICE, unsigned *), "nvmlDeviceGetPowerManagementDefaultLimit", NULL)       \
    X(power_range, (DEVICE, unsigned *, unsigned *),                                               \
      "nvmlDeviceGetPowerManagementLimitConstraints", NULL)                                        \
    X(pcie_generation_max, (DEVICE, unsigned *), "nvmlDeviceGetMaxPcieLinkGeneration", NULL)       \
    X(pcie_width_max, (DEVICE, unsigned *), "nvmlDeviceGetMaxPcieLinkWidth", NULL)                 \
    X(fans, (DEVICE, unsigned *), "nvmlDeviceGetNumFans", NULL)                                    \
    X(samples, (DEVICE, int, ULL, unsigned *, unsigned *, struct nvml_sample *),                   \
      "nvmlDeviceGetSamples", NULL)                                                                \
    X(utilization, (DEVICE, struct nvml_utilization *), "nvmlDeviceGetUtilizationRates", NULL)     \
    X(encoder, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetEncoderUtilization", NULL)          \
    X(decoder, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetDecoderUtilization", NULL)          \
    X(memory_v2, (DEVICE, struct nvml_memory_v2 *), "nvmlDeviceGetMemoryInfo_v2", NULL)            \
    X(memory_v1, (DEVICE, struct nvml_memory_v1 *), "nvmlDeviceGetMemoryInfo", NULL)               \
    X(temperature, (DEVICE, int, unsigned *), "nvmlDeviceGetTemperature", NULL)                    \
    X(fields, (DEVICE, int, struct nvml_field_value *), "nvmlDeviceGetFieldValues", NULL)          \
    X(power, (DEVICE, unsigned *), "nvmlDeviceGetPowerUsage", NULL)                                \
    X(power_limit, (DEVICE, unsigned *), "nvmlDeviceGetEnforcedPowerLimit",                        \
      "nvmlDeviceGetPowerManagementLimit")                                                         \
    X(energy, (DEVICE, ULL *), "nvmlDeviceGetTotalEnergyConsumption", NULL)                        \
    X(clock, (DEVICE, int, unsigned *), "nvmlDeviceGetClockInfo", NULL)                            \
    X(pstate, (DEVICE, unsigned *), "nvmlDeviceGetPerformanceState", NULL)                         \
    X(throttle, (DEVICE, ULL *), "nvmlDeviceGetCurrentClocksEventReasons",                         \
      "nvmlDeviceGetCurrentClocksThrottleReasons")                                                 \
    X(fan_speed, (DEVICE, unsigned, unsigned *), "nvmlDeviceGetFanSpeed_v2", NULL)                 \
    X(fan_rpm, (DEVICE, struct nvml_fan_speed_rpm *), "nvmlDeviceGetFanSpeedRPM", NULL)            \
    X(ecc_mode, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetEccMode", NULL)                    \
    X(ecc_errors, (DEVICE, int, int, ULL *), "nvmlDeviceGetTotalEccErrors", NULL)                  \
    X(persistence, (DEVICE, unsigned *), "nvmlDeviceGetPersistenceMode", NULL)                     \
    X(compute_mode, (DEVICE, unsigned *), "nvmlDeviceGetComputeMode", NULL)                        \
    X(mig_mode, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetMigMode", NULL)                    \
    X(pcie_generation, (DEVICE, unsigned *), "nvmlDeviceGetCurrPcieLinkGeneration", NULL)          \
    X(pcie_width, (DEVICE, unsigned *), "nvmlDeviceGetCurrPcieLinkWidth", NULL)                    \
    X(compute, (DEVICE, unsigned *, struct nvml_process_v2 *),                                     \
      "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2")        \
    X(compute_v1, (DEVICE, unsigned *, struct nvml_process_v1 *),                                  \
      "nvmlDeviceGetComputeRunningProcesses", NULL)                                                \
    X(graphics, (DEVICE, unsigned *, struct nvml_process_v2 *),                                    \
      "nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2")      \
    X(graphics_v1, (DEVICE, unsigned *, struct nvml_process_v1 *),                                 \
      "nvmlDeviceGetGraphicsRunningProcesses", NULL)                                               \
    X(mps, (DEVICE, unsigned *, struct nvml_process_v2 *),                                         \
      "nvmlDeviceGetMPSComputeRunningProcesses_v3", "nvmlDeviceGetMPSComputeRunningProcesses_v2")  \
    X(mps_v1, (DEVICE, unsigned *, struct nvml_process_v1 *),                                      \
      "nvmlDeviceGetMPSComputeRunningProcesses", NULL)                                             \
    X(link_state, (DEVICE, unsigned, unsigned *), "nvmlDeviceGetNvLinkState", NULL)                \
    X(link_version, (DEVICE, unsigned, unsigned *), "nvmlDeviceGetNvLinkVersion", NULL)            \
    X(link_remote, (DEVICE, unsigned, unsigned *), "nvmlDeviceGetNvLinkRemoteDeviceType", NULL)    \
    X(link_errors, (DEVICE, unsigned, int, ULL *), "nvmlDeviceGetNvLinkErrorCounter", NULL)        \
    X(jpeg, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetJpgUtilization", NULL)                 \
    X(ofa, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetOfaUtilization", NULL)                  \
    X(remap_histogram, (DEVICE, struct nvml_remap_histogram *),                                    \
      "nvmlDeviceGetRowRemapperHistogram", NULL)                                                   \
    X(gsp_mode, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetGspFirmwareMode", NULL)            \
    X(gsp_version, (DEVICE, char *), "nvmlDeviceGetGspFirmwareVersion", NULL)                      \
    X(board_part, (DEVICE, char *, unsigned), "nvmlDeviceGetBoardPartNumber", NULL)                \
    X(inforom_image, (DEVICE, char *, unsigned), "nvmlDeviceGetInforomImageVersion", NULL)         \
    X(inforom, (DEVICE, int, char *, unsigned), "nvmlDeviceGetInforomVersion", NULL)               \
    X(event_create, (struct nvml_event_set **), "nvmlEventSetCreate", NULL)                        \
    X(event_free, (struct nvml_event_set *), "nvmlEventSetFree", NULL)                             \
    X(event_types, (DEVICE, ULL *), "nvmlDeviceGetSupportedEventTypes", NULL)                      \
    X(event_register, (DEVICE, ULL, struct nvml_event_set *), "nvmlDeviceRegisterEvents", NULL)    \
    X(event_wait, (struct nvml_event_set *, struct nvml_event_data *, unsigned),                   \
      "nvmlEventSetWait_v2", "nvmlEventSetWait")                                                   \
    X(system_event_create, (struct nvml_system_event_handle *), "nvmlSystemEventSetCreate", NULL)  \
    X(system_event_free, (struct nvml_system_event_handle *), "nvmlSystemEventSetFree", NULL)      \
    X(system_event_register, (struct nvml_system_event_register *), "nvmlSystemRegisterEvents",    \
      NULL)                                                                                        \
    X(system_event_wait, (struct nvml_system_event_wait *), "nvmlSystemEventSetWait", NULL)        \
    X(mig_slots, (DEVICE, unsigned *), "nvmlDeviceGetMaxMigDeviceCount", NULL)                     \
    X(mig_handle, (DEVICE, unsigned, DEVICE *), "nvmlDeviceGetMigDeviceHandleByIndex", NULL)       \
    X(gpu_instance, (DEVICE, unsigned *), "nvmlDeviceGetGpuInstanceId", NULL)                      \
    X(compute_instance, (DEVICE, unsigned *), "nvmlDeviceGetComputeInstanceId", NULL)              \
    X(attributes, (DEVICE, struct nvml_attributes *), "nvmlDeviceGetAttributes_v2", NULL)          \
    X(gpm_support, (DEVICE, struct nvml_gpm_support *), "nvmlGpmQueryDeviceSupport", NULL)         \
    X(gpm_alloc, (struct nvml_gpm_sample **), "nvmlGpmSampleAlloc", NULL)                          \
    X(gpm_free, (struct nvml_gpm_sample *), "nvmlGpmSampleFree", NULL)                             \
    X(gpm_get, (DEVICE, struct nvml_gpm_sample *), "nvmlGpmSampleGet", NULL)                       \
    X(gpm_mig_get, (DEVICE, unsigned, struct nvml_gpm_sample *), "nvmlGpmMigSampleGet", NULL)      \
    X(gpm_metrics, (struct nvml_gpm_metrics *), "nvmlGpmMetricsGet", NULL)                         \
    X(virtualization, (DEVICE, unsigned *), "nvmlDeviceGetVirtualizationMode", NULL)               \
    X(fabric, (DEVICE, struct nvml_fabric_info *), "nvmlDeviceGetGpuFabricInfoV", NULL)            \
    X(bar1, (DEVICE, struct nvml_bar1 *), "nvmlDeviceGetBAR1MemoryInfo", NULL)                     \
    X(margin, (DEVICE, struct nvml_margin_temperature *), "nvmlDeviceGetMarginTemperature", NULL)  \
    X(memory_errors, (DEVICE, int, int, int, ULL *), "nvmlDeviceGetMemoryErrorCounter", NULL)      \
    X(sram_status, (DEVICE, struct nvml_sram_status *), "nvmlDeviceGetSramEccErrorStatus", NULL)   \
    X(pages_pending, (DEVICE, unsigned *), "nvmlDeviceGetRetiredPagesPendingStatus", NULL)         \
    X(remapped_rows, (DEVICE, unsigned *, unsigned *, unsigned *, unsigned *),                     \
      "nvmlDeviceGetRemappedRows", NULL)                                                           \
    X(violation, (DEVICE, int, struct nvml_violation *), "nvmlDeviceGetViolationStatus", NULL)     \
    X(clock_of, (DEVICE, int, int, unsigned *), "nvmlDeviceGetClock", NULL)                        \
    X(clock_requested, (DEVICE, int, unsigned *), "nvmlDeviceGetApplicationsClock", NULL)          \
    X(display_active, (DEVICE, unsigned *), "nvmlDeviceGetDisplayActive", NULL)                    \
    X(brand, (DEVICE, unsigned *), "nvmlDeviceGetBrand", NULL)                                     \
    X(cores, (DEVICE, unsigned *), "nvmlDeviceGetNumGpuCores", NULL)                               \
    X(memory_bus, (DEVICE, unsigned *), "nvmlDeviceGetMemoryBusWidth", NULL)                       \
    X(encoder_stats, (DEVICE, unsigned *, unsigned *, unsigned *), "nvmlDeviceGetEncoderStats",    \
      NULL)                                                                                        \
    X(capture_stats, (DEVICE, struct nvml_capture_stats *), "nvmlDeviceGetFBCStats", NULL)         \
    X(pcie_throughput, (DEVICE, int, unsigned *), "nvmlDeviceGetPcieThroughput", NULL)             \
    X(platform, (DEVICE, struct nvml_platform *), "nvmlDeviceGetPlatformInfo", NULL)               \
    X(cpu_affinity, (DEVICE, unsigned, unsigned long *), "nvmlDeviceGetCpuAffinity", NULL)         \
    X(memory_affinity, (DEVICE, unsigned, unsigned long *, unsigned),                              \
      "nvmlDeviceGetMemoryAffinity", NULL)                                                         \
    X(topology, (DEVICE, DEVICE, int *), "nvmlDeviceGetTopologyCommonAncestor", NULL)              \
    X(p2p_status, (DEVICE, DEVICE, int, int *), "nvmlDeviceGetP2PStatus", NULL)                    \
    X(link_remote_pci, (DEVICE, unsigned, struct nvml_pci_info *),                                 \
      "nvmlDeviceGetNvLinkRemotePciInfo_v2", NULL)                                                 \
    X(fabric_v1, (DEVICE, struct nvml_fabric_info_v1 *), "nvmlDeviceGetGpuFabricInfo", NULL)       \
    X(c2c_mode, (DEVICE, struct nvml_c2c_mode *), "nvmlDeviceGetC2cModeInfoV", NULL)               \
    X(accounting_mode, (DEVICE, unsigned *), "nvmlDeviceGetAccountingMode", NULL)                  \
    X(accounting_stats, (DEVICE, unsigned, struct nvml_accounting *),                              \
      "nvmlDeviceGetAccountingStats", NULL)                                                        \
    X(confidential_state, (struct nvml_confidential_state *), "nvmlSystemGetConfComputeState",     \
      NULL)                                                                                        \
    X(confidential_ready, (unsigned *), "nvmlSystemGetConfComputeGpusReadyState", NULL)            \
    X(confidential_memory, (DEVICE, struct nvml_memory_v1 *),                                      \
      "nvmlDeviceGetConfComputeProtectedMemoryUsage", NULL)                                        \
    X(license, (DEVICE, struct nvml_licensables *), "nvmlDeviceGetGridLicensableFeatures_v4",      \
      NULL)                                                                                        \
    X(host_vgpu_mode, (DEVICE, unsigned *), "nvmlDeviceGetHostVgpuMode", NULL)                     \
    X(vgpu_scheduler, (DEVICE, struct nvml_vgpu_scheduler *), "nvmlDeviceGetVgpuSchedulerState",   \
      NULL)                                                                                        \
    X(vgpus, (DEVICE, unsigned *, unsigned *), "nvmlDeviceGetActiveVgpus", NULL)                   \
    X(vgpu_uuid, (unsigned, char *, unsigned), "nvmlVgpuInstanceGetUUID", NULL)                    \
    X(vgpu_vm, (unsigned, char *, unsigned, unsigned *), "nvmlVgpuInstanceGetVmID", NULL)          \
    X(vgpu_vm_driver, (unsigned, char *, unsigned), "nvmlVgpuInstanceGetVmDriverVersion", NULL)    \
    X(vgpu_type, (unsigned, unsigned *), "nvmlVgpuInstanceGetType", NULL)                          \
    X(vgpu_type_name, (unsigned, char *, unsigned *), "nvmlVgpuTypeGetName", NULL)                 \
    X(vgpu_type_memory, (unsigned, ULL *), "nvmlVgpuTypeGetFramebufferSize", NULL)                 \
    X(vgpu_memory, (unsigned, ULL *), "nvmlVgpuInstanceGetFbUsage", NULL)                          \
    X(vgpu_frame_limit, (unsigned, unsigned *), "nvmlVgpuInstanceGetFrameRateLimit", NULL)         \
    X(vgpu_license, (unsigned, struct nvml_vgpu_license *), "nvmlVgpuInstanceGetLicenseInfo_v2",   \
      "nvmlVgpuInstanceGetLicenseInfo")                                                            \
    X(vgpus_utilization, (DEVICE, struct nvml_vgpus_use *),                                        \
      "nvmlDeviceGetVgpuInstancesUtilizationInfo", NULL)                                           \
    X(vgpu_utilization, (DEVICE, ULL, unsigned *, unsigned *, struct nvml_vgpu_sample *),          \
      "nvmlDeviceGetVgpuUtilization", NULL)                                                        \
    X(process_utilization, (DEVICE, struct nvml_process_sample *, unsigned *, ULL),                \
      "nvmlDeviceGetProcessUtilization", NULL)

struct nvml {
    void *library;
    bool initialised;
    bool wsl; /* found where the Windows subsystem keeps it */
#define NVML_MEMBER(name, args, ...) int(*name) args;
    NVML_CALLS(NVML_MEMBER)
#undef NVML_MEMBER
};

#undef DEVICE
#undef ULL

/**
 * Loads the library: `path` alone when it is given, else the loader's libnvidia-ml.so.1, else the
 * one in the places below `rootfs` where drivers are known to put it. Initialises nothing. On
 * failure `n` is closed. Errors: -ENOENT (not found or not loadable; `err` says why), -ENOSYS (no
 * NVML in it).
 */
MUST_CHECK int nvml_open(struct nvml *n, const char *path, const char *rootfs, struct error *err);

/** Shuts the library down if it was initialised, and unloads it. Fine on a zeroed struct. */
void nvml_close(struct nvml *n);

/** Lets go of a library that another thread is stuck in: it stays loaded. */
void nvml_abandon(struct nvml *n);

/** Initialises with NVML's `flags` (0: plainly). Returns NVML's code; fine when it is done. */
int nvml_initialise(struct nvml *n, unsigned flags);

/** The library's version as the kernel module spells its own, "580.95.05" (the library puts CUDA's
 * number in front); "" when it does not tell. Needs no initialisation. */
void nvml_version(const struct nvml *n, char *to, size_t size);

/** What a code means, for messages: "driver not loaded". */
const char *nvml_code_text(int code);

/** True when all the library knew is void and it must be loaded again: codes 1, 9 and 18. */
bool nvml_code_is_stale(int code);

/** True when the GPU is gone, until the library is initialised anew: codes 15, 16 and 28. */
bool nvml_code_is_lost(int code);

/** True when the system or the driver did not let us: codes 4 and 17. */
bool nvml_code_is_refusal(int code);

/** True when the answer will be the same until then: not supported, deprecated, unknown to this
 * driver. */
bool nvml_code_is_permanent(int code);

#endif
