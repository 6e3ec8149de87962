/* seal.c - from memory into days: runs are merged into blocks, blocks and the labels of their
 * columns committed, then the runs dropped and the log told. */
#include "store/cold.h"
#include "store/internal.h"
#include "store/shelf.h"

#define SEAL_ROWS        120         /* about 100 KB for a target of 1,000 series */
#define SEAL_ROWS_SPREAD 32          /* so that groups that began together don't end together */
#define SEAL_BYTES_LEAST (48u << 10) /* small groups gather more rows */
#define SEAL_ROWS_MOST   960
#define SEAL_BYTES_MOST  (64u << 20)
#define SEAL_AGE_NS      (UINT64_C(3600) * NS_PER_S) /* bounds what the log has to keep */
#define SEAL_SEGMENTS    8               /* a small group does not hold more of the log than this */
#define DAY_END_MS       INT64_C(600000) /* after midnight a day's rows are sealed */
#define ROUND_BYTES      (UINT64_C(64) << 20) /* of blocks in one commit */
#define SHELVES_MAX      8                    /* in a day before small ones are joined */
#define SHELF_SERIES_MAX 500000               /* a joined shelf has no more */

struct sealed {
    struct group *group;
    struct run_list *list;
    uint32_t count;
    uint64_t last_pos;
};

struct block {
    int64_t day;
    uint32_t group;
    int64_t min_ms, max_ms;
    size_t order;
    char *bytes;
    size_t n;
};

struct round {
    struct store *s;
    struct merger *merger;
    struct group *group; /* at hand */
    struct sealed *sealed;
    size_t sealed_len, sealed_cap;
    struct block *blocks;
    size_t block_len, block_cap;
    uint64_t bytes;
    struct error *err;
};

static bool is_due(struct group *g, int64_t now_ms, uint64_t now_ns, uint32_t segment)
{
    bool due = false;

    pthread_mutex_lock(&g->head_lock);
    uint32_t rows = g->head_rows;
    if (rows) {
        const struct run *first = g->head->items[0];
        int64_t today = (now_ms - DAY_END_MS) / DAY_MS;
        due = (rows >= SEAL_ROWS + g->id % SEAL_ROWS_SPREAD && g->head_bytes >= SEAL_BYTES_LEAST) ||
              rows >= SEAL_ROWS_MOST || g->head_bytes >= SEAL_BYTES_MOST ||
              now_ns - first->born_ns >= SEAL_AGE_NS || atomic_load(&g->ended) ||
              wal_pos_segment(first->first_pos) + SEAL_SEGMENTS <= segment ||
              (!g->pushed && first->min_ms / DAY_MS < today);
    }
    pthread_mutex_unlock(&g->head_lock);
    return due;
}

static int take_block(void *ctx, const void *bytes, size_t n)
{
    struct round *r = ctx;
    struct block *grown = array_grow(r->blocks, &r->block_cap, r->block_len + 1, sizeof(*grown));
    struct block_view view;

    if (grown)
        r->blocks = grown;
    char *copy = grown ? malloc(n) : NULL;
    if (!copy)
        return -ENOMEM;
    memcpy(copy, bytes, n);
    int code = block_open(copy, n, true, &view);
    if (code) {
        free(copy);
        return code;
    }
    r->blocks[r->block_len] = (struct block){.day = view.min_ms / DAY_MS,
                                             .group = r->group->id,
                                             .min_ms = view.min_ms,
                                             .max_ms = view.max_ms,
                                             .order = r->block_len,
                                             .bytes = copy,
                                             .n = n};
    r->block_len++;
    r->bytes += n;
    return 0;
}

