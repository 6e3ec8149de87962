/* client.c - opens libcurl and keeps many requests under way on one thread. */
#include "scrape/curl.h"
#include "scrape/token.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LIBRARY "libcurl.so.4"
#define PACKAGE                                                                                    \
    "libcurl is needed to scrape and is not installed: install libcurl4 (Debian, Ubuntu) or "      \
    "libcurl (Fedora, Alpine)"
#define BODY_KEPT_BYTES ((size_t)1 << 20) /* a larger buffer is freed after use */
#define FREE_MAX        64                /* transfers kept for the next fetch */
#define STOP_LOOK_MS    200               /* how soon client_fetch() sees that it shall stop */

/* ---- opening ---- */

struct client *client_new(const char *user_agent)
{
    struct client *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->user_agent = xstrdup(user_agent);
    c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = c->wake_fd};
    if (c->epoll_fd < 0 || c->wake_fd < 0 ||
        epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, c->wake_fd, &event)) {
        client_free(c);
        return NULL;
    }
    return c;
}

static bool load(struct library *lib, void *handle)
{
    const struct {
        const char *name;
        void *slot;
    } symbols[] = {
        {"curl_global_init", &lib->global_init},
        {"curl_easy_init", &lib->easy_init},
        {"curl_easy_setopt", &lib->easy_setopt},
        {"curl_easy_getinfo", &lib->easy_getinfo},
        {"curl_easy_reset", &lib->easy_reset},
        {"curl_easy_cleanup", &lib->easy_cleanup},
        {"curl_easy_strerror", &lib->easy_strerror},
        {"curl_multi_init", &lib->multi_init},
        {"curl_multi_setopt", &lib->multi_setopt},
        {"curl_multi_add_handle", &lib->multi_add_handle},
        {"curl_multi_remove_handle", &lib->multi_remove_handle},
        {"curl_multi_socket_action", &lib->multi_socket_action},
        {"curl_multi_info_read", &lib->multi_info_read},
        {"curl_multi_cleanup", &lib->multi_cleanup},
    };

    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (!symbol)
            return false;
        memcpy(symbols[i].slot, &symbol, sizeof(symbol));
    }
    return true;
}

/* libcurl tells which sockets it waits for. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct client *c = ctx;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(c->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, fd, &event) && errno == ENOENT)
        epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct client *c = ctx;

    (void)multi;
    c->timer_ns = timeout_ms < 0 ? 0 : clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    return 0;
}

int client_open(struct client *c, struct error *err)
{
    if (c->multi)
        return 0;
    /* Never closed again: the libraries behind it leave handlers at exit. */
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!handle || !load(&c->lib, handle) || c->lib.global_init(CURL_GLOBAL_DEFAULT))
        return error_set(err, -ELIBACC, PACKAGE);
    int code = c->http ? 0 : http_library_open(&c->http, err);
    if (code)
        return code;
    c->multi = c->lib.multi_init();
    if (!c->multi)
        return error_errno(err, -ENOMEM, "HTTP client");
    c->lib.multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    c->lib.multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    c->lib.multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    c->lib.multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    return 0;
}

void client_keep(struct client *c, size_t connections)
{
    if (c->multi)
        c->lib.multi_setopt(c->multi, CURLMOPT_MAXCONNECTS,
                            (long)MAX(connections, (size_t)CLIENT_TRANSFERS_MAX));
}

static void transfer_free(struct transfer *t)
{
    http_lists_fini(t->client->http, &t->lists);
    t->client->lib.easy_cleanup(t->easy);
    buf_fini(&t->body);
    free(t);
}

void client_free(struct client *c)
{
    if (!c)
        return;
    token_free_all(c);
    while (c->free) {
        struct transfer *t = c->free;
        c->free = t->next;
        transfer_free(t);
    }
    if (c->multi)
        c->lib.multi_cleanup(c->multi);
    http_library_close(c->http);
    if (c->epoll_fd >= 0)
        close(c->epoll_fd);
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    free(c->user_agent);
    free(c);
}

/* ---- a fetch ---- */

bool client_has_room(const struct client *c)
{
    return c->multi && c->in_use < CLIENT_TRANSFERS_MAX;
}

static struct transfer *take_transfer(struct client *c)
{
    struct transfer *t = c->free;

    if (t) {
        c->free = t->next;
        c->free_len--;
    } else {
        t = calloc(1, sizeof(*t));
        if (!t)
            return NULL;
        t->client = c;
        buf_init(&t->body, 0);
        t->easy = c->lib.easy_init();
        if (!t->easy) {
            free(t);
            return NULL;
        }
    }
    c->in_use++;
    return t;
}

int client_prepare(struct client *c, const struct client_request *request, struct transfer **ret,
                   struct error *err)
{
    struct transfer *t = client_has_room(c) ? take_transfer(c) : NULL;

    if (!t)
        return error_errno(err, -ENOMEM, "HTTP request");
    t->owner = request->owner;
    t->on_data = request->on_data;
    t->body_max = request->body_max;
    t->gzip = t->openmetrics = t->too_large = t->crowded = t->long_head = false;
    t->token = t->fetches = NULL;
    t->head_bytes = 0;
    t->status = 0;
    t->code = CURLE_OK;
    t->reason[0] = '\0';
    int code = fetch_prepare(t, request, err);
    if (code)
        client_release(c, t);
    else
        *ret = t;
    return code;
}

int client_begin(struct client *c, struct transfer *t, struct error *err)
{
    if (c->lib.multi_add_handle(c->multi, t->easy))
        return error_errno(err, -ENOMEM, "HTTP request");
    t->on_wire = true;
    return 0;
}

