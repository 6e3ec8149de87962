/* tls.c - the one door to GnuTLS. */
#include "http/tls.h"

#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>

#define VISIBLE __attribute__((visibility("default")))

/* GnuTLS makes itself ready when it is loaded, and libmicrohttpd asks it to once more: 0.9 MB of
 * self-tests and syntax trees, for nothing where no listener speaks TLS. The first is left out in
 * GnuTLS's own way; the second by our gnutls_global_init(), which the loader finds before the
 * library's and which passes on all calls but those from before main(). tls_check() makes up for
 * them. Where a loader binds otherwise, all is as if this were not here. */
VISIBLE int _gnutls_global_init_skip(void);
GNUTLS_SKIP_GLOBAL_INIT

static bool libraries_loaded;

__attribute__((constructor)) static void note_libraries_loaded(void)
{
    libraries_loaded = true; /* ours runs after those of the libraries that we are linked with */
}

VISIBLE int gnutls_global_init(void)
{
    int (*real)(void) = NULL;
    void *address = libraries_loaded ? dlsym(RTLD_NEXT, "gnutls_global_init") : NULL;

    memcpy(&real, &address, sizeof(real));
    return real ? real() : GNUTLS_E_SUCCESS;
}

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
}

int tls_check(const struct web_config *c, struct error *err)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t cert = datum(c->cert), key = datum(c->key);
    int code = gnutls_global_init(); /* counts; done once */

    if (code >= 0)
        code = gnutls_certificate_allocate_credentials(&credentials);
    if (code < 0)
        return error_set(err, -ENOMEM, "TLS: %s", gnutls_strerror(code));
    code = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (code < 0)
        error_set(err, -EINVAL, "TLS: cert_file %.70s with key_file %.70s: %s", c->cert_file,
                  c->key_file, gnutls_strerror(code));
    if (code >= 0 && c->client_ca) {
        gnutls_datum_t ca = datum(c->client_ca);
        code = gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM);
        if (code <= 0) {
            error_set(err, -EINVAL, "TLS: client_ca_file %.100s: %s", c->client_ca_file,
                      code < 0 ? gnutls_strerror(code) : "holds no certificate");
            code = -1;
        }
    }
    gnutls_certificate_free_credentials(credentials);
    return code < 0 ? -EINVAL : 0;
}

void tls_priorities(const struct web_config *c, char to[TLS_PRIORITIES_MAX])
{
    static const struct {
        unsigned version;
        const char *name;
    } all[] = {
        {10, ":+VERS-TLS1.0"}, {11, ":+VERS-TLS1.1"}, {12, ":+VERS-TLS1.2"}, {13, ":+VERS-TLS1.3"}};
    unsigned min = c->min_version ? c->min_version : 12;
    unsigned max = c->max_version ? c->max_version : 13;
    size_t n = (size_t)snprintf(to, TLS_PRIORITIES_MAX, "NORMAL:-VERS-ALL");

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].version >= MIN(min, max) && all[i].version <= max)
            n += (size_t)snprintf(to + n, TLS_PRIORITIES_MAX - n, "%s", all[i].name);
}

bool tls_client_is_welcome(const struct web_config *c, void *session)
{
    unsigned status = 0, given = 0;

    if (c->client_auth <= CLIENT_AUTH_REQUEST)
        return true;
    if (!session)
        return false;
    gnutls_certificate_get_peers(session, &given);
    if (!given)
        return c->client_auth == CLIENT_AUTH_VERIFY_GIVEN;
    return c->client_auth == CLIENT_AUTH_REQUIRE_ANY ||
           (gnutls_certificate_verify_peers2(session, &status) == 0 && status == 0);
}

/* ---- a client ---- */

struct tls_client {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

int tls_client_open(int fd, const char *host, bool verify, struct tls_client **ret,
                    struct error *err)
{
    struct tls_client *c = xnew(struct tls_client);
    int code = gnutls_global_init(); /* counts; done once */

    if (code >= 0)
        code = gnutls_certificate_allocate_credentials(&c->credentials);
    if (code >= 0 && verify)
        code = gnutls_certificate_set_x509_system_trust(c->credentials);
    if (code >= 0)
        code = gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    if (code >= 0)
        code = gnutls_set_default_priority(c->session);
    if (code >= 0)
        code = gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
    if (code < 0) {
        tls_client_close(c);
        return error_set(err, code == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EIO, "TLS: %s",
                         gnutls_strerror(code));
    }
    if (verify)
        gnutls_session_set_verify_cert(c->session, host, 0);
    gnutls_transport_set_int(c->session, fd);
    *ret = c;
    return 0;
}

void tls_client_close(struct tls_client *c)
{
    if (!c)
        return;
    if (c->session)
        gnutls_deinit(c->session);
    if (c->credentials)
        gnutls_certificate_free_credentials(c->credentials);
    free(c);
}

int tls_client_handshake(struct tls_client *c, struct error *err)
{
    int code;

    do
        code = gnutls_handshake(c->session);
    while (code < 0 && code != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(code));
    if (code == GNUTLS_E_AGAIN)
        return -EAGAIN;
    return code < 0 ? error_set(err, -EPROTO, "TLS: %s", gnutls_strerror(code)) : 0;
}

bool tls_client_wants_to_write(const struct tls_client *c)
{
    return gnutls_record_get_direction(c->session);
}

static ssize_t result_of(ssize_t n)
{
    if (n >= 0)
        return n;
    return n == GNUTLS_E_AGAIN || !gnutls_error_is_fatal((int)n) ? -EAGAIN : -EPROTO;
}

ssize_t tls_client_send(struct tls_client *c, const void *bytes, size_t n)
{
    return result_of(gnutls_record_send(c->session, bytes, n));
}

ssize_t tls_client_receive(struct tls_client *c, void *to, size_t n)
{
    return result_of(gnutls_record_recv(c->session, to, n));
}
