/* linux_ioctl.h - the kernel's interface of the nodes that collectors ask: numbers and layouts.
 * Facts: Linux 7.2, include/uapi/drm/{habanalabs_accel,xe_drm,i915_drm,amdxdna_accel}.h. */
#ifndef ALGALON_DEVICE_LINUX_IOCTL_H
#define ALGALON_DEVICE_LINUX_IOCTL_H

#include <stdint.h>

#define IOCTL_HABANALABS_INFO 0xC0186440UL
struct ioctl_habanalabs {
    uint64_t answer;
    uint32_t size, question, argument, pad;
};

/* Asked without a place for the answer it tells the size, and with one it wants exactly that. */
#define IOCTL_XE_QUERY 0xC0286440UL
struct ioctl_xe {
    uint64_t extensions;
    uint32_t query, size;
    uint64_t data, reserved[2];
};

/* Asked with a length of 0 an item tells its length, below 0 its own error. */
#define IOCTL_I915_QUERY 0xC0106479UL
struct ioctl_i915_item {
    uint64_t query;
    int32_t length;
    uint32_t flags;
    uint64_t data;
};
struct ioctl_i915 {
    uint32_t items, flags;
    uint64_t data;
};

#define IOCTL_AMDXDNA_INFO 0xC0106447UL
struct ioctl_amdxdna {
    uint32_t param, size; /* size: of the answer, afterwards */
    uint64_t answer;
};

_Static_assert(sizeof(struct ioctl_habanalabs) == 24 && sizeof(struct ioctl_xe) == 40 &&
                   sizeof(struct ioctl_i915_item) == 24 && sizeof(struct ioctl_i915) == 16 &&
                   sizeof(struct ioctl_amdxdna) == 16,
               "as the kernel lays them out");

#endif
