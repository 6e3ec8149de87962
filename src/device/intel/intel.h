/* intel.h - Intel's GPUs, by what the kernel's drivers i915 and xe show in sysfs, fdinfo, a query
 * of memory and the counters of perf; Level Zero is asked for what they do not tell, where it is
 * there. Start at intel_collector.
 *
 * Facts of files and formats: Linux 7.2, drivers/gpu/drm/i915 and drivers/gpu/drm/xe,
 * Documentation/ABI/testing/sysfs-driver-intel-*-hwmon, include/uapi/drm/{i915,xe}_drm.h. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_H
#define ALGALON_DEVICE_INTEL_INTEL_H

#include "device/device.h"

extern const struct collector intel_collector;

#endif
