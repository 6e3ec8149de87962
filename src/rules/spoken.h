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

/** title: the first letter of each word is a capital one. What a word is, is Prometheus 3's view:
 * "don't" and "a.b" are one each (Prometheus 2 took two). */
void spoken_title(struct str text, struct buf *to);

/** humanize, humanize1024: four digits with a prefix for the power of 1000 or 1024. */
void spoken_humanize(double v, struct buf *to);
void spoken_humanize_1024(double v, struct buf *to);

/** humanizeDuration: seconds as "1d 2h 3m 4s". */
void spoken_duration(double seconds, struct buf *to);

/** humanizePercentage: a ratio as "12.5%". */
void spoken_percentage(double ratio, struct buf *to);

#endif
