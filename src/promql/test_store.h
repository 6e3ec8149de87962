/* test_store.h - series in memory behind a `struct queryable`, for the tests of this room. */
#ifndef ALGALON_PROMQL_TEST_STORE_H
#define ALGALON_PROMQL_TEST_STORE_H

#include "metric/metric.h"

#include <stdlib.h>

struct test_series {
    struct labels labels;
    struct column column;
};

struct test_store {
    struct arena arena;
    struct test_series *items;
    size_t len, cap;
    int fail_read; /* what every read answers when it is not 0 */
};

struct test_selection {
    struct selection base;
    struct test_store *store;
    struct labels *labels;
    size_t *numbers;
};

static inline int test_store_order(const void *a, const void *b)
{
    return labels_compare(((const struct test_series *)a)->labels,
                          ((const struct test_series *)b)->labels);
}

static inline void test_store_clear(struct test_store *s)
{
    arena_fini(&s->arena);
    free(s->items);
    *s = (struct test_store){0};
}

/* Adds samples to a series; they are copied, unless the newest series has the very same times,
 * which are then shared. Samples of a series that is there already are put behind its own. */
static inline void test_store_add(struct test_store *s, struct labels labels, const int64_t *ts_ms,
                                  const double *values, size_t n)
{
    struct test_series *to = NULL;
    const struct column *last = s->len ? &s->items[s->len - 1].column : NULL;

    for (size_t i = 0; i < s->len && !to; i++)
        if (labels_equal(s->items[i].labels, labels))
            to = &s->items[i];
    bool is_new = !to;
    if (is_new) {
        struct test_series *items = array_grow(s->items, &s->cap, s->len + 1, sizeof(*items));
        if (!items)
            abort();
        s->items = items;
        last = s->len ? &items[s->len - 1].column : NULL;
        to = &items[s->len++];
        *to = (struct test_series){0};
        if (labels_copy(labels, &s->arena, &to->labels))
            abort();
    }
    size_t before = to->column.len;
    int64_t *times = arena_calloc(&s->arena, before + n + 1, sizeof(*times));
    double *copy = arena_calloc(&s->arena, before + n + 1, sizeof(*copy));
    if (!times || !copy)
        abort();
    if (before) {
        memcpy(times, to->column.ts_ms, before * sizeof(*times));
        memcpy(copy, to->column.values, before * sizeof(*copy));
    }
    if (n) {
        memcpy(times + before, ts_ms, n * sizeof(*times));
        memcpy(copy + before, values, n * sizeof(*copy));
    }
    bool shared =
        is_new && last && last->len == n && n && !memcmp(last->ts_ms, times, n * sizeof(*times));
    to->column = (struct column){before + n, shared ? last->ts_ms : times, copy};
}

static inline int test_selection_read(struct selection *base, size_t i, int64_t start_ms,
                                      int64_t end_ms, struct arena *a, struct column *ret,
                                      struct error *err)
{
    struct test_selection *sel = (struct test_selection *)base;
    struct column c = sel->store->items[sel->numbers[i]].column;

    (void)a;
    if (sel->store->fail_read)
        return error_set(err, sel->store->fail_read, "a block is damaged");
    while (c.len && c.ts_ms[0] < start_ms) {
        c.ts_ms++;
        c.values++;
        c.len--;
    }
    while (c.len && c.ts_ms[c.len - 1] > end_ms)
        c.len--;
    *ret = c;
    return 0;
}

static inline void test_selection_free(struct selection *base)
{
    struct test_selection *sel = (struct test_selection *)base;

    free(sel->labels);
    free(sel->numbers);
    free(sel);
}

static inline int test_store_select(void *self, struct selector selector, int64_t start_ms,
                                    int64_t end_ms, size_t max_series, struct selection **ret,
                                    struct error *err)
{
    static const struct selection_ops ops = {.read = test_selection_read,
                                             .free = test_selection_free};
    struct test_store *s = self;
    struct test_selection *sel = xnew(struct test_selection);
    size_t n = 0;
    int code = 0;

    sel->labels = xcalloc(s->len + 1, sizeof(*sel->labels));
    sel->numbers = xcalloc(s->len + 1, sizeof(*sel->numbers));
    if (s->len)
        qsort(s->items, s->len, sizeof(*s->items), test_store_order);
    for (size_t i = 0; i < s->len && code >= 0; i++) {
        const struct column *c = &s->items[i].column;
        if (!c->len || c->ts_ms[0] > end_ms || c->ts_ms[c->len - 1] < start_ms)
            continue;
        code = matchers_match(selector.matchers, selector.len, s->items[i].labels);
        if (code != 1)
            continue;
        sel->labels[n] = s->items[i].labels;
        sel->numbers[n++] = i;
        if (max_series && n > max_series)
            code = -E2BIG;
    }
    sel->store = s;
    sel->base = (struct selection){.len = n, .labels = sel->labels, .ops = &ops};
    if (code < 0) {
        test_selection_free(&sel->base);
        return error_set(err, code, "the selection failed");
    }
    *ret = &sel->base;
    return 0;
}

static inline struct queryable test_store_queryable(struct test_store *s)
{
    return (struct queryable){.self = s, .select = test_store_select};
}

#endif
