/* times.h - the times of the API: seconds with a fraction, RFC 3339, durations. */
#ifndef ALGALON_API_TIMES_H
#define ALGALON_API_TIMES_H

#include "base/base.h"

/* What an endpoint without a range looks at: all of time, far from overflow. */
#define TIMES_MIN_MS (-(INT64_C(1) << 52))
#define TIMES_MAX_MS (INT64_C(1) << 52)

/** Reads a time as Prometheus takes it: seconds with fraction, or RFC 3339. */
MUST_CHECK bool times_parse(struct str s, int64_t *ret_ms);

/** Reads RFC 3339 alone: "2015-07-01T20:10:30.781Z", "2015-07-01T20:10:30+02:00". */
MUST_CHECK bool times_parse_rfc3339(struct str s, int64_t *ret_ms);

/** Reads "15s", "1h30m", or seconds with fraction, also negative ones; TIMES_MAX_MS at most, so
 * that sums with times never overflow. */
MUST_CHECK bool times_parse_duration(struct str s, int64_t *ret_ms);

/** Appends seconds with up to three digits behind the point, as the API's numbers are. */
void times_print(struct buf *to, int64_t ms);
/** The same into memory: 24 bytes at most; returns where it ends. */
char *times_put(char *to, int64_t ms);
/** Appends RFC 3339 in UTC with milliseconds, quoted. */
void times_print_rfc3339(struct buf *to, int64_t ms);

#endif
