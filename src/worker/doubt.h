/* doubt.h - cross-checks of what a device says about itself: readings that cannot both be true mark
 * it as doubtful. No value is hidden for that. docs/truth.md has each check in words.
 *
 * Used by one thread: the publisher. */
#ifndef ALGALON_WORKER_DOUBT_H
#define ALGALON_WORKER_DOUBT_H

#include "worker/snapshot.h"

/* What is kept of a device from snapshot to snapshot. */
struct suspicion {
    uint64_t key, mono_ns;
    double idle_w;             /* the least power seen while nothing ran; NAN: not seen yet */
    uint64_t since_ns[DOUBTS]; /* what a check looks for holds since then; 0: it does not */
    /* The window in which the counter of energy is held against the integral of power. */
    uint64_t window_ns;
    double energy_j, integral_j;
    unsigned bad_windows, windows; /* one after the other; how many there were */
};

struct doubts {
    struct suspicion *list;
    size_t len, cap;
    bool sees_processes; /* the driver's list of processes has been seen to hold one of this host */
};

void doubts_fini(struct doubts *d);

/** Sets `doubtful` of each accelerator, after merge(). Errors: -ENOMEM, those that have no place
 * are not judged. */
MUST_CHECK int doubts_update(struct doubts *d, struct snapshot *s, uint64_t mono_ns);

#endif
