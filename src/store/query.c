/* query.c - the door for queries. */
#include "store/selection.h"
#include "store/shelf.h"

/* What the group ever held in this process, in memory or in days by now, may lie in the range. A
 * window that --downsample makes of it ends at the next midnight at the latest. */
static bool group_touches(const struct group *g, int64_t start_ms, int64_t end_ms)
{
    int64_t last_ms = atomic_load_explicit(&g->last_ms, memory_order_relaxed);

    if (g->store->options.downsample_len)
        last_ms = (last_ms + DAY_MS - 1) / DAY_MS * DAY_MS;
    return atomic_load_explicit(&g->first_ms, memory_order_relaxed) <= end_ms &&
           last_ms >= start_ms;
}

/* Adds the places of series `id`, unless all its groups began after the range or ended before.
 * index lock held */
static int add_series(struct found *f, const struct index *ix, uint32_t id)
{
    const struct place *p = &index_series(ix, id)->place;
    struct labels labels = {0};
    int code = 0;

    for (; p && !code; p = index_next_place(ix, p)) {
        const struct group *g = store_group_by_id(f->store, p->group);
        if (!g || !group_touches(g, f->start_ms, f->end_ms))
            continue;
        if (!labels.len)
            code = index_labels(ix, id, &f->memory, &labels);
        if (!code)
            code = found_add(f, labels, p->group, p->column);
    }
    return code;
}

static int too_many(size_t found, size_t max, struct error *err)
{
    return error_set(err, -E2BIG, "the selector finds %zu series, more than %zu", found, max);
}

static int select_memory(struct found *f, struct selector selector, size_t max_series,
                         struct error *err)
{
    struct index *ix = &f->store->index;
    struct bitmap matched = {0};

    pthread_rwlock_rdlock(&ix->lock);
    f->from_memory = true;
    f->epoch = epoch_ref(f->store->epoch);
    struct label_source source = index_source(ix);
    int code = match_series(&source, selector.matchers, selector.len, &matched, err);
    if (!code) {
        uint32_t count = max_series ? bitmap_count(&matched) : 0;
        if (count > max_series)
            code = too_many(count, max_series, err);
        for (uint32_t id = bitmap_next(&matched, 0); id != UINT32_MAX && !code;
             id = bitmap_next(&matched, id + 1))
            code = add_series(f, ix, id);
        bitmap_fini(&matched);
        if (code && code != -E2BIG)
            error_errno(err, code, "selecting series");
    }
    f->from_memory = false;
    pthread_rwlock_unlock(&ix->lock);
    return code;
}

static int query_select(void *self, struct selector selector, int64_t start_ms, int64_t end_ms,
                        size_t max_series, struct selection **ret, struct error *err)
{
    struct found *f = found_new(self, start_ms, end_ms);

    if (!f)
        return error_errno(err, -ENOMEM, "selecting series");
    /* Memory first: what moves to a day in between is then found twice, not missed. */
    int code = select_memory(f, selector, max_series, err);
    if (!code)
        code = found_open_days(f, err);
    if (!code)
        code = found_add_days(f, selector, err);
    if (!code) {
        code = found_finish(f);
        if (code)
            error_errno(err, code, "selecting series");
    }
    if (!code && max_series && f->base.len > max_series)
        code = too_many(f->base.len, max_series, err);
    if (code) {
        found_free(&f->base);
        return code;
    }
    *ret = &f->base;
    return 0;
}

/* The groups that may hold something of the range, by number; *ret_all: every one may.
 * -ENOMEM. */
static int touching_groups(struct store *s, int64_t start_ms, int64_t end_ms, struct map *to,
                           struct arena *a, bool *ret_all)
{
    size_t n, found = 0;
    struct group **groups = store_list_groups(s, &n);
    int code = 0;

    for (size_t i = 0; i < n && !code; i++) {
        if (!group_touches(groups[i], start_ms, end_ms))
            continue;
        char *key = arena_strndup(a, (const char *)&groups[i]->id, sizeof(groups[i]->id));
        code = key ? map_put(to, str_make(key, sizeof(groups[i]->id)), groups[i], NULL) : -ENOMEM;
        found++;
    }
    free(groups);
    *ret_all = found == n;
    return code;
}

/* Marks the series that have no place in any of the groups, beside those that are hidden anyway.
 * index lock held */
static uint64_t *pass_over_others(const struct index *ix, struct map *groups, struct arena *a)
{
    size_t words = ((size_t)ix->len + 63) / 64;
    uint64_t *hidden = arena_calloc(a, words + 1, sizeof(*hidden));

    for (uint32_t id = 0; hidden && id < ix->len; id++) {
        const struct place *p = index_is_hidden(ix, id) ? NULL : &index_series(ix, id)->place;
        while (p && !map_get(groups, str_make((const char *)&p->group, sizeof(p->group))))
            p = index_next_place(ix, p);
        if (!p)
            hidden[id / 64] |= UINT64_C(1) << id % 64;
    }
    return hidden;
}

