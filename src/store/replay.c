/* replay.c - the log's records become groups, columns and rows again. */
#include "store/cold.h"
#include "store/internal.h"

#define COLD_MAX                                                                                   \
    (UINT64_C(256) << 20) /* bytes of cold rows above which they are packed at once                \
                           */

#define READ_AHEAD 8 /* columns */

struct defined {
    struct labels labels;
    uint64_t hash;
    struct label items[LABELS_MAX];
};

struct replay {
    struct store *s;
    ZSTD_DCtx *zstd;
    struct defined ahead[READ_AHEAD];
    struct buf raw;
    struct group *last; /* most rows come in batches of one group */
    uint64_t rows, lost_rows;
    uint64_t cold_bytes; /* of rows that are cold still, or went with a mark */
    int64_t now_ms;
    struct error *err;
};

static struct group *group_of(struct replay *r, struct reader *from)
{
    uint64_t id = varint_read(from);

    if (from->failed || id == 0 || id > UINT32_MAX)
        return NULL;
    if (!r->last || r->last->id != id)
        r->last = store_group_by_id(r->s, (uint32_t)id);
    return r->last;
}

static int replay_group(struct replay *r, struct reader from)
{
    uint64_t id = varint_read(&from);
    unsigned pushed = reader_u8(&from);
    struct group *g;

    if (from.failed || id == 0 || id >= UINT32_MAX || pushed > 1)
        return 0;
    if (store_group_by_id(r->s, (uint32_t)id))
        return 0;
    struct str name = str_make((const char *)from.at, reader_left(&from));
    return store_group_make(r->s, pushed, name, (uint32_t)id, &g, r->err);
}

static bool read_str(struct reader *from, struct str *ret)
{
    uint64_t n = varint_read(from);
    const uint8_t *at = n <= LABEL_VALUE_MAX ? reader_take(from, n) : NULL;

    *ret = str_make((const char *)at, n);
    return at != NULL;
}

static bool read_labels(struct reader *from, struct defined *ret)
{
    uint64_t n = varint_read(from);

    if (from->failed || n > LABELS_MAX)
        return false;
    for (uint64_t i = 0; i < n; i++)
        if (!read_str(from, &ret->items[i].name) || !read_str(from, &ret->items[i].value))
            return false;
    ret->labels = (struct labels){ret->items, n};
    return true;
}

/* Defines `count` columns of `g`. Labels are read some columns ahead, so that the memory where the
 * index will look for them is on its way. The index is locked for writing. */
static int replay_labels(struct replay *r, struct group *g, uint64_t count, struct reader *from)
{
    uint64_t read = 0;
    int code = 0;

    for (uint64_t i = 0; i < count && !code; i++) {
        for (; read < count && read < i + READ_AHEAD; read++) {
            struct defined *d = &r->ahead[read % READ_AHEAD];
            if (!read_labels(from, d))
                count = read; /* the rest cannot be told */
            else
                d->hash = index_prepare(&r->s->index, d->labels);
        }
        const struct defined *d = &r->ahead[i % READ_AHEAD];
        if (i < count)
            code = group_define(r->s, g, d->labels, d->hash, r->err);
    }
    return code == -ENOMEM ? code : 0;
}

/* Labels that are told again together with new ones. */
static bool pass_labels(struct reader *from, uint64_t columns)
{
    struct str skipped;

    for (; columns; columns--)
        for (uint64_t k = varint_read(from) * 2; k; k--)
            if (!read_str(from, &skipped))
                return false;
    return !from->failed;
}

/* Labels of columns that are known already are passed over: each segment tells them anew. */
static int replay_columns(struct replay *r, struct reader from)
{
    struct group *g = group_of(r, &from);
    uint64_t first = varint_read(&from), count = varint_read(&from), raw = varint_read(&from);
    int code = 0;

    if (!g || from.failed || raw > DEFINE_RAW_MAX || first > g->column_len ||
        first + count <= g->column_len)
        return 0;
    buf_reset(&r->raw);
    char *to = buf_reserve(&r->raw, raw);
    if (!to)
        return error_errno(r->err, -ENOMEM, "replaying the log");
    size_t n = ZSTD_decompressDCtx(r->zstd, to, raw, from.at, reader_left(&from));
    if (ZSTD_isError(n))
        return 0;
    struct reader body = reader_of(to, n);
    pthread_rwlock_wrlock(&r->s->index.lock);
    if (pass_labels(&body, g->column_len - first))
        code = replay_labels(r, g, first + count - g->column_len, &body);
    pthread_rwlock_unlock(&r->s->index.lock);
    return code;
}

static void note_times(struct replay *r, struct group *g, int64_t min_ms, int64_t max_ms)
{
    if (max_ms <= r->now_ms + FUTURE_MS)
        g->newest_ms = MAX(g->newest_ms, max_ms);
    store_note_times(r->s, min_ms, max_ms);
}

