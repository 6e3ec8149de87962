/* linux_edge.h - what a tree of files cannot stand in for: device nodes that answer to ioctl,
 * counters of the kernel, vendors' tools, services of programs, the environment. A test gives its
 * own in struct host_paths, and so do recorded answers (answers.h). */
#ifndef ALGALON_DEVICE_LINUX_EDGE_H
#define ALGALON_DEVICE_LINUX_EDGE_H

#include "device/device.h"

struct linux_grpc;

/* A question to a service of this machine. */
struct linux_call {
    const char *target, *method; /* "127.0.0.1:8431", "/v1.Service/Call" */
    struct str request;
    size_t max;
    int64_t timeout_ms;
};

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
    /* Whether a tool ("usr/bin/rbln-smi", below rootfs) may be run. */
    bool (*has_tool)(void *context, const char *rootfs, const char *tool);
    /* Runs it with `arguments` (NULL ends them); `out` and errors as of child_run(). */
    int (*run)(void *context, const char *rootfs, const char *tool, const char *const *arguments,
               int64_t patience_ms, struct buf *out, struct error *err);
    /* As linux_grpc_call(), which has the arguments; *handle is NULL at first and the caller's, to
     * linux_grpc_close(). Errors: -ENOENT also when the library is not installed. */
    int (*call)(void *context, struct linux_grpc **handle, const struct linux_call *c,
                struct buf *ret, struct error *err);
    /* A variable of the environment; false when it is not set or does not fit. */
    bool (*variable)(void *context, const char *name, char *to, size_t size);
};

/** The test's, or the kernel's own. Counters of the kernel's answer -ENOTSUP where `sysfs` is a
 * copy of another machine's: its numbers of types mean others here. */
const struct linux_edge *linux_edge_of(const struct host_paths *paths);

/** The kernel's own, with counters; for edges that stand before it. */
const struct linux_edge *linux_edge_kernel(void);

/** True when `sysfs` is a mount of the kernel's. */
bool linux_edge_is_sysfs(const char *sysfs);

#endif
