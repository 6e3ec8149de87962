/* amd_card.h - one AMD GPU, as sysfs shows it below class/drm/card<N>/device. */
#ifndef ALGALON_DEVICE_AMD_AMD_CARD_H
#define ALGALON_DEVICE_AMD_AMD_CARD_H

#include "amd_metrics.h"

#include "device/linux_drm.h"

#define AMD_CARDS 64

struct amd_card {
    unsigned number; /* N of card<N>, which may have holes */
    unsigned hwmon;  /* H of hwmon<H>; UINT_MAX: none */
    char bus_id[24]; /* 0000:03:00.0 */
    unsigned device, revision;
    struct accelerator identity; /* what does not change while it is there */
    bool upstream;               /* behind a switch of its own: the slot's link is the switch's */
    bool integrated;             /* a part of a processor: its memory is the host's */

    /* Between two readings. */
    uint64_t mono_ns;
    double power_w;
    double energy_j;     /* an integral of power */
    double energy_units; /* the firmware's counter at the last reading */
    enum {
        ENERGY_UNDECIDED,
        ENERGY_COUNTER,
        ENERGY_INTEGRAL
    } energy;
    double busy_percent_total, busy_turns_total, busy_s_total;
    double residency[AMD_RESIDENCIES], partition_busy_total[AMD_PARTITIONS];
    uint64_t health_ns; /* when ECC was read last; 0: never */
    double ecc[2], pages_retired, pages_pending;
};

/** Lists the cards of the driver amdgpu in bus order; at most AMD_CARDS. */
size_t amd_card_list(const struct host_paths *paths, struct amd_card *to);

/** Fills in what it reads now, and the state; adds links and partitions as parts. */
void amd_card_read(struct amd_card *c, const struct host_paths *paths, struct reading *out,
                   struct accelerator *a);

/** Adds its device nodes to `to`, as uses of its number. Returns the new length. */
size_t amd_card_nodes(const struct amd_card *c, const struct host_paths *paths,
                      struct linux_drm_node *to, size_t len);

#endif
