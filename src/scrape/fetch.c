/* fetch.c - what one request asks for: headers, secrets, TLS, proxies; and what libcurl calls while
 * its answer comes. */
#include "scrape/curl.h"

#include <stdlib.h>

#define RECEIVE_BYTES  16384
#define BODY_TOTAL_MAX ((uint64_t)1 << 30) /* of all fetches at once */
#define SECRET_MAX     65536               /* bytes of a password file */
#define REDIRECTS_MAX  10
#define CONNECT_MAX_MS 30000
#define HEAD_MAX       ((size_t)256 << 10) /* of all heads of one answer: libcurl keeps them */

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t n = size * count;

    if (t->on_data && transfer_status(t) == 200)
        return t->on_data(t->owner, str_make(bytes, n)) ? n : 0;
    if (t->body.len + n > t->body_max) {
        t->too_large = true;
        return 0;
    }
    t->counted += n;
    if (atomic_fetch_add(&t->client->body_bytes, n) + n > BODY_TOTAL_MAX) {
        t->crowded = true;
        return 0;
    }
    buf_add(&t->body, bytes, n);
    return t->body.failed ? 0 : n;
}

static bool header_is(struct str line, const char *name, struct str *ret)
{
    size_t n = strlen(name);

    if (line.len <= n || line.ptr[n] != ':' || strncasecmp(line.ptr, name, n))
        return false;
    *ret = str_trim(str_make(line.ptr + n + 1, line.len - n - 1));
    return true;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    struct str line = str_make(bytes, size * count), value;

    t->head_bytes += line.len;
    if (t->head_bytes > HEAD_MAX) {
        t->long_head = true;
        return 0;
    }
    if (str_starts(line, STR("HTTP/"))) { /* another answer begins: after a redirect, say */
        t->gzip = t->openmetrics = false;
        t->content_type[0] = '\0';
        t->body.len = 0;
    } else if (header_is(line, "content-encoding", &value)) {
        t->gzip = (value.len == 4 && !strncasecmp(value.ptr, "gzip", 4)) ||
                  (value.len == 6 && !strncasecmp(value.ptr, "x-gzip", 6));
    } else if (header_is(line, "content-type", &value)) {
        str_copy(t->content_type, sizeof(t->content_type), value);
        t->openmetrics =
            value.len >= 28 && !strncasecmp(value.ptr, "application/openmetrics-text", 28);
    }
    return line.len;
}

/* ---- headers and secrets ---- */

/* Adds "name: first second"; an empty `first` is left out with its blank. */
static int add_to(struct transfer *t, struct curl_slist **list, struct str name, struct str first,
                  struct str second)
{
    struct curl_slist *longer = NULL;
    struct buf line;

