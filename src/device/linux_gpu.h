/* linux_gpu.h - GPUs of any other driver of the kernel, by what all of them show alike: fdinfo of
 * their clients, hwmon, devfreq, thermal zones. Phones' and boards' GPUs (panfrost, panthor, v3d,
 * msm, etnaviv, asahi ...), nouveau, radeon, those of virtual machines.
 *
 * Facts: Documentation/gpu/drm-usage-stats.rst of Linux 7.2 and the drivers' own fdinfo. */
#ifndef ALGALON_DEVICE_LINUX_GPU_H
#define ALGALON_DEVICE_LINUX_GPU_H

#include "device/device.h"

extern const struct collector linux_gpu_collector;

#endif
