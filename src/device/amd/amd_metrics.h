/* amd_metrics.h - the table that the firmware of an AMD GPU fills: the file gpu_metrics. Its layout
 * differs by generation; this reads versions 1.0 to 1.8, 2.0 to 2.4 and 3.0.
 *
 * Layouts: struct gpu_metrics_v* of drivers/gpu/drm/amd/include/kgd_pp_interface.h, Linux 7.2. */
#ifndef ALGALON_DEVICE_AMD_AMD_METRICS_H
#define ALGALON_DEVICE_AMD_AMD_METRICS_H

#include "device/device.h"

#define AMD_METRICS_BYTES 4096 /* the file is one page at most */
#define AMD_NPU_COLUMNS   8

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
};

/**
 * Takes the bytes of the file apart. Errors: -EBADMSG it is shorter than it says or than its
 * version is, -ENOTSUP a version that is not known; `err` says which.
 */
MUST_CHECK int amd_metrics_parse(struct str bytes, struct amd_metrics *ret, struct error *err);

/** The bits of the independent throttle status as NVML's clock event reasons. */
double amd_metrics_reasons(uint64_t throttle_bits);

#endif
