/* equivalence.h - which name of dcgm-exporter says the same as which name of all-smi's schema. This
 * table is the one source: translation, bridge rules and docs/migration.md are made from it. */
#ifndef ALGALON_MIGRATE_EQUIVALENCE_H
#define ALGALON_MIGRATE_EQUIVALENCE_H

#include "base/base.h"

enum schema_name {
    TO_ALL_SMI, /* the names that the worker gives by default: all_smi_*, algalon_* */
    TO_DCGM,    /* those of dcgm-exporter 4.8 */
};

/*
 * The value of `dcgm` is the value of `all_smi` times `scale`.
 *
 * A side is a name, or an expression in which "{$}" (or "{a="b"$}") stands behind each name and
 * takes the matchers of the selector that is replaced. An expression can be made of the other
 * side's name, but not the other way round.
 */
struct equivalence {
    const char *dcgm, *all_smi;
    const char *match; /* of the all_smi side, which is a name: type="corrected"; NULL: none */
    double scale;
    const char *note; /* "" or what differs; a sentence without its full stop */
};

extern const struct equivalence equivalences[];
extern const size_t equivalences_len;

/* A name or label without a counterpart, and why. */
struct no_equivalence {
    const char *name, *reason;
};

extern const struct no_equivalence no_equivalences[];
extern const size_t no_equivalences_len;

/* A label; one side NULL: the other has none, `note` says what to do. */
struct label_equivalence {
    const char *dcgm, *all_smi, *note;
};

extern const struct label_equivalence label_equivalences[];
extern const size_t label_equivalences_len;

/* What an exporter called a metric or label until, and since, a release. The new value is the old
 * one times `scale`. */
struct renaming {
    const char *old_name, *new_name;
    double scale;
    const char *since;
};

extern const struct renaming metric_renamings[];
extern const size_t metric_renamings_len;
extern const struct renaming label_renamings[];
extern const size_t label_renamings_len;

/* Names and labels that dashboards ask for although no exporter ever gave them. `of`: the metric
 * that a label is asked of begins so; NULL for metrics. right NULL: nothing says it. */
struct mistake {
    const char *of, *wrong, *right;
};

extern const struct mistake mistakes[];
extern const size_t mistakes_len;

/** True when the side is an expression and no name. */
static inline bool equivalence_is_expression(const char *side)
{
    return strchr(side, '$') != NULL;
}

/** The i-th equivalence whose source, on the way `to`, is `name`; NULL past the last. */
const struct equivalence *equivalence_find(struct str name, enum schema_name to, size_t i);

/** Why `name` has no counterpart; NULL when nothing is known of it. */
const char *equivalence_why_none(struct str name);

#endif
