/* delete.c - deleting samples: days that have any of the series are written anew without them. */
#include "store/columns.h"
#include "store/rewrite.h"

#include "store/shelf.h"
#include "store/summary.h"

struct deletion {
    const struct selector *selectors;
    size_t n;
    int64_t start_ms, end_ms;
    struct column_set gone; /* columns of the day at hand that are matched */
    struct column_set left; /* of them, those that keep samples */
    bool touched;           /* a block of the day has samples to be deleted */
    struct block_builder builder;
    struct buf out;
    uint64_t samples;
    struct error *err;
    int64_t times[BLOCK_ROWS_MAX], left_times[BLOCK_ROWS_MAX]; /* scratch, of the block at hand */
    uint64_t column[BLOCK_ROWS_MAX];
    uint32_t rows[BLOCK_ROWS_MAX]; /* that stay */
    uint8_t used[BLOCK_ROWS_MAX];
};

/* ---- which columns ---- */

static int match_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct deletion *d = ctx;
    struct shelf shelf;

    if (shelf_open(blob->bytes, blob->n, trusted, &shelf))
        return error_set(d->err, -EIO,
                         "a part of the label index is damaged: series of it cannot be found");
    return shelf_match(&shelf, d->selectors, d->n, &d->gone, d->err);
}

static int look_at_block(void *ctx, const struct day_place *place, const struct day_blob *block)
{
    struct deletion *d = ctx;

    (void)block;
    d->touched = d->touched || (place->max_ms >= d->start_ms && place->min_ms <= d->end_ms &&
                                column_set_touches(&d->gone, place->group));
    return 0;
}

/* ---- blocks without them ---- */

/* The series a column of a block is of: windows take several columns for each. */
static uint32_t series_of(const struct block_view *v, uint32_t column)
{
    return v->window_ms ? column / SUMMARY_PARTS : column;
}

/* Notes the columns of a block that stay although they are matched. */
static int note_left(struct deletion *d, const struct day_place *place, const struct block_view *v)
{
    uint32_t run = 0, at = 0, column;
    int code = 0;

    while (code >= 0 && (column = block_next_column(v, &run, &at)) != BLOCK_NONE)
        if (column_set_has(&d->gone, place->group, series_of(v, column)))
            code = column_set_add(&d->left, place->group, series_of(v, column));
    return MIN(code, 0);
}

static int copy(struct deletion *d, struct rewrite *rw, const struct day_place *place,
                const struct day_blob *block)
{
    struct block_view view;
    int code = 0;

    /* One that is damaged is copied as it is; the labels stay then. */
    if (column_set_touches(&d->gone, place->group) &&
        !block_open(block->bytes, block->n, false, &view))
        code = note_left(d, place, &view);
    if (code)
        return error_errno(d->err, code, "deleting series");
    return rewrite_put(rw, place, block->bytes, block->n);
}

static bool is_in_range(const struct deletion *d, uint32_t row)
{
    return d->times[row] >= d->start_ms && d->times[row] <= d->end_ms;
}

/* Fills d->rows with the rows that keep a sample and *ret with how many these are. Counts what
 * goes. */
static int find_rows(struct deletion *d, const struct day_place *place, const struct block_view *v,
                     uint32_t *ret)
{
    uint32_t run = 0, at = 0, n = 0, present, number;

    memset(d->used, 0, sizeof(d->used));
    for (uint32_t i = 0; (number = block_next_column(v, &run, &at)) != BLOCK_NONE; i++) {
        bool gone = column_set_has(&d->gone, place->group, series_of(v, number));
        bool counts = !v->window_ms || number % SUMMARY_PARTS == SAMPLE_LAST;
        if (block_read(v, i, d->column, &present))
            return -EIO;
        for (uint32_t k = 0; k < v->rows; k++) {
            if (d->column[k] == VALUE_ABSENT_BITS)
                continue;
            if (gone && is_in_range(d, k))
                d->samples += counts;
            else
                d->used[k] = 1;
        }
    }
    for (uint32_t k = 0; k < v->rows; k++)
        if (d->used[k])
            d->rows[n++] = k;
    *ret = n;
    return 0;
}

static int add_columns(struct deletion *d, const struct day_place *place,
                       const struct block_view *v, uint32_t n)
{
    uint32_t run = 0, at = 0, present, number;
    int code = 0;

    for (uint32_t i = 0; code >= 0 && (number = block_next_column(v, &run, &at)) != BLOCK_NONE;
         i++) {
        uint32_t series = series_of(v, number);
        bool gone = column_set_has(&d->gone, place->group, series), kept = false;
        if (block_read(v, i, d->column, &present))
            return -EIO;
        for (uint32_t k = 0; k < n; k++) {
            bool drop = gone && is_in_range(d, d->rows[k]);
            d->column[k] = drop ? VALUE_ABSENT_BITS : d->column[d->rows[k]];
            kept = kept || d->column[k] != VALUE_ABSENT_BITS;
        }
        block_add(&d->builder, number, d->column);
        if (gone && kept)
            code = column_set_add(&d->left, place->group, series);
    }
    return MIN(code, 0);
}

