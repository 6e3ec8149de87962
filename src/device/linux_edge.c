/* linux_edge.c - the kernel's own edge. */
#include "device/linux_edge.h"

#include "device/linux_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define AGAIN_MAX 16 /* interrupted ioctls */

bool linux_edge_is_sysfs(const char *sysfs)
{
    struct statfs s;

    return statfs(sysfs, &s) == 0 && (unsigned long)s.f_type == SYSFS_MAGIC;
}

static int edge_open(void *context, const char *rootfs, const char *node)
{
    char path[LINUX_PATH_MAX];

    (void)context;
    if (!linux_file_path(path, rootfs, "%s", node))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static int edge_ioctl(void *context, int fd, unsigned long request, void *argument)
{
    (void)context;
    for (unsigned i = 0; i < AGAIN_MAX; i++) {
        if (ioctl(fd, request, argument) >= 0)
            return 0;
        if (errno != EINTR && errno != EAGAIN)
            return -errno;
    }
    return -EAGAIN;
}

static int edge_counter(void *context, uint32_t type, uint64_t config, int cpu)
{
    struct perf_event_attr attr = {.type = type, .size = sizeof(attr), .config = config};

    (void)context;
    long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

static int edge_no_counter(void *context, uint32_t type, uint64_t config, int cpu)
{
    (void)context;
    (void)type;
    (void)config;
    (void)cpu;
    return -ENOTSUP;
}

static bool edge_count(void *context, int fd, uint64_t *ret)
{
    (void)context;
    return read(fd, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
}

static bool edge_wait(void *context, int fd, int patience_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    (void)context;
    return poll(&p, 1, patience_ms) == 1 && p.revents & POLLIN;
}

static void edge_close(void *context, int fd)
{
    (void)context;
    close(fd);
}

const struct linux_edge *linux_edge_of(const struct host_paths *paths)
{
    static const struct linux_edge kernel = {.open = edge_open,
                                             .ioctl = edge_ioctl,
                                             .counter = edge_counter,
                                             .count = edge_count,
                                             .wait = edge_wait,
                                             .close = edge_close};
    static const struct linux_edge copy = {.open = edge_open,
                                           .ioctl = edge_ioctl,
                                           .counter = edge_no_counter,
                                           .count = edge_count,
                                           .wait = edge_wait,
                                           .close = edge_close};

    if (paths->edge)
        return paths->edge;
    return linux_edge_is_sysfs(paths->sysfs) ? &kernel : &copy;
}
