/* known.h - which metrics and labels there are: of a schema, by the catalogue, or of an exposition
 * that was read. */
#ifndef ALGALON_MIGRATE_KNOWN_H
#define ALGALON_MIGRATE_KNOWN_H

#include "metric/metric.h"

#define KNOWN_SERIES_MAX 1000000

struct known_family {
    struct str name;
    const char *unit;     /* as the catalogue writes it; NULL: not told */
    const char *declared; /* labels, as the catalogue writes them; NULL: those of the series */
    bool chosen;          /* given only when it is asked for by name */
    struct labels *series;
    size_t len, cap;
};

struct known {
    struct arena arena;
    struct map families; /* by name */
    const char *source;  /* for messages: "all-smi", a URL */
    bool has_series;     /* an exposition: what it lacks is not there now */
    size_t bad_lines;
};

/** Begins with none; `source` stands in messages. Errors: -ENOMEM; then there is nothing to end. */
MUST_CHECK int known_begin(struct known *k, const char *source);

/** Adds a family without series; `unit` and `declared` are static. Errors: -ENOMEM. */
MUST_CHECK int known_declare(struct known *k, const char *name, const char *unit,
                             const char *declared, bool chosen);

/** Takes the families of a schema: "all-smi" or "dcgm". Errors: -EINVAL another word, -ENOMEM. */
MUST_CHECK int known_from_schema(const char *schema, struct known *ret, struct error *err);

/** Takes the series of an exposition. Lines that cannot be read are counted and passed over.
 * Errors: -ENODATA it holds no series, -E2BIG more than KNOWN_SERIES_MAX, -ENOMEM. */
MUST_CHECK int known_from_exposition(const char *source, struct str text, struct known *ret,
                                     struct error *err);
void known_fini(struct known *k);

const struct known_family *known_find(const struct known *k, struct str name);

/** Whether series of the family may carry the label. */
bool known_has_label(const struct known_family *f, struct str label);

/** The name that is most like `wanted`, empty when none is like it at all. */
struct str known_nearest(const struct known *k, struct str wanted);
struct str known_nearest_label(const struct known_family *f, struct str wanted);

/** True when two names differ by a slip of the pen (two letters), or by a unit behind the name. */
bool known_is_slip(struct str wrong, struct str right);

#endif
