/* snappy.c - the block format of Snappy (format_description.txt of the Snappy project):
 *
 *   varint          length of the unpacked bytes, below 2^32
 *   element...      the low two bits of its first byte say what it is:
 *     00 literal    (len-1)<<2 up to 60 bytes; 60..63<<2: len-1 in the 1..4 bytes that follow
 *     01 copy       4..11 bytes: offset>>8 in bits 5-7, len-4 in bits 2-4; offset's low byte behind
 *     10 copy       1..64 bytes: len-1 in bits 2-7; offset in 2 bytes behind
 *     11 copy       the same with an offset of 4 bytes
 *
 * All numbers are little-endian. A copy may reach into what it is writing: that repeats. */
#include "remote/snappy.h"

#define LITERAL_SHORT 60     /* longer literals have their length in bytes of their own */
#define COPY_MAX      64     /* bytes of one copy */
#define BLOCK_BYTES   65536u /* matches are looked for within so many bytes: offsets take 2 bytes */
#define TABLE_BITS    13
#define TABLE_SIZE    (1u << TABLE_BITS)
#define MATCH_MIN     4u
#define TAIL_BYTES    8u /* the end of a block is a literal: no match is looked for there */
/* The best that can be packed is a copy of 64 bytes in 3; what claims more is damaged. */
#define EXPANSION_MAX 22u

static int damaged(struct error *err)
{
    return error_set(err, -EBADMSG, "the snappy block is damaged");
}

/* ---- unpacking ---- */

/* Reads the length in front; false when it is none. */
static bool take_length(struct str *from, uint64_t *ret)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 5 && i < from->len; i++) {
        uint64_t byte = (unsigned char)from->ptr[i];
        n |= (byte & 127) << (7 * i);
        if (byte < 128) {
            *from = str_make(from->ptr + i + 1, from->len - i - 1);
            *ret = n;
            return n <= UINT32_MAX;
        }
    }
    return false;
}

static uint32_t little(const char *at, size_t n)
{
    uint32_t value = 0;

    for (size_t i = 0; i < n; i++)
        value |= (uint32_t)(unsigned char)at[i] << (8 * i);
    return value;
}

/* The output, of which `len` of `size` bytes are there. */
struct output {
    char *ptr;
    size_t len, size;
};

static bool put_literal(struct output *out, struct str *from, unsigned tag)
{
    size_t len = tag >> 2;

    if (len >= LITERAL_SHORT) {
        size_t bytes = len - LITERAL_SHORT + 1;
        if (from->len < bytes)
            return false;
        len = little(from->ptr, bytes);
        *from = str_make(from->ptr + bytes, from->len - bytes);
    }
    if (len >= from->len || len >= out->size - out->len)
        return false;
    len++;
    memcpy(out->ptr + out->len, from->ptr, len);
    out->len += len;
    *from = str_make(from->ptr + len, from->len - len);
    return true;
}

static bool put_copy(struct output *out, struct str *from, unsigned tag)
{
    size_t bytes = (tag & 3) == 3 ? 4 : tag & 3, len = (tag >> 2) + 1;

    if (from->len < bytes)
        return false;
    size_t offset = little(from->ptr, bytes);
    *from = str_make(from->ptr + bytes, from->len - bytes);
    if ((tag & 3) == 1) {
        offset |= (size_t)(tag >> 5) << 8;
        len = ((tag >> 2) & 7) + 4;
    }
    if (!offset || offset > out->len || len > out->size - out->len)
        return false;
    char *to = out->ptr + out->len;
    if (offset >= len)
        memcpy(to, to - offset, len);
    else
        for (size_t i = 0; i < len; i++)
            to[i] = (to - offset)[i];
    out->len += len;
    return true;
}

