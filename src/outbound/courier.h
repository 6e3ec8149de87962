/* courier.h - a thread that delivers to one receiver: when it waits, tries again and ends. What it
 * delivers is its owner's business; forward/ and notify/ each have one per receiver.
 *
 * Threads: courier_idle(), courier_again() and courier_done() are the thread's own; the others any.
 */
#ifndef ALGALON_OUTBOUND_COURIER_H
#define ALGALON_OUTBOUND_COURIER_H

#include "base/base.h"

struct outbound_answer;

struct courier {
    atomic_bool stop;             /* for outbound_options.stop too */
    int64_t first_ms, longest_ms; /* before the second try; between tries that keep failing */
    unsigned attempt;             /* the thread's: tries that failed since one worked */
    uint64_t dice;                /* the thread's */
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* lock: woken, and what the owner puts under it */
    pthread_cond_t more;
    bool woken;
};

/** `seed` tells the tries of many couriers apart. */
void courier_init(struct courier *c, int64_t first_ms, int64_t longest_ms, struct str seed);
/** Starts the thread; at most once. Errors: those of threads. */
MUST_CHECK int courier_start(struct courier *c, const char *name, void *(*run)(void *), void *arg,
                             struct error *err);
/** Tells the thread to end; what is under way is given up. */
void courier_stop(struct courier *c);
/** Waits until it has ended. */
void courier_fini(struct courier *c);

/** There is something to deliver. */
void courier_wake(struct courier *c);

bool courier_stopped(const struct courier *c);
/** Waits for courier_wake(), one that came before too, or for `ns`. */
void courier_idle(struct courier *c, uint64_t ns);
/** A try failed: waits until the next one may be, at least `retry_after_ms`. */
void courier_again(struct courier *c, int64_t retry_after_ms);
/** A try worked. */
void courier_done(struct courier *c);

/** How long courier_again() waits before try `attempt` + 1: twice as long each time, by a random
 * factor between a half and one (`dice`). */
int64_t courier_delay_ms(const struct courier *c, unsigned attempt, uint64_t dice,
                         int64_t retry_after_ms);

/* What is done after an answer. */
enum verdict {
    VERDICT_TAKEN,
    VERDICT_REFUSED, /* it will never be taken: most of 4xx */
    VERDICT_AGAIN
};
enum verdict courier_judge(long status);

/** Why an answer was not the wanted one, in words, cut to `size`. */
void courier_why(const struct outbound_answer *answer, char *to, size_t size);

#endif
