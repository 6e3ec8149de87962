/* table.c - every collector there is. Accelerators first, NVIDIA first among them: their place
 * here is the order in which GPUs are numbered over all platforms. */
#include "device/device.h"

#include "device/apple/apple.h"

#ifdef __linux__
#include "device/accel/accel.h"
#include "device/amd/amd.h"
#include "device/intel/intel.h"
#include "device/ipmi/ipmi.h"
#include "device/jetson/jetson.h"
#include "device/linux.h"
#include "device/linux_gpu.h"
#include "device/npu/npu.h"
#endif

extern const struct collector nvidia_collector, nvidia_inventory_collector, nvidia_kmsg_collector;

const struct collector *const collectors[] = {
    &nvidia_collector,
    &apple_collector,
#ifdef __linux__
    &jetson_collector,
    &amd_collector,
    &intel_collector,
    &linux_gpu_collector,
    &accel_collector,
    &gaudi_collector,
    &tenstorrent_collector,
    &rebellions_collector,
    &furiosa_collector,
    &tpu_collector,
    &nvidia_inventory_collector,
    &nvidia_kmsg_collector,
    &linux_cpu_collector,
    &linux_memory_collector,
    &linux_disk_collector,
    &linux_process_collector,
    &linux_chassis_collector,
    &ipmi_collector,
    &linux_allocation_collector,
    &linux_opener_collector,
    &linux_hpc_collector,
#endif
#ifdef __APPLE__
    &apple_disk_collector,
    &apple_process_collector,
#endif
    NULL,
};