int snappy_decode(struct str from, size_t max, struct buf *ret, struct error *err)
{
    uint64_t size;

    if (!take_length(&from, &size))
        return damaged(err);
    if (size > max)
        return error_set(err, -EFBIG, "the snappy block holds more than %zu bytes", max);
    if (size > (uint64_t)from.len * EXPANSION_MAX)
        return damaged(err);
    struct output out = {buf_reserve(ret, (size_t)size + 1), 0, (size_t)size};
    if (!out.ptr)
        return error_errno(err, -ENOMEM, "snappy block of %" PRIu64 " bytes", size);
    while (from.len) {
        unsigned tag = (unsigned char)from.ptr[0];
        from = str_make(from.ptr + 1, from.len - 1);
        if (!(tag & 3 ? put_copy(&out, &from, tag) : put_literal(&out, &from, tag)))
            return damaged(err);
    }
    if (out.len != out.size)
        return damaged(err);
    ret->len += out.len;
    return 0;
}

/* ---- packing ---- */

static void add_literal(struct buf *to, const char *from, size_t len)
{
    char head[3];
    size_t n = 1;

    if (!len)
        return;
    if (len <= LITERAL_SHORT) {
        head[0] = (char)((len - 1) << 2);
    } else { /* at most BLOCK_BYTES, so two bytes are enough */
        head[0] = (char)((LITERAL_SHORT + 1) << 2);
        head[1] = (char)((len - 1) & 255);
        head[2] = (char)((len - 1) >> 8);
        n = 3;
    }
    buf_add(to, head, n);
    buf_add(to, from, len);
}

static void add_copy(struct buf *to, size_t offset, size_t len)
{
    while (len) {
        size_t n = MIN(len, (size_t)COPY_MAX);
        if (n >= 4 && n <= 11 && offset < 2048) {
            char bytes[2] = {(char)(1 | ((n - 4) << 2) | ((offset >> 8) << 5)),
                             (char)(offset & 255)};
            buf_add(to, bytes, sizeof(bytes));
        } else {
            char bytes[3] = {(char)(2 | ((n - 1) << 2)), (char)(offset & 255), (char)(offset >> 8)};
            buf_add(to, bytes, sizeof(bytes));
        }
        len -= n;
    }
}

static uint32_t load32(const char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint32_t slot_of(uint32_t four)
{
    return (four * 0x9E3779B1u) >> (32 - TABLE_BITS); /* Knuth's multiplicative hash */
}

/* Packs one block: greedy, with a table of where four bytes stood last. Where nothing matches the
 * steps grow, so that bytes without repetition cost little. */
static void pack_block(struct str block, uint16_t table[TABLE_SIZE], struct buf *to)
{
    size_t at = 1, from = 0, missed = 0;

    memset(table, 0, TABLE_SIZE * sizeof(*table));
    while (at + TAIL_BYTES <= block.len) {
        uint32_t four = load32(block.ptr + at);
        uint16_t *slot = &table[slot_of(four)];
        size_t before = *slot;
        *slot = (uint16_t)at;
        if (load32(block.ptr + before) != four) {
            at += 1 + (missed++ >> 5);
            continue;
        }
        size_t len = MATCH_MIN;
        while (at + len < block.len && block.ptr[before + len] == block.ptr[at + len])
            len++;
        add_literal(to, block.ptr + from, at - from);
        add_copy(to, at - before, len);
        at += len;
        from = at;
        missed = 0;
    }
    add_literal(to, block.ptr + from, block.len - from);
}

int snappy_encode(struct str from, struct buf *ret, struct error *err)
{
    uint16_t table[TABLE_SIZE];
    size_t size = from.len;

    if (from.len > UINT32_MAX)
        return error_set(err, -EFBIG, "more than snappy's 4 GiB");
    for (; size > 127; size >>= 7)
        buf_char(ret, (char)((size & 127) | 128));
    buf_char(ret, (char)size);
    while (from.len) {
        struct str block = str_make(from.ptr, MIN(from.len, (size_t)BLOCK_BYTES));
        pack_block(block, table, ret);
        from = str_make(from.ptr + block.len, from.len - block.len);
    }
    return ret->failed ? error_errno(err, -ENOMEM, "snappy block") : 0;
}