/* Freezes the packed runs of a group and merges them. */
static int add_group(struct round *r, struct group *g, bool with_raw)
{
    struct sealed *grown = array_grow(r->sealed, &r->sealed_cap, r->sealed_len + 1, sizeof(*grown));
    uint32_t len, count = 0;

    if (!grown)
        return -ENOMEM;
    r->sealed = grown;
    pthread_mutex_lock(&g->write);
    if (with_raw)
        group_pack(r->s, g, 1);
    struct run_list *list;
    int code = group_snapshot(g, &list, &len);
    while (count < len && list->items[count]->packed)
        count++;
    g->sealing = count > 0;
    pthread_mutex_unlock(&g->write);
    if (!count) {
        run_list_unref(list);
        return code;
    }
    r->sealed[r->sealed_len++] = (struct sealed){g, list, count, list->items[count - 1]->last_pos};
    r->group = g;
    return merge_runs(r->merger, list->items, count, DAY_MS, BLOCK_ROWS_MAX, take_block, r);
}

/* ---- the label index ---- */

struct shelf_sizes {
    struct {
        uint64_t key;
        uint32_t series;
        bool join;
    } all[64];
    size_t len;
    struct index *into;
    int code;
};

static int note_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct shelf_sizes *sizes = ctx;
    struct shelf shelf;

    if (sizes->len == ARRAY_LEN(sizes->all) || shelf_open(blob->bytes, blob->n, trusted, &shelf))
        return 0; /* a damaged one stays where it is */
    sizes->all[sizes->len].key = blob->key;
    sizes->all[sizes->len].join = false;
    sizes->all[sizes->len++].series = shelf.series;
    return 0;
}

int seal_add_to_index(struct index *ix, struct labels labels, uint32_t group, uint32_t column)
{
    uint64_t hash = labels_hash(labels);
    uint32_t id = index_find(ix, labels, hash);

    if (id != INDEX_NONE && index_column(ix, id, group) == column)
        return 0;
    return index_add(ix, labels, hash, group, column, &id);
}

static int join_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct shelf_sizes *sizes = ctx;
    struct shelf shelf;
    struct arena a;
    bool join = false;
    int code = 0;

    for (size_t i = 0; i < sizes->len; i++)
        join = join || (sizes->all[i].key == blob->key && sizes->all[i].join);
    if (!join || shelf_open(blob->bytes, blob->n, trusted, &shelf))
        return 0;
    arena_init(&a, 0);
    for (uint32_t i = 0; i < shelf.series && !code; i++) {
        struct labels labels;
        uint32_t group, column;
        arena_reset(&a);
        code = shelf_labels(&shelf, i, &a, &labels);
        shelf_place(&shelf, i, &group, &column);
        if (!code)
            code = seal_add_to_index(sizes->into, labels, group, column);
    }
    arena_fini(&a);
    return code;
}

/* Chooses the small shelves: each series is rewritten a few times a day only. */
static size_t choose_small(struct shelf_sizes *sizes)
{
    uint64_t sum = 1000;
    size_t chosen = 0;

    for (;;) {
        size_t least = sizes->len;
        for (size_t i = 0; i < sizes->len; i++)
            if (!sizes->all[i].join &&
                (least == sizes->len || sizes->all[i].series < sizes->all[least].series))
                least = i;
        if (least == sizes->len || sizes->all[least].series > 2 * sum ||
            sum + sizes->all[least].series > SHELF_SERIES_MAX)
            return chosen;
        sizes->all[least].join = true;
        sum += sizes->all[least].series;
        chosen++;
    }
}

int seal_write_index(struct day_write *w, const struct index *ix, struct error *err)
{
    struct buf bytes;

    buf_init(&bytes, 0);
    int code = shelf_build(ix, &bytes);
    if (code)
        error_errno(err, code, "label index");
    else
        code = day_write_shelf(w, bytes.ptr, bytes.len, err);
    buf_fini(&bytes);
    return code;
}

