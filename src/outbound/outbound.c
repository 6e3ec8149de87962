/* outbound.c - this room's door to libcurl: its easy interface, on the thread that waits. */
#include "outbound/outbound.h"

#include "outbound/bearer.h"
#include "outbound/curl.h"

#include <stdlib.h>
#include <strings.h>

#define CONNECT_MS         10000L
#define RETRY_AFTER_MAX_MS 600000
#define HEAD_MAX           ((size_t)256 << 10) /* of an answer: libcurl keeps it */

struct outbound {
    struct http_library *lib;
    CURL *easy;
    char *user_agent, **headers;
    size_t header_len;
    const struct http_config *http; /* borrowed; or `plain` */
    struct http_config plain;
    struct http_lists lists; /* of the request that goes on */
    struct bearer bearer;
    const atomic_bool *stop;
    size_t answer_max, head_bytes;
    struct outbound_answer *answer; /* of the request that goes on */
    outbound_sink *sink;            /* takes its body; NULL: the answer does */
    void *sink_ctx;
    CURLM *pieces;  /* the answer is fetched in pieces; NULL: it is not */
    struct buf *to; /* the piece at hand */
    size_t enough;  /* bytes of it */
    bool paused;    /* more is there than was wanted */
    char reason[CURL_ERROR_SIZE];
};

int64_t outbound_retry_after_ms(struct str value)
{
    uint64_t seconds;

    if (!num_parse_u64(str_trim(value), &seconds))
        return 0;
    return (int64_t)MIN(seconds, (uint64_t)RETRY_AFTER_MAX_MS / 1000) * 1000;
}

/* ---- what libcurl calls ---- */

/* Of the body of a 200: takes all of it, or none until the next piece is asked for. */
static size_t on_piece(struct outbound *o, const char *bytes, size_t len)
{
    if (!o->to || o->to->len >= o->enough) {
        o->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    buf_add(o->to, bytes, len);
    return o->to->failed ? 0 : len;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct outbound *o = ctx;
    struct outbound_answer *a = o->answer;
    size_t len = size * n, taken = MIN(o->answer_max - a->body.len, len);
    long status = 0;

    if (o->sink || o->pieces)
        o->lib->easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && o->pieces)
        return on_piece(o, bytes, len);
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

int outbound_open(const struct outbound_options *options, struct outbound **ret, struct error *err)
{
    struct outbound *o = xnew(struct outbound);

    o->stop = options->stop;
    o->answer_max = options->answer_max ? options->answer_max : OUTBOUND_ANSWER_DEFAULT;
    o->user_agent = xstrdup(options->user_agent);
    o->headers = xcalloc(options->header_len + 1, sizeof(*o->headers));
    for (size_t i = 0; i < options->header_len; i++)
        o->headers[o->header_len++] = xstrdup(options->headers[i]);
    http_config_init(&o->plain);
    o->plain.follow_redirects = false;
    o->http = options->http ? options->http : &o->plain;
    int code = http_library_open(&o->lib, err);
    if (!code && !(o->easy = o->lib->easy_init()))
        code = error_errno(err, -ENOMEM, "HTTP client");
    if (code)
        outbound_close(o);
    else
        *ret = o;
    return code;
}

void outbound_close(struct outbound *o)
{
    if (!o)
        return;
    outbound_end(o);
    if (o->easy) {
        o->lib->easy_cleanup(o->easy);
        http_lists_fini(o->lib, &o->lists);
    }
    http_library_close(o->lib);
    bearer_fini(&o->bearer);
    for (size_t i = 0; i < o->header_len; i++)
        free(o->headers[i]);
    free(o->headers);
    free(o->user_agent);
    free(o);
}

void outbound_set_stop(struct outbound *o, const atomic_bool *stop)
{
    o->stop = stop;
}

/* ---- sending ---- */

static void set_method(struct outbound *o, const char *method, struct str body)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib->easy_setopt;

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

static void set_basics(struct outbound *o)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib->easy_setopt;

    if (o->user_agent)
        set(o->easy, CURLOPT_USERAGENT, o->user_agent);
    set(o->easy, CURLOPT_NOSIGNAL, 1L);
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
}

static int add_headers(struct outbound *o, struct error *err)
{
    struct curl_slist *longer = o->lib->slist_append(o->lists.headers, "Expect:"); /* no wait for
                                                                                      100 */
    for (size_t i = 0; longer && i < o->header_len; i++) {
        o->lists.headers = longer;
        longer = o->lib->slist_append(longer, o->headers[i]);
    }
    if (longer)
        o->lists.headers = longer;
    bool good =
        longer && (!o->bearer.value || !http_lists_add(o->lib, &o->lists, STR("Authorization"),
                                                       STR(""), str_of(o->bearer.value)));
    return good ? 0 : error_errno(err, -ENOMEM, "HTTP request");
}

/* Sets up everything but method and time of a request. Connections outlive that. */
static int set_up(struct outbound *o, const char *url, struct error *err)
{
    const struct outbound_options like = {.user_agent = o->user_agent, .stop = o->stop};
    int code = o->http->oauth2 ? bearer_get(&o->bearer, o->http->oauth2, &like, err) : 0;

    if (code)
        return code;
    o->lib->easy_reset(o->easy);
    http_lists_fini(o->lib, &o->lists);
    set_basics(o);
    code = http_apply(o->lib, o->easy, str_of(url), o->http, &o->lists, err);
    if (!code)
        code = add_headers(o, err);
    o->lib->easy_setopt(o->easy, CURLOPT_HTTPHEADER, o->lists.headers);
    return code;
}

static bool speaks_http(const char *url)
{
    return !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8);
}

