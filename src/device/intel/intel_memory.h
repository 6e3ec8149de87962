/* intel_memory.h - how much memory a device has and how much of it is in use, which no file tells:
 * a query by ioctl. Opening the node may wake a device that sleeps. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_MEMORY_H
#define ALGALON_DEVICE_INTEL_INTEL_MEMORY_H

#include "device/linux_edge.h"

#define INTEL_REGIONS     16
#define INTEL_QUERY_BYTES 4096 /* sixteen regions of 88 bytes are 1,424 */

struct intel_region {
    bool vram; /* else the host's */
    unsigned instance;
    uint64_t total_bytes;
    uint64_t used_bytes; /* UNKNOWN_COUNT: the driver tells it only with CAP_PERFMON */
};

struct intel_memory {
    struct intel_region regions[INTEL_REGIONS];
    size_t len;
};

/** Asks the driver of `node` ("dev/dri/renderD128"). Errors: as of open() and ioctl(), -EBADMSG for
 * an answer that is none. */
MUST_CHECK int intel_memory_read(const struct linux_edge *edge, const char *rootfs,
                                 const char *node, bool xe, struct intel_memory *ret);

/** Takes the bytes of xe's answer apart (struct drm_xe_query_mem_regions); false when they are cut
 * short or tell more used than there is. */
bool intel_memory_parse_xe(struct str bytes, struct intel_memory *ret);

/** The same of i915's (struct drm_i915_query_memory_regions). */
bool intel_memory_parse_i915(struct str bytes, struct intel_memory *ret);

#endif
