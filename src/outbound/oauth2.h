/* oauth2.h - OAuth 2.0 client credentials (RFC 6749, 4.4): the request for a token, and its answer.
 * Some servers take the secret as basic authentication, some in the form: the second way is tried
 * when the first is refused (400, 401), as Go's client does. */
#ifndef ALGALON_OUTBOUND_OAUTH2_H
#define ALGALON_OUTBOUND_OAUTH2_H

#include "outbound/http_config.h"

#define OAUTH2_TIMEOUT_MS 10000
#define OAUTH2_ANSWER_MAX 65536
#define OAUTH2_REFUSED_NS                                                                          \
    (10 * (uint64_t)NS_PER_S) /* a refused token is not fetched anew sooner                        \
                               */

/* A request: `form` is posted to token_url by `http`. */
struct oauth2_request {
    struct http_config http; /* borrows from the settings, `user` and `password` */
    struct buf form, user, password;
};

/** Writes the request, with the secret in the form or as basic authentication; to be ended by
 * oauth2_request_fini() in any case. Errors: -ENOMEM, those of reading the secret's file. */
MUST_CHECK int oauth2_request_init(struct oauth2_request *q, const struct http_oauth2 *o,
                                   bool in_form, struct error *err);
void oauth2_request_fini(struct oauth2_request *q);

/** Reads the answer of a token endpoint: *ret is what goes behind "Authorization: ", the caller's;
 * *ret_life_ms how long it may be used. Errors: -EINVAL it is no such answer, -ENOMEM. */
MUST_CHECK int oauth2_read(struct str answer, char **ret, int64_t *ret_life_ms, struct error *err);

#endif
