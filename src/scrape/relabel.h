/* relabel.h - Prometheus's relabelling: rules that rewrite or drop a set of labels. */
#ifndef ALGALON_SCRAPE_RELABEL_H
#define ALGALON_SCRAPE_RELABEL_H

#include "base/base.h"
#include "metric/metric.h"

enum relabel_action {
    RELABEL_REPLACE,
    RELABEL_KEEP,
    RELABEL_DROP,
    RELABEL_KEEPEQUAL,
    RELABEL_DROPEQUAL,
    RELABEL_HASHMOD,
    RELABEL_LABELMAP,
    RELABEL_LABELDROP,
    RELABEL_LABELKEEP,
    RELABEL_LOWERCASE,
    RELABEL_UPPERCASE,
};

struct relabel_rule {
    enum relabel_action action;
    struct str *sources; /* [source_len] */
    size_t source_len;
    struct str separator, target, replacement, pattern;
    struct regex *regex; /* of `pattern`; owned, see relabel_fini() */
    bool any;            /* the default regex, which takes everything */
    uint64_t modulus;
};

struct relabel {
    struct relabel_rule *rules;
    size_t len;
};

/** The action called `name`; false when there is none. */
bool relabel_action_of(struct str name, enum relabel_action *ret);
const char *relabel_action_name(enum relabel_action action);

/**
 * Applies the rules in order. New values live in `a`. Returns 1 to keep, 0 to drop, -ERANGE for a
 * regex past its bound, -ENOMEM, -E2BIG for too many labels.
 */
int relabel_apply(const struct relabel *r, struct label_builder *b, struct arena *a);

/** One rule of them; the same answers. */
int relabel_apply_rule(const struct relabel_rule *rule, struct label_builder *b, struct arena *a);

/** Frees the regexes; the rest belongs to whoever built the rules. */
void relabel_fini(struct relabel *r);

#endif
