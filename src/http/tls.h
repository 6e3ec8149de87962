/* tls.h - what the server needs of GnuTLS beyond what the HTTP library does with it. */
#ifndef ALGALON_HTTP_TLS_H
#define ALGALON_HTTP_TLS_H

#include "http/web_config.h"

#include <sys/types.h>

#define TLS_PRIORITIES_MAX 160

/** Checks that certificate, key and CA of `c` can be used together. Errors: -EINVAL, naming the
 * files. */
MUST_CHECK int tls_check(const struct web_config *c, struct error *err);

/** The GnuTLS priority string for the versions `c` allows (TLS 1.2 and above when it says nothing).
 */
void tls_priorities(const struct web_config *c, char to[TLS_PRIORITIES_MAX]);

/** True when the peer of `session` (a gnutls_session_t) shows what `c` wants of clients. */
bool tls_client_is_welcome(const struct web_config *c, void *session);

/* ---- a client, for probe.c ---- */

struct tls_client;

/** A session over the connected, non-blocking socket `fd` (borrowed). `verify`: the peer must show
 * a certificate for `host` by an authority of the system. Errors: -ENOMEM, -EIO. */
MUST_CHECK int tls_client_open(int fd, const char *host, bool verify, struct tls_client **ret,
                               struct error *err);
void tls_client_close(struct tls_client *c); /* NULL is fine */

/** 0 done; -EAGAIN wait for the socket and call again; -EPROTO it failed, `err` says why. */
MUST_CHECK int tls_client_handshake(struct tls_client *c, struct error *err);
bool tls_client_wants_to_write(const struct tls_client *c);

/** As send() and recv(): a number of bytes, 0 at the end, or -EAGAIN, -EPROTO. */
ssize_t tls_client_send(struct tls_client *c, const void *bytes, size_t n);
ssize_t tls_client_receive(struct tls_client *c, void *to, size_t n);

#endif
