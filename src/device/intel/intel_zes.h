/* intel_zes.h - what Level Zero (Sysman) tells of a board that the kernel's files do not: heat,
 * power and fans on kernels whose drivers show none, memory where its query is refused, the
 * memory's clock and bandwidth, errors (RAS), bytes over PCI Express and over Xe-Link.
 *
 * Its start looks at every board and so wakes them: intel_zes_open() is for when all are awake, and
 * afterwards nobody is asked who sleeps. Engines are left alone where the kernel may send a board
 * to sleep: their counters would keep it awake. */
#ifndef ALGALON_DEVICE_INTEL_INTEL_ZES_H
#define ALGALON_DEVICE_INTEL_INTEL_ZES_H

#include "zes.h"

#include "device/linux_card.h"

/* What of one board is asked; handles are the library's. */
struct intel_zes;

/**
 * Starts the library and finds the boards of it by their places on the bus.
 *
 * Errors: -ENOENT, -ENOSYS (see zes_open()), -ENODEV (its driver does not start), -EACCES. What
 * failed once fails again: the caller tries anew only when boards came.
 */
MUST_CHECK int intel_zes_open(const char *path, struct intel_zes **ret, struct error *err);
void intel_zes_close(struct intel_zes *z); /* NULL is fine */

/**
 * Fills in of `a`, an awake board at `bus_id`, what is still unknown of it, and appends its ports
 * as parts (kind "link"). `engines`: nothing else tells its load, and it is never sent to sleep:
 * its engines are counted, and appended as parts.
 */
void intel_zes_read(struct intel_zes *z, const char *bus_id, bool engines, struct reading *out,
                    struct accelerator *a);

/** It slept or was gone: what it counted meanwhile is of no interval. */
void intel_zes_rest(struct intel_zes *z, const char *bus_id);

#endif
