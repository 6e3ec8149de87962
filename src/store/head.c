/* head.c - groups and their runs in memory. */
#include "store/head.h"

#include "store/cold.h"

static struct run *run_new(size_t bytes)
{
    struct run *r = malloc(sizeof(*r) + bytes);

    if (r) {
        *r = (struct run){0};
        atomic_init(&r->refs, 1);
    }
    return r;
}

struct run *run_new_row(int64_t ts_ms, const uint64_t *values, uint32_t n)
{
    struct run *r = run_new((size_t)n * sizeof(*values));

    if (!r)
        return NULL;
    r->rows = 1;
    r->len = n;
    r->min_ms = r->max_ms = ts_ms;
    if (n)
        memcpy(r->bits, values, (size_t)n * sizeof(*values));
    return r;
}

struct run *run_new_block(const void *bytes, uint32_t n, const struct block_view *view)
{
    struct run *r = run_new(n);

    if (!r)
        return NULL;
    r->packed = true;
    r->rows = view->rows;
    r->len = n;
    r->min_ms = view->min_ms;
    r->max_ms = view->max_ms;
    memcpy(r->bits, bytes, n);
    return r;
}

struct run *run_ref(struct run *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void run_unref(struct run *r)
{
    if (r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
        free(r);
}

static struct run_list *list_new(uint32_t cap)
{
    struct run_list *l = malloc(sizeof(*l) + cap * sizeof(l->items[0]));

    if (l) {
        atomic_init(&l->refs, 1);
        atomic_init(&l->len, 0);
        l->cap = cap;
    }
    return l;
}

struct run_list *run_list_ref(struct run_list *l)
{
    atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
    return l;
}

void run_list_unref(struct run_list *l)
{
    if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
        return;
    uint32_t len = run_list_len(l);
    for (uint32_t i = 0; i < len; i++)
        run_unref(l->items[i]);
    free(l);
}

struct group *group_new(struct store *s, uint32_t id, bool pushed, struct str name)
{
    struct group *g = xnew(struct group);

    g->store = s;
    g->id = id;
    g->pushed = pushed;
    char *key = xcalloc(1, name.len + 2);
    key[0] = pushed ? 'p' : 's';
    if (name.len)
        memcpy(key + 1, name.ptr, name.len);
    g->key = str_make(key, name.len + 1);
    g->name = str_make(key + 1, name.len);
    g->newest_ms = INT64_MIN;
    atomic_init(&g->first_ms, INT64_MAX);
    atomic_init(&g->last_ms, INT64_MIN);
    buf_init(&g->record, 0);
    pthread_mutex_init(&g->write, NULL);
    pthread_mutex_init(&g->head_lock, NULL);
    return g;
}

void group_free(struct group *g)
{
    if (!g)
        return;
    run_list_unref(g->head);
    cold_rows_free(g->cold);
    run_unref(g->before);
    buf_fini(&g->record);
    pthread_mutex_destroy(&g->write);
    pthread_mutex_destroy(&g->head_lock);
    free((char *)(uintptr_t)g->key.ptr);
    free(g->series);
    free(g);
}

struct run_list *run_list_more(const struct run_list *from, uint32_t more)
{
    uint32_t len = run_list_len(from);
    struct run_list *l = list_new(len + more);

    for (uint32_t i = 0; l && i < len; i++)
        l->items[i] = run_ref(from->items[i]);
    if (l)
        atomic_store_explicit(&l->len, len, memory_order_relaxed);
    return l;
}

int group_reserve(struct group *g)
{
    uint32_t len = run_list_len(g->head);

    if (g->head && len < g->head->cap)
        return 0;
    struct run_list *l = run_list_more(g->head, MAX(len, 2u * HEAD_PACK_ROWS));
    if (!l)
        return -ENOMEM;
    pthread_mutex_lock(&g->head_lock);
    struct run_list *old = g->head;
    g->head = l;
    pthread_mutex_unlock(&g->head_lock);
    run_list_unref(old);
    return 0;
}

void group_saw(struct group *g, int64_t from_ms, int64_t to_ms)
{
    if (from_ms < atomic_load_explicit(&g->first_ms, memory_order_relaxed))
        atomic_store_explicit(&g->first_ms, from_ms, memory_order_relaxed);
    if (to_ms > atomic_load_explicit(&g->last_ms, memory_order_relaxed))
        atomic_store_explicit(&g->last_ms, to_ms, memory_order_relaxed);
}

void group_push(struct group *g, struct run *r)
{
    pthread_mutex_lock(&g->head_lock);
    uint32_t len = run_list_len(g->head);
    g->head->items[len] = r;
    atomic_store_explicit(&g->head->len, len + 1, memory_order_release);
    g->raw = r->packed ? 0 : g->raw + 1;
    g->head_rows += r->rows;
    g->head_bytes += run_bytes(r);
    group_saw(g, r->min_ms, r->max_ms);
    pthread_mutex_unlock(&g->head_lock);
}

int group_snapshot(struct group *g, struct run_list **ret, uint32_t *ret_len)
{
    int code = group_thaw(g);

    *ret = NULL;
    *ret_len = 0;
    if (code)
        return code;
    pthread_mutex_lock(&g->head_lock);
    *ret = g->head ? run_list_ref(g->head) : NULL;
    *ret_len = run_list_len(*ret);
    pthread_mutex_unlock(&g->head_lock);
    return 0;
}

static void recount(struct group *g, const struct run_list *l)
{
    g->raw = g->head_rows = 0;
    g->head_bytes = 0;
    for (uint32_t i = 0; i < run_list_len(l); i++) {
        g->raw = l->items[i]->packed ? 0 : g->raw + 1;
        g->head_rows += l->items[i]->rows;
        g->head_bytes += run_bytes(l->items[i]);
    }
}

void group_install(struct group *g, struct run_list *l)
{
    struct run_list *old = g->head;

    g->head = l;
    recount(g, l);
    run_list_unref(old);
}

int group_replace(struct group *g, uint32_t from, uint32_t count, struct run **runs, uint32_t n)
{
    uint32_t len = run_list_len(g->head), kept = len - count, at = 0;
    struct run_list *l = kept + n ? list_new(kept + n + 2 * HEAD_PACK_ROWS) : NULL;

    if (kept + n && !l)
        return -ENOMEM;
    for (uint32_t i = 0; i < len; i++) {
        if (i == from)
            for (uint32_t k = 0; k < n; k++)
                l->items[at++] = runs[k];
        if (i < from || i >= from + count)
            l->items[at++] = run_ref(g->head->items[i]);
    }
    if (l)
        atomic_store_explicit(&l->len, at, memory_order_relaxed);
    pthread_mutex_lock(&g->head_lock);
    group_install(g, l);
    pthread_mutex_unlock(&g->head_lock);
    return 0;
}
