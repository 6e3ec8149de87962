/* linux_grpc.c - the only file that knows libnghttp2. */
#include "device/linux_grpc.h"

#include "device/linux_proc.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIBRARY "libnghttp2.so.14"
#define PACKAGE                                                                                    \
    "libnghttp2 is needed for gRPC and is not installed: install libnghttp2-14 "                   \
    "(Debian, Ubuntu), libnghttp2 (Fedora) or nghttp2-libs (Alpine)"

/* What is used of the library's interface, as nghttp2.h 1.43 to 1.64 has it; the names of the
 * library's own are behind "h2_". These functions are in every version since 1.0. */
struct h2_session;
struct h2_callbacks;
struct h2_nv {
    uint8_t *name, *value;
    size_t name_len, value_len;
    uint8_t flags;
};
union h2_source {
    int fd;
    void *ptr;
};
struct h2_provider {
    union h2_source source;
    ssize_t (*read)(struct h2_session *, int32_t stream, uint8_t *to, size_t size, uint32_t *flags,
                    union h2_source *source, void *user);
};
struct h2_setting {
    int32_t id;
    uint32_t value;
};
#define H2_DATA_EOF           1u
#define H2_CALLBACK_FAILURE   (-902)
#define H2_ENABLE_PUSH        2
#define H2_INITIAL_WINDOW     4
#define H2_INITIAL_WINDOW_MAX (1u << 20)

typedef int on_header(struct h2_session *, const void *frame, const uint8_t *name, size_t name_len,
                      const uint8_t *value, size_t value_len, uint8_t flags, void *user);
typedef int on_data(struct h2_session *, uint8_t flags, int32_t stream, const uint8_t *bytes,
                    size_t len, void *user);
typedef int on_close(struct h2_session *, int32_t stream, uint32_t error_code, void *user);

struct linux_grpc {
    void *library;
    int (*callbacks_new)(struct h2_callbacks **);
    void (*callbacks_del)(struct h2_callbacks *);
    void (*set_on_header)(struct h2_callbacks *, on_header *);
    void (*set_on_data)(struct h2_callbacks *, on_data *);
    void (*set_on_close)(struct h2_callbacks *, on_close *);
    int (*client_new)(struct h2_session **, const struct h2_callbacks *, void *user);
    void (*session_del)(struct h2_session *);
    ssize_t (*mem_send)(struct h2_session *, const uint8_t **);
    ssize_t (*mem_recv)(struct h2_session *, const uint8_t *, size_t);
    int32_t (*submit_request)(struct h2_session *, const void *priority, const struct h2_nv *,
                              size_t, const struct h2_provider *, void *stream_user);
    int (*submit_settings)(struct h2_session *, uint8_t flags, const struct h2_setting *, size_t);
    const char *(*strerror)(int);
};

#define LOOPBACK "127.0.0.1:"

#define PREFIX 5 /* bytes before a message: 1 whether it is compressed, 4 its length */

struct call {
    struct linux_grpc *g;
    struct h2_session *session;
    int fd;
    uint64_t deadline_ns;
    struct buf question; /* with its prefix */
    size_t asked;        /* bytes of it that were sent */
    struct buf *answer;  /* with its prefix, from `begins` on */
    size_t begins, max;
    bool closed, too_large;
    int http_status, status; /* of HTTP; of gRPC, -1 while it has not come */
    char message[128];       /* the other side's words about the status */
    uint32_t reset;          /* why it broke the stream off; 0: it did not */
};

/* ---- the library ---- */

static bool take_symbols(struct linux_grpc *g)
{
    const struct {
        const char *name;
        void *to;
    } symbols[] = {
        {"nghttp2_session_callbacks_new", &g->callbacks_new},
        {"nghttp2_session_callbacks_del", &g->callbacks_del},
        {"nghttp2_session_callbacks_set_on_header_callback", &g->set_on_header},
        {"nghttp2_session_callbacks_set_on_data_chunk_recv_callback", &g->set_on_data},
        {"nghttp2_session_callbacks_set_on_stream_close_callback", &g->set_on_close},
        {"nghttp2_session_client_new", &g->client_new},
        {"nghttp2_session_del", &g->session_del},
        {"nghttp2_session_mem_send", &g->mem_send},
        {"nghttp2_session_mem_recv", &g->mem_recv},
        {"nghttp2_submit_request", &g->submit_request},
        {"nghttp2_submit_settings", &g->submit_settings},
        {"nghttp2_strerror", &g->strerror},
    };

    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        void *found = dlsym(g->library, symbols[i].name);
        if (!found)
            return false;
        memcpy(symbols[i].to, &found, sizeof(found));
    }
    return true;
}

