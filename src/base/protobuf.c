/* protobuf.c - tags, lengths and numbers. */
#include "base/protobuf.h"

bool protobuf_varint(struct str *from, uint64_t *ret)
{
    uint64_t n = 0;

    for (size_t i = 0; i < PROTOBUF_VARINT_MAX && i < from->len; i++) {
        uint64_t byte = (unsigned char)from->ptr[i];
        n |= (byte & 127) << (7 * i);
        if (byte < 128) {
            *from = str_make(from->ptr + i + 1, from->len - i - 1);
            *ret = n;
            return true;
        }
    }
    return false;
}

double protobuf_double(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint64_t little_endian(struct str bytes)
{
    uint64_t n = 0;

    for (size_t i = bytes.len; i-- > 0;)
        n = n << 8 | (unsigned char)bytes.ptr[i];
    return n;
}

bool protobuf_next(struct str *from, struct protobuf_field *ret)
{
    uint64_t tag, len = 0;

    if (!protobuf_varint(from, &tag) || !(tag >> 3))
        return false;
    *ret = (struct protobuf_field){.number = tag >> 3};
    switch (tag & 7) {
    case PROTOBUF_VARINT:
        ret->kind = PROTOBUF_VARINT;
        return protobuf_varint(from, &ret->value);
    case PROTOBUF_FIXED64:
        ret->kind = PROTOBUF_FIXED64;
        len = 8;
        break;
    case PROTOBUF_BYTES:
        ret->kind = PROTOBUF_BYTES;
        if (!protobuf_varint(from, &len))
            return false;
        break;
    case PROTOBUF_FIXED32:
        ret->kind = PROTOBUF_FIXED32;
        len = 4;
        break;
    default: /* groups, which nothing has used since 2008 */
        return false;
    }
    if (len > from->len)
        return false;
    struct str bytes = str_make(from->ptr, (size_t)len);
    *from = str_make(from->ptr + len, from->len - (size_t)len);
    if (ret->kind == PROTOBUF_BYTES)
        ret->bytes = bytes;
    else
        ret->value = little_endian(bytes);
    return true;
}
