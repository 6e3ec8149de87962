/* linux_nodes.h - which of NVIDIA's device nodes a process may use, as its control group (version
 * 1) or its container's /dev tells. In a container only the devices that were given are there; in a
 * job with constrained devices only those are in its list.
 *
 * Threads: /proc/<pid>/root leads into file systems of others, of which one may hang: it is looked
 * through on a thread aside, and not waited for longer than LINUX_NODES_WAIT_MS. */
#ifndef ALGALON_DEVICE_LINUX_NODES_H
#define ALGALON_DEVICE_LINUX_NODES_H

#include "device/device.h"

#define LINUX_NODES_WAIT_MS 200

struct linux_aside;

struct linux_nodes {
    struct linux_aside *aside; /* NULL until it is needed */
};

void linux_nodes_fini(struct linux_nodes *n);

/** Sets the bits of the nodes /dev/nvidia<N> in the process's view of /dev. False when that cannot
 * be looked at: no right (CAP_SYS_PTRACE), no such process, too slow. */
bool linux_nodes_look(struct linux_nodes *n, const struct host_paths *paths, int pid,
                      struct device_minors *ret);

/** The same out of the devices.list of a version 1 group: lines "c 195:3 rwm". False when the list
 * allows all devices, and so says nothing. */
bool linux_nodes_parse(struct str text, struct device_minors *ret);

/** Finds the group's list by the text of /proc/<pid>/cgroup; false when there is none. */
bool linux_nodes_list(const struct host_paths *paths, struct str cgroup_text,
                      struct device_minors *ret);

#endif
