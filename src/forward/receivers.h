/* receivers.h - those who are sent to, and the queue before them: exchanged as a whole, so that a
 * reload takes all of them or none.
 *
 * Threads: any, but that only one changes the receivers at a time. */
#ifndef ALGALON_FORWARD_RECEIVERS_H
#define ALGALON_FORWARD_RECEIVERS_H

#include "forward/forward.h"
#include "queue.h"

struct receivers;

/** Nobody is sent to yet; `options` but for its receivers are copied. */
struct receivers *receivers_new(const struct forward_options *options);
/** Ends sending; what waits stays on disk. NULL is fine. */
void receivers_close(struct receivers *r);

/** See forward_prepare(), forward_commit(), forward_drop(). The commit returns how many there are.
 */
MUST_CHECK int receivers_prepare(struct receivers *r, struct scrape_receivers *list,
                                 struct forward_change **ret, struct error *err);
size_t receivers_commit(struct receivers *r, struct forward_change *change);
void receivers_drop(struct forward_change *change);

/** The queue; NULL before there was a receiver. It stays until receivers_close(). */
struct queue *receivers_queue(struct receivers *r);

/** Something was added to the queue. */
void receivers_wake(struct receivers *r);

/** Now and then: ends those that left and are through, and writes down how far the others are. */
void receivers_tend(struct receivers *r);

size_t receivers_get_stats(struct receivers *r, struct forward_stats ret[FORWARD_RECEIVERS_MAX]);

#endif
