/* nvidia_event.h - the driver's events (XID, change of MIG's layout, a GPU that is about to be
 * unbound), caught by a thread of their
 * own. Start at events_start().
 *
 * Thread "nvml-event" waits in the driver, at most EVENT_WAIT_MS at a time. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_EVENT_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_EVENT_H

#include "device/nvidia/nvidia_gpu.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/xid_log.h"

#define EVENT_WAIT_MS 1000 /* half of it where the system's events are looked at in between */

struct event_run; /* the thread and what it shares with the collector */

/**
 * Registers for the events of `gpus` and starts the thread. *ret stays NULL where the driver has no
 * events to give (the Windows subsystem, old drivers): no error. `nvml` must stay open until
 * events_stop(). Errors: those of thread_start().
 */
MUST_CHECK int events_start(const struct nvml *nvml, struct gpu *gpus, size_t len,
                            int64_t (*now_us)(void), struct event_run **ret, struct error *err);

/** Moves what happened into `log` (by UUID; counted over all runs); sets the layout_changed of GPUs
 * whose instances are others now. False when the run has ended by itself and should be started
 * anew. NULL is fine. */
bool events_take(struct event_run *run, struct xid_log *log, struct gpu *gpus, size_t len);

/** True once after the driver has told that a GPU is about to be unbound from it: it waits until
 * nobody has the GPU open. Only the newest drivers tell. NULL is fine. */
bool events_unbound(struct event_run *run);

/** Ends the thread and frees `run`. False when the thread is stuck in the driver: then the library
 * must not be unloaded under it, and it frees itself if it ever returns. NULL is fine. */
bool events_stop(struct event_run *run);

#endif
