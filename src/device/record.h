/* record.h - what a driver answers, as text that a simulator can play back; part of device.h. */
#ifndef ALGALON_DEVICE_RECORD_H
#define ALGALON_DEVICE_RECORD_H

#include "base/base.h"

struct host_paths;

#define DRIVER_PROCESSES_MAX 2048 /* of all GPUs; a simulator takes no more */

struct driver_record {
    struct buf scenario; /* in the form of tests/sim/nvml/README.md; the caller's, to buf_fini() */
    int *pids;           /* on a GPU; the caller's, to free() */
    size_t pid_len;
    unsigned gpus;   /* that the driver counts */
    unsigned asleep; /* and those that were left so, of which nothing is told */
};

/**
 * Asks NVIDIA's library once for everything that the scenario form can say: a moment, in which
 * counters stand still. A library that does not start, and calls that fail, are recorded as such.
 * The driver is asked on a thread of its own
 * ("nvml-record").
 *
 * Errors: -ENODEV (no library; `err` says why), -ETIMEDOUT (no answer within `patience_ms`; the
 * thread is left behind with what it holds), -EAGAIN, -ENOMEM. `*ret` is then empty.
 */
MUST_CHECK int driver_record(const struct host_paths *paths, int64_t patience_ms,
                             struct driver_record *ret, struct error *err);

#endif
