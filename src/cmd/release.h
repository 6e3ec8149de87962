/* release.h - the drivers that a running worker lets go of on an operator's word: what the signals
 * mean, and what is said about it. command_release.c sends them.
 *
 *   SIGUSR1  let go for RELEASE_DEFAULT_MS; queued with a value (sigqueue()), for so many ms
 *   SIGUSR2  take them back now
 *
 * A signal needs the rights that the kernel asks for it: the worker's user, or root. */
#ifndef ALGALON_CMD_RELEASE_H
#define ALGALON_CMD_RELEASE_H

#include "worker/worker.h"

#include <signal.h>

#define RELEASE_DEFAULT_MS ((int64_t)10 * 60 * 1000)
#define RELEASE_MIN_MS     ((int64_t)1000)
#define RELEASE_MAX_MS     ((int64_t)24 * 60 * 60 * 1000)

/* What was said last; all zero at first. Used by the main thread. */
struct release {
    bool asked, done, slow;
    uint64_t asked_ns;
};

/** Shows (as a handler of SIGUSR1, which is blocked and so never runs) that this process takes
 * releases. */
void release_init(void);

/** Takes SIGUSR1 or SIGUSR2. `worker` may be NULL: then there is nothing to let go of. */
void release_take(struct release *r, struct worker *worker, const siginfo_t *signal);

/** Says when the drivers are free, when that takes long, and when they are read again: in the log,
 * and to systemd as its status. To be called about once a second. */
void release_tick(struct release *r, struct worker *worker);

#endif
