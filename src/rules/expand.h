/* expand.h - the templates of one turn of a rule: what they know, and what they ask. */
#ifndef ALGALON_RULES_EXPAND_H
#define ALGALON_RULES_EXPAND_H

#include "rules/turn.h"

struct expander {
    struct turn *turn;
    const struct rule *rule;
    int64_t now_ms;
    struct arena *arena;       /* keeps what is said and what was asked */
    uint64_t deadline_mono_ns; /* of all of them */
    struct map asked;          /* expression -> what it gave: alerts of one rule ask the same */
    size_t failures;
    char error[240]; /* why the first one failed */
};

/** `arena` is borrowed and outlives what is said. */
void expander_init(struct expander *x, struct turn *turn, const struct rule *rule, int64_t now_ms,
                   struct arena *arena);
void expander_fini(struct expander *x);

/** What a label or an annotation says of a series; what fails is said in its place. Errors:
 * -ENOMEM. */
MUST_CHECK int expander_say(struct expander *x, const struct rule_pair *pair, struct labels labels,
                            double value, struct str *ret);

#endif
