/* federate.c - /federate: the latest sample of every series that a match[] asks for, as text. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"

#include <stdlib.h>

#define DEFAULT_LOOKBACK_MS (INT64_C(5) * 60 * 1000)
#define TEXT_TYPE           "text/plain; version=0.0.4; charset=utf-8"

struct latest {
    struct labels labels; /* borrowed from its selection */
    int64_t ts_ms;
    double value;
};

struct collection {
    struct latest *items;
    size_t len, cap;
};

static int by_name(const void *a, const void *b)
{
    const struct latest *x = a, *y = b;
    int order = str_compare(labels_name(x->labels), labels_name(y->labels));

    return order ? order : labels_compare(x->labels, y->labels);
}

/* Adds the newest sample of each series; those that ended are left out. */
static int collect(struct selection *s, int64_t start_ms, int64_t end_ms, struct arena *scratch,
                   struct collection *to, struct error *err)
{
    for (size_t i = 0; i < s->len; i++) {
        struct column column = {0};
        int code = s->ops->read(s, i, start_ms, end_ms, scratch, &column, err);
        if (code < 0)
            return code;
        if (column.len && !value_is_stale(column.values[column.len - 1])) {
            struct latest *items = array_grow(to->items, &to->cap, to->len + 1, sizeof(*to->items));
            if (!items)
                return error_errno(err, -ENOMEM, "federate");
            to->items = items;
            to->items[to->len++] = (struct latest){s->labels[i], column.ts_ms[column.len - 1],
                                                   column.values[column.len - 1]};
        }
        arena_reset(scratch);
    }
    return 0;
}

static void print(struct collection *c, struct buf *to)
{
    struct str family = {NULL, 0};

    if (c->len)
        qsort(c->items, c->len, sizeof(*c->items), by_name);
    for (size_t i = 0; i < c->len; i++) {
        const struct latest *l = &c->items[i];
        struct str name = labels_name(l->labels);
        if (i && labels_equal(c->items[i - 1].labels, l->labels))
            continue; /* asked for twice */
        if (!name.len)
            continue; /* the text format has no series without a name */
        if (!family.ptr || !str_equal(family, name)) {
            buf_printf(to, "# TYPE %.*s untyped\n", STR_ARG(name));
            family = name;
        }
        labels_print(l->labels, to);
        buf_char(to, ' ');
        buf_double(to, l->value);
        buf_char(to, ' ');
        buf_i64(to, l->ts_ms);
        buf_char(to, '\n');
    }
}

/* The newest samples of all series that any of the selectors asks for, as text. */
static int print_latest(struct api *api, const struct selector *selectors, size_t n, struct buf *to,
                        struct error *err)
{
    int64_t now = clock_now_ms();
    int64_t start = now - (api->lookback_ms > 0 ? api->lookback_ms : DEFAULT_LOOKBACK_MS);
    struct selection **from = xcalloc(n + 1, sizeof(struct selection *));
    struct collection found = {0};
    struct arena scratch;
    int code = 0;

    arena_init(&scratch, api->query_max_memory);
    for (size_t i = 0; i < n && code >= 0; i++) {
        code = api->queryable.select(api->queryable.self, selectors[i], start, now,
                                     api->query_max_series, &from[i], err);
        if (code >= 0)
            code = collect(from[i], start, now, &scratch, &found, err);
    }
    if (code >= 0)
        print(&found, to);
    for (size_t i = 0; i < n; i++)
        selection_free(from[i]);
    free(from);
    free(found.items);
    arena_fini(&scratch);
    return MIN(code, 0);
}

void federate(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct ask_selectors selectors;
    struct error err = {0};
    struct buf body;

    if (!ask_selectors(r, false, &selectors)) {
        ask_selectors_fini(&selectors);
        return;
    }
    buf_init(&body, api->query_max_memory);
    if (print_latest(api, selectors.items, selectors.len, &body, &err)) {
        buf_fini(&body);
        answer_failure(r, &err);
    } else {
        http_reply(r, 200, TEXT_TYPE, &body);
    }
    ask_selectors_fini(&selectors);
}

/* The same out of the store that is asked in place of ours. */
static int print_upstream(struct api *api, struct buf *to, struct error *err)
{
    struct promql_series *series;
    enum promql_type type;
    struct arena arena;
    size_t n;

    arena_init(&arena, api->query_max_memory);
    int code = upstream_query(api->upstream, STR("{__name__!=\"\"}"), clock_now_ms(), NULL, &arena,
                              &type, &series, &n, err);
    for (size_t i = 0; !code && i < n; i++) {
        if (!series[i].len)
            continue;
        labels_print(series[i].labels, to);
        buf_char(to, ' ');
        buf_double(to, series[i].values[0]);
        buf_char(to, '\n');
    }
    arena_fini(&arena);
    return code;
}

int api_series_now(struct api *api, struct buf *to, struct error *err)
{
    struct matcher any;
    int code;

    if (api->upstream) {
        code = print_upstream(api, to, err);
    } else if (!api->queryable.select) {
        return error_set(err, -ENOTSUP, "this process keeps no series");
    } else {
        code = matcher_init(&any, MATCH_NOT_EQUAL, STR(LABEL_NAME), STR(""), err);
        if (!code) {
            code = print_latest(api, &(struct selector){&any, 1}, 1, to, err);
            matcher_fini(&any);
        }
    }
    return !code && to->failed ? error_errno(err, -ENOMEM, "series") : code;
}