int linux_grpc_open(struct linux_grpc **ret, struct error *err)
{
    struct linux_grpc *g = xnew(struct linux_grpc);

    g->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!g->library || !take_symbols(g)) {
        linux_grpc_close(g);
        return error_set(err, -ENOENT, "%s", PACKAGE);
    }
    *ret = g;
    return 0;
}

void linux_grpc_close(struct linux_grpc *g)
{
    if (!g)
        return;
    if (g->library)
        dlclose(g->library);
    free(g);
}

/* ---- what the library calls ---- */

static ssize_t give_question(struct h2_session *session, int32_t stream, uint8_t *to, size_t size,
                             uint32_t *flags, union h2_source *source, void *user)
{
    struct call *c = user;
    size_t n = MIN(size, c->question.len - c->asked);

    (void)session, (void)stream, (void)source;
    memcpy(to, c->question.ptr + c->asked, n);
    c->asked += n;
    if (c->asked == c->question.len)
        *flags |= H2_DATA_EOF;
    return (ssize_t)n;
}

static int take_header(struct h2_session *session, const void *frame, const uint8_t *name,
                       size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                       void *user)
{
    struct call *c = user;
    struct str key = str_make((const char *)name, name_len);
    struct str text = str_make((const char *)value, value_len);
    uint64_t number;

    (void)session, (void)frame, (void)flags;
    if (str_is(key, "grpc-message"))
        linux_proc_clean(c->message, sizeof(c->message), text);
    if (!num_parse_u64(text, &number) || number > INT32_MAX)
        return 0;
    if (str_is(key, ":status"))
        c->http_status = (int)number;
    if (str_is(key, "grpc-status"))
        c->status = (int)number;
    return 0;
}

static int take_data(struct h2_session *session, uint8_t flags, int32_t stream,
                     const uint8_t *bytes, size_t len, void *user)
{
    struct call *c = user;
    size_t have = c->answer->len - c->begins;

    (void)session, (void)flags, (void)stream;
    if (len > c->max + PREFIX - have) {
        c->too_large = true;
        return H2_CALLBACK_FAILURE;
    }
    buf_add(c->answer, bytes, len);
    return c->answer->failed ? H2_CALLBACK_FAILURE : 0;
}

static int take_end(struct h2_session *session, int32_t stream, uint32_t error_code, void *user)
{
    struct call *c = user;

    (void)session, (void)stream;
    c->closed = true;
    c->reset = error_code;
    return 0;
}

/* ---- the connection ---- */

/* Waits until the socket can be read or written; -ETIMEDOUT at the deadline. */
static int wait_for(const struct call *c, short events)
{
    struct pollfd p = {.fd = c->fd, .events = events};

    for (;;) {
        uint64_t now = clock_mono_ns();
        if (now >= c->deadline_ns)
            return -ETIMEDOUT;
        int n = poll(&p, 1, (int)((c->deadline_ns - now) / NS_PER_MS) + 1);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int connect_to(struct call *c, const void *address, size_t size, int family)
{
    c->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return -errno;
    if (!connect(c->fd, address, (socklen_t)size))
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int code = wait_for(c, POLLOUT), why = 0;
    socklen_t len = sizeof(why);
    if (!code && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &why, &len))
        code = -errno;
    return code ? code : -why;
}

static int connect_socket(struct call *c, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    return connect_to(c, &address, sizeof(address), AF_UNIX);
}

static int connect_port(struct call *c, struct str port)
{
    uint64_t number;

    if (!num_parse_u64(port, &number) || !number || number > UINT16_MAX)
        return -EINVAL;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)number),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect_to(c, &address, sizeof(address), AF_INET);
}

static int reach(struct call *c, const char *target, struct error *err)
{
    struct str text = str_of(target);
    int code = str_starts(text, STR(LOOPBACK)) ? connect_port(c, str_of(target + strlen(LOOPBACK)))
                                               : connect_socket(c, target);

    return code ? error_errno(err, code, "%s", target) : 0;
}

static int send_some(struct call *c)
{
    const uint8_t *bytes;
    ssize_t len;

    while ((len = c->g->mem_send(c->session, &bytes)) > 0) {
        while (len) {
            ssize_t n = send(c->fd, bytes, (size_t)len, MSG_NOSIGNAL);
            int code = n < 0 && errno == EAGAIN ? wait_for(c, POLLOUT) : n < 0 ? -errno : 0;
            if (code && code != -EINTR)
                return code;
            bytes += MAX(n, 0);
            len -= MAX(n, 0);
        }
    }
    return len < 0 ? -EPROTO : 0;
}

static int receive_some(struct call *c)
{
    uint8_t bytes[16384];
    int code = wait_for(c, POLLIN);

    if (code)
        return code;
    ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (!n)
        return -ECONNRESET;
    if (c->g->mem_recv(c->session, bytes, (size_t)n) < 0)
        return c->too_large ? -EFBIG : c->answer->failed ? -ENOMEM : -EPROTO;
    return 0;
}

