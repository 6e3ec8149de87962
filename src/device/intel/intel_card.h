/* intel_card.h - one Intel GPU, as sysfs, its memory query and its counters show it. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_CARD_H
#define ALGALON_DEVICE_INTEL_INTEL_CARD_H

#include "intel_gt.h"
#include "intel_pmu.h"

#include "device/linux_card.h"

#define INTEL_SENSORS 24 /* temp1 to temp21, with room */

/* Sensors of hwmon, by what their labels call them. */
enum intel_heat {
    INTEL_HEAT_NONE,
    INTEL_HEAT_CHIP,
    INTEL_HEAT_MEMORY, /* the hottest of its channels */
};

struct intel_card {
    bool xe, integrated;
    char slot[24];                        /* the port that has the slot; "" unknown */
    unsigned hwmon;                       /* H of hwmon<H>; UINT_MAX: none */
    enum intel_heat heat[INTEL_SENSORS];  /* of temp<i> */
    char energy[16], limit[16], peak[24]; /* files of hwmon; "" none */
    char zone[32];                        /* of powercap: "intel-rapl:0:1"; "" none */
    struct intel_gt gts[INTEL_GTS];
    size_t gt_len;
    struct intel_pmu pmu;
    int pmu_code;       /* why there are no counters; 0: there are */
    bool sensors_known; /* labels are read when it is first awake */

    /* Between two readings. */
    uint64_t mono_ns, energy_uj;
    double energy_j_total, busy_s_total;
};

/** Finds out what there is of a card, and fills in what does not change of it. Wakes nothing; opens
 * its counters. */
void intel_card_open(struct intel_card *c, const struct host_paths *paths,
                     const struct linux_card *at, struct accelerator *identity);
void intel_card_close(struct intel_card *c);

/**
 * Fills in what it reads now of a card that is awake, and adds its GTs and regions of memory as
 * parts. Load is left to who knows its clients: intel_card_load().
 */
void intel_card_read(struct intel_card *c, const struct host_paths *paths,
                     const struct linux_card *at, struct reading *out, struct accelerator *a);

/**
 * The load of its engines: by the counters of perf, else by fdinfo of all processes (`complete`:
 * all could be looked at), else how long its GTs were awake, which is an upper bound. Adds the
 * engines as parts.
 */
void intel_card_load(struct intel_card *c, const struct linux_drm_reading *drm, bool complete,
                     struct reading *out, struct accelerator *a);

/** It sleeps or is gone: what it did meanwhile nobody knows. */
void intel_card_rest(struct intel_card *c);

#endif
