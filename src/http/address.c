/* address.c - parsing, binding, and the look into /proc for the one who was there first. */
#include "http/address.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG        1024       /* the kernel cuts it to net.core.somaxconn */
#define TCP_TABLE_MAX  (4u << 20) /* bytes read of net/tcp: about 27,000 sockets */
#define TCP_LISTEN_HEX "0A"       /* TCP_LISTEN in the st column of net/tcp */
#define HOLDERS_MAX    8          /* sockets on one port that are looked up */
#define LINK_TEXT_MAX  64         /* "socket:[18446744073709551615]" */

int address_parse(struct str text, struct address *ret, struct error *err)
{
    struct str host, port;
    uint64_t number;
    size_t colon = text.len;

    *ret = (struct address){0};
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return error_set(err, -EINVAL, "address \"%.*s\": wanted HOST:PORT or :PORT",
                         (int)MIN(text.len, 100), text.ptr);
    host = str_make(text.ptr, colon - 1);
    port = str_make(text.ptr + colon, text.len - colon);
    if (!num_parse_u64(port, &number) || number > 65535)
        return error_set(err, -EINVAL, "address \"%.*s\": the port must be 0 to 65535",
                         (int)MIN(text.len, 100), text.ptr);
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = str_make(host.ptr + 1, host.len - 2);
    else if (str_contains(host, STR(":")))
        return error_set(err, -EINVAL,
                         "address \"%.*s\": an IPv6 address stands in brackets, as [::1]:3000",
                         (int)MIN(text.len, 100), text.ptr);
    if (host.len >= sizeof(ret->host) || memchr(host.ptr, '\0', host.len))
        return error_set(err, -EINVAL, "address: the host name is too long");
    str_copy(ret->host, sizeof(ret->host), host);
    ret->port = (unsigned)number;
    return 0;
}

/* ---- listening ---- */

/* One socket bound to one address; negative errno on failure. */
static int bind_one(int family, const struct sockaddr *to, socklen_t len, bool dual_stack)
{
    const int on = 1, v6_only = dual_stack ? 0 : 1;
    int fd = socket(family, SOCK_STREAM, 0);
    int code;

    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        goto fail;
    if (family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only)) < 0)
        goto fail;
    if (bind(fd, to, len) < 0 || listen(fd, BACKLOG) < 0)
        goto fail;
    return fd;

fail:
    code = -errno;
    close(fd);
    return code;
}

static int bind_everywhere(unsigned port)
{
    struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_any, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_ANY),
                               .sin_port = htons((uint16_t)port)};
    int fd = bind_one(AF_INET6, (const struct sockaddr *)&six, sizeof(six), true);

    if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL || fd == -ENOPROTOOPT || fd == -EINVAL)
        fd = bind_one(AF_INET, (const struct sockaddr *)&four, sizeof(four), false);
    return fd;
}

/* Binds the first address of a name that can be bound, IPv4 before IPv6: clients of "localhost" try
 * both, and some only the old one. */
static int bind_name(const struct address *a, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    static const int families[] = {AF_INET, AF_INET6};
    struct addrinfo *list = NULL;
    char port[16];
    int fd = -EADDRNOTAVAIL;

    snprintf(port, sizeof(port), "%u", a->port);
    int code = getaddrinfo(a->host, port, &hints, &list);
    if (code)
        return error_set(err, -EINVAL, "host \"%s\": %s", a->host, gai_strerror(code));
    for (size_t i = 0; i < ARRAY_LEN(families) && fd < 0; i++)
        for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next)
            if (at->ai_family == families[i])
                fd = bind_one(at->ai_family, at->ai_addr, at->ai_addrlen, false);
    freeaddrinfo(list);
    return fd;
}

