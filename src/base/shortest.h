/* shortest.h - the shortest decimal that reads back as a float64. */
#ifndef ALGALON_BASE_SHORTEST_H
#define ALGALON_BASE_SHORTEST_H

#include "base/std.h"

/* value = digits * 10^exponent; without trailing zeros, at most 17 of them. */
struct shortest {
    uint64_t digits;
    int exponent;
};

/** Of all decimals that read back as `magnitude` (finite, 0 or more, its sign is not looked at) one
 * with the fewest digits; of those the nearest. Threads: any. */
struct shortest shortest_of(double magnitude);

#endif
