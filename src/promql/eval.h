/* eval.h - evaluation by columns: every node gives all steps of a grid at once. Start at
 * eval_node(). */
#ifndef ALGALON_PROMQL_EVAL_H
#define ALGALON_PROMQL_EVAL_H

#include "promql/label_index.h"
#include "promql/node.h"
#include "promql/vector.h"

#define EVAL_NOTES_MAX     10                 /* warnings and infos of one query, each */
#define EVAL_SUBQUERY_STEP INT64_C(60000)     /* ms, when none is written */
#define EVAL_STEPS_MAX     ((size_t)50000000) /* of one grid, also of a subquery's */

struct value {
    enum promql_type type;
    double *numbers; /* scalar: [grid.len], no absent marks */
    struct vector vector;
    struct str string;
};

struct held_selection; /* a selection whose labels the values borrow */

/* One query while it runs. */
struct eval {
    const struct queryable *queryable;
    struct promql_options options; /* with the defaults filled in */
    struct arena arena;
    struct promql_error *err;
    struct str text;        /* of the expression, for places in it */
    double step_s, range_s; /* of the whole query, for step() and range() */
    struct held_selection *held;
    bool keep_empty; /* of the comparison evaluated next: lines without any sample too */
    atomic_uint_fast64_t samples_read;
    uint64_t series_read;
    size_t memory_peak; /* bytes taken at once while threads ran */
    struct str warnings[EVAL_NOTES_MAX], infos[EVAL_NOTES_MAX];
    size_t warnings_len, infos_len;
};

/** Evaluates `n` on `g`; everything lives in e->arena. 0, or negative with e->err filled. */
MUST_CHECK int eval_node(struct eval *e, const struct node *n, const struct grid *g,
                         struct value *ret);

/** The same for nodes that are vectors or scalars by type. */
MUST_CHECK int eval_vector(struct eval *e, const struct node *n, const struct grid *g,
                           struct vector *ret);
MUST_CHECK int eval_scalar(struct eval *e, const struct node *n, const struct grid *g,
                           double **ret);
/** A vector; a scalar as one series without labels. */
MUST_CHECK int eval_series(struct eval *e, const struct node *n, const struct grid *g,
                           struct vector *ret);
/** What a string node says. */
struct str eval_string(const struct node *n);

/** True when the value is the same at every step, whatever the grid. */
bool eval_is_fixed(const struct node *n);

/** 0, or the failure when the time is up or the client has left. Cheap enough for every series. */
MUST_CHECK int eval_interrupted(const struct promql_options *o, struct promql_error *err);

/** Turns -EEXIST and -ENOMEM of the functions of vector.h into words. */
MUST_CHECK int eval_failed(struct eval *e, int code);

/** Milliseconds of a duration, which must be `positive`, or may be anything (that of an offset). */
MUST_CHECK int eval_duration(struct eval *e, const struct node *n, bool positive, int64_t *ret_ms);

/** Where a selector or a subquery looks: `ret_offset`, and whether all steps look at the same
 * `ret_at`. */
MUST_CHECK int eval_time_of(struct eval *e, const struct node *n, bool *ret_fixed, int64_t *ret_at,
                            int64_t *ret_offset);

/** Notes a warning or an info once, with the place of the node that it is about (NULL: none). */
void eval_warn(struct eval *e, const struct node *about, const char *format, ...) PRINTF_LIKE(3, 4);
void eval_inform(struct eval *e, const struct node *about, const char *format, ...)
    PRINTF_LIKE(3, 4);

/** The warning of Prometheus where one of `n` quantiles is not between 0 and 1. */
void eval_warn_of_quantiles(struct eval *e, const struct node *about, const double *quantiles,
                            size_t n);

/* call.c, aggregate.c, binary.c */
MUST_CHECK int call_eval(struct eval *e, const struct node *n, const struct grid *g,
                         struct value *ret);
MUST_CHECK int aggregate_eval(struct eval *e, const struct node *n, const struct grid *g,
                              struct vector *ret);
MUST_CHECK int binary_eval(struct eval *e, const struct node *n, const struct grid *g,
                           struct value *ret);

#endif
