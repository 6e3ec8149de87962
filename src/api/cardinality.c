/* cardinality.c - /api/v1/status/tsdb: which names and labels make the most series. One walk over
 * the labels of all series; nothing is read from blocks. */
#include "api/answer.h"
#include "api/ask.h"
#include "api/families.h"
#include "api/times.h"

#include <stdlib.h>

#define DEFAULT_TOP 10
#define TOP_MAX     10000

/* How many series (or values, or bytes) one text stands for. */
struct tally {
    struct str text;
    uint64_t count;
};

struct tallies {
    struct map map; /* text -> struct tally */
    struct arena *arena;
    bool failed;
};

static uint64_t tally_add(struct tallies *t, struct str text, uint64_t by)
{
    struct tally *tally = map_get(&t->map, text);

    if (!tally) {
        tally = arena_new(t->arena, struct tally);
        char *copy = tally ? arena_strndup(t->arena, text.ptr, text.len) : NULL;
        if (!copy) {
            t->failed = true;
            return 0;
        }
        tally->text = str_make(copy, text.len);
        if (map_put(&t->map, tally->text, tally, NULL) < 0)
            t->failed = true;
    }
    tally->count += by;
    return tally->count;
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = *(const struct tally *const *)a, *y = *(const struct tally *const *)b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return str_compare(x->text, y->text);
}

/* Appends the largest tallies: `,"name":[{"name":...,"value":...}]`. */
static void print_top(struct buf *to, const char *name, const struct tallies *t, size_t top)
{
    struct tally **all = arena_calloc(t->arena, t->map.len + 1, sizeof(struct tally *));
    size_t n = 0, at = 0;

    buf_printf(to, ",\"%s\":[", name);
    for (struct map_entry *e = map_next(&t->map, &at); e && all; e = map_next(&t->map, &at))
        all[n++] = e->value;
    if (n)
        qsort(all, n, sizeof(struct tally *), by_count);
    for (size_t i = 0; i < n && i < top; i++) {
        buf_text(to, i ? ",{\"name\":" : "{\"name\":");
        buf_json(to, all[i]->text);
        buf_printf(to, ",\"value\":%" PRIu64 "}", all[i]->count);
    }
    buf_char(to, ']');
}

struct census {
    struct tallies names, pairs, values, bytes;
};

static void count_series(struct census *c, struct labels l)
{
    char pair[LABEL_NAME_MAX + LABEL_VALUE_MAX + 1];

    for (size_t i = 0; i < l.len; i++) {
        const struct label *label = &l.items[i];
        if (label->name.len > LABEL_NAME_MAX || label->value.len > LABEL_VALUE_MAX)
            continue;
        memcpy(pair, label->name.ptr, label->name.len);
        pair[label->name.len] = '=';
        memcpy(pair + label->name.len + 1, label->value.ptr, label->value.len);
        struct str text = str_make(pair, label->name.len + 1 + label->value.len);
        if (tally_add(&c->pairs, text, 1) == 1)
            tally_add(&c->values, label->name, 1);
        tally_add(&c->bytes, label->name, label->name.len + label->value.len);
    }
    tally_add(&c->names, labels_name(l), 1);
}

static int take_census(struct api *api, struct census *c, size_t *ret_series, struct error *err)
{
    struct selection *all = NULL;
    struct matcher any;
    int code = matcher_init(&any, MATCH_REGEX, STR(LABEL_NAME), STR(".+"), err);

    if (code < 0)
        return code;
    code = api->queryable.select(api->queryable.self, (struct selector){&any, 1}, TIMES_MIN_MS,
                                 TIMES_MAX_MS, api->query_max_series, &all, err);
    matcher_fini(&any);
    if (code < 0)
        return code;
    for (size_t i = 0; i < all->len; i++)
        count_series(c, all->labels[i]);
    *ret_series = all->len;
    selection_free(all);
    if (c->names.failed || c->pairs.failed || c->values.failed || c->bytes.failed)
        return error_errno(err, -ENOMEM, "too many series to count (--query.max-memory)");
    return 0;
}

static void print_head(struct api *api, struct buf *to, size_t series, size_t pairs)
{
    struct store_stats stats = {
        .series_active = series, .oldest_ts_ms = INT64_MAX, .newest_ts_ms = INT64_MIN};

    if (api->store)
        store_get_stats(api->store, &stats);
    if (stats.oldest_ts_ms == INT64_MIN)
        stats.oldest_ts_ms = INT64_MAX; /* how an empty store has it */
    buf_printf(to,
               "{\"headStats\":{\"numSeries\":%" PRIu64
               ",\"numLabelPairs\":%zu,\"chunkCount\":%" PRIu64 ",\"minTime\":%" PRId64
               ",\"maxTime\":%" PRId64 "}",
               stats.series_active, pairs, stats.blocks, stats.oldest_ts_ms, stats.newest_ts_ms);
}

void cardinality(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct error err = {0};
    size_t top = DEFAULT_TOP, series = 0;
    struct census c = {0};
    struct arena arena;
    struct buf body;

    if (!ask_limit(r, "limit", &top))
        return;
    top = MIN(top, TOP_MAX);
    arena_init(&arena, api->query_max_memory);
    c.names.arena = c.pairs.arena = c.values.arena = c.bytes.arena = &arena;
    if (take_census(api, &c, &series, &err) < 0) {
        answer_failure(r, &err);
    } else {
        answer_begin(api, &body);
        print_head(api, &body, series, c.pairs.map.len);
        print_top(&body, "seriesCountByMetricName", &c.names, top);
        print_top(&body, "labelValueCountByLabelName", &c.values, top);
        print_top(&body, "memoryInBytesByLabelName", &c.bytes, top);
        print_top(&body, "seriesCountByLabelValuePair", &c.pairs, top);
        buf_char(&body, '}');
        answer_finish(r, &body, NULL, NULL);
    }
    map_fini(&c.names.map);
    map_fini(&c.pairs.map);
    map_fini(&c.values.map);
    map_fini(&c.bytes.map);
    arena_fini(&arena);
}
