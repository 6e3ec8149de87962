/* nvidia.h - the collector of NVIDIA's GPUs, by NVML. Start at nvidia.c; nvidia_gpu.h reads one
 * GPU, nvml.h is the library, nvidia_check.h says what a value may be. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_H

#include "device/device.h"

extern const struct collector nvidia_collector;

/** Has an open collector take Unix time (microseconds) from `now_us`: for tests, whose time stands
 * still or runs. */
void nvidia_clock(void *state, int64_t (*now_us)(void));

/** The collector's diagnose(), see device.h. */
void nvidia_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len);

#endif
