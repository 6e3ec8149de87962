/* summary.c - blocks whose rows stand for windows of time. */
#include "store/summary.h"

#define RESETS_SHARE                                                                               \
    8 /* a column that falls more often than once in so many rows is no counter                    \
       */

struct summary {
    struct block_builder builder;
    struct buf out;
    int64_t times[BLOCK_ROWS_MAX];
    int64_t kept_times[BLOCK_ROWS_MAX];
    uint64_t column[BLOCK_ROWS_MAX];   /* the last values of the series at hand */
    uint64_t other[3][BLOCK_ROWS_MAX]; /* its smallest, largest and sum, when they are others */
    uint64_t counts[BLOCK_ROWS_MAX];
    const uint64_t *in[SUMMARY_PARTS]; /* where each part of it lies */
    uint64_t parts[SUMMARY_PARTS][BLOCK_ROWS_MAX];
    uint32_t window_end[BLOCK_ROWS_MAX]; /* of each row: the last row of its window */
    uint32_t place[BLOCK_ROWS_MAX];      /* of each row that is kept: its number in the new block */
    bool is_kept[BLOCK_ROWS_MAX];
    uint32_t rows, kept;
};

struct summary *summary_new(void)
{
    struct summary *s = calloc(1, sizeof(*s));

    if (s) {
        block_builder_init(&s->builder);
        buf_init(&s->out, 0);
    }
    return s;
}

void summary_free(struct summary *s)
{
    if (!s)
        return;
    block_builder_fini(&s->builder);
    buf_fini(&s->out);
    free(s);
}

/* The window of a time, which its end belongs to, as PromQL's ranges have it. */
static int64_t window_of(int64_t ts_ms, int64_t window_ms)
{
    return (ts_ms + window_ms - 1) / window_ms;
}

static void place_windows(struct summary *s, uint32_t window_ms)
{
    for (uint32_t end = s->rows, i = s->rows; i--;) {
        if (i + 1 == s->rows ||
            window_of(s->times[i], window_ms) != window_of(s->times[i + 1], window_ms))
            end = i;
        s->window_end[i] = end;
        s->is_kept[i] = end == i;
    }
}

/* Finds the next row of the column at hand, from `*row` on, whose value tells of a reset: the first
 * one, since the block before may have ended higher, and those that are lower than the one before.
 * `*last` is the row before it that has a value; BLOCK_NONE at the start. */
static bool next_fall(const struct summary *s, uint32_t *row, uint32_t *last, uint32_t *ret_before)
{
    while (*row < s->rows) {
        uint32_t i = (*row)++, before = *last;
        if (s->column[i] == VALUE_ABSENT_BITS || s->column[i] == VALUE_STALE_BITS)
            continue;
        *last = i;
        *ret_before = before == BLOCK_NONE ? i : before;
        if (before == BLOCK_NONE || value_of_bits(s->column[i]) < value_of_bits(s->column[before]))
            return true;
    }
    return false;
}

/* False for a column that falls so often that it is no counter, whatever its name is. */
static bool is_steady(const struct summary *s)
{
    uint32_t falls = 0, row = 0, last = BLOCK_NONE, before;

    while (next_fall(s, &row, &last, &before))
        falls++;
    return falls <= 1 + s->rows / RESETS_SHARE;
}

/* The next series of the block, or BLOCK_NONE; starts with *series = BLOCK_NONE. */
static uint32_t next_series(const struct block_view *v, uint32_t *run, uint32_t *at,
                            uint32_t *series)
{
    for (;;) {
        uint32_t number = block_next_column(v, run, at);
        if (number == BLOCK_NONE)
            return BLOCK_NONE;
        number = v->window_ms ? number / SUMMARY_PARTS : number;
        if (number != *series)
            return *series = number;
    }
}