int client_start(struct client *c, const struct client_request *request, struct transfer **ret,
                 struct error *err)
{
    const struct http_oauth2 *oauth2 = request->http->oauth2;
    struct transfer *t;
    int code = client_prepare(c, request, &t, err), ready = 1;

    if (code)
        return code;
    if (oauth2)
        ready = token_want(c, oauth2, t, request->timeout_ms, err);
    code = ready < 0 ? ready : ready ? client_begin(c, t, err) : 0;
    if (code)
        client_release(c, t);
    else
        *ret = t;
    return code;
}

/* ---- the loop ---- */

void client_wait(struct client *c, int timeout_ms)
{
    uint64_t timer_ns = c->timer_ns;

    if (timer_ns) {
        uint64_t now = clock_mono_ns();
        uint64_t left = timer_ns > now ? (timer_ns - now + NS_PER_MS - 1) / NS_PER_MS : 0;
        if (left < (uint64_t)timeout_ms)
            timeout_ms = (int)left;
    }
    int n = epoll_wait(c->epoll_fd, c->events, EVENTS_MAX, timeout_ms);
    c->event_len = MAX(n, 0);
}

void client_wake(struct client *c)
{
    uint64_t one = 1;
    ssize_t n = write(c->wake_fd, &one, sizeof(one));
    (void)n; /* full means that it is awake already */
}

void client_process(struct client *c)
{
    int running;

    for (int i = 0; i < c->event_len; i++) {
        const struct epoll_event *event = &c->events[i];
        if (event->data.fd == c->wake_fd) {
            uint64_t count;
            ssize_t n = read(c->wake_fd, &count, sizeof(count));
            (void)n;
            continue;
        }
        int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        c->lib.multi_socket_action(c->multi, event->data.fd, what, &running);
    }
    c->event_len = 0;
    token_expire(c);
    if (c->timer_ns && clock_mono_ns() >= c->timer_ns) {
        c->timer_ns = 0;
        c->lib.multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

/* The next one that libcurl is done with; NULL: none. */
static struct transfer *next_message(struct client *c)
{
    struct transfer *t = NULL;
    CURLMsg *message;
    int left;

    while (c->multi && (message = c->lib.multi_info_read(c->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        c->lib.easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        c->lib.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &t->status);
        c->lib.multi_remove_handle(c->multi, easy);
        t->code = code;
        t->on_wire = false;
        return t;
    }
    return NULL;
}

struct transfer *client_next_done(struct client *c)
{
    struct transfer *t;

    while ((t = next_message(c)) && t->fetches)
        token_done(c, t);
    if (t && t->token && t->status == 401)
        token_refused(t);
    if (!t && c->failed) {
        t = c->failed;
        c->failed = t->next;
        t->next = NULL;
    }
    return t;
}

void client_release(struct client *c, struct transfer *t)
{
    if (t->on_wire)
        c->lib.multi_remove_handle(c->multi, t->easy);
    t->on_wire = false;
    if (t->token)
        token_forget(c, t);
    http_lists_fini(t->client->http, &t->lists);
    atomic_fetch_sub(&c->body_bytes, t->counted);
    t->counted = 0;
    buf_reset(&t->body);
    if (t->body.cap > BODY_KEPT_BYTES)
        buf_fini(&t->body);
    c->in_use--;
    if (c->free_len == FREE_MAX) {
        transfer_free(t);
        return;
    }
    t->next = c->free;
    c->free = t;
    c->free_len++;
}

/* ---- what came of it ---- */

int transfer_result(const struct transfer *t, struct error *err)
{
    const char *reason = t->reason[0] ? t->reason : t->client->lib.easy_strerror(t->code);

    if (t->too_large)
        return error_set(err, -EFBIG, "body of more than %" PRIu64 " bytes", t->body_max);
    if (t->long_head)
        return error_set(err, -EPROTO, "the head of the answer does not end");
    if (t->crowded)
        return error_set(err, -ENOMEM, "too many large bodies at once");
    if (t->code == CURLE_OPERATION_TIMEDOUT)
        return error_set(err, -ETIMEDOUT, "timed out: %s", reason);
    if (t->code)
        return error_set(err, -EIO, "%s", reason);
    if (t->status != 200)
        return error_set(err, -EPROTO, "the target answered with HTTP status %ld", t->status);
    return 0;
}

struct str transfer_content_type(const struct transfer *t)
{
    return str_of(t->content_type);
}

void *transfer_owner(const struct transfer *t)
{
    return t->owner;
}

long transfer_status(const struct transfer *t)
{
    long status = t->status;

    if (!status)
        t->client->lib.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

struct str transfer_body(const struct transfer *t)
{
    return buf_str(&t->body);
}

bool transfer_is_gzip(const struct transfer *t)
{
    return t->gzip;
}

bool transfer_is_openmetrics(const struct transfer *t)
{
    return t->openmetrics;
}

uint64_t transfer_body_max(const struct transfer *t)
{
    return t->body_max;
}

/* ---- one fetch, waited for ---- */

int client_fetch(struct client *c, const struct client_request *request, const atomic_bool *stop,
                 struct transfer **ret, struct error *err)
{
    struct transfer *t, *done = NULL;

    int code = client_start(c, request, &t, err);
    if (code)
        return code;
    while (!done && !atomic_load(stop)) {
        client_process(c);
        done = client_next_done(c);
        if (!done)
            client_wait(c, STOP_LOOK_MS);
    }
    code = done ? transfer_result(t, err) : error_set(err, -ECANCELED, "stopped");
    if (code)
        client_release(c, t);
    else
        *ret = t;
    return code;
}
