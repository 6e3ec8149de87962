/* wire.h - how protobuf puts fields on the wire, and what both versions of remote write share. */
#ifndef ALGALON_REMOTE_WIRE_H
#define ALGALON_REMOTE_WIRE_H

#include "remote/write_request.h"

#define DOUBLE_BYTES 8u
#define WIRE_TYPES   8u /* of metrics */

/* Eight bytes as the wire has them. */
static inline uint64_t wire_le64(const unsigned char *at)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 8; i++) /* compilers make one load of it */
        n |= (uint64_t)at[i] << (8 * i);
    return n;
}

static inline bool wire_is(const struct protobuf_field *f, uint64_t number, enum protobuf_kind kind)
{
    return f->number == number && f->kind == kind;
}

/**
 * Takes a field 2 with a Sample in the form that nearly all senders give it, 13 to 20 bytes: both
 * of its fields, value first, nothing else. False: nothing is taken, protobuf_next() may know
 * more. Three times as fast as that, and bulk is nothing else.
 */
static inline bool wire_take_usual_sample(struct str *from, struct write_sample *ret)
{
    /* | 2: bytes | length | 1: 64 bits | value:8 | 2: varint | time:1-8 | */
    const unsigned char *at = (const unsigned char *)from->ptr;

    if (from->len < 20 || at[0] != 0x12 || at[2] != 0x09 || at[11] != 0x10)
        return false;
    uint64_t value = wire_le64(at + 3), time = wire_le64(at + 12);
    uint64_t ends = ~time & UINT64_C(0x8080808080808080);
    unsigned bits = ends ? (unsigned)__builtin_ctzll(ends) + 1 : 0; /* of the varint */
    if (!bits || at[1] != 10 + bits / 8)
        return false;
    time &= bits == 64 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1;
    /* Seven bits of each byte, then fourteen of two, then twenty-eight of four. */
    time &= UINT64_C(0x7f7f7f7f7f7f7f7f);
    time = (time & UINT64_C(0x007f007f007f007f)) | (time & UINT64_C(0x7f007f007f007f00)) >> 1;
    time = (time & UINT64_C(0x00003fff00003fff)) | (time & UINT64_C(0x3fff00003fff0000)) >> 2;
    time = (time & UINT64_C(0x000000000fffffff)) | (time & UINT64_C(0x0fffffff00000000)) >> 4;
    ret->value = value_of_bits(value);
    ret->ts_ms = (int64_t)time;
    *from = str_make(from->ptr + 12 + bits / 8, from->len - 12 - bits / 8);
    return true;
}

/** A Sample message: 1 value (double), 2 timestamp (int64, ms) in both versions. */
bool wire_read_sample(struct str from, struct write_sample *ret);

/** Adds a label of a series being read; what is wrong with it stands in `fault`. */
void wire_add_label(struct write_item *item, struct str name, struct str value);

/** Ends the labels of a series being read. */
void wire_end_labels(struct write_item *item);

/** The name of a type of metric by its number in MetricMetadata; the numbers are the same in both
 * versions. */
struct str wire_type_name(uint64_t number);

/** Reads the next part of a message of version 2.0 (write_request2.c). False: it is none. */
bool wire_next_v2(struct write_reader *r, struct write_item *ret);

#endif
