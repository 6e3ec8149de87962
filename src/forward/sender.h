/* sender.h - one receiver: its thread takes blocks from the queue and sends them, in order. */
#ifndef ALGALON_FORWARD_SENDER_H
#define ALGALON_FORWARD_SENDER_H

#include "forward/forward.h"
#include "queue.h"

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

/** How long to wait before try `attempt` + 1: twice as long each time from half a second to half a
 * minute, by a random factor between a half and one (`dice`), and at least `retry_after_ms`. */
int64_t sender_delay_ms(unsigned attempt, uint64_t dice, int64_t retry_after_ms);

/** What is done after an answer. */
enum verdict {
    VERDICT_SENT,
    VERDICT_REJECTED, /* it will never be taken: 4xx but 429 */
    VERDICT_AGAIN
};
enum verdict sender_judge(long status);

#endif
