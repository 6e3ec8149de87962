/* pass_on.c - questions that another store answers (--query-url): they go there as they came, and
 * its answer comes back as it is. */
#include "api/answer.h"
#include "api/families.h"

#include <stdlib.h>

static enum api_outcome outcome_of(long status)
{
    switch (status) {
    case 400:
        return API_QUERY_BAD_DATA;
    case 422:
        return API_QUERY_EXECUTION;
    case 503:
        return API_QUERY_TIMEOUT;
    default:
        return status / 100 == 2 ? API_QUERY_OK : API_QUERY_INTERNAL;
    }
}

static void reply(struct http_request *r, const struct api *api, struct outbound_answer *a)
{
    if (!a->status)
        answer_error(r, 502, "unavailable", "%s (--query-url) does not answer: %s",
                     upstream_name(api->upstream), a->error);
    else if (a->cut)
        answer_error(r, 422, "execution",
                     "the answer of %s has more than %zu bytes: ask for less, or raise "
                     "--query.max-memory",
                     upstream_name(api->upstream), api->query_max_memory);
    else
        http_reply(r, (unsigned)a->status, a->content_type, &a->body);
}

/* What is told of a question that began at `began_ns`. */
static void count(struct api *api, uint64_t began_ns, long status)
{
    atomic_fetch_sub(&api->counters.queries_running, 1);
    atomic_fetch_add(&api->counters.queries[outcome_of(status)], 1);
    atomic_fetch_add(&api->counters.query_ns, clock_mono_ns() - began_ns);
}

static const char *method_of(const struct http_request *r, struct str *ret_form)
{
    bool post = str_is(http_method(r), "POST");

    *ret_form = post ? http_body(r) : STR("");
    return post ? "POST" : "GET";
}

void pass_on(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct outbound_answer answer = {0};
    uint64_t began_ns = clock_mono_ns();
    struct str form;
    const char *method = method_of(r, &form);

    atomic_fetch_add(&api->counters.queries_running, 1);
    upstream_pass(api->upstream, method, http_target(r), form, http_gone(r), &answer);
    count(api, began_ns, answer.status);
    reply(r, api, &answer);
    outbound_answer_fini(&answer);
}

/* ---- in pieces: exports ---- */

/* http_next_piece */
static int next_piece(void *ctx, const atomic_bool *gone, struct buf *to)
{
    struct error err;
    int code = upstream_next(ctx, gone, to, &err);

    if (code < 0 && code != -ECANCELED)
        log_warn("an export is not whole", "error", err.text);
    return code;
}

static void end(void *ctx)
{
    upstream_end(ctx);
}

void pass_on_pieces(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct outbound_answer answer = {0};
    uint64_t began_ns = clock_mono_ns();
    struct buf first;
    struct str form;
    const char *method = method_of(r, &form);

    buf_init(&first, 0);
    atomic_fetch_add(&api->counters.queries_running, 1);
    struct upstream_stream *s =
        upstream_begin(api->upstream, method, http_target(r), form, http_gone(r), &first, &answer);
    count(api, began_ns, answer.status);
    if (s)
        http_reply_pieces(r, answer.content_type, &first, next_piece, end, s);
    else
        reply(r, api, &answer);
    buf_fini(&first);
    outbound_answer_fini(&answer);
}
