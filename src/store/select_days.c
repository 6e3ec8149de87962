/* select_days.c - what days add to a selection: series of their label indexes, and blocks. */
#include "store/selection.h"
#include "store/shelf.h"
#include "store/summary.h"

void found_note_damage(struct found *f, struct day *day)
{
    char date[16], text[128];

    if (f->base.warning)
        return;
    day_print_date(day_number(day), date);
    int n = snprintf(text, sizeof(text),
                     "the label index of %s is damaged: series of that day may be missing", date);
    f->base.warning = arena_strndup(&f->memory, text, (size_t)n);
}

/* A day that cannot be read is left out, and said to be. */
static void leave_out(struct found *f, int64_t number)
{
    char date[16], text[128];

    day_print_date(number, date);
    int n = snprintf(text, sizeof(text), "%s is damaged: what was kept that day is missing", date);
    f->base.warning = arena_strndup(&f->memory, text, (size_t)n);
}

int found_open_days(struct found *f, struct error *err)
{
    int64_t from = MAX(f->start_ms, INT64_C(0)) / DAY_MS, to = MIN(f->end_ms, TS_MAX) / DAY_MS;
    int code = 0;

    if (f->end_ms < 0)
        return 0;
    size_t n = days_list(f->store->days, from, to, NULL, 0);
    int64_t *numbers = n ? calloc(n, sizeof(*numbers)) : NULL;
    f->days = n ? calloc(n, sizeof(*f->days)) : NULL;
    if (n && (!numbers || !f->days))
        code = error_errno(err, -ENOMEM, "opening days");
    size_t there = n && !code ? days_list(f->store->days, from, to, numbers, n) : 0;
    there = MIN(there, n); /* a day may have come meanwhile */
    for (size_t i = 0; i < there && !code; i++) {
        struct found_day *day = &f->days[f->day_len];
        code = days_get(f->store->days, numbers[i], false, &day->day, err);
        if (code == -EIO)
            leave_out(f, numbers[i]);
        if (code == -ENOENT || code == -EIO) { /* ENOENT: dropped by the retention meanwhile */
            code = 0;
            continue;
        }
        if (code)
            break;
        f->day_len++;
        f->base.window_ms = MAX(f->base.window_ms, day_age(day->day).window_ms);
        code = day_read_begin(day->day, &day->read, err);
    }
    free(numbers);
    return code;
}

struct shelf_select {
    struct found *f;
    struct selector selector;
    const struct found_day *day;
    uint32_t group;     /* at hand */
    struct group *live; /* of which memory told; NULL: none */
    struct error *err;
};

/* True when the index in memory has told of this column already: it passes over groups that held
 * nothing of the range in this process, though an earlier one may have written some. */
static bool is_known(struct shelf_select *s, uint32_t group, uint32_t column)
{
    if (s->group != group) {
        s->live = found_told(s->f, group) ? store_group_by_id(s->f->store, group) : NULL;
        s->group = group;
    }
    return s->live && column < atomic_load_explicit(&s->live->column_seen, memory_order_acquire);
}

static int select_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct shelf_select *s = ctx;
    struct found *f = s->f;
    struct bitmap matched;
    struct shelf shelf;

    if (shelf_open(blob->bytes, blob->n, trusted, &shelf)) {
        day_note_index_damage(s->day->day);
        found_note_damage(f, s->day->day);
        return 0;
    }
    if (!trusted)
        day_trust_shelf(s->day->read, blob->key);
    struct label_source source = shelf_source(&shelf);
    int code = match_series(&source, s->selector.matchers, s->selector.len, &matched, s->err);
    if (code)
        return code;
    for (uint32_t i = bitmap_next(&matched, 0); i != UINT32_MAX && !code;
         i = bitmap_next(&matched, i + 1)) {
        struct labels labels;
        uint32_t group, column;
        shelf_place(&shelf, i, &group, &column);
        if (is_known(s, group, column))
            continue;
        code = shelf_labels(&shelf, i, &f->memory, &labels);
        if (!code)
            code = found_add(f, labels, group, column);
        if (code)
            error_errno(s->err, code, "selecting series of a day");
    }
    bitmap_fini(&matched);
    return code;
}

int found_add_days(struct found *f, struct selector selector, struct error *err)
{
    struct shelf_select s = {.f = f, .selector = selector, .err = err};
    int code = 0;

    for (size_t i = 0; i < f->day_len && !code; i++) {
        s.day = &f->days[i];
        code = day_read_shelves(s.day->read, select_shelf, &s, err);
        if (code == -EIO) {
            day_note_index_damage(s.day->day);
            found_note_damage(f, s.day->day);
            code = 0;
        }
    }
    return code;
}

/* What a block's header and directory take at most of the time: 1,000 columns. */
#define FRONT_BYTES 12288

struct add_block {
    struct track *track;
    struct day_read *read;
    uint32_t source, group;
    size_t *cap;
};

static int add_block(void *ctx, const struct day_blob *blob, int64_t min_ms, int64_t max_ms)
{
    struct add_block *a = ctx;
    struct track_run *r = track_add_run(a->track, a->cap);

    if (!r)
        return -ENOMEM;
    bool cold = day_is_cold(a->read, a->group, min_ms);
    if (cold)
        day_advise(blob->bytes, MIN(blob->n, (size_t)FRONT_BYTES));
    *r = (struct track_run){.block = blob->bytes,
                            .block_size = blob->n,
                            .min_ms = min_ms,
                            .max_ms = max_ms,
                            .source = a->source,
                            .cold = cold ? a->read : NULL,
                            /* Among blocks their number tells what came later. */
                            .order = (uint32_t)blob->key & ~TRACK_ORDER_MEMORY};
    return 0;
}

int track_add_days(struct found *f, struct track *t, size_t *cap)
{
    int code = 0;

    for (uint32_t k = 0; k < t->source_len && !code; k++) {
        uint32_t group = f->sources[t->sources[k]].group;
        for (size_t i = 0; i < f->day_len && !code; i++) {
            struct add_block a = {t, f->days[i].read, k, group, cap};
            code = day_read_blocks(a.read, group, f->start_ms, f->end_ms, add_block, &a, NULL);
        }
    }
    return code;
}

int track_open_blocks(struct track *t)
{
    for (uint32_t i = 0; i < t->run_len; i++) {
        struct track_run *r = &t->runs[i];
        if (!r->block)
            continue;
        if (block_open(r->block, r->block_size, false, &r->view) || r->view.min_ms != r->min_ms ||
            r->view.max_ms != r->max_ms)
            return -EIO;
        r->rows = r->view.rows;
    }
    return 0;
}

void track_advise_columns(const struct found *f, const struct track *t)
{
    for (uint32_t i = 0; i < t->run_len; i++) {
        const struct track_run *r = &t->runs[i];
        const uint8_t *last = NULL;
        if (!r->cold)
            continue;
        for (uint32_t e = t->first; e; e = f->entries[e - 1].next) {
            const uint8_t *at;
            size_t n;
            uint32_t column =
                summary_find(&r->view, f->entries[e - 1].columns[r->source], f->base.part);
            block_extent(&r->view, column, &at, &n);
            if (n && at != last)
                day_advise(at, n);
            last = at;
        }
        day_mark_warm(r->cold, f->sources[t->sources[r->source]].group, r->min_ms);
    }
}
