/* linux_cgroup.h - whose machine /proc shows, and the limits a container lives under.
 *
 * A container is told by what its runtime leaves behind: /.dockerenv, /run/.containerenv,
 * /run/systemd/container, `container=` or KUBERNETES_SERVICE_HOST in an environment, or the name
 * of its cgroup. That alone is not enough to apply limits: a worker that runs in a container to
 * watch the host (host PID namespace, or the host's /proc mounted) is to report the host. There
 * the kernel's own thread "kthreadd" is process 2, which no other PID namespace has. */
#ifndef ALGALON_DEVICE_LINUX_CGROUP_H
#define ALGALON_DEVICE_LINUX_CGROUP_H

#include "device/device.h"
#include "device/linux_file.h"

struct linux_view {
    char runtime[32]; /* "docker", "podman", "kubernetes", "lxc", ...; "" outside of containers */
    bool host;        /* procfs shows the processes of the whole machine */
    bool lxcfs;       /* meminfo is lxcfs's: what it says is bounded by the limits already */
    bool limited;     /* in a container and not looking at the host: limits count */
};

void linux_view_look(const struct host_paths *paths, struct linux_view *ret);

/* Where the cgroups of this process are; version 1 has a folder for each controller. */
struct linux_cgroup {
    bool v2;
    char memory[LINUX_PATH_MAX], cpu[LINUX_PATH_MAX]; /* "" when there is none */
    size_t memory_top, cpu_top;                       /* length of the mount's part of these */
};

void linux_cgroup_find(const struct host_paths *paths, struct linux_cgroup *ret);

/* The smallest memory limit from here to the top, and what the group that has it uses. Counts are
 * UINT64_MAX where there is no limit or no file. */
struct linux_cgroup_memory {
    uint64_t limit;
    uint64_t used;      /* without file pages that can go at once, as the kubelet counts it */
    uint64_t current;   /* with them */
    uint64_t available; /* least room under any limit on the way up */
    uint64_t cached, swap_limit, swap_used;
};
/** False when nothing on the way up limits memory below `machine_bytes`. */
bool linux_cgroup_memory(const struct linux_cgroup *c, uint64_t machine_bytes,
                         struct linux_cgroup_memory *ret);

/** The least quota on the way up, in CPUs; NAN when there is none. Shares and weights are no
 * limits. */
double linux_cgroup_cpus(const struct linux_cgroup *c);

#endif
