/* promql.h - the query language: text in, samples out, over any `queryable`. Start at
 * promql_query(). */
#ifndef ALGALON_PROMQL_PROMQL_H
#define ALGALON_PROMQL_PROMQL_H

#include "base/base.h"
#include "metric/metric.h"

/* Bounds and times of one evaluation. start == end and step 0: an instant query. */
struct promql_options {
    int64_t start_ms, end_ms, step_ms;
    int64_t lookback_ms;       /* 0: 5 minutes */
    uint64_t deadline_mono_ns; /* 0: none */
    size_t max_memory;         /* bytes for one query; 0: 1 GiB */
    size_t max_series;         /* series one selector may find; 0: 1,000,000 */
    size_t max_samples;        /* samples read in all; 0: 500 million */
    const atomic_bool *cancel; /* set by another thread when the client has left; may be NULL */
    unsigned threads;          /* 0: as many as CPUs */
};

enum promql_type {
    PROMQL_SCALAR,
    PROMQL_VECTOR,
    PROMQL_MATRIX,
    PROMQL_STRING
};

struct promql_series {
    struct labels labels;
    size_t len;
    const int64_t *ts_ms; /* [len] */
    const double *values; /* [len] */
};

/* Memory belongs to the result. Order: as the expression says for sort and topk in instant queries,
 * else by labels. */
struct promql_result {
    enum promql_type type; /* of the answer: MATRIX for every range query */
    struct promql_series *series;
    size_t len;        /* scalar: one series without labels */
    struct str string; /* PROMQL_STRING: at series[0].ts_ms[0] */
    struct str_list warnings, infos;
    uint64_t samples_read, series_read;
    size_t memory_peak;
};

enum promql_error_kind {
    PROMQL_BAD_DATA,  /* 400: does not parse, wrong types */
    PROMQL_EXECUTION, /* 422: failed while running (many-to-many matching, a bound reached: the text
                         says which flag raises it) */
    PROMQL_TIMEOUT,   /* 503 */
    PROMQL_CANCELED,  /* 503 */
    PROMQL_INTERNAL,  /* 500: the storage failed, memory is out */
};

struct promql_error {
    enum promql_error_kind kind;
    unsigned line, column; /* from 1; 0 when it has no place */
    char text[512];        /* as Prometheus words it: "1:5: parse error: unexpected ..." */
};

/**
 * Evaluates `expr` over `q`. On success *ret is the caller's, to promql_result_free().
 * Errors: negative; `err` (never NULL) tells the kind and the words.
 * Threads: any number of queries at once; one query may use several threads of its own while it
 * runs.
 */
MUST_CHECK int promql_query(const struct queryable *q, struct str expr,
                            const struct promql_options *options, struct promql_result **ret,
                            struct promql_error *err);
void promql_result_free(struct promql_result *r); /* NULL is fine */

/** Parses only. 0, or negative with `err` filled. For checks of dashboards and rules. */
MUST_CHECK int promql_check(struct str expr, struct promql_error *err);

/** Appends the expression in canonical form (/api/v1/format_query). */
MUST_CHECK int promql_format(struct str expr, struct buf *to, struct promql_error *err);

/** The same on one line, however long: as rules are listed. */
MUST_CHECK int promql_format_line(struct str expr, struct buf *to, struct promql_error *err);

/* A selector as match[] takes it: "up{job=~\"a|b\"}". Matchers live in `a`; their regexes until
 * promql_selector_fini(). */
MUST_CHECK int promql_parse_selector(struct str text, struct arena *a, struct selector *ret,
                                     struct promql_error *err);
void promql_selector_fini(struct selector *s);

#endif
