/* openers.h - who has a device open without being listed on it by the driver, told while memory in
 * use there belongs to no listed process: whom to look at first. */
#ifndef ALGALON_WORKER_OPENERS_H
#define ALGALON_WORKER_OPENERS_H

#include "worker/snapshot.h"

#define OPENERS_PER_DEVICE   16                    /* named; the rest only counts */
#define OPENERS_MEMORY_BYTES ((uint64_t)512 << 20) /* less is what drivers keep for themselves */
#define OPENERS_AFTER_NS                                                                           \
    (180 * (uint64_t)NS_PER_S) /* a process that starts or ends is unlisted a                      \
                                  while */

struct openers_since {
    unsigned number;
    uint64_t since_ns; /* 0: its memory is explained */
};

struct openers {
    struct openers_since *devices;
    size_t len, cap;
};

void openers_fini(struct openers *o);

/** Lists them in the snapshot and counts them on its devices. Errors: -ENOMEM, none are listed. */
MUST_CHECK int openers_find(struct openers *o, struct snapshot *s, uint64_t mono_ns);

#endif
