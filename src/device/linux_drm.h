/* linux_drm.h - who uses the GPUs of the kernel's DRM drivers: what /proc/PID/fdinfo says of each
 * open file of theirs (Documentation/gpu/drm-usage-stats.rst of Linux). */
#ifndef ALGALON_DEVICE_LINUX_DRM_H
#define ALGALON_DEVICE_LINUX_DRM_H

#include "device/device.h"

#define LINUX_DRM_ENGINES 12
#define LINUX_DRM_CLIENTS                                                                          \
    8192 /* open files with clients of their own; further ones are left out                        \
          */

#define LINUX_DRM_NODES 256 /* device nodes that are looked for: three a card */

struct linux_drm_engine {
    char name[24];         /* "gfx", "compute", "dec"; what the driver calls it */
    uint64_t busy_ns;      /* sum of those that share the name */
    uint64_t cycles;       /* where it counts cycles instead of time (xe), else 0 */
    uint64_t total_cycles; /* that went by meanwhile, else 0 */
    uint64_t max_hz;       /* its highest clock, where the driver tells it, else 0 */
    uint64_t cur_hz;       /* its clock now, likewise */
    double capacity;       /* how many there are of it */
};

/* One client: an open file with a context of its own. Inherited and duplicated files are the same
 * client; it counts once, for the smallest process number that has it. */
struct linux_drm_client {
    char driver[24], pdev[24]; /* pdev: 0000:03:00.0; "" for devices that are on no PCI bus */
    uint64_t id;
    int pid;
    unsigned device;                        /* the caller's number of the node that is open */
    uint64_t resident_vram, resident_other; /* bytes; other: in the host's memory */
    struct linux_drm_engine engines[LINUX_DRM_ENGINES];
    size_t engine_len;
};

/** Takes the text of one fdinfo file apart; false when it is none of a DRM driver, or names no
 * client. `ret->pid` and `ret->device` are left alone. */
bool linux_drm_parse(struct str text, struct linux_drm_client *ret);

/* A device node whose users are looked for. Files of others are not read: with some drivers that
 * would wake a device that sleeps. */
struct linux_drm_node {
    char path[32];   /* "/dev/dri/renderD128", "/dev/accel/accel0" */
    unsigned device; /* the caller's number of its device */
};

struct linux_drm; /* remembers which processes have no such file, and the clients' last times */

struct linux_drm *linux_drm_open(const char *procfs);
void linux_drm_close(struct linux_drm *d); /* NULL is fine */

/* What a process did on a device since the reading before. */
struct linux_drm_use {
    int pid;
    unsigned device;
    uint64_t vram_bytes, other_bytes;
    double compute, graphics, decode, encode; /* ratios; NAN at the first sight of its clients, and
                                                 where the driver has no such engine */
};

/* An engine of a device, over all clients that may be seen. */
struct linux_drm_load {
    unsigned device;
    char name[24];
    double busy_ratio; /* 1: all there are of it were busy all the time */
    double clock_mhz, clock_max_mhz;
};

struct linux_drm_reading {
    struct linux_drm_use *uses; /* one a process and device */
    size_t use_len;
    struct linux_drm_load *loads; /* one an engine and device; none before the second reading */
    size_t load_len;
    uint64_t unreadable; /* processes whose files may not be looked at */
    uint64_t untold;     /* open files of the nodes of which the driver says nothing */
};

/**
 * Looks through all processes for clients of the nodes, in memory of `a`. Errors: -ENOMEM.
 */
MUST_CHECK int linux_drm_read(struct linux_drm *d, const struct linux_drm_node *nodes, size_t len,
                              uint64_t mono_ns, struct arena *a, struct linux_drm_reading *ret);

/** The busiest engine of a device; NAN when none is known. */
double linux_drm_busiest(const struct linux_drm_reading *r, unsigned device);

/** Bytes that clients hold of a device, in its own memory and in the host's. */
void linux_drm_memory(const struct linux_drm_reading *r, unsigned device, uint64_t *ret_vram,
                      uint64_t *ret_other);

#endif
