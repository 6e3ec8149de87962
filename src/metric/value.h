/* value.h - float64 values with a meaning of their own. */
#ifndef ALGALON_METRIC_VALUE_H
#define ALGALON_METRIC_VALUE_H

#include "base/base.h"

/* Bit patterns of NaN. The stale marker is Prometheus's own (model/value/value.go): "this series
 * ended here". ABSENT never leaves the store: in a row of values it says that this column has no
 * sample at this time. */
#define VALUE_STALE_BITS  UINT64_C(0x7ff0000000000002)
#define VALUE_ABSENT_BITS UINT64_C(0x7ff0000000000003)
#define VALUE_NAN_BITS    UINT64_C(0x7ff8000000000001) /* an ordinary NaN, as Prometheus stores it */

static inline uint64_t value_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static inline double value_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline double value_stale(void)
{
    return value_of_bits(VALUE_STALE_BITS);
}

static inline double value_absent(void)
{
    return value_of_bits(VALUE_ABSENT_BITS);
}

static inline bool value_is_stale(double value)
{
    return value_bits(value) == VALUE_STALE_BITS;
}

static inline bool value_is_absent(double value)
{
    return value_bits(value) == VALUE_ABSENT_BITS;
}

#endif