static int converse(struct call *c, const char *path, struct error *err)
{
    int code = 0;

    while (!code && !c->closed) {
        code = send_some(c);
        if (!code && !c->closed)
            code = receive_some(c);
    }
    if (code == -EFBIG)
        return error_set(err, code, "%s: the answer is larger than %zu bytes", path, c->max);
    return code ? error_errno(err, code, "%s", path) : 0;
}

/* ---- the call ---- */

static struct h2_nv header(const char *name, const char *value)
{
    /* The library copies both; its struct has no const. */
    return (struct h2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                          strlen(value), 0};
}

static int start(struct call *c, const char *method, struct error *err)
{
    static const struct h2_setting settings[] = {{H2_ENABLE_PUSH, 0},
                                                 {H2_INITIAL_WINDOW, H2_INITIAL_WINDOW_MAX}};
    const struct h2_nv headers[] = {
        header(":method", "POST"), header(":scheme", "http"),
        header(":path", method),   header(":authority", "localhost"),
        header("te", "trailers"),  header("content-type", "application/grpc"),
    };
    const struct h2_provider body = {.read = give_question};
    struct h2_callbacks *callbacks;

    if (c->g->callbacks_new(&callbacks))
        return error_errno(err, -ENOMEM, "HTTP/2");
    c->g->set_on_header(callbacks, take_header);
    c->g->set_on_data(callbacks, take_data);
    c->g->set_on_close(callbacks, take_end);
    int code = c->g->client_new(&c->session, callbacks, c);
    c->g->callbacks_del(callbacks);
    if (!code)
        code = c->g->submit_settings(c->session, 0, settings, ARRAY_LEN(settings));
    if (!code)
        code = MIN(c->g->submit_request(c->session, NULL, headers, ARRAY_LEN(headers), &body, NULL),
                   0);
    return code ? error_set(err, -ENOMEM, "HTTP/2: %s", c->g->strerror(code)) : 0;
}

/* Whether what came is one whole message with a good status; takes its prefix off. */
static int check_answer(struct call *c, const char *path, const char *method, struct error *err)
{
    size_t len = c->answer->len - c->begins;

    if (c->http_status != 200)
        return error_set(err, -EBADMSG, "%s: HTTP status %d", path, c->http_status);
    if (c->status > 0)
        return error_set(err, c->status == 12 ? -ENOSYS : -EREMOTEIO, "%s: %s: status %d%s%s", path,
                         method, c->status, c->message[0] ? ": " : "", c->message);
    if (c->status < 0 || c->reset)
        return error_set(err, -EBADMSG, "%s: the answer was broken off (%u)", path, c->reset);
    if (len < PREFIX) /* nothing at all: there may be no memory to look at */
        return error_set(err, -EBADMSG, "%s: the answer has no message", path);
    const unsigned char *prefix = (const unsigned char *)c->answer->ptr + c->begins;
    if (prefix[0] != 0 || ((uint64_t)prefix[1] << 24 | (uint64_t)prefix[2] << 16 |
                           (uint64_t)prefix[3] << 8 | prefix[4]) != len - PREFIX)
        return error_set(err, -EBADMSG, "%s: the answer is not one whole message", path);
    memmove(c->answer->ptr + c->begins, prefix + PREFIX, len - PREFIX);
    c->answer->len -= PREFIX;
    return 0;
}

int linux_grpc_call(struct linux_grpc *g, const char *target, const char *method,
                    struct str request, size_t max, int64_t timeout_ms, struct buf *ret,
                    struct error *err)
{
    const unsigned char prefix[PREFIX] = {
        0, (unsigned char)(request.len >> 24), (unsigned char)(request.len >> 16),
        (unsigned char)(request.len >> 8), (unsigned char)request.len};
    struct call c = {.g = g, .fd = -1, .answer = ret, .begins = ret->len, .max = max, .status = -1};

    c.deadline_ns = clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    buf_init(&c.question, 0);
    buf_add(&c.question, prefix, sizeof(prefix));
    buf_add(&c.question, request.ptr, request.len);
    int code = c.question.failed ? error_errno(err, -ENOMEM, "request") : 0;
    if (!code)
        code = reach(&c, target, err);
    if (!code)
        code = start(&c, method, err);
    if (!code)
        code = converse(&c, target, err);
    if (!code)
        code = check_answer(&c, target, method, err);
    if (c.session)
        g->session_del(c.session);
    if (c.fd >= 0)
        close(c.fd);
    buf_fini(&c.question);
    if (code)
        ret->len = c.begins;
    return code;
}
