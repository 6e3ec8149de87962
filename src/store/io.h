/* io.h - the store's view of the outside: system calls and the clock, in a table, so that a test
 * can make any of them fail or pass time. */
#ifndef ALGALON_STORE_IO_H
#define ALGALON_STORE_IO_H

#include "base/base.h"

#include <sys/types.h>

struct store_io {
    ssize_t (*write)(int fd, const void *bytes, size_t n);
    int (*sync)(int fd);                           /* fdatasync() */
    int (*truncate)(int fd, off_t len);            /* ftruncate() */
    int (*reserve)(int fd, off_t len);             /* posix_fallocate(): 0 or an errno */
    int (*free_bytes)(int fd, uint64_t *ret_free); /* of the file system `fd` lies on */
    int (*before_commit)(void);                    /* 0, or the negative errno a commit is to fail
                                                      with */
    int64_t (*now_ms)(void);                       /* Unix time */
    uint64_t (*mono_ns)(void);
};

/* The real ones. */
extern const struct store_io store_io_system;

#endif
