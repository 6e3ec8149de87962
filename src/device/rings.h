/* rings.h - how long the buffers of samples are that drivers fill by themselves; part of device.h.
 */
#ifndef ALGALON_DEVICE_RINGS_H
#define ALGALON_DEVICE_RINGS_H

#include "base/base.h"

struct host_paths;

/* One buffer of one device, looked at once. */
struct driver_ring {
    unsigned gpu;        /* as the driver numbers it: in PCI bus order */
    char pci_bus_id[24]; /* "" when the driver does not tell */
    const char *type;    /* static: "power", "gpu", "sm clock", ... */
    double capacity;     /* samples that it holds when full; NAN: not told */
    size_t held;         /* samples told now */
    double span_s;       /* from the oldest to the newest of them; NAN with fewer than two */
    double spacing_s;    /* mean time between two; NAN likewise */
};

/**
 * Measures each buffer of samples of NVIDIA's driver on every GPU that is awake, for those who want
 * to know how long a pause between two readings may be before samples are lost. Buffers that a
 * board or driver lacks are left out. The driver is asked on a thread of its own ("nvml-rings").
 *
 * Ownership: `*ret` is the caller's, to free(). Errors: -ENODEV (no library, or it does not start;
 * `err` says why), -ETIMEDOUT (no answer within `patience_ms`; the thread is left behind), -EAGAIN.
 */
MUST_CHECK int driver_rings_list(const struct host_paths *paths, int64_t patience_ms,
                                 struct driver_ring **ret, size_t *ret_len, struct error *err);

#endif
