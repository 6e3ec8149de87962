/* import_lines.h - series as JSON lines, as VictoriaMetrics exports them. */
#ifndef ALGALON_API_IMPORT_LINES_H
#define ALGALON_API_IMPORT_LINES_H

#include "api/import_batch.h"

#define IMPORT_LINE_VALUES_MAX 1000000 /* samples of one line */

/**
 * Hands the samples of `body` to `push`, a batch at a time, with the labels `extra` in place of
 * those of the same names. A line that cannot be read is counted
 * in *ret (begins zeroed) and passed over; its samples before the mistake are kept. Memory: a line
 * as a tree, and a batch. Errors: those of `push`, -ENOMEM.
 */
MUST_CHECK int import_lines_read(struct str body, struct labels extra, import_push *push, void *ctx,
                                 struct import_result *ret, struct error *err);

#endif
