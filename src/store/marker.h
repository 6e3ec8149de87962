/* marker.h - the file that says "a store of ours lies here", and the lock that keeps others out. */
#ifndef ALGALON_STORE_MARKER_H
#define ALGALON_STORE_MARKER_H

#include "base/base.h"

/**
 * Makes or checks the data directory and locks it for this process. Errors: -EBUSY another process
 * has it, -EINVAL it holds something else or a newer format, or what the system says.
 * `*ret_next_group`: the first group id that was never given.
 */
MUST_CHECK int marker_open(const char *dir, int *ret_lock_fd, uint32_t *ret_next_group,
                           struct error *err);

/** Promises in the file that ids below *ret_reserved may be in use; `next` is the next to be given.
 */
MUST_CHECK int marker_reserve(const char *dir, uint32_t next, uint32_t *ret_reserved,
                              struct error *err);

#endif
