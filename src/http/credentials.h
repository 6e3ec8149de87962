/* credentials.h - basic authentication against bcrypt hashes, with a memory of pairs seen. */
#ifndef ALGALON_HTTP_CREDENTIALS_H
#define ALGALON_HTTP_CREDENTIALS_H

#include "http/web_config.h"

enum verdict {
    VERDICT_GOOD,
    VERDICT_BAD,
    VERDICT_UNKNOWN /* not seen before: credentials_verify() must do the work */
};

struct credentials;

/** An empty memory with a random key. Errors: what getentropy() gives. */
MUST_CHECK int credentials_new(struct credentials **ret, struct error *err);
void credentials_free(struct credentials *c); /* NULL is fine */

/** What is known of an Authorization header (empty: none was sent). Cheap. Threads: any. */
enum verdict credentials_check(struct credentials *c, const struct web_config *config,
                               struct str authorization);

/** The same, doing the work of bcrypt (50 ms and more): never VERDICT_UNKNOWN. Threads: any. */
enum verdict credentials_verify(struct credentials *c, const struct web_config *config,
                                struct str authorization);

#endif
