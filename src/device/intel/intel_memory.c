/* intel_memory.c - DRM_IOCTL_XE_DEVICE_QUERY and DRM_IOCTL_I915_QUERY. Both are asked twice: for
 * the size of the answer, then for the answer.
 *
 * xe's answer                              i915's answer
 *    0  u32 regions, u32 0                    0  u32 regions, u32 0[3]
 *    8  each 88 bytes:                       16  each 88 bytes:
 *       0  u16 class: 0 host, 1 VRAM             0  u16 class: 0 host, 1 device
 *       2  u16 instance                          2  u16 instance
 *       8  u64 total                             8  u64 probed (its size)
 *      16  u64 used                             16  u64 unallocated
 */
#include "intel_memory.h"

#include "device/linux_ioctl.h"

#define XE_REGIONS   1
#define I915_REGIONS 4
#define REGION_BYTES 88

static uint64_t number(const char *at, size_t width)
{
    uint64_t value = 0;

    for (size_t i = width; i-- > 0;)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static bool parse(struct str bytes, size_t head, bool xe, struct intel_memory *ret)
{
    *ret = (struct intel_memory){.len = 0};
    if (bytes.len < head)
        return false;
    uint64_t count = number(bytes.ptr, 4);
    if (count > (bytes.len - head) / REGION_BYTES)
        return false;
    for (size_t i = 0; i < count && ret->len < INTEL_REGIONS; i++) {
        const char *at = bytes.ptr + head + i * REGION_BYTES;
        uint64_t total = number(at + 8, 8), second = number(at + 16, 8);
        if (second > total)
            return false;
        uint64_t used = xe ? second : total - second;
        ret->regions[ret->len++] = (struct intel_region){
            .vram = number(at, 2) == 1,
            .instance = (unsigned)number(at + 2, 2),
            .total_bytes = total,
            /* Firmware and page tables always use some of it: nothing used is not told. */
            .used_bytes = used ? used : UNKNOWN_COUNT,
        };
    }
    return true;
}

bool intel_memory_parse_xe(struct str bytes, struct intel_memory *ret)
{
    return parse(bytes, 8, true, ret);
}

bool intel_memory_parse_i915(struct str bytes, struct intel_memory *ret)
{
    return parse(bytes, 16, false, ret);
}

static int ask_xe(const struct linux_edge *e, int fd, char *bytes, size_t *ret_len)
{
    struct ioctl_xe q = {.query = XE_REGIONS};
    int code = e->ioctl(e->context, fd, IOCTL_XE_QUERY, &q);

    if (code)
        return code;
    if (q.size > INTEL_QUERY_BYTES)
        return -EBADMSG;
    q.data = (uint64_t)(uintptr_t)bytes; /* the second time it wants exactly that size */
    *ret_len = q.size;
    return e->ioctl(e->context, fd, IOCTL_XE_QUERY, &q);
}

static int ask_i915(const struct linux_edge *e, int fd, char *bytes, size_t *ret_len)
{
    struct ioctl_i915_item item = {.query = I915_REGIONS};
    struct ioctl_i915 q = {.items = 1, .data = (uint64_t)(uintptr_t)&item};
    int code = e->ioctl(e->context, fd, IOCTL_I915_QUERY, &q);

    if (code)
        return code;
    if (item.length < 0) /* the item's own error */
        return item.length;
    if (item.length > INTEL_QUERY_BYTES)
        return -EBADMSG;
    item.data = (uint64_t)(uintptr_t)bytes;
    code = e->ioctl(e->context, fd, IOCTL_I915_QUERY, &q);
    if (code || item.length < 0)
        return code ? code : item.length;
    *ret_len = (size_t)MIN(item.length, INTEL_QUERY_BYTES);
    return 0;
}

int intel_memory_read(const struct linux_edge *edge, const char *rootfs, const char *node, bool xe,
                      struct intel_memory *ret)
{
    /* Its place in memory is handed to the kernel as a number; it must be there and zero. */
    _Alignas(8) char bytes[INTEL_QUERY_BYTES] = {0};
    size_t len = 0;

    *ret = (struct intel_memory){.len = 0};
    int fd = edge->open(edge->context, rootfs, node);
    if (fd < 0)
        return fd;
    int code = xe ? ask_xe(edge, fd, bytes, &len) : ask_i915(edge, fd, bytes, &len);
    edge->close(edge->context, fd);
    if (code)
        return code;
    struct str answer = str_make(bytes, len);
    return (xe ? intel_memory_parse_xe(answer, ret) : intel_memory_parse_i915(answer, ret))
               ? 0
               : -EBADMSG;
}
