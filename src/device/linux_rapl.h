/* linux_rapl.h - power of CPU packages from the energy counters of /sys/class/powercap, which Intel
 * and AMD's Zen share, and on Arm servers without them from an ACPI power meter that names its
 * socket (NVIDIA Grace). energy_uj is readable by root alone since Linux 5.10. */
#ifndef ALGALON_DEVICE_LINUX_RAPL_H
#define ALGALON_DEVICE_LINUX_RAPL_H

#include "device/linux_file.h"

#define LINUX_RAPL_MAX 64

struct linux_rapl_zone {
    unsigned package; /* as the topology numbers it */
    int fd;           /* -1: may not be read */
    bool gauge;       /* the file is microwatts already, no counter */
    uint64_t range_uj, last_uj, last_ns;
};
struct linux_rapl {
    struct linux_rapl_zone zone[LINUX_RAPL_MAX];
    size_t len;
    size_t forbidden; /* of these */
};

/** Finds and opens the package zones; each is counted once (MMIO doubles, cores, DRAM and the whole
 * platform are left out). */
void linux_rapl_open(struct linux_rapl *r, const char *sysfs);

/** Watts of zone `i` since it was last asked; NAN at first and when unreadable. */
double linux_rapl_read(struct linux_rapl *r, size_t i, uint64_t mono_ns);

void linux_rapl_close(struct linux_rapl *r);

#endif
