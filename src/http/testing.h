/* testing.h - a client of raw sockets for the tests of this room and of those above: it can send
 * half a request, two at once, or nonsense. */
#ifndef ALGALON_HTTP_TESTING_H
#define ALGALON_HTTP_TESTING_H

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEST_WAIT_MS 10000 /* no read waits longer */

static inline int test_connect(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static inline void test_send(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server may refuse the rest: the answer tells */
        at += sent;
        n -= (size_t)sent;
    }
}

static inline void test_send_text(int fd, const char *text)
{
    test_send(fd, text, strlen(text));
}

/* An answer: status, head as text, body as sent. */
struct test_answer {
    int status; /* 0: the connection was closed without one */
    struct buf head, body;
};

static inline void test_answer_fini(struct test_answer *a)
{
    buf_fini(&a->head);
    buf_fini(&a->body);
}

/* One byte, or -1 at the end of the connection or of patience. */
static inline int test_byte(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    unsigned char c;

    if (poll(&p, 1, TEST_WAIT_MS) <= 0 || recv(fd, &c, 1, 0) != 1)
        return -1;
    return c;
}

/* The value of a header of the answer, in `to`; "" when it is not there. */
static inline const char *test_header(const struct test_answer *a, const char *name, char *to,
                                      size_t size)
{
    struct str rest = buf_str(&a->head);

    to[0] = '\0';
    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        struct str key = str_cut(&line, ':');
        if (line.ptr && key.len == strlen(name) && strncasecmp(key.ptr, name, key.len) == 0)
            str_copy(to, size, str_trim(line));
    }
    return to;
}

static inline void test_read_chunks(int fd, struct buf *body)
{
    for (;;) {
        char line[32];
        size_t n = 0;
        for (int c = test_byte(fd); c >= 0 && c != '\n' && n < sizeof(line) - 1; c = test_byte(fd))
            line[n++] = (char)c;
        line[n] = '\0';
        unsigned long left = strtoul(line, NULL, 16);
        if (!left)
            return;
        for (left += 2; left; left--) {
            int c = test_byte(fd);
            if (c < 0)
                return;
            if (left > 2)
                buf_char(body, (char)c);
        }
    }
}

/* Reads one answer; `head_only` for HEAD. */
static inline struct test_answer test_read(int fd, bool head_only)
{
    struct test_answer a = {0};
    char text[64];

    while (!str_ends(buf_str(&a.head), STR("\r\n\r\n"))) {
        int c = test_byte(fd);
        if (c < 0)
            return a;
        buf_char(&a.head, (char)c);
    }
    a.status = (int)strtol(a.head.ptr + strlen("HTTP/1.1 "), NULL, 10);
    if (head_only || a.status == 204)
        return a;
    test_header(&a, "Transfer-Encoding", text, sizeof(text));
    if (strcmp(text, "chunked") == 0) {
        test_read_chunks(fd, &a.body);
        return a;
    }
    size_t left = strtoul(test_header(&a, "Content-Length", text, sizeof(text)), NULL, 10);
    for (int c = 0; left && c >= 0; left--) {
        c = test_byte(fd);
        if (c >= 0)
            buf_char(&a.body, (char)c);
    }
    return a;
}

/* One request on a connection of its own. `extra`: header lines, each with its CRLF. */
static inline struct test_answer test_request(unsigned port, const char *method, const char *target,
                                              const char *extra, const void *body, size_t n)
{
    struct buf head;
    int fd = test_connect(port);

    buf_init(&head, 0);
    buf_printf(&head, "%s %s HTTP/1.1\r\nHost: test\r\n%s", method, target, extra);
    if (body)
        buf_printf(&head, "Content-Length: %zu\r\n", n);
    buf_text(&head, "\r\n");
    test_send(fd, head.ptr, head.len);
    if (body)
        test_send(fd, body, n);
    struct test_answer a = test_read(fd, strcmp(method, "HEAD") == 0);
    buf_fini(&head);
    close(fd);
    return a;
}

static inline struct test_answer test_get(unsigned port, const char *target)
{
    return test_request(port, "GET", target, "", NULL, 0);
}

static inline void test_assert_body(struct test_answer *a, int status, const char *body)
{
    struct str got = buf_str(&a->body);
    char *text = xstrndup(got.ptr, got.len);

    assert_int_equal(a->status, status);
    assert_string_equal(text, body);
    free(text);
    test_answer_fini(a);
}

#endif
