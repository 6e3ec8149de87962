/* container.h - what a container with the worker needs on this machine beside the host's /proc,
 * /sys and root: devices, capabilities, a runtime; part of device.h. */
#ifndef ALGALON_DEVICE_CONTAINER_H
#define ALGALON_DEVICE_CONTAINER_H

#include "base/base.h"

struct host_paths;

/* How NVIDIA's devices and library come into a container. */
enum container_nvidia {
    CONTAINER_NVIDIA_NONE,    /* there is no such GPU */
    CONTAINER_NVIDIA_CDI,     /* by the CDI name nvidia.com/gpu=all: a specification is there */
    CONTAINER_NVIDIA_RUNTIME, /* by the runtime that Docker's configuration names */
    CONTAINER_NVIDIA_TOOLKIT, /* by a reservation: the container toolkit is there */
    CONTAINER_NVIDIA_NO_WAY   /* none of them was found */
};

/* What one platform needs. Texts are static, nodes in the arena. */
struct container_need {
    const char *platform; /* the collector's name */
    const char *why;      /* a sentence without its full stop */
    const char *caps;     /* "PERFMON, SYS_PTRACE"; "": none */
    char **nodes;         /* absolute paths in the host, each there now */
    size_t node_len;
    bool root; /* the worker has to be uid 0: what it asks is the owner's, or it needs `caps` */
};

struct container_needs {
    enum container_nvidia nvidia;
    struct container_need *items; /* of the platforms found, in the order of collectors */
    size_t len;
    bool apparmor; /* its usual profile keeps processes of others from being looked at */
};

/** Looks at the roots of `paths`; opens files and reads directories only. Errors: -ENOMEM. */
MUST_CHECK int container_look(const struct host_paths *paths, struct arena *a,
                              struct container_needs *ret, struct error *err);

#endif
