/* client.c - the only file that knows libcurl. */
#include "scrape/client.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define LIBRARY "libcurl.so.4"
#define PACKAGE                                                                                    \
    "libcurl is needed to scrape and is not installed: install libcurl4 (Debian, Ubuntu) or "      \
    "libcurl (Fedora, Alpine)"
#define EVENTS_MAX      64
#define RECEIVE_BYTES   65536
#define BODY_KEPT_BYTES ((size_t)4 << 20)   /* a larger buffer is freed after use */
#define BODY_TOTAL_MAX  ((uint64_t)1 << 30) /* of all fetches at once */
#define SECRET_MAX      65536               /* bytes of a password file */
#define REDIRECTS_MAX   10

/* Options that came after the oldest libcurl we build with (7.81); older libraries answer that they
 * do not know them. Numbers from curl.h. */
#define OPT_PROTOCOLS           ((CURLoption)(CURLOPTTYPE_LONG + 181))
#define OPT_REDIR_PROTOCOLS     ((CURLoption)(CURLOPTTYPE_LONG + 182))
#define OPT_PROTOCOLS_STR       ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 318))
#define OPT_REDIR_PROTOCOLS_STR ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 319))

struct library {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_reset)(CURL *);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
    CURLMcode (*multi_add_handle)(CURLM *, CURL *);
    CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
    CURLMcode (*multi_socket_action)(CURLM *, curl_socket_t, int, int *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    CURLMcode (*multi_cleanup)(CURLM *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
};

struct transfer {
    struct client *client;
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    struct buf body, unpacked;
    uint64_t body_max, counted; /* counted: bytes of it in client->body_bytes */
    void *owner;
    bool gzip, openmetrics, too_large, crowded, on_wire;
    CURLcode code;
    long status;
    char reason[CURL_ERROR_SIZE];
    struct transfer *next; /* in the list of free ones */
};

struct client {
    struct library lib;
    CURLM *multi; /* NULL: libcurl is not open */
    char *user_agent;
    int epoll_fd, wake_fd;
    struct epoll_event events[EVENTS_MAX];
    int event_len;
    /* When libcurl wants to be called; 0: never. client_wait() reads it without the lock that its
     * users hold around everything else. */
    _Atomic uint64_t timer_ns;
    struct transfer *free;
    size_t in_use;
    _Atomic uint64_t body_bytes; /* held by all transfers, also those being taken */
};

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
        {"curl_slist_append", &lib->slist_append},
        {"curl_slist_free_all", &lib->slist_free_all},
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
    t->client->lib.easy_cleanup(t->easy);
    buf_fini(&t->body);
    buf_fini(&t->unpacked);
    free(t);
}

void client_free(struct client *c)
{
    if (!c)
        return;
    while (c->free) {
        struct transfer *t = c->free;
        c->free = t->next;
        transfer_free(t);
    }
    if (c->multi)
        c->lib.multi_cleanup(c->multi);
    if (c->epoll_fd >= 0)
        close(c->epoll_fd);
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    free(c->user_agent);
    free(c);
}

/* ---- a fetch ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t n = size * count;

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

    if (str_starts(line, STR("HTTP/"))) { /* another answer begins: after a redirect, say */
        t->gzip = t->openmetrics = false;
        t->body.len = 0;
    } else if (header_is(line, "content-encoding", &value)) {
        t->gzip = (value.len == 4 && !strncasecmp(value.ptr, "gzip", 4)) ||
                  (value.len == 6 && !strncasecmp(value.ptr, "x-gzip", 6));
    } else if (header_is(line, "content-type", &value)) {
        t->openmetrics =
            value.len >= 28 && !strncasecmp(value.ptr, "application/openmetrics-text", 28);
    }
    return line.len;
}

bool client_has_room(const struct client *c)
{
    return c->multi && c->in_use < CLIENT_TRANSFERS_MAX;
}

static struct transfer *take_transfer(struct client *c)
{
    struct transfer *t = c->free;

    if (t) {
        c->free = t->next;
    } else {
        t = calloc(1, sizeof(*t));
        if (!t)
            return NULL;
        t->client = c;
        buf_init(&t->body, 0);
        buf_init(&t->unpacked, 0);
        t->easy = c->lib.easy_init();
        if (!t->easy) {
            free(t);
            return NULL;
        }
    }
    c->in_use++;
    return t;
}

