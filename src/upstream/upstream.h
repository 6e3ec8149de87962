/* upstream.h - another store with Prometheus's API (VictoriaMetrics, single or cluster; Prometheus,
 * Mimir, Thanos) that is asked in place of the embedded one.
 *
 * Threads: any number at once; each asks on a connection of its own, which is kept for the next. */
#ifndef ALGALON_UPSTREAM_UPSTREAM_H
#define ALGALON_UPSTREAM_UPSTREAM_H

#include "base/base.h"
#include "metric/metric.h"
#include "outbound/outbound.h"
#include "promql/promql.h"

struct upstream;

struct upstream_options {
    const char *url;     /* what stands before /api/v1/query; may hold user and password */
    const char *version; /* for the User-Agent */
    size_t answer_max;   /* bytes of one answer */
    int64_t timeout_ms;  /* of one question; 0: 2 minutes */
};

/** Does not ask yet. Texts are copied. Errors: -EINVAL the URL is none, -ELIBACC libcurl is not
 * installed. */
MUST_CHECK int upstream_open(const struct upstream_options *options, struct upstream **ret,
                             struct error *err);

/** Everybody who asks has ended before. NULL is fine. */
void upstream_close(struct upstream *u);

/** The URL without secrets, to be shown. */
const char *upstream_name(const struct upstream *u);

/**
 * Passes a question on: `target` is path and query string, "/api/v1/query?query=up"; `form` a form
 * body, with method POST. `gone` ends it when it becomes true. `answer` begins zeroed; its status
 * is 0 and its error in words when no answer came.
 */
void upstream_pass(struct upstream *u, const char *method, struct str target, struct str form,
                   const atomic_bool *gone, struct outbound_answer *answer);

/* An answer that is passed on piece by piece: more of it than one piece is never in memory. */
struct upstream_stream;

/**
 * As upstream_pass(), but of an answer of 200 only a first piece is fetched, into `first`, and the
 * rest is the caller's to fetch: the stream. NULL: `answer` has all there is, or no status and the
 * error.
 */
struct upstream_stream *upstream_begin(struct upstream *u, const char *method, struct str target,
                                       struct str form, const atomic_bool *gone, struct buf *first,
                                       struct outbound_answer *answer);
/** Appends the next piece, or nothing where the store is slow: 0 there may be more, 1 that was the
 * last. Errors: -EIO it is not whole, -ECANCELED `gone`. */
MUST_CHECK int upstream_next(struct upstream_stream *s, const atomic_bool *gone, struct buf *to,
                             struct error *err);
void upstream_end(struct upstream_stream *s); /* NULL is fine */

/**
 * Evaluates `expr` at `at_ms`; series live in `a`. `cancel` may be NULL. Errors: -EIO no answer, or
 * one that is no answer to this; -EINVAL the store refuses the expression (err has its words);
 * -E2BIG the answer is too large; -ENOMEM.
 */
MUST_CHECK int upstream_query(struct upstream *u, struct str expr, int64_t at_ms,
                              const atomic_bool *cancel, struct arena *a,
                              enum promql_type *ret_type, struct promql_series **ret,
                              size_t *ret_len, struct error *err);

#endif
