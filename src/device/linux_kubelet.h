/* linux_kubelet.h - names of pods and containers, out of the folders that the kubelet keeps for
 * their logs. No API server and no token: read access to /var/log/pods and /var/log/containers.
 *   /var/log/pods/<namespace>_<pod>_<uid>/
 *   /var/log/containers/<pod>_<namespace>_<container>-<64 hex>.log
 * Both are listed when a number is met that is not known, but no oftener than every
 * LINUX_KUBELET_PAUSE_NS: a pod whose folder is not there would have them listed at each turn. */
#ifndef ALGALON_DEVICE_LINUX_KUBELET_H
#define ALGALON_DEVICE_LINUX_KUBELET_H

#include "device/device.h"

#define LINUX_KUBELET_PAUSE_NS (10 * (uint64_t)NS_PER_S)

struct linux_kubelet_pod {
    char uid[40], pod[128], namespace[64];
};
struct linux_kubelet_container {
    char id[16]; /* the first 12 digits */
    char name[64], pod[128], namespace[64];
};

struct linux_kubelet {
    const char *rootfs; /* borrowed */
    struct linux_kubelet_pod *pods;
    size_t pod_len, pod_cap;
    struct linux_kubelet_container *containers;
    size_t container_len, container_cap;
    uint64_t listed_ns; /* 0: never */
};

void linux_kubelet_init(struct linux_kubelet *k, const char *rootfs);
void linux_kubelet_fini(struct linux_kubelet *k);

/** Fills in namespace, pod and container of an owner that has a pod's number or a container's,
 * where they are known. The container alone is enough: from inside a cgroup namespace the pod's
 * part of the path cannot be seen. */
void linux_kubelet_name(struct linux_kubelet *k, struct process_owner *owner, uint64_t mono_ns);

/** A folder's name taken apart; false when it is another thing. */
bool linux_kubelet_parse_pod(struct str name, struct linux_kubelet_pod *ret);
/** A link's name taken apart. */
bool linux_kubelet_parse_container(struct str name, struct linux_kubelet_container *ret);

#endif
