/* call.h - the functions of instant vectors, a file for each family. */
#ifndef ALGALON_PROMQL_CALL_H
#define ALGALON_PROMQL_CALL_H

#include "promql/eval.h"

/* math.c: a function of one number, on all that are there. */
void math_apply(enum function_id id, double *values, size_t n);

/* date.c: the same for seconds since 1970, read as a date in UTC. */
void date_apply(enum function_id id, double *values, size_t n);

/* renaming.c: label_replace and label_join. */
MUST_CHECK int renaming_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                             struct vector *ret);

/* histogram.c: histogram_quantile and histogram_fraction of classic histograms. */
MUST_CHECK int histogram_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                              struct vector *ret);

/* ordering.c: sort and its kin. */
MUST_CHECK int ordering_eval(struct eval *e, const struct node *n, const struct grid *g,
                             struct vector *ret);

/* over_range.c: range_avg and its kin. */
MUST_CHECK int over_range_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                               struct vector *ret);

/* sequence.c: each point by those around it. */
MUST_CHECK int sequence_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                             struct vector *ret);

/* relabel.c: MetricsQL's label_set and its kin. */
MUST_CHECK int relabel_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                            struct vector *ret);

/* mixed.c: union and what else MetricsQL has; of the query's times, and by chance. */
MUST_CHECK int mixed_vector(struct eval *e, const struct node_call *c, const struct grid *g,
                            struct vector *ret);
MUST_CHECK int mixed_scalar(struct eval *e, const struct node_call *c, const struct grid *g,
                            double **ret);

/** True when the order of an instant query's result is the expression's. */
bool ordering_matters(const struct node *n);

#endif
