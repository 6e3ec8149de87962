/* outbound.c - this room's door to libcurl: its easy interface, on the thread that waits. */
#include "outbound/outbound.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <strings.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define LIBRARY            "libcurl.so.4"
#define CONNECT_MS         10000L
#define RETRY_AFTER_MAX_MS 600000
#define HEAD_MAX           ((size_t)256 << 10) /* of an answer: libcurl keeps it */

struct library {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    CURLcode (*easy_perform)(CURL *);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
};

struct outbound {
    struct library lib;
    CURL *easy;
    struct curl_slist *headers;
    const atomic_bool *stop;
    size_t answer_max, head_bytes;
    struct outbound_answer *answer; /* of the request that goes on */
    outbound_sink *sink;            /* takes its body; NULL: the answer does */
    void *sink_ctx;
    char reason[CURL_ERROR_SIZE];
};

static bool load(struct library *lib)
{
    const struct {
        const char *name;
        void *slot;
    } symbols[] = {
        {"curl_global_init", &lib->global_init},       {"curl_easy_init", &lib->easy_init},
        {"curl_easy_setopt", &lib->easy_setopt},       {"curl_easy_getinfo", &lib->easy_getinfo},
        {"curl_easy_perform", &lib->easy_perform},     {"curl_easy_cleanup", &lib->easy_cleanup},
        {"curl_easy_strerror", &lib->easy_strerror},   {"curl_slist_append", &lib->slist_append},
        {"curl_slist_free_all", &lib->slist_free_all},
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

int64_t outbound_retry_after_ms(struct str value)
{
    uint64_t seconds;

    if (!num_parse_u64(str_trim(value), &seconds))
        return 0;
    return (int64_t)MIN(seconds, (uint64_t)RETRY_AFTER_MAX_MS / 1000) * 1000;
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct outbound *o = ctx;
    struct outbound_answer *a = o->answer;
    size_t len = size * n, taken = MIN(o->answer_max - a->body.len, len);
    long status = 0;

    if (o->sink)
        o->lib.easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) /* other than all taken ends the transfer */
        return o->sink(o->sink_ctx, str_make(bytes, len)) < 0 ? 0 : len;
    buf_add(&a->body, bytes, taken);
    a->cut = a->cut || taken < len;
    return len; /* the rest is read and left: the connection stays usable */
}

static bool header_is(struct str name, const char *wanted)
{
    return name.len == strlen(wanted) && !strncasecmp(name.ptr, wanted, name.len);
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
    struct outbound *o = ctx;
    struct str value = str_make(bytes, size * n), name = str_cut(&value, ':');

    o->head_bytes += size * n;
    if (o->head_bytes > HEAD_MAX)
        return 0;
    if (value.ptr && header_is(name, "Retry-After"))
        o->answer->retry_after_ms = outbound_retry_after_ms(value);
    if (value.ptr && header_is(name, "Content-Type"))
        str_copy(o->answer->content_type, sizeof(o->answer->content_type), str_trim(value));
    return size * n;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct outbound *o = ctx;

    (void)a, (void)b, (void)c, (void)d;
    return o->stop && atomic_load(o->stop); /* other than 0 ends the transfer */
}

/* ---- opening ---- */

static bool add_header(struct outbound *o, const char *text)
{
    struct curl_slist *longer = o->lib.slist_append(o->headers, text);

    if (longer)
        o->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct outbound *o, const struct outbound_options *options)
{
    bool good = add_header(o, "Expect:"); /* no wait for 100 Continue */

    for (size_t i = 0; i < options->header_len && good; i++)
        good = add_header(o, options->headers[i]);
    if (good && options->bearer) {
        struct buf line;
        buf_init(&line, 0);
        buf_printf(&line, "Authorization: Bearer %s", options->bearer);
        char *text = buf_take(&line);
        good = text && add_header(o, text);
        free(text);
    }
    return good;
}

static void set_security(struct outbound *o, const struct outbound_options *options)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib.easy_setopt;

    if (options->user)
        set(o->easy, CURLOPT_USERNAME, options->user);
    if (options->password)
        set(o->easy, CURLOPT_PASSWORD, options->password);
    if (options->ca_file)
        set(o->easy, CURLOPT_CAINFO, options->ca_file);
    if (options->cert_file)
        set(o->easy, CURLOPT_SSLCERT, options->cert_file);
    if (options->key_file)
        set(o->easy, CURLOPT_SSLKEY, options->key_file);
    if (options->insecure) {
        set(o->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        set(o->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_options(struct outbound *o, const struct outbound_options *options)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib.easy_setopt;

    if (options->user_agent)
        set(o->easy, CURLOPT_USERAGENT, options->user_agent); /* texts are copied */
    set(o->easy, CURLOPT_PROXY, options->proxy ? options->proxy : "");
    set(o->easy, CURLOPT_NOSIGNAL, 1L);
    set(o->easy, CURLOPT_HTTPHEADER, o->headers);
    set(o->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    set(o->easy, CURLOPT_ACCEPT_ENCODING, ""); /* whatever it can undo */
    set(o->easy, CURLOPT_WRITEFUNCTION, on_body);
    set(o->easy, CURLOPT_WRITEDATA, o);
    set(o->easy, CURLOPT_HEADERFUNCTION, on_header);
    set(o->easy, CURLOPT_HEADERDATA, o);
    set(o->easy, CURLOPT_NOPROGRESS, 0L);
    set(o->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(o->easy, CURLOPT_XFERINFODATA, o);
    set(o->easy, CURLOPT_ERRORBUFFER, o->reason);
    set_security(o, options);
}

int outbound_open(const struct outbound_options *options, struct outbound **ret, struct error *err)
{
    struct outbound *o = xnew(struct outbound);

    o->stop = options->stop;
    o->answer_max = options->answer_max ? options->answer_max : OUTBOUND_ANSWER_DEFAULT;
    if (!load(&o->lib)) {
        free(o);
        return error_set(err, -ELIBACC,
                         "libcurl is needed to speak to other programs and is not installed: "
                         "install libcurl4 (Debian, Ubuntu) or libcurl (Fedora, Alpine)");
    }
    o->easy = o->lib.easy_init();
    if (!o->easy || !add_headers(o, options)) {
        outbound_close(o);
        return error_errno(err, -ENOMEM, "HTTP client");
    }
    set_options(o, options);
    *ret = o;
    return 0;
}

void outbound_close(struct outbound *o)
{
    if (!o)
        return;
    if (o->easy)
        o->lib.easy_cleanup(o->easy);
    o->lib.slist_free_all(o->headers);
    free(o);
}

void outbound_set_stop(struct outbound *o, const atomic_bool *stop)
{
    o->stop = stop;
}

/* ---- sending ---- */

static void set_method(struct outbound *o, const char *method, struct str body)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib.easy_setopt;

    set(o->easy, CURLOPT_CUSTOMREQUEST, NULL);
    if (!strcmp(method, "GET")) {
        set(o->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    set(o->easy, CURLOPT_POST, 1L);
    set(o->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    set(o->easy, CURLOPT_POSTFIELDS, body.len ? body.ptr : ""); /* borrowed */
    if (strcmp(method, "POST"))
        set(o->easy, CURLOPT_CUSTOMREQUEST, method);
}

static bool speaks_http(const char *url)
{
    return !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8);
}

/* The request as it was set up; `answer` is filled. */
static void perform(struct outbound *o, const char *url, struct outbound_answer *answer)
{
    struct buf kept = answer->body;

    buf_reset(&kept);
    *answer = (struct outbound_answer){.body = kept};
    o->answer = answer;
    o->head_bytes = 0;
    o->reason[0] = '\0';
    if (!speaks_http(url)) { /* libcurl before 7.85 cannot be told by name what it may speak */
        str_copy(answer->error, sizeof(answer->error), STR("only http and https are spoken"));
        return;
    }
    o->lib.easy_setopt(o->easy, CURLOPT_URL, url);
    CURLcode code = o->lib.easy_perform(o->easy);
    if (code == CURLE_OK && !answer->body.failed) {
        o->lib.easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &answer->status);
        return;
    }
    const char *why = code == CURLE_OK ? "no memory for the answer"
                      : o->reason[0]   ? o->reason
                                       : o->lib.easy_strerror(code);
    str_copy(answer->error, sizeof(answer->error), str_of(why));
}

void outbound_send(struct outbound *o, const char *method, const char *url, struct str body,
                   int64_t timeout_ms, struct outbound_answer *answer)
{
    set_method(o, method, body);
    o->lib.easy_setopt(o->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    perform(o, url, answer);
}

void outbound_receive(struct outbound *o, const char *url, int64_t quiet_ms, outbound_sink *sink,
                      void *ctx, struct outbound_answer *answer)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib.easy_setopt;

    o->sink = sink;
    o->sink_ctx = ctx;
    set_method(o, "GET", STR(""));
    set(o->easy, CURLOPT_TIMEOUT_MS, 0L);
    set(o->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(o->easy, CURLOPT_LOW_SPEED_TIME, (long)(quiet_ms / 1000));
    perform(o, url, answer);
    set(o->easy, CURLOPT_LOW_SPEED_TIME, 0L);
    o->sink = NULL;
}

void outbound_answer_fini(struct outbound_answer *answer)
{
    buf_fini(&answer->body);
}

/* ---- URLs ---- */

int outbound_show_url(const char *url, const char *option, char *to, size_t size, struct error *err)
{
    struct str rest = str_of(url), scheme = STR("http://");

    if (str_starts(rest, STR("https://")))
        scheme = STR("https://");
    if (!str_starts(rest, scheme) || rest.len == scheme.len)
        return error_set(err, -EINVAL, "%s wants a URL, http://HOST:PORT/... or https://...",
                         option);
    rest = str_make(rest.ptr + scheme.len, rest.len - scheme.len);
    struct str plain = str_make(rest.ptr, strcspn(rest.ptr, "?#")), path = plain;
    struct str host = str_cut(&path, '/');
    const char *at = memrchr(host.ptr, '@', host.len);
    if (at)
        plain = str_make(at + 1, (size_t)(plain.ptr + plain.len - at - 1));
    if (!plain.len || *plain.ptr == '/')
        return error_set(err, -EINVAL, "%s: the URL names no host", option);
    for (size_t i = 0; i < plain.len; i++)
        if (plain.ptr[i] == '"' || plain.ptr[i] == '\\' || (unsigned char)plain.ptr[i] <= ' ')
            return error_set(err, -EINVAL, "%s: the URL holds what no URL can", option);
    if (scheme.len + plain.len >= size)
        return error_set(err, -ENAMETOOLONG, "%s: the URL has more than %zu characters", option,
                         size - 1);
    snprintf(to, size, "%.*s%.*s", STR_ARG(scheme), STR_ARG(plain));
    return 0;
}
