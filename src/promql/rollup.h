/* rollup.h - functions of a range vector: for each step a number out of its window of samples. */
#ifndef ALGALON_PROMQL_ROLLUP_H
#define ALGALON_PROMQL_ROLLUP_H

#include "promql/scan.h"

enum rollup_part {
    ROLLUP_MIN,
    ROLLUP_MAX,
    ROLLUP_AVG
};

/* One row: the samples, the windows of all steps, and what the function was given beside them. */
struct rollup_row {
    enum function_id id;
    enum rollup_part part; /* of rollup_rate() and the like */
    const struct column *column;
    const struct window *window;
    const double *first, *second; /* scalar parameters, one for each step; NULL without */
    const struct grid *grid;
    const struct promql_options *options; /* when to give up */
    struct arena *scratch;
    double *to; /* all absent when it starts */
};

#define ROLLUP_WORK ((size_t)1 << 20) /* samples looked at between two looks at the clock */

/** Fills row->to. Errors: -ENOMEM, -ETIME when the query must not go on. */
MUST_CHECK int rollup_compute(const struct rollup_row *row);

/** Counts `samples` looked at; true when the query must not go on. Long windows are gone over again
 * at every step, so one series alone can take minutes. */
static inline bool rollup_must_stop(const struct rollup_row *row, size_t *work, size_t samples)
{
    struct promql_error err;

    *work += samples;
    if (LIKELY(*work < ROLLUP_WORK))
        return false;
    *work = 0;
    return eval_interrupted(row->options, &err) != 0;
}

/** A call of a rollup function. */
MUST_CHECK int rollup_eval(struct eval *e, const struct node *n, const struct grid *g,
                           struct vector *ret);

/* A call made ready to run over its series one by one. */
struct rollup {
    struct scan scan;
    enum function_id id; /* what is computed: counts of windows are added up */
    const struct node_call *call;
    const struct grid *grid;
    const struct promql_options *options;
    const double *first, *second;
    bool keep_names;
};

static inline struct rollup_row rollup_row_of(const struct rollup *r, const struct column *c,
                                              const struct window *w, struct arena *scratch,
                                              double *to)
{
    return (struct rollup_row){.id = r->id,
                               .column = c,
                               .window = w,
                               .first = r->first,
                               .second = r->second,
                               .grid = r->grid,
                               .options = r->options,
                               .scratch = scratch,
                               .to = to};
}

/** What is computed of an opened range; of samples that stand for windows, the part of them that it
 * is about. */
void rollup_choose(struct rollup *r, enum function_id id);

/** All series of an opened call; `part` is that of parts.c. */
MUST_CHECK int rollup_run(struct eval *e, const struct rollup *r, enum rollup_part part,
                          struct vector *ret);

MUST_CHECK int rollup_open(struct eval *e, const struct node *n, const struct grid *g,
                           struct rollup *ret);

#endif
