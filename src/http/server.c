/* server.c - the one door to libmicrohttpd: listening, its calls, answers. What happens to a
 * request in between stands in steps.c.
 *
 * The library cannot change certificates while it runs. So a reload that changes TLS starts a
 * second daemon on a duplicate of the listening socket and lets the first one run dry. */
#include "http/server.h"

#include "http/address.h"
#include "http/body.h"
#include "http/pieces.h"
#include "http/pool.h"
#include "http/steps.h"
#include "http/tls.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define EVENT_LOOPS       2
#define CONNECTION_MEMORY 16384 /* head of a request and of its answer; longer heads: 431 */
#define AUTH_QUEUE        32    /* passwords that wait to be hashed */
/* Stacks, below the 2 MiB of a huge page, which a larger one might get at its first touch. */
#define LOOP_STACK     (512u << 10)
#define AUTH_STACK     (256u << 10)
#define SLOW_STACK     (1u << 20)  /* a query recurses once per level of its expression */
#define SEND_TIMEOUT_S 120         /* a client that takes nothing at all for so long is cut off */
#define GZIP_MIN_BYTES 1024        /* smaller answers fit one packet anyway */
#define LARGE_ANSWER   (64u << 10) /* bytes; smaller ones are not counted */
#define ANSWERS_AT_ONCE                                                                            \
    (UINT64_C(1) << 30)         /* bytes of large answers that clients have not read               \
                                 */
#define FILES_PER_CONNECTION 6u /* of the limit: half for three listeners, half for all else */
#define CONNECTIONS_LEAST    8u
#define STREAM_BLOCK         16384 /* bytes asked of a stream at a time */
#define STOP_LOOK_MS         10
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

/* An answer in memory; large ones count against the server's bound until they are sent. */
struct held {
    struct http_server *server;
    char *bytes;
    size_t charged;
};

static void free_held(void *arg)
{
    struct held *held = arg;

    atomic_fetch_sub(&held->server->answer_bytes, held->charged);
    free(held->bytes);
    free(held);
}

/* A response that owns `body`, emptied; NULL when memory is out. */
static struct MHD_Response *hold(struct http_server *s, struct buf *body, size_t charged)
{
    struct held *held = xnew(struct held);
    size_t n = body->len;

    *held = (struct held){s, body->ptr, charged};
    buf_init(body, 0);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        n, n ? held->bytes : (void *)(uintptr_t) "", free_held, held);
    if (!response)
        free_held(held);
    return response;
}

