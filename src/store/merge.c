/* merge.c - many runs of a group become few blocks. */
#include "store/merge.h"

struct input {
    const struct run *run;
    struct block_view view; /* of a packed run */
    size_t time_at;         /* its times begin here in merger.times */
    uint32_t low, high;     /* its rows that lie in the piece being made */
};

struct merger {
    struct block_builder builder;
    struct buf out;
    struct input *inputs;
    size_t input_cap;
    int64_t *times; /* of all inputs, one input behind the other */
    size_t time_cap;
    int64_t *all; /* the same, sorted and distinct */
    size_t all_cap;
    bool ordered; /* `times` was so already */
    uint64_t cells[BLOCK_ROWS_MAX];
    uint64_t column[BLOCK_ROWS_MAX];
};

struct merger *merger_new(void)
{
    struct merger *m = calloc(1, sizeof(*m));

    if (m) {
        block_builder_init(&m->builder);
        buf_init(&m->out, 0);
    }
    return m;
}

void merger_free(struct merger *m)
{
    if (!m)
        return;
    block_builder_fini(&m->builder);
    buf_fini(&m->out);
    free(m->inputs);
    free(m->times);
    free(m->all);
    free(m);
}

void merger_relate(struct merger *m, bool relate)
{
    m->builder.relate = relate;
}

static int by_time(const void *a, const void *b)
{
    int64_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* Reads the times of all inputs; *ret is how many distinct ones there are. */
static int collect_times(struct merger *m, struct run *const *runs, uint32_t n, size_t *ret)
{
    size_t total = 0, at = 0, distinct = 0;

    for (uint32_t i = 0; i < n; i++)
        total += runs[i]->rows;
    struct input *inputs = array_grow(m->inputs, &m->input_cap, n + 1, sizeof(*inputs));
    if (inputs)
        m->inputs = inputs;
    int64_t *times = array_grow(m->times, &m->time_cap, total + 1, sizeof(*times));
    if (times)
        m->times = times;
    int64_t *all = array_grow(m->all, &m->all_cap, total + 1, sizeof(*all));
    if (all)
        m->all = all;
    if (!inputs || !times || !all)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        inputs[i] = (struct input){.run = runs[i], .time_at = at};
        if (!runs[i]->packed)
            times[at] = runs[i]->min_ms;
        else if (block_open(runs[i]->bits, runs[i]->len, true, &inputs[i].view) ||
                 block_times(&inputs[i].view, times + at))
            return -EIO;
        at += runs[i]->rows;
    }
    m->ordered = true;
    for (size_t i = 1; i < total; i++)
        m->ordered = m->ordered && times[i - 1] < times[i];
    memcpy(all, times, total * sizeof(*all));
    if (!m->ordered)
        qsort(all, total, sizeof(*all), by_time);
    for (size_t i = 0; i < total; i++)
        if (!i || all[i] != all[distinct - 1])
            all[distinct++] = all[i];
    *ret = distinct;
    return 0;
}

static uint32_t columns_of(const struct merger *m, uint32_t n)
{
    uint32_t columns = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct block_view *v = &m->inputs[i].view;
        if (!m->inputs[i].run->packed) {
            columns = MAX(columns, m->inputs[i].run->len);
        } else if (v->runs) {
            uint32_t run = v->runs - 1, at = v->columns - le32(v->run_at + (size_t)run * 8 + 4) - 1;
            uint32_t last = block_next_column(v, &run, &at);
            if (last != BLOCK_NONE)
                columns = MAX(columns, last + 1);
        }
    }
    return columns;
}

/* Index of `ts` among the sorted times [0, n) at `all`. */
static uint32_t row_of(const int64_t *all, uint32_t n, int64_t ts)
{
    uint32_t low = 0, high = n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (all[middle] < ts)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Puts what input `in` has of `column` into the piece's cells. */
static int place_column(struct merger *m, const struct input *in, uint32_t column,
                        const int64_t *all, uint32_t rows)
{
    const int64_t *times = m->times + in->time_at;
    const uint64_t *values = m->column;
    uint32_t present;

    if (!in->run->packed) {
        if (column >= in->run->len)
            return 0;
        values = &in->run->bits[column];
    } else {
        uint32_t i = block_find(&in->view, column);
        if (i == BLOCK_NONE)
            return 0;
        if (block_read(&in->view, i, m->column, &present))
            return -EIO;
    }
    uint32_t at = row_of(all, rows, times[in->low]);
    if (m->ordered) {
        memcpy(m->cells + at, values + in->low, (in->high - in->low) * sizeof(*values));
        return 0;
    }
    for (uint32_t i = in->low; i < in->high; i++) {
        while (all[at] != times[i])
            at++;
        if (values[i] != VALUE_ABSENT_BITS)
            m->cells[at] = values[i];
    }
    return 0;
}

/* Raw rows in order that are all there is: the usual case, column by column straight through. */
static bool only_rows(const struct merger *m, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (m->inputs[i].run->packed)
            return false;
    return m->ordered;
}

static void add_rows(struct merger *m, uint32_t first, uint32_t rows, uint32_t columns)
{
    for (uint32_t column = 0; column < columns; column++) {
        for (uint32_t i = 0; i < rows; i++) {
            const struct run *r = m->inputs[first + i].run;
            m->cells[i] = column < r->len ? r->bits[column] : VALUE_ABSENT_BITS;
        }
        block_add(&m->builder, column, m->cells);
    }
}

/* One block: the rows [from, from + rows) of m->all. */
static int make_piece(struct merger *m, uint32_t n, size_t from, uint32_t rows)
{
    const int64_t *all = m->all + from;
    uint32_t columns = columns_of(m, n);
    int code = 0;

    block_begin(&m->builder, all, rows);
    if (only_rows(m, n)) {
        add_rows(m, (uint32_t)from, rows, columns);
    } else {
        for (uint32_t i = 0; i < n; i++) {
            struct input *in = &m->inputs[i];
            const int64_t *times = m->times + in->time_at;
            in->low = row_of(times, in->run->rows, all[0]);
            in->high = row_of(times, in->run->rows, all[rows - 1] + 1);
        }
        for (uint32_t column = 0; column < columns && !code; column++) {
            for (uint32_t i = 0; i < rows; i++)
                m->cells[i] = VALUE_ABSENT_BITS;
            for (uint32_t i = 0; i < n && !code; i++)
                if (m->inputs[i].low < m->inputs[i].high)
                    code = place_column(m, &m->inputs[i], column, all, rows);
            if (!code)
                block_add(&m->builder, column, m->cells);
        }
    }
    buf_reset(&m->out);
    return code ? code : block_end(&m->builder, &m->out);
}

int merge_runs(struct merger *m, struct run *const *runs, uint32_t n, int64_t split_ms,
               uint32_t most, int (*take)(void *ctx, const void *block, size_t size), void *ctx)
{
    size_t total, from = 0;
    int code = collect_times(m, runs, n, &total);

    while (!code && from < total) {
        size_t end = from + 1;
        while (end < total && end - from < most &&
               (!split_ms || m->all[end] / split_ms == m->all[from] / split_ms))
            end++;
        code = make_piece(m, n, from, (uint32_t)(end - from));
        if (!code)
            code = take(ctx, m->out.ptr, m->out.len);
        from = end;
    }
    return code;
}
