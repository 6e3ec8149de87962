/* schema.h - which families a schema consists of, in the order of the text, and where each value
 * stands in a snapshot. A further schema is a further table. */
#ifndef ALGALON_WORKER_SCHEMA_H
#define ALGALON_WORKER_SCHEMA_H

#include "worker/scope.h"

enum value_source {
    VALUE_ONE,      /* constant 1: info families */
    VALUE_DOUBLE,   /* a double at `offset` of the thing; NAN is absent */
    VALUE_ARRAY,    /* the variant-th of the doubles there; NAN is absent */
    VALUE_COUNT,    /* a uint64_t there; UNKNOWN_COUNT is absent */
    VALUE_COMPUTED, /* what `compute` says; NAN is absent */
};

struct schema_rule {
    const char *name; /* stands in the catalogue */
    enum scope scope;
    enum value_source source;
    unsigned decimals; /* at most, after scaling; of counts none */
    double scale;      /* of a double: 100 makes percent of a share */
    size_t offset;
    double (*compute)(const void *thing, unsigned variant);
};

struct schema_table {
    enum schema schema;
    const struct schema_rule *rules;
    const size_t *len;
};

extern const struct schema_table schema_tables[];
extern const size_t schema_tables_len;

#endif
