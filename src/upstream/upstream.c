/* upstream.c - connections to the other store, and the questions that go over them. */
#include "upstream/upstream.h"

#include "answer.h"

#include <stdlib.h>

#define IDLE_MAX           16 /* connections kept */
#define TIMEOUT_DEFAULT_MS 120000
#define PIECE_BYTES        ((size_t)512 << 10)
#define PIECE_WAIT_MS      1000 /* so that a slow store keeps no thread from others */

struct upstream {
    char *url; /* without a slash at its end */
    char name[200];
    char agent[64];
    size_t answer_max;
    int64_t timeout_ms;
    pthread_mutex_t lock; /* lock: idle, idle_len */
    struct outbound *idle[IDLE_MAX];
    size_t idle_len;
};

/* ---- connections ---- */

static int connect_new(const struct upstream *u, struct outbound **ret, struct error *err)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded"};
    const struct outbound_options o = {.user_agent = u->agent,
                                       .headers = headers,
                                       .header_len = ARRAY_LEN(headers),
                                       .answer_max = u->answer_max};

    return outbound_open(&o, ret, err);
}

static int take_connection(struct upstream *u, struct outbound **ret, struct error *err)
{
    *ret = NULL;
    pthread_mutex_lock(&u->lock);
    if (u->idle_len)
        *ret = u->idle[--u->idle_len];
    pthread_mutex_unlock(&u->lock);
    return *ret ? 0 : connect_new(u, ret, err);
}

static void give_connection(struct upstream *u, struct outbound *o)
{
    pthread_mutex_lock(&u->lock);
    bool kept = u->idle_len < IDLE_MAX;
    if (kept)
        u->idle[u->idle_len++] = o;
    pthread_mutex_unlock(&u->lock);
    if (!kept)
        outbound_close(o);
}

int upstream_open(const struct upstream_options *options, struct upstream **ret, struct error *err)
{
    struct upstream *u = xnew(struct upstream);
    size_t len = strlen(options->url);

    while (len && options->url[len - 1] == '/')
        len--;
    u->url = xcalloc(len + 1, 1);
    memcpy(u->url, options->url, len);
    u->answer_max = options->answer_max;
    u->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
    snprintf(u->agent, sizeof(u->agent), "algalon/%s", options->version ? options->version : "0");
    pthread_mutex_init(&u->lock, NULL);
    int code = outbound_show_url(u->url, "--query-url", u->name, sizeof(u->name), err);
    if (!code && strpbrk(u->url, "?#"))
        code = error_set(err, -EINVAL, "--query-url: a query string has no place in it");
    if (!code)
        code = connect_new(u, &u->idle[0], err); /* so that what is missing is said at the start */
    u->idle_len = !code;
    if (code)
        upstream_close(u);
    else
        *ret = u;
    return code;
}

void upstream_close(struct upstream *u)
{
    if (!u)
        return;
    while (u->idle_len)
        outbound_close(u->idle[--u->idle_len]);
    pthread_mutex_destroy(&u->lock);
    free(u->url);
    free(u);
}

const char *upstream_name(const struct upstream *u)
{
    return u->name;
}

/* ---- questions ---- */

static char *url_of(const struct upstream *u, struct str target)
{
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s%.*s", u->url, STR_ARG(target));
    return buf_take(&url);
}

void upstream_pass(struct upstream *u, const char *method, struct str target, struct str form,
                   const atomic_bool *gone, struct outbound_answer *answer)
{
    struct outbound *o;
    struct error err;
    char *text = url_of(u, target);
    int code = text ? take_connection(u, &o, &err) : error_errno(&err, -ENOMEM, "question");
    if (code) {
        *answer = (struct outbound_answer){.body = answer->body};
        str_copy(answer->error, sizeof(answer->error), str_of(err.text));
    } else {
        outbound_set_stop(o, gone);
        outbound_send(o, method, text, form, u->timeout_ms, answer);
        outbound_set_stop(o, NULL);
        give_connection(u, o);
    }
    free(text);
}

/* ---- answers that may be larger than memory ---- */

struct upstream_stream {
    struct outbound *o; /* its own: who reads it may take long */
    struct outbound_answer answer;
};

static int begin(struct upstream *u, const char *method, const char *url, struct str form,
                 struct upstream_stream *s, struct error *err)
{
    if (!url)
        return error_errno(err, -ENOMEM, "question");
    int code = connect_new(u, &s->o, err);
    return code ? code : outbound_begin(s->o, method, url, form, u->timeout_ms, err);
}

struct upstream_stream *upstream_begin(struct upstream *u, const char *method, struct str target,
                                       struct str form, const atomic_bool *gone, struct buf *first,
                                       struct outbound_answer *answer)
{
    struct upstream_stream *s = xnew(struct upstream_stream);
    char *url = url_of(u, target);
    struct error err;
    int code = begin(u, method, url, form, s, &err);

    free(url);
    if (!code)
        outbound_set_stop(s->o, gone);
    /* The first byte tells what answer it is; of another than 200 all is read. */
    while (!code && !first->len)
        code = outbound_next(s->o, 1, PIECE_WAIT_MS, first, &s->answer, &err);
    outbound_answer_fini(answer);
    *answer = s->answer;
    s->answer = (struct outbound_answer){0};
    if (code == 0 && answer->status == 200)
        return s;
    if (code < 0) {
        answer->status = 0;
        str_copy(answer->error, sizeof(answer->error), str_of(err.text));
    } else if (answer->status == 200) { /* all of it is in the first piece */
        answer->body = *first;
        buf_init(first, 0);
    }
    upstream_end(s);
    return NULL;
}

int upstream_next(struct upstream_stream *s, const atomic_bool *gone, struct buf *to,
                  struct error *err)
{
    outbound_set_stop(s->o, gone);
    return outbound_next(s->o, PIECE_BYTES, PIECE_WAIT_MS, to, &s->answer, err);
}

void upstream_end(struct upstream_stream *s)
{
    if (!s)
        return;
    outbound_close(s->o);
    outbound_answer_fini(&s->answer);
    free(s);
}

int upstream_query(struct upstream *u, struct str expr, int64_t at_ms, const atomic_bool *cancel,
                   struct arena *a, enum promql_type *ret_type, struct promql_series **ret,
                   size_t *ret_len, struct error *err)
{
    struct outbound_answer answer = {0};
    struct buf form;

    buf_init(&form, 0);
    buf_text(&form, "query=");
    buf_escape(&form, expr);
    buf_printf(&form, "&time=%" PRId64 ".%03d", at_ms / 1000, (int)(at_ms % 1000));
    upstream_pass(u, "POST", STR("/api/v1/query"), buf_str(&form), cancel, &answer);
    buf_fini(&form);
    int code = 0;
    if (!answer.status)
        code = error_set(err, -EIO, "%s", answer.error);
    else if (answer.cut)
        code = error_set(err, -E2BIG, "the answer has more than %zu bytes (--query.max-memory)",
                         u->answer_max);
    else
        code = answer_read(answer.status, buf_str(&answer.body), a, ret_type, ret, ret_len, err);
    outbound_answer_fini(&answer);
    return code ? error_in(err, "%s", u->name) : 0;
}
