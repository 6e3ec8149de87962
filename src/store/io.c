/* io.c - the real system calls behind the store. */
#include "store/io.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int io_sync(int fd)
{
#ifdef __APPLE__
    return fsync(fd);
#else
    return fdatasync(fd);
#endif
}

static int io_reserve(int fd, off_t len)
{
    return posix_fallocate(fd, 0, len);
}

static int io_free_bytes(int fd, uint64_t *ret_free)
{
    struct statvfs st;

    if (fstatvfs(fd, &st))
        return -1;
    *ret_free = (uint64_t)st.f_bavail * st.f_frsize;
    return 0;
}

static int io_before_commit(void)
{
    return 0;
}

const struct store_io store_io_system = {
    .write = write,
    .sync = io_sync,
    .truncate = ftruncate,
    .reserve = io_reserve,
    .free_bytes = io_free_bytes,
    .before_commit = io_before_commit,
    .now_ms = clock_now_ms,
    .mono_ns = clock_mono_ns,
};
