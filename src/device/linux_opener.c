/* linux_opener.c - which processes have a node of NVIDIA's devices open: /proc/<pid>/fd of every
 * process, once a minute, as it is the dearest thing that is read. A driver lists processes with
 * work on a device; one that crashed half, or keeps a handle only, holds it up unlisted. Daemons
 * that watch all devices (persistence, DCGM, this worker) have all of them open. */
#include "device/linux.h"

#include "device/linux_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define INTERVAL_MS 60000
#define SCAN_NS     (5 * (uint64_t)NS_PER_S) /* a look that takes longer ends, and tells nothing */
#define FILES_MAX   65536                    /* looked at of one process */
#define OPENERS_MAX 16384                    /* pairs of process and device */

struct state {
    char procfs[LINUX_PATH_MAX];
};

static bool opener_detect(const struct host_paths *paths)
{
    return linux_file_exists(paths->procfs, "driver/nvidia") ||
           linux_file_exists(paths->rootfs, "dev/nvidiactl");
}

static int opener_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct state *s = xnew(struct state);
    int n = snprintf(s->procfs, sizeof(s->procfs), "%s", paths->procfs);

    if (n < 0 || n >= (int)sizeof(s->procfs)) {
        free(s);
        return error_errno(err, -ENAMETOOLONG, "%s", paths->procfs);
    }
    *ret = s;
    return 0;
}

static void opener_close(void *state)
{
    free(state);
}

/* "/dev/nvidia3", below whatever root; not nvidiactl, nvidia-uvm and the like. */
static bool minor_of(struct str target, unsigned *ret)
{
    static const char mark[] = "/dev/nvidia";
    const char *at = memmem(target.ptr, target.len, mark, sizeof(mark) - 1);
    uint64_t minor;

    if (!at)
        return false;
    struct str number = str_make(at + sizeof(mark) - 1,
                                 target.len - (size_t)(at - target.ptr) - (sizeof(mark) - 1));
    if (!num_parse_u64(number, &minor) || minor >= DEVICE_MINORS)
        return false;
    *ret = (unsigned)minor;
    return true;
}

static int add(struct reading *out, size_t *cap, int pid, unsigned minor, struct error *err)
{
    if (out->opener_len == OPENERS_MAX)
        return error_set(err, -EFBIG, "more than %d open devices", OPENERS_MAX);
    if (out->opener_len == *cap) { /* the old place stays in the arena until it is reset */
        size_t more = *cap ? 2 * *cap : 64;
        struct device_opener *grown = arena_alloc(out->arena, more * sizeof(*grown));
        if (!grown)
            return error_errno(err, -ENOMEM, "open devices");
        if (out->opener_len)
            memcpy(grown, out->openers, out->opener_len * sizeof(*grown));
        out->openers = grown;
        *cap = more;
    }
    out->openers[out->opener_len++] = (struct device_opener){.pid = pid, .minor = minor};
    return 0;
}

static int look_at(int procfs, const char *pid_text, int pid, struct reading *out, size_t *cap,
                   struct error *err)
{
    struct device_minors seen = {{0}};
    char name[32], target[256];
    struct dirent *entry;
    int code = 0;

    snprintf(name, sizeof(name), "%s/fd", pid_text);
    int fd = openat(procfs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        out->openers_unreadable += errno == EACCES || errno == EPERM;
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (unsigned n = 0; !code && n < FILES_MAX && (entry = readdir(dir)); n++) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));
        unsigned minor;
        if (len <= 0 || !minor_of(str_make(target, (size_t)len), &minor))
            continue;
        uint64_t bit = UINT64_C(1) << (minor % 64);
        if (!(seen.bits[minor / 64] & bit))
            code = add(out, cap, pid, minor, err);
        seen.bits[minor / 64] |= bit;
    }
    closedir(dir);
    return code;
}

static int opener_read(void *state, struct reading *out, struct error *err)
{
    const struct state *s = state;
    uint64_t deadline = clock_mono_ns() + SCAN_NS, pid;
    DIR *dir = opendir(s->procfs);
    struct dirent *entry;
    size_t cap = 0;
    int code = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    if (!dir)
        return error_errno(err, -errno, "%s", s->procfs);
    while (!code && (entry = readdir(dir))) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !num_parse_u64(str_of(entry->d_name), &pid) || pid > INT32_MAX)
            continue;
        code = look_at(dirfd(dir), entry->d_name, (int)pid, out, &cap, err);
        if (!code && clock_mono_ns() > deadline)
            code = error_set(err, -ETIMEDOUT, "the open files of all processes take too long");
    }
    closedir(dir);
    out->openers_known = !code;
    return code;
}

const struct collector linux_opener_collector = {
    .name = "opener",
    .detect = opener_detect,
    .open = opener_open,
    .read = opener_read,
    .close = opener_close,
    .interval_ms = INTERVAL_MS,
};
