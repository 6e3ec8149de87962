/* replay.c - the log's records become groups, columns and rows again. */
#include "store/internal.h"
#include "store/rowcode.h"

#define RAW_MAX (UINT64_C(256) << 20) /* bytes of raw rows above which they are packed at once */

struct replay {
    struct store *s;
    struct buf raw;
    uint64_t *row; /* the row at hand */
    size_t row_cap;
    struct group *last; /* most rows come in batches of one group */
    uint64_t rows, lost_rows;
    uint64_t raw_bytes; /* of rows not packed yet */
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

static int replay_labels(struct replay *r, struct group *g, struct reader *from)
{
    struct label items[LABELS_MAX];
    uint64_t n = varint_read(from);
    uint32_t column, series;

    if (from->failed || n > LABELS_MAX)
        return -EBADMSG;
    for (uint64_t i = 0; i < n; i++)
        if (!read_str(from, &items[i].name) || !read_str(from, &items[i].value))
            return -EBADMSG;
    uint32_t wanted = (uint32_t)g->column_len;
    int code = group_column(r->s, g, (struct labels){items, n}, &column, &series, r->err);
    if (code == -ENOMEM)
        return code;
    return code || column != wanted ? -EBADMSG : 0;
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
    size_t n = ZSTD_decompress(to, raw, from.at, reader_left(&from));
    if (ZSTD_isError(n))
        return 0;
    struct reader body = reader_of(to, n);
    for (uint64_t i = first; i < first + count && !code; i++) {
        if (i >= g->column_len) {
            code = replay_labels(r, g, &body);
            continue;
        }
        struct str skipped; /* told again together with new ones */
        for (uint64_t k = varint_read(&body) * 2; k && !code; k--)
            code = read_str(&body, &skipped) ? 0 : -EBADMSG;
    }
    return code == -EBADMSG ? 0 : code;
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
    if (run->max_ms <= r->now_ms + FUTURE_MS)
        g->newest_ms = MAX(g->newest_ms, run->max_ms);
    store_note_times(r->s, run->min_ms, run->max_ms);
    group_push(g, run);
    return 0;
}

static bool read_row(struct replay *r, struct group *g, uint64_t chain, uint32_t segment, size_t n,
                     struct reader *from)
{
    const struct run *before = chain ? g->before : NULL;

    if (chain && (!before || g->chain != chain || g->logged_segment != segment))
        return false;
    if (before && before->len)
        memcpy(r->row, before->bits, MIN(before->len, n) * sizeof(*r->row));
    return row_decode(from, r->row, n, before ? MIN(before->len, n) : 0);
}

static int replay_row(struct replay *r, uint64_t pos, struct reader from)
{
    struct group *g = group_of(r, &from);
    uint64_t chain = varint_read(&from), ts = varint_read(&from), n = varint_read(&from);

    if (!g || from.failed || ts > (uint64_t)TS_MAX || n > g->column_len) {
        r->lost_rows++;
        return 0;
    }
    uint64_t *grown = array_grow(r->row, &r->row_cap, n + 1, sizeof(*grown));
    if (!grown)
        return error_errno(r->err, -ENOMEM, "replaying the log");
    r->row = grown;
    if (!read_row(r, g, chain, wal_pos_segment(pos), n, &from)) {
        r->lost_rows++;
        return 0;
    }
    struct run *run = run_new_row((int64_t)ts, r->row, (uint32_t)n);
    int code = push_run(r, g, run, pos);
    if (code)
        return code;
    run_unref(g->before);
    g->before = run_ref(run);
    g->chain = (uint32_t)chain + 1;
    g->logged_segment = wal_pos_segment(pos);
    r->rows++;
    /* Packing waits until marks have said what is not needed, unless memory gets short. */
    r->raw_bytes += run_bytes(run);
    if (r->raw_bytes > RAW_MAX && g->raw >= HEAD_PACK_ROWS) {
        r->raw_bytes -= MIN(r->raw_bytes, g->raw * run_bytes(run));
        group_pack(r->s, g, HEAD_PACK_ROWS);
    }
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
    uint32_t len, done = 0;

    if (!g || from.failed)
        return 0;
    struct run_list *list = group_snapshot(g, &len);
    while (done < len && list->items[done]->last_pos <= pos)
        done++;
    int code = done ? group_replace(g, 0, done, NULL, 0) : 0;
    run_list_unref(list);
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
    uint64_t start = s->io->mono_ns();

    buf_init(&r.raw, DEFINE_RAW_MAX);
    int code = wal_replay(s->log_dir, visit, &r, &s->replay, err);
    forget_log_state(s);
    s->replayed_rows = r.rows;
    s->replay_lost_rows = r.lost_rows;
    s->replay_seconds = (double)(s->io->mono_ns() - start) / NS_PER_S;
    if (!code && r.lost_rows)
        log_warn("rows of the log could not be read back", "rows", LOG_NUM(r.lost_rows));
    buf_fini(&r.raw);
    free(r.row);
    return code;
}
