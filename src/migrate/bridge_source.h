/* bridge_source.h - what a name of one schema is made of in the other: the table's row taken apart.
 */
#ifndef ALGALON_MIGRATE_BRIDGE_SOURCE_H
#define ALGALON_MIGRATE_BRIDGE_SOURCE_H

#include "metric/metric.h"
#include "migrate/equivalence.h"

#define BRIDGE_PARTS_MAX 4 /* names of one side of the table */
#define BRIDGE_ROWS_MAX  8 /* rows for one name */

/* How series that get the same labels become one. */
enum bridge_way {
    BRIDGE_FIRST, /* the first that has a sample */
    BRIDGE_SUM,   /* the sum of those that have one */
    BRIDGE_ALL,   /* the sum, where all have one */
};

struct bridge_source {
    enum schema_name to; /* the schema of the name that is asked for */
    struct {
        struct str name;
        struct str label, value; /* a matcher of the part; empty: none */
    } parts[BRIDGE_PARTS_MAX];
    size_t len;
    enum bridge_way way;
    double factor;           /* the value asked for is this times the source's */
    struct str label, value; /* that the answer has beside; empty: none */
};

/** The rows that give `name`; 0 when nothing does. */
size_t bridge_sources(struct str name, struct bridge_source rows[BRIDGE_ROWS_MAX]);

/** The labels of a source's series as those of `name`. The text is borrowed from both and from `a`.
 * Errors: -ENOMEM, -E2BIG. */
MUST_CHECK int bridge_labels(const struct bridge_source *s, struct labels from, struct str name,
                             struct arena *a, struct labels *ret, struct error *err);

/** The label that says which GPU a series is of. */
struct str bridge_key(enum schema_name of);

/** What `label` of the asked schema is called in the source's; itself where both have it; empty
 * where the source has nothing of the kind. */
struct str bridge_label_of_source(enum schema_name to, struct str label);

#endif