/* Gathers names, or the values of `name`, from what is in memory of the range. */
static int names_in_memory(struct store *s, const struct str *name,
                           const struct selector *selectors, size_t n, int64_t start_ms,
                           int64_t end_ms, struct str_set *to, struct error *err)
{
    struct arena scratch;
    struct map groups;
    bool all = false;
    struct epoch *epoch = store_epoch(s);

    arena_init(&scratch, 0);
    map_init(&groups);
    int code = touching_groups(s, start_ms, end_ms, &groups, &scratch, &all);
    if (!code && (all || groups.len)) {
        pthread_rwlock_rdlock(&s->index.lock);
        struct label_source source = index_source(&s->index);
        if (!all)
            source.hidden = pass_over_others(&s->index, &groups, &scratch);
        code = all || source.hidden ? match_list(&source, name, selectors, n, to, err) : -ENOMEM;
        pthread_rwlock_unlock(&s->index.lock);
    }
    map_fini(&groups);
    arena_fini(&scratch);
    epoch_unref(epoch);
    return code == -ENOMEM ? error_errno(err, code, "listing labels") : code;
}

struct listing {
    const struct str *name; /* NULL: names are listed, else this one's values */
    const struct selector *selectors;
    size_t n;
    const struct found_day *day;
    struct str_set set;
    struct error *err;
};

static int list_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct listing *l = ctx;
    struct shelf shelf;

    if (shelf_open(blob->bytes, blob->n, trusted, &shelf)) {
        day_note_index_damage(l->day->day);
        return 0;
    }
    if (!trusted)
        day_trust_shelf(l->day->read, blob->key);
    struct label_source source = shelf_source(&shelf);
    return match_list(&source, l->name, l->selectors, l->n, &l->set, l->err);
}

static int list_days(struct store *s, struct listing *l, int64_t start_ms, int64_t end_ms)
{
    struct found *f = found_new(s, start_ms, end_ms);
    int code = f ? found_open_days(f, l->err) : error_errno(l->err, -ENOMEM, "listing labels");

    for (size_t i = 0; !code && i < f->day_len; i++) {
        l->day = &f->days[i];
        code = day_read_shelves(l->day->read, list_shelf, l, l->err);
        if (code == -EIO) {
            day_note_index_damage(l->day->day);
            code = 0;
        }
    }
    found_free(f ? &f->base : NULL);
    return code;
}

static int list(struct store *s, const struct str *name, const struct selector *selectors, size_t n,
                int64_t start_ms, int64_t end_ms, size_t limit, struct arena *a,
                struct str_list *ret, bool *ret_cut, struct error *err)
{
    struct listing l = {.name = name, .selectors = selectors, .n = n, .err = err};
    int code = 0;

    str_set_init(&l.set, a);
    if (start_ms <= end_ms)
        code = names_in_memory(s, name, selectors, n, start_ms, end_ms, &l.set, err);
    if (!code)
        code = list_days(s, &l, start_ms, end_ms);
    if (!code)
        str_set_take(&l.set, limit, ret, ret_cut);
    str_set_fini(&l.set);
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

/* The first time from `from_ms` on of what a group holds in memory. */
static int64_t next_in_memory(struct group *g, int64_t from_ms)
{
    int64_t next = INT64_MAX;
    uint32_t len = 0;
    struct run_list *list;

    if (group_snapshot(g, &list, &len)) /* no memory: from its first time on there may be samples */
        return MAX(atomic_load_explicit(&g->first_ms, memory_order_relaxed), from_ms);

    for (uint32_t i = 0; i < len; i++)
        if (list->items[i]->max_ms >= from_ms)
            next = MIN(next, MAX(list->items[i]->min_ms, from_ms));
    run_list_unref(list);
    return next;
}

int64_t store_next_ms(struct store *s, int64_t from_ms)
{
    int64_t next = INT64_MAX, from = MAX(from_ms, INT64_C(0)), number;
    struct map_entry *e;
    size_t at = 0;

    if (from > TS_MAX)
        return INT64_MAX;
    /* Memory first: what moves to a day in between is then found there. */
    pthread_rwlock_rdlock(&s->groups_lock);
    while (next > from && (e = map_next(&s->groups, &at)))
        next = MIN(next, next_in_memory(e->value, from));
    pthread_rwlock_unlock(&s->groups_lock);
    if (days_list(s->days, from / DAY_MS, TS_MAX / DAY_MS, &number, 1))
        next = MIN(next, MAX(number * DAY_MS, from));
    return next;
}

struct queryable store_queryable(struct store *s)
{
    return (struct queryable){s, query_select, query_label_names, query_label_values};
}
