/* furiosa_status.h - what `furiosa-smi status --format json` and `furiosa-smi info --format json`
 * write: a list of cards each. */
#ifndef ALGALON_DEVICE_NPU_FURIOSA_STATUS_H
#define ALGALON_DEVICE_NPU_FURIOSA_STATUS_H

#include "device/device.h"

#define FURIOSA_CARDS 64

struct furiosa_card {
    unsigned number;          /* N of "npu<N>" */
    double utilization_ratio; /* mean of its cores */
    uint64_t mem_used_bytes, mem_total_bytes;
    double clock_mhz; /* of the cores */
};

struct furiosa_status {
    struct furiosa_card cards[FURIOSA_CARDS];
    size_t len;
};

/** Takes either answer apart; an entry that cannot be understood is passed over, and what an answer
 * does not say is unknown. Errors: -EBADMSG it is no list; -ENOMEM. */
MUST_CHECK int furiosa_status_parse(struct str text, struct furiosa_status *ret, struct error *err);

#endif