int address_listen(const struct address *a, int *ret_fd, struct error *err)
{
    char holder[80];
    struct error why = {0};
    int fd = a->host[0] ? bind_name(a, &why) : bind_everywhere(a->port);

    if (fd >= 0) {
        *ret_fd = fd;
        return 0;
    }
    if (why.code)
        return error_set(err, why.code, "%s", why.text);
    if (fd == -EADDRINUSE && address_holder("/proc", a->port, holder, sizeof(holder)))
        return error_set(err, fd, "port %u is in use by %s: stop it or choose another address",
                         a->port, holder);
    if (fd == -EADDRINUSE)
        return error_set(err, fd,
                         "port %u is in use by another process: stop it or choose another address",
                         a->port);
    if (fd == -EACCES)
        return error_set(err, fd,
                         "port %u may not be taken: ports below 1024 need CAP_NET_BIND_SERVICE",
                         a->port);
    return error_errno(err, fd, "listen on %s:%u", a->host, a->port);
}

unsigned address_port(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);

    if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return 0;
    if (at.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
    return at.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&at)->sin_port) : 0;
}

bool address_is_loopback(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);

    if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return false;
    if (at.ss_family == AF_INET)
        return ntohl(((struct sockaddr_in *)&at)->sin_addr.s_addr) >> 24 == 127;
    if (at.ss_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((struct sockaddr_in6 *)&at)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

/* ---- who holds a port ---- */

/* Collects the inodes of sockets that listen on `port` from one table: columns are
 * sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode. */
static size_t listening_inodes(const char *path, unsigned port, uint64_t *to, size_t max)
{
    struct buf table;
    size_t n = 0;

    buf_init(&table, 0);
    if (file_read(path, TCP_TABLE_MAX, &table, NULL) < 0) {
        buf_fini(&table);
        return 0;
    }
    struct str rest = buf_str(&table);
    while (rest.ptr && n < max) {
        struct str line = str_cut(&rest, '\n');
        struct str field[10];
        size_t fields = 0;
        while (line.ptr && fields < ARRAY_LEN(field)) {
            struct str part = str_cut(&line, ' ');
            if (part.len)
                field[fields++] = part;
        }
        if (fields < ARRAY_LEN(field) || !str_is(field[3], TCP_LISTEN_HEX) || field[1].len < 5)
            continue;
        char text[8];
        str_copy(text, sizeof(text), str_make(field[1].ptr + field[1].len - 4, 4));
        if (strtoul(text, NULL, 16) == port && num_parse_u64(field[9], &to[n]))
            n++;
    }
    buf_fini(&table);
    return n;
}

/* True when process `pid` holds one of the sockets. */
static bool holds(const char *procfs, const char *pid, const uint64_t *inodes, size_t n)
{
    char path[512], link[LINK_TEXT_MAX], wanted[LINK_TEXT_MAX];
    bool found = false;

    snprintf(path, sizeof(path), "%s/%s/fd", procfs, pid);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    for (struct dirent *entry = readdir(dir); entry && !found; entry = readdir(dir)) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
        if (len <= 0)
            continue;
        link[len] = '\0';
        for (size_t i = 0; i < n && !found; i++) {
            snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inodes[i]);
            found = strcmp(link, wanted) == 0;
        }
    }
    closedir(dir);
    return found;
}

bool address_holder(const char *procfs, unsigned port, char *to, size_t size)
{
    uint64_t inodes[HOLDERS_MAX];
    char path[512], name[64];
    size_t n = 0;
    bool found = false;

    snprintf(path, sizeof(path), "%s/net/tcp", procfs);
    n = listening_inodes(path, port, inodes, HOLDERS_MAX);
    snprintf(path, sizeof(path), "%s/net/tcp6", procfs);
    n += listening_inodes(path, port, inodes + n, HOLDERS_MAX - n);
    DIR *dir = n ? opendir(procfs) : NULL;
    if (!dir)
        return false;
    for (struct dirent *entry = readdir(dir); entry && !found; entry = readdir(dir)) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !holds(procfs, entry->d_name, inodes, n))
            continue;
        snprintf(path, sizeof(path), "%s/%.20s/comm", procfs, entry->d_name);
        ssize_t len = file_read_small(path, name, sizeof(name));
        struct str comm = str_trim(str_make(name, len > 0 ? (size_t)len : 0));
        snprintf(to, size, "%.*s (pid %.20s)", STR_ARG(comm), entry->d_name);
        found = true;
    }
    closedir(dir);
    return found;
}