/* Adds "name: first second"; an empty `first` is left out with its blank. */
static int add_header(struct transfer *t, const char *name, struct str first, struct str second)
{
    struct curl_slist *longer = NULL;
    struct buf line;

    buf_init(&line, 0);
    buf_printf(&line, "%s: %.*s%s%.*s", name, STR_ARG(first), first.len ? " " : "",
               STR_ARG(second));
    if (!line.failed)
        longer = t->client->lib.slist_append(t->headers, line.ptr); /* buf_printf() terminates */
    buf_fini(&line);
    if (!longer)
        return -ENOMEM;
    t->headers = longer;
    return 0;
}

/* A secret, from the configuration or from its file, without the blanks around it. Terminated, the
 * caller's to free. */
static int get_secret(struct str text, struct str file, char **ret, struct error *err)
{
    struct buf content;
    int code = 0;

    buf_init(&content, SECRET_MAX + 1);
    if (file.len) {
        code = file_read(file.ptr, SECRET_MAX, &content, err);
        text = str_trim(buf_str(&content));
    }
    if (!code && (memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\r', text.len)))
        code = error_set(err, -EINVAL, "a line end inside a password or token");
    if (!code)
        *ret = xstrndup(text.ptr, text.len);
    buf_fini(&content);
    return code;
}

static int set_auth(struct transfer *t, const struct scrape_auth *auth, struct error *err)
{
    const struct library *lib = &t->client->lib;
    char *secret = NULL;
    int code = 0;

    if (auth && auth->basic) {
        code = get_secret(auth->password, auth->password_file, &secret, err);
        if (!code) {
            lib->easy_setopt(t->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
            lib->easy_setopt(t->easy, CURLOPT_USERNAME, auth->username.ptr);
            lib->easy_setopt(t->easy, CURLOPT_PASSWORD, secret);
        }
    } else if (auth && auth->authorization) {
        code = get_secret(auth->credentials, auth->credentials_file, &secret, err);
        if (!code && add_header(t, "Authorization", auth->type, str_of(secret)))
            code = error_errno(err, -ENOMEM, "HTTP request");
    }
    free(secret);
    return code;
}

/* libcurl checks a certificate against the URL's host. For another name the URL gets that name and
 * the connection is told where to go; the Host header stays. */
static int set_server_name(struct transfer *t, struct str url, struct str name, struct buf *ret)
{
    const struct library *lib = &t->client->lib;
    struct str rest = str_make(url.ptr + 8, url.len - 8); /* behind "https://" */
    const char *slash = memchr(rest.ptr, '/', rest.len);
    struct str host = str_make(rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len);
    const char *colon = memrchr(host.ptr, ':', host.len),
               *bracket = memchr(host.ptr, ']', host.len);
    bool has_port = colon && (!bracket || colon > bracket);
    struct str port =
        has_port ? str_make(colon + 1, (size_t)(host.ptr + host.len - colon) - 1) : STR("443");
    struct str bare = str_make(host.ptr, has_port ? (size_t)(colon - host.ptr) : host.len);
    struct buf to;

    buf_printf(ret, "https://%.*s:%.*s%.*s", STR_ARG(name), STR_ARG(port),
               (int)(rest.len - host.len), rest.ptr + host.len);
    buf_init(&to, 0);
    buf_printf(&to, "%.*s:%.*s:%.*s:%.*s", STR_ARG(name), STR_ARG(port), STR_ARG(bare),
               STR_ARG(port));
    if (!to.failed)
        t->connect_to = lib->slist_append(NULL, to.ptr);
    buf_fini(&to);
    lib->easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
    return t->connect_to && !ret->failed ? add_header(t, "Host", STR(""), host) : -ENOMEM;
}

static int set_tls(struct transfer *t, struct str url, const struct scrape_tls *tls,
                   struct buf *ret_url)
{
    const struct library *lib = &t->client->lib;

    if (tls && tls->ca_file.len)
        lib->easy_setopt(t->easy, CURLOPT_CAINFO, tls->ca_file.ptr);
    if (tls && tls->cert_file.len) {
        lib->easy_setopt(t->easy, CURLOPT_SSLCERT, tls->cert_file.ptr);
        lib->easy_setopt(t->easy, CURLOPT_SSLKEY, tls->key_file.ptr);
    }
    if (tls && tls->insecure_skip_verify) {
        lib->easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        lib->easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (tls && tls->server_name.len && str_starts(url, STR("https://")))
        return set_server_name(t, url, tls->server_name, ret_url);
    buf_str_add(ret_url, url);
    return 0;
}

static void set_protocols(struct transfer *t)
{
    const struct library *lib = &t->client->lib;
    const long both = 3; /* CURLPROTO_HTTP | CURLPROTO_HTTPS */

    if (lib->easy_setopt(t->easy, OPT_PROTOCOLS_STR, "http,https"))
        lib->easy_setopt(t->easy, OPT_PROTOCOLS, both);
    if (lib->easy_setopt(t->easy, OPT_REDIR_PROTOCOLS_STR, "http,https"))
        lib->easy_setopt(t->easy, OPT_REDIR_PROTOCOLS, both);
}

static int set_options(struct transfer *t, const struct client_request *q, struct error *err)
{
    const struct library *lib = &t->client->lib;
    struct buf url;
    char seconds[32];

    lib->easy_reset(t->easy);
    set_protocols(t);
    lib->easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    lib->easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    lib->easy_setopt(t->easy, CURLOPT_PROXY, ""); /* not from the environment, as Prometheus */
    lib->easy_setopt(t->easy, CURLOPT_USERAGENT, t->client->user_agent);
    lib->easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
    lib->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)q->timeout_ms);
    lib->easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, q->follow_redirects ? 1L : 0L);
    lib->easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    lib->easy_setopt(t->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    lib->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    lib->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    lib->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    lib->easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    lib->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason);
    snprintf(seconds, sizeof(seconds), "%" PRId64 ".%03d", q->timeout_ms / 1000,
             (int)(q->timeout_ms % 1000));
    int code = add_header(t, "Accept", STR(""),
                          STR("text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;"
                              "q=0.5,*/*;q=0.1"));
    if (!code)
        code = add_header(t, "Accept-Encoding", STR(""), STR("gzip"));
    if (!code)
        code = add_header(t, "X-Prometheus-Scrape-Timeout-Seconds", STR(""), str_of(seconds));
    buf_init(&url, 0);
    if (!code)
        code = set_tls(t, q->url, q->tls, &url);
    buf_char(&url, '\0');
    if (code || url.failed)
        code = error_errno(err, -ENOMEM, "HTTP request");
    else
        code = set_auth(t, q->auth, err);
    if (!code) {
        lib->easy_setopt(t->easy, CURLOPT_URL, url.ptr); /* copied */
        lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    }
    buf_fini(&url);
    return code;
}

int client_start(struct client *c, const struct client_request *request, struct transfer **ret,
                 struct error *err)
{
    struct transfer *t = client_has_room(c) ? take_transfer(c) : NULL;

    if (!t)
        return error_errno(err, -ENOMEM, "HTTP request");
    t->owner = request->owner;
    t->body_max = request->body_max;
    t->gzip = t->openmetrics = t->too_large = t->crowded = false;
    t->status = 0;
    t->reason[0] = '\0';
    int code = set_options(t, request, err);
    if (!code && c->lib.multi_add_handle(c->multi, t->easy))
        code = error_errno(err, -ENOMEM, "HTTP request");
    if (code) {
        client_release(c, t);
        return code;
    }
    t->on_wire = true;
    *ret = t;
    return 0;
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
    if (c->timer_ns && clock_mono_ns() >= c->timer_ns) {
        c->timer_ns = 0;
        c->lib.multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

struct transfer *client_next_done(struct client *c)
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

void client_release(struct client *c, struct transfer *t)
{
    if (t->on_wire)
        c->lib.multi_remove_handle(c->multi, t->easy);
    t->on_wire = false;
    c->lib.slist_free_all(t->headers);
    c->lib.slist_free_all(t->connect_to);
    t->headers = t->connect_to = NULL;
    atomic_fetch_sub(&c->body_bytes, t->counted);
    t->counted = 0;
    buf_reset(&t->body);
    if (t->body.cap > BODY_KEPT_BYTES)
        buf_fini(&t->body);
    buf_reset(&t->unpacked);
    if (t->unpacked.cap > BODY_KEPT_BYTES)
        buf_fini(&t->unpacked);
    t->next = c->free;
    c->free = t;
    c->in_use--;
}

/* ---- what came of it ---- */

int transfer_result(const struct transfer *t, struct error *err)
{
    const char *reason = t->reason[0] ? t->reason : t->client->lib.easy_strerror(t->code);

    if (t->too_large)
        return error_set(err, -EFBIG, "body of more than %" PRIu64 " bytes", t->body_max);
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

void *transfer_owner(const struct transfer *t)
{
    return t->owner;
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

struct buf *transfer_unpacked(struct transfer *t)
{
    return &t->unpacked;
}
