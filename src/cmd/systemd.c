#include "systemd.h"

#include "base/base.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void systemd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;

    if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* a name in the abstract namespace */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
        log_warn("systemd could not be told", "state", state);
    close(fd);
}

void systemd_alive(uint64_t *next_ns)
{
    const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    uint64_t us = 0, wanted = 0, now = clock_mono_ns();

    if (!period || now < *next_ns || !num_parse_u64(str_of(period), &us) || !us)
        return;
    if (pid && (!num_parse_u64(str_of(pid), &wanted) || wanted != (uint64_t)getpid()))
        return; /* it is meant for our parent */
    *next_ns = now + us * 1000 / 2;
    systemd_notify("WATCHDOG=1");
}
