/* fetch.c - what one request asks for, and what libcurl calls while its answer comes. */
#include "scrape/curl.h"

#include <stdlib.h>

#define RECEIVE_BYTES  16384
#define BODY_TOTAL_MAX ((uint64_t)1 << 30) /* of all fetches at once */
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

/* ---- all of it ---- */

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
    lib->easy_setopt(t->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    if (q->form.len) {
        lib->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)q->form.len);
        lib->easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, q->form.ptr);
    }
    if (q->unix_socket.len)
        lib->easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, q->unix_socket.ptr);
}

static int add_header(struct transfer *t, const char *name, struct str value)
{
    return http_lists_add(t->client->http, &t->lists, str_of(name), STR(""), value);
}

static int set_request_headers(struct transfer *t, const struct client_request *q,
                               struct error *err)
{
    int code = add_header(t, "Accept", q->accept);

    if (!code && q->form.len)
        code = add_header(t, "Content-Type", STR("application/x-www-form-urlencoded"));
    if (!code && q->compress)
        code = add_header(t, "Accept-Encoding", STR("gzip"));
    if (code)
        return error_errno(err, code, "HTTP request");
    return http_lists_add_all(t->client->http, &t->lists, q->extra, q->extra_len, err);
}

int fetch_prepare(struct transfer *t, const struct client_request *q, struct error *err)
{
    const struct library *lib = &t->client->lib;

    lib->easy_reset(t->easy);
    set_callbacks(t);
    set_bounds(t, q);
    int code = set_request_headers(t, q, err);
    if (!code)
        code = http_apply(t->client->http, t->easy, q->url, q->http, &t->lists, err);
    if (!code)
        lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lists.headers);
    return code;
}