    buf_init(&line, 0);
    if (first.len + second.len)
        buf_printf(&line, "%.*s: %.*s%s%.*s", STR_ARG(name), STR_ARG(first), first.len ? " " : "",
                   STR_ARG(second));
    else
        buf_printf(&line, "%.*s;", STR_ARG(name)); /* libcurl's way to say an empty one */
    if (!line.failed)
        longer = t->client->lib.slist_append(*list, line.ptr); /* buf_printf() terminates */
    buf_fini(&line);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

static int add_header(struct transfer *t, const char *name, struct str first, struct str second)
{
    return add_to(t, &t->headers, str_of(name), first, second);
}

int fetch_secret(struct str text, struct str file, char **ret, struct error *err)
{
    struct buf content;
    int code = 0;

    buf_init(&content, SECRET_MAX + 1);
    if (file.len) {
        code = file_read(file.ptr, SECRET_MAX, &content, err);
        text = str_trim(buf_str(&content));
    }
    if (!code && (memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\r', text.len)))
        code = error_set(err, -EINVAL, "a line end inside a password or token");
    if (!code)
        *ret = xstrndup(text.ptr, text.len);
    buf_fini(&content);
    return code;
}

static int set_basic(struct transfer *t, const struct scrape_auth *auth, struct error *err)
{
    const struct library *lib = &t->client->lib;
    char *user = NULL, *secret = NULL;

    int code = fetch_secret(auth->username, auth->username_file, &user, err);
    if (!code)
        code = fetch_secret(auth->password, auth->password_file, &secret, err);
    if (!code) {
        lib->easy_setopt(t->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        lib->easy_setopt(t->easy, CURLOPT_USERNAME, user);
        lib->easy_setopt(t->easy, CURLOPT_PASSWORD, secret);
    }
    free(user);
    free(secret);
    return code;
}

static int set_auth(struct transfer *t, const struct scrape_auth *auth, struct error *err)
{
    char *secret = NULL;
    int code = 0;

    if (auth->basic)
        return set_basic(t, auth, err);
    if (auth->authorization) {
        code = fetch_secret(auth->credentials, auth->credentials_file, &secret, err);
        if (!code && *secret && add_header(t, "Authorization", auth->type, str_of(secret)))
            code = error_errno(err, -ENOMEM, "HTTP request");
    }
    free(secret);
    return code;
}

/* The headers of the configuration, with those that stand in files. */
static int set_headers(struct transfer *t, const struct scrape_header *headers, size_t len,
                       struct curl_slist **list, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < len && !code; i++) {
        char *value = NULL;
        code = fetch_secret(headers[i].value, headers[i].file, &value, err);
        if (!code && add_to(t, list, headers[i].name, STR(""), str_of(value)))
            code = error_errno(err, -ENOMEM, "HTTP request");
        free(value);
    }
    return code;
}

/* ---- TLS ---- */

/* libcurl checks a certificate against the URL's host. For another name the URL gets that name and
 * the connection is told where to go; the Host header stays. */
static int set_server_name(struct transfer *t, struct str url, struct str name, struct buf *ret)
{
    const struct library *lib = &t->client->lib;
    struct str rest = str_make(url.ptr + 8, url.len - 8); /* behind "https://" */
    const char *slash = memchr(rest.ptr, '/', rest.len);
    struct str host = str_make(rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len);
    const char *colon = memrchr(host.ptr, ':', host.len),
               *bracket = memchr(host.ptr, ']', host.len);
    bool has_port = colon && (!bracket || colon > bracket);
    struct str port =
        has_port ? str_make(colon + 1, (size_t)(host.ptr + host.len - colon) - 1) : STR("443");
    struct str bare = str_make(host.ptr, has_port ? (size_t)(colon - host.ptr) : host.len);
    struct buf to;

    buf_printf(ret, "https://%.*s:%.*s%.*s", STR_ARG(name), STR_ARG(port),
               (int)(rest.len - host.len), rest.ptr + host.len);
    buf_init(&to, 0);
    buf_printf(&to, "%.*s:%.*s:%.*s:%.*s", STR_ARG(name), STR_ARG(port), STR_ARG(bare),
               STR_ARG(port));
    if (!to.failed)
        t->connect_to = lib->slist_append(NULL, to.ptr);
    buf_fini(&to);
    lib->easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
    return t->connect_to && !ret->failed ? add_header(t, "Host", STR(""), host) : -ENOMEM;
}

static void set_pem(struct transfer *t, CURLoption file_option, struct str file,
                    CURLoption blob_option, struct str text)
{
    const struct library *lib = &t->client->lib;

    if (file.len)
        lib->easy_setopt(t->easy, file_option, file.ptr);
    if (text.len) {
        char *copy = xstrndup(text.ptr, text.len);
        struct curl_blob blob = {copy, text.len, CURL_BLOB_COPY};
        lib->easy_setopt(t->easy, blob_option, &blob);
        free(copy);
    }
}

static int set_tls(struct transfer *t, struct str url, const struct scrape_tls *tls,
                   struct buf *ret_url)
{
    static const long lowest[] = {CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_TLSv1_1,
                                  CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_TLSv1_3};
    static const long highest[] = {CURL_SSLVERSION_MAX_TLSv1_0, CURL_SSLVERSION_MAX_TLSv1_1,
                                   CURL_SSLVERSION_MAX_TLSv1_2, CURL_SSLVERSION_MAX_TLSv1_3};
    const struct library *lib = &t->client->lib;
    long version = CURL_SSLVERSION_TLSv1_2; /* Prometheus's default */

    if (tls->ca.len || tls->ca_file.len) /* these authorities and no others */
        lib->easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
    if (tls->ca_file.len) /* libcurl from 7.87 on would keep what it read for a day */
        lib->easy_setopt(t->easy, OPT_CA_CACHE_TIMEOUT, 0L);
    set_pem(t, CURLOPT_CAINFO, tls->ca_file, CURLOPT_CAINFO_BLOB, tls->ca);
    set_pem(t, CURLOPT_SSLCERT, tls->cert_file, CURLOPT_SSLCERT_BLOB, tls->cert);
    set_pem(t, CURLOPT_SSLKEY, tls->key_file, CURLOPT_SSLKEY_BLOB, tls->key);
    if (tls->insecure_skip_verify) {
        lib->easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        lib->easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (tls->min_version)
        version = lowest[tls->min_version - 10];
    else if (tls->max_version)
        version = CURL_SSLVERSION_TLSv1_0;
    if (tls->max_version)
        version |= highest[tls->max_version - 10];
    lib->easy_setopt(t->easy, CURLOPT_SSLVERSION, version);
    if (tls->server_name.len && str_starts(url, STR("https://")))
        return set_server_name(t, url, tls->server_name, ret_url);
    buf_str_add(ret_url, url);
    return 0;
}

/* ---- proxies ---- */

static const char *environment(const char *upper, const char *lower)
{
    const char *value = getenv(upper);

    return value && *value ? value : getenv(lower);
}

/* As Go does it: this machine itself is never asked through a proxy of the environment. */
static bool is_here(struct str url)
{
    const char *host = memchr(url.ptr, '/', url.len); /* that of :// */
    struct str rest = host ? str_make(host + 2, (size_t)(url.ptr + url.len - host) - 2) : url;

    return str_starts(rest, STR("localhost:")) || str_starts(rest, STR("localhost/")) ||
           str_is(rest, "localhost") || str_starts(rest, STR("127.")) ||
           str_starts(rest, STR("[::1]"));
}

static int set_proxy(struct transfer *t, struct str url, const struct scrape_proxy *proxy,
                     struct error *err)
{
    const struct library *lib = &t->client->lib;
    const char *through = proxy->url.len ? proxy->url.ptr : "";
    const char *without = proxy->no_proxy.len ? proxy->no_proxy.ptr : "";

    if (proxy->from_environment && !is_here(url)) {
        through = str_starts(url, STR("https://")) ? environment("HTTPS_PROXY", "https_proxy")
                                                   : environment("HTTP_PROXY", "http_proxy");
        without = environment("NO_PROXY", "no_proxy");
    }
    /* An empty text keeps libcurl from looking into the environment itself. */
    lib->easy_setopt(t->easy, CURLOPT_PROXY, through ? through : "");
    lib->easy_setopt(t->easy, CURLOPT_NOPROXY, without ? without : "");
    lib->easy_setopt(t->easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    int code = set_headers(t, proxy->headers, proxy->header_len, &t->proxy_headers, err);
    if (!code && t->proxy_headers)
        lib->easy_setopt(t->easy, CURLOPT_PROXYHEADER, t->proxy_headers);
    return code;
}

/* ---- all of it ---- */

static void set_protocols(struct transfer *t)
{
    const struct library *lib = &t->client->lib;
    const long both = 3; /* CURLPROTO_HTTP | CURLPROTO_HTTPS */

    if (lib->easy_setopt(t->easy, OPT_PROTOCOLS_STR, "http,https"))
        lib->easy_setopt(t->easy, OPT_PROTOCOLS, both);
    if (lib->easy_setopt(t->easy, OPT_REDIR_PROTOCOLS_STR, "http,https"))
        lib->easy_setopt(t->easy, OPT_REDIR_PROTOCOLS, both);
}

static void set_callbacks(struct transfer *t)
{
    const struct library *lib = &t->client->lib;

    lib->easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    lib->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    lib->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    lib->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    lib->easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    lib->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason);
}

static void set_bounds(struct transfer *t, const struct client_request *q)
{
    const struct library *lib = &t->client->lib;

    lib->easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    lib->easy_setopt(t->easy, CURLOPT_USERAGENT, t->client->user_agent);
    lib->easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
    lib->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)MIN(q->timeout_ms, (int64_t)CONNECT_MAX_MS));
    lib->easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, q->http->follow_redirects ? 1L : 0L);
    lib->easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    lib->easy_setopt(t->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    if (q->form.len) {
        lib->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)q->form.len);
        lib->easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, q->form.ptr);
    }
    if (!q->http->enable_http2)
        lib->easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (q->unix_socket.len)
        lib->easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, q->unix_socket.ptr);
}

