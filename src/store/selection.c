/* selection.c - gathering the series a select found. */
#include "store/selection.h"

static const struct selection_ops found_ops = {found_read, found_free, found_read_some};

struct found *found_new(struct store *s, int64_t start_ms, int64_t end_ms)
{
    struct found *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->base.ops = &found_ops;
    f->store = s;
    f->start_ms = MAX(start_ms, INT64_C(0));
    f->end_ms = MIN(end_ms, TS_MAX);
    arena_init(&f->memory, 0);
    pthread_mutex_init(&f->lock, NULL);
    return f;
}

void found_free(struct selection *base)
{
    struct found *f = (struct found *)base;

    if (!f)
        return;
    for (size_t i = 0; i < f->source_len; i++)
        run_list_unref(f->sources[i].list);
    for (size_t i = 0; i < f->track_len; i++) {
        free(f->tracks[i].runs);
        free(f->tracks[i].times);
        for (struct joined *j = atomic_load(&f->tracks[i].joined), *next; j; j = next) {
            next = j->next;
            free(j);
        }
    }
    for (size_t i = 0; i < f->day_len; i++) {
        day_read_end(f->days[i].read);
        day_put(f->days[i].day);
    }
    free(f->days);
    map_fini(&f->source_map);
    map_fini(&f->track_map);
    free(f->sources);
    free(f->tracks);
    free(f->hits);
    epoch_unref(f->epoch);
    arena_fini(&f->memory);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* The maps hold index + 1 in the place of a pointer. */
static void *as_pointer(size_t index)
{
    return (void *)(uintptr_t)(index + 1);
}

static size_t as_index(const void *pointer)
{
    return (size_t)((uintptr_t)pointer - 1);
}

static int source_of(struct found *f, uint32_t group, uint32_t *ret)
{
    /* Hits of one group come one after another. */
    if (f->hit_len) {
        uint32_t last = f->hits[f->hit_len - 1].source;
        if (f->sources[last].group == group) {
            *ret = last;
            return 0;
        }
    }
    const void *known = map_get(&f->source_map, str_make((const char *)&group, sizeof(group)));
    if (known) {
        *ret = (uint32_t)as_index(known);
        return 0;
    }
    struct source *grown =
        array_grow(f->sources, &f->source_cap, f->source_len + 1, sizeof(*grown));
    char *key = arena_strndup(&f->memory, (const char *)&group, sizeof(group));
    if (grown)
        f->sources = grown;
    if (!grown || !key)
        return -ENOMEM;
    int code =
        map_put(&f->source_map, str_make(key, sizeof(group)), as_pointer(f->source_len), NULL);
    if (code)
        return code;
    *ret = (uint32_t)f->source_len;
    struct source *src = &f->sources[f->source_len++];
    *src = (struct source){.group = group, .from_memory = f->from_memory};
    struct group *g = store_group_by_id(f->store, group);
    if (g)
        code = group_snapshot(g, &src->list, &src->list_len);
    return code;
}

bool found_told(const struct found *f, uint32_t group)
{
    const void *known = map_get(&f->source_map, str_make((const char *)&group, sizeof(group)));

    return known && f->sources[as_index(known)].from_memory;
}

int found_add(struct found *f, struct labels labels, uint32_t group, uint32_t column)
{
    uint32_t source;
    struct hit *grown = array_grow(f->hits, &f->hit_cap, f->hit_len + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    f->hits = grown;
    int code = source_of(f, group, &source);
    if (!code)
        f->hits[f->hit_len++] = (struct hit){labels, source, column};
    return code;
}

/* Order of labels_compare(); most strings are the index's own, so equal ones are often the same
 * bytes. */
static int compare_str(struct str a, struct str b)
{
    return a.ptr == b.ptr && a.len == b.len ? 0 : str_compare(a, b);
}

static int by_labels(const void *pa, const void *pb)
{
    const struct hit *a = pa, *b = pb;
    size_t n = MIN(a->labels.len, b->labels.len);

    for (size_t i = 0; i < n; i++) {
        const struct label *x = &a->labels.items[i], *y = &b->labels.items[i];
        int order = compare_str(x->name, y->name);
        if (!order)
            order = compare_str(x->value, y->value);
        if (order)
            return order;
    }
    if (a->labels.len != b->labels.len)
        return a->labels.len < b->labels.len ? -1 : 1;
    return (a->source > b->source) - (a->source < b->source);
}

static int new_track(struct found *f, uint32_t *sources, uint32_t n, uint32_t *ret)
{
    struct track *grown = array_grow(f->tracks, &f->track_cap, f->track_len + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    f->tracks = grown;
    *ret = (uint32_t)f->track_len;
    f->tracks[f->track_len++] = (struct track){.sources = sources, .source_len = n};
    return 0;
}

static int track_of(struct found *f, const struct hit *hits, uint32_t n, uint32_t *ret)
{
    struct source *alone = &f->sources[hits[0].source];

    if (n == 1 && alone->track) {
        *ret = alone->track - 1;
        return 0;
    }
    uint32_t *sources = arena_calloc(&f->memory, n, sizeof(*sources));
    if (!sources)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        sources[i] = hits[i].source;
    if (n == 1) {
        int code = new_track(f, sources, n, ret);
        alone->track = code ? 0 : *ret + 1;
        return code;
    }
    struct str key = str_make((const char *)sources, n * sizeof(*sources));
    const void *known = map_get(&f->track_map, key);
    if (known) {
        *ret = (uint32_t)as_index(known);
        return 0;
    }
    int code = new_track(f, sources, n, ret);
    return code ? code : map_put(&f->track_map, key, as_pointer(*ret), NULL);
}

/* Makes the entry of hits[0, n), which are places of one series in distinct sources. */
static int add_entry(struct found *f, const struct hit *hits, uint32_t n)
{
    struct entry *e = &f->entries[f->base.len];
    uint32_t *columns = arena_calloc(&f->memory, n, sizeof(*columns));
    int code = columns ? 0 : -ENOMEM;

    if (!code)
        code = track_of(f, hits, n, &e->track);
    if (code)
        return code;
    for (uint32_t i = 0; i < n; i++)
        columns[i] = hits[i].column;
    e->columns = columns;
    e->next = f->tracks[e->track].first;
    f->tracks[e->track].first = (uint32_t)f->base.len + 1;
    f->labels[f->base.len++] = hits[0].labels;
    return 0;
}

static bool same_labels(const struct hit *a, const struct hit *b)
{
    if (a->labels.len != b->labels.len)
        return false;
    for (size_t i = 0; i < a->labels.len; i++)
        if (compare_str(a->labels.items[i].name, b->labels.items[i].name) ||
            compare_str(a->labels.items[i].value, b->labels.items[i].value))
            return false;
    return true;
}

int found_finish(struct found *f)
{
    size_t n = f->hit_len;
    int code = 0;

    if (n)
        qsort(f->hits, n, sizeof(*f->hits), by_labels);
    f->labels = arena_calloc(&f->memory, n + 1, sizeof(*f->labels));
    f->entries = arena_calloc(&f->memory, n + 1, sizeof(*f->entries));
    if (!f->labels || !f->entries)
        return -ENOMEM;
    for (size_t i = 0; i < n && !code;) {
        size_t end = i + 1, kept = i + 1;
        while (end < n && same_labels(&f->hits[i], &f->hits[end])) {
            /* A group that is told of by memory and by a day, or by two days, counts once. */
            if (f->hits[end].source != f->hits[kept - 1].source)
                f->hits[kept++] = f->hits[end];
            end++;
        }
        code = add_entry(f, &f->hits[i], (uint32_t)(kept - i));
        i = end;
    }
    f->base.labels = f->labels;
    free(f->hits);
    f->hits = NULL;
    f->hit_len = 0;
    return code;
}
