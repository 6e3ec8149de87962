/* server.c - the one door to libmicrohttpd: listening, the steps of a request, answers.
 *
 * A request walks through the stages of request.h on the library's event loops. Where it must wait
 * (a password to hash, a slow handler) its connection is suspended, the work goes to a pool, and
 * the pool resumes the connection when the answer stands ready in `response`.
 *
 * The library cannot change certificates while it runs. So a reload that changes TLS starts a
 * second daemon on a duplicate of the listening socket and lets the first one run dry. */
#include "http/http.h"

#include "http/address.h"
#include "http/body.h"
#include "http/credentials.h"
#include "http/pool.h"
#include "http/request.h"
#include "http/tls.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENT_LOOPS       2
#define CONNECTION_MEMORY 16384 /* head of a request and of its answer; longer heads: 431 */
#define AUTH_QUEUE        32    /* passwords that wait to be hashed */
/* Stacks, below the 2 MiB of a huge page, which a larger one might get at its first touch. */
#define LOOP_STACK     (512u << 10)
#define AUTH_STACK     (256u << 10)
#define SLOW_STACK     (1u << 20) /* a query recurses once per level of its expression */
#define SEND_TIMEOUT_S 120        /* a client that takes nothing at all for so long is cut off */
#define GZIP_MIN_BYTES 1024       /* smaller answers fit one packet anyway */
#define DISCARD_MAX    (1u << 20) /* of an unwanted body is read, so that the answer arrives */
#define BODIES_AT_ONCE 4          /* bodies of full size in memory, of all connections */
#define STREAM_BLOCK   16384      /* bytes asked of a stream at a time */
#define RETIRED_MAX    4          /* daemons that run dry */
#define STOP_LOOK_MS   10
#ifdef __linux__
#define LOOP_FLAGS MHD_USE_EPOLL_INTERNAL_THREAD
#else
#define LOOP_FLAGS MHD_USE_POLL_INTERNAL_THREAD
#endif

/* A running daemon of the library with the TLS settings it was started with. */
struct generation {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    struct web_config *config; /* retained: the daemon borrows its texts */
    char priorities[TLS_PRIORITIES_MAX];
    int listen_fd; /* a duplicate, ours */
    bool quiet;    /* takes no more connections */
    atomic_size_t connections;
};

struct http_server {
    struct http_listener_options options;
    char *name, *option, *web_config_file, *cors_origin; /* copies behind `options` */
    struct route_table routes;
    int listen_fd;
    pthread_mutex_t reload_lock; /* one reload at a time */
    pthread_mutex_t lock;        /* config, current, retired, retired_len */
    struct web_config *config;
    struct generation *current;
    struct generation *retired[RETIRED_MAX];
    size_t retired_len;
    struct credentials *credentials;
    struct body_gzip *gzip;
    struct pool *slow, *auth;
    struct watch *watch;
    atomic_size_t in_work;    /* requests begun and not yet answered */
    atomic_size_t body_bytes; /* of bodies in memory */
    atomic_uint_fast64_t requests, errors, bytes, connections, rejected;
};

/* ---- answers ---- */

struct str http_header(const struct http_request *r, const char *name)
{
    const char *value = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
    return value ? str_of(value) : (struct str){NULL, 0};
}

static void add_cors(struct http_request *r, struct MHD_Response *response)
{
    const char *origin = r->server->cors_origin;

    if (!origin)
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Access-Control-Allow-Headers",
                            "Accept, Authorization, Content-Type, Origin");
    MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    MHD_add_response_header(response, "Access-Control-Expose-Headers", "Date");
    if (strcmp(origin, "*") != 0)
        MHD_add_response_header(response, "Vary", "Origin");
}