/* Empties `answer` and makes the handle ready; false: it says what is wrong. */
static bool begin(struct outbound *o, const char *url, struct outbound_answer *answer)
{
    struct buf kept = answer->body;
    struct error err;

    buf_reset(&kept);
    *answer = (struct outbound_answer){.body = kept};
    o->answer = answer;
    o->head_bytes = 0;
    o->reason[0] = '\0';
    if (!speaks_http(url)) /* libcurl before 7.85 cannot be told by name what it may speak */
        str_copy(answer->error, sizeof(answer->error), STR("only http and https are spoken"));
    else if (set_up(o, url, &err))
        str_copy(answer->error, sizeof(answer->error), str_of(err.text));
    else
        return true;
    return false;
}

static const char *reason_of(const struct outbound *o, CURLcode code)
{
    return o->reason[0] ? o->reason : o->lib->easy_strerror(code);
}

static void end_when_quiet(struct outbound *o, int64_t quiet_ms)
{
    o->lib->easy_setopt(o->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    o->lib->easy_setopt(o->easy, CURLOPT_LOW_SPEED_TIME, (long)(quiet_ms / 1000));
}

/* The request as it was set up. */
static void perform(struct outbound *o)
{
    struct outbound_answer *answer = o->answer;
    CURLcode code = o->lib->easy_perform(o->easy);

    if (code == CURLE_OK && !answer->body.failed) {
        o->lib->easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &answer->status);
        if (answer->status == 401 && o->http->oauth2)
            bearer_refused(&o->bearer);
        return;
    }
    const char *why = code == CURLE_OK ? "no memory for the answer" : reason_of(o, code);
    str_copy(answer->error, sizeof(answer->error), str_of(why));
}

void outbound_send(struct outbound *o, const char *method, const char *url, struct str body,
                   int64_t timeout_ms, struct outbound_answer *answer)
{
    if (!begin(o, url, answer))
        return;
    set_method(o, method, body);
    o->lib->easy_setopt(o->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    perform(o);
}

void outbound_receive(struct outbound *o, const char *url, int64_t quiet_ms, outbound_sink *sink,
                      void *ctx, struct outbound_answer *answer)
{
    if (!begin(o, url, answer))
        return;
    o->sink = sink;
    o->sink_ctx = ctx;
    set_method(o, "GET", STR(""));
    end_when_quiet(o, quiet_ms);
    perform(o);
    o->sink = NULL;
}

/* ---- in pieces ---- */

int outbound_begin(struct outbound *o, const char *method, const char *url, struct str body,
                   int64_t quiet_ms, struct error *err)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = o->lib->easy_setopt;
    int code;

    if (!speaks_http(url))
        return error_set(err, -EINVAL, "only http and https are spoken");
    o->head_bytes = 0;
    o->reason[0] = '\0';
    o->paused = false;
    code = set_up(o, url, err);
    if (code)
        return code;
    o->pieces = o->lib->multi_init();
    if (!o->pieces)
        return error_errno(err, -ENOMEM, "HTTP client");
    set_method(o, method, body);
    if (strcmp(method, "GET"))
        set(o->easy, CURLOPT_COPYPOSTFIELDS, body.len ? body.ptr : "");
    set(o->easy, CURLOPT_ACCEPT_ENCODING, NULL); /* what unpacks would not stop at a piece's end */
    end_when_quiet(o, quiet_ms);
    if (o->lib->multi_add_handle(o->pieces, o->easy) == CURLM_OK)
        return 0;
    outbound_end(o);
    return error_errno(err, -ENOMEM, "HTTP client");
}

/* 1 and its result, once the transfer has ended; else 0. */
static int ended(struct outbound *o, CURLcode *ret)
{
    int left;
    const CURLMsg *m = o->lib->multi_info_read(o->pieces, &left);

    if (!m || m->msg != CURLMSG_DONE)
        return 0;
    *ret = m->data.result;
    return 1;
}

/* As outbound_next(), with the piece at its place. */
static int fetch(struct outbound *o, int64_t wait_ms, struct error *err)
{
    uint64_t until_ns = clock_mono_ns() + (uint64_t)wait_ms * NS_PER_MS;
    CURLcode result = CURLE_OK;

    if (o->paused) {
        o->paused = false;
        result = o->lib->easy_pause(o->easy, CURLPAUSE_CONT); /* hands over what it held back */
    }
    while (result == CURLE_OK && o->to->len < o->enough) {
        int running;
        if (o->stop && atomic_load(o->stop))
            return error_set(err, -ECANCELED, "the client has left");
        if (o->lib->multi_perform(o->pieces, &running) != CURLM_OK)
            return error_errno(err, -EIO, "HTTP client");
        if (ended(o, &result)) {
            if (result == CURLE_OK)
                return 1;
        } else if (o->to->len < o->enough) {
            if (clock_mono_ns() >= until_ns)
                return 0;
            o->lib->multi_wait(o->pieces, NULL, 0, 100, NULL);
        }
    }
    return result == CURLE_OK ? 0 : error_set(err, -EIO, "%s", reason_of(o, result));
}

int outbound_next(struct outbound *o, size_t enough, int64_t wait_ms, struct buf *to,
                  struct outbound_answer *answer, struct error *err)
{
    o->to = to;
    o->enough = enough;
    o->answer = answer;
    int code = fetch(o, wait_ms, err);
    o->to = NULL;
    o->lib->easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    return code;
}

void outbound_end(struct outbound *o)
{
    if (!o->pieces)
        return;
    o->lib->multi_remove_handle(o->pieces, o->easy);
    o->lib->multi_cleanup(o->pieces);
    o->pieces = NULL;
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
