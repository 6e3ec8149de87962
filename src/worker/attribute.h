/* attribute.h - on whose behalf devices are used: checks that processes are who the driver means,
 * finds their holders and those to whom a device was given without a process on it, and bounds how
 * many of them become series. Comes after merge(). */
#ifndef ALGALON_WORKER_ATTRIBUTE_H
#define ALGALON_WORKER_ATTRIBUTE_H

#include "worker/ledger.h"
#include "worker/lifeline.h"
#include "worker/openers.h"
#include "worker/snapshot.h"

/* What is known of a process on a device from the turns before. */
struct checked {
    int pid;
    bool found, named;
    uint8_t age;     /* turns since it was looked at */
    uint8_t missing; /* turns for which procfs did not have it */
    uint8_t counted; /* bits by attribution_reason */
    enum holding holding;
    uint64_t start_ticks;
};

struct attribution {
    struct host_paths paths;                                        /* texts are borrowed */
    enum holding (*holds)(const struct host_paths *paths, int pid); /* NULL: cannot be told */
    struct ledger ledger;
    struct openers openers;
    struct lifeline life;         /* its log is the owner's */
    struct checked *now, *before; /* by pid */
    size_t now_len, now_cap, before_len, before_cap;
    uint64_t failures[ATTRIBUTION_REASONS];
};

void attribution_fini(struct attribution *a);

/** Fills in what struct snapshot says of rows and holders. Errors: -ENOMEM, what did not fit is
 * missing. Cost: a process's open files are read when it is new on a device, then now and then. */
MUST_CHECK int attribute(struct attribution *a, struct snapshot *s, uint64_t mono_ns);

#endif
