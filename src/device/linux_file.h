/* linux_file.h - small files below a root, hot files kept open, long files line by line, and CPU
 * lists.
 *
 * Every file of /proc and /sys is read with one read() into memory of the caller: the kernel makes
 * the text anew at each read, so a second one could show another moment. No stdio. A file that is
 * absent or unreadable is a missing value to the callers, never an error. */
#ifndef ALGALON_DEVICE_LINUX_FILE_H
#define ALGALON_DEVICE_LINUX_FILE_H

#include "device/device.h"

#define LINUX_PATH_MAX 512 /* of a root and what is below it; longer ones count as absent */

/** Writes `root` and the formatted rest; false when it does not fit. */
bool linux_file_path(char to[LINUX_PATH_MAX], const char *root, const char *format, ...)
    PRINTF_LIKE(3, 4);

/**
 * Reads a small file whole, without blanks at its end, terminated. Returns its length or a negative
 * errno; a file larger than `size - 1` is cut to it.
 */
ssize_t linux_file_text(char *to, size_t size, const char *root, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** One decimal number; false when the file is absent or holds something else. */
bool linux_file_u64(uint64_t *ret, const char *root, const char *format, ...) PRINTF_LIKE(3, 4);
bool linux_file_i64(int64_t *ret, const char *root, const char *format, ...) PRINTF_LIKE(3, 4);

/** True when there is such a file or folder, whether or not it may be read. */
bool linux_file_exists(const char *root, const char *format, ...) PRINTF_LIKE(2, 3);

/** Opens a file that is read at every turn, for linux_file_hot(). A negative errno when that cannot
 * be. */
int linux_file_hot_open(const char *root, const char *name);

/** Reads it again from its start: at most `size - 1` bytes, terminated; -EBADF when fd is negative.
 */
ssize_t linux_file_hot(int fd, char *to, size_t size);

/* A file of any length, a line at a time. */
struct linux_lines {
    int fd;
    size_t at, len;
    bool end, skip; /* skip: the rest of a line too long for the buffer is passed over */
    char bytes[8192];
};

/** False when it cannot be opened; then there is nothing to close. */
bool linux_lines_open(struct linux_lines *l, const char *root, const char *format, ...)
    PRINTF_LIKE(3, 4);
/** The next line without its newline, valid until the next call; a line longer than the buffer is
 * cut there. False at the end. */
bool linux_lines_next(struct linux_lines *l, struct str *ret);
void linux_lines_close(struct linux_lines *l);

/** When the machine started, in Unix seconds (btime of /proc/stat); NAN when that is not told. It
 * moves when the clock is set. */
double linux_file_boot_time(const char *procfs);

#define LINUX_CPU_MAX 8192 /* what NR_CPUS can be at most; larger numbers are not looked at */

/* A set of CPU or node numbers. */
struct linux_cpuset {
    uint64_t bits[LINUX_CPU_MAX / 64];
};

/** Parses "0-15,32-47"; false on anything else. The empty text is the empty set. */
bool linux_cpuset_parse(struct str text, struct linux_cpuset *ret);

/** Reads such a file; false, and the empty set, when it is absent or no list. */
bool linux_cpuset_read(struct linux_cpuset *ret, const char *root, const char *format, ...)
    PRINTF_LIKE(3, 4);

static inline bool linux_cpuset_has(const struct linux_cpuset *s, unsigned cpu)
{
    return cpu < LINUX_CPU_MAX && (s->bits[cpu / 64] >> (cpu % 64) & 1);
}

/** The smallest member at or above `from`; LINUX_CPU_MAX when there is none. */
unsigned linux_cpuset_next(const struct linux_cpuset *s, unsigned from);

#endif
