/* jetson.h - NVIDIA's Tegra systems: what sysfs, procfs and debugfs tell of a Jetson board, without
 * NVML. Start at jetson_collector.
 *
 * Up to Orin the GPU belongs to the driver nvgpu, which has no NVML worth the name: the collector
 * lists the GPU itself. From Thor on it belongs to the driver of desktop GPUs: the collector
 * "nvidia" lists it, and asks here for what NVML does not tell. Rails, zones and engines of the
 * board come from here on both.
 *
 * Paths differ between boards and releases, so everything is found by its name when opened. debugfs
 * wants root: without it there are no processes and no clock of the memory, and engines only where
 * the kernel also shows them in devfreq. */
#ifndef ALGALON_DEVICE_JETSON_JETSON_H
#define ALGALON_DEVICE_JETSON_JETSON_H

#include "device/device.h"

extern const struct collector jetson_collector;

struct jetson_gpu; /* of one thread, but for the sampler within */

#ifdef __linux__

/** True when the GPU of this machine belongs to nvgpu, so that NVML has nothing to say of it. */
bool jetson_has_nvgpu(const struct host_paths *paths);

/** True on NVIDIA's SoCs of any generation. */
bool jetson_is_tegra(const struct host_paths *paths);

/**
 * Opens the sensors of the GPU and starts the thread that samples its load ("jetson-load", waits
 * for its next turn or jetson_gpu_close()). NULL when sysfs shows no such GPU. Texts of `paths` are
 * borrowed until it is closed.
 */
struct jetson_gpu *jetson_gpu_open(const struct host_paths *paths);
void jetson_gpu_close(struct jetson_gpu *g); /* NULL is fine */

/** Fills in those readings of `a` that are unknown. `mono_ns`: of this reading. */
void jetson_gpu_fill(struct jetson_gpu *g, struct accelerator *a, uint64_t mono_ns);

#else

static inline bool jetson_has_nvgpu(const struct host_paths *paths)
{
    (void)paths;
    return false;
}

static inline bool jetson_is_tegra(const struct host_paths *paths)
{
    (void)paths;
    return false;
}

static inline struct jetson_gpu *jetson_gpu_open(const struct host_paths *paths)
{
    (void)paths;
    return NULL;
}

static inline void jetson_gpu_close(struct jetson_gpu *g)
{
    (void)g;
}

static inline void jetson_gpu_fill(struct jetson_gpu *g, struct accelerator *a, uint64_t mono_ns)
{
    (void)g;
    (void)a;
    (void)mono_ns;
}

#endif

#endif
