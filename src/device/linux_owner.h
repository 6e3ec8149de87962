/* linux_owner.h - on whose behalf a process runs: container, Kubernetes pod, Slurm job, systemd
 * unit, login session, read from the names of its cgroups alone. No daemon is asked.
 *
 * What runtimes put there (the id stands behind "docker-", "cri-containerd-", "libpod-", ... or
 * alone, as a path component or with ".scope"):
 *   /system.slice/docker-<64 hex>.scope                              Docker
 *   /machine.slice/libpod-<64 hex>.scope/container                   Podman
 *   /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid with _>.slice/
 *       cri-containerd-<64 hex>.scope                                Kubernetes under systemd
 *   /kubepods/burstable/pod<uid with ->/<64 hex>                     Kubernetes without
 *   /ecs/<task>/<64 hex>                                             ECS
 *   /lxc.payload.<name>, /lxc/<name>                                 LXC
 *   /machine.slice/machine-qemu\x2d1\x2d<name>.scope                 libvirt
 *   /machine.slice/systemd-nspawn@<name>.service                     systemd-nspawn
 *   /system.slice/slurmstepd.scope/job_<n>/step_<m>/user/task_<k>    Slurm, cgroup v2
 *   /slurm_<node>/uid_<u>/job_<n>/step_<m>/task_<k>                  Slurm, cgroup v1
 *   /pbs_jobs.service/jobid/<n>.<server>                             PBS, cgroup v1
 *   /pbs_jobs.service/jobs/<n>.<server>                              PBS, cgroup v2
 *   /pbspro.service/jobid/<n>.<server>, /pbspro/<n>.<server>         PBS before 2020
 *   /lsf/<cluster>/job.<n>.<pid>.<time>                              LSF
 *   /htcondor/condor_<execute folder>_slot<n>@<host>                 HTCondor: the slot, as the
 *                                                                    job's number is not in it
 *   /<namespace>/<id>                                                containerd without a runtime
 *                                                                    above it: no id of 64 digits,
 *                                                                    so nobody
 *   /system.slice/<name>.service, /user.slice/user-<u>.slice/session-<n>.scope
 * A container within a container has the inner one's id, as that is the last. Read from inside a
 * container the paths begin with "/.." and may lack the front: what is left is used. */
#ifndef ALGALON_DEVICE_LINUX_OWNER_H
#define ALGALON_DEVICE_LINUX_OWNER_H

#include "device/device.h"

struct linux_owner {
    struct process_owner is;
    char container[65]; /* all 64 digits of its id; "" where it has none */
    bool job_uid_known; /* cgroup v1 names a job's user */
    uint32_t job_uid;
};

/** Of the text of /proc/<pid>/cgroup. False when it names nobody. */
bool linux_owner_read(struct linux_owner *ret, struct str text);

/** The accelerators that `environ_text` (of /proc/<pid>/environ) says the process was given:
 * NVIDIA_VISIBLE_DEVICES of a container, SLURM_STEP_GPUS or SLURM_JOB_GPUS of a job. "" for "all",
 * "none", "void" and where it does not fit; nothing else of the environment is looked at.
 * `*ret_void`: it says "void", as a runtime does that gives devices by itself. */
void linux_owner_devices(char *to, size_t size, struct str environ_text, bool job, bool *ret_void);

#endif
