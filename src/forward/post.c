/* post.c - this room's door to libcurl: its easy interface, on the thread that waits. */
#include "post.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <strings.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define LIBRARY            "libcurl.so.4"
#define CONNECT_MS         10000L
#define RETRY_AFTER_MAX_MS 600000

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

struct post {
    struct library lib;
    CURL *easy;
    struct curl_slist *headers;
    const atomic_bool *stop;
    struct post_answer *answer; /* of the transfer that goes on */
    size_t text_len;
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

int64_t post_retry_after_ms(struct str value)
{
    uint64_t seconds;

    if (!num_parse_u64(str_trim(value), &seconds))
        return 0;
    return (int64_t)MIN(seconds, (uint64_t)RETRY_AFTER_MAX_MS / 1000) * 1000;
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct post *p = ctx;
    size_t room = sizeof(p->answer->text) - 1 - p->text_len, taken = MIN(room, size * n);

    memcpy(p->answer->text + p->text_len, bytes, taken);
    p->text_len += taken;
    p->answer->text[p->text_len] = '\0';
    return size * n; /* the rest is read and left */
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
    struct post *p = ctx;
    struct str value = str_make(bytes, size * n), name = str_cut(&value, ':');

    if (value.ptr && name.len == strlen("Retry-After") &&
        !strncasecmp(name.ptr, "Retry-After", name.len))
        p->answer->retry_after_ms = post_retry_after_ms(value);
    return size * n;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct post *p = ctx;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(p->stop); /* other than 0 ends the transfer */
}

/* ---- opening and sending ---- */

static bool add_headers(struct post *p)
{
    static const char *const headers[] = {
        "Content-Type: application/x-protobuf", "Content-Encoding: snappy",
        "X-Prometheus-Remote-Write-Version: 0.1.0", "Expect:"}; /* no wait for 100 Continue */

    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct curl_slist *longer = p->lib.slist_append(p->headers, headers[i]);
        if (!longer)
            return false;
        p->headers = longer;
    }
    return true;
}

static void set_options(struct post *p, const char *url, const char *user_agent)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = p->lib.easy_setopt;

    set(p->easy, CURLOPT_URL, url); /* copied, as the agent is */
    set(p->easy, CURLOPT_USERAGENT, user_agent);
    set(p->easy, CURLOPT_PROXY, ""); /* not from the environment */
    set(p->easy, CURLOPT_NOSIGNAL, 1L);
    set(p->easy, CURLOPT_POST, 1L);
    set(p->easy, CURLOPT_HTTPHEADER, p->headers);
    set(p->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    set(p->easy, CURLOPT_WRITEFUNCTION, on_body);
    set(p->easy, CURLOPT_WRITEDATA, p);
    set(p->easy, CURLOPT_HEADERFUNCTION, on_header);
    set(p->easy, CURLOPT_HEADERDATA, p);
    set(p->easy, CURLOPT_NOPROGRESS, 0L);
    set(p->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(p->easy, CURLOPT_XFERINFODATA, p);
    set(p->easy, CURLOPT_ERRORBUFFER, p->reason);
}

int post_open(const char *url, const char *user_agent, const atomic_bool *stop, struct post **ret,
              struct error *err)
{
    struct post *p = xnew(struct post);

    p->stop = stop;
    if (!load(&p->lib)) {
        free(p);
        return error_set(err, -ELIBACC,
                         "libcurl is needed to send by remote write and is not installed: install "
                         "libcurl4 (Debian, Ubuntu) or libcurl (Fedora, Alpine)");
    }
    p->easy = p->lib.easy_init();
    if (!p->easy || !add_headers(p)) {
        post_close(p);
        return error_errno(err, -ENOMEM, "remote write");
    }
    set_options(p, url, user_agent);
    *ret = p;
    return 0;
}

void post_close(struct post *p)
{
    if (!p)
        return;
    if (p->easy)
        p->lib.easy_cleanup(p->easy);
    p->lib.slist_free_all(p->headers);
    free(p);
}

void post_send(struct post *p, struct str body, int64_t timeout_ms, struct post_answer *ret)
{
    *ret = (struct post_answer){0};
    p->answer = ret;
    p->text_len = 0;
    p->reason[0] = '\0';
    p->lib.easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    p->lib.easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    p->lib.easy_setopt(p->easy, CURLOPT_POSTFIELDS, body.ptr); /* borrowed */
    CURLcode code = p->lib.easy_perform(p->easy);
    if (code == CURLE_OK) {
        p->lib.easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &ret->status);
        return;
    }
    str_copy(ret->text, sizeof(ret->text),
             str_of(p->reason[0] ? p->reason : p->lib.easy_strerror(code)));
}
