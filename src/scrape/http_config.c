/* http_config.c - the keys of Prometheus's HTTPClientConfig. */
#include "scrape/http_config.h"

/* ---- credentials ---- */

static int read_basic_auth(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"username", reader_text, offsetof(struct http_auth, username)},
        {"username_file", reader_path, offsetof(struct http_auth, username_file)},
        {"password", reader_text, offsetof(struct http_auth, password)},
        {"password_file", reader_path, offsetof(struct http_auth, password_file)},
    };
    struct http_auth *auth = to;

    auth->basic = !yaml_is_null(node);
    const struct key_table table = {keys, ARRAY_LEN(keys), to};
    int code = reader_map(r, node, "basic_auth", &table, 1);
    if (!code && auth->password.len && auth->password_file.len)
        return reader_bad(r, node->line, "basic_auth: password or password_file, not both");
    if (!code && auth->username.len && auth->username_file.len)
        return reader_bad(r, node->line, "basic_auth: username or username_file, not both");
    return code;
}

static int read_authorization(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"type", reader_text, offsetof(struct http_auth, type)},
        {"credentials", reader_text, offsetof(struct http_auth, credentials)},
        {"credentials_file", reader_path, offsetof(struct http_auth, credentials_file)},
    };
    struct http_auth *auth = to;

    auth->authorization = !yaml_is_null(node);
    const struct key_table table = {keys, ARRAY_LEN(keys), to};
    int code = reader_map(r, node, "authorization", &table, 1);
    if (code)
        return code;
    if (auth->credentials.len && auth->credentials_file.len)
        return reader_bad(r, node->line,
                          "authorization: credentials or credentials_file, not both");
    auth->type = str_trim(auth->type);
    if (!auth->type.len)
        auth->type = STR("Bearer");
    if (auth->type.len == 5 && !strncasecmp(auth->type.ptr, "basic", 5))
        return reader_bad(r, node->line, "authorization: for type Basic there is basic_auth");
    return 0;
}

static int read_bearer(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_auth *auth = to;
    int code = reader_text(r, node, &auth->credentials);

    auth->bearer |= auth->credentials.len > 0;
    return code;
}

static int read_bearer_file(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_auth *auth = to;
    int code = reader_path(r, node, &auth->credentials_file);

    auth->bearer |= auth->credentials_file.len > 0;
    return code;
}

/* ---- TLS ---- */

static int read_version(struct reader *r, const struct yaml_node *node, void *to)
{
    static const char *const names[] = {"TLS10", "TLS11", "TLS12", "TLS13"};
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    for (size_t i = 0; !code && i < ARRAY_LEN(names); i++) {
        if (str_is(text, names[i])) {
            *(int *)to = 10 + (int)i;
            return 0;
        }
    }
    return code ? code : reader_bad(r, node->line, "a version is TLS10, TLS11, TLS12 or TLS13");
}

static int read_tls(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"ca", reader_text, offsetof(struct http_tls, ca)},
        {"ca_file", reader_path, offsetof(struct http_tls, ca_file)},
        {"cert", reader_text, offsetof(struct http_tls, cert)},
        {"cert_file", reader_path, offsetof(struct http_tls, cert_file)},
        {"key", reader_text, offsetof(struct http_tls, key)},
        {"key_file", reader_path, offsetof(struct http_tls, key_file)},
        {"server_name", reader_text, offsetof(struct http_tls, server_name)},
        {"insecure_skip_verify", reader_bool, offsetof(struct http_tls, insecure_skip_verify)},
        {"min_version", read_version, offsetof(struct http_tls, min_version)},
        {"max_version", read_version, offsetof(struct http_tls, max_version)},
    };
    struct http_tls *tls = to;

    const struct key_table table = {keys, ARRAY_LEN(keys), to};
    int code = reader_map(r, node, "tls_config", &table, 1);
    if (code)
        return code;
    if (tls->ca.len && tls->ca_file.len)
        return reader_bad(r, node->line, "tls_config: ca or ca_file, not both");
    if (tls->cert.len && tls->cert_file.len)
        return reader_bad(r, node->line, "tls_config: cert or cert_file, not both");
    if (tls->key.len && tls->key_file.len)
        return reader_bad(r, node->line, "tls_config: key or key_file, not both");
    if (!(tls->cert.len + tls->cert_file.len) != !(tls->key.len + tls->key_file.len))
        return reader_bad(r, node->line, "tls_config: a certificate and its key go together");
    if (tls->max_version && tls->min_version > tls->max_version)
        return reader_bad(r, node->line, "tls_config: min_version is above max_version");
    return 0;
}

/* ---- headers ---- */

struct header_list {
    struct http_header *items;
    size_t len;
};

static bool is_header_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!c || (!letter && !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return name.len > 0;
}

