#include "doctor/tar.h"

#include <libdeflate.h>

#define BLOCK     512
#define FIELD_MAX 100 /* of a header's fields */
#define GZIP      6

static void octal(char *to, size_t digits, uint64_t value)
{
    to[digits] = '\0';
    for (size_t i = digits; i-- > 0; value >>= 3)
        to[i] = (char)('0' + (value & 7));
}

static void header(struct buf *to, char type, struct str name, struct str target, size_t size,
                   int64_t time_s)
{
    char h[BLOCK] = {0};
    unsigned sum = 0;

    memcpy(h, name.ptr, MIN(name.len, (size_t)FIELD_MAX));
    octal(h + 100, 7, type == '2' ? 0777 : 0600);
    octal(h + 108, 7, 0);
    octal(h + 116, 7, 0);
    octal(h + 124, 11, size);
    octal(h + 136, 11, (uint64_t)MAX(time_s, (int64_t)0));
    memset(h + 148, ' ', 8);
    h[156] = type;
    memcpy(h + 157, target.ptr, MIN(target.len, (size_t)FIELD_MAX));
    memcpy(h + 257, "ustar", 6);
    memcpy(h + 263, "00", 2);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    octal(h + 148, 6, sum);
    buf_add(to, h, BLOCK);
}

static void body(struct buf *to, struct str bytes)
{
    static const char zeros[BLOCK];

    buf_str_add(to, bytes);
    buf_add(to, zeros, (BLOCK - bytes.len % BLOCK) % BLOCK);
}

/* " path=NAME\n" with its length before it, which counts its own digits. */
static void record(struct buf *to, const char *key, struct str value)
{
    size_t rest = strlen(key) + value.len + 3, len = rest + 1;

    while (true) {
        char digits[24];
        size_t n = rest + (size_t)snprintf(digits, sizeof(digits), "%zu", len);
        if (n == len)
            break;
        len = n;
    }
    buf_printf(to, "%zu %s=", len, key);
    buf_str_add(to, value);
    buf_char(to, '\n');
}

static void entry(struct buf *to, char type, struct str name, struct str target, size_t size,
                  int64_t time_s)
{
    struct buf more;

    buf_init(&more, 0);
    if (name.len > FIELD_MAX)
        record(&more, "path", name);
    if (target.len > FIELD_MAX)
        record(&more, "linkpath", target);
    if (more.len) {
        header(to, 'x', STR("pax"), STR(""), more.len, time_s);
        body(to, buf_str(&more));
    }
    to->failed |= more.failed;
    buf_fini(&more);
    header(to, type, name, target, size, time_s);
}

void tar_file(struct buf *to, struct str name, struct str bytes, int64_t time_s)
{
    entry(to, '0', name, STR(""), bytes.len, time_s);
    body(to, bytes);
}

void tar_link(struct buf *to, struct str name, struct str target, int64_t time_s)
{
    entry(to, '2', name, target, 0, time_s);
}

int tar_gzip(struct buf *tar, struct buf *ret)
{
    static const char zeros[2 * BLOCK];
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(GZIP);
    size_t n = 0;

    buf_add(tar, zeros, sizeof(zeros));
    char *room =
        c && !tar->failed ? buf_reserve(ret, libdeflate_gzip_compress_bound(c, tar->len)) : NULL;
    if (room)
        n = libdeflate_gzip_compress(c, tar->ptr, tar->len, room, ret->cap - ret->len);
    libdeflate_free_compressor(c);
    ret->len += n;
    return n ? 0 : -ENOMEM;
}
