/* clock.h - the two clocks: Unix time for data, the monotonic one for durations and deadlines. */
#ifndef ALGALON_BASE_CLOCK_H
#define ALGALON_BASE_CLOCK_H

#include "base/std.h"

/** Unix time in milliseconds. It may jump: never subtract two of these to measure a duration. */
int64_t clock_now_ms(void);

/** Monotonic time in nanoseconds; only differences mean anything. */
uint64_t clock_mono_ns(void);

#define NS_PER_MS 1000000u
#define NS_PER_S  1000000000u

#endif
