/* rebellions_reply.h - what `rbln-smi -j` writes. Rows are dies, not cards: an ATOM-Max card has
 * four. Versions differ in spelling: numbers come as texts with or without units, keys by two
 * names. */
#ifndef ALGALON_DEVICE_NPU_REBELLIONS_REPLY_H
#define ALGALON_DEVICE_NPU_REBELLIONS_REPLY_H

#include "base/base.h"

#define REBELLIONS_DIES     128
#define REBELLIONS_CONTEXTS 1024

struct rebellions_die {
    unsigned npu; /* the tool's number */
    char name[32], sid[32], uuid[64], device[16], status[24], firmware[48];
    char bus_id[24], pstate[8], location[16], group[16];
    double numa_node, link_generation, link_width;
    double temperature_c, power_w, utilization_ratio; /* power is the whole card's, on each die */
    uint64_t mem_used_bytes, mem_total_bytes;
};

struct rebellions_context {
    unsigned npu;
    int pid;
    uint64_t mem_bytes;
};

struct rebellions_reply {
    char driver[48];
    struct rebellions_die dies[REBELLIONS_DIES]; /* by bus address, then the tool's number */
    size_t die_len;
    struct rebellions_context contexts[REBELLIONS_CONTEXTS];
    size_t context_len;
};

/**
 * Takes the tool's output apart; words before the first "{" are passed over, and so is an entry
 * that cannot be understood. Errors: -EBADMSG there is no list of devices in it; -ENOMEM.
 */
MUST_CHECK int rebellions_parse(struct str text, struct rebellions_reply *ret, struct error *err);

#endif
