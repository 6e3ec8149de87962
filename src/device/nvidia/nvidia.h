/* nvidia.h - the collector of NVIDIA's GPUs, by NVML. Start at nvidia.c; nvidia_gpu.h reads one
 * GPU, nvml.h is the library, nvidia_check.h says what a value may be. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_H

#include "device/device.h"

extern const struct collector nvidia_collector;

/** Has an open collector take Unix time (microseconds) from `now_us`: for tests, whose time stands
 * still or runs. */
void nvidia_clock(void *state, int64_t (*now_us)(void));

/** The collector's diagnose(), see device.h. Asks the library on a thread of its own ("nvml-probe",
 * waits for the driver), which is left behind when the driver does not answer within five seconds.
 */
void nvidia_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                     size_t *ret_len);

/** The same with another patience: for tests. */
void nvidia_diagnose_within(const struct host_paths *paths, int64_t patience_ms, struct arena *a,
                            struct finding **ret, size_t *ret_len);

#endif