static int set_request_headers(struct transfer *t, const struct client_request *q,
                               struct error *err)
{
    const struct http_config *http = q->http;
    int code = add_header(t, "Accept", STR(""), q->accept);

    if (!code && q->form.len)
        code = add_header(t, "Content-Type", STR(""), STR("application/x-www-form-urlencoded"));
    if (!code && q->compress)
        code = add_header(t, "Accept-Encoding", STR(""), STR("gzip"));
    if (code)
        return error_errno(err, code, "HTTP request");
    code = set_headers(t, q->extra, q->extra_len, &t->headers, err);
    if (!code)
        code = set_headers(t, http->headers, http->header_len, &t->headers, err);
    return code ? code : set_auth(t, &http->auth, err);
}

int fetch_prepare(struct transfer *t, const struct client_request *q, struct error *err)
{
    const struct library *lib = &t->client->lib;
    struct buf url;

    lib->easy_reset(t->easy);
    set_protocols(t);
    set_callbacks(t);
    set_bounds(t, q);
    buf_init(&url, 0);
    int code = set_tls(t, q->url, &q->http->tls, &url);
    buf_char(&url, '\0');
    if (code || url.failed)
        code = error_errno(err, -ENOMEM, "HTTP request");
    else
        code = set_proxy(t, q->url, &q->http->proxy, err);
    if (!code)
        code = set_request_headers(t, q, err);
    if (!code) {
        lib->easy_setopt(t->easy, CURLOPT_URL, url.ptr); /* copied */
        lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    }
    buf_fini(&url);
    return code;
}

void fetch_clear(struct transfer *t)
{
    const struct library *lib = &t->client->lib;

    lib->slist_free_all(t->headers);
    lib->slist_free_all(t->connect_to);
    lib->slist_free_all(t->proxy_headers);
    t->headers = t->connect_to = t->proxy_headers = NULL;
}
