/* sender.h - one receiver: its thread takes blocks from the queue and sends them, in order, and in
 * between what is known of families. */
#ifndef ALGALON_FORWARD_SENDER_H
#define ALGALON_FORWARD_SENDER_H

#include "forward/forward.h"
#include "queue.h"

/* Between tries that fail; see courier.h. */
#define SENDER_DELAY_FIRST_MS   500
#define SENDER_DELAY_LONGEST_MS 30000

struct sender;

/** Makes ready to send to `to` of `list`, which is held until sender_close(). Errors: -EINVAL the
 * URL is none, those of connection_open() and threads. */
MUST_CHECK int sender_open(struct scrape_receivers *list, const struct scrape_receiver *to,
                           const struct forward_options *options, unsigned number,
                           struct sender **ret, struct error *err);
/** Begins to send, at its place in the queue (borrowed); at most once. */
void sender_begin(struct sender *s, struct queue *q);

const struct scrape_receiver *sender_receiver(const struct sender *s);
/** Where the owner keeps the next one of a list. */
struct sender **sender_next(struct sender *s);

/** It gets what waits for it, and nothing that comes from now on. */
void sender_leave(struct sender *s, uint64_t until_ns);
/** Whether one that leaves may be closed: it got everything, takes nothing, or its time is over. */
bool sender_is_through(struct sender *s, uint64_t now_ns);

/** Tells it to end; sender_close() waits for it. */
void sender_stop(struct sender *s);
void sender_close(struct sender *s); /* NULL is fine */

/** Something was added to the queue. */
void sender_wake(struct sender *s);

void sender_get_stats(struct sender *s, struct forward_stats *ret);

#endif
