/* families.h - what is known of metric families (type, help, unit), as messages of remote write. */
#ifndef ALGALON_FORWARD_FAMILIES_H
#define ALGALON_FORWARD_FAMILIES_H

#include "base/base.h"
#include "metric/metric.h"

/* The messages lie one behind the other. */
struct families {
    struct buf bytes;
    struct families_part {
        size_t end, families;
    } * parts;
    size_t len, cap;
};

/** Gathers all that is known, at most `most` families in a message. What memory cannot hold is left
 * out. To be ended with families_fini(). */
void families_pack(struct metadata *metadata, size_t most, struct families *ret);
void families_fini(struct families *f);

/** The i-th message, borrowed. */
struct str families_message(const struct families *f, size_t i);

#endif
