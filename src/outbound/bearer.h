/* bearer.h - the OAuth 2.0 token of one struct outbound: fetched when it is first wanted, kept
 * until shortly before it expires.
 *
 * Threads: those of struct outbound. */
#ifndef ALGALON_OUTBOUND_BEARER_H
#define ALGALON_OUTBOUND_BEARER_H

#include "outbound/oauth2.h"
#include "outbound/outbound.h"

/* Begins zeroed. */
struct bearer {
    char *value; /* "Bearer ..."; NULL: none yet */
    uint64_t fetched_ns, good_until_ns;
};

/** Sees to it that b->value can be used, and waits for the token's server where it has to be asked;
 * `like` has the User-Agent and what interrupts. Errors: those of the server, in words. */
MUST_CHECK int bearer_get(struct bearer *b, const struct http_oauth2 *settings,
                          const struct outbound_options *like, struct error *err);

/** A request with it was refused (401): it is fetched anew, at most every 10 s. */
void bearer_refused(struct bearer *b);

void bearer_fini(struct bearer *b);

#endif
