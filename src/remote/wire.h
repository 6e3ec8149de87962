/* wire.h - how protobuf puts fields on the wire, and what both versions of remote write share. */
#ifndef ALGALON_REMOTE_WIRE_H
#define ALGALON_REMOTE_WIRE_H

#include "remote/write_request.h"

/* The low three bits of a field's tag. */
enum wire {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_32 = 5
};

#define DOUBLE_BYTES 8u
#define VARINT_MAX   10u /* bytes */
#define WIRE_TYPES   8u  /* of metrics */

struct field {
    uint64_t number;
    enum wire wire;
    uint64_t value;   /* of WIRE_VARINT */
    struct str bytes; /* of the others */
};

bool wire_take_varint(struct str *from, uint64_t *ret);

/** Takes a field; false when none stands there. */
bool wire_take_field(struct str *from, struct field *ret);

static inline bool wire_is(const struct field *f, uint64_t number, enum wire wire)
{
    return f->number == number && f->wire == wire;
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
