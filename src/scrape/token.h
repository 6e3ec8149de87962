/* token.h - OAuth 2.0 client credentials (RFC 6749, 4.4) for the client: a token is fetched when
 * the first request wants it, kept until shortly before it expires, and shared by all requests of
 * one client whose settings are equal. Requests that come while it is fetched wait for it, not
 * longer than their timeout. */
#ifndef ALGALON_SCRAPE_TOKEN_H
#define ALGALON_SCRAPE_TOKEN_H

#include "scrape/curl.h"

#define TOKENS_MAX 256 /* of one client */

struct token;

/** Gives `t`, which is prepared, the token of `o`: 1; 0: it waits until there is one, and is
 * started then. Errors: -E2BIG, -ENOMEM, those of reading the secret's file. */
MUST_CHECK int token_want(struct client *c, const struct http_oauth2 *o, struct transfer *t,
                          int64_t timeout_ms, struct error *err);

/** The fetch of a token has ended: who waits for it is started, or fails. */
void token_done(struct client *c, struct transfer *fetch);

/** Fails those that have waited too long. */
void token_expire(struct client *c);

/** A request with the token of `t` was refused (401): it is fetched anew, at most every 10 s. */
void token_refused(const struct transfer *t);

/** `t` waits no longer. */
void token_forget(struct client *c, struct transfer *t);

void token_free_all(struct client *c);

#endif
