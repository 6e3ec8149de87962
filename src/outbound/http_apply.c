/* http_apply.c - see http_apply.h: headers, secrets, TLS, proxies. */
#include "outbound/curl.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <strings.h>

#define LIBRARY       "libcurl.so.4"
#define SECRET_MAX    65536 /* bytes of a file */
#define REDIRECTS_MAX 10

/* Options that came after the oldest libcurl we build with (7.81); older libraries answer that they
 * do not know them. Numbers from curl.h. */
#define OPT_PROTOCOLS           ((CURLoption)(CURLOPTTYPE_LONG + 181))
#define OPT_REDIR_PROTOCOLS     ((CURLoption)(CURLOPTTYPE_LONG + 182))
#define OPT_PROTOCOLS_STR       ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 318))
#define OPT_REDIR_PROTOCOLS_STR ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 319))
#define OPT_CA_CACHE_TIMEOUT    ((CURLoption)(CURLOPTTYPE_LONG + 321))

/* What is set up. */
struct setup {
    const struct http_library *lib;
    CURL *easy;
    struct http_lists *lists;
};

/* ---- the library ---- */

static bool load(struct http_library *lib)
{
    const struct {
        const char *name;
        void *slot;
    } symbols[] = {
        {"curl_global_init", &lib->global_init},
        {"curl_easy_init", &lib->easy_init},
        {"curl_easy_setopt", &lib->easy_setopt},
        {"curl_easy_getinfo", &lib->easy_getinfo},
        {"curl_easy_perform", &lib->easy_perform},
        {"curl_easy_reset", &lib->easy_reset},
        {"curl_easy_cleanup", &lib->easy_cleanup},
        {"curl_easy_strerror", &lib->easy_strerror},
        {"curl_slist_append", &lib->slist_append},
        {"curl_slist_free_all", &lib->slist_free_all},
        {"curl_easy_pause", &lib->easy_pause},
        {"curl_multi_init", &lib->multi_init},
        {"curl_multi_add_handle", &lib->multi_add_handle},
        {"curl_multi_remove_handle", &lib->multi_remove_handle},
        {"curl_multi_perform", &lib->multi_perform},
        {"curl_multi_wait", &lib->multi_wait},
        {"curl_multi_info_read", &lib->multi_info_read},
        {"curl_multi_cleanup", &lib->multi_cleanup},
    };
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL); /* kept: other threads may be in it */

    for (size_t i = 0; handle && i < ARRAY_LEN(symbols); i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (!symbol)
            return false;
        memcpy(symbols[i].slot, &symbol, sizeof(symbol));
    }
    return handle && lib->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int http_library_open(struct http_library **ret, struct error *err)
{
    struct http_library *lib = xnew(struct http_library);

    if (!load(lib)) {
        free(lib);
        return error_set(err, -ELIBACC,
                         "libcurl is needed to speak to other programs and is not installed: "
                         "install libcurl4 (Debian, Ubuntu) or libcurl (Fedora, Alpine)");
    }
    *ret = lib;
    return 0;
}

void http_library_close(struct http_library *lib)
{
    free(lib);
}

/* ---- headers and secrets ---- */

static int add_to(const struct http_library *lib, struct curl_slist **list, struct str name,
                  struct str first, struct str second)
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
        longer = lib->slist_append(*list, line.ptr); /* buf_printf() terminates */
    buf_fini(&line);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

int http_lists_add(const struct http_library *lib, struct http_lists *lists, struct str name,
                   struct str first, struct str second)
{
    return add_to(lib, &lists->headers, name, first, second);
}

void http_lists_fini(const struct http_library *lib, struct http_lists *lists)
{
    lib->slist_free_all(lists->headers);
    lib->slist_free_all(lists->connect_to);
    lib->slist_free_all(lists->proxy_headers);
    *lists = (struct http_lists){0};
}

int http_secret(struct str text, struct str file, char **ret, struct error *err)
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

static int set_basic(const struct setup *t, const struct http_auth *auth, struct error *err)
{
    const struct http_library *lib = t->lib;
    char *user = NULL, *secret = NULL;

    int code = http_secret(auth->username, auth->username_file, &user, err);
    if (!code)
        code = http_secret(auth->password, auth->password_file, &secret, err);
    if (!code) {
        lib->easy_setopt(t->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        lib->easy_setopt(t->easy, CURLOPT_USERNAME, user);
        lib->easy_setopt(t->easy, CURLOPT_PASSWORD, secret);
    }
    free(user);
    free(secret);
    return code;
}

static int set_auth(const struct setup *t, const struct http_auth *auth, struct error *err)
{
    char *secret = NULL;
    int code = 0;

    if (auth->basic)
        return set_basic(t, auth, err);
    if (auth->authorization) {
        code = http_secret(auth->credentials, auth->credentials_file, &secret, err);
        if (!code && *secret &&
            add_to(t->lib, &t->lists->headers, STR("Authorization"), auth->type, str_of(secret)))
            code = error_errno(err, -ENOMEM, "HTTP request");
    }
    free(secret);
    return code;
}

/* The headers of the configuration, with those that stand in files. */
static int add_all(const struct http_library *lib, struct curl_slist **list,
                   const struct http_header *headers, size_t len, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < len && !code; i++) {
        char *value = NULL;
        code = http_secret(headers[i].value, headers[i].file, &value, err);
        if (!code && add_to(lib, list, headers[i].name, STR(""), str_of(value)))
            code = error_errno(err, -ENOMEM, "HTTP request");
        free(value);
    }
    return code;
}

