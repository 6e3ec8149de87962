/* linux_drm.h - who uses the GPUs of the kernel's DRM drivers: what /proc/PID/fdinfo says of each
 * open file of theirs (Documentation/gpu/drm-usage-stats.rst of Linux). */
#ifndef ALGALON_DEVICE_LINUX_DRM_H
#define ALGALON_DEVICE_LINUX_DRM_H

#include "device/device.h"

#define LINUX_DRM_ENGINES 12
#define LINUX_DRM_CLIENTS                                                                          \
    8192 /* open files with clients of their own; further ones are left out                        \
          */

struct linux_drm_engine {
    char name[24];    /* "gfx", "compute", "dec" */
    uint64_t busy_ns; /* sum of those that share the name */
    double capacity;  /* how many there are of it */
};

/* One client: an open file with a context of its own. Inherited and duplicated files are the same
 * client; it counts once, for the smallest process number that has it. */
struct linux_drm_client {
    char driver[24], pdev[24]; /* pdev: 0000:03:00.0; "" for devices that are on no PCI bus */
    uint64_t id;
    int pid;
    uint64_t resident_vram, resident_other; /* bytes; other: in the host's memory */
    struct linux_drm_engine engines[LINUX_DRM_ENGINES];
    size_t engine_len;
};

/** Takes the text of one fdinfo file apart; false when it is none of a DRM driver, or names no
 * client. `ret->pid` is left alone. */
bool linux_drm_parse(struct str text, struct linux_drm_client *ret);

struct linux_drm; /* remembers which processes have no such file, and the clients' last times */

struct linux_drm *linux_drm_open(const char *procfs);
void linux_drm_close(struct linux_drm *d); /* NULL is fine */

/* What a process did on a device since the reading before. */
struct linux_drm_use {
    int pid;
    char pdev[24];
    uint64_t vram_bytes, other_bytes;
    double compute, graphics, decode, encode; /* ratios; NAN at the first sight of its clients */
};

/**
 * Looks through all processes for clients of `driver`, in memory of `a`, one entry a process and
 * device. `*ret_unreadable`: processes whose files may not be looked at. Errors: -ENOMEM.
 */
MUST_CHECK int linux_drm_read(struct linux_drm *d, const char *driver, uint64_t mono_ns,
                              struct arena *a, struct linux_drm_use **ret, size_t *ret_len,
                              uint64_t *ret_unreadable);

#endif
