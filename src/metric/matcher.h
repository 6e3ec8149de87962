/* matcher.h - what a selector asks of one label. */
#ifndef ALGALON_METRIC_MATCHER_H
#define ALGALON_METRIC_MATCHER_H

#include "base/base.h"
#include "metric/labels.h"
#include "metric/regex.h"

enum match_type {
    MATCH_EQUAL,
    MATCH_NOT_EQUAL,
    MATCH_REGEX,
    MATCH_NOT_REGEX
};

struct matcher {
    enum match_type type;
    struct str name, value; /* borrowed */
    struct regex *regex;    /* for the two regex types; owned, see matcher_fini() */
};

/** Compiles the regex where `type` needs one. Errors: -EINVAL with the reason. */
MUST_CHECK int matcher_init(struct matcher *m, enum match_type type, struct str name,
                            struct str value, struct error *err);
void matcher_fini(struct matcher *m);

/** 1, 0, or -ERANGE from the regex. A label that is absent matches as the empty value. */
int matcher_matches(const struct matcher *m, struct str value);

/** All matchers hold on `l`: 1, 0, or negative. */
int matchers_match(const struct matcher *m, size_t n, struct labels l);

/** True when the matcher also takes series that lack the label. */
bool matcher_takes_empty(const struct matcher *m);

#endif