/* What the request says itself. */
static bool is_reserved(struct str name)
{
    static const char *const names[] = {"Accept",
                                        "Accept-Encoding",
                                        "Authorization",
                                        "Connection",
                                        "Content-Encoding",
                                        "Content-Length",
                                        "Content-Type",
                                        "Host",
                                        "Keep-Alive",
                                        "Proxy-Authenticate",
                                        "Proxy-Authorization",
                                        "Transfer-Encoding",
                                        "User-Agent",
                                        "Www-Authenticate",
                                        "X-Prometheus-Remote-Write-Version",
                                        "X-Prometheus-Scrape-Timeout-Seconds"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (name.len == strlen(names[i]) && !strncasecmp(name.ptr, names[i], name.len))
            return true;
    return false;
}

static int add_header(struct reader *r, size_t line, struct header_list *to, struct str name,
                      struct str value, struct str file)
{
    if (!is_header_name(name))
        return reader_bad(r, line, "this is not the name of a header");
    if (memchr(value.ptr, '\n', value.len) || memchr(value.ptr, '\r', value.len))
        return reader_bad(r, line, "a line end inside a header");
    if (to->len == HTTP_HEADERS_MAX)
        return reader_bad(r, line, "too many headers");
    if (!to->items)
        to->items = arena_calloc(r->arena, HTTP_HEADERS_MAX, sizeof(*to->items));
    if (!to->items)
        return reader_out_of_memory(r);
    to->items[to->len++] = (struct http_header){name, value, file};
    return 0;
}

/* One name with its values, secrets and files. */
static int read_header(struct reader *r, const struct yaml_item *it, struct header_list *to)
{
    struct sources {
        struct text_list values, secrets, files;
    } s = {0};
    static const struct key keys[] = {
        {"values", reader_texts, offsetof(struct sources, values)},
        {"secrets", reader_texts, offsetof(struct sources, secrets)},
        {"files", reader_paths, offsetof(struct sources, files)},
    };
    const struct key_table table = {keys, ARRAY_LEN(keys), &s};

    int code = reader_map(r, it->value, "a header", &table, 1);
    for (size_t i = 0; i < s.values.len && !code; i++)
        code = add_header(r, it->line, to, it->key, s.values.items[i], STR(""));
    for (size_t i = 0; i < s.secrets.len && !code; i++)
        code = add_header(r, it->line, to, it->key, s.secrets.items[i], STR(""));
    for (size_t i = 0; i < s.files.len && !code; i++)
        code = add_header(r, it->line, to, it->key, STR(""), s.files.items[i]);
    return code;
}

static int read_http_headers(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_config *h = to;
    struct header_list list = {h->headers, h->header_len};
    int code = 0;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "http_headers: a map is wanted");
    for (const struct yaml_item *it = node->first; it && !code; it = it->next) {
        if (is_reserved(it->key))
            return reader_bad(r, it->line, "http_headers: this header cannot be set");
        code = read_header(r, it, &list);
    }
    h->headers = list.items;
    h->header_len = list.len;
    return code;
}

int http_config_add_header(struct reader *r, size_t line, struct http_config *h, struct str name,
                           struct str value)
{
    struct header_list list = {h->headers, h->header_len};
    int code = is_reserved(name) ? reader_bad(r, line, "headers: this header cannot be set")
                                 : add_header(r, line, &list, name, value, STR(""));

    h->headers = list.items;
    h->header_len = list.len;
    return code;
}

/* vmagent's form: a list of "Name: value". */
static int read_headers(struct reader *r, const struct yaml_node *node, void *to)
{
    struct text_list texts;

    int code = reader_texts(r, node, &texts);
    for (size_t i = 0; !code && i < texts.len; i++) {
        struct str value = texts.items[i], name = str_cut(&value, ':');
        code = value.ptr ? http_config_add_header(r, node->line, to, name, str_trim(value))
                         : reader_bad(r, node->line, "headers: a list of 'Name: value' is wanted");
    }
    return code;
}

static int read_proxy_header(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_proxy *proxy = to;
    struct header_list list = {0};
    int code = 0;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "proxy_connect_header: a map of lists is wanted");
    for (const struct yaml_item *it = node->first; it && !code; it = it->next) {
        struct text_list values;
        code = reader_texts(r, it->value, &values);
        for (size_t i = 0; !code && i < values.len; i++)
            code = add_header(r, it->line, &list, it->key, values.items[i], STR(""));
    }
    proxy->headers = list.items;
    proxy->header_len = list.len;
    return code;
}

static int read_proxy_url(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str url = STR("");
    int code = reader_text(r, node, &url);

    *(struct str *)to = url;
    if (code || !url.len)
        return code;
    if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")) &&
        !str_starts(url, STR("socks5://")) && !str_starts(url, STR("socks5h://")))
        return reader_bad(r, node->line,
                          "proxy_url begins with http://, https://, socks5:// or socks5h://");
    return 0;
}

/* ---- OAuth 2.0 ---- */

static int read_form(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_oauth2 *o = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "endpoint_params: a map is wanted");
    o->params = arena_calloc(r->arena, node->len + 1, sizeof(*o->params));
    if (!o->params)
        return reader_out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct str value = STR("");
        int code = reader_text(r, it->value, &value);
        if (code)
            return code;
        o->params[o->param_len++] = (struct http_header){it->key, value, STR("")};
    }
    return 0;
}

