/* varint.h - small integers in few bytes: seven bits a byte, low ones first, the top bit says that
 * more follow. Numbers of fixed width are little-endian. */
#ifndef ALGALON_STORE_VARINT_H
#define ALGALON_STORE_VARINT_H

#include "base/base.h"

#define VARINT_MAX 10 /* bytes of the longest */

/* Bytes that are read from the front; `failed` is set by the first read past the end and stays. */
struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static inline struct reader reader_of(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    return (struct reader){at, n ? at + n : at, false};
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static inline size_t varint_put(uint8_t *to, uint64_t v)
{
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        to[n++] = (uint8_t)(v | 0x80);
    to[n++] = (uint8_t)v;
    return n;
}

static inline void varint_add(struct buf *b, uint64_t v)
{
    uint8_t bytes[VARINT_MAX];
    buf_add(b, bytes, varint_put(bytes, v));
}

static inline uint64_t varint_read(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end)
            break;
        uint8_t byte = *r->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    r->failed = true;
    return 0;
}

static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t u)
{
    return (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
}

/* Takes `n` bytes from the front; NULL (and failed) when there are fewer. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
    const uint8_t *at = r->at;

    if (n > reader_left(r)) {
        r->failed = true;
        return NULL;
    }
    r->at += n;
    return at;
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *at = reader_take(r, 1);
    return at ? *at : 0;
}

static inline uint16_t le16(const void *at)
{
    const uint8_t *p = at;
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32(const void *at)
{
    const uint8_t *p = at;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t le64(const void *at)
{
    const uint8_t *p = at;
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static inline void put_le32(void *at, uint32_t v)
{
    uint8_t *p = at;
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void put_le64(void *at, uint64_t v)
{
    uint8_t *p = at;
    put_le32(p, (uint32_t)v);
    put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline uint64_t reader_u64(struct reader *r)
{
    const uint8_t *at = reader_take(r, 8);
    return at ? le64(at) : 0;
}

#endif
