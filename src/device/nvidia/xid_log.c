#include "device/nvidia/xid_log.h"

#define SLOT_US ((int64_t)30 * 1000000)

static int64_t slot_of(int64_t us)
{
    return us / SLOT_US;
}

/* Moves to the slot of `us`: those between are empty. */
static void advance(struct xid_log *log, size_t i, int64_t us)
{
    int64_t from = slot_of(log->xids[i].last_us), to = slot_of(us);

    for (int64_t k = MAX(from, to - XID_LOG_SLOTS) + 1; k <= to; k++)
        log->xids[i].recent[k % XID_LOG_SLOTS] = 0;
}

uint64_t xid_log_recent(const struct xid_log *log, size_t i, int64_t now_us)
{
    int64_t last = slot_of(log->xids[i].last_us), now = slot_of(now_us);
    uint64_t sum = 0;

    for (int64_t k = MAX(now - XID_LOG_SLOTS + 1, (int64_t)0); k <= MIN(now, last); k++)
        if (k > last - XID_LOG_SLOTS)
            sum += log->xids[i].recent[k % XID_LOG_SLOTS];
    return sum;
}

void xid_log_count(struct xid_log *log, const char *gpu, unsigned xid, int64_t at_us)
{
    size_t i = 0;

    while (i < log->len && (log->xids[i].xid != xid || strcmp(log->xids[i].gpu, gpu) != 0))
        i++;
    if (i == XID_LOG_KINDS) {
        log->missed++;
        return;
    }
    if (i == log->len) {
        log->len++;
        log->xids[i].xid = xid;
        log->xids[i].count = 0;
        log->xids[i].last_us = at_us;
        memset(log->xids[i].recent, 0, sizeof(log->xids[i].recent));
        str_copy(log->xids[i].gpu, sizeof(log->xids[i].gpu), str_of(gpu));
    }
    at_us = MAX(at_us, log->xids[i].last_us); /* a clock that was set back */
    log->xids[i].count++;
    advance(log, i, at_us);
    log->xids[i].recent[slot_of(at_us) % XID_LOG_SLOTS]++;
    log->xids[i].last_us = at_us;
}
