/* protobuf.h - the fields of a protobuf message, one by one, out of bytes of anyone. */
#ifndef ALGALON_BASE_PROTOBUF_H
#define ALGALON_BASE_PROTOBUF_H

#include "base/std.h"
#include "base/str.h"

#define PROTOBUF_VARINT_MAX 10u /* bytes */

enum protobuf_kind {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* texts, messages, packed lists */
    PROTOBUF_FIXED32 = 5
};

struct protobuf_field {
    uint64_t number;
    enum protobuf_kind kind;
    uint64_t value;   /* of the kinds that are numbers; 0 */
    struct str bytes; /* of PROTOBUF_BYTES: a view into the message */
};

/** Takes a field off `*from`; false when no whole one stands there. */
bool protobuf_next(struct str *from, struct protobuf_field *ret);

/** Takes one number off a packed list of varints. */
bool protobuf_varint(struct str *from, uint64_t *ret);

/** The double whose bits are `bits`. */
double protobuf_double(uint64_t bits);

/** True for field `number` when it has bytes. */
static inline bool protobuf_is(const struct protobuf_field *f, uint64_t number)
{
    return f->number == number && f->kind == PROTOBUF_BYTES;
}

#endif
