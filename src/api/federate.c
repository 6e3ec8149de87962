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

void federate(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    int64_t now = clock_now_ms();
    int64_t start = now - (api->lookback_ms > 0 ? api->lookback_ms : DEFAULT_LOOKBACK_MS);
    struct collection found = {0};
    struct ask_selectors selectors;
    struct error err = {0};
    struct arena scratch;
    struct buf body;

    if (!ask_selectors(r, false, &selectors)) {
        ask_selectors_fini(&selectors);
        return;
    }
    struct selection **from = xcalloc(selectors.len + 1, sizeof(struct selection *));
    int code = 0;
    arena_init(&scratch, api->query_max_memory);
    for (size_t i = 0; i < selectors.len && code >= 0; i++) {
        code = api->queryable.select(api->queryable.self, selectors.items[i], start, now,
                                     api->query_max_series, &from[i], &err);
        if (code >= 0)
            code = collect(from[i], start, now, &scratch, &found, &err);
    }
    if (code < 0) {
        answer_failure(r, &err);
    } else {
        buf_init(&body, api->query_max_memory);
        print(&found, &body);
        http_reply(r, 200, TEXT_TYPE, &body);
    }
    for (size_t i = 0; i < selectors.len; i++)
        selection_free(from[i]);
    free(from);
    free(found.items);
    arena_fini(&scratch);
    ask_selectors_fini(&selectors);
}
