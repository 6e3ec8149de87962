/* amd_attributes.c - gpu_metrics 1.9: a head of 4 bytes, a count, then as many attributes, packed:
 *
 *    u64 descriptor: number of values 9:0, what it is 19:10, type 23:20, unit 31:24
 *    the values, each of 1, 2, 4 or 8 bytes
 *
 * Numbers of attributes: enum amdgpu_metrics_attr_id of kgd_pp_interface.h; they go on at their
 * end, so that what is not known is passed over. */
#include "amd_metrics.h"

#include <stddef.h>

#define ATTRIBUTES_MAX 512
#define HEAD_BYTES     8

#define TO(member) offsetof(struct amd_metrics, member)

static const struct attribute {
    unsigned id;
    size_t to;
    size_t len; /* as many values fit */
    double scale;
} attributes[] = {
    {0, TO(hotspot_c), 1, 1},
    {1, TO(memory_c), 1, 1},
    {3, TO(power_w), 1, 1},
    {4, TO(gfx_ratio), 1, .01},
    {5, TO(memory_ratio), 1, .01},
    {7, TO(energy_units), 1, 1},
    {9, TO(busy_turns_total), 1, 1},
    {10, TO(residency[AMD_RESIDENCY_PROCHOT]), 1, 1},
    {11, TO(residency[AMD_RESIDENCY_POWER]), 1, 1},
    {12, TO(residency[AMD_RESIDENCY_SOCKET_HEAT]), 1, 1},
    {13, TO(residency[AMD_RESIDENCY_REGULATOR_HEAT]), 1, 1},
    {14, TO(residency[AMD_RESIDENCY_MEMORY_HEAT]), 1, 1},
    {20, TO(busy_percent_total), 1, 1},
    {29, TO(link_read_kb), AMD_LINKS, 1},
    {30, TO(link_written_kb), AMD_LINKS, 1},
    {31, TO(link_up), AMD_LINKS, 1},
    {33, TO(die_mhz), AMD_DIES, 1},
    {37, TO(memory_mhz), 1, 1},
};

/* Types in pairs, without and with a sign, of 1, 2, 4 and 8 bytes. */
static size_t width_of(unsigned type)
{
    return type < 8 ? (size_t)1 << (type / 2) : 0;
}

static uint64_t number(const unsigned char *at, size_t width)
{
    uint64_t value = 0;

    for (size_t i = width; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static void take(const struct attribute *a, const unsigned char *at, size_t width, size_t len,
                 struct amd_metrics *m)
{
    uint64_t ones = width == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;

    for (size_t i = 0; i < MIN(len, a->len); i++) {
        uint64_t value = number(at + i * width, width);
        double scaled = (double)value * a->scale;
        if (value != ones)
            memcpy((char *)m + a->to + i * sizeof(double), &scaled, sizeof(scaled));
    }
}

int amd_metrics_parse_attributes(struct str bytes, struct amd_metrics *ret, struct error *err)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr, *end = p + bytes.len;
    uint64_t count = bytes.len >= HEAD_BYTES ? number(p + 4, 4) : 0;

    if (!count || count > ATTRIBUTES_MAX)
        return error_set(err, -EBADMSG, "gpu_metrics of version 1.9 tells of %u attributes",
                         (unsigned)count);
    p += HEAD_BYTES;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t what = end - p >= 8 ? number(p, 8) : 0;
        size_t len = what & 0x3ff, width = width_of(what >> 20 & 0xf);
        if (!len || !width || (size_t)(end - p) - 8 < len * width)
            return error_set(err, -EBADMSG,
                             "gpu_metrics of version 1.9 is cut short or broken at attribute %u",
                             (unsigned)i);
        p += 8;
        for (size_t k = 0; k < ARRAY_LEN(attributes); k++)
            if (attributes[k].id == (what >> 10 & 0x3ff))
                take(&attributes[k], p, width, len, ret);
        p += len * width;
    }
    ret->gfx_mhz = ret->die_mhz[0];
    return 0;
}
