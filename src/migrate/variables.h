/* variables.h - Grafana's variables and macros in an expression: $x, ${x:regex}, [[x]],
 * $__rate_interval. They are replaced by stand-ins that PromQL can read, and put back. */
#ifndef ALGALON_MIGRATE_VARIABLES_H
#define ALGALON_MIGRATE_VARIABLES_H

#include "base/base.h"
#include "promql/promql.h"

#define VARIABLES_MAX 100 /* in one expression */

/* How one was written, and what stands for it. */
struct variable_place {
    struct str written, stand_in;
};

struct variables {
    struct variable_place items[VARIABLES_MAX];
    size_t len;
    struct str text; /* the expression with the stand-ins */
};

/**
 * Hides the variables of `expr` so that it parses. Those within strings stay: there any text may
 * stand. Memory in `a`. Errors: negative when it does not parse, `err` says why.
 */
MUST_CHECK int variables_hide(struct str expr, struct arena *a, struct variables *ret,
                              struct promql_error *err);

/** Appends `text` with the stand-ins turned into what was written. */
void variables_show(const struct variables *v, struct str text, struct buf *to);

/** True when a variable stands in it, in either form. */
bool variables_stand_in(struct str text);

#endif