/* Makes `response` (taken over; NULL: memory is out) the answer of `r`. The first answer stands. */
static void set_answer(struct http_request *r, unsigned status, const char *content_type,
                       const char *encoding, struct MHD_Response *response)
{
    if (!response)
        return;
    if (r->response) {
        MHD_destroy_response(response);
        return;
    }
    if (content_type)
        MHD_add_response_header(response, "Content-Type", content_type);
    if (encoding)
        MHD_add_response_header(response, "Content-Encoding", encoding);
    if (content_type && request_is_compressible(str_of(content_type)))
        MHD_add_response_header(response, "Vary", "Accept-Encoding");
    for (size_t i = 0; r->config && i < r->config->header_len; i++)
        MHD_add_response_header(response, r->config->headers[i].name, r->config->headers[i].value);
    for (size_t i = 0; i < r->header_len; i++)
        MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
    add_cors(r, response);
    r->response = response;
    r->status = status;
    if (status >= 400)
        atomic_fetch_add(&r->server->errors, 1);
}

void http_reply(struct http_request *r, unsigned status, const char *content_type, struct buf *body)
{
    const char *encoding = NULL;

    if (body->failed) {
        buf_fini(body);
        request_fail(r, 503, "the answer is too large for the memory there is");
        return;
    }
    if (body->len > GZIP_MIN_BYTES && request_is_compressible(str_of(content_type)) &&
        !request_sets_header(r, "Content-Encoding") && http_accepts_gzip(r) &&
        body_gzip(r->server->gzip, body))
        encoding = "gzip";
    atomic_fetch_add(&r->server->bytes, body->len);
    struct MHD_Response *response =
        body->len
            ? MHD_create_response_from_buffer_with_free_callback(body->len, body->ptr, free)
            : MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (!response || !body->len)
        buf_fini(body);
    buf_init(body, 0);
    set_answer(r, status, content_type, encoding, response);
}

struct shared {
    void (*release)(void *owner);
    void *owner;
};

static void release_shared(void *arg)
{
    struct shared *shared = arg;

    if (shared->release)
        shared->release(shared->owner);
    free(shared);
}

void http_reply_shared(struct http_request *r, unsigned status, const char *content_type,
                       const char *encoding, struct str body, void (*release)(void *owner),
                       void *owner)
{
    struct shared *shared = xnew(struct shared);

    *shared = (struct shared){release, owner};
    atomic_fetch_add(&r->server->bytes, body.len);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        body.len, (void *)(uintptr_t)body.ptr, release_shared, shared);
    if (!response)
        release_shared(shared);
    set_answer(r, status, content_type, encoding, response);
}

/* ---- streams ---- */

static void suspend_connection(void *connection)
{
    MHD_suspend_connection(connection);
}

static void resume_connection(void *connection)
{
    MHD_resume_connection(connection);
}

static ssize_t read_stream(void *arg, uint64_t pos, char *to, size_t max)
{
    ssize_t n = stream_take(arg, to, max);

    (void)pos;
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void close_stream(void *arg)
{
    stream_close(arg);
}

void http_reply_stream(struct http_request *r, const char *content_type,
                       int (*next)(void *ctx, struct buf *to), void (*done)(void *ctx), void *ctx)
{
    struct stream *stream =
        stream_new(r->server->watch, &r->watched, r->connection, next, done, ctx);

    if (!stream) {
        done(ctx);
        atomic_fetch_add(&r->server->rejected, 1);
        http_set_header(r, "Retry-After", "10");
        request_fail(r, 503, "too many event streams are open");
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, close_stream);
    if (!response) {
        stream_close(stream);
        return;
    }
    http_set_header(r, "Cache-Control", "no-store");
    http_set_header(r, "X-Accel-Buffering", "no");
    set_answer(r, 200, content_type, NULL, response);
    watch_phase(&r->watched, PHASE_STREAM);
}

/* ---- the steps of a request ---- */

static void turn_away(struct http_request *r, const char *text)
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

static void uncharge(struct http_request *r)
{
    atomic_fetch_sub(&r->server->body_bytes, r->charged);
    r->charged = 0;
}

static void run_slow(void *arg)
{
    struct http_request *r = arg;

    handle(r);
    uncharge(r);
    watch_run_end(r->server->watch, &r->watched);
    MHD_resume_connection(r->connection);
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
        uncharge(r);
        return;
    }
    r->stage = STAGE_WORK;
    MHD_suspend_connection(r->connection);
    watch_run_begin(s->watch, &r->watched);
    if (pool_submit(s->slow, run_slow, r))
        return;
    watch_run_end(s->watch, &r->watched);
    turn_away(r, "too many requests are in work: try again in a second");
    MHD_resume_connection(r->connection);
}