/* Keeps the rows around the resets of counters. */
static int keep_resets(struct summary *s, const struct block_view *v,
                       bool (*is_counter)(void *ctx, uint32_t column), void *ctx)
{
    uint32_t run = 0, at = 0, series = BLOCK_NONE;
    bool any;

    while (next_series(v, &run, &at, &series) != BLOCK_NONE) {
        if (!is_counter(ctx, series))
            continue;
        if (summary_read(v, series, SAMPLE_LAST, s->column, &any))
            return -EIO;
        if (!any)
            continue;
        uint32_t row = 0, last = BLOCK_NONE, before;
        bool steady = is_steady(s);
        while (steady && next_fall(s, &row, &last, &before))
            s->is_kept[last] = s->is_kept[before] = true;
    }
    return 0;
}

static void number_rows(struct summary *s)
{
    s->kept = 0;
    for (uint32_t i = 0; i < s->rows; i++)
        if (s->is_kept[i]) {
            s->place[i] = s->kept;
            s->kept_times[s->kept++] = s->times[i];
        }
}

static void clear_parts(struct summary *s)
{
    for (size_t p = 0; p < SUMMARY_PARTS; p++)
        for (uint32_t i = 0; i < s->kept; i++)
            s->parts[p][i] = VALUE_ABSENT_BITS;
}

/* Reads all parts of one series. */
static int load(struct summary *s, const struct block_view *v, uint32_t series)
{
    bool any;
    int code = summary_read(v, series, SAMPLE_LAST, s->column, &any);

    s->in[SAMPLE_LAST] = s->column;
    s->in[SAMPLE_COUNT] = s->counts;
    for (enum sample_part part = SAMPLE_MIN; part <= SAMPLE_SUM && !code; part++) {
        uint64_t *own = s->other[part - SAMPLE_MIN];
        s->in[part] = v->window_ms ? own : s->column;
        if (v->window_ms)
            code = summary_read(v, series, part, own, &any);
        if (v->window_ms && !any)
            code = -EIO;
    }
    if (!code && v->window_ms)
        return summary_read(v, series, SAMPLE_COUNT, s->counts, &any) || !any ? -EIO : 0;
    for (uint32_t i = 0; i < v->rows; i++) {
        uint64_t bits = s->column[i];
        bool counts = bits != VALUE_ABSENT_BITS && bits != VALUE_STALE_BITS;
        s->counts[i] = counts ? value_bits(1) : VALUE_ABSENT_BITS;
    }
    return code;
}

/* One window of the series at hand: rows [from, end]. A sum of decimals is rounded once, so that it
 * stays a decimal. */
static void sum_up(struct summary *s, uint32_t from, uint32_t end)
{
    double least = NAN, most = NAN, count = 0;
    long double sum = 0;
    uint32_t to = s->place[end];

    for (uint32_t i = from; i <= end; i++) {
        if (s->in[SAMPLE_LAST][i] != VALUE_ABSENT_BITS)
            s->parts[SAMPLE_LAST][to] = s->in[SAMPLE_LAST][i];
        if (s->in[SAMPLE_COUNT][i] == VALUE_ABSENT_BITS)
            continue;
        double low = value_of_bits(s->in[SAMPLE_MIN][i]);
        double high = value_of_bits(s->in[SAMPLE_MAX][i]);
        if (low < least || isnan(least))
            least = low;
        if (high > most || isnan(most))
            most = high;
        sum += (long double)value_of_bits(s->in[SAMPLE_SUM][i]);
        count += value_of_bits(s->in[SAMPLE_COUNT][i]);
    }
    if (count <= 0)
        return;
    s->parts[SAMPLE_MIN][to] = value_bits(least);
    s->parts[SAMPLE_MAX][to] = value_bits(most);
    s->parts[SAMPLE_SUM][to] = value_bits((double)sum);
    s->parts[SAMPLE_COUNT][to] = value_bits(count);
}

/* The parts that say nothing of their own are left out: a smallest or largest value that is the
 * last one throughout. */
static bool is_last_throughout(const struct summary *s, enum sample_part part)
{
    for (uint32_t i = 0; i < s->kept; i++)
        if (s->parts[part][i] != s->parts[SAMPLE_LAST][i])
            return false;
    return true;
}

