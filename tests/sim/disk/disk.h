/* disk.h - a disk that fails when told to, for tests: a library that stands before the C library's
 * file functions (linked first, or preloaded). It touches only files below one folder. What it is
 * to do stands in a struct that another process may share (see README.md). */
#ifndef ALGALON_TESTS_SIM_DISK_H
#define ALGALON_TESTS_SIM_DISK_H

#include <stdint.h>

enum {
    DISK_OPEN = 1,  /* open(), opendir(), mkdir() */
    DISK_WRITE = 2, /* write(), writev(), pwrite() */
    DISK_SYNC = 4,  /* fsync(), fdatasync() */
    DISK_SIZE = 8,  /* ftruncate(), posix_fallocate() */
    DISK_NAME = 16, /* rename(), unlink() */
    DISK_MAP = 32,  /* mmap() */
    DISK_READ = 64, /* read(), pread() */
    DISK_ALL = 127
};

enum {
    DISK_WORKS, /* calls are counted, nothing more */
    DISK_ONCE,  /* call `nth` fails */
    DISK_STAYS, /* and all that follow */
    DISK_SHORT, /* call `nth`, a write, does half and says so */
    DISK_KILLS  /* call `nth`, when it is a write, does half; then the process is killed */
};

/* All little-endian, no padding: other languages write it too. */
struct disk_control {
    uint32_t ops; /* calls that count */
    uint32_t mode;
    int32_t error;    /* errno of what fails */
    uint32_t nth;     /* 1: the first call from now on */
    uint32_t count;   /* calls so far; who arms it sets 0 */
    uint32_t failed;  /* calls that failed so far */
    int64_t clock_ms; /* added to the wall clock */
};

/** Watches the folder `dir` (absolute, without links). `shadow`: where to keep what would survive a
 * power cut, in a folder outside of `dir`; NULL: nowhere. */
void disk_watch(const char *dir, const char *shadow);

struct disk_control *disk_control(void);

/** Makes the folder what a power cut would have left: what was synced, and of the rest, sector by
 * sector, nothing (`seed` 0) or what the seed says. No process uses it. Aborts when that cannot be
 * done. */
void disk_power_cut(const char *dir, const char *shadow, uint64_t seed);

#endif
