/* query.c - the door for queries. */
#include "store/selection.h"

/* Adds the places of series `id`, unless all its groups began after the range. index lock held */
static int add_series(struct found *f, const struct index *ix, uint32_t id)
{
    const struct place *p = &index_series(ix, id)->place;
    struct labels labels = {0};
    int code = 0;

    for (; p && !code; p = index_next_place(ix, p)) {
        const struct group *g = store_group_by_id(f->store, p->group);
        if (!g || atomic_load_explicit(&g->first_ms, memory_order_relaxed) > f->end_ms)
            continue;
        if (!labels.len)
            code = index_labels(ix, id, &f->memory, &labels);
        if (!code)
            code = found_add(f, labels, p->group, p->column);
    }
    return code;
}

static int select_memory(struct found *f, struct selector selector, struct error *err)
{
    struct index *ix = &f->store->index;
    struct bitmap matched = {0};

    pthread_rwlock_rdlock(&ix->lock);
    struct label_source source = index_source(ix);
    int code = match_series(&source, selector.matchers, selector.len, &matched, err);
    if (!code) {
        for (uint32_t id = bitmap_next(&matched, 0); id != UINT32_MAX && !code;
             id = bitmap_next(&matched, id + 1))
            code = add_series(f, ix, id);
        bitmap_fini(&matched);
        if (code)
            error_errno(err, code, "selecting series");
    }
    pthread_rwlock_unlock(&ix->lock);
    return code;
}

static int query_select(void *self, struct selector selector, int64_t start_ms, int64_t end_ms,
                        size_t max_series, struct selection **ret, struct error *err)
{
    struct found *f = found_new(self, start_ms, end_ms);

    if (!f)
        return error_errno(err, -ENOMEM, "selecting series");
    int code = select_memory(f, selector, err);
    if (!code) {
        code = found_finish(f);
        if (code)
            error_errno(err, code, "selecting series");
    }
    if (!code && max_series && f->base.len > max_series)
        code = error_set(err, -E2BIG, "the selector finds %zu series, more than %zu", f->base.len,
                         max_series);
    if (code) {
        found_free(&f->base);
        return code;
    }
    *ret = &f->base;
    return 0;
}

/* Gathers names, or the values of `name`, from the index in memory. */
static int names_in_memory(struct store *s, const struct str *name,
                           const struct selector *selectors, size_t n, struct str_set *to,
                           struct error *err)
{
    pthread_rwlock_rdlock(&s->index.lock);
    struct label_source source = index_source(&s->index);
    int code = match_list(&source, name, selectors, n, to, err);
    pthread_rwlock_unlock(&s->index.lock);
    return code;
}

static int list(struct store *s, const struct str *name, const struct selector *selectors, size_t n,
                int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                struct str_list *ret, bool *ret_cut, struct error *err)
{
    struct str_set set;

    (void)start_ms;
    (void)end_ms;
    str_set_init(&set, a);
    int code = names_in_memory(s, name, selectors, n, &set, err);
    if (!code)
        str_set_take(&set, limit, ret, ret_cut);
    str_set_fini(&set);
    return code;
}

static int query_label_names(void *self, const struct selector *selectors, size_t n,
                             int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                             struct str_list *ret, bool *ret_cut, struct error *err)
{
    return list(self, NULL, selectors, n, start_ms, end_ms, limit, a, ret, ret_cut, err);
}

static int query_label_values(void *self, struct str name, const struct selector *selectors,
                              size_t n, int64_t start_ms, int64_t end_ms, size_t limit,
                              struct arena *a, struct str_list *ret, bool *ret_cut,
                              struct error *err)
{
    return list(self, &name, selectors, n, start_ms, end_ms, limit, a, ret, ret_cut, err);
}

struct queryable store_queryable(struct store *s)
{
    return (struct queryable){s, query_select, query_label_names, query_label_values};
}
