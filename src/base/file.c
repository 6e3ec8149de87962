#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t file_read_small(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, to, size - 1);
    int code = n < 0 ? -errno : 0;
    close(fd);
    if (code)
        return code;
    to[n] = '\0';
    return (size_t)n == size - 1 ? -EFBIG : n;
}

int file_read(const char *path, size_t max, struct buf *ret, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t before = ret->len;

    if (fd < 0)
        return error_errno(err, -errno, "%s", path);
    for (;;) {
        char *to = buf_reserve(ret, 16384);
        ssize_t n = to ? read(fd, to, 16384) : -1;
        int code = !to ? -ENOMEM : n < 0 ? -errno : 0;
        if (code == -EINTR)
            continue;
        if (n > 0)
            ret->len += (size_t)n;
        if (!code && ret->len - before > max)
            code = -EFBIG;
        if (code || n == 0) {
            close(fd);
            return code ? error_errno(err, code, "%s", path) : 0;
        }
    }
}

int file_write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done ? -errno : -EIO;
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int file_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code;

    if (fd < 0)
        return -errno;
    code = fsync(fd) ? -errno : 0;
    close(fd);
    return code;
}

int file_sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");
    int code = file_sync_dir(dir);

    free(dir);
    return code;
}

int file_replace(const char *path, const void *bytes, size_t n, struct error *err)
{
    struct buf temporary;
    int code = 0;

    buf_init(&temporary, 0);
    buf_printf(&temporary, "%s.tmp.%d", path, (int)getpid());
    char *name = buf_take(&temporary);
    if (!name)
        return error_errno(err, -ENOMEM, "%s", path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        code = -errno;
        goto out;
    }
    code = file_write_all(fd, bytes, n);
    if (!code && fsync(fd))
        code = -errno;
    if (close(fd) && !code)
        code = -errno;
    if (!code && rename(name, path))
        code = -errno;
    if (code)
        unlink(name);
    else
        code = file_sync_parent(path);
out:
    free(name);
    return code ? error_errno(err, code, "%s", path) : 0;
}

int file_mkdirs(const char *path, struct error *err)
{
    char *copy = xstrdup(path);
    int code = 0;

    for (char *at = copy + 1; !code; at++) {
        if (*at && *at != '/')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(copy, 0750) && errno != EEXIST)
            code = -errno;
        *at = end;
        if (!end)
            break;
    }
    struct stat st;
    if (!code && stat(path, &st))
        code = -errno;
    else if (!code && !S_ISDIR(st.st_mode))
        code = -ENOTDIR;
    free(copy);
    return code ? error_errno(err, code, "folder %s", path) : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path) && errno != ENOENT ? -errno : 0;
}

int file_remove_tree(const char *path)
{
    errno = 0;
    int code = nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
    if (code == -1)
        code = errno == ENOENT ? 0 : -errno;
    return code;
}
