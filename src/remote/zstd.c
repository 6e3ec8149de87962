/* zstd.c - this room's door to Zstandard. */
#include "remote/zstd.h"

#include <zstd.h>

#define LEVEL 1 /* a third of Snappy's size already; higher ones cost more than they save */

int zstd_encode(struct str from, struct buf *to, struct error *err)
{
    size_t room = ZSTD_compressBound(from.len);
    char *at = buf_reserve(to, room);
    size_t n = at ? ZSTD_compress(at, room, from.ptr, from.len, LEVEL) : 0;

    if (!at || ZSTD_isError(n))
        return error_errno(err, -ENOMEM, "Zstandard");
    to->len += n;
    return 0;
}

int zstd_decode(struct str from, size_t max, struct buf *to, struct error *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(from.ptr, from.len);
    size_t room = size <= max ? (size_t)size : max; /* the two errors are larger than any bound */
    char *at = buf_reserve(to, room);
    size_t n = at ? ZSTD_decompress(at, room, from.ptr, from.len) : 0;

    if (!at)
        return error_errno(err, -ENOMEM, "Zstandard");
    if (ZSTD_isError(n))
        return error_set(err, -EINVAL, "Zstandard: %s", ZSTD_getErrorName(n));
    to->len += n;
    return 0;
}
