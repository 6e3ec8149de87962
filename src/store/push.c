/* push.c - pushed samples: sorted into groups by job and instance, turned into blocks, logged as
 * such. Work is done per piece (samples of one series that stand next to each other), so bulk
 * costs little more than encoding. */
#include "store/internal.h"

#define BLOCK_SAMPLES_MAX (512u << 10) /* at 9 bytes each a block stays below WAL_RECORD_MAX */

struct piece {
    struct group *group;
    uint32_t column;
    uint32_t len;
    uint32_t order; /* as they came */
    uint32_t next;  /* samples before this one are placed; only when `sorted` */
    bool sorted;    /* by time */
    const struct store_sample *samples;
};

struct push {
    struct store *s;
    struct store_push_result *result;
    struct error *err;
    struct piece *pieces;
    size_t piece_len, piece_cap;
    int64_t *times; /* of the group at hand, distinct, ascending */
    size_t time_len, time_cap;
    struct block_builder builder;
    struct buf block;
    uint64_t row[BLOCK_ROWS_MAX];
};

static void refuse(struct push *p, struct labels labels, size_t n, bool too_old, const char *why)
{
    struct store_push_result *r = p->result;

    if (too_old)
        r->too_old += n;
    else
        r->refused += n;
    if (r->example[0])
        return;
    struct buf text;
    buf_init(&text, 4096);
    labels_print(labels, &text);
    snprintf(r->example, sizeof(r->example), "%.*s: %s", (int)MIN(text.len, (size_t)120),
             text.ptr ? text.ptr : "", why);
    buf_fini(&text);
}

/* The group's name: the job with its length in front, then the instance. */
static int push_group(struct push *p, struct labels labels, struct group **ret)
{
    struct str job = labels_get(labels, STR("job"));
    struct str instance = labels_get(labels, STR("instance"));
    struct buf name;

    buf_init(&name, 2 * LABEL_VALUE_MAX + 64);
    varint_add(&name, job.len);
    buf_str_add(&name, job);
    buf_str_add(&name, instance);
    int code = name.failed ? -EINVAL : store_group_make(p->s, true, buf_str(&name), 0, ret, p->err);
    buf_fini(&name);
    return code;
}

/* Where a known series' pushed samples go; false when it was never pushed. */
static bool known_place(struct push *p, struct labels labels, struct piece *ret)
{
    struct index *ix = &p->s->index;
    uint64_t hash = labels_hash(labels);
    bool found = false;

    pthread_rwlock_rdlock(&ix->lock);
    uint32_t id = index_find(ix, labels, hash);
    const struct place *at = id == INDEX_NONE ? NULL : &index_series(ix, id)->place;
    for (; at && !found; at = index_next_place(ix, at)) {
        struct group *g = store_group_by_id(p->s, at->group);
        if (g && g->pushed && !atomic_load(&g->ended)) {
            ret->group = g;
            ret->column = at->column;
            found = true;
        }
    }
    pthread_rwlock_unlock(&ix->lock);
    return found;
}

/* Finds group and column of a piece. 1: found; 0: refused, counted; negative: give up. */
static int place_piece(struct push *p, struct piece *piece)
{
    struct labels labels = piece->samples[0].labels;
    struct error why = {0};
    uint32_t series;

    if (known_place(p, labels, piece))
        return 1;
    int code = push_group(p, labels, &piece->group);
    if (code == -EINVAL) {
        refuse(p, labels, piece->len, false, "job or instance is too long");
        return 0;
    }
    if (code)
        return code;
    pthread_mutex_lock(&piece->group->write);
    code = group_column(p->s, piece->group, labels, &piece->column, &series, &why);
    pthread_mutex_unlock(&piece->group->write);
    if (code == -ENOMEM)
        return error_set(p->err, code, "%s", why.text);
    if (code)
        refuse(p, labels, piece->len, false, why.text);
    return code ? 0 : 1;
}

static bool is_same_series(const struct store_sample *a, const struct store_sample *b)
{
    return (a->labels.items == b->labels.items && a->labels.len == b->labels.len) ||
           labels_equal(a->labels, b->labels);
}

static int make_pieces(struct push *p, const struct store_sample *samples, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && end - i < UINT32_MAX && is_same_series(&samples[i], &samples[end]))
            end++;
        struct piece *grown =
            array_grow(p->pieces, &p->piece_cap, p->piece_len + 1, sizeof(*grown));
        if (!grown)
            return error_errno(p->err, -ENOMEM, "pushed samples");
        p->pieces = grown;
        struct piece *piece = &p->pieces[p->piece_len];
        *piece = (struct piece){
            .samples = samples + i, .len = (uint32_t)(end - i), .order = (uint32_t)p->piece_len};
        int code = place_piece(p, piece);
        if (code < 0)
            return code;
        p->piece_len += (size_t)code;
        i = end;
    }
    return 0;
}

