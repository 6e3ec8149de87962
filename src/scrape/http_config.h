/* http_config.h - how a program is reached over HTTP: the keys that jobs and discoveries share. */
#ifndef ALGALON_SCRAPE_HTTP_CONFIG_H
#define ALGALON_SCRAPE_HTTP_CONFIG_H

#include "scrape/reader.h"

#define HTTP_HEADERS_MAX 64

/* Credentials. Files are read at each request, so that they may be replaced. */
struct scrape_auth {
    bool basic, authorization, bearer; /* bearer: the old bearer_token */
    struct str username, username_file, password, password_file;
    struct str type, credentials, credentials_file; /* type: "Bearer" when none is given */
};

struct scrape_tls {
    struct str ca, ca_file, cert, cert_file, key, key_file, server_name;
    int min_version, max_version; /* 10 to 13 for TLS 1.0 to 1.3; 0: the library's */
    bool insecure_skip_verify;
};

struct scrape_header {
    struct str name, value, file; /* file: what stands in it is the value, read at each request */
};

struct scrape_proxy {
    struct str url, no_proxy; /* "": none */
    bool from_environment;
    struct scrape_header *headers; /* sent to it with CONNECT */
    size_t header_len;
};

struct scrape_oauth2;

struct http_config {
    struct scrape_auth auth;
    const struct scrape_oauth2 *oauth2; /* NULL: none */
    struct scrape_tls tls;
    struct scrape_proxy proxy;
    struct scrape_header *headers;
    size_t header_len;
    bool follow_redirects, enable_http2;
};

/* Client credentials: a token is fetched from token_url. */
struct scrape_oauth2 {
    struct str client_id, client_secret, client_secret_file, token_url;
    struct text_list scopes;
    struct label *params; /* of the form, beside those of the standard */
    size_t param_len;
    struct http_config http; /* how token_url is reached */
    uint64_t key;            /* equal settings have equal ones */
};

/** What holds where the configuration says nothing. */
void http_config_init(struct http_config *h);

/** The keys; for reader_map(), with a struct http_config to fill. */
struct key_table http_config_keys(struct http_config *h);

/** What keys mean together: `line` is that of the map they stand in. Errors: -EINVAL. */
MUST_CHECK int http_config_settle(struct reader *r, size_t line, struct http_config *h);

#endif
