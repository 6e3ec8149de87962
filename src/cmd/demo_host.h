/* demo_host.h - the /proc, /sys and /etc of a machine that does not exist, kept moving.
 *
 * The worker reads such a tree as it reads a real one: what `algalon demo` shows went through every
 * part of the program. All values follow from the seed and the time since the simulated start.
 *
 * Disks are the exception: how full a file system is, statvfs() asks the kernel. The mount points
 * of the tree are plain folders in it, so each shows the real file system that holds the tree. */
#ifndef ALGALON_CMD_DEMO_HOST_H
#define ALGALON_CMD_DEMO_HOST_H

#include "demo_cards.h"

#include "device/device.h"

#define DEMO_CPUS_MAX 1024

struct demo_process {
    int pid;
    const char *name, *user, *command; /* user: "root", or a name that gets a number */
    double cpu_ratio;                  /* mean, of one CPU */
    uint64_t memory_bytes;
    const char *cgroup; /* NULL: the slice of its user */
};

struct demo_mount {
    const char *mount_point, *device, *type; /* "/data", "/dev/nvme1n1", "xfs" */
};

/* Texts and lists are borrowed until demo_host_close(). */
struct demo_host_spec {
    const char *hostname;
    const char *vendor, *product;       /* of the machine: "Supermicro", "SYS-421GE-TNRT" */
    const char *cpu_vendor, *cpu_model; /* "GenuineIntel" or "AuthenticAMD"; as in cpuinfo */
    unsigned sockets, cores_per_socket, threads_per_core;
    double idle_mhz, max_mhz;
    double socket_idle_w, socket_max_w;
    double load_ratio; /* mean of all CPUs, what the listed processes use included */
    uint64_t memory_bytes;
    const struct demo_mount *mounts; /* beside "/" */
    size_t mount_len;
    const struct demo_process *processes; /* beside systemd and kthreadd */
    size_t process_len;
    const struct demo_card_kind *cards; /* that are not NVIDIA's: those has the NVML simulator */
    size_t card_len;
    const char *kernel; /* its version; NULL: of an Ubuntu 24.04 */
    uint64_t seed;
};

struct demo_host;

/**
 * Lays out the tree below `dir`, which is made. It is complete after the first demo_host_tick().
 * Errors: -EINVAL (no CPU, or more than DEMO_CPUS_MAX), or why a file could not be written.
 */
MUST_CHECK int demo_host_open(const char *dir, const struct demo_host_spec *spec,
                              struct demo_host **ret, struct error *err);

/** Brings all that moves to the state of `now_ms`, in place: collectors keep some files open. Time
 * that goes back stands still. */
void demo_host_tick(struct demo_host *h, int64_t now_ms);

/** Where a worker finds the tree; the texts live until demo_host_close(). nvml_library is NULL. */
struct host_paths demo_host_paths(const struct demo_host *h);

/** Where a worker finds what device nodes, tools and services of it answer (device/answers.h). */
const char *demo_host_answers(const struct demo_host *h);

/** Frees; the tree stays. NULL is fine. */
void demo_host_close(struct demo_host *h);

#endif
