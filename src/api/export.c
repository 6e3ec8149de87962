/* export.c - /api/v1/export: series as JSON lines, as VictoriaMetrics writes them:
 * {"metric":{"__name__":"x",...},"values":[1,2],"timestamps":[ms,ms]}. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"
#include "api/times.h"

#define LINES_TYPE "application/stream+json; charset=utf-8"
#define EXPORT_MAX ((size_t)256 << 20) /* bytes of one answer */

/* ---- out ---- */

/* Stale markers say that a series ended; JSON has no word for them: a gap says it. */
static void print_series(struct labels labels, const struct column *c, struct buf *to)
{
    bool first = true;

    buf_text(to, "{\"metric\":");
    labels_print_json(labels, to);
    buf_text(to, ",\"values\":[");
    for (size_t i = 0; i < c->len; i++) {
        double v = c->values[i];
        if (value_is_stale(v))
            continue;
        buf_text(to, first ? "" : ",");
        first = false;
        if (isnan(v))
            buf_text(to, "null");
        else if (isinf(v))
            buf_text(to, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        else
            buf_double(to, v);
    }
    buf_text(to, "],\"timestamps\":[");
    first = true;
    for (size_t i = 0; i < c->len; i++) {
        if (value_is_stale(c->values[i]))
            continue;
        buf_text(to, first ? "" : ",");
        first = false;
        buf_i64(to, c->ts_ms[i]);
    }
    buf_text(to, "]}\n");
}

static bool has_values(const struct column *c)
{
    for (size_t i = 0; i < c->len; i++)
        if (!value_is_stale(c->values[i]))
            return true;
    return false;
}

static int export_selection(struct http_request *r, struct api *api, struct selector selector,
                            int64_t start_ms, int64_t end_ms, struct buf *to, struct error *err)
{
    struct selection *s = NULL;
    struct arena scratch;
    int code = api->queryable.select(api->queryable.self, selector, start_ms, end_ms,
                                     api->query_max_series, &s, err);

    if (code < 0)
        return code;
    arena_init(&scratch, api->query_max_memory);
    for (size_t i = 0; i < s->len && code >= 0 && !to->failed; i++) {
        struct column column = {0};
        if (atomic_load(http_gone(r)))
            code = error_set(err, -ECANCELED, "the client has left");
        else
            code = s->ops->read(s, i, start_ms, end_ms, &scratch, &column, err);
        if (code >= 0 && has_values(&column))
            print_series(s->labels[i], &column, to);
        arena_reset(&scratch);
    }
    arena_fini(&scratch);
    selection_free(s);
    return code;
}

void export_lines(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    int64_t start = TIMES_MIN_MS, end = TIMES_MAX_MS;
    struct ask_selectors selectors;
    struct error err = {0};
    struct buf body;
    int code = 0;

    if (!ask_time(r, "start", &start) || !ask_time(r, "end", &end))
        return;
    if (!ask_selectors(r, true, &selectors)) {
        ask_selectors_fini(&selectors);
        return;
    }
    buf_init(&body, EXPORT_MAX);
    for (size_t i = 0; i < selectors.len && code >= 0; i++)
        code = export_selection(r, api, selectors.items[i], start, end, &body, &err);
    if (code < 0)
        answer_failure(r, &err);
    else if (body.failed)
        answer_error(r, 422, "execution",
                     "the answer would be larger than %zu MiB: ask for less time (start, end) or "
                     "fewer series (match[])",
                     EXPORT_MAX >> 20);
    else
        http_reply(r, 200, LINES_TYPE, &body);
    buf_fini(&body);
    ask_selectors_fini(&selectors);
}
