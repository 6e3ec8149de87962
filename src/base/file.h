/* file.h - small files in one call, and folders. */
#ifndef ALGALON_BASE_FILE_H
#define ALGALON_BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/std.h"

/**
 * Reads a file of /proc or /sys with one read(): at most `size - 1` bytes into `to`, terminated.
 * Returns the number of bytes, or a negative errno (-ENOENT when it is not there, -EFBIG when it
 * fills `to`).
 */
ssize_t file_read_small(const char *path, char *to, size_t size);

/** Reads a whole file of at most `max` bytes into `ret` (appended). Errors: negative errno, -EFBIG
 * past `max`. */
MUST_CHECK int file_read(const char *path, size_t max, struct buf *ret, struct error *err);

/** Writes all of it to `fd`, over short writes and EINTR. 0 or negative errno. */
MUST_CHECK int file_write_all(int fd, const void *bytes, size_t n);

/**
 * Replaces `path` by `bytes` so that a crash leaves the old file or the new one: temporary file
 * beside it, fsync, rename, fsync of the folder.
 */
MUST_CHECK int file_replace(const char *path, const void *bytes, size_t n, struct error *err);

/** Makes a folder and the folders above it; no error when it is there already. */
MUST_CHECK int file_mkdirs(const char *path, struct error *err);

/** fsync()s the folder itself, so that names made or removed in it last. 0 or negative errno. */
MUST_CHECK int file_sync_dir(const char *path);

/** The same for the folder that `path` lies in. */
MUST_CHECK int file_sync_parent(const char *path);

/** Removes a folder with everything in it, never following links. 0 or negative errno; absent is
 * fine. */
MUST_CHECK int file_remove_tree(const char *path);

#endif
