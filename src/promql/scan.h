/* scan.h - reads series and slides windows over them, on several threads when there are many. */
#ifndef ALGALON_PROMQL_SCAN_H
#define ALGALON_PROMQL_SCAN_H

#include "promql/eval.h"

enum scan_what {
    SCAN_VALUE,
    SCAN_TIMESTAMP /* seconds */
};

/* What a function finds out of the times alone, kept for the next columns that share them. */
struct window_memo {
    bool filled;     /* false for new times */
    double *numbers; /* [steps] */
};

/* Samples from[k] to to[k] - 1 are those of step k: later than end_ms[k] - width_ms, not later than
 * end_ms[k]. */
struct window {
    size_t steps;
    int64_t width_ms;
    const int64_t *end_ms;    /* [steps], already moved by offset and @ */
    uint32_t *from, *to;      /* [steps] */
    struct window_memo *memo; /* of the one function that runs; NULL: none */
};

/* A range vector: the series of a selector or of a subquery, and where to look. */
struct scan {
    size_t len;
    const struct labels *labels; /* [len] */
    const struct selector *selector;
    struct window window; /* without from and to, which differ from series to series */

    struct selection *selection;  /* of a selector */
    const struct column *columns; /* of a subquery */
    int64_t first_ms, last_ms;    /* what must be read */
    int64_t before_ms;            /* of it, before the first window */
    bool keep_stale;
    bool memo; /* its function uses one */
};

/**
 * Takes one series. Errors: -ENOMEM, -ETIME (the query must not go on), others with `err` filled.
 * `c` has no stale markers unless keep_stale. Called by several threads at once, each with a number
 * of its own and with different series; `scratch` is emptied now and then between calls.
 */
typedef int scan_row(void *ctx, unsigned thread, size_t i, const struct column *c,
                     const struct window *w, struct arena *scratch, struct error *err);

/** Opens the range vector `n`: a selector with a range, or a subquery (evaluated at once). Columns
 * begin `before_ms` before the first window. */
MUST_CHECK int scan_open(struct eval *e, const struct node *n, const struct grid *g,
                         int64_t before_ms, struct scan *ret);

/** How many threads scan_run() will use. */
unsigned scan_threads(const struct eval *e, const struct scan *s);

MUST_CHECK int scan_run(struct eval *e, const struct scan *s, scan_row *row, void *ctx);

/** An instant selector: the newest sample of each step within the lookback. */
MUST_CHECK int scan_instant(struct eval *e, const struct node *n, const struct grid *g,
                            enum scan_what what, struct vector *ret);

/** Opens an instant selector for scan_run(); its window is the lookback. */
MUST_CHECK int scan_open_instant(struct eval *e, const struct node *n, const struct grid *g,
                                 struct scan *ret);

/** The row of an instant selector, as scan_instant() gives it. */
void scan_instant_row(const struct column *c, const struct window *w, enum scan_what what,
                      double *to);

/** Notes what the selections say of the samples that were read; once all were. */
void scan_inform(struct eval *e);

void scan_release(struct eval *e);

#endif