static int push_run(struct replay *r, struct group *g, struct run *run, uint64_t pos)
{
    int code = run ? group_reserve(g) : -ENOMEM;

    if (code) {
        run_unref(run);
        return error_errno(r->err, code, "replaying the log");
    }
    run->first_pos = run->last_pos = pos;
    run->born_ns = r->s->io->mono_ns();
    note_times(r, g, run->min_ms, run->max_ms);
    group_push(g, run);
    return 0;
}

/* Rows stay as they are until somebody needs them: marks may say soon that nobody does. */
static int replay_row(struct replay *r, uint64_t pos, struct reader from)
{
    struct group *g = group_of(r, &from);
    uint64_t chain = varint_read(&from), ts = varint_read(&from), n = varint_read(&from);
    uint32_t segment = wal_pos_segment(pos);

    if (!g || from.failed || ts > (uint64_t)TS_MAX || n > g->column_len || chain > UINT32_MAX - 1 ||
        (chain && (g->chain != chain || g->logged_segment != segment))) {
        r->lost_rows++;
        return 0;
    }
    if (!chain && r->cold_bytes > COLD_MAX) {
        r->cold_bytes -= MIN(r->cold_bytes, atomic_load(&g->cold_bytes));
        int code = group_thaw(g);
        if (code)
            return error_errno(r->err, code, "replaying the log");
        group_pack(r->s, g, HEAD_PACK_ROWS);
    }
    struct cold_row *row = cold_row_new(pos, (int64_t)ts, (uint32_t)n, (uint32_t)chain, from.at,
                                        (uint32_t)reader_left(&from));
    if (!row)
        return error_errno(r->err, -ENOMEM, "replaying the log");
    note_times(r, g, row->ts_ms, row->ts_ms);
    r->cold_bytes += sizeof(*row) + row->bytes;
    group_freeze(g, row);
    g->chain = (uint32_t)chain + 1;
    g->logged_segment = segment;
    r->rows++;
    return 0;
}

static int replay_block(struct replay *r, uint64_t pos, struct reader from)
{
    struct group *g = group_of(r, &from);
    struct block_view view;

    if (!g || from.failed || block_open(from.at, reader_left(&from), false, &view) ||
        view.max_ms > TS_MAX) {
        r->lost_rows++;
        return 0;
    }
    int code = push_run(r, g, run_new_block(from.at, view.size, &view), pos);
    r->rows += view.rows;
    return code;
}

/* What the group had before this place lies in blocks. */
static int replay_mark(struct replay *r, struct reader from)
{
    struct group *g = group_of(r, &from);
    uint64_t pos = varint_read(&from);
    uint32_t done = 0;

    if (!g || from.failed)
        return 0;
    group_freeze_sealed(g, pos);
    while (done < run_list_len(g->head) && g->head->items[done]->last_pos <= pos)
        done++;
    int code = done ? group_replace(g, 0, done, NULL, 0) : 0;
    return code ? error_errno(r->err, code, "replaying the log") : 0;
}

static int visit(void *ctx, uint64_t pos, enum wal_type type, const uint8_t *payload, size_t n)
{
    struct replay *r = ctx;
    struct reader from = reader_of(payload, n);

    switch (type) {
    case WAL_GROUP:
        return replay_group(r, from);
    case WAL_COLUMNS:
        return replay_columns(r, from);
    case WAL_ROW:
        return replay_row(r, pos, from);
    case WAL_BLOCK:
        return replay_block(r, pos, from);
    case WAL_MARK:
        return replay_mark(r, from);
    default:
        return 0;
    }
}

/* The new segment knows nothing of what was told before. */
static void forget_log_state(struct store *s)
{
    struct map_entry *e;
    size_t at = 0;

    while ((e = map_next(&s->groups, &at))) {
        struct group *g = e->value;
        g->logged_segment = 0;
        g->logged_columns = 0;
        g->chain = 0;
    }
}

int store_replay(struct store *s, struct error *err)
{
    struct replay r = {.s = s, .err = err, .now_ms = s->io->now_ms()};
    uint64_t start = s->opened_ns = s->io->mono_ns();

    buf_init(&r.raw, DEFINE_RAW_MAX);
    r.zstd = ZSTD_createDCtx();
    int code = r.zstd ? wal_replay(s->log_dir, visit, &r, &s->replay, err)
                      : error_errno(err, -ENOMEM, "replaying the log");
    ZSTD_freeDCtx(r.zstd);
    forget_log_state(s);
    s->replayed_rows = r.rows;
    s->replay_lost_rows = r.lost_rows;
    s->replay_seconds = (double)(s->io->mono_ns() - start) / NS_PER_S;
    if (!code && r.lost_rows)
        log_warn("rows of the log could not be read back", "rows", LOG_NUM(r.lost_rows));
    buf_fini(&r.raw);
    return code;
}