/* Writes the block without the deleted samples; nothing when none is left. */
static int thin_out(struct deletion *d, struct rewrite *rw, const struct day_place *place,
                    const struct block_view *v)
{
    uint32_t n = 0;
    int code = block_times(v, d->times);

    if (!code)
        code = find_rows(d, place, v, &n);
    for (uint32_t k = 0; k < n; k++)
        d->left_times[k] = d->times[d->rows[k]];
    if (!code && n) {
        d->builder.relate = v->related;
        block_begin(&d->builder, d->left_times, n);
        d->builder.window_ms = v->window_ms;
        code = add_columns(d, place, v, n);
        buf_reset(&d->out);
        if (!code)
            code = block_end(&d->builder, &d->out);
    }
    if (code)
        return error_errno(d->err, code, "a block of group %u", place->group);
    if (!n)
        return 0;
    struct day_place fresh = {place->group, d->left_times[0], d->left_times[n - 1], place->number};
    return rewrite_put(rw, &fresh, d->out.ptr, d->out.len);
}

static int take_block(void *ctx, struct rewrite *rw, const struct day_place *place,
                      const struct day_blob *block, bool late)
{
    struct deletion *d = ctx;
    struct block_view view;

    if (late || place->max_ms < d->start_ms || place->min_ms > d->end_ms ||
        !column_set_touches(&d->gone, place->group))
        return copy(d, rw, place, block);
    if (block_open(block->bytes, block->n, false, &view))
        return error_set(d->err, -EIO, "a block of group %u is damaged", place->group);
    return thin_out(d, rw, place, &view);
}

static bool keeps(const void *ctx, uint32_t group, uint32_t column)
{
    const struct deletion *d = ctx;

    return !column_set_has(&d->gone, group, column) || column_set_has(&d->left, group, column);
}

/* ---- days ---- */

static int look_at_day(struct store *s, int64_t number, struct deletion *d)
{
    struct day_read *r = NULL;
    struct day *day;
    int code = days_get(s->days, number, false, &day, d->err);

    if (code)
        return code;
    code = day_read_begin(day, &r, d->err);
    if (!code)
        code = day_read_shelves(r, match_shelf, d, d->err);
    if (!code && !column_set_empty(&d->gone))
        code = day_read_all(r, look_at_block, d, d->err);
    day_read_end(r);
    day_put(day);
    return code;
}

static int delete_in_day(struct store *s, int64_t number, struct deletion *d)
{
    const struct rewrite_ops ops = {.block = take_block, .keeps = keeps, .ctx = d};

    d->touched = false;
    int code = look_at_day(s, number, d);
    if (!code && d->touched)
        code = rewrite_day(s, number, &ops, 0, d->err);
    column_set_fini(&d->gone);
    column_set_fini(&d->left);
    if (code == -ENOENT) /* dropped by the retention meanwhile */
        return 0;
    if (code) {
        char date[16];
        day_print_date(number, date);
        return error_in(d->err, "deleting from %s", date);
    }
    return 0;
}

static int delete_in_days(struct store *s, struct deletion *d)
{
    int64_t from = MAX(d->start_ms, INT64_C(0)) / DAY_MS, to = MIN(d->end_ms, TS_MAX) / DAY_MS;
    size_t n = days_list(s->days, from, to, NULL, 0);
    int64_t *numbers = calloc(n + 1, sizeof(*numbers));
    int code = numbers ? 0 : error_errno(d->err, -ENOMEM, "deleting series");

    n = numbers ? MIN(n, days_list(s->days, from, to, numbers, n)) : 0;
    for (size_t i = 0; i < n && !code; i++)
        code = delete_in_day(s, numbers[i], d);
    free(numbers);
    return code;
}

int store_delete(struct store *s, const struct selector *selectors, size_t n, int64_t start_ms,
                 int64_t end_ms, struct store_deletion *ret, struct error *err)
{
    struct deletion *d = calloc(1, sizeof(*d));

    *ret = (struct store_deletion){0};
    if (!d)
        return error_errno(err, -ENOMEM, "deleting series");
    *d = (struct deletion){
        .selectors = selectors, .n = n, .start_ms = start_ms, .end_ms = end_ms, .err = err};
    block_builder_init(&d->builder);
    /* What is in memory goes to days first, and the log says so for good: a replay must not bring
     * deleted samples back. */
    int code = start_ms > end_ms || end_ms < 0 ? 0 : store_flush(s, err);
    if (!code)
        code = wal_sync(s->wal, err);
    if (!code) {
        pthread_mutex_lock(&s->rewrite_lock);
        code = start_ms > end_ms || end_ms < 0 ? 0 : delete_in_days(s, d);
        if (!code)
            code = store_hide_empty(s, selectors, n, err);
        pthread_mutex_unlock(&s->rewrite_lock);
    }
    ret->samples = d->samples;
    if (d->samples)
        log_info("samples deleted", "samples", LOG_NUM(d->samples), "error",
                 code && err ? err->text : NULL);
    block_builder_fini(&d->builder);
    buf_fini(&d->out);
    free(d);
    return code;
}
