/* energy.h - where the machine's power goes: its GPUs, its CPUs, and what neither of them tells, as
 * far as a meter of the whole machine can be read.
 *
 * Energy of a GPU is its hardware's counter; where it has none, and of all else, power times the
 * time between snapshots. Used by one thread: the publisher. */
#ifndef ALGALON_WORKER_ENERGY_H
#define ALGALON_WORKER_ENERGY_H

#include "worker/snapshot.h"

struct energy {
    struct energy_meter {
        uint64_t key;
        double energy_j; /* its counter at the snapshot before; NAN: it has none */
    } * meters;
    size_t len, cap;
    double total_j[POWER_PARTS]; /* since start */
    bool known[POWER_PARTS];     /* has ever been told */
    uint64_t mono_ns;
};

void energy_fini(struct energy *e);

/** Sets power and energy of the parts in `s`, after merge(). Errors: -ENOMEM, a device then counts
 * by its power. */
MUST_CHECK int energy_update(struct energy *e, struct snapshot *s, uint64_t mono_ns);

#endif
