/* labels.h - the identity of a series: label pairs sorted by name, the metric's name among them as
 * __name__. */
#ifndef ALGALON_METRIC_LABELS_H
#define ALGALON_METRIC_LABELS_H

#include "base/base.h"

#define LABEL_NAME "__name__"

#define LABELS_MAX      64   /* labels on one series; more are refused with an error */
#define LABEL_NAME_MAX  1024 /* bytes of a name */
#define LABEL_VALUE_MAX 4096 /* bytes of a value */

struct label {
    struct str name, value;
};

/* A borrowed view: sorted by name (bytes), names distinct, no empty value (an empty value is no
 * label). */
struct labels {
    const struct label *items;
    size_t len;
};

/** The value of label `name`; the empty view when there is none, as Prometheus counts it. */
struct str labels_get(struct labels l, struct str name);

/** The metric's name, the empty view when it has none. */
static inline struct str labels_name(struct labels l)
{
    return labels_get(l, STR(LABEL_NAME));
}

bool labels_equal(struct labels a, struct labels b);

/** Order of Prometheus: pair by pair, name then value, shorter set first on a tie. */
int labels_compare(struct labels a, struct labels b);

/** Equal sets have equal hashes; stable over releases. */
uint64_t labels_hash(struct labels l);

/** A deep copy in `a`. Errors: -ENOMEM. */
MUST_CHECK int labels_copy(struct labels l, struct arena *a, struct labels *ret);

/** Appends `name{a="b",c="d"}`, escaped as the text format wants; a set without a name starts at
 * the brace. */
void labels_print(struct labels l, struct buf *to);

/** Appends `{"__name__":"x","a":"b"}`. */
void labels_print_json(struct labels l, struct buf *to);

/** True for [a-zA-Z_][a-zA-Z0-9_]* (label) and the same with ':' (metric). */
bool label_name_is_valid(struct str name);
bool metric_name_is_valid(struct str name);

/* Collects pairs in any order. Names and values are borrowed until labels_build(). Not to be
 * copied: it may point into itself. */
struct label_builder {
    struct label *items; /* own, or what label_builder_init_wide() was given */
    size_t len, max;     /* max: more than so many are one too many for a view */
    bool overflow;
    struct label own[LABELS_MAX + 1];
};

void label_builder_init(struct label_builder *b, struct labels from);
/** The same with room for `max` labels and one more at `items`, which is borrowed: for sets that
 * are not those of a series yet (a discovered pod has hundreds). */
void label_builder_init_wide(struct label_builder *b, struct label *items, size_t max,
                             struct labels from);
/** Sets a label; an empty value removes it. */
void label_builder_set(struct label_builder *b, struct str name, struct str value);
struct str label_builder_get(const struct label_builder *b, struct str name);
/** Sorts in place and gives a view that lives as long as `b` and what it borrows. Errors: -E2BIG
 * past LABELS_MAX. */
MUST_CHECK int label_builder_view(struct label_builder *b, struct labels *ret, struct error *err);

#endif
