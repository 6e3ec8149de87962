/* accel.h - accelerators of the kernel's class accel, told by their drivers: Intel's NPU
 * (intel_vpu), AMD's XDNA (amdxdna), Qualcomm's Cloud AI (qaic), Rockchip's (rocket, and the
 * vendor's rknpu), Arm's Ethos-U. The class is shared: accel0 is whichever came first. habanalabs
 * has a collector of its own.
 *
 * Facts: Linux 7.2, Documentation/accel, Documentation/ABI/testing/sysfs-driver-{ivpu,qaic},
 * drivers/accel, include/uapi/drm/amdxdna_accel.h. */
#ifndef ALGALON_DEVICE_ACCEL_ACCEL_H
#define ALGALON_DEVICE_ACCEL_ACCEL_H

#include "device/device.h"

extern const struct collector accel_collector;

#endif
