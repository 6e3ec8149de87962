/* tls.c - the one door to GnuTLS. */
#include "http/tls.h"

#include <dlfcn.h>
#include <gnutls/gnutls.h>

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
