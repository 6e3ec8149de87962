/* tls.h - what the server needs of GnuTLS beyond what the HTTP library does with it. */
#ifndef ALGALON_HTTP_TLS_H
#define ALGALON_HTTP_TLS_H

#include "http/web_config.h"

#define TLS_PRIORITIES_MAX 160

/** Checks that certificate, key and CA of `c` can be used together. Errors: -EINVAL, naming the
 * files. */
MUST_CHECK int tls_check(const struct web_config *c, struct error *err);

/** The GnuTLS priority string for the versions `c` allows (TLS 1.2 and above when it says nothing).
 */
void tls_priorities(const struct web_config *c, char to[TLS_PRIORITIES_MAX]);

/** True when the peer of `session` (a gnutls_session_t) shows what `c` wants of clients. */
bool tls_client_is_welcome(const struct web_config *c, void *session);

#endif
