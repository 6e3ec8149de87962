/* sender.h - one receiver: its thread takes blocks from the queue and sends them, in order. */
#ifndef ALGALON_FORWARD_SENDER_H
#define ALGALON_FORWARD_SENDER_H

#include "forward/forward.h"
#include "queue.h"

/* Between tries that fail; see courier.h. */
#define SENDER_DELAY_FIRST_MS   500
#define SENDER_DELAY_LONGEST_MS 30000

struct sender;

/** Starts sending to `to` (borrowed until sender_close()). Errors: -EINVAL the URL is none, those
 * of connection_open(), queue_reader() and threads. */
MUST_CHECK int sender_open(struct queue *q, const struct scrape_receiver *to,
                           enum forward_packing packing, const char *version, unsigned number,
                           struct sender **ret, struct error *err);

/** Tells it to end; sender_close() waits for it. */
void sender_stop(struct sender *s);
void sender_close(struct sender *s); /* NULL is fine */

/** Something was added to the queue. */
void sender_wake(struct sender *s);

void sender_get_stats(struct sender *s, struct forward_stats *ret);

#endif