void http_reply(struct http_request *r, unsigned status, const char *content_type, struct buf *body)
{
    struct http_server *s = r->server;
    const char *encoding = NULL;

    if (body->failed) {
        buf_fini(body);
        request_fail(r, 503, "the answer is too large for the memory there is");
        return;
    }
    if (body->len > GZIP_MIN_BYTES && request_is_compressible(str_of(content_type)) &&
        !request_sets_header(r, "Content-Encoding") && http_accepts_gzip(r) &&
        body_gzip(s->gzip, body))
        encoding = "gzip";
    size_t charged = body->len >= LARGE_ANSWER ? body->len : 0;
    if (charged && atomic_fetch_add(&s->answer_bytes, charged) > ANSWERS_AT_ONCE) {
        atomic_fetch_sub(&s->answer_bytes, charged);
        buf_fini(body);
        steps_turn_away(r, "too many large answers wait for their clients to read them");
        return;
    }
    atomic_fetch_add(&s->bytes, body->len);
    set_answer(r, status, content_type, encoding, hold(s, body, charged));
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
    ssize_t n = watch_stream_take(arg, to, max);

    (void)pos;
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void close_stream(void *arg)
{
    watch_stream_close(arg);
}

void http_reply_stream(struct http_request *r, const char *content_type,
                       int (*next)(void *ctx, struct buf *to), void (*done)(void *ctx), void *ctx)
{
    struct stream *stream =
        watch_stream_new(r->server->watch, &r->watched, r->connection, next, done, ctx);

    if (!stream) {
        done(ctx);
        steps_turn_away(r, "too many event streams are open");
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, close_stream);
    if (!response) {
        watch_stream_close(stream);
        return;
    }
    http_set_header(r, "Cache-Control", "no-store");
    http_set_header(r, "X-Accel-Buffering", "no");
    set_answer(r, 200, content_type, NULL, response);
    watch_phase(&r->watched, PHASE_STREAM);
}

static ssize_t read_pieces(void *arg, uint64_t pos, char *to, size_t max)
{
    ssize_t n = pieces_take(arg, to, max);

    (void)pos;
    if (n == PIECES_END)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return n == PIECES_BROKEN ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static void close_pieces(void *arg)
{
    pieces_close(arg);
}

void http_reply_pieces(struct http_request *r, const char *content_type, struct buf *first,
                       http_next_piece *next, void (*done)(void *ctx), void *ctx)
{
    struct pieces *pieces = pieces_new(r, first, next, done, ctx);

    if (!pieces) {
        buf_fini(first);
        done(ctx);
        steps_turn_away(r, "too many large answers are on their way: try again later");
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_pieces, pieces, close_pieces);
    if (!response) {
        pieces_close(pieces);
        return;
    }
    set_answer(r, 200, content_type, NULL, response);
}

/* ---- what steps.c and pieces.c need of the library ---- */

void server_suspend(struct http_request *r)
{
    MHD_suspend_connection(r->connection);
}

void server_resume(struct http_request *r)
{
    MHD_resume_connection(r->connection);
}

void *server_tls_session(const struct http_request *r)
{
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return tls ? tls->tls_session : NULL;
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

/* The library's one question: what with this request? Asked for the head, for each piece of the
 * body, at its end, and again after each resumption. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **request)
{
    struct http_request *r = *request;
    size_t n = *body_len;

    (void)arg, (void)connection, (void)url, (void)version;
    *body_len = 0;
    switch (r ? steps_next(r, method, body, n) : STEP_CLOSE) {
    case STEP_WAIT:
        return MHD_YES;
    case STEP_ANSWER:
        return queue_answer(r);
    case STEP_CLOSE:
        break;
    }
    return MHD_NO;
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
    steps_uncharge(r);
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

/* Takes a daemon that was replaced out of the list, for the caller alone to close. NULL: none. */
static struct generation *take_retired(struct http_server *s, bool dry)
{
    struct generation *taken = NULL;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->retired_len && !taken; i++)
        if (!dry || atomic_load(&s->retired[i]->connections) == 0) {
            taken = s->retired[i];
            s->retired[i] = s->retired[--s->retired_len];
        }
    pthread_mutex_unlock(&s->lock);
    return taken;
}

/* About once a second: a daemon that has run dry is stopped. */
static void tick(void *arg)
{
    generation_close(take_retired(arg, true));
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

/* As many connections as wanted, but never so many that three listeners full of them leave the rest
 * of the program without a file to open. */
static unsigned connections_within_files(unsigned wanted)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur / FILES_PER_CONNECTION >= wanted)
        return wanted;
    return MAX((unsigned)(files.rlim_cur / FILES_PER_CONNECTION), CONNECTIONS_LEAST);
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
        code = pool_start("http-auth", 1, AUTH_STACK, AUTH_QUEUE, 0, &s->auth, err);
    if (code == 0 && s->routes.any_slow)
        code = pool_start("http-slow", MAX(o->slow_threads, 1u), SLOW_STACK, MAX(o->slow_queue, 1u),
                          PIECES_AT_ONCE, &s->slow, err);
    return code;
}

int http_server_start(const struct http_listener_options *options, const struct http_route *routes,
                      size_t route_len, struct http_server **ret, struct error *err)
{
    struct http_server *s = xnew(struct http_server);

    s->options = *options;
    s->options.max_connections = connections_within_files(options->max_connections);
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
        generation_quiesce(old); /* before tick() can see it, which may close it at once */
        s->retired[s->retired_len++] = old;
        s->current = fresh;
    }
    pthread_mutex_unlock(&s->lock);
    if (!old) {
        generation_close(fresh);
        return error_set(err, -EBUSY, "connections of earlier reloads are still open");
    }
    watch_end_streams(s->watch, false);
    return 0;
}

struct http_fresh {
    struct web_config *config;
};

/* What can be said of `config` before it is in force. */
static int check_fresh(struct http_server *s, struct web_config *config, struct error *err)
{
    if (!s->options.allow_open && !web_config_has_credentials(config) &&
        !address_is_loopback(s->listen_fd))
        return error_set(err, -EPERM, "%s: without users it would be open to other machines",
                         s->web_config_file ? s->web_config_file : option_name(s));
    if (web_config_same_tls(config, s->current->config))
        return 0;
    pthread_mutex_lock(&s->lock);
    bool full = s->retired_len == RETIRED_MAX;
    pthread_mutex_unlock(&s->lock);
    if (full)
        return error_set(err, -EBUSY, "connections of earlier reloads are still open");
    return web_config_has_tls(config) ? tls_check(config, err) : 0;
}

int http_server_read(struct http_server *s, struct http_fresh **ret, struct error *err)
{
    struct http_fresh *fresh = xnew(struct http_fresh);

    pthread_mutex_lock(&s->reload_lock);
    int code = web_config_load(s->web_config_file, &fresh->config, err);
    if (!code)
        code = check_fresh(s, fresh->config, err);
    pthread_mutex_unlock(&s->reload_lock);
    if (code)
        http_fresh_drop(fresh);
    else
        *ret = fresh;
    return code;
}

int http_server_take(struct http_server *s, struct http_fresh *fresh, struct error *err)
{
    int code = 0;

    pthread_mutex_lock(&s->reload_lock);
    if (!web_config_same_tls(fresh->config, s->current->config))
        code = renew(s, fresh->config, err);
    if (!code) {
        pthread_mutex_lock(&s->lock);
        struct web_config *old = s->config;
        s->config = fresh->config;
        fresh->config = old;
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_unlock(&s->reload_lock);
    http_fresh_drop(fresh);
    return code;
}

void http_fresh_drop(struct http_fresh *fresh)
{
    if (!fresh)
        return;
    web_config_release(fresh->config);
    free(fresh);
}

void http_server_stop(struct http_server *s, int64_t grace_ms)
{
    if (!s)
        return;
    struct generation *retired;
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
    pool_drain(s->auth); /* until the library's loops have ended they may be asked for work */
    pool_drain(s->slow);
    generation_close(s->current);
    while ((retired = take_retired(s, false)))
        generation_close(retired);
    pool_stop(s->auth);
    pool_stop(s->slow);
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
