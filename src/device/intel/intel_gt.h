/* intel_gt.h - a GT: the part of an Intel GPU that has clocks and an idle state of its own. Small
 * GPUs have one, newer ones a second for media, large ones such a pair on every tile. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_GT_H
#define ALGALON_DEVICE_INTEL_INTEL_GT_H

#include "device/device.h"

#define INTEL_GTS 16

enum intel_gt_layout {
    INTEL_GT_I915,   /* card<N>/gt/gt<g>/rps_act_freq_mhz, since Linux 5.18 */
    INTEL_GT_LEGACY, /* card<N>/gt_act_freq_mhz: one GT, without a folder */
    INTEL_GT_XE      /* card<N>/device/tile<t>/gt<g>/freq0/act_freq */
};

struct intel_gt {
    enum intel_gt_layout layout;
    char folder[96]; /* below sysfs */
    char name[24];   /* "gt0", "tile1/gt2" */
    /* Between two readings. */
    uint64_t idle_ms, mono_ns;
};

/* What is read of it; NAN unknown. */
struct intel_gt_reading {
    double clock_mhz, clock_max_mhz; /* max: what it may reach now */
    double asleep_ratio;             /* of the time since the last reading */
    double throttle_reasons;         /* NVML's bits */
};

/** Finds those of a card below `folder` ("class/drm/card0"), by tile and number. */
size_t intel_gt_list(const char *sysfs, const char *folder, bool xe, struct intel_gt *to);

/** Reads one of a device that is awake: some of these files would wake it. */
void intel_gt_read(struct intel_gt *g, const char *sysfs, uint64_t mono_ns,
                   struct intel_gt_reading *ret);

/** What a reason's file name says ("pl1", "vr_thermalert"), as NVML's clock event reasons: 0x4
 * power and current, 0x20 heat by software, 0x40 heat by hardware; 0 for what holds no clock back.
 */
unsigned intel_gt_reason(const char *name);

#endif