static int read_scopes(struct reader *r, const struct yaml_node *node, void *to)
{
    struct http_oauth2 *o = to;
    struct text_list list;
    int code = reader_texts(r, node, &list);

    if (!code) {
        o->scopes = list.items;
        o->scope_len = list.len;
    }
    return code;
}

static int settle_oauth2(struct reader *r, size_t line, const struct http_oauth2 *o)
{
    if (!o->client_id.len)
        return reader_bad(r, line, "oauth2: client_id is missing");
    if (!o->token_url.len)
        return reader_bad(r, line, "oauth2: token_url is missing");
    if (!o->client_secret.len && !o->client_secret_file.len)
        return reader_bad(r, line, "oauth2: client_secret or client_secret_file is missing");
    if (o->client_secret.len && o->client_secret_file.len)
        return reader_bad(r, line, "oauth2: client_secret or client_secret_file, not both");
    return 0;
}

static int read_oauth2(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key own[] = {
        {"client_id", reader_text, offsetof(struct http_oauth2, client_id)},
        {"client_secret", reader_text, offsetof(struct http_oauth2, client_secret)},
        {"client_secret_file", reader_path, offsetof(struct http_oauth2, client_secret_file)},
        {"token_url", reader_url, offsetof(struct http_oauth2, token_url)},
        {"scopes", read_scopes, 0},
        {"endpoint_params", read_form, 0},
    };
    static const struct key way[] = {
        {"tls_config", read_tls, offsetof(struct http_config, tls)},
        {"proxy_url", read_proxy_url, offsetof(struct http_config, proxy.url)},
        {"no_proxy", reader_text, offsetof(struct http_config, proxy.no_proxy)},
        {"proxy_from_environment", reader_bool,
         offsetof(struct http_config, proxy.from_environment)},
        {"proxy_connect_header", read_proxy_header, offsetof(struct http_config, proxy)},
    };
    struct http_config *h = to;

    if (yaml_is_null(node))
        return 0;
    struct http_oauth2 *o = arena_new(r->arena, struct http_oauth2);
    if (!o)
        return reader_out_of_memory(r);
    http_config_init(&o->http);
    const struct key_table tables[] = {{own, ARRAY_LEN(own), o}, {way, ARRAY_LEN(way), &o->http}};
    int code = reader_map(r, node, "oauth2", tables, ARRAY_LEN(tables));
    if (!code)
        code = settle_oauth2(r, node->line, o);
    if (!code)
        code = http_config_settle(r, node->line, &o->http);
    o->key = yaml_hash(node) ^ hash_bytes(r->folder.ptr, r->folder.len);
    h->oauth2 = o;
    return code;
}

/* ---- all of it ---- */

#define HTTP(field) offsetof(struct http_config, field)

static const struct key keys[] = {
    {"basic_auth", read_basic_auth, HTTP(auth)},
    {"authorization", read_authorization, HTTP(auth)},
    {"bearer_token", read_bearer, HTTP(auth)},
    {"bearer_token_file", read_bearer_file, HTTP(auth)},
    {"oauth2", read_oauth2, 0},
    {"tls_config", read_tls, HTTP(tls)},
    {"proxy_url", read_proxy_url, HTTP(proxy.url)},
    {"no_proxy", reader_text, HTTP(proxy.no_proxy)},
    {"proxy_from_environment", reader_bool, HTTP(proxy.from_environment)},
    {"proxy_connect_header", read_proxy_header, HTTP(proxy)},
    {"follow_redirects", reader_bool, HTTP(follow_redirects)},
    {"enable_http2", reader_bool, HTTP(enable_http2)},
    {"http_headers", read_http_headers, 0},
    {"headers", read_headers, 0},
};

struct key_table http_config_keys(struct http_config *h)
{
    return (struct key_table){keys, ARRAY_LEN(keys), h};
}

int http_config_settle(struct reader *r, size_t line, struct http_config *h)
{
    struct http_auth *auth = &h->auth;
    const struct http_proxy *proxy = &h->proxy;

    if (auth->basic + auth->authorization + auth->bearer + (h->oauth2 != NULL) > 1)
        return reader_bad(r, line,
                          "one of basic_auth, authorization, oauth2 and bearer_token, not several");
    if (auth->bearer && auth->credentials.len && auth->credentials_file.len)
        return reader_bad(r, line, "bearer_token or bearer_token_file, not both");
    if (auth->bearer) {
        auth->authorization = true;
        auth->type = STR("Bearer");
    }
    if (proxy->from_environment && (proxy->url.len || proxy->no_proxy.len))
        return reader_bad(r, line, "proxy_from_environment goes without proxy_url and no_proxy");
    if (proxy->no_proxy.len && !proxy->url.len)
        return reader_bad(r, line, "no_proxy wants a proxy_url");
    if (proxy->header_len && !proxy->url.len && !proxy->from_environment)
        return reader_bad(r, line, "proxy_connect_header wants a proxy");
    return 0;
}
