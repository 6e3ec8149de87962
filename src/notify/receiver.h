/* receiver.h - one receiver: the newest word on every alert, and the thread that sends it. */
#ifndef ALGALON_NOTIFY_RECEIVER_H
#define ALGALON_NOTIFY_RECEIVER_H

#include "entry.h"

struct receiver;

/** Starts sending. `number` names the thread. Errors: as notify_open(). */
MUST_CHECK int receiver_open(const struct notify_receiver *to, const struct notify_options *options,
                             unsigned number, struct receiver **ret, struct error *err);

/** Tells it to end; receiver_close() waits for it. */
void receiver_stop(struct receiver *r);
void receiver_close(struct receiver *r); /* NULL is fine */

/** True when `to` asks for this receiver. */
bool receiver_is(const struct receiver *r, const struct notify_receiver *to);

/** Takes the newest word on an alert, at now_ms; `labels` are all of them before its own rules. */
void receiver_push(struct receiver *r, const struct notice *n, struct labels labels,
                   int64_t now_ms);

/** Something was pushed: wakes the thread once for all of it. */
void receiver_wake(struct receiver *r);

void receiver_get_stats(struct receiver *r, struct notify_stats *ret);

#endif
