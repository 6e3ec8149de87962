/* tpu_server_test.h - for tests: what libtpu has inside a job, a gRPC server on a port of the
 * loopback that answers one request a connection with messages of the test. HTTP/2 by hand, as much
 * as it takes. */
#ifndef ALGALON_DEVICE_NPU_TPU_SERVER_TEST_H
#define ALGALON_DEVICE_NPU_TPU_SERVER_TEST_H

#include "tpu_message_test.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum manner {
    ANSWERS,
    STAYS_SILENT,
    CUTS_A_FRAME
};

struct server {
    int fd;
    unsigned port;
    enum manner manner;
    /** Appends the answer to the request, which has the metric's name in it; false: NOT_FOUND. */
    bool (*answer)(struct str request, struct buf *to);
    atomic_uint connections;
    atomic_bool stop;
    bool runs;
    pthread_t thread;
};

/* Takes a port, on which nobody listens until server_start(). */
static inline void server_open(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    *s = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    s->port = ntohs(address.sin_port);
}

static inline void put_frame(struct buf *to, unsigned type, unsigned flags, unsigned stream,
                             struct str payload)
{
    const char head[] = {(char)(payload.len >> 16),
                         (char)(payload.len >> 8),
                         (char)payload.len,
                         (char)type,
                         (char)flags,
                         0,
                         0,
                         0,
                         (char)stream};

    buf_add(to, head, sizeof(head));
    buf_add(to, payload.ptr, payload.len);
}

/* A header that HPACK does not number; texts are short. */
static inline void put_header(struct buf *to, const char *name, const char *value)
{
    buf_char(to, 0);
    buf_char(to, (char)strlen(name));
    buf_add(to, name, strlen(name));
    buf_char(to, (char)strlen(value));
    buf_add(to, value, strlen(value));
}

static inline void put_answer(struct server *s, struct str request, struct buf *to)
{
    struct buf headers, message, data, trailers;

    buf_init(&headers, 0);
    buf_char(&headers, (char)0x88); /* :status 200 */
    put_header(&headers, "content-type", "application/grpc");
    buf_init(&trailers, 0);
    buf_init(&message, 0);
    buf_init(&data, 0);
    put_frame(to, 4, 0, 0, STR(""));
    put_frame(to, 1, 4, 1, buf_str(&headers));
    if (s->answer(request, &message)) {
        const char prefix[] = {0, 0, 0, (char)(message.len >> 8), (char)message.len};
        buf_add(&data, prefix, sizeof(prefix));
        buf_add(&data, message.ptr, message.len);
        put_frame(to, 0, 0, 1, buf_str(&data));
        put_header(&trailers, "grpc-status", "0");
    } else {
        put_header(&trailers, "grpc-status", "5");
        put_header(&trailers, "grpc-message", "no such metric");
    }
    if (s->manner == CUTS_A_FRAME)
        to->len -= data.len / 2;
    else
        put_frame(to, 1, 4 | 1, 1, buf_str(&trailers));
    buf_fini(&headers);
    buf_fini(&message);
    buf_fini(&data);
    buf_fini(&trailers);
}

/* The payload of the first frame with data behind the 24 bytes that begin a connection. */
static inline bool find_request(struct str bytes, struct str *ret)
{
    for (size_t at = 24; at + 9 <= bytes.len;) {
        const unsigned char *head = (const unsigned char *)bytes.ptr + at;
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (at + 9 + len > bytes.len)
            return false;
        *ret = str_make(bytes.ptr + at + 9, len);
        if (head[3] == 0)
            return true;
        at += 9 + len;
    }
    return false;
}

static inline bool wait_readable(struct server *s, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (!atomic_load(&s->stop))
        if (poll(&p, 1, 20) > 0)
            return true;
    return false;
}

static inline void serve_one(struct server *s, int fd)
{
    struct buf in, out;
    struct str request;
    char bytes[4096];
    bool answered = false;

    buf_init(&in, 0);
    while (wait_readable(s, fd)) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            break;
        buf_add(&in, bytes, (size_t)n);
        if (answered || s->manner == STAYS_SILENT || !find_request(buf_str(&in), &request))
            continue;
        buf_init(&out, 0);
        put_answer(s, request, &out);
        answered = send(fd, out.ptr, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
        buf_fini(&out);
        if (s->manner == CUTS_A_FRAME)
            break;
    }
    buf_fini(&in);
}

static inline void *serve(void *context)
{
    struct server *s = context;

    while (wait_readable(s, s->fd)) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            continue;
        atomic_fetch_add(&s->connections, 1);
        serve_one(s, fd);
        close(fd);
    }
    return NULL;
}

static inline void server_start(struct server *s, enum manner manner,
                                bool (*answer)(struct str request, struct buf *to))
{
    s->manner = manner;
    s->answer = answer;
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    s->runs = true;
}

static inline void server_close(struct server *s)
{
    atomic_store(&s->stop, true);
    if (s->runs)
        assert_int_equal(pthread_join(s->thread, NULL), 0);
    close(s->fd);
}

#endif