static void add_column(struct summary *s, uint32_t series, bool counter)
{
    uint32_t row = 0, last = BLOCK_NONE, before;

    clear_parts(s);
    for (uint32_t from = 0; from < s->rows; from = s->window_end[from] + 1)
        sum_up(s, from, s->window_end[from]);
    bool min = !is_last_throughout(s, SAMPLE_MIN), max = !is_last_throughout(s, SAMPLE_MAX);
    if (counter && is_steady(s))
        while (next_fall(s, &row, &last, &before)) {
            s->parts[SAMPLE_LAST][s->place[before]] = s->column[before];
            s->parts[SAMPLE_LAST][s->place[last]] = s->column[last];
        }
    for (uint32_t part = SAMPLE_LAST; part < SUMMARY_PARTS; part++)
        if ((part != SAMPLE_MIN || min) && (part != SAMPLE_MAX || max))
            block_add(&s->builder, series * SUMMARY_PARTS + part, s->parts[part]);
}

int summary_make(struct summary *s, const struct block_view *v, uint32_t window_ms,
                 bool (*is_counter)(void *ctx, uint32_t column), void *ctx, const struct buf **ret,
                 struct block_view *ret_view)
{
    uint32_t run = 0, at = 0, series = BLOCK_NONE;
    int code = block_times(v, s->times);

    s->rows = v->rows;
    if (code)
        return code;
    place_windows(s, window_ms);
    code = keep_resets(s, v, is_counter, ctx);
    if (code)
        return code;
    number_rows(s);
    block_begin(&s->builder, s->kept_times, s->kept);
    s->builder.window_ms = window_ms;
    while (next_series(v, &run, &at, &series) != BLOCK_NONE) {
        if (series >= BLOCK_COLUMNS_MAX || load(s, v, series))
            return -EIO;
        add_column(s, series, is_counter(ctx, series));
    }
    buf_reset(&s->out);
    code = block_end(&s->builder, &s->out);
    if (!code)
        code = block_open(s->out.ptr, s->out.len, true, ret_view);
    *ret = &s->out;
    return code;
}

/* ---- reading ---- */

uint32_t summary_find(const struct block_view *v, uint32_t column, enum sample_part part)
{
    if (!v->window_ms)
        return block_find(v, column);
    if (column >= BLOCK_COLUMNS_MAX)
        return BLOCK_NONE;
    uint32_t first = column * SUMMARY_PARTS;
    uint32_t i = block_find(v, first + (part == SAMPLE_MEAN ? SAMPLE_SUM : part));
    /* Left out because it is the last one throughout, or the series has nothing here at all. */
    return i == BLOCK_NONE && (part == SAMPLE_MIN || part == SAMPLE_MAX) ? block_find(v, first) : i;
}

static int divide_by_count(const struct block_view *v, uint32_t column, uint64_t *values)
{
    uint64_t counts[BLOCK_ROWS_MAX];
    uint32_t present, i = summary_find(v, column, SAMPLE_COUNT);
    int code = i == BLOCK_NONE ? -EIO : block_read(v, i, counts, &present);

    for (uint32_t k = 0; k < v->rows && !code; k++)
        if (values[k] != VALUE_ABSENT_BITS && counts[k] != VALUE_ABSENT_BITS)
            values[k] = value_bits(value_of_bits(values[k]) / value_of_bits(counts[k]));
    return code;
}

int summary_read(const struct block_view *v, uint32_t column, enum sample_part part, uint64_t *ret,
                 bool *ret_any)
{
    uint32_t present = 0, i = summary_find(v, column, part);
    int code = i == BLOCK_NONE ? 0 : block_read(v, i, ret, &present);

    *ret_any = present > 0;
    if (code || !present)
        return code;
    if (v->window_ms && part == SAMPLE_MEAN)
        return divide_by_count(v, column, ret);
    for (uint32_t k = 0; !v->window_ms && part == SAMPLE_COUNT && k < v->rows; k++)
        if (ret[k] != VALUE_ABSENT_BITS && !value_is_stale(value_of_bits(ret[k])))
            ret[k] = value_bits(1);
    return 0;
}
