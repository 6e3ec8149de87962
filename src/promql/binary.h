/* binary.h - operators between two values. */
#ifndef ALGALON_PROMQL_BINARY_H
#define ALGALON_PROMQL_BINARY_H

#include "promql/eval.h"

struct binary_rule {
    enum node_operator op;
    bool return_bool;
    bool keep_right; /* what a comparison lets through: the right number rather than the left */
};

/** to[k] = a[k] op b[k] where both are there; absent elsewhere, and where a comparison fails. `to`
 * may be `a` or `b`. */
void binary_rows(const struct binary_rule *rule, const double *a, const double *b, double *to,
                 size_t n);

/** True when the result is no longer what the name says: all but filtering comparisons. */
bool binary_drops_name(const struct node_binary *b);

/* match.c: vector with vector, matched by labels. Takes the rows of both over. */
MUST_CHECK int match_eval(struct eval *e, const struct node_binary *b, const struct grid *g,
                          struct vector *left, struct vector *right, struct vector *ret);

/* match.c: and, or, unless. */
MUST_CHECK int match_sets(struct eval *e, const struct node_binary *b, const struct grid *g,
                          struct vector *left, struct vector *right, struct vector *ret);

/* match.c: MetricsQL's default between vectors: fills the gaps of the left one's lines; all of the
 * right one where the left one has no line. */
MUST_CHECK int match_default(struct eval *e, const struct node_binary *b, const struct grid *g,
                             struct vector *left, struct vector *right, struct vector *ret);

#endif
