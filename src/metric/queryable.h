/* queryable.h - the door through which a query reaches samples. */
#ifndef ALGALON_METRIC_QUERYABLE_H
#define ALGALON_METRIC_QUERYABLE_H

#include "base/base.h"
#include "metric/labels.h"
#include "metric/matcher.h"

/* One series' samples in order of time, no two at the same time, absent ones left out, stale
 * markers in. `ts_ms` may be the very same array for many series (pointer equality says so): then
 * their windows are equal too. */
struct column {
    size_t len;
    const int64_t *ts_ms;
    const double *values;
};

/* What is asked of samples that stand for windows, each for those that were taken in window_ms up
 * to its time. Of samples that stand for themselves every part but the count is the value. */
enum sample_part {
    SAMPLE_LAST,
    SAMPLE_MIN,
    SAMPLE_MAX,
    SAMPLE_SUM,
    SAMPLE_COUNT, /* 1 for a sample that stands for itself */
    SAMPLE_MEAN
};

/* What a select found: series sorted by labels_compare(). Labels live until selection_free(). */
struct selection {
    size_t len;
    const struct labels *labels; /* [len] */
    const struct selection_ops *ops;
    int64_t window_ms;     /* some samples stand for windows of up to this; 0: none does */
    enum sample_part part; /* which part to read of them: the caller's, before the first reading */
    const char *warning;   /* what is missing and why; NULL: nothing. Lives as the labels do */
    const char *info;      /* what should be known of the samples that were read; NULL: nothing.
                              To be looked at when all of them are, not while one is */
};

struct selection_ops {
    /* Decodes series `i` between start_ms and end_ms (both inside) into `a`. Any number of threads
     * at once, each with its own arena; series next to each other in the selection are cheapest in
     * that order. Errors: -ENOMEM the arena's bound, -EIO a damaged block (err says which). */
    int (*read)(struct selection *s, size_t i, int64_t start_ms, int64_t end_ms, struct arena *a,
                struct column *ret, struct error *err);
    void (*free)(struct selection *s);
    /* The same of `n` series from number `first` on, for who will use all of them: costs less than
     * one by one. NULL: not offered. */
    int (*read_some)(struct selection *s, size_t first, size_t n, int64_t start_ms, int64_t end_ms,
                     struct arena *a, struct column *ret, struct error *err);
};

/* A list of names or values, sorted, distinct; memory in the arena given. */
struct str_list {
    struct str *items;
    size_t len;
};

/* Matchers of one selector; a list of them means any of the selectors. */
struct selector {
    const struct matcher *matchers;
    size_t len;
};

struct queryable {
    void *self;

    /* Series that match all matchers and may have samples in [start_ms, end_ms]. At most
     * `max_series` (0: no bound). Errors: -E2BIG more series than that, -ERANGE a regex went past
     * its bound, -ENOMEM. */
    int (*select)(void *self, struct selector selector, int64_t start_ms, int64_t end_ms,
                  size_t max_series, struct selection **ret, struct error *err);

    /* Label names, or the values of `name`, of series matched by any of the selectors (none: all
     * series) that may have samples in the range. At most `limit` (0: no bound); *ret_cut says
     * whether that cut something off. */
    int (*label_names)(void *self, const struct selector *selectors, size_t n, int64_t start_ms,
                       int64_t end_ms, size_t limit, struct arena *a, struct str_list *ret,
                       bool *ret_cut, struct error *err);
    int (*label_values)(void *self, struct str name, const struct selector *selectors, size_t n,
                        int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                        struct str_list *ret, bool *ret_cut, struct error *err);
};

/** Reads `n` series from number `first` on, together where that is offered. Errors as `read`. */
MUST_CHECK static inline int selection_read_some(struct selection *s, size_t first, size_t n,
                                                 int64_t start_ms, int64_t end_ms, struct arena *a,
                                                 struct column *ret, struct error *err)
{
    int code = 0;

    if (s->ops->read_some)
        return s->ops->read_some(s, first, n, start_ms, end_ms, a, ret, err);
    for (size_t i = 0; i < n && !code; i++)
        code = s->ops->read(s, first + i, start_ms, end_ms, a, &ret[i], err);
    return code;
}

static inline void selection_free(struct selection *s)
{
    if (s)
        s->ops->free(s);
}

#endif