int http_lists_add_all(const struct http_library *lib, struct http_lists *lists,
                       const struct http_header *headers, size_t len, struct error *err)
{
    return add_all(lib, &lists->headers, headers, len, err);
}

/* ---- TLS ---- */

/* libcurl checks a certificate against the URL's host. For another name the URL gets that name and
 * the connection is told where to go; the Host header stays. */
static int set_server_name(const struct setup *t, struct str url, struct str name, struct buf *ret)
{
    const struct http_library *lib = t->lib;
    struct str rest = str_make(url.ptr + 8, url.len - 8); /* behind "https://" */
    const char *slash = memchr(rest.ptr, '/', rest.len);
    size_t host_len = slash ? (size_t)(slash - rest.ptr) : rest.len;
    const char *at = memrchr(rest.ptr, '@', host_len);
    size_t user_len =
        at ? (size_t)(at + 1 - rest.ptr) : 0; /* user and password stay with the URL */
    struct str host = str_make(rest.ptr + user_len, host_len - user_len);
    const char *colon = memrchr(host.ptr, ':', host.len),
               *bracket = memchr(host.ptr, ']', host.len);
    bool has_port = colon && (!bracket || colon > bracket);
    struct str port =
        has_port ? str_make(colon + 1, (size_t)(host.ptr + host.len - colon) - 1) : STR("443");
    struct str bare = str_make(host.ptr, has_port ? (size_t)(colon - host.ptr) : host.len);
    struct buf to;

    buf_printf(ret, "https://%.*s%.*s:%.*s%.*s", (int)user_len, rest.ptr, STR_ARG(name),
               STR_ARG(port), (int)(rest.len - host_len), rest.ptr + host_len);
    buf_init(&to, 0);
    buf_printf(&to, "%.*s:%.*s:%.*s:%.*s", STR_ARG(name), STR_ARG(port), STR_ARG(bare),
               STR_ARG(port));
    if (!to.failed)
        t->lists->connect_to = lib->slist_append(NULL, to.ptr);
    buf_fini(&to);
    lib->easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->lists->connect_to);
    return t->lists->connect_to && !ret->failed
               ? add_to(t->lib, &t->lists->headers, STR("Host"), STR(""), host)
               : -ENOMEM;
}

static void set_pem(const struct setup *t, CURLoption file_option, struct str file,
                    CURLoption blob_option, struct str text)
{
    const struct http_library *lib = t->lib;

    if (file.len)
        lib->easy_setopt(t->easy, file_option, file.ptr);
    if (text.len) {
        char *copy = xstrndup(text.ptr, text.len);
        struct curl_blob blob = {copy, text.len, CURL_BLOB_COPY};
        lib->easy_setopt(t->easy, blob_option, &blob);
        free(copy);
    }
}

static int set_tls(const struct setup *t, struct str url, const struct http_tls *tls,
                   struct buf *ret_url)
{
    static const long lowest[] = {CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_TLSv1_1,
                                  CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_TLSv1_3};
    static const long highest[] = {CURL_SSLVERSION_MAX_TLSv1_0, CURL_SSLVERSION_MAX_TLSv1_1,
                                   CURL_SSLVERSION_MAX_TLSv1_2, CURL_SSLVERSION_MAX_TLSv1_3};
    const struct http_library *lib = t->lib;
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

static int set_proxy(const struct setup *t, struct str url, const struct http_proxy *proxy,
                     struct error *err)
{
    const struct http_library *lib = t->lib;
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
    int code = add_all(lib, &t->lists->proxy_headers, proxy->headers, proxy->header_len, err);
    if (!code && t->lists->proxy_headers)
        lib->easy_setopt(t->easy, CURLOPT_PROXYHEADER, t->lists->proxy_headers);
    return code;
}

/* ---- all of it ---- */

static void set_protocols(const struct setup *t)
{
    const struct http_library *lib = t->lib;
    const long both = 3; /* CURLPROTO_HTTP | CURLPROTO_HTTPS */

    if (lib->easy_setopt(t->easy, OPT_PROTOCOLS_STR, "http,https"))
        lib->easy_setopt(t->easy, OPT_PROTOCOLS, both);
    if (lib->easy_setopt(t->easy, OPT_REDIR_PROTOCOLS_STR, "http,https"))
        lib->easy_setopt(t->easy, OPT_REDIR_PROTOCOLS, both);
}

int http_apply(const struct http_library *lib, void *easy, struct str url,
               const struct http_config *http, struct http_lists *lists, struct error *err)
{
    const struct setup t = {lib, easy, lists};
    struct buf to;

    set_protocols(&t);
    lib->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, http->follow_redirects ? 1L : 0L);
    lib->easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    if (!http->enable_http2)
        lib->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (http->disable_keepalive)
        lib->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    buf_init(&to, 0);
    int code = set_tls(&t, url, &http->tls, &to);
    buf_char(&to, '\0');
    if (code || to.failed)
        code = error_errno(err, -ENOMEM, "HTTP request");
    else
        lib->easy_setopt(easy, CURLOPT_URL, to.ptr); /* copied */
    buf_fini(&to);
    if (!code)
        code = set_proxy(&t, url, &http->proxy, err);
    if (!code)
        code = http_lists_add_all(lib, lists, http->headers, http->header_len, err);
    return code ? code : set_auth(&t, &http->auth, err);
}
