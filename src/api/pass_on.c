/* pass_on.c - questions that another store answers (--query-url): they go there as they came, and
 * its answer comes back as it is. */
#include "api/answer.h"
#include "api/families.h"

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

void pass_on(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct outbound_answer answer = {0};
    uint64_t began_ns = clock_mono_ns();
    bool post = str_is(http_method(r), "POST");

    atomic_fetch_add(&api->counters.queries_running, 1);
    upstream_pass(api->upstream, post ? "POST" : "GET", http_target(r),
                  post ? http_body(r) : STR(""), http_gone(r), &answer);
    atomic_fetch_sub(&api->counters.queries_running, 1);
    atomic_fetch_add(&api->counters.queries[outcome_of(answer.status)], 1);
    atomic_fetch_add(&api->counters.query_ns, clock_mono_ns() - began_ns);
    reply(r, api, &answer);
    outbound_answer_fini(&answer);
}
