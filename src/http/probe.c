/* probe.c - one HTTP request over a socket, plain or with TLS. */
#include "http/probe.h"

#include "http/tls.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 4096

struct url {
    bool tls;
    char host[256], port[8], path[512];
};

/* What is spoken over: `tls` is NULL where the socket is plain. */
struct line {
    int fd;
    struct tls_client *tls;
    uint64_t deadline;
};

static int parse_url(const char *text, struct url *ret, struct error *err)
{
    struct str rest = str_of(text), host;

    ret->tls = str_starts(rest, STR("https://"));
    if (!ret->tls && !str_starts(rest, STR("http://")))
        return error_set(err, -EINVAL, "--url starts with http:// or https://");
    rest.ptr += ret->tls ? 8 : 7;
    rest.len -= ret->tls ? 8 : 7;
    const char *slash = memchr(rest.ptr, '/', rest.len);
    struct str authority = str_make(rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len);
    snprintf(ret->path, sizeof(ret->path), "%s", slash ? slash : "/-/ready");
    const char *colon = memrchr(authority.ptr, ':', authority.len);
    host = colon ? str_make(authority.ptr, (size_t)(colon - authority.ptr)) : authority;
    if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = str_make(host.ptr + 1, host.len - 2);
    struct str port = colon
                          ? str_make(colon + 1, authority.len - (size_t)(colon + 1 - authority.ptr))
                      : ret->tls ? STR("443")
                                 : STR("80");
    if (!host.len || host.len >= sizeof(ret->host) || !port.len || port.len >= sizeof(ret->port))
        return error_set(err, -EINVAL, "--url '%.100s' has no host or port", text);
    str_copy(ret->host, sizeof(ret->host), host);
    str_copy(ret->port, sizeof(ret->port), port);
    return 0;
}

static int wait_for(int fd, short what, uint64_t deadline)
{
    uint64_t now = clock_mono_ns();
    struct pollfd p = {.fd = fd, .events = what};
    int n = now >= deadline ? 0 : poll(&p, 1, (int)((deadline - now) / NS_PER_MS) + 1);

    return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

static int open_socket(const struct url *url, uint64_t deadline, int *ret, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int code = -EHOSTUNREACH;

    if (getaddrinfo(url->host, url->port, &hints, &list))
        return error_set(err, code, "no address for %s port %s", url->host, url->port);
    for (struct addrinfo *a = list; a && code; a = a->ai_next) {
        int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        code = connect(fd, a->ai_addr, a->ai_addrlen) ? -errno : 0;
        if (code == -EINPROGRESS) {
            int failed = 0;
            socklen_t size = sizeof(failed);
            code = wait_for(fd, POLLOUT, deadline);
            if (!code && (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) || failed))
                code = failed ? -failed : -EIO;
        }
        if (code)
            close(fd);
        else
            *ret = fd;
    }
    freeaddrinfo(list);
    return code ? error_errno(err, code, "%s port %s", url->host, url->port) : 0;
}

static bool is_loopback(const char *host)
{
    return !strcmp(host, "localhost") || !strncmp(host, "127.", 4) || !strcmp(host, "::1");
}

/* Sends all of `text`; the error is -ETIMEDOUT when it takes too long. */
static int send_all(struct line *l, const char *text, size_t n)
{
    while (n) {
        ssize_t sent =
            l->tls ? tls_client_send(l->tls, text, n) : send(l->fd, text, n, MSG_NOSIGNAL);
        int code = sent < 0 ? (l->tls ? (int)sent : -errno) : 0;
        if (code == -EAGAIN)
            code = wait_for(l->fd, POLLOUT, l->deadline);
        if (code)
            return code;
        text += MAX(sent, 0);
        n -= (size_t)MAX(sent, 0);
    }
    return 0;
}

/* Reads what there is, waiting for the first byte; 0 at the end. */
static ssize_t receive(struct line *l, char *to, size_t size)
{
    for (;;) {
        ssize_t n = l->tls ? tls_client_receive(l->tls, to, size) : recv(l->fd, to, size, 0);
        int code = n < 0 ? (l->tls ? (int)n : -errno) : 0;
        if (code != -EAGAIN)
            return code ? code : n;
        code = wait_for(l->fd, POLLIN, l->deadline);
        if (code)
            return code;
    }
}

/* Sends the request and reads the status of the answer. */
static int ask(struct line *l, const struct url *url, int *ret_status, struct error *err)
{
    char text[ANSWER_MAX];
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n",
                     url->path, url->host);
    size_t got = 0;
    int64_t status;
    int code = send_all(l, text, (size_t)n);

    if (code)
        return error_errno(err, code, "send");
    while (got < sizeof(text) - 1 && !memchr(text, '\n', got)) {
        ssize_t more = receive(l, text + got, sizeof(text) - 1 - got);
        if (more <= 0)
            return error_errno(err, more ? (int)more : -ECONNRESET, "no answer");
        got += (size_t)more;
    }
    text[got] = '\0';
    if (!str_starts(str_make(text, got), STR("HTTP/1.")) || got < 12 ||
        !num_parse_i64(str_make(text + 9, 3), &status))
        return error_set(err, -EPROTO, "what answers there does not speak HTTP%s",
                         url->tls ? "" : " (with TLS it is https://)");
    *ret_status = (int)status;
    return 0;
}

static int open_tls(struct line *l, const struct url *url, struct error *err)
{
    int code = tls_client_open(l->fd, url->host, !is_loopback(url->host), &l->tls, err);

    while (!code && (code = tls_client_handshake(l->tls, err)) == -EAGAIN) {
        code = wait_for(l->fd, tls_client_wants_to_write(l->tls) ? POLLOUT : POLLIN, l->deadline);
        if (code)
            return error_errno(err, code, "TLS");
    }
    return code;
}

bool http_probe(const char *address, int64_t timeout_ms, struct error *err)
{
    struct line l = {.fd = -1, .deadline = clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS};
    struct url url;
    int status = 0;

    if (parse_url(address, &url, err))
        return false;
    int code = open_socket(&url, l.deadline, &l.fd, err);
    if (!code && url.tls)
        code = open_tls(&l, &url, err);
    if (!code)
        code = ask(&l, &url, &status, err);
    tls_client_close(l.tls);
    if (l.fd >= 0)
        close(l.fd);
    if (!code && status != 200)
        error_set(err, -EAGAIN, "not ready (HTTP status %d)", status);
    return !code && status == 200;
}
