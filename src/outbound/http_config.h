/* http_config.h - how a program is reached over HTTP: Prometheus's HTTPClientConfig as a struct.
 * scrape/ reads it from configurations, http_apply.h gives it to libcurl. Texts are terminated. */
#ifndef ALGALON_OUTBOUND_HTTP_CONFIG_H
#define ALGALON_OUTBOUND_HTTP_CONFIG_H

#include "base/base.h"

/* Credentials. Files are read at each request, so that they may be replaced. */
struct http_auth {
    bool basic, authorization, bearer; /* bearer: the old bearer_token */
    struct str username, username_file, password, password_file;
    struct str type, credentials, credentials_file; /* type: "Bearer" when none is given */
};

struct http_tls {
    struct str ca, ca_file, cert, cert_file, key, key_file, server_name;
    int min_version, max_version; /* 10 to 13 for TLS 1.0 to 1.3; 0: the default, from 1.2 on */
    bool insecure_skip_verify;
};

struct http_header {
    struct str name, value, file; /* file: what stands in it is the value, read at each request */
};

struct http_proxy {
    struct str url, no_proxy; /* "": none */
    bool from_environment;
    struct http_header *headers; /* sent to it with CONNECT */
    size_t header_len;
};

struct http_oauth2;

struct http_config {
    struct http_auth auth;
    const struct http_oauth2 *oauth2; /* NULL: none */
    struct http_tls tls;
    struct http_proxy proxy;
    struct http_header *headers;
    size_t header_len;
    bool follow_redirects, enable_http2, disable_keepalive;
};

/* Client credentials (RFC 6749, 4.4): a token is fetched from token_url. */
struct http_oauth2 {
    struct str client_id, client_secret, client_secret_file, token_url;
    struct str *scopes;
    size_t scope_len;
    struct http_header *params; /* of the form, beside those of the standard */
    size_t param_len;
    struct http_config http; /* how token_url is reached */
    uint64_t key;            /* equal settings have equal ones */
};

/** What holds where a configuration says nothing. */
void http_config_init(struct http_config *h);

#endif
