/* apple_gpu.h - the GPU, as the IORegistry shows it: what it is, its memory, who is on it. */
#ifndef ALGALON_DEVICE_APPLE_APPLE_GPU_H
#define ALGALON_DEVICE_APPLE_APPLE_GPU_H

#include "apple_cf.h"

/* A connection of a process to the driver. A process has several; they come and go. */
struct apple_client {
    uint64_t id; /* of the entry, never used twice */
    int pid;
    bool graphics;    /* by OpenGL only: everything else is Metal, which does both */
    uint64_t busy_ns; /* of the GPU, since the connection was made */
};

struct apple_gpu {
    const struct apple_calls *calls;
    apple_port entry; /* 0: none */
    char model[64];
    double cores;
    struct apple_client *clients; /* of the reading before, by id */
    size_t len;
    uint64_t mono_ns; /* when that was; 0: never */
};

struct apple_gpu_reading {
    double utilization_ratio; /* at this moment, as the driver has it */
    uint64_t mem_used_bytes;
};

/** Finds the GPU. -ENODEV: there is none whose driver tells anything. */
MUST_CHECK int apple_gpu_open(struct apple_gpu *g, const struct apple_calls *c, struct error *err);
void apple_gpu_close(struct apple_gpu *g);

/** What the driver says of it now; -ENODEV: nothing any more. */
MUST_CHECK int apple_gpu_read(struct apple_gpu *g, struct apple_gpu_reading *ret,
                              struct error *err);

/** Appends those who are on it to `out`, with their share of it since the reading before; -ENOMEM.
 * `out->mono_ns` is set. */
MUST_CHECK int apple_gpu_processes(struct apple_gpu *g, struct reading *out, struct error *err);

/** The number in "pid 533, WindowServer"; 0: it is none. */
int apple_gpu_pid(struct str creator);

#endif
