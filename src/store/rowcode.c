/* rowcode.c - one row of values for the log.
 *
 * Values go in eights. Each eight is a byte with a bit for every value that changed; a zero byte is
 * followed by a varint: how many more eights stayed as they were. Each changed value is a byte
 * (low four bits: how many bytes differ, 1 to 8; high four: how many equal bytes lie below them)
 * and the differing bytes of (new XOR old). */
#include "store/rowcode.h"

static uint8_t *put_value(uint8_t *to, uint64_t x)
{
    unsigned low = (unsigned)__builtin_ctzll(x) / 8;
    unsigned high = (unsigned)__builtin_clzll(x) / 8;
    unsigned len = 8 - low - high;

    *to++ = (uint8_t)(low << 4 | len);
    put_le64(to, x >> (low * 8));
    return to + len;
}

/* Differences of the eight values at `at`, and which of them are not 0. */
static unsigned differences(const uint64_t *values, size_t at, size_t n, const uint64_t *before,
                            size_t before_len, uint64_t x[8])
{
    unsigned mask = 0;

    if (at + 8 <= n && at + 8 <= before_len) {
        for (unsigned i = 0; i < 8; i++) {
            x[i] = values[at + i] ^ before[at + i];
            mask |= (unsigned)(x[i] != 0) << i;
        }
        return mask;
    }
    for (unsigned i = 0; i < 8 && at + i < n; i++) {
        x[i] = values[at + i] ^ (at + i < before_len ? before[at + i] : 0);
        mask |= (unsigned)(x[i] != 0) << i;
    }
    return mask;
}

void row_encode(struct buf *to, const uint64_t *values, size_t n, const uint64_t *before,
                size_t before_len)
{
    /* At worst a mask for eight values of nine bytes; put_le64() writes eight bytes whatever it
     * keeps. */
    char *start = buf_reserve(to, n * 9 + n / 8 + 32);
    uint8_t *at = (uint8_t *)start;
    size_t stayed = 0;
    uint64_t x[8];

    if (!start)
        return;
    for (size_t i = 0; i < n; i += 8) {
        unsigned mask = differences(values, i, n, before, before_len, x);
        if (!mask) {
            stayed++;
            continue;
        }
        if (stayed) {
            *at++ = 0;
            at += varint_put(at, stayed - 1);
            stayed = 0;
        }
        *at++ = (uint8_t)mask;
        for (; mask; mask &= mask - 1)
            at = put_value(at, x[__builtin_ctz(mask)]);
    }
    if (stayed) {
        *at++ = 0;
        at += varint_put(at, stayed - 1);
    }
    to->len += (size_t)(at - (uint8_t *)start);
}

static bool take_value(struct reader *from, uint64_t *ret)
{
    unsigned head = reader_u8(from);
    unsigned low = head >> 4, len = head & 15;
    uint64_t x = 0;

    if (len == 0 || low + len > 8)
        return false;
    const uint8_t *bytes = reader_take(from, len);
    if (!bytes)
        return false;
    for (unsigned i = 0; i < len; i++)
        x |= (uint64_t)bytes[i] << (8 * (low + i));
    *ret = x;
    return true;
}

bool row_decode(struct reader *from, uint64_t *values, size_t n, size_t before_len)
{
    if (n > before_len)
        memset(values + before_len, 0, (n - before_len) * sizeof(*values));
    for (size_t i = 0; i < n; i += 8) {
        unsigned mask = reader_u8(from);
        if (from->failed)
            return false;
        if (!mask) {
            uint64_t more = varint_read(from);
            if (from->failed || more > n / 8)
                return false;
            i += more * 8;
            continue;
        }
        for (; mask; mask &= mask - 1) {
            size_t at = i + (size_t)__builtin_ctz(mask);
            uint64_t x;
            if (at >= n || !take_value(from, &x))
                return false;
            values[at] ^= x;
        }
    }
    return true;
}
