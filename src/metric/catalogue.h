/* catalogue.h - every metric family that the worker gives: one table, from which HELP and TYPE
 * lines, the documentation (docs/metrics.md) and the API's metadata are made. */
#ifndef ALGALON_METRIC_CATALOGUE_H
#define ALGALON_METRIC_CATALOGUE_H

#include "base/base.h"

struct catalogue_family {
    const char *name;
    const char *type;   /* "gauge" or "counter" */
    const char *unit;   /* "percent", "bytes", "1" for a bare number, "info" for a constant 1 */
    const char *labels; /* in the order of the lines; "?" behind one that may be left out */
    const char *help; /* one line, no backslash and no quote: what it says, its unit, its source */
};

extern const struct catalogue_family catalogue[];
extern const size_t catalogue_len;

/** The family called `name`, or NULL. Linear: look up once, not per sample. */
const struct catalogue_family *catalogue_find(struct str name);

/** Appends a family in words: type, unit, labels, what is asked for it, how often, when it is
 * absent, what it is easily mistaken for. */
void catalogue_explain(const struct catalogue_family *family, struct buf *to);

/** Counts, and appends by name, what explain.c says of families that are not there; for its test.
 */
size_t catalogue_notes_without_family(struct buf *to);

/** Appends the table as Markdown: the text of docs/metrics.md. */
void catalogue_markdown(struct buf *to);

#endif
