/* nvidia_poll.h - own samples of utilisation and power, for GPUs of which the driver keeps none
 * (guests with a virtual GPU, the Windows subsystem, very old boards). Start at nvidia_poll_read().
 *
 * Thread "nvml-poll", started for the first such GPU: asks each of them every POLL_MS, and waits in
 * between and in the driver. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_POLL_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_POLL_H

#include "device/nvidia/nvidia_gpu.h"

/* What the one-shot call tells is the mean of the last sixth of a second at the shortest, and of up
 * to a second: at this pace no busy moment falls between two samples. */
#define POLL_MS 150

struct nvidia_poll; /* the thread and what it shares with the collector */

/** Mean, peak and low of the samples since the last call, where the driver keeps no ring of `type`
 * and `paths->own_samples` is set; `ret` is left alone elsewhere and while there is no sample. */
void nvidia_poll_read(struct gpu_context *c, const struct gpu *g, int type, enum check_field field,
                      struct sample_summary *ret);

/** Ends the thread: before the library is closed. False when it is stuck in the driver: then the
 * library must not be unloaded under it, and it frees itself if it ever returns. */
bool nvidia_poll_stop(struct gpu_context *c);

#endif
