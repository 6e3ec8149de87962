/* import_csv.h - lines of comma-separated values as samples, by VictoriaMetrics' description of
 * columns: "1:time:unix_s,2:label:host,3:metric:load". */
#ifndef ALGALON_API_IMPORT_CSV_H
#define ALGALON_API_IMPORT_CSV_H

#include "api/import_batch.h"

#define CSV_COLUMNS_MAX 4096

enum csv_kind {
    CSV_IGNORED,
    CSV_METRIC,
    CSV_LABEL,
    CSV_UNIX_S, /* from here on: times */
    CSV_UNIX_MS,
    CSV_UNIX_NS,
    CSV_RFC3339,
};

struct csv_column {
    enum csv_kind kind;
    struct str name; /* of a metric or a label; borrowed from the description */
};

struct csv_format {
    struct csv_column *columns; /* of the arena */
    size_t len;                 /* a line has at least so many */
};

/**
 * Reads a description into `a`. Errors: -EINVAL with what is wrong and what is wanted; -ENOMEM.
 */
MUST_CHECK int csv_format_read(struct str text, struct arena *a, struct csv_format *ret,
                               struct error *err);

/**
 * Hands the samples of `body` to `push`, a batch at a time, each with the labels `extra` in place
 * of those of the same names, and at `now_ms` where no column is a time. Values may stand in
 * quotes, single or double, with a doubled one for itself. An empty metric is no sample. A line
 * that cannot be read (such as a heading) is counted in *ret (begins zeroed) and passed over whole.
 * Memory: a batch and its labels. Errors: those of `push`, -ENOMEM.
 */
MUST_CHECK int import_csv_read(struct str body, const struct csv_format *format, int64_t now_ms,
                               struct labels extra, import_push *push, void *ctx,
                               struct import_result *ret, struct error *err);

#endif
