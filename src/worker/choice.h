/* choice.h - which fields of dcgm-exporter are given: the file of its option --collectors.
 *
 * A line is `FIELD, type, help`: type gauge or counter makes a family with that HELP and TYPE, type
 * label makes a text (driver version, serial number) a label of every series of a device. Quotes,
 * comments and blanks are those of dcgm-exporter, which reads the file as Go's encoding/csv does.
 */
#ifndef ALGALON_WORKER_CHOICE_H
#define ALGALON_WORKER_CHOICE_H

#include "base/base.h"

#define CHOICE_MAX_BYTES ((size_t)1 << 20) /* of the file: some 10,000 lines */

struct choice_field {
    const char *name, *type, *help;
    unsigned line;
};

struct choice {
    struct choice_field *fields; /* families, in the order of the file */
    size_t len;
    unsigned labels;     /* bits: places in choice_labels() */
    const char *unknown; /* fields that this worker does not give, with their lines; "" none */
};

/**
 * Reads the text of a collectors file; memory in `a`. Fields of dcgm-exporter that this worker does
 * not give are no error, they are listed in `unknown`. Errors: -EINVAL with the line: not three
 * columns, a quote out of place, no name of a field, no type, a field twice, more than twelve
 * labels on a series, no field that could be given; -ENOMEM.
 */
MUST_CHECK int choice_parse(struct str text, struct arena *a, struct choice **ret,
                            struct error *err);

/** Reads the file at `path`; `err` then names it. Errors: as above, and those of file_read(). */
MUST_CHECK int choice_read(const char *path, struct arena *a, struct choice **ret,
                           struct error *err);

/** The field of that name; NULL when it was not chosen. */
const struct choice_field *choice_find(const struct choice *c, const char *name);

/** Bits of the labels that `c` chose; NULL: those of dcgm-exporter's default set, the driver's
 * version alone. */
unsigned choice_label_bits(const struct choice *c);

/** Names of the texts that can be labels, sorted; NULL ends them. */
const char *const *choice_labels(void);

#endif
