/* api.h - the endpoints: a file per family (query, write, status, live, worker), over http/. */
#ifndef ALGALON_API_API_H
#define ALGALON_API_API_H

#include "base/base.h"
#include "forward/forward.h"
#include "http/http.h"
#include "metric/metric.h"
#include "notify/notify.h"
#include "promql/promql.h"
#include "rules/rules.h"
#include "scrape/scrape.h"
#include "store/store.h"
#include "upstream/upstream.h"
#include "worker/worker.h"

/* What api/ counts itself, of all listeners together. */
enum api_outcome {
    API_QUERY_OK,
    API_QUERY_BAD_DATA,
    API_QUERY_EXECUTION,
    API_QUERY_TIMEOUT,
    API_QUERY_CANCELED,
    API_QUERY_INTERNAL,
    API_QUERY_OUTCOMES
};
struct api_counters {
    atomic_uint queries_running, queries_waiting;
    atomic_uint_fast64_t queries[API_QUERY_OUTCOMES];
    atomic_uint_fast64_t query_ns, query_samples, query_slow;
    atomic_uint_fast64_t import_samples, import_lines_refused, import_too_old,
        import_series_refused;
    atomic_uint_fast64_t write_requests, write_samples, write_too_old, write_refused;
};

/* What the endpoints work on; NULL where this process has no such part. Borrowed for the life of
 * the listeners. */
struct api {
    struct worker *worker;
    const struct worker_options *worker_options; /* for the doctor */
    struct store *store;
    struct scrape *scrape;
    struct forward *forward;
    struct notify *notify; /* NULL: nobody is told of alerts */
    struct rules *rules;
    struct metadata *metadata;
    struct queryable queryable; /* of the store */
    struct queryable asked; /* what queries and series ask: the same, or with the schema bridge in
                               front; select NULL: the same */
    struct upstream *upstream; /* answers queries in its place; NULL: none */
    const char *version, *revision;
    int64_t started_ms;
    int64_t lookback_ms, query_timeout_ms;
    size_t query_max_memory, query_max_series, query_max_samples;
    unsigned query_max_concurrent;
    struct arena_pool *query_pool; /* memory that queries leave to the next ones; may be NULL */
    int64_t query_slow_ms;         /* queries that take as long are logged; 0: none */
    /* All settings in force, in order: for /api/v1/status/flags. */
    const struct api_flag {
        const char *name, *value;
    } * flags;
    size_t flag_len;
    bool admin;                                  /* --web.enable-admin-api */
    const char *data_dir;                        /* of the store: snapshots go below it */
    bool (*ready)(void *ctx);                    /* /-/ready */
    int (*reload)(void *ctx, struct error *err); /* POST /-/reload */
    void (*quit)(void *ctx);                     /* POST /-/quit; NULL: not enabled */
    void *ctx;
    struct http_server *const *servers; /* for self-metrics */
    atomic_size_t server_len;           /* grows while the first listeners serve already */
    struct api_counters counters;       /* zero at first */
    /* Memory of the last remote write for the next one; NULL at first. */
    _Atomic(struct write_room *) write_room;
};

/** What queries, labels and series ask. */
static inline const struct queryable *api_asked(const struct api *api)
{
    return api->asked.select ? &api->asked : &api->queryable;
}

/** Frees what requests left for those after them; the listeners are closed. */
void api_fini(struct api *api);

#define API_ROUTES_MAX 64 /* room that either list needs at most */

/** Routes of the metrics listener: /metrics, /snapshot, /events, /health, /-/healthy, /-/ready, /.
 */
size_t api_metrics_routes(struct api *api, struct http_route *to, size_t max);

/** Routes of the API listener; the web listener serves the same beside its pages. With a worker,
 * /snapshot and /events are among them; /metrics there is api_self_metrics(). */
size_t api_routes(struct api *api, struct http_route *to, size_t max);

/**
 * Appends the newest sample of every series there is now as an exposition, out of the store or of
 * the one that is asked in its place. Errors: -ENOTSUP this process has neither, -EIO the other
 * store does not answer, -E2BIG too many series, -ENOMEM.
 */
MUST_CHECK int api_series_now(struct api *api, struct buf *to, struct error *err);

/** Appends this process's own metrics (algalon_*, process_*) in the text format: all of it belongs
 * to one scrape. */
void api_self_metrics(struct api *api, struct buf *to);

#endif
