/* amd_metrics.c - one table a version: which value stands where. */
#include "amd_metrics.h"

#include <stddef.h>

enum width {
    U16 = 2,
    U32 = 4,
    U64 = 8
};

struct field {
    size_t to; /* in struct amd_metrics */
    uint16_t at;
    enum width width;
    double scale;
};

#define TO(member) offsetof(struct amd_metrics, member)

static const struct field v1_0[] = {
    {TO(edge_c), 16, U16, 1},      {TO(hotspot_c), 18, U16, 1},      {TO(memory_c), 20, U16, 1},
    {TO(gfx_ratio), 28, U16, .01}, {TO(memory_ratio), 30, U16, .01}, {TO(power_w), 34, U16, 1},
    {TO(fan_rpm), 72, U16, 1},     {TO(gfx_mhz), 54, U16, 1},        {TO(memory_mhz), 58, U16, 1},
};
static const struct field v1_1[] = {
    {TO(edge_c), 4, U16, 1},        {TO(hotspot_c), 6, U16, 1},       {TO(memory_c), 8, U16, 1},
    {TO(gfx_ratio), 16, U16, .01},  {TO(memory_ratio), 18, U16, .01}, {TO(power_w), 22, U16, 1},
    {TO(energy_units), 24, U64, 1}, {TO(gfx_mhz), 54, U16, 1},        {TO(memory_mhz), 58, U16, 1},
    {TO(fan_rpm), 72, U16, 1},
};
static const struct field v1_3[] = {
    {TO(throttle_bits), 112, U64, 1},
};
static const struct field v1_4[] = {
    {TO(hotspot_c), 4, U16, 1},    {TO(memory_c), 6, U16, 1},        {TO(power_w), 10, U16, 1},
    {TO(gfx_ratio), 12, U16, .01}, {TO(memory_ratio), 14, U16, .01}, {TO(energy_units), 24, U64, 1},
    {TO(gfx_mhz), 240, U16, 1},    {TO(memory_mhz), 280, U16, 1},
};
static const struct field v1_5[] = {
    {TO(hotspot_c), 4, U16, 1},    {TO(memory_c), 6, U16, 1},        {TO(power_w), 10, U16, 1},
    {TO(gfx_ratio), 12, U16, .01}, {TO(memory_ratio), 14, U16, .01}, {TO(energy_units), 88, U64, 1},
    {TO(gfx_mhz), 312, U16, 1},    {TO(memory_mhz), 352, U16, 1},
};
static const struct field v1_6[] = {
    {TO(hotspot_c), 4, U16, 1},         {TO(memory_c), 6, U16, 1},
    {TO(power_w), 10, U16, 1},          {TO(gfx_ratio), 12, U16, .01},
    {TO(memory_ratio), 14, U16, .01},   {TO(energy_units), 16, U64, 1},
    {TO(busy_turns_total), 32, U32, 1}, {TO(busy_percent_total), 68, U32, 1},
    {TO(gfx_mhz), 264, U16, 1},         {TO(memory_mhz), 304, U16, 1},
};
static const struct field v1_7[] = {
    {TO(hotspot_c), 4, U16, 1},         {TO(memory_c), 6, U16, 1},
    {TO(power_w), 10, U16, 1},          {TO(gfx_ratio), 12, U16, .01},
    {TO(memory_ratio), 14, U16, .01},   {TO(energy_units), 24, U64, 1},
    {TO(busy_turns_total), 40, U32, 1}, {TO(busy_percent_total), 76, U32, 1},
    {TO(gfx_mhz), 296, U16, 1},         {TO(memory_mhz), 336, U16, 1},
};
static const struct field v2_0[] = {
    {TO(edge_c), 16, U16, .01}, {TO(gfx_ratio), 40, U16, .0001}, {TO(power_w), 44, U16, .001},
    {TO(gfx_mhz), 80, U16, 1},  {TO(memory_mhz), 84, U16, 1},
};
static const struct field v2_1[] = {
    {TO(edge_c), 4, U16, .01}, {TO(gfx_ratio), 28, U16, .0001}, {TO(power_w), 40, U16, .001},
    {TO(gfx_mhz), 76, U16, 1}, {TO(memory_mhz), 80, U16, 1},
};
static const struct field v2_2[] = {
    {TO(throttle_bits), 120, U64, 1},
};
static const struct field v3_0[] = {
    {TO(edge_c), 4, U16, .01},  {TO(gfx_ratio), 42, U16, .0001}, {TO(power_w), 112, U32, .001},
    {TO(gfx_mhz), 174, U16, 1}, {TO(memory_mhz), 184, U16, 1},   {TO(npu_power_w), 116, U16, .001},
    {TO(npu_mhz), 180, U16, 1},
};

