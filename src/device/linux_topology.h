/* linux_topology.h - which CPU sits on which socket, of what kind it is, whose clock it follows;
 * and the CPU's name. Read when the set of CPUs changes, not at every turn. */
#ifndef ALGALON_DEVICE_LINUX_TOPOLOGY_H
#define ALGALON_DEVICE_LINUX_TOPOLOGY_H

#include "device/device.h"
#include "device/linux_file.h"

#define LINUX_SOCKET_MAX 64

struct linux_place {
    uint16_t socket; /* place in socket_id */
    uint16_t policy; /* N of cpufreq/policyN; UINT16_MAX: none */
    uint16_t clock;  /* the first CPU of that policy: its clock is this one's too */
    char type[4];    /* "P", "E", "C" */
};

struct linux_topology {
    unsigned package[LINUX_SOCKET_MAX];   /* the kernel's number, rising */
    unsigned socket_id[LINUX_SOCKET_MAX]; /* ours: the same, but 0, 1... where firmware gave
                                             offsets of its tables instead of numbers */
    size_t socket_len;
    unsigned core_count, thread_count;
    struct linux_place *cpu; /* by CPU number */
    size_t cpu_len;
};

/** Reads about the CPUs of `online`. What was in `*t` (zeroed before the first time) is freed. */
void linux_topology_read(struct linux_topology *t, const char *sysfs,
                         const struct linux_cpuset *online);
void linux_topology_fini(struct linux_topology *t);

/* Out of /proc/cpuinfo and, on boards without a name there, the device tree. */
struct linux_cpu_name {
    char model[128], architecture[16], platform[16];
    bool hypervisor; /* x86: the CPU says that it is a virtual one */
};
void linux_cpu_name_read(struct linux_cpu_name *ret, const struct host_paths *paths);

/* ---- clocks ---- */

struct linux_clocks {
    double *mhz; /* by CPU number; NAN unknown */
    size_t len;
    bool no_average;  /* policies have no cpuinfo_avg_freq */
    bool no_policies; /* absent, or too slow: /proc/cpuinfo is asked instead */
    uint64_t next_ns; /* cpuinfo: not before */
};

/** Fills `c->mhz` for the CPUs of `t`. */
void linux_clocks_read(struct linux_clocks *c, const struct host_paths *paths,
                       const struct linux_topology *t, uint64_t mono_ns);
void linux_clocks_fini(struct linux_clocks *c);

#endif