static int by_place(const void *pa, const void *pb)
{
    const struct piece *a = pa, *b = pb;

    if (a->group->id != b->group->id)
        return a->group->id < b->group->id ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int by_time(const void *a, const void *b)
{
    int64_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

static bool is_kept(int64_t ts_ms, int64_t floor)
{
    return ts_ms >= floor && ts_ms <= TS_MAX;
}

/* Adds the times of a piece unless they are those that are there already, as in most bulk. */
static int add_times(struct push *p, const struct piece *piece, int64_t floor, bool *sorted)
{
    size_t same = 0;

    while (*sorted && same < piece->len && same < p->time_len &&
           piece->samples[same].ts_ms == p->times[same])
        same++;
    if (same == piece->len)
        return 0;
    int64_t *grown = array_grow(p->times, &p->time_cap, p->time_len + piece->len, sizeof(*grown));
    if (!grown)
        return error_errno(p->err, -ENOMEM, "pushed samples");
    p->times = grown;
    for (uint32_t i = 0; i < piece->len; i++) {
        int64_t ts = piece->samples[i].ts_ms;
        if (!is_kept(ts, floor))
            continue;
        *sorted = *sorted && (!p->time_len || p->times[p->time_len - 1] < ts);
        p->times[p->time_len++] = ts;
    }
    return 0;
}

static void sort_times(struct push *p)
{
    size_t kept = 0;

    qsort(p->times, p->time_len, sizeof(*p->times), by_time);
    for (size_t i = 0; i < p->time_len; i++)
        if (!i || p->times[i] != p->times[kept - 1])
            p->times[kept++] = p->times[i];
    p->time_len = kept;
}

/* All distinct times of a group's pieces; counts what is too old. */
static int collect_times(struct push *p, struct piece *pieces, size_t n)
{
    int64_t floor = MAX(atomic_load(&p->s->retention_floor_ms), INT64_C(0));
    bool sorted = true;
    int code = 0;

    p->time_len = 0;
    for (size_t i = 0; i < n && !code; i++) {
        const struct store_sample *samples = pieces[i].samples;
        size_t kept = 0;
        pieces[i].sorted = true;
        for (uint32_t k = 0; k < pieces[i].len; k++) {
            kept += is_kept(samples[k].ts_ms, floor);
            if (k && samples[k - 1].ts_ms > samples[k].ts_ms)
                pieces[i].sorted = false;
        }
        if (kept < pieces[i].len)
            refuse(p, pieces[i].samples[0].labels, pieces[i].len - kept, true,
                   "the sample is older than what is kept, or not between 1970 and 9999");
        p->result->kept += kept;
        code = add_times(p, &pieces[i], floor, &sorted);
        if (!sorted && p->time_len > (1u << 20)) { /* many series with the same times */
            sort_times(p);
            sorted = true;
        }
    }
    if (!code && !sorted)
        sort_times(p);
    return code;
}

static size_t time_at(const struct push *p, int64_t ts)
{
    size_t low = 0, high = p->time_len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->times[middle] < ts)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Puts a piece's samples that lie in rows [from, from + rows) into p->row. */
static void place_samples(struct push *p, struct piece *piece, size_t from, uint32_t rows)
{
    const int64_t *times = p->times + from;
    uint32_t guess = 0;

    for (uint32_t i = piece->sorted ? piece->next : 0; i < piece->len; i++) {
        int64_t ts = piece->samples[i].ts_ms;
        if (ts > times[rows - 1] && piece->sorted) {
            piece->next = i;
            return;
        }
        if (ts < times[0] || ts > times[rows - 1])
            continue;
        if (guess >= rows || times[guess] != ts)
            guess = (uint32_t)(time_at(p, ts) - from);
        uint64_t bits = value_bits(piece->samples[i].value);
        p->row[guess++] = bits == VALUE_ABSENT_BITS ? VALUE_NAN_BITS : bits;
    }
    piece->next = piece->len;
}

struct logged {
    const struct buf *block;
    size_t start;
};

static int build_block(void *ctx, struct store *s, struct group *g, uint32_t segment)
{
    struct logged *l = ctx;
    int code = record_definitions(s, g, segment, &g->record);

    l->start = g->record.len;
    if (!code)
        record_block(g, l->block->ptr, l->block->len, &g->record);
    return code;
}

/* Logs and publishes p->block. write held */
static int keep_block(struct push *p, struct group *g)
{
    struct logged l = {&p->block, 0};
    struct block_view view;
    uint64_t pos;
    int code = block_open(p->block.ptr, p->block.len, true, &view);
    struct run *run = code ? NULL : run_new_block(p->block.ptr, (uint32_t)p->block.len, &view);

    if (!run || group_reserve(g)) {
        run_unref(run);
        return error_errno(p->err, -ENOMEM, "pushed samples");
    }
    code = record_write(p->s, g, build_block, &l, &pos, p->err);
    if (code) {
        run_unref(run);
        return code;
    }
    run->first_pos = run->last_pos = pos + l.start;
    run->born_ns = p->s->io->mono_ns();
    atomic_store_explicit(&g->used_ns, run->born_ns, memory_order_relaxed);
    store_note_times(p->s, run->min_ms, run->max_ms);
    atomic_fetch_add_explicit(&p->s->rows, run->rows, memory_order_relaxed);
    group_push(g, run);
    if (UNLIKELY(atomic_load(&g->hides)))
        group_show(p->s, g, run);
    group_pack(p->s, g, HEAD_PACK_ROWS);
    return 0;
}

/* Makes blocks of the rows [from, from + rows). write held */
static int push_rows(struct push *p, struct piece *pieces, size_t n, size_t from, uint32_t rows)
{
    struct group *g = pieces[0].group;
    int code = 0;

    for (size_t i = 0; i < n && !code;) {
        uint64_t samples = 0;
        block_begin(&p->builder, p->times + from, rows);
        while (i < n && samples < BLOCK_SAMPLES_MAX) {
            uint32_t column = pieces[i].column;
            for (uint32_t k = 0; k < rows; k++)
                p->row[k] = VALUE_ABSENT_BITS;
            for (; i < n && pieces[i].column == column; i++) {
                place_samples(p, &pieces[i], from, rows);
                samples += MIN(pieces[i].len, rows);
            }
            block_add(&p->builder, column, p->row);
        }
        buf_reset(&p->block);
        code = block_end(&p->builder, &p->block);
        if (code)
            return error_errno(p->err, code, "pushed samples");
        if (p->builder.columns)
            code = keep_block(p, g);
    }
    return code;
}

static int push_one_group(struct push *p, struct piece *pieces, size_t n)
{
    struct group *g = pieces[0].group;
    size_t kept_before = p->result->kept;
    int code = collect_times(p, pieces, n);

    pthread_mutex_lock(&g->write);
    for (size_t from = 0; from < p->time_len && !code; from += BLOCK_ROWS_MAX)
        code = push_rows(p, pieces, n, from,
                         (uint32_t)MIN(p->time_len - from, (size_t)BLOCK_ROWS_MAX));
    pthread_mutex_unlock(&g->write);
    if (code)
        p->result->kept = kept_before;
    else
        atomic_fetch_add(&p->s->samples, p->result->kept - kept_before);
    return code;
}

int store_push(struct store *s, const struct store_sample *samples, size_t n,
               struct store_push_result *ret, struct error *err)
{
    struct push *p = calloc(1, sizeof(*p));
    int code = p ? store_writable(s, err) : error_errno(err, -ENOMEM, "pushed samples");

    *ret = (struct store_push_result){0};
    if (code) {
        free(p);
        return code;
    }
    p->s = s;
    p->result = ret;
    p->err = err;
    block_builder_init(&p->builder);
    buf_init(&p->block, 0);
    pthread_rwlock_rdlock(&s->push_lock);
    code = make_pieces(p, samples, n);
    if (!code && p->piece_len)
        qsort(p->pieces, p->piece_len, sizeof(*p->pieces), by_place);
    for (size_t i = 0; i < p->piece_len && !code;) {
        size_t end = i + 1;
        while (end < p->piece_len && p->pieces[end].group == p->pieces[i].group)
            end++;
        code = push_one_group(p, &p->pieces[i], end - i);
        i = end;
    }
    pthread_rwlock_unlock(&s->push_lock);
    atomic_fetch_add(&s->too_old, ret->too_old);
    if (code)
        atomic_fetch_add(&s->append_errors, 1);
    block_builder_fini(&p->builder);
    buf_fini(&p->block);
    free(p->pieces);
    free(p->times);
    free(p);
    return code;
}
