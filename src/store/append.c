/* append.c - taking rows. */
#include "store/cold.h"
#include "store/internal.h"

/* How often a row is tried again when the log moved on meanwhile is bounded by record_write(). */
struct row {
    struct run *run;
    int64_t ts_ms;
    size_t start; /* of the row's record in the batch */
};

static int build_row(void *ctx, struct store *s, struct group *g, uint32_t segment)
{
    struct row *row = ctx;
    int code = record_definitions(s, g, segment, &g->record);

    row->start = g->record.len;
    if (!code)
        record_row(g, row->ts_ms, row->run, &g->record);
    return code;
}

/* The group's newest time, unless the clock was ahead when it came and has gone back since: then
 * rows would count as late for as long as it had been ahead. */
static int64_t newest_of(const struct group *g, int64_t now_ms)
{
    return g->newest_ms > now_ms + FUTURE_MS ? INT64_MIN : g->newest_ms;
}

static int check_time(struct store *s, const struct group *g, int64_t ts_ms, struct error *err)
{
    int64_t floor = atomic_load_explicit(&s->retention_floor_ms, memory_order_relaxed);
    int64_t newest = newest_of(g, s->io->now_ms());

    if (ts_ms < 0 || ts_ms > TS_MAX)
        return error_set(err, -ERANGE, "%" PRId64 " ms is no time between 1970 and 9999", ts_ms);
    if (ts_ms < floor)
        return error_set(err, -ERANGE, "the row is %" PRId64 " s older than what is kept",
                         (floor - ts_ms) / 1000);
    if (newest != INT64_MIN && ts_ms < newest && newest - ts_ms > s->options.out_of_order_ms)
        return error_set(err, -ERANGE, "the row is %" PRId64 " ms older than the one before",
                         newest - ts_ms);
    return 0;
}

static bool is_repeated(const struct group *g, int64_t ts_ms, const double *values, size_t n)
{
    const struct run *before = g->before;

    return before && before->min_ms == ts_ms && before->len == n &&
           (!n || memcmp(before->bits, values, n * sizeof(*values)) == 0);
}

static uint32_t count_present(const struct run *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->len; i++)
        n += r->bits[i] != VALUE_ABSENT_BITS;
    return n;
}

/* write held */
static int append_row(struct store *s, struct group *g, int64_t ts_ms, const double *values,
                      size_t n, struct error *err)
{
    int code = group_thaw(g);
    if (!code)
        code = group_reserve(g);
    struct run *run = code ? NULL : run_new_row(ts_ms, (const uint64_t *)values, (uint32_t)n);
    struct row row = {run, ts_ms, 0};
    uint64_t pos;

    if (!run)
        return error_errno(err, -ENOMEM, "row of group %.*s", STR_ARG(g->name));
    code = record_write(s, g, build_row, &row, &pos, err);
    if (code) {
        run_unref(run);
        return code;
    }
    run->first_pos = run->last_pos = pos + row.start;
    run->born_ns = s->io->mono_ns();
    run_unref(g->before);
    g->before = run_ref(run);
    g->chain++;
    int64_t now = s->io->now_ms();
    if (ts_ms <= now + FUTURE_MS)
        g->newest_ms = MAX(newest_of(g, now), ts_ms);
    group_push(g, run);
    if (UNLIKELY(atomic_load(&g->hides)))
        group_show(s, g, run);
    store_note_times(s, ts_ms, ts_ms);
    atomic_fetch_add_explicit(&s->rows, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->samples, count_present(run), memory_order_relaxed);
    group_pack(s, g, HEAD_PACK_ROWS);
    return 0;
}

int store_append(struct store *s, struct group *g, int64_t ts_ms, const double *values, size_t n,
                 struct error *err)
{
    int code = store_writable(s, err);

    if (code) {
        atomic_fetch_add(&s->append_errors, 1);
        return code;
    }
    pthread_mutex_lock(&g->write);
    code = n > g->column_len
               ? error_set(err, -EINVAL, "a row of %zu values for %zu columns", n, g->column_len)
               : check_time(s, g, ts_ms, err);
    if (code == -ERANGE)
        atomic_fetch_add(&s->too_old, 1);
    else if (!code && !is_repeated(g, ts_ms, values, n))
        code = append_row(s, g, ts_ms, values, n, err);
    pthread_mutex_unlock(&g->write);
    if (code && code != -ERANGE)
        atomic_fetch_add(&s->append_errors, 1);
    return code;
}
