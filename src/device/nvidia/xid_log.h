/* xid_log.h - counts XIDs by GPU and code, with the time of the last and how many were recent. */
#ifndef ALGALON_DEVICE_NVIDIA_XID_LOG_H
#define ALGALON_DEVICE_NVIDIA_XID_LOG_H

#include "base/base.h"

#define XID_LOG_SLOTS 10  /* of half a minute */
#define XID_LOG_KINDS 256 /* per machine: (GPU, code) */

struct xid_log {
    struct {
        char gpu[96]; /* its UUID, or its address on the bus: as its owner counts */
        unsigned xid;
        uint64_t count;
        int64_t last_us;                /* Unix time */
        unsigned recent[XID_LOG_SLOTS]; /* of the slots of time up to the last one's */
    } xids[XID_LOG_KINDS];
    size_t len;
    uint64_t missed; /* that found no room */
};

/** Counts one that came at `at_us`. */
void xid_log_count(struct xid_log *log, const char *gpu, unsigned xid, int64_t at_us);

/** How many of entry `i` came in the last five minutes. */
uint64_t xid_log_recent(const struct xid_log *log, size_t i, int64_t now_us);

#endif
