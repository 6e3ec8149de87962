/* worker_with.h - the calls of worker.h with a table of collectors of one's own: for tests and the
 * benchmark. */
#ifndef ALGALON_WORKER_WORKER_WITH_H
#define ALGALON_WORKER_WORKER_WITH_H

#include "worker/worker.h"

MUST_CHECK int worker_start_with(const struct worker_options *options,
                                 const struct collector *const *table, struct worker **ret,
                                 struct error *err);
MUST_CHECK int worker_once_with(const struct worker_options *options,
                                const struct collector *const *table, int64_t over_ms,
                                int64_t patience_ms, char *late, size_t late_size,
                                struct snapshot **ret, struct error *err);
void worker_diagnose_with(const struct worker_options *options,
                          const struct collector *const *table, struct arena *a,
                          struct finding **ret, size_t *ret_len);

#endif
