/* api.c - every path, in one table per listener. */
#include "api/families.h"

/* Where a route is served, and what this process must have for it. */
enum need {
    NEED_NOTHING,
    NEED_WORKER,
    NEED_QUERY,
    NEED_EXPORT, /* as NEED_QUERY, with answers that may be larger than memory */
    NEED_STORE,
    NEED_SCRAPE,
    NEED_METADATA,
    NEED_SCRAPED /* what is scraped, and where it is kept */
};

struct entry {
    const char *method, *path;
    http_handler *handle;
    enum need need;
    bool slow, open;
};

static const struct entry metrics_entries[] = {
    {"GET", "/metrics", live_metrics, NEED_WORKER, false, false},
    {"GET", "/snapshot", live_snapshot, NEED_WORKER, false, false},
    {"GET", "/events", live_events, NEED_WORKER, false, false},
    {"GET", "/health", status_health, NEED_NOTHING, false, true},
    {"GET", "/-/healthy", status_healthy, NEED_NOTHING, false, true},
    {"GET", "/-/ready", status_ready, NEED_NOTHING, false, true},
    {"GET", "/", live_landing, NEED_NOTHING, false, false},
};

static const struct entry entries[] = {
    {"GET,POST", "/api/v1/query", query_instant, NEED_QUERY, true, false},
    {"GET,POST", "/api/v1/query_range", query_range, NEED_QUERY, true, false},
    {"GET,POST", "/api/v1/query_exemplars", query_exemplars, NEED_QUERY, false, false},
    {"GET,POST", "/api/v1/format_query", query_format, NEED_NOTHING, false, false},
    {"GET,POST", "/api/v1/parse_query", query_parse, NEED_NOTHING, false, false},
    {"GET,POST", "/api/v1/labels", series_labels, NEED_QUERY, true, false},
    {"GET", "/api/v1/label/*/values", series_label_values, NEED_QUERY, true, false},
    {"GET,POST", "/api/v1/series", series_find, NEED_QUERY, true, false},
    {"GET", "/api/v1/metadata", series_metadata, NEED_METADATA, false, false},
    {"GET", "/federate", federate, NEED_QUERY, true, false},
    {"GET,POST", "/api/v1/export", export_lines, NEED_EXPORT, true, false},
    {"GET,POST", "/api/v1/export/native", export_native, NEED_EXPORT, true, false},
    {"GET", "/api/v1/targets", targets_list, NEED_SCRAPE, false, false},
    {"GET", "/api/v1/targets/metadata", targets_metadata, NEED_SCRAPED, true, false},
    {"GET", "/api/v1/targets/relabel_steps", targets_relabel_steps, NEED_SCRAPE, false, false},
    {"GET", "/api/v1/targets/discoveries", targets_discoveries, NEED_SCRAPE, true, false},
    {"GET", "/api/v1/scrape_pools", targets_pools, NEED_SCRAPE, false, false},
    {"GET", "/api/v1/rules", rules_list, NEED_NOTHING, false, false},
    {"GET", "/api/v1/alerts", targets_alerts, NEED_NOTHING, false, false},
    {"GET", "/api/v1/alertmanagers", targets_alertmanagers, NEED_NOTHING, true, false},
    {"GET", "/api/v1/status/buildinfo", status_buildinfo, NEED_NOTHING, false, false},
    {"GET", "/api/v1/status/runtimeinfo", status_runtimeinfo, NEED_NOTHING, false, false},
    {"GET", "/api/v1/status/config", status_config, NEED_NOTHING, true, false},
    {"GET", "/api/v1/status/flags", status_flags, NEED_NOTHING, false, false},
    {"GET", "/api/v1/status/walreplay", status_walreplay, NEED_STORE, false, true},
    {"GET", "/api/v1/status/tsdb", cardinality, NEED_QUERY, true, false},
    {"POST", "/api/v1/import", write_import_lines, NEED_STORE, true, false},
    {"POST", "/api/v1/import/native", write_import_native, NEED_STORE, true, false},
    {"POST", "/api/v1/import/csv", write_import_csv, NEED_STORE, true, false},
    {"POST", "/api/v1/import/prometheus", write_import, NEED_STORE, true, false},
    {"GET,POST", "/api/v1/write", remote_write, NEED_STORE, true, false},
    {"POST,PUT", "/api/v1/admin/tsdb/snapshot", admin_snapshot, NEED_STORE, true, false},
    {"POST,PUT", "/api/v1/admin/tsdb/delete_series", admin_delete_series, NEED_STORE, true, false},
    {"POST,PUT", "/api/v1/admin/tsdb/clean_tombstones", admin_clean_tombstones, NEED_STORE, false,
     false},
    {"POST,PUT", "/snapshot/create", admin_snapshot_create, NEED_STORE, true, false},
    {"GET,POST", "/snapshot/list", admin_snapshot_list, NEED_STORE, true, false},
    {"POST,DELETE", "/snapshot/delete", admin_snapshot_delete, NEED_STORE, true, false},
    {"GET,POST", "/internal/force_merge", admin_force_merge, NEED_STORE, false, false},
    {"GET", "/api/v1/doctor", live_doctor, NEED_NOTHING, true, false},
    {"GET", "/snapshot", live_snapshot, NEED_WORKER, false, false},
    {"GET", "/events", live_events, NEED_WORKER, false, false},
    {"GET", "/metrics", self_metrics, NEED_NOTHING, false, false},
    {"GET", "/health", status_health, NEED_NOTHING, false, true},
    {"GET", "/-/healthy", status_healthy, NEED_NOTHING, false, true},
    {"GET", "/-/ready", status_ready, NEED_NOTHING, false, true},
    {"POST,PUT", "/-/reload", status_reload, NEED_NOTHING, true, false},
    {"POST,PUT", "/-/quit", status_quit, NEED_NOTHING, false, false},
};

