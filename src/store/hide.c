/* hide.c - series of which all samples were deleted. Memory knows them still: their columns keep
 * their numbers, and their next sample may come any moment. Until then they are shown nowhere. */
#include "store/columns.h"
#include "store/internal.h"
#include "store/shelf.h"

/* True when some run in memory has a sample of the column. */
static bool is_in_memory(struct group *g, uint32_t column)
{
    uint32_t len;
    struct run_list *list;
    bool found = group_snapshot(g, &list, &len) != 0; /* then show what may be there */

    for (uint32_t i = 0; list && i < len && !found; i++) {
        const struct run *r = list->items[i];
        struct block_view view;
        if (r->packed)
            found = !block_open(r->bits, r->len, true, &view) &&
                    block_find(&view, column) != BLOCK_NONE;
        else
            found = column < r->len && r->bits[column] != VALUE_ABSENT_BITS;
    }
    run_list_unref(list);
    return found;
}

struct named {
    const struct selector *selectors;
    size_t n;
    struct column_set columns; /* that the label index of some day names */
    struct error *err;
};

static int note_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct named *named = ctx;
    struct shelf shelf;

    if (shelf_open(blob->bytes, blob->n, trusted, &shelf))
        return 0;
    return shelf_match(&shelf, named->selectors, named->n, &named->columns, named->err);
}

static int find_named(struct store *s, struct named *named)
{
    size_t n = days_list(s->days, 0, INT64_MAX, NULL, 0);
    int64_t *numbers = calloc(n + 1, sizeof(*numbers));
    int code = numbers ? 0 : error_errno(named->err, -ENOMEM, "matching series");

    n = numbers ? MIN(n, days_list(s->days, 0, INT64_MAX, numbers, n)) : 0;
    for (size_t i = 0; i < n && !code; i++) {
        struct day_read *r = NULL;
        struct day *day;
        code = days_get(s->days, numbers[i], false, &day, named->err);
        if (code == -ENOENT || code == -EIO) { /* dropped meanwhile, or served without it */
            code = 0;
            continue;
        }
        if (code)
            break;
        code = day_read_begin(day, &r, named->err);
        if (!code)
            code = day_read_shelves(r, note_shelf, named, named->err);
        day_read_end(r);
        day_put(day);
    }
    free(numbers);
    return code;
}

/* Hides what is matched; `ret` is for the numbers of these series. index lock held for writing */
static int hide_matched(struct store *s, const struct selector *selectors, size_t n,
                        struct bitmap *ret, struct error *err)
{
    struct index *ix = &s->index;
    struct label_source source = index_source(ix);
    int code = bitmap_init(ret, ix->len);

    for (size_t i = 0; i < n && !code; i++) {
        struct bitmap one;
        code = match_series(&source, selectors[i].matchers, selectors[i].len, &one, err);
        if (code)
            break;
        bitmap_or(ret, &one);
        bitmap_fini(&one);
    }
    for (uint32_t id = code ? UINT32_MAX : bitmap_next(ret, 0); id != UINT32_MAX && !code;
         id = bitmap_next(ret, id + 1)) {
        code = index_hide(ix, id);
        for (const struct place *p = &index_series(ix, id)->place; p; p = index_next_place(ix, p)) {
            struct group *g = store_group_by_id(s, p->group);
            if (g)
                atomic_store(&g->hides, true);
        }
    }
    return code;
}

/* Shows again what has a sample somewhere. A sample that comes meanwhile shows its series itself.
 */
static void show_those_with_samples(struct store *s, const struct bitmap *matched,
                                    const struct column_set *named)
{
    struct index *ix = &s->index;

    for (uint32_t id = bitmap_next(matched, 0); id != UINT32_MAX;
         id = bitmap_next(matched, id + 1)) {
        bool found = false;
        for (const struct place *p = &index_series(ix, id)->place; p && !found;
             p = index_next_place(ix, p)) {
            struct group *g = store_group_by_id(s, p->group);
            found = column_set_has(named, p->group, p->column) || (g && is_in_memory(g, p->column));
        }
        if (found)
            index_show(ix, id);
    }
}

int store_hide_empty(struct store *s, const struct selector *selectors, size_t n, struct error *err)
{
    struct named named = {.selectors = selectors, .n = n, .err = err};
    struct bitmap matched = {0};
    int code = find_named(s, &named);

    /* Hidden first, so that a sample that comes while we look shows its series again: one lock for
     * all, since forgetting would number the series anew. */
    pthread_rwlock_wrlock(&s->index.lock);
    if (!code)
        code = hide_matched(s, selectors, n, &matched, err);
    if (matched.words)
        show_those_with_samples(s, &matched, &named.columns);
    pthread_rwlock_unlock(&s->index.lock);
    bitmap_fini(&matched);
    column_set_fini(&named.columns);
    return code;
}

void group_show(struct store *s, struct group *g, const struct run *run)
{
    bool left = false;
    struct block_view view;
    bool is_block = run->packed && !block_open(run->bits, run->len, true, &view);

    pthread_rwlock_wrlock(&s->index.lock);
    for (uint32_t column = 0; column < g->column_len; column++) {
        if (!index_is_hidden(&s->index, g->series[column]))
            continue;
        bool has =
            is_block ? block_find(&view, column) != BLOCK_NONE
                     : !run->packed && column < run->len && run->bits[column] != VALUE_ABSENT_BITS;
        if (has)
            index_show(&s->index, g->series[column]);
        left = left || !has;
    }
    atomic_store(&g->hides, left);
    pthread_rwlock_unlock(&s->index.lock);
}
