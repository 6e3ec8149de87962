/* linux_edge.h - what a tree of files cannot stand in for: device nodes that answer to ioctl, and
 * counters of the kernel. A test gives its own in struct host_paths. */
#ifndef ALGALON_DEVICE_LINUX_EDGE_H
#define ALGALON_DEVICE_LINUX_EDGE_H

#include "device/device.h"

struct linux_edge {
    void *context;
    /* A descriptor of a device node, below rootfs ("dev/dri/renderD128"), or a negative errno. */
    int (*open)(void *context, const char *rootfs, const char *node);
    /* 0 or a negative errno; interrupted calls are repeated. */
    int (*ioctl)(void *context, int fd, unsigned long request, void *argument);
    /* A counter over all processes of one CPU, to be read with read(2): a descriptor, or a negative
     * errno. `type` and `config` as below bus/event_source. */
    int (*counter)(void *context, uint32_t type, uint64_t config, int cpu);
    /* The value of a counter; false when there is none. */
    bool (*count)(void *context, int fd, uint64_t *ret);
    /* Whether a descriptor has something to be fetched within `patience_ms`. */
    bool (*wait)(void *context, int fd, int patience_ms);
    void (*close)(void *context, int fd);
};

/** The test's, or the kernel's own. Counters of the kernel's answer -ENOTSUP where `sysfs` is a
 * copy of another machine's: its numbers of types mean others here. */
const struct linux_edge *linux_edge_of(const struct host_paths *paths);

/** True when `sysfs` is a mount of the kernel's. */
bool linux_edge_is_sysfs(const char *sysfs);

#endif
