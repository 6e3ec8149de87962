/* ledger.h - what is kept of holders from snapshot to snapshot: when each was last active, and the
 * energy it used.
 *
 * Energy of a device in an interval is the difference of its counter, or its power times the time
 * where it has none. The part that it would have used idle is shared evenly by its holders; the
 * rest by the SM time of their processes (by memory, then evenly, where the driver does not tell).
 * What it draws idle is learned: the least power seen while nothing ran on it; until that was seen
 * all is shared as active. With nobody on it all goes to the holder "none", so that the sum over
 * holders is what the device used. */
#ifndef ALGALON_WORKER_LEDGER_H
#define ALGALON_WORKER_LEDGER_H

#include "worker/snapshot.h"

#define LEDGER_LINGER_NS (60 * (uint64_t)NS_PER_S) /* a holder that went is shown for so long */

struct account {
    uint64_t hash;    /* of device, kind, name and container: its key */
    uint64_t turn;    /* in which it held the device last */
    uint64_t seen_ns; /* the same as time */
    uint64_t active_ns;
    bool active;           /* in this turn */
    double sm_sum, turn_j; /* of this turn: SM time of its processes, and its part of the energy */
    bool told;             /* the driver told the SM time of one of its processes, in this turn */
    struct holder is;
};

/* Of a device: what its counter and clock said at the turn before. */
struct meter {
    uint64_t uuid_hash, turn, mono_ns;
    double energy_j, idle_w;
};

struct ledger {
    struct map accounts; /* of struct account, by hash */
    struct meter *meters;
    size_t meter_len, meter_cap;
    uint64_t turn;
};

void ledger_fini(struct ledger *l);

/** Begins a turn. */
void ledger_begin(struct ledger *l);

/**
 * The account of a holder of `on`, which holds it in this turn; `like` tells kind, name and labels.
 * Beyond HOLDERS_PER_DEVICE it is that of "other". NULL when memory is out.
 */
struct account *ledger_hold(struct ledger *l, const struct merged_accelerator *on,
                            const struct holder *like, uint64_t mono_ns);

/** Ends the turn: shares out energy, sets idle times, and lists the holders in the snapshot.
 * Errors: -ENOMEM, the snapshot then has none. */
MUST_CHECK int ledger_end(struct ledger *l, struct snapshot *s, uint64_t mono_ns);

#endif
