/* server_test.h - an HTTP server of the test's own process on loopback, which answers by path. */
#ifndef ALGALON_SCRAPE_SERVER_TEST_H
#define ALGALON_SCRAPE_SERVER_TEST_H

#include "base/base.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <libdeflate.h>

#define CLIENTS_MAX   400
#define REQUEST_BYTES 4096

struct server_client {
    int fd;
    char request[REQUEST_BYTES];
    size_t len;
};

struct server {
    int fd, port;
    pthread_t thread;
    atomic_bool stop;
    pthread_mutex_t lock; /* lock: text, auth */
    char text[4096];      /* what /metrics says */
    char auth[256];       /* the last Authorization header */
    struct server_client clients[CLIENTS_MAX];
    size_t len;
};

static inline void send_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

static inline void answer(int fd, const char *head, const void *body, size_t n)
{
    char text[512];
    int len = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, n);
    send_all(fd, text, (size_t)len);
    send_all(fd, body, n);
}

static inline void answer_gzip(int fd, const char *text)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    char packed[8192];
    size_t n = libdeflate_gzip_compress(c, text, strlen(text), packed, sizeof(packed));
    answer(fd, "200 OK\r\nContent-Encoding: gzip", packed, n);
    libdeflate_free_compressor(c);
}

/* Answers one request; false: the connection is to be closed. */
static inline bool serve(struct server *s, int fd, const char *request)
{
    char text[sizeof(s->text)];
    static char large[70000];

    pthread_mutex_lock(&s->lock);
    memcpy(text, s->text, sizeof(text));
    const char *auth = strcasestr(request, "\nauthorization: ");
    if (auth)
        snprintf(s->auth, sizeof(s->auth), "%.*s", (int)strcspn(auth + 16, "\r"), auth + 16);
    pthread_mutex_unlock(&s->lock);
    struct str path = str_of(request + 4);
    if (str_starts(path, STR("/metrics")))
        answer(fd, "200 OK", text, strlen(text));
    else if (str_starts(path, STR("/gzip")) && strstr(request, "Accept-Encoding: gzip"))
        answer_gzip(fd, text);
    else if (str_starts(path, STR("/broken")))
        answer(fd, "200 OK\r\nContent-Encoding: gzip", text, strlen(text));
    else if (str_starts(path, STR("/error")))
        answer(fd, "503 Service Unavailable", "no", 2);
    else if (str_starts(path, STR("/html")))
        answer(fd, "200 OK", "<html></html>", 13);
    else if (str_starts(path, STR("/large")))
        answer(fd, "200 OK", memset(large, 'x', sizeof(large)), sizeof(large));
    else if (str_starts(path, STR("/moved")))
        answer(fd, "302 Found\r\nLocation: /metrics", "elsewhere 1\n", 12);
    else if (str_starts(path, STR("/cut")))
        return false;
    return true; /* /slow: no answer, ever */
}

static inline bool receive(struct server *s, struct server_client *c)
{
    ssize_t n = recv(c->fd, c->request + c->len, sizeof(c->request) - 1 - c->len, 0);

    if (n <= 0)
        return false;
    c->len += (size_t)n;
    c->request[c->len] = '\0';
    if (!strstr(c->request, "\r\n\r\n"))
        return c->len < sizeof(c->request) - 1;
    c->len = 0;
    return serve(s, c->fd, c->request);
}

static inline void *server_run(void *arg)
{
    struct server *s = arg;
    struct pollfd polled[CLIENTS_MAX + 1];

    while (!s->stop) {
        polled[0] = (struct pollfd){.fd = s->fd, .events = POLLIN};
        for (size_t i = 0; i < s->len; i++)
            polled[i + 1] = (struct pollfd){.fd = s->clients[i].fd, .events = POLLIN};
        if (poll(polled, s->len + 1, 20) <= 0)
            continue;
        for (size_t i = s->len; i-- > 0;) {
            if (!polled[i + 1].revents || receive(s, &s->clients[i]))
                continue;
            close(s->clients[i].fd);
            s->clients[i] = s->clients[--s->len];
        }
        if (polled[0].revents && s->len < CLIENTS_MAX) {
            int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
            if (fd >= 0)
                s->clients[s->len++] = (struct server_client){.fd = fd};
        }
    }
    while (s->len)
        close(s->clients[--s->len].fd);
    return NULL;
}

static inline void server_open(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(s->fd, 400), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(thread_start(&s->thread, "server", server_run, s, NULL), 0);
}

static inline void server_close(struct server *s)
{
    s->stop = true;
    pthread_join(s->thread, NULL);
    close(s->fd);
    pthread_mutex_destroy(&s->lock);
}

static inline void server_say(struct server *s, const char *text)
{
    pthread_mutex_lock(&s->lock);
    snprintf(s->text, sizeof(s->text), "%s", text);
    pthread_mutex_unlock(&s->lock);
}

#endif