#define TABLE(t) t, ARRAY_LEN(t)
static const struct version {
    unsigned format, content, size;
    const struct field *fields;
    size_t len;
    const struct field *more; /* of the version before this one */
    size_t more_len;
} versions[] = {
    {1, 0, 80, TABLE(v1_0), NULL, 0},      {1, 1, 96, TABLE(v1_1), NULL, 0},
    {1, 2, 104, TABLE(v1_1), NULL, 0},     {1, 3, 120, TABLE(v1_1), TABLE(v1_3)},
    {1, 4, 288, TABLE(v1_4), NULL, 0},     {1, 5, 360, TABLE(v1_5), NULL, 0},
    {1, 6, 1664, TABLE(v1_6), NULL, 0},    {1, 7, 2208, TABLE(v1_7), NULL, 0},
    {1, 8, 3872, TABLE(v1_7), NULL, 0},    {2, 0, 120, TABLE(v2_0), NULL, 0},
    {2, 1, 120, TABLE(v2_1), NULL, 0},     {2, 2, 128, TABLE(v2_1), TABLE(v2_2)},
    {2, 3, 152, TABLE(v2_1), TABLE(v2_2)}, {2, 4, 168, TABLE(v2_1), TABLE(v2_2)},
    {3, 0, 264, TABLE(v3_0), NULL, 0},
};

static uint64_t number(const unsigned char *at, enum width width)
{
    uint64_t value = 0;

    for (size_t i = width; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static bool is_ones(uint64_t value, enum width width)
{
    return value == (width == U64 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1);
}

static void take(const unsigned char *bytes, const struct field *fields, size_t len,
                 struct amd_metrics *ret)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t value = number(bytes + fields[i].at, fields[i].width);
        if (is_ones(value, fields[i].width))
            continue;
        double scaled = (double)value * fields[i].scale;
        if (fields[i].to == TO(throttle_bits))
            ret->throttle_bits = value;
        else
            memcpy((char *)ret + fields[i].to, &scaled, sizeof(scaled));
    }
}

/* Hundredths of percent of each column from 46 on; those that a chip lacks are ones. */
static void take_npu(const unsigned char *bytes, struct amd_metrics *m)
{
    for (size_t i = 0; i < AMD_NPU_COLUMNS; i++) {
        uint64_t value = number(bytes + 46 + 2 * i, U16);
        if (value <= 10000)
            m->npu_ratio[m->npu_columns++] = (double)value / 10000;
    }
}

/* Firmware of Renoir and its like tells whole degrees, watts and percent where others tell
 * hundredths and thousandths: no chip works below 10 degrees and above 655. */
static void repair_units(const unsigned char *bytes, unsigned content, struct amd_metrics *m)
{
    uint64_t temperature = number(bytes + (content ? 4 : 16), U16);

    if (m->format != 2 || temperature > 1000 || is_ones(temperature, U16))
        return;
    m->edge_c *= 100;
    m->gfx_ratio *= 100;
    m->power_w *= 1000;
}

/* Where the tables of MI300 and later have their lists. */
static const struct lists {
    unsigned content;
    uint16_t residency, read, written, up, clocks, count, partitions; /* 0: not told */
    uint16_t stride, busy_total;                                      /* of a partition */
} lists[] = {
    {4, 0, 104, 168, 0, 240, 0, 0, 0, 0},
    {5, 0, 176, 240, 0, 312, 0, 0, 0, 0},
    {6, 36, 128, 192, 0, 264, 306, 312, 168, 104},
    {7, 44, 136, 200, 264, 296, 338, 344, 232, 104},
    {8, 44, 136, 200, 264, 296, 338, 344, 440, 120},
};

static void take_list(const unsigned char *at, enum width width, size_t len, double *to)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t value = number(at + i * width, width);
        if (!is_ones(value, width))
            to[i] = (double)value;
    }
}

/* The mean of those that are told. */
static double mean(const double *values, size_t len)
{
    double sum = 0;
    size_t told = 0;

    for (size_t i = 0; i < len; i++)
        if (!isnan(values[i])) {
            sum += values[i];
            told++;
        }
    return told ? sum / (double)told : UNKNOWN;
}

static void unknown(double *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = UNKNOWN;
}

