/* linux_edge.c - the kernel's own edge. */
#include "device/linux_edge.h"

#include "device/linux_file.h"
#include "device/linux_grpc.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define AGAIN_MAX     16 /* interrupted ioctls */
#define ARGUMENTS_MAX 8

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

static bool edge_has_tool(void *context, const char *rootfs, const char *tool)
{
    char path[LINUX_PATH_MAX];

    (void)context;
    return linux_file_path(path, rootfs, "%s", tool) && access(path, X_OK) == 0;
}

static int edge_run(void *context, const char *rootfs, const char *tool,
                    const char *const *arguments, int64_t patience_ms, struct buf *out,
                    struct error *err)
{
    const char *argv[ARGUMENTS_MAX + 2] = {NULL};
    char path[LINUX_PATH_MAX];

    (void)context;
    if (!linux_file_path(path, rootfs, "%s", tool))
        return error_errno(err, -ENAMETOOLONG, "%s", tool);
    argv[0] = path;
    for (size_t i = 0; arguments[i]; i++) {
        if (i == ARGUMENTS_MAX)
            return error_errno(err, -E2BIG, "%s", tool);
        argv[i + 1] = arguments[i];
    }
    return child_run(argv, patience_ms, out, err);
}

static int edge_call(void *context, struct linux_grpc **handle, const struct linux_call *c,
                     struct buf *ret, struct error *err)
{
    (void)context;
    int code = *handle ? 0 : linux_grpc_open(handle, err);
    return code ? code
                : linux_grpc_call(*handle, c->target, c->method, c->request, c->max, c->timeout_ms,
                                  ret, err);
}

static bool edge_variable(void *context, const char *name, char *to, size_t size)
{
    const char *value = getenv(name);

    (void)context;
    if (!value || !*value || strlen(value) >= size)
        return false;
    str_copy(to, size, str_of(value));
    return true;
}

#define EDGE(of_counters)                                                                          \
    {                                                                                              \
        .open = edge_open, .ioctl = edge_ioctl, .counter = (of_counters), .count = edge_count,     \
        .wait = edge_wait, .close = edge_close, .has_tool = edge_has_tool, .run = edge_run,        \
        .call = edge_call, .variable = edge_variable,                                              \
    }

const struct linux_edge *linux_edge_kernel(void)
{
    static const struct linux_edge kernel = EDGE(edge_counter);

    return &kernel;
}

const struct linux_edge *linux_edge_of(const struct host_paths *paths)
{
    static const struct linux_edge copy = EDGE(edge_no_counter);

    if (paths->edge)
        return paths->edge;
    return linux_edge_is_sysfs(paths->sysfs) ? linux_edge_kernel() : &copy;
}
