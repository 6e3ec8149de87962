/* groups.c - finding and making groups and their columns. */
#include "store/internal.h"
#include "store/marker.h"

static struct str id_key(const uint32_t *id)
{
    return str_make((const char *)id, sizeof(*id));
}

struct group *store_group_by_id(struct store *s, uint32_t id)
{
    pthread_rwlock_rdlock(&s->groups_lock);
    struct group *g = map_get(&s->groups, id_key(&id));
    pthread_rwlock_unlock(&s->groups_lock);
    return g;
}

struct group **store_list_groups(struct store *s, size_t *ret_len)
{
    struct map_entry *e;
    size_t at = 0, n = 0;

    pthread_rwlock_rdlock(&s->groups_lock);
    struct group **all = s->groups.len ? calloc(s->groups.len, sizeof(struct group *)) : NULL;
    while (all && (e = map_next(&s->groups, &at)))
        all[n++] = e->value;
    pthread_rwlock_unlock(&s->groups_lock);
    *ret_len = n;
    return all;
}

/* groups_lock held for writing */
static int add_group(struct store *s, bool pushed, struct str name, uint32_t id, struct group **ret,
                     struct error *err)
{
    int code = 0;

    if (!id && s->next_group >= s->reserved_group)
        code = marker_reserve(s->dir, s->next_group, &s->reserved_group, err);
    if (code)
        return code;
    struct group *g = group_new(s, id ? id : s->next_group, pushed, name);
    atomic_store(&g->used_ns, s->io->mono_ns());
    code = map_put(&s->groups, id_key(&g->id), g, NULL);
    if (!code) {
        /* In the log a later group of the same name takes the name over from one that ended. */
        void *old;
        code = map_put(&s->by_name, g->key, g, &old);
        if (!code && old)
            atomic_store(&((struct group *)old)->ended, true);
        if (code)
            map_take(&s->groups, id_key(&g->id));
    }
    if (code) {
        group_free(g);
        return error_errno(err, code, "group %.*s", STR_ARG(name));
    }
    s->next_group = MAX(s->next_group, g->id + 1);
    *ret = g;
    return 0;
}

int store_group_make(struct store *s, bool pushed, struct str name, uint32_t id, struct group **ret,
                     struct error *err)
{
    char *text = malloc(name.len + 1);
    int code = 0;

    if (!text)
        return error_errno(err, -ENOMEM, "group %.*s", STR_ARG(name));
    text[0] = pushed ? 'p' : 's';
    if (name.len)
        memcpy(text + 1, name.ptr, name.len);
    struct str key = str_make(text, name.len + 1);
    pthread_rwlock_rdlock(&s->groups_lock);
    struct group *g = map_get(&s->by_name, key);
    if (g && !id)
        atomic_store(&g->claimed, true);
    pthread_rwlock_unlock(&s->groups_lock);
    if (!g || (id && g->id != id)) {
        pthread_rwlock_wrlock(&s->groups_lock);
        g = map_get(&s->by_name, key);
        if (!g || (id && g->id != id))
            code = add_group(s, pushed, name, id, &g, err);
        if (!code && !id)
            atomic_store(&g->claimed, true);
        pthread_rwlock_unlock(&s->groups_lock);
    }
    free(text);
    if (!code)
        *ret = g;
    return code;
}

int store_group(struct store *s, struct str name, struct group **ret, struct error *err)
{
    return store_group_make(s, false, name, 0, ret, err);
}

static int check_labels(struct labels l, struct error *err)
{
    if (!l.len || l.len > LABELS_MAX)
        return error_set(err, -EINVAL, "a series has %zu labels, 1 to %d are taken", l.len,
                         LABELS_MAX);
    for (size_t i = 0; i < l.len; i++) {
        struct str name = l.items[i].name, value = l.items[i].value;
        if (!name.len || name.len > LABEL_NAME_MAX || !value.len || value.len > LABEL_VALUE_MAX)
            return error_set(err, -EINVAL, "label %.*s: name or value is empty or too long",
                             (int)MIN(name.len, (size_t)64), name.ptr);
        if (i && str_compare(l.items[i - 1].name, name) >= 0)
            return error_set(err, -EINVAL, "label %.*s stands twice or out of order",
                             (int)MIN(name.len, (size_t)64), name.ptr);
    }
    return 0;
}

