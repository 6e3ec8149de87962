/* amd_metrics.h - the table that the firmware of an AMD GPU fills: the file gpu_metrics. Its layout
 * differs by generation; this reads versions 1.0 to 1.9, 2.0 to 2.4 and 3.0.
 *
 * Layouts: struct gpu_metrics_v* of drivers/gpu/drm/amd/include/kgd_pp_interface.h, Linux 7.2. */
#ifndef ALGALON_DEVICE_AMD_AMD_METRICS_H
#define ALGALON_DEVICE_AMD_AMD_METRICS_H

#include "device/device.h"

#define AMD_METRICS_BYTES 4096 /* the file is one page at most */
#define AMD_NPU_COLUMNS   8
#define AMD_PARTITIONS    8
#define AMD_DIES          8
#define AMD_LINKS         8

/* What holds clocks down, by time that the firmware counts. */
enum amd_residency {
    AMD_RESIDENCY_PROCHOT,
    AMD_RESIDENCY_POWER,
    AMD_RESIDENCY_SOCKET_HEAT,
    AMD_RESIDENCY_REGULATOR_HEAT,
    AMD_RESIDENCY_MEMORY_HEAT,
    AMD_RESIDENCIES
};

/* A part that a board is cut into. */
struct amd_partition {
    double gfx_ratio;          /* of the moment, mean of its dies */
    double busy_percent_total; /* mean of its dies, as that of the board */
};

/* What firmware does not support is NAN: it writes ones. */
struct amd_metrics {
    unsigned format, content; /* version: 1 and 3 of v1.3 */
    double edge_c, hotspot_c, memory_c;
    double gfx_ratio, memory_ratio; /* of the moment */
    double power_w;
    double energy_units; /* a counter; what a unit is differs, see amd_energy.h */
    double gfx_mhz, memory_mhz;
    double fan_rpm;
    uint64_t throttle_bits; /* of the independent throttle status; UNKNOWN_COUNT: not told */
    double busy_percent_total, busy_turns_total; /* accumulated percent, and how often (1.6 on) */
    bool integrated;                             /* a part of a processor (versions 2 and 3) */
    /* Of the processor's NPU (3.0): columns of its cores, none where they are not told. */
    double npu_ratio[AMD_NPU_COLUMNS], npu_power_w, npu_mhz;
    size_t npu_columns;
    /* Of MI300 and later. */
    double residency[AMD_RESIDENCIES];
    double link_read_kb[AMD_LINKS], link_written_kb[AMD_LINKS], link_up[AMD_LINKS];
    double die_mhz[AMD_DIES];
    struct amd_partition partitions[AMD_PARTITIONS];
    size_t partition_len; /* 0: not told */
};

/**
 * Takes the bytes of the file apart. Errors: -EBADMSG it is shorter than it says or than its
 * version is, -ENOTSUP a version that is not known; `err` says which.
 */
MUST_CHECK int amd_metrics_parse(struct str bytes, struct amd_metrics *ret, struct error *err);

/** The table of version 1.9, which describes itself: a list of attributes. Same errors. */
MUST_CHECK int amd_metrics_parse_attributes(struct str bytes, struct amd_metrics *ret,
                                            struct error *err);

/** The bits of the independent throttle status as NVML's clock event reasons. */
double amd_metrics_reasons(uint64_t throttle_bits);

#endif
