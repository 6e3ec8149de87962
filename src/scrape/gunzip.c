/* gunzip.c - libdeflate wants the room beforehand: what the trailer promises is tried first, within
 * what deflate can make of so many bytes (1032 to 1) and the caller's bound. */
#include "scrape/gunzip.h"

#include <libdeflate.h>
#include <stdlib.h>

#define RATIO_MAX   1032
#define KEPT_BYTES  ((size_t)1 << 20)
#define TRAILER_LEN 8 /* CRC-32 and length modulo 2^32, low byte first (RFC 1952) */

struct gunzip {
    struct libdeflate_decompressor *d;
    struct buf text; /* of the last call */
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *g = calloc(1, sizeof(*g));

    if (g && !(g->d = libdeflate_alloc_decompressor())) {
        free(g);
        return NULL;
    }
    if (g)
        buf_init(&g->text, 0);
    return g;
}

void gunzip_free(struct gunzip *g)
{
    if (!g)
        return;
    libdeflate_free_decompressor(g->d);
    buf_fini(&g->text);
    free(g);
}

/* How much the text is likely to be; never more than it can be. */
static size_t promised(struct str packed, size_t max)
{
    const unsigned char *p = (const unsigned char *)packed.ptr + packed.len - 4;
    size_t length = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
    size_t most = packed.len > max / RATIO_MAX ? max : packed.len * RATIO_MAX;

    return MIN(MAX(length, (size_t)1024), most);
}

int gunzip_text(struct gunzip *g, struct str packed, size_t max, struct str *ret, struct error *err)
{
    struct buf *text = &g->text;

    buf_reset(text);
    if (text->cap > KEPT_BYTES)
        buf_fini(text);
    while (packed.len) {
        size_t used, made, left = max - text->len;
        if (packed.len < 10 + TRAILER_LEN)
            return error_set(err, -EBADMSG, "gzip that ends early");
        size_t room = promised(packed, left);
        enum libdeflate_result code;
        do {
            char *to = buf_reserve(text, MAX(room, (size_t)1));
            if (!to)
                return error_errno(err, -ENOMEM, "gzip");
            code =
                libdeflate_gzip_decompress_ex(g->d, packed.ptr, packed.len, to, room, &used, &made);
            if (code == LIBDEFLATE_INSUFFICIENT_SPACE && room == left)
                return error_set(err, -EFBIG, "body of more than %zu bytes when unpacked", max);
            room = room > left / 2 ? left : MAX(room * 2, (size_t)1024);
        } while (code == LIBDEFLATE_INSUFFICIENT_SPACE);
        if (code != LIBDEFLATE_SUCCESS)
            return error_set(err, -EBADMSG, "damaged gzip");
        text->len += made;
        packed = str_make(packed.ptr + used, packed.len - used);
    }
    *ret = buf_str(text);
    return 0;
}
