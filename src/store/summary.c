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
    uint64_t column[BLOCK_ROWS_MAX];
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

/* Whether row `i` of the column at hand is next to a fall; `*last` is the row before that had a
 * value. */
static bool falls(const struct summary *s, uint32_t i, uint32_t *last)
{
    if (s->column[i] == VALUE_ABSENT_BITS)
        return false;
    uint32_t before = *last;
    *last = i;
    return before != BLOCK_NONE && value_of_bits(s->column[i]) < value_of_bits(s->column[before]);
}

/* Counts the falls of the column at hand; 0 when they are so many that it is no counter. */
static uint32_t count_resets(const struct summary *s)
{
    uint32_t resets = 0, last = BLOCK_NONE;

    for (uint32_t i = 0; i < s->rows; i++)
        resets += falls(s, i, &last);
    return resets * RESETS_SHARE > s->rows ? 0 : resets;
}

/* Keeps the rows around the resets of counters. */
static int keep_resets(struct summary *s, const struct block_view *v,
                       bool (*is_counter)(void *ctx, uint32_t column), void *ctx)
{
    uint32_t run = 0, at = 0, number, present;

    for (uint32_t i = 0; (number = block_next_column(v, &run, &at)) != BLOCK_NONE; i++) {
        if (!is_counter(ctx, number))
            continue;
        if (block_read(v, i, s->column, &present))
            return -EIO;
        uint32_t before = BLOCK_NONE, last = BLOCK_NONE;
        if (!count_resets(s))
            continue;
        for (uint32_t k = 0; k < s->rows; k++) {
            before = last;
            if (falls(s, k, &last))
                s->is_kept[k] = s->is_kept[before] = true;
        }
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

/* One window of the column at hand: rows [from, end]. A sum of decimals is rounded once, so that it
 * stays a decimal. */
static void sum_up(struct summary *s, uint32_t from, uint32_t end)
{
    double least = NAN, most = NAN;
    long double sum = 0;
    uint32_t count = 0, to = s->place[end];

    for (uint32_t i = from; i <= end; i++) {
        uint64_t bits = s->column[i];
        if (bits == VALUE_ABSENT_BITS)
            continue;
        s->parts[SAMPLE_LAST][to] = bits;
        double value = value_of_bits(bits);
        if (value_is_stale(value))
            continue;
        if (!count || value < least || isnan(least))
            least = value;
        if (!count || value > most || isnan(most))
            most = value;
        sum += (long double)value;
        count++;
    }
    if (!count)
        return;
    s->parts[SAMPLE_MIN][to] = value_bits(least);
    s->parts[SAMPLE_MAX][to] = value_bits(most);
    s->parts[SAMPLE_SUM][to] = value_bits((double)sum);
    s->parts[SAMPLE_COUNT][to] = value_bits((double)count);
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

static void add_column(struct summary *s, uint32_t number, bool counter)
{
    uint32_t last = BLOCK_NONE;

    clear_parts(s);
    for (uint32_t from = 0; from < s->rows; from = s->window_end[from] + 1)
        sum_up(s, from, s->window_end[from]);
    bool min = !is_last_throughout(s, SAMPLE_MIN), max = !is_last_throughout(s, SAMPLE_MAX);
    if (counter && count_resets(s))
        for (uint32_t i = 0; i < s->rows; i++) {
            uint32_t before = last;
            if (falls(s, i, &last)) {
                s->parts[SAMPLE_LAST][s->place[before]] = s->column[before];
                s->parts[SAMPLE_LAST][s->place[i]] = s->column[i];
            }
        }
    for (uint32_t part = SAMPLE_LAST; part < SUMMARY_PARTS; part++)
        if ((part != SAMPLE_MIN || min) && (part != SAMPLE_MAX || max))
            block_add(&s->builder, number * SUMMARY_PARTS + part, s->parts[part]);
}

int summary_make(struct summary *s, const struct block_view *v, uint32_t window_ms,
                 bool (*is_counter)(void *ctx, uint32_t column), void *ctx, const struct buf **ret,
                 struct block_view *ret_view)
{
    uint32_t run = 0, at = 0, number, present;
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
    for (uint32_t i = 0; (number = block_next_column(v, &run, &at)) != BLOCK_NONE; i++) {
        if (number >= BLOCK_COLUMNS_MAX || block_read(v, i, s->column, &present))
            return -EIO;
        add_column(s, number, is_counter(ctx, number));
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
