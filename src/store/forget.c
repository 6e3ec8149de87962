/* forget.c - ended groups and their series leave memory: once all they had lies in days, the index
 * is made anew without them. The groups and the label strings live on until the last selection that
 * may use them is freed. */
#include "store/cold.h"
#include "store/internal.h"

#define FORGET_LEAST  1000 /* columns of ended groups that are worth the work */
#define FORGET_GROUPS 256  /* or so many groups, however few columns they have */
#define PUSH_IDLE_NS  (UINT64_C(3600) * NS_PER_S) /* without a sample: who pushed is gone */

struct epoch {
    atomic_uint refs;
    bool over; /* then the rest has to be freed */
    struct index index;
    struct group **groups;
    size_t group_len;
};

struct epoch *epoch_new(void)
{
    struct epoch *e = calloc(1, sizeof(*e));

    if (e)
        atomic_init(&e->refs, 1);
    return e;
}

struct epoch *epoch_ref(struct epoch *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void epoch_unref(struct epoch *e)
{
    if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (e->over)
        index_fini(&e->index);
    for (size_t i = 0; i < e->group_len; i++)
        group_free(e->groups[i]);
    free(e->groups);
    free(e);
}

struct epoch *store_epoch(struct store *s)
{
    pthread_rwlock_rdlock(&s->index.lock);
    struct epoch *e = epoch_ref(s->epoch);
    pthread_rwlock_unlock(&s->index.lock);
    return e;
}

void store_group_end(struct store *s, struct group *g)
{
    pthread_rwlock_wrlock(&s->groups_lock);
    if (map_get(&s->by_name, g->key) == g)
        map_take(&s->by_name, g->key);
    atomic_store(&g->ended, true);
    pthread_rwlock_unlock(&s->groups_lock);
}

/* True for scraped groups that the log brought back and nobody asked for since: their targets went
 * away while the process was down. And for those that nobody pushes into. */
static bool is_left(const struct group *g, uint64_t now_ns)
{
    if (atomic_load(&g->ended))
        return false;
    return g->pushed ? now_ns > atomic_load(&g->used_ns) + PUSH_IDLE_NS : !atomic_load(&g->claimed);
}

/* Ends groups that were left and of which everything is sealed, which it is after an hour. */
static void end_left(struct store *s, struct group *const *groups, size_t n)
{
    uint64_t now_ns = s->io->mono_ns();
    bool any = false;

    for (size_t i = 0; i < n && !any; i++)
        any = is_left(groups[i], now_ns);
    if (!any || pthread_rwlock_trywrlock(&s->push_lock)) /* else in the next round */
        return;
    pthread_rwlock_wrlock(&s->groups_lock);
    for (size_t i = 0; i < n; i++) {
        struct group *g = groups[i];
        if (!is_left(g, now_ns))
            continue;
        pthread_mutex_lock(&g->head_lock);
        bool empty = !g->head && !group_is_cold(g);
        pthread_mutex_unlock(&g->head_lock);
        if (!empty)
            continue;
        if (map_get(&s->by_name, g->key) == g)
            map_take(&s->by_name, g->key);
        atomic_store(&g->ended, true);
    }
    pthread_rwlock_unlock(&s->groups_lock);
    pthread_rwlock_unlock(&s->push_lock);
}

/* True when nothing of an ended group is in memory but its columns. write held */
static bool is_drained(const struct group *g)
{
    return atomic_load(&g->ended) && !g->head && !group_is_cold(g);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = (*(struct group *const *)a)->id, y = (*(struct group *const *)b)->id;

    return (x > y) - (x < y);
}

/* Sorts out the groups: those that go stand behind the others. All are locked when it returns. */
static size_t lock_groups(struct group **groups, size_t n, size_t *ret_columns)
{
    size_t kept = 0, columns = 0;

    qsort(groups, n, sizeof(*groups), by_id); /* always locked in the same order */
    for (size_t i = 0; i < n; i++)
        pthread_mutex_lock(&groups[i]->write);
    for (size_t i = 0; i < n; i++) {
        struct group *g = groups[i];
        if (is_drained(g)) {
            columns += g->column_len;
            continue;
        }
        groups[i] = groups[kept];
        groups[kept++] = g;
    }
    *ret_columns = columns;
    return kept;
}

/* Adds the columns of `g` to `fresh`, their new numbers to `ids`. */
static int carry_over(const struct index *old, struct index *fresh, const struct group *g,
                      uint32_t *ids)
{
    struct arena a;
    int code = 0;

    arena_init(&a, 0);
    for (size_t i = 0; i < g->column_len && !code; i++) {
        struct labels labels;
        arena_reset(&a);
        code = index_labels(old, g->series[i], &a, &labels);
        if (code)
            break;
        uint64_t hash = labels_hash(labels);
        ids[i] = index_find(fresh, labels, hash);
        if (ids[i] == INDEX_NONE)
            code = index_add(fresh, labels, hash, g->id, (uint32_t)i, &ids[i]);
        else
            code = index_add_place(fresh, ids[i], g->id, (uint32_t)i);
        if (!code && index_is_hidden(old, g->series[i]))
            code = index_hide(fresh, ids[i]);
    }
    arena_fini(&a);
    return code;
}

static void drop_columns(struct group *g)
{
    free(g->series);
    g->series = NULL;
    g->column_len = g->column_cap = 0;
    atomic_store_explicit(&g->column_seen, 0, memory_order_release);
    run_unref(g->before);
    g->before = NULL;
    buf_fini(&g->record);
}

/* Takes groups that are drained out of the map; what is left of them goes with the epoch. */
static void bury(struct store *s, struct group *const *groups, size_t n)
{
    struct epoch *e = s->epoch;

    pthread_rwlock_wrlock(&s->groups_lock);
    for (size_t i = 0; i < n; i++) {
        struct group *g = groups[i];
        drop_columns(g);
        map_take(&s->groups, str_make((const char *)&g->id, sizeof(g->id)));
        e->groups[e->group_len++] = g;
    }
    pthread_rwlock_unlock(&s->groups_lock);
}

/* All groups are locked for writing, the index too. *ret_over is the epoch that ended, which still
 * has a reference. */
static int renumber(struct store *s, struct group **groups, size_t kept, size_t n,
                    struct epoch **ret_over)
{
    struct index *fresh = &s->epoch->index; /* after the exchange it holds what has to be freed */
    struct epoch *next = epoch_new();
    uint32_t **ids = calloc(kept + 1, sizeof(*ids));
    struct group **gone = calloc(n - kept + 1, sizeof(struct group *));
    bool made = next && ids && gone;
    int code = made ? index_init(fresh) : -ENOMEM;

    for (size_t i = 0; i < kept && !code; i++) {
        ids[i] = calloc(groups[i]->column_cap + 1, sizeof(**ids));
        code = ids[i] ? carry_over(&s->index, fresh, groups[i], ids[i]) : -ENOMEM;
    }
    if (!code) {
        for (size_t i = 0; i < kept; i++) {
            free(groups[i]->series);
            groups[i]->series = ids[i];
        }
        s->epoch->groups = gone;
        bury(s, groups + kept, n - kept);
        index_swap(&s->index, fresh);
        s->epoch->over = true;
        *ret_over = s->epoch;
        s->epoch = next;
    } else {
        for (size_t i = 0; ids && i < kept; i++)
            free(ids[i]);
        if (made)
            index_fini(fresh);
        epoch_unref(next);
        free(gone);
    }
    free(ids);
    return code;
}

struct ended {
    size_t groups, columns;
};

static struct ended count_ended(struct group *const *groups, size_t n)
{
    struct ended all = {0, 0};

    for (size_t i = 0; i < n; i++) {
        if (!atomic_load(&groups[i]->ended))
            continue;
        all.groups++;
        all.columns += atomic_load_explicit(&groups[i]->column_seen, memory_order_relaxed);
    }
    return all;
}

/* The work grows with all that there is. */
static bool is_worth_it(struct ended ended, size_t groups, size_t series)
{
    return ended.columns >= MAX(series / 4, (size_t)FORGET_LEAST) ||
           ended.groups >= MAX(groups / 4, (size_t)FORGET_GROUPS);
}

/* Whether `n` groups are all there are. One that was made since they were listed may have columns,
 * which would keep numbers of the old index; one that is made from now on has none until the index,
 * which the caller has locked for writing, is free again. */
static bool are_all(struct store *s, size_t n)
{
    pthread_rwlock_rdlock(&s->groups_lock);
    bool all = s->groups.len == n;
    pthread_rwlock_unlock(&s->groups_lock);
    return all;
}

void store_forget(struct store *s)
{
    size_t n;
    struct epoch *over = NULL;

    pthread_mutex_lock(&s->seal_lock);
    struct group **groups = store_list_groups(s, &n);
    pthread_rwlock_rdlock(&s->index.lock);
    size_t series = s->index.len;
    pthread_rwlock_unlock(&s->index.lock);
    end_left(s, groups, n);
    if (is_worth_it(count_ended(groups, n), n, series)) {
        struct ended drained;
        size_t kept = lock_groups(groups, n, &drained.columns);
        drained.groups = n - kept;
        if (is_worth_it(drained, n, series)) {
            pthread_rwlock_wrlock(&s->index.lock);
            /* else in the next round */
            int code = are_all(s, n) ? renumber(s, groups, kept, n, &over) : 0;
            pthread_rwlock_unlock(&s->index.lock);
            if (code)
                log_warn("series of ended groups could not be forgotten", "error", strerror(-code));
        }
        for (size_t i = 0; i < n; i++)
            pthread_mutex_unlock(&groups[i]->write);
    }
    free(groups);
    for (size_t i = 0; over && i < over->group_len; i++)
        days_forget_group(s->days, over->groups[i]->id);
    pthread_mutex_unlock(&s->seal_lock);
    epoch_unref(over);
}
