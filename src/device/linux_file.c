#include "device/linux_file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

PRINTF_LIKE(3, 0)
static bool path_join(char to[LINUX_PATH_MAX], const char *root, const char *format, va_list args)
{
    size_t n = strlen(root);

    while (n && root[n - 1] == '/') /* "/" and "" both stand for the real root */
        n--;
    if (n + 1 >= LINUX_PATH_MAX)
        return false;
    memcpy(to, root, n);
    to[n] = '/';
    int rest = vsnprintf(to + n + 1, LINUX_PATH_MAX - n - 1, format, args);
    return rest >= 0 && (size_t)rest < LINUX_PATH_MAX - n - 1;
}

bool linux_file_path(char to[LINUX_PATH_MAX], const char *root, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool fits = path_join(to, root, format, args);
    va_end(args);
    return fits;
}

static ssize_t read_path(char *to, size_t size, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO in a tree must not hang us */

    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, to, size - 1);
    int code = n < 0 ? -errno : 0;
    close(fd);
    if (code)
        return code;
    while (n && (to[n - 1] == '\n' || to[n - 1] == ' ' || to[n - 1] == '\t'))
        n--;
    to[n] = '\0';
    return n;
}

PRINTF_LIKE(4, 0)
static ssize_t read_text(char *to, size_t size, const char *root, const char *format, va_list args)
{
    char path[LINUX_PATH_MAX];

    to[0] = '\0';
    return path_join(path, root, format, args) ? read_path(to, size, path) : -ENAMETOOLONG;
}

ssize_t linux_file_text(char *to, size_t size, const char *root, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ssize_t n = read_text(to, size, root, format, args);
    va_end(args);
    return n;
}

bool linux_file_u64(uint64_t *ret, const char *root, const char *format, ...)
{
    char text[32];
    va_list args;

    va_start(args, format);
    ssize_t n = read_text(text, sizeof(text), root, format, args);
    va_end(args);
    return n > 0 && num_parse_u64(str_make(text, (size_t)n), ret);
}

bool linux_file_i64(int64_t *ret, const char *root, const char *format, ...)
{
    char text[32];
    va_list args;

    va_start(args, format);
    ssize_t n = read_text(text, sizeof(text), root, format, args);
    va_end(args);
    return n > 0 && num_parse_i64(str_make(text, (size_t)n), ret);
}

bool linux_file_exists(const char *root, const char *format, ...)
{
    char path[LINUX_PATH_MAX];
    va_list args;

    va_start(args, format);
    bool fits = path_join(path, root, format, args);
    va_end(args);
    return fits && faccessat(AT_FDCWD, path, F_OK, 0) == 0;
}

int linux_file_hot_open(const char *root, const char *name)
{
    char path[LINUX_PATH_MAX];

    if (!linux_file_path(path, root, "%s", name))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

ssize_t linux_file_hot(int fd, char *to, size_t size)
{
    to[0] = '\0';
    if (fd < 0)
        return -EBADF;
    ssize_t n = pread(fd, to, size - 1, 0);
    if (n < 0)
        return -errno;
    to[n] = '\0';
    return n;
}

bool linux_lines_open(struct linux_lines *l, const char *root, const char *format, ...)
{
    char path[LINUX_PATH_MAX];
    va_list args;

    va_start(args, format);
    bool fits = path_join(path, root, format, args);
    va_end(args);
    l->fd = fits ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    l->at = l->len = 0;
    l->end = l->skip = false;
    return l->fd >= 0;
}

/* Moves what is left to the front and reads behind it. */
static void refill(struct linux_lines *l)
{
    memmove(l->bytes, l->bytes + l->at, l->len - l->at);
    l->len -= l->at;
    l->at = 0;
    ssize_t n = read(l->fd, l->bytes + l->len, sizeof(l->bytes) - l->len);
    if (n > 0)
        l->len += (size_t)n;
    else
        l->end = true;
}

bool linux_lines_next(struct linux_lines *l, struct str *ret)
{
    for (;;) {
        char *from = l->bytes + l->at;
        size_t have = l->len - l->at;
        char *newline = have ? memchr(from, '\n', have) : NULL;
        size_t n = newline ? (size_t)(newline - from) : have;
        bool full = !newline && have == sizeof(l->bytes);

        if (!newline && !full && !l->end) {
            refill(l);
            continue;
        }
        if (!newline && !have)
            return false;
        l->at += n + (newline != NULL);
        bool skip = l->skip;
        l->skip = full;
        if (skip)
            continue;
        *ret = str_make(from, n);
        return true;
    }
}

void linux_lines_close(struct linux_lines *l)
{
    close(l->fd);
    l->fd = -1;
}

double linux_file_boot_time(const char *procfs)
{
    struct linux_lines lines;
    struct str line;
    uint64_t seconds = 0;

    if (!linux_lines_open(&lines, procfs, "stat"))
        return UNKNOWN;
    while (!seconds && linux_lines_next(&lines, &line))
        if (!str_starts(line, STR("btime ")) ||
            !num_parse_u64(str_make(line.ptr + 6, line.len - 6), &seconds))
            seconds = 0;
    linux_lines_close(&lines);
    return seconds ? (double)seconds : UNKNOWN;
}

bool linux_cpuset_parse(struct str text, struct linux_cpuset *ret)
{
    struct str rest = str_trim(text);

    *ret = (struct linux_cpuset){{0}};
    while (rest.len) {
        struct str last = str_cut(&rest, ',');
        struct str first = str_cut(&last, '-');
        uint64_t from, to;
        if (!num_parse_u64(first, &from))
            return false;
        if (!last.ptr)
            to = from;
        else if (!num_parse_u64(last, &to) || to < from)
            return false;
        for (uint64_t cpu = from; cpu <= to && cpu < LINUX_CPU_MAX; cpu++)
            ret->bits[cpu / 64] |= (uint64_t)1 << (cpu % 64);
    }
    return true;
}

bool linux_cpuset_read(struct linux_cpuset *ret, const char *root, const char *format, ...)
{
    char text[4096]; /* sysfs gives at most a page */
    va_list args;

    va_start(args, format);
    ssize_t n = read_text(text, sizeof(text), root, format, args);
    va_end(args);
    if (n >= 0 && linux_cpuset_parse(str_make(text, (size_t)n), ret))
        return true;
    *ret = (struct linux_cpuset){{0}};
    return false;
}

unsigned linux_cpuset_next(const struct linux_cpuset *s, unsigned from)
{
    for (unsigned cpu = from; cpu < LINUX_CPU_MAX; cpu = (cpu / 64 + 1) * 64) {
        uint64_t word = s->bits[cpu / 64] >> (cpu % 64);
        if (word)
            return cpu + (unsigned)__builtin_ctzll(word);
    }
    return LINUX_CPU_MAX;
}
