/* address.h - listen addresses as text, sockets that listen on them, and who holds a port. */
#ifndef ALGALON_HTTP_ADDRESS_H
#define ALGALON_HTTP_ADDRESS_H

#include "base/base.h"

#define ADDRESS_HOST_MAX 254 /* bytes of a name, with its end: DNS allows 253 */

struct address {
    char host[ADDRESS_HOST_MAX]; /* "" means every address of this machine */
    unsigned port;               /* 0: any free one */
};

/** Parses ":9400", "127.0.0.1:8428", "[::1]:3000", "localhost:3000". Errors: -EINVAL. */
MUST_CHECK int address_parse(struct str text, struct address *ret, struct error *err);

/**
 * Opens a listening socket, non-blocking and closed on exec. Without a host it takes IPv6 and IPv4
 * at once, IPv4 alone where the machine has no IPv6.
 * Errors: -EADDRINUSE, -EADDRNOTAVAIL, -EACCES as the system says; -EINVAL an unknown name. `err`
 * names the process that holds the port where /proc tells.
 */
MUST_CHECK int address_listen(const struct address *a, int *ret_fd, struct error *err);

/** The port a socket is bound to; 0 when it is not. */
unsigned address_port(int fd);

/** True when only this machine can reach the socket. */
bool address_is_loopback(int fd);

/**
 * Looks for the process that listens on TCP `port`, reading net/tcp, net/tcp6 and PID/fd below
 * `procfs`. Writes "name (pid 42)" and returns true; false when nobody is seen or may be seen.
 */
bool address_holder(const char *procfs, unsigned port, char *to, size_t size);

#endif
