/* linux_owner.h - on whose behalf a process runs: container, Kubernetes pod, Slurm job, read from
 * the names of its cgroups alone. No daemon is asked.
 *
 * What runtimes put there (the id stands behind "docker-", "cri-containerd-", "libpod-", ... or
 * alone, as a path component or with ".scope"):
 *   /system.slice/docker-<64 hex>.scope                              Docker
 *   /machine.slice/libpod-<64 hex>.scope/container                   Podman
 *   /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid with _>.slice/
 *       cri-containerd-<64 hex>.scope                                Kubernetes under systemd
 *   /kubepods/burstable/pod<uid with ->/<64 hex>                     Kubernetes without
 *   /lxc.payload.<name>, /lxc/<name>                                 LXC
 *   /system.slice/slurmstepd.scope/job_<n>/step_<m>/user/task_<k>    Slurm, cgroup v2
 *   /slurm_<node>/uid_<u>/job_<n>/step_<m>/task_<k>                  Slurm, cgroup v1
 * A container within a container has the inner one's id, as that is the last. */
#ifndef ALGALON_DEVICE_LINUX_OWNER_H
#define ALGALON_DEVICE_LINUX_OWNER_H

#include "device/device.h"

struct linux_owner {
    char container[40]; /* the first 12 digits of its id, as runtimes show them; LXC: its name */
    char pod_uid[40];
    char slurm_job[16];
};

/** Of the text of /proc/<pid>/cgroup; what no line tells is "". */
void linux_owner_read(struct linux_owner *ret, struct str text);

#endif
