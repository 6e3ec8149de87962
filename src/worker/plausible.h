/* plausible.h - the catalogue's ranges, held against everything that a collector read: what lies
 * outside is made unknown before anyone sees it, and counted. Drivers have checks of their own for
 * numbers that mean "nothing"; this is the same net below every platform. */
#ifndef ALGALON_WORKER_PLAUSIBLE_H
#define ALGALON_WORKER_PLAUSIBLE_H

#include "device/device.h"

struct plausible; /* counts of one collector, since start */

/** Never NULL: aborts when memory is out. */
struct plausible *plausible_new(void);
void plausible_free(struct plausible *p); /* NULL is fine */

/**
 * Makes values of `r` unknown that their family's range excludes, and lists in r->rejects, behind
 * what the collector put there, how many there were of each family since start.
 * Threads: one at a time for a `p`. Cost: a comparison a value. Errors: -ENOMEM, the list is then
 * what the collector made it.
 */
MUST_CHECK int plausible_check(struct plausible *p, struct reading *r);

#endif
