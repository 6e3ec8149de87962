/* steps.c - the way of a request: route, credentials, body, handler, answer.
 *
 * It walks through the stages of request.h on the library's event loops. Where it must wait (a
 * password to hash, a slow handler) its connection is suspended, the work goes to a pool, and the
 * pool resumes the connection when the answer stands ready in `response`. From suspension to
 * resumption the request is the pool's alone. */
#include "http/steps.h"

#include "http/body.h"
#include "http/pool.h"
#include "http/server.h"
#include "http/tls.h"

#define DISCARD_MAX    (1u << 20) /* of an unwanted body is read, so that the answer arrives */
#define BODIES_AT_ONCE 4          /* bodies of full size in memory, of all connections */

void steps_turn_away(struct http_request *r, const char *text)
{
    atomic_fetch_add(&r->server->rejected, 1);
    http_set_header(r, "Retry-After", "1");
    request_fail(r, 503, text);
}

/* Runs the handler; afterwards an answer stands ready whatever it did. */
static void handle(struct http_request *r)
{
    if (!atomic_load(&r->watched.gone) && request_prepare(r, r->server->options.max_body_bytes))
        r->match.route->handle(r, r->match.route->ctx);
    request_drop_body(r);
    if (!r->response)
        request_fail(r, 500, "no answer");
}

void steps_uncharge(struct http_request *r)
{
    atomic_fetch_sub(&r->server->body_bytes, r->charged);
    r->charged = 0;
}

static void run_slow(void *arg)
{
    struct http_request *r = arg;

    handle(r);
    steps_uncharge(r);
    watch_run_end(r->server->watch, &r->watched);
    server_resume(r);
}

/* The request is complete: finds or makes its answer. */
static void work(struct http_request *r)
{
    struct http_server *s = r->server;

    if (r->response)
        return;
    watch_phase(&r->watched, PHASE_WORK);
    if (!r->match.route->slow) {
        handle(r);
        steps_uncharge(r);
        return;
    }
    r->stage = STAGE_WORK;
    server_suspend(r);
    watch_run_begin(s->watch, &r->watched);
    if (pool_submit(s->slow, run_slow, r))
        return;
    watch_run_end(s->watch, &r->watched);
    steps_turn_away(r, "too many requests are in work: try again in a second");
    server_resume(r);
}

static void hash_password(void *arg)
{
    struct http_request *r = arg;
    struct str authorization = http_header(r, "Authorization");

    r->verdict = credentials_verify(r->server->credentials, r->config, authorization);
    server_resume(r);
}

static void refuse_stranger(struct http_request *r)
{
    http_set_header(r, "WWW-Authenticate", "Basic realm=\"algalon\", charset=\"UTF-8\"");
    request_fail(r, 401, "Unauthorized");
}

/* Decides whether the request may go on; may suspend it for that. */
static void admit(struct http_request *r)
{
    struct http_server *s = r->server;
    struct str authorization = http_header(r, "Authorization");

    if (r->match.route->open)
        return;
    if (!tls_client_is_welcome(r->tls_config, server_tls_session(r))) {
        request_fail(r, 403, "a client certificate is needed");
        return;
    }
    switch (
        credentials_check(s->credentials, r->config, authorization.ptr ? authorization : STR(""))) {
    case VERDICT_GOOD:
        return;
    case VERDICT_BAD:
        refuse_stranger(r);
        return;
    case VERDICT_UNKNOWN:
        break;
    }
    r->stage = STAGE_AUTH;
    watch_phase(&r->watched, PHASE_WORK);
    server_suspend(r);
    if (pool_submit(s->auth, hash_password, r))
        return;
    steps_turn_away(r, "too many logins at once: try again in a second");
    server_resume(r);
}

static void answer_options(struct http_request *r)
{
    http_set_header(r, "Allow", r->match.allow);
    http_reply_text(r, 204, NULL, "");
}

/* The head is there: finds the route, or the answer where there is none. */
static void start(struct http_request *r, const char *method)
{
    struct http_server *s = r->server;
    size_t len = strlen(method);
    char *copy = arena_strndup(&r->arena, method, len);

    atomic_fetch_add(&s->requests, 1);
    r->method = str_make(copy ? copy : "", copy ? len : 0);
    pthread_mutex_lock(&s->lock);
    r->config = web_config_retain(s->config);
    pthread_mutex_unlock(&s->lock);
    route_find(&s->routes, r->method, r->raw_path, &r->match);
    if (!copy || params_decode(r->match.part, false, &r->arena, &r->part) < 0 || !r->path.len) {
        request_fail(r, 400, "the path is broken");
    } else if (str_is(r->method, "OPTIONS") && (r->match.path_known || str_is(r->path, "*"))) {
        answer_options(r);
    } else if (!r->match.path_known) {
        request_fail(r, 404, "nothing is served here");
    } else if (!r->match.route) {
        http_set_header(r, "Allow", r->match.allow);
        request_fail(r, 405, "this method is not served here");
    } else if (request_is_forged(r, s->cors_origin)) {
        request_fail(r, 403, "a page of another site may not do this (see --cors-origin)");
    } else {
        admit(r);
    }
}

/* Before the body: refuses what is too large while the client still waits to send it. */
static enum step expect_body(struct http_request *r)
{
    uint64_t length = request_length(r);

    if (!r->response && length != UINT64_MAX && length > r->server->options.max_body_bytes)
        request_fail(r, 413, "the body is too large");
    if (!r->response && length) {
        struct str coding = http_header(r, "Content-Encoding");
        if (coding.ptr && !body_coding_is_known(str_trim(coding)))
            request_fail(r, 415, "this Content-Encoding is not understood");
    }
    r->stage = STAGE_BODY;
    if (r->response && length != UINT64_MAX && length > DISCARD_MAX)
        return STEP_ANSWER;
    watch_phase(&r->watched, PHASE_BODY);
    buf_init(&r->body, r->server->options.max_body_bytes);
    return STEP_WAIT;
}

static enum step take_body(struct http_request *r, const char *bytes, size_t n)
{
    struct http_server *s = r->server;

    if (!r->response) {
        size_t all = atomic_fetch_add(&s->body_bytes, n) + n;
        r->charged += n;
        if (n > s->options.max_body_bytes - MIN(r->body.len, s->options.max_body_bytes))
            request_fail(r, 413, "the body is too large");
        else if (all > s->options.max_body_bytes * BODIES_AT_ONCE)
            steps_turn_away(r, "too many large bodies at once: try again in a second");
        else
            buf_add(&r->body, bytes, n);
        if (r->body.failed)
            steps_turn_away(r, "no memory for the body");
        if (!r->response)
            return STEP_WAIT;
        buf_fini(&r->body);
        steps_uncharge(r);
    }
    r->discarded += n;
    return r->discarded > DISCARD_MAX ? STEP_CLOSE : STEP_WAIT;
}

enum step steps_next(struct http_request *r, const char *method, const char *body, size_t n)
{
    switch (r->stage) {
    case STAGE_NEW:
        start(r, method);
        return r->stage == STAGE_AUTH ? STEP_WAIT : expect_body(r);
    case STAGE_AUTH:
        if (!r->response && r->verdict != VERDICT_GOOD)
            refuse_stranger(r);
        return expect_body(r);
    case STAGE_BODY:
        if (n)
            return take_body(r, body, n);
        work(r);
        return r->stage == STAGE_WORK ? STEP_WAIT : STEP_ANSWER;
    case STAGE_WORK:
        return STEP_ANSWER;
    case STAGE_ANSWERING:
        break;
    }
    return STEP_WAIT;
}