static void take_partition(const unsigned char *at, const struct lists *l, struct amd_partition *p)
{
    double busy[AMD_DIES], total[AMD_DIES];

    unknown(busy, AMD_DIES);
    unknown(total, AMD_DIES);
    take_list(at, U32, AMD_DIES, busy);
    take_list(at + l->busy_total, U64, AMD_DIES, total);
    p->gfx_ratio = mean(busy, AMD_DIES) / 100;
    if (!(p->gfx_ratio <= 1))
        p->gfx_ratio = UNKNOWN;
    p->busy_percent_total = mean(total, AMD_DIES);
}

static void take_lists(const unsigned char *bytes, const struct lists *l, struct amd_metrics *m)
{
    take_list(bytes + l->read, U64, AMD_LINKS, m->link_read_kb);
    take_list(bytes + l->written, U64, AMD_LINKS, m->link_written_kb);
    take_list(bytes + l->clocks, U16, AMD_DIES, m->die_mhz);
    if (l->residency)
        take_list(bytes + l->residency, U32, AMD_RESIDENCIES, m->residency);
    if (l->up)
        take_list(bytes + l->up, U16, AMD_LINKS, m->link_up);
    uint64_t count = l->count ? number(bytes + l->count, U16) : 0;
    if (count > AMD_PARTITIONS)
        return;
    for (; m->partition_len < count; m->partition_len++)
        take_partition(bytes + l->partitions + m->partition_len * l->stride, l,
                       &m->partitions[m->partition_len]);
}

static void forget(struct amd_metrics *m)
{
    *m = (struct amd_metrics){
        .edge_c = UNKNOWN,
        .hotspot_c = UNKNOWN,
        .memory_c = UNKNOWN,
        .gfx_ratio = UNKNOWN,
        .memory_ratio = UNKNOWN,
        .power_w = UNKNOWN,
        .energy_units = UNKNOWN,
        .gfx_mhz = UNKNOWN,
        .memory_mhz = UNKNOWN,
        .fan_rpm = UNKNOWN,
        .throttle_bits = UNKNOWN_COUNT,
        .busy_percent_total = UNKNOWN,
        .busy_turns_total = UNKNOWN,
        .npu_power_w = UNKNOWN,
        .npu_mhz = UNKNOWN,
    };
    unknown(m->residency, AMD_RESIDENCIES);
    unknown(m->link_read_kb, AMD_LINKS);
    unknown(m->link_written_kb, AMD_LINKS);
    unknown(m->link_up, AMD_LINKS);
    unknown(m->die_mhz, AMD_DIES);
}

int amd_metrics_parse(struct str bytes, struct amd_metrics *ret, struct error *err)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    const struct version *found = NULL;

    forget(ret);
    if (bytes.len < 4)
        return error_set(err, -EBADMSG, "gpu_metrics has %zu bytes, its head alone has 4",
                         bytes.len);
    size_t size = number(p, U16);
    ret->format = p[2];
    ret->content = p[3];
    ret->integrated = p[2] == 2 || p[2] == 3;
    if (p[2] == 1 && p[3] == 9)
        return amd_metrics_parse_attributes(bytes, ret, err);
    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        if (versions[i].format == p[2] && versions[i].content == p[3])
            found = &versions[i];
    if (!found)
        return error_set(err, -ENOTSUP, "gpu_metrics of version %u.%u is not known", p[2], p[3]);
    if (size < found->size || bytes.len < found->size)
        return error_set(err, -EBADMSG,
                         "gpu_metrics of version %u.%u has %u bytes; it says %zu and holds %zu",
                         p[2], p[3], found->size, size, bytes.len);
    take(p, found->fields, found->len, ret);
    take(p, found->more, found->more_len, ret);
    if (ret->format == 3)
        take_npu(p, ret);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (ret->format == 1 && lists[i].content == ret->content)
            take_lists(p, &lists[i], ret);
    repair_units(p, ret->content, ret);
    return 0;
}

double amd_metrics_reasons(uint64_t bits)
{
    /* Bits of smu_throttler: power limits 0-7, currents 16-23; temperatures 32-43; VRHOT 44, 45,
     * PROCHOT 46, 47. NVML's: 0x4 software power cap, 0x20 software thermal, 0x40 hardware thermal.
     */
    const uint64_t power = UINT64_C(0xff) | UINT64_C(0xff) << 16;
    const uint64_t heat = UINT64_C(0xfff) << 32;
    const uint64_t hot = UINT64_C(0xf) << 44;

    return (bits & power ? 0x4 : 0) + (bits & heat ? 0x20 : 0) + (bits & hot ? 0x40 : 0);
}
