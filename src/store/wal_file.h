/* wal_file.h - names and headers of the log's segment files. */
#ifndef ALGALON_STORE_WAL_FILE_H
#define ALGALON_STORE_WAL_FILE_H

#include "base/base.h"

#define WAL_FILE_HEADER  16
#define WAL_FILE_VERSION 1
#define WAL_TYPE_TAG     0xa0u /* top bits of every record's type byte */

struct wal_file_header {
    uint8_t bytes[WAL_FILE_HEADER];
};

struct wal_file_header wal_file_header_make(uint32_t number);

/** 0, -EBADMSG no header of ours, -EPROTONOSUPPORT a newer format. */
MUST_CHECK int wal_file_header_check(const uint8_t *bytes, size_t n, uint32_t number);

/** Appends the path of segment `number`. */
void wal_file_path(struct buf *to, const char *dir, uint32_t number);

/** The numbers of the segments in `dir`, ascending; *ret is the caller's, to free(). */
MUST_CHECK int wal_file_list(const char *dir, uint32_t **ret, size_t *ret_len, struct error *err);

/** The lowest segment below `number` or `number` itself; adds up the bytes of those below. */
uint32_t wal_file_oldest(const char *dir, uint32_t number, uint64_t *ret_bytes);

/** Unlinks a segment, unless it is gone already; adds the bytes it had. */
MUST_CHECK int wal_file_remove(const char *dir, uint32_t number, uint64_t *freed);

/* Records start at multiples of 8, so that a search behind damage has few places to try. */
static inline size_t wal_padding(size_t payload)
{
    return (8 - payload % 8) % 8;
}

#endif
