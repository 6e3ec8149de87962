/* spoken.h - what functions of templates make of names, addresses and times, as Prometheus has
 * them. */
#ifndef ALGALON_RULES_SPOKEN_H
#define ALGALON_RULES_SPOKEN_H

#include "base/base.h"

/** stripPort: the host of "HOST:PORT" or "[HOST]:PORT"; any other text as it is. */
void spoken_strip_port(struct str text, struct buf *to);

/** stripDomain: what stands before the first dot of the host, with its port; an IP address as it
 * is. */
void spoken_strip_domain(struct str text, struct buf *to);

/** title: each word begins with a capital letter. Letters beyond ASCII stay. */
void spoken_title(struct str text, struct buf *to);

/** humanizeTimestamp: `seconds` since 1970 as "2026-01-31 12:00:00.25 +0000 UTC"; what is no time
 * that Prometheus can hold, as a number. */
void spoken_timestamp(double seconds, struct buf *to);

#endif
