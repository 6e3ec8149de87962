/* amd_kfd.h - the compute side of the driver: which of its nodes is which GPU, and what memory and
 * units processes hold there. ROCm's work does not pass the queues that fdinfo counts. */
#ifndef ALGALON_DEVICE_AMD_AMD_KFD_H
#define ALGALON_DEVICE_AMD_AMD_KFD_H

#include "device/device.h"

#define AMD_KFD_NODES 128 /* eight boards of eight partitions, twice */

struct amd_kfd_node {
    uint64_t gpu_id; /* as processes' files name it; not 0 */
    char bus_id[24]; /* 0000:03:00.0; partitions of a board share one */
    char target[16]; /* "gfx90a" */
    unsigned units;  /* compute units */
};

struct amd_kfd {
    struct amd_kfd_node nodes[AMD_KFD_NODES];
    size_t len;
};

void amd_kfd_list(const char *sysfs, struct amd_kfd *ret);

/** The first node of a board; NULL when there is none. */
const struct amd_kfd_node *amd_kfd_find(const struct amd_kfd *k, const char *bus_id);

/* What a process holds of a board, over its partitions. */
struct amd_kfd_use {
    int pid;
    char bus_id[24];
    uint64_t vram_bytes;
    double occupancy; /* share of the compute units that have waves of it; NAN: not told */
};

/** Lists them in memory of `a`. Errors: -ENOMEM. */
MUST_CHECK int amd_kfd_read(const char *sysfs, const struct amd_kfd *k, struct arena *a,
                            struct amd_kfd_use **ret, size_t *ret_len);

#endif
