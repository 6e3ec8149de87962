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
