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
    struct arena_pool *pool;   /* memory that queries leave to the next ones; may be NULL */
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

/** Appends the expression's tree as JSON, in Prometheus's shape (/api/v1/parse_query). */
MUST_CHECK int promql_print_tree(struct str expr, struct buf *to, struct promql_error *err);

/* A selector as match[] takes it: "up{job=~\"a|b\"}". Matchers live in `a`; their regexes until
 * promql_selector_fini(). */
MUST_CHECK int promql_parse_selector(struct str text, struct arena *a, struct selector *ret,
                                     struct promql_error *err);
void promql_selector_fini(struct selector *s);

/* ---- what an expression asks for, and where that stands in its text ---- */

/* What stands around a range: how a factor of its values goes through. */
enum promql_rollup {
    PROMQL_ROLLUP_NONE,   /* an instant selector, or a range in a subquery's place */
    PROMQL_ROLLUP_LINEAR, /* a factor of the values is a factor of the result: rate, max_over_time
                           */
    PROMQL_ROLLUP_COUNT,  /* the values' size does not matter: count_over_time, changes */
    PROMQL_ROLLUP_OTHER,  /* stdvar_over_time */
};

struct promql_matcher_place {
    struct str name, value; /* as they are meant, without quotes and escapes */
    enum match_type type;
};

struct promql_selector_place {
    size_t start, end; /* the name and its braces */
    size_t whole_end;  /* with range, offset and @ */
    size_t call_start,
        call_end; /* of the function around it, when `rollup` says that there is one */
    enum promql_rollup rollup;
    struct str name;                       /* empty when it is not told by = */
    struct promql_matcher_place *matchers; /* without the one of the name */
    size_t len;
};

/* A label outside of matchers: by (x), on (x), label_replace(..., "x", ...). */
struct promql_label_place {
    size_t start, end; /* with its quotes */
    bool quoted;
    struct str name;
};

/* In the order of the text; memory in the arena given. */
struct promql_outline {
    struct promql_selector_place *selectors;
    size_t selector_len;
    struct promql_label_place *labels;
    size_t label_len;
};

/** Reads `expr`. The views in the outline are into the arena. Errors: as promql_check(). */
MUST_CHECK int promql_outline(struct str expr, struct arena *a, struct promql_outline *ret,
                              struct promql_error *err);

/* A unit: `dimension` ("bytes", "seconds", "bytes per second", "1", ...), times `factor` (1048576
 * for MiB). dimension NULL: not known. */
struct promql_unit {
    const char *dimension;
    double factor;
};

/**
 * The unit of what `expr` gives, when each metric has the unit that `unit_of` says. What cannot be
 * told has no dimension. Errors: as promql_check().
 */
MUST_CHECK int promql_unit(struct str expr,
                           struct promql_unit (*unit_of)(void *ctx, struct str name), void *ctx,
                           struct promql_unit *ret, struct promql_error *err);

#endif
