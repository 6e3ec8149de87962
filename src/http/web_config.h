/* web_config.h - the web configuration file of Prometheus's exporters: TLS, users, extra headers.
 * Start at web_config_load(). web_config.c is this room's one door to libyaml. */
#ifndef ALGALON_HTTP_WEB_CONFIG_H
#define ALGALON_HTTP_WEB_CONFIG_H

#include "base/base.h"

#define WEB_CONFIG_MAX_BYTES (1u << 20) /* of the file, and of each certificate file */
#define WEB_CONFIG_MAX_USERS 1024

/* What a client must show of itself; names as in the file. */
enum client_auth {
    CLIENT_AUTH_NONE,         /* NoClientCert */
    CLIENT_AUTH_REQUEST,      /* RequestClientCert */
    CLIENT_AUTH_REQUIRE_ANY,  /* RequireAnyClientCert */
    CLIENT_AUTH_VERIFY_GIVEN, /* VerifyClientCertIfGiven */
    CLIENT_AUTH_REQUIRE,      /* RequireAndVerifyClientCert */
};

struct web_user {
    char *name, *hash; /* hash: bcrypt, as crypt(5) writes it */
};

struct web_header {
    char *name, *value;
};

/* Immutable once loaded; shared by reference count. */
struct web_config {
    atomic_uint refs;
    char *cert_file, *key_file, *client_ca_file; /* NULL: not given; paths as opened */
    char *cert, *key, *client_ca;                /* contents, PEM; NULL until loaded */
    enum client_auth client_auth;
    unsigned min_version, max_version; /* 10, 11, 12, 13; 0: not given */
    struct web_user *users;
    size_t user_len, user_cap;
    struct web_header *headers;
    size_t header_len, header_cap;
};

/** Reads the file and the certificates it names (relative to its folder). NULL `path` gives an
 * empty configuration. Errors: -EINVAL with file and line; what reading gives. */
MUST_CHECK int web_config_load(const char *path, struct web_config **ret, struct error *err);

/** Parses `text`; `path` is for messages and for the folder of relative names. Opens no file. */
MUST_CHECK int web_config_parse(const char *path, struct str text, struct web_config **ret,
                                struct error *err);

struct web_config *web_config_retain(struct web_config *c);
void web_config_release(struct web_config *c); /* NULL is fine */

static inline bool web_config_has_tls(const struct web_config *c)
{
    return c->cert_file != NULL;
}

/** True when a stranger is kept out: users, or verified client certificates. */
bool web_config_has_credentials(const struct web_config *c);

/** True when connections need not know the difference: same certificates, same rules. */
bool web_config_same_tls(const struct web_config *a, const struct web_config *b);

#endif
