/* connection.h - a receiver as it is reached: its credentials, and how it wants bodies packed.
 *
 * Threads: one at a time. */
#ifndef ALGALON_FORWARD_CONNECTION_H
#define ALGALON_FORWARD_CONNECTION_H

#include "forward/forward.h"
#include "outbound/outbound.h"

struct connection;

/** `to` and `stop` are borrowed. Errors: -ELIBACC libcurl is not installed, -ENOMEM. */
MUST_CHECK int connection_open(const struct scrape_receiver *to, enum forward_packing packing,
                               const char *version, const atomic_bool *stop,
                               struct connection **ret, struct error *err);
void connection_close(struct connection *c); /* NULL is fine */

/**
 * Sends a block of the queue, made over for the receiver. *ret_samples are those in it, *ret_left
 * those that its rules leave out. answer->status is 0 and its error in words when none came; 204
 * when nothing was left to be sent. Files of credentials are read before each.
 */
void connection_send(struct connection *c, struct str block, uint32_t block_samples,
                     struct outbound_answer *answer, uint32_t *ret_samples, uint32_t *ret_left);

/** Sends a message that is not a block of the queue: metadata. */
void connection_tell(struct connection *c, struct str message, struct outbound_answer *answer);

/**
 * True when what was refused may be taken in another packing, which is used from now on: the
 * receiver no longer takes Zstandard.
 */
bool connection_fall_back(struct connection *c, long status);

#endif