static int join_shelves(struct day_write *w, struct error *err)
{
    struct shelf_sizes sizes = {.len = 0};
    struct index ix;
    int code = day_write_shelves(w, note_shelf, &sizes, err);

    if (code || sizes.len <= SHELVES_MAX || choose_small(&sizes) < 2)
        return code;
    code = index_init(&ix);
    if (code)
        return error_errno(err, code, "label index");
    sizes.into = &ix;
    code = day_write_shelves(w, join_shelf, &sizes, err);
    for (size_t i = 0; i < sizes.len && !code; i++)
        if (sizes.all[i].join)
            code = day_write_drop_shelf(w, sizes.all[i].key, err);
    if (!code)
        code = seal_write_index(w, &ix, err);
    index_fini(&ix);
    return code;
}

/* Adds the columns of a block that the day's index does not know. */
static int index_block(struct round *r, struct day *day, const struct block *b, struct index *ix)
{
    struct group *g = store_group_by_id(r->s, b->group);
    struct block_view view;
    uint32_t run = 0, at = 0, column;
    struct arena a;
    int code = block_open(b->bytes, b->n, true, &view);

    if (!g || code)
        return code;
    arena_init(&a, 0);
    pthread_mutex_lock(&g->write);
    while (!code && (column = block_next_column(&view, &run, &at)) != BLOCK_NONE) {
        struct labels labels;
        if (column >= g->column_len || !day_index_column(day, g->id, column))
            continue;
        arena_reset(&a);
        pthread_rwlock_rdlock(&r->s->index.lock);
        code = index_labels(&r->s->index, g->series[column], &a, &labels);
        pthread_rwlock_unlock(&r->s->index.lock);
        if (!code)
            code = seal_add_to_index(ix, labels, g->id, column);
    }
    pthread_mutex_unlock(&g->write);
    arena_fini(&a);
    return code;
}

/* ---- commits ---- */

