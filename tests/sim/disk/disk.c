/* disk.c - the calls that fail. What survives a power cut stands in shadow.c. */
#include "disk.h"

#include "shadow.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define FD_MAX 4096

static struct {
    pthread_mutex_t lock; /* lock: fds; the shadow */
    char dir[512];
    size_t dir_len;
    bool shadowed;
    struct disk_control own, *control;
    struct opened {
        char path[640]; /* "": not watched */
        bool synced;    /* each write is */
    } * fds;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* `real_NAME`, the C library's function of this name. */
#define REAL(name)                                                                                 \
    static __typeof__(&(name)) real_##name;                                                        \
    if (!real_##name)                                                                              \
    find_next(&real_##name, #name)

static void find_next(void *ret, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        abort();
    memcpy(ret, &found, sizeof(found)); /* ISO C converts no pointer to a function's */
}

EXPORT void disk_watch(const char *dir, const char *shadow)
{
    if (!disk.fds)
        disk.fds = calloc(FD_MAX, sizeof(*disk.fds));
    if (!disk.control)
        disk.control = &disk.own;
    snprintf(disk.dir, sizeof(disk.dir), "%s/", dir);
    disk.dir_len = strlen(disk.dir);
    disk.shadowed = shadow != NULL;
    if (shadow)
        shadow_begin(dir, shadow);
}

EXPORT struct disk_control *disk_control(void)
{
    if (!disk.control)
        disk.control = &disk.own;
    return disk.control;
}

__attribute__((constructor)) static void begin(void)
{
    const char *dir = getenv("ALGALON_DISK_DIR"), *file = getenv("ALGALON_DISK_CONTROL");
    int fd = dir && file ? open(file, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof(struct disk_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        abort();
    disk.control = at;
    disk_watch(dir, getenv("ALGALON_DISK_SHADOW"));
}

static bool is_watched(const char *path)
{
    return disk.dir_len && path &&
           (strncmp(path, disk.dir, disk.dir_len) == 0 ||
            (strncmp(path, disk.dir, disk.dir_len - 1) == 0 && !path[disk.dir_len - 1]));
}

/* The path of a watched file; NULL: another. */
static const char *path_of(int fd)
{
    return disk.fds && fd >= 0 && fd < FD_MAX && disk.fds[fd].path[0] ? disk.fds[fd].path : NULL;
}

enum verdict {
    GOES,
    FAILS,
    HALF,
    DIES
};

static enum verdict judge(uint32_t op)
{
    struct disk_control *c = disk.control;

    if (!c || !(c->ops & op))
        return GOES;
    uint32_t n = __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
    if (c->mode == DISK_WORKS || n < c->nth || (n > c->nth && c->mode != DISK_STAYS))
        return GOES;
    __atomic_add_fetch(&c->failed, 1, __ATOMIC_SEQ_CST);
    if (c->mode == DISK_SHORT)
        return op == DISK_WRITE ? HALF : GOES;
    return c->mode == DISK_KILLS ? DIES : FAILS;
}

static _Noreturn void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* True when the call is not to be made; errno says why. */
static bool refuses(uint32_t op)
{
    enum verdict v = judge(op);

    if (v == DIES)
        die();
    if (v == FAILS)
        errno = disk.control->error;
    return v == FAILS;
}

static int note_open(int fd, const char *path, int flags, bool fresh)
{
    if (fd < 0 || fd >= FD_MAX)
        return fd;
    pthread_mutex_lock(&disk.lock);
    snprintf(disk.fds[fd].path, sizeof(disk.fds[fd].path), "%s", path);
    disk.fds[fd].synced = flags & (O_DSYNC | O_SYNC);
    if (disk.shadowed && fresh)
        shadow_created(path);
    pthread_mutex_unlock(&disk.lock);
    return fd;
}

static int open_watched(const char *path, int flags, mode_t mode)
{
    REAL(open);
    struct stat st;

    if (!is_watched(path))
        return real_open(path, flags, mode);
    if (refuses(DISK_OPEN))
        return -1;
    bool fresh = (flags & O_CREAT) && stat(path, &st) != 0;
    if (!fresh && (flags & O_TRUNC) && disk.shadowed) {
        pthread_mutex_lock(&disk.lock);
        shadow_save(path);
        pthread_mutex_unlock(&disk.lock);
    }
    /* A test's disk need not turn: what is synced is what we say. */
    return note_open(real_open(path, flags & ~(O_DSYNC | O_SYNC), mode), path, flags, fresh);
}

EXPORT int open(const char *path, int flags, ...)
{
    va_list rest;

    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_watched(path, flags, mode);
}

EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
    return open_watched(path, flags, 0);
}

EXPORT DIR *opendir(const char *path)
{
    REAL(opendir);

    return is_watched(path) && refuses(DISK_OPEN) ? NULL : real_opendir(path);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);

    return is_watched(path) && refuses(DISK_OPEN) ? -1 : real_mkdir(path, mode);
}

EXPORT int close(int fd)
{
    REAL(close);

    if (path_of(fd)) {
        pthread_mutex_lock(&disk.lock);
        disk.fds[fd].path[0] = '\0';
        pthread_mutex_unlock(&disk.lock);
    }
    return real_close(fd);
}

/* What a write is to do: *n becomes half where it is to. True: not to be made. */
static bool before_write(int fd, size_t *n, bool *ret_dies)
{
    enum verdict v = judge(DISK_WRITE);

    *ret_dies = v == DIES;
    if (v == FAILS) {
        errno = disk.control->error;
        return true;
    }
    if (v != GOES)
        *n = (*n + 1) / 2;
    if (disk.shadowed) {
        pthread_mutex_lock(&disk.lock);
        shadow_save(path_of(fd));
        pthread_mutex_unlock(&disk.lock);
    }
    return false;
}

static ssize_t pwrite_watched(int fd, const void *bytes, size_t n, off_t at)
{
    REAL(pwrite);
    bool dies;

    if (before_write(fd, &n, &dies))
        return -1;
    ssize_t done = real_pwrite(fd, bytes, n, at);
    if (done > 0 && disk.shadowed && disk.fds[fd].synced) {
        pthread_mutex_lock(&disk.lock);
        shadow_wrote(path_of(fd), bytes, (size_t)done, at);
        pthread_mutex_unlock(&disk.lock);
    }
    if (dies)
        die();
    return done;
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    REAL(pwrite);

    return path_of(fd) ? pwrite_watched(fd, bytes, n, at) : real_pwrite(fd, bytes, n, at);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(write);
    bool dies;

    if (!path_of(fd))
        return real_write(fd, bytes, n);
    if (before_write(fd, &n, &dies))
        return -1;
    ssize_t done = real_write(fd, bytes, n);
    if (dies)
        die();
    return done;
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev);
    size_t n = 0;
    bool dies;

    if (!path_of(fd))
        return real_writev(fd, parts, count);
    for (int i = 0; i < count; i++)
        n += parts[i].iov_len;
    size_t wanted = n;
    if (before_write(fd, &n, &dies))
        return -1;
    /* Half is the first parts, or half of the only one. */
    ssize_t done = n == wanted ? real_writev(fd, parts, count)
                   : count > 1 ? real_writev(fd, parts, count / 2)
                               : write(fd, parts[0].iov_base, n);
    if (dies)
        die();
    return done;
}

static int sync_watched(int fd)
{
    if (refuses(DISK_SYNC))
        return -1;
    pthread_mutex_lock(&disk.lock);
    if (disk.shadowed)
        shadow_synced(path_of(fd));
    pthread_mutex_unlock(&disk.lock);
    return 0; /* here neither */
}

EXPORT int fsync(int fd)
{
    REAL(fsync);

    return path_of(fd) ? sync_watched(fd) : real_fsync(fd);
}

EXPORT int fdatasync(int fd)
{
    REAL(fdatasync);

    return path_of(fd) ? sync_watched(fd) : real_fdatasync(fd);
}

static void save(int fd)
{
    if (!disk.shadowed)
        return;
    pthread_mutex_lock(&disk.lock);
    shadow_save(path_of(fd));
    pthread_mutex_unlock(&disk.lock);
}

EXPORT int ftruncate(int fd, off_t n)
{
    REAL(ftruncate);

    if (path_of(fd) && refuses(DISK_SIZE))
        return -1;
    if (path_of(fd))
        save(fd);
    return real_ftruncate(fd, n);
}

EXPORT int posix_fallocate(int fd, off_t at, off_t n)
{
    REAL(posix_fallocate);

    if (path_of(fd) && refuses(DISK_SIZE))
        return errno;
    if (path_of(fd))
        save(fd);
    return real_posix_fallocate(fd, at, n);
}

EXPORT int rename(const char *from, const char *to)
{
    REAL(rename);

    if (!is_watched(from) && !is_watched(to))
        return real_rename(from, to);
    if (refuses(DISK_NAME))
        return -1;
    pthread_mutex_lock(&disk.lock);
    if (disk.shadowed)
        shadow_save(to);
    int code = real_rename(from, to);
    if (!code && disk.shadowed)
        shadow_renamed(from, to);
    for (int fd = 0; !code && fd < FD_MAX; fd++)
        if (strcmp(disk.fds[fd].path, from) == 0)
            snprintf(disk.fds[fd].path, sizeof(disk.fds[fd].path), "%s", to);
    pthread_mutex_unlock(&disk.lock);
    return code;
}

EXPORT int unlink(const char *path)
{
    REAL(unlink);

    if (!is_watched(path))
        return real_unlink(path);
    if (refuses(DISK_NAME))
        return -1;
    pthread_mutex_lock(&disk.lock);
    if (disk.shadowed)
        shadow_save(path);
    int code = real_unlink(path);
    if (!code && disk.shadowed)
        shadow_renamed(path, NULL);
    pthread_mutex_unlock(&disk.lock);
    return code;
}

EXPORT int remove(const char *path)
{
    REAL(remove);
    struct stat st;

    return is_watched(path) && lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? unlink(path)
                                                                             : real_remove(path);
}

EXPORT void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t from)
{
    REAL(mmap);

    if (fd >= 0 && path_of(fd) && refuses(DISK_MAP))
        return MAP_FAILED;
    return real_mmap(at, n, protection, flags, fd, from);
}

EXPORT ssize_t read(int fd, void *to, size_t n)
{
    REAL(read);

    return path_of(fd) && refuses(DISK_READ) ? -1 : real_read(fd, to, n);
}

EXPORT ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    REAL(pread);

    return path_of(fd) && refuses(DISK_READ) ? -1 : real_pread(fd, to, n, at);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *ret)
{
    REAL(clock_gettime);
    int code = real_clock_gettime(clock, ret);

    if (!code && clock == CLOCK_REALTIME && disk.control) {
        int64_t ns = ret->tv_nsec + disk.control->clock_ms % 1000 * 1000000;
        ret->tv_sec += disk.control->clock_ms / 1000 + (ns >= 1000000000) - (ns < 0);
        ret->tv_nsec = (long)((ns + 1000000000) % 1000000000);
    }
    return code;
}