_Static_assert(ARRAY_LEN(entries) <= API_ROUTES_MAX, "API_ROUTES_MAX is too small");

static bool has(const struct api *api, enum need need)
{
    switch (need) {
    case NEED_NOTHING:
        return true;
    case NEED_WORKER:
        return api->worker != NULL;
    case NEED_QUERY:
    case NEED_EXPORT:
        return api->queryable.select != NULL || api->upstream;
    case NEED_STORE:
        return api->store != NULL;
    case NEED_SCRAPE:
        return api->scrape != NULL;
    case NEED_METADATA:
        return api->metadata != NULL;
    case NEED_SCRAPED:
        return api->scrape && api->metadata && api->queryable.select;
    }
    return false;
}

/* What needs samples is asked of the other store when there is one. */
static http_handler *handler_of(const struct api *api, const struct entry *e)
{
    if (api->upstream && e->need == NEED_QUERY)
        return pass_on;
    if (api->upstream && e->need == NEED_EXPORT)
        return pass_on_pieces;
    return e->handle;
}

static size_t list(struct api *api, const struct entry *from, size_t n, struct http_route *to,
                   size_t max)
{
    size_t made = 0;

    for (size_t i = 0; i < n && made < max; i++)
        if (has(api, from[i].need))
            to[made++] = (struct http_route){.method = from[i].method,
                                             .path = from[i].path,
                                             .handle = handler_of(api, &from[i]),
                                             .ctx = api,
                                             .slow = from[i].slow ||
                                                     handler_of(api, &from[i]) != from[i].handle,
                                             .open = from[i].open};
    return made;
}

size_t api_metrics_routes(struct api *api, struct http_route *to, size_t max)
{
    return list(api, metrics_entries, ARRAY_LEN(metrics_entries), to, max);
}

size_t api_routes(struct api *api, struct http_route *to, size_t max)
{
    return list(api, entries, ARRAY_LEN(entries), to, max);
}