static int by_day(const void *pa, const void *pb)
{
    const struct block *a = pa, *b = pb;

    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int write_blocks(struct round *r, struct day *day, struct day_write *w,
                        const struct block *blocks, size_t n)
{
    struct index ix;
    int code = index_init(&ix);

    if (code)
        error_errno(r->err, code, "label index");
    for (size_t i = 0; i < n && !code; i++) {
        code = index_block(r, day, &blocks[i], &ix);
        if (code)
            error_errno(r->err, code, "label index");
        else
            code = day_write_block(
                w, &(struct day_place){blocks[i].group, blocks[i].min_ms, blocks[i].max_ms, 0},
                blocks[i].bytes, blocks[i].n, r->err);
    }
    if (!code && ix.len) {
        code = seal_write_index(w, &ix, r->err);
        if (!code)
            code = join_shelves(w, r->err);
    }
    index_fini(&ix);
    return code;
}

static int commit_day(struct round *r, const struct block *blocks, size_t n)
{
    struct day_write *w = NULL;
    struct day *day;
    int code = days_get(r->s->days, blocks[0].day, true, &day, r->err);

    if (code)
        return code;
    code = day_write_begin(day, &w, r->err);
    if (!code) {
        if (day_take_index_damage(day))
            day_index_forget(day); /* living series are told anew */
        code = write_blocks(r, day, w, blocks, n);
        if (code)
            day_write_abort(w);
        else
            code = day_write_commit(w, r->err);
        if (code)
            day_index_forget(day);
    }
    day_put(day);
    return code;
}

static int commit(struct round *r)
{
    int64_t floor = atomic_load(&r->s->retention_floor_ms) / DAY_MS;
    int code = 0;

    if (r->block_len)
        qsort(r->blocks, r->block_len, sizeof(*r->blocks), by_day);
    for (size_t i = 0; i < r->block_len && !code;) {
        size_t end = i + 1;
        while (end < r->block_len && r->blocks[end].day == r->blocks[i].day)
            end++;
        if (r->blocks[i].day >= floor) /* else it went out of date meanwhile */
            code = commit_day(r, &r->blocks[i], end - i);
        i = end;
    }
    return code;
}

/* Drops from memory what was committed, and tells the log. */
static int drop_sealed(struct round *r, bool committed)
{
    struct buf marks;
    int code = 0;
    uint64_t pos;

    buf_init(&marks, 0);
    for (size_t i = 0; i < r->sealed_len; i++) {
        struct sealed *one = &r->sealed[i];
        struct group *g = one->group;
        pthread_mutex_lock(&g->write);
        if (committed && !group_replace(g, 0, one->count, NULL, 0))
            record_mark(g->id, one->last_pos, &marks);
        g->sealing = false;
        pthread_mutex_unlock(&g->write);
        run_list_unref(one->list);
    }
    /* Without the marks a restart finds the same rows twice, which costs space only. */
    if (marks.len && !marks.failed && !atomic_load(&r->s->broken))
        do
            code = wal_write(r->s->wal, wal_segment(r->s->wal), marks.ptr, marks.len, &pos, r->err);
        while (code == -EAGAIN);
    buf_fini(&marks);
    return code;
}

/* Makes packed runs of what a start left cold. */
static int warm(struct store *s, struct group *g)
{
    int code = 0;

    if (LIKELY(!group_is_cold(g)))
        return 0;
    pthread_mutex_lock(&g->write);
    code = group_thaw(g);
    if (!code)
        group_pack(s, g, HEAD_PACK_ROWS);
    pthread_mutex_unlock(&g->write);
    return code;
}

static int gather(struct round *r, bool all, uint64_t budget_ns, bool *ret_more)
{
    uint64_t start = clock_mono_ns(), now_ns = r->s->io->mono_ns();
    int64_t now_ms = r->s->io->now_ms();
    uint32_t segment = wal_segment(r->s->wal);
    size_t n = 0;
    int code = 0;

    struct group **groups = store_list_groups(r->s, &n);
    *ret_more = false;
    for (size_t i = 0; i < n && !code; i++) {
        code = warm(r->s, groups[i]);
        if (!code && !all && !is_due(groups[i], now_ms, now_ns, segment))
            continue;
        if (r->bytes >= ROUND_BYTES || (budget_ns && clock_mono_ns() - start > budget_ns)) {
            *ret_more = true;
            break;
        }
        if (!code)
            code = add_group(r, groups[i], true);
        if (code)
            error_errno(r->err, code, "sealing group %.*s", STR_ARG(groups[i]->name));
    }
    free(groups);
    return code;
}

int store_seal(struct store *s, bool all, uint64_t budget_ns, bool *ret_more, struct error *err)
{
    struct round r = {.s = s, .err = err};

    pthread_mutex_lock(&s->seal_lock);
    r.merger = store_take_merger(s);
    int code =
        r.merger ? gather(&r, all, budget_ns, ret_more) : error_errno(err, -ENOMEM, "sealing");
    if (!code)
        code = commit(&r);
    int marked = drop_sealed(&r, code == 0);
    if (!code)
        code = marked;
    for (size_t i = 0; i < r.block_len; i++)
        free(r.blocks[i].bytes);
    free(r.blocks);
    free(r.sealed);
    store_give_merger(s, r.merger);
    pthread_mutex_unlock(&s->seal_lock);
    return code;
}

int store_trim_log(struct store *s, struct error *err)
{
    /* A row that is in the log but not in its group yet was written by a thread that holds the
     * group's lock; rows that come later go to this segment or a later one. */
    uint32_t keep = wal_segment(s->wal);
    size_t n = 0;

    pthread_mutex_lock(&s->seal_lock); /* no group is freed meanwhile */
    struct group **groups = store_list_groups(s, &n);
    if (!groups) {
        pthread_mutex_unlock(&s->seal_lock);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct group *g = groups[i];
        pthread_mutex_lock(&g->write);
        if (group_is_cold(g))
            keep = MIN(keep, wal_pos_segment(g->cold->pos));
        else if (run_list_len(g->head))
            keep = MIN(keep, wal_pos_segment(g->head->items[0]->first_pos));
        pthread_mutex_unlock(&g->write);
    }
    free(groups);
    pthread_mutex_unlock(&s->seal_lock);
    return wal_trim(s->wal, keep, err);
}
