/* ready.c - one HTTP request over a plain socket. */
#include "ready.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 4096

struct url {
    char host[256], port[8], path[512];
};

static int parse_url(const char *text, struct url *ret, struct error *err)
{
    struct str rest = str_of(text), host;

    if (!str_starts(rest, STR("http://")))
        return error_set(err, -EINVAL,
                         "--url starts with http:// (a health check asks over loopback; TLS is not "
                         "supported here)");
    rest.ptr += 7;
    rest.len -= 7;
    const char *slash = memchr(rest.ptr, '/', rest.len);
    struct str authority = str_make(rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len);
    snprintf(ret->path, sizeof(ret->path), "%s", slash ? slash : "/-/ready");
    const char *colon = memrchr(authority.ptr, ':', authority.len);
    host = colon ? str_make(authority.ptr, (size_t)(colon - authority.ptr)) : authority;
    if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = str_make(host.ptr + 1, host.len - 2);
    struct str port = colon
                          ? str_make(colon + 1, authority.len - (size_t)(colon + 1 - authority.ptr))
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

/* Sends the request and reads the status of the answer. */
static int ask(int fd, const struct url *url, uint64_t deadline, int *ret_status, struct error *err)
{
    char text[ANSWER_MAX];
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n",
                     url->path, url->host);
    size_t got = 0;
    ssize_t sent = send(fd, text, (size_t)n, MSG_NOSIGNAL);

    if (sent != n)
        return error_errno(err, sent < 0 ? -errno : -EIO, "send");
    while (got < sizeof(text) - 1 && !memchr(text, '\n', got)) {
        int code = wait_for(fd, POLLIN, deadline);
        if (code)
            return error_errno(err, code, "no answer");
        ssize_t more = recv(fd, text + got, sizeof(text) - 1 - got, 0);
        if (more <= 0)
            return error_errno(err, more ? -errno : -ECONNRESET, "no answer");
        got += (size_t)more;
    }
    text[got] = '\0';
    struct str head = str_make(text, got);
    if (!str_starts(head, STR("HTTP/1.")) || got < 12)
        return error_set(err, -EPROTO, "what answers there does not speak HTTP");
    int64_t status;
    if (!num_parse_i64(str_make(text + 9, 3), &status))
        return error_set(err, -EPROTO, "what answers there does not speak HTTP");
    *ret_status = (int)status;
    return 0;
}

bool ready_ask(const char *address, int64_t timeout_ms, struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    struct url url;
    int fd = -1, status = 0;

    if (parse_url(address, &url, err))
        return false;
    int code = open_socket(&url, deadline, &fd, err);
    if (!code)
        code = ask(fd, &url, deadline, &status, err);
    if (fd >= 0)
        close(fd);
    if (!code && status != 200)
        error_set(err, -EAGAIN, "not ready (HTTP status %d)", status);
    return !code && status == 200;
}