/* Adds series `id` (INDEX_NONE: a new one) as a column of `g`. The index is locked for writing. */
static int add_column(struct store *s, struct group *g, struct labels labels, uint64_t hash,
                      uint32_t id, uint32_t *ret_series, struct error *err)
{
    uint32_t column = (uint32_t)g->column_len;
    uint32_t *grown = array_grow(g->series, &g->column_cap, g->column_len + 1, sizeof(*grown));
    int code;

    if (!grown)
        return error_errno(err, -ENOMEM, "new series");
    g->series = grown;
    if (column >= BLOCK_COLUMNS_MAX)
        return error_set(err, -ENFILE, "group %.*s has too many columns", STR_ARG(g->name));
    if (id == INDEX_NONE)
        code = index_add(&s->index, labels, hash, g->id, column, &id);
    else
        code = index_add_place(&s->index, id, g->id, column);
    if (!code && index_is_hidden(&s->index, id))
        atomic_store(&g->hides, true);
    if (code)
        return error_errno(err, code, "new series");
    g->series[column] = id;
    g->column_len++;
    atomic_store_explicit(&g->column_seen, column + 1, memory_order_release);
    *ret_series = id;
    return 0;
}

/* The same for a series that another thread may have made meanwhile, or that is one too many. */
static int new_column(struct store *s, struct group *g, struct labels labels, uint64_t hash,
                      uint32_t *ret_series, struct error *err)
{
    uint64_t max = s->options.max_series;
    int code;

    pthread_rwlock_wrlock(&s->index.lock);
    uint32_t id = index_find(&s->index, labels, hash);
    if (id == INDEX_NONE && max && s->index.len >= max) {
        atomic_fetch_add(&s->refused_series, 1);
        code =
            error_set(err, -ENFILE,
                      "there are %" PRIu64 " series already, as many as --max-series allows", max);
    } else {
        code = add_column(s, g, labels, hash, id, ret_series, err);
    }
    pthread_rwlock_unlock(&s->index.lock);
    return code;
}

int group_column(struct store *s, struct group *g, struct labels labels, uint32_t *ret,
                 uint32_t *ret_series, struct error *err)
{
    uint64_t hash = labels_hash(labels);
    int code = 0;

    pthread_rwlock_rdlock(&s->index.lock);
    uint32_t id = index_find(&s->index, labels, hash);
    uint32_t column = id == INDEX_NONE ? INDEX_NONE : index_column(&s->index, id, g->id);
    pthread_rwlock_unlock(&s->index.lock);
    if (column == INDEX_NONE) {
        code = check_labels(labels, err);
        if (code)
            return code;
        column = (uint32_t)g->column_len;
        code = new_column(s, g, labels, hash, &id, err);
    }
    if (code)
        return code;
    *ret = column;
    *ret_series = id;
    return 0;
}

int group_define(struct store *s, struct group *g, struct labels labels, uint64_t hash,
                 struct error *err)
{
    uint32_t series, id = index_find(&s->index, labels, hash);
    int code = check_labels(labels, err);

    if (!code && id != INDEX_NONE && index_column(&s->index, id, g->id) != INDEX_NONE)
        code = error_set(err, -EEXIST, "a series stands twice in group %.*s", STR_ARG(g->name));
    return code ? code : add_column(s, g, labels, hash, id, &series, err);
}

int store_column(struct store *s, struct group *g, struct labels labels, uint32_t *ret,
                 struct error *err)
{
    uint32_t series;

    pthread_mutex_lock(&g->write);
    int code = group_column(s, g, labels, ret, &series, err);
    pthread_mutex_unlock(&g->write);
    return code;
}

int store_column_labels(struct store *s, struct group *g, uint32_t column, struct arena *a,
                        struct labels *ret, struct error *err)
{
    struct labels borrowed;
    int code = -EINVAL;

    pthread_mutex_lock(&g->write);
    pthread_rwlock_rdlock(&s->index.lock);
    if (column < g->column_len)
        code = index_labels(&s->index, g->series[column], a, &borrowed);
    if (!code)
        code = labels_copy(borrowed, a, ret);
    pthread_rwlock_unlock(&s->index.lock);
    pthread_mutex_unlock(&g->write);
    return code ? error_errno(err, code, "labels of column %u", column) : 0;
}