static void hash_password(void *arg)
{
    struct http_request *r = arg;
    struct str authorization = http_header(r, "Authorization");

    r->verdict = credentials_verify(r->server->credentials, r->config, authorization);
    MHD_resume_connection(r->connection);
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
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct str authorization = http_header(r, "Authorization");

    if (r->match.route->open)
        return;
    if (!tls_client_is_welcome(r->tls_config, tls ? tls->tls_session : NULL)) {
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
    MHD_suspend_connection(r->connection);
    if (pool_submit(s->auth, hash_password, r))
        return;
    turn_away(r, "too many logins at once: try again in a second");
    MHD_resume_connection(r->connection);
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

static enum MHD_Result queue_answer(struct http_request *r)
{
    struct MHD_Response *response = r->response;

    r->stage = STAGE_ANSWERING;
    if (!response)
        return MHD_NO; /* memory is out even for an error: the connection is closed */
    if (atomic_load(&r->watched.phase) != PHASE_STREAM)
        watch_phase(&r->watched, PHASE_ANSWER);
    r->response = NULL;
    enum MHD_Result queued = MHD_queue_response(r->connection, r->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Before the body: refuses what is too large while the client still waits to send it. */
static enum MHD_Result expect_body(struct http_request *r)
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
        return queue_answer(r);
    watch_phase(&r->watched, PHASE_BODY);
    buf_init(&r->body, r->server->options.max_body_bytes);
    return MHD_YES;
}

static enum MHD_Result take_body(struct http_request *r, const char *bytes, size_t n)
{
    struct http_server *s = r->server;

    if (!r->response) {
        size_t all = atomic_fetch_add(&s->body_bytes, n) + n;
        r->charged += n;
        if (n > s->options.max_body_bytes - MIN(r->body.len, s->options.max_body_bytes))
            request_fail(r, 413, "the body is too large");
        else if (all > s->options.max_body_bytes * BODIES_AT_ONCE)
            turn_away(r, "too many large bodies at once: try again in a second");
        else
            buf_add(&r->body, bytes, n);
        if (r->body.failed)
            turn_away(r, "no memory for the body");
        if (!r->response)
            return MHD_YES;
        buf_fini(&r->body);
        uncharge(r);
    }
    r->discarded += n;
    return r->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

/* The library's one question: what with this request? Asked for the head, for each piece of the
 * body, at its end, and again after each resumption. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **request)
{
    struct http_request *r = *request;

    (void)arg, (void)connection, (void)url, (void)version;
    if (!r)
        return MHD_NO;
    switch (r->stage) {
    case STAGE_NEW:
        start(r, method);
        return r->stage == STAGE_AUTH ? MHD_YES : expect_body(r);
    case STAGE_AUTH:
        if (!r->response && r->verdict != VERDICT_GOOD)
            refuse_stranger(r);
        return expect_body(r);
    case STAGE_BODY:
        if (*body_len) {
            enum MHD_Result taken = take_body(r, body, *body_len);
            *body_len = 0;
            return taken;
        }
        work(r);
        return r->stage == STAGE_WORK ? MHD_YES : queue_answer(r);
    case STAGE_WORK:
        return queue_answer(r);
    case STAGE_ANSWERING:
        break;
    }
    return MHD_YES;
}

/* ---- the library's other calls ---- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_request *r = info ? info->socket_context : NULL;

    (void)arg;
    if (!r)
        return NULL;
    atomic_fetch_add(&r->server->in_work, 1);
    r->counted = true;
    r->connection = connection;
    if (request_begin(r, target) < 0)
        r->path = STR(""); /* start() answers 400 */
    return r;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why)
{
    struct http_request *r = *request;

    (void)arg, (void)connection, (void)why;
    *request = NULL;
    if (!r)
        return;
    if (r->response)
        MHD_destroy_response(r->response);
    r->response = NULL;
    uncharge(r);
    request_end(r);
    watch_phase(&r->watched, PHASE_IDLE);
    if (r->counted)
        atomic_fetch_sub(&r->server->in_work, 1);
    r->counted = false;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct generation *g = arg;
    struct http_server *s = g->server;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct http_request *r = info ? xnew(struct http_request) : NULL;
        if (!r)
            return;
        r->server = s;
        r->tls_config = g->config;
        arena_init(&r->arena, REQUEST_ARENA_MAX);
        watch_add(s->watch, &r->watched, info->connect_fd);
        atomic_fetch_add(&g->connections, 1);
        atomic_fetch_add(&s->connections, 1);
        *socket_context = r;
    } else if (*socket_context) {
        struct http_request *r = *socket_context;
        *socket_context = NULL;
        watch_remove(s->watch, &r->watched);
        request_end(r);
        arena_fini(&r->arena);
        free(r);
        atomic_fetch_sub(&s->connections, 1);
        atomic_fetch_sub(&g->connections, 1);
    }
}

PRINTF_LIKE(2, 0) static void on_log(void *arg, const char *format, va_list args)
{
    struct generation *g = arg;
    char text[200];

    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\r\n")] = '\0';
    log_debug("http library", "listener", g->server->name, "message", text);
}

/* ---- daemons ---- */

/* From here on the library leaves the listening socket alone, also when it is stopped. */
static void generation_quiesce(struct generation *g)
{
    if (g && g->daemon && !g->quiet)
        MHD_quiesce_daemon(g->daemon);
    if (g)
        g->quiet = true;
}

static void generation_close(struct generation *g)
{
    if (!g)
        return;
    generation_quiesce(g);
    if (g->daemon)
        MHD_stop_daemon(g->daemon);
    if (g->listen_fd >= 0)
        close(g->listen_fd);
    web_config_release(g->config);
    free(g);
}

static int generation_open(struct http_server *s, struct web_config *config,
                           struct generation **ret, struct error *err)
{
    struct generation *g = xnew(struct generation);
    unsigned flags = (unsigned)LOOP_FLAGS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    unsigned max = MAX(s->options.max_connections, (unsigned)EVENT_LOOPS);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, config->cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, config->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, g->priorities},
        {config->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, config->client_ca},
        {MHD_OPTION_END, 0, NULL},
    };

    g->server = s;
    g->config = web_config_retain(config);
    g->listen_fd = dup(s->listen_fd);
    int code = g->listen_fd < 0 ? -errno : 0;
    if (code == 0 && web_config_has_tls(config)) {
        flags |= MHD_USE_TLS;
        tls_priorities(config, g->priorities);
        code = tls_check(config, err);
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    if (code == 0)
        g->daemon = MHD_start_daemon(
            flags, 0, NULL, NULL, on_request, g, MHD_OPTION_EXTERNAL_LOGGER, on_log, g,
            MHD_OPTION_LISTEN_SOCKET, g->listen_fd, MHD_OPTION_THREAD_POOL_SIZE,
            (unsigned)EVENT_LOOPS, MHD_OPTION_CONNECTION_LIMIT, max,
            MHD_OPTION_PER_IP_CONNECTION_LIMIT, MAX(max / 4 * 3, 1u), MHD_OPTION_CONNECTION_TIMEOUT,
            (unsigned)SEND_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
            MHD_OPTION_THREAD_STACK_SIZE, (size_t)LOOP_STACK, MHD_OPTION_URI_LOG_CALLBACK,
            on_target, g, MHD_OPTION_NOTIFY_COMPLETED, on_completed, g,
            MHD_OPTION_NOTIFY_CONNECTION, on_connection, g, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (code == 0 && !g->daemon) {
        g->listen_fd =
            -1; /* some of the library's ways out have closed it: better lost than twice */
        code = error_set(err, -EINVAL, "the HTTP library does not start");
    }
    if (code) {
        generation_close(g);
        return code;
    }
    *ret = g;
    return 0;
}

/* About once a second: daemons that have run dry are stopped. */
static void tick(void *arg)
{
    struct http_server *s = arg;
    struct generation *dry = NULL;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->retired_len && !dry; i++)
        if (atomic_load(&s->retired[i]->connections) == 0) {
            dry = s->retired[i];
            s->retired[i] = s->retired[--s->retired_len];
        }
    pthread_mutex_unlock(&s->lock);
    generation_close(dry);
}

/* ---- start, reload, stop ---- */

static const char *option_name(const struct http_server *s)
{
    return s->option ? s->option : s->name;
}

static int listen_on(struct http_server *s, const char *text, struct error *err)
{
    struct address address;
    int code = address_parse(str_of(text), &address, err);

    if (code == 0)
        code = address_listen(&address, &s->listen_fd, err);
    if (code)
        return error_in(err, "%s %.60s", option_name(s), text);
    if (!s->options.allow_open && !web_config_has_credentials(s->config) &&
        !address_is_loopback(s->listen_fd))
        return error_set(err, -EPERM,
                         "%s %.60s: other machines could read everything without a password; "
                         "give users in --web.config.file, listen on 127.0.0.1, or say --no-auth",
                         option_name(s), text);
    return 0;
}

static int start_threads(struct http_server *s, struct error *err)
{
    const struct http_listener_options *o = &s->options;
    struct watch_options watch = {
        .limit_ns = {[PHASE_FRESH] = (uint64_t)o->head_timeout_ms * NS_PER_MS,
                     [PHASE_IDLE] = (uint64_t)o->idle_timeout_ms * NS_PER_MS,
                     [PHASE_BODY] = (uint64_t)o->body_timeout_ms * NS_PER_MS,
                     [PHASE_ANSWER] = (uint64_t)o->answer_timeout_ms * NS_PER_MS},
        .connections_max = o->max_connections,
        .streams_max = o->max_streams,
        .suspend = suspend_connection,
        .resume = resume_connection,
        .tick = tick,
        .ctx = s};
    int code = watch_start(&watch, &s->watch, err);

    if (code == 0)
        code = pool_start("http-auth", 1, AUTH_STACK, AUTH_QUEUE, &s->auth, err);
    if (code == 0 && s->routes.any_slow)
        code = pool_start("http-slow", MAX(o->slow_threads, 1u), SLOW_STACK, MAX(o->slow_queue, 1u),
                          &s->slow, err);
    return code;
}

int http_server_start(const struct http_listener_options *options, const struct http_route *routes,
                      size_t route_len, struct http_server **ret, struct error *err)
{
    struct http_server *s = xnew(struct http_server);

    s->options = *options;
    s->name = xstrdup(options->name ? options->name : "http");
    s->option = xstrdup(options->option);
    s->web_config_file = xstrdup(options->web_config_file);
    s->cors_origin = xstrdup(options->cors_origin);
    s->listen_fd = -1;
    pthread_mutex_init(&s->reload_lock, NULL);
    pthread_mutex_init(&s->lock, NULL);
    s->gzip = body_gzip_new();
    int code = route_table_init(&s->routes, routes, route_len, err);
    if (code == 0)
        code = web_config_load(s->web_config_file, &s->config, err);
    if (code == 0)
        code = credentials_new(&s->credentials, err);
    if (code == 0)
        code = listen_on(s, options->address, err);
    if (code == 0)
        code = start_threads(s, err);
    if (code == 0)
        code = generation_open(s, s->config, &s->current, err);
    if (code) {
        http_server_stop(s, 0);
        return code;
    }
    *ret = s;
    return 0;
}

unsigned http_server_port(const struct http_server *s)
{
    return address_port(s->listen_fd);
}

/* Replaces the running daemon by one with the TLS settings of `config`. */
static int renew(struct http_server *s, struct web_config *config, struct error *err)
{
    struct generation *fresh = NULL, *old = NULL;
    int code = generation_open(s, config, &fresh, err);

    if (code)
        return code;
    pthread_mutex_lock(&s->lock);
    if (s->retired_len < RETIRED_MAX) {
        old = s->current;
        s->retired[s->retired_len++] = old;
        s->current = fresh;
    }
    pthread_mutex_unlock(&s->lock);
    if (!old) {
        generation_close(fresh);
        return error_set(err, -EBUSY, "connections of earlier reloads are still open");
    }
    generation_quiesce(old);
    watch_end_streams(s->watch, false);
    return 0;
}

static int adopt(struct http_server *s, struct web_config *config, struct error *err)
{
    int code = 0;

    if (!s->options.allow_open && !web_config_has_credentials(config) &&
        !address_is_loopback(s->listen_fd))
        code = error_set(err, -EPERM, "%s: without users it would be open to other machines",
                         s->web_config_file ? s->web_config_file : option_name(s));
    if (code == 0 && !web_config_same_tls(config, s->current->config))
        code = renew(s, config, err);
    if (code)
        return code;
    pthread_mutex_lock(&s->lock);
    struct web_config *old = s->config;
    s->config = config;
    pthread_mutex_unlock(&s->lock);
    web_config_release(old);
    return 0;
}

int http_server_reload(struct http_server *s, struct error *err)
{
    struct web_config *config = NULL;

    pthread_mutex_lock(&s->reload_lock);
    int code = web_config_load(s->web_config_file, &config, err);
    if (code == 0) {
        code = adopt(s, config, err);
        if (code)
            web_config_release(config);
    }
    pthread_mutex_unlock(&s->reload_lock);
    return code;
}

void http_server_stop(struct http_server *s, int64_t grace_ms)
{
    if (!s)
        return;
    uint64_t deadline = clock_mono_ns() + (uint64_t)grace_ms * NS_PER_MS;
    generation_quiesce(s->current);
    if (s->watch)
        watch_end_streams(s->watch, true);
    while (atomic_load(&s->in_work) && clock_mono_ns() < deadline) {
        struct timespec pause = {0, STOP_LOOK_MS * (long)NS_PER_MS};
        nanosleep(&pause, NULL);
    }
    if (s->watch)
        watch_cancel_all(s->watch);
    pool_stop(s->auth);
    pool_stop(s->slow);
    generation_close(s->current);
    for (size_t i = 0; i < s->retired_len; i++)
        generation_close(s->retired[i]);
    watch_stop(s->watch);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    credentials_free(s->credentials);
    body_gzip_free(s->gzip);
    web_config_release(s->config);
    route_table_fini(&s->routes);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->reload_lock);
    free(s->name);
    free(s->option);
    free(s->web_config_file);
    free(s->cors_origin);
    free(s);
}

void http_get_stats(const struct http_server *s, struct http_stats *ret)
{
    *ret = (struct http_stats){.requests_total = atomic_load(&s->requests),
                               .errors_total = atomic_load(&s->errors),
                               .bytes_total = atomic_load(&s->bytes),
                               .connections = atomic_load(&s->connections),
                               .rejected_total = atomic_load(&s->rejected),
                               .name = s->name};
}
