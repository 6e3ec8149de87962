/* record.c - what the store writes into its log; the payloads are drawn in FORMAT.md. */
#include "store/internal.h"
#include "store/rowcode.h"

#define KEY_ROWS                                                                                   \
    64 /* every so many rows one stands alone, so that damage costs no more than these */

static void add_label(struct buf *to, struct str s)
{
    varint_add(to, s.len);
    buf_str_add(to, s);
}

/* Closes a record of the labels in s->define_raw. define_lock held */
static int end_columns(struct store *s, const struct group *g, uint32_t first, uint32_t count,
                       struct buf *to)
{
    size_t start = wal_record_begin(to), raw = s->define_raw.len;
    size_t bound = ZSTD_compressBound(raw);

    varint_add(to, g->id);
    varint_add(to, first);
    varint_add(to, count);
    varint_add(to, raw);
    char *at = buf_reserve(to, bound);
    size_t n = at && !s->define_raw.failed
                   ? ZSTD_compressCCtx(s->zstd, at, bound, s->define_raw.ptr, raw, 1)
                   : 0;
    if (!at || s->define_raw.failed || ZSTD_isError(n))
        return -ENOMEM;
    to->len += n;
    wal_record_end(to, start, WAL_COLUMNS);
    buf_reset(&s->define_raw);
    return 0;
}

/* define_lock held */
static int add_columns(struct store *s, const struct group *g, uint32_t from, struct buf *to)
{
    struct arena a;
    uint32_t first = from;
    int code = 0;

    arena_init(&a, 0);
    buf_reset(&s->define_raw);
    pthread_rwlock_rdlock(&s->index.lock);
    for (uint32_t i = from; i < g->column_len && !code; i++) {
        struct labels labels;
        arena_reset(&a);
        code = index_labels(&s->index, g->series[i], &a, &labels);
        if (code)
            break;
        varint_add(&s->define_raw, labels.len);
        for (size_t k = 0; k < labels.len; k++) {
            add_label(&s->define_raw, labels.items[k].name);
            add_label(&s->define_raw, labels.items[k].value);
        }
        if (i + 1 - first >= DEFINE_COLUMNS_MAX || s->define_raw.len >= DEFINE_RAW_MAX / 2) {
            code = end_columns(s, g, first, i + 1 - first, to);
            first = i + 1;
        }
    }
    pthread_rwlock_unlock(&s->index.lock);
    if (!code && first < g->column_len)
        code = end_columns(s, g, first, (uint32_t)g->column_len - first, to);
    arena_fini(&a);
    return code;
}

int record_definitions(struct store *s, struct group *g, uint32_t segment, struct buf *to)
{
    uint32_t from = g->logged_segment == segment ? g->logged_columns : 0;
    int code = 0;

    if (g->logged_segment != segment) {
        size_t start = wal_record_begin(to);
        varint_add(to, g->id);
        buf_char(to, (char)g->pushed);
        buf_str_add(to, g->name);
        wal_record_end(to, start, WAL_GROUP);
    }
    if (from < g->column_len) {
        pthread_mutex_lock(&s->define_lock);
        code = add_columns(s, g, from, to);
        pthread_mutex_unlock(&s->define_lock);
    }
    return to->failed ? -ENOMEM : code;
}

void record_row(struct group *g, int64_t ts_ms, const struct run *row, struct buf *to)
{
    size_t start = wal_record_begin(to);
    const struct run *before = g->chain % KEY_ROWS ? g->before : NULL;

    varint_add(to, g->id);
    varint_add(to, before ? g->chain % KEY_ROWS : 0);
    varint_add(to, (uint64_t)ts_ms);
    varint_add(to, row->len);
    row_encode(to, row->bits, row->len, before ? before->bits : NULL, before ? before->len : 0);
    wal_record_end(to, start, WAL_ROW);
}

void record_block(const struct group *g, const void *block, size_t n, struct buf *to)
{
    size_t start = wal_record_begin(to);

    varint_add(to, g->id);
    buf_add(to, block, n);
    wal_record_end(to, start, WAL_BLOCK);
}

void record_mark(uint32_t group, uint64_t pos, struct buf *to)
{
    size_t start = wal_record_begin(to);

    varint_add(to, group);
    varint_add(to, pos);
    wal_record_end(to, start, WAL_MARK);
}

int record_write(struct store *s, struct group *g,
                 int (*build)(void *ctx, struct store *s, struct group *g, uint32_t segment),
                 void *ctx, uint64_t *ret_pos, struct error *err)
{
    int code;

    do { /* again only when the log went on to a new segment in between */
        uint32_t segment = wal_segment(s->wal);
        buf_reset(&g->record);
        if (g->logged_segment != segment)
            g->chain = 0;
        code = build(ctx, s, g, segment);
        if (!code && g->record.failed)
            code = -ENOMEM;
        if (code)
            return error_errno(err, code, "record of group %.*s", STR_ARG(g->name));
        code = wal_write(s->wal, segment, g->record.ptr, g->record.len, ret_pos, err);
        if (!code) {
            g->logged_segment = segment;
            g->logged_columns = (uint32_t)g->column_len;
        }
    } while (code == -EAGAIN);
    store_note_write(s, code, err ? err->text : "the log could not be written");
    return code;
}
