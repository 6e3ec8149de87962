/* vmrange.h - VictoriaMetrics's histograms: a series for each range of values that has some, named
 * by the label vmrange ("9.000e+00...1.000e+01"), and their way to the buckets of Prometheus. */
#ifndef ALGALON_PROMQL_VMRANGE_H
#define ALGALON_PROMQL_VMRANGE_H

#include "promql/rollup.h"

/** histogram_over_time(): how many samples of each window lie in each range. */
MUST_CHECK int vmrange_over_time(struct eval *e, const struct rollup *r, struct vector *ret);

/** histogram(): how many series of each group lie in each range at each step, as buckets. */
MUST_CHECK int vmrange_gather(struct eval *e, const struct grid *g, const struct vector *v,
                              const struct label_index *index, const struct members *m,
                              struct vector *ret);

/** Makes buckets, with rising counts and the label "le", of all lines that have the label vmrange.
 * Lines without it stay. */
MUST_CHECK int vmrange_to_buckets(struct eval *e, size_t steps, struct vector *v);

/** prometheus_buckets(x) and buckets_limit(n, x): the same, and lines that are no buckets go. */
MUST_CHECK int vmrange_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                            struct vector *ret);

#endif
