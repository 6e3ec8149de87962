/* amd.h - AMD's GPUs, by what the kernel's driver amdgpu shows in sysfs and fdinfo: no library of
 * the vendor is needed, and none is opened. Start at amd_collector.
 *
 * Facts of files and formats: Linux 7.2, drivers/gpu/drm/amd and Documentation/gpu/amdgpu. */
#ifndef ALGALON_DEVICE_AMD_AMD_H
#define ALGALON_DEVICE_AMD_AMD_H

#include "device/device.h"

extern const struct collector amd_collector;

#endif
