/* column_read.c - decoding the values of one series in one block. Any bytes may come: every length
 * is checked, arithmetic wraps. */
#include "store/column.h"

#include "store/column_format.h"
#include "store/numbers.h"

/* Adds up the runs of present rows and leaves `from` behind them. */
static bool count_present(struct reader *from, uint32_t rows, uint32_t *ret)
{
    uint64_t at = 0;
    bool present = false;

    *ret = 0;
    while (at < rows) {
        uint64_t run = varint_read(from);
        if (from->failed || run > rows - at || (run == 0 && at > 0))
            return false;
        if (present)
            *ret += (uint32_t)run;
        at += run;
        present = !present;
    }
    return true;
}

/* Moves the `present` values at the end of `ret[rows]` to their rows; `runs` was checked by
 * count_present(). */
static void spread(struct reader runs, uint32_t rows, uint32_t present, uint64_t *ret)
{
    const uint64_t *values = ret + (rows - present); /* never before the row at hand */
    bool there = false;

    for (uint32_t at = 0; at < rows; there = !there) {
        uint32_t run = (uint32_t)varint_read(&runs);
        for (uint32_t i = 0; i < run; i++)
            ret[at + i] = there ? *values++ : VALUE_ABSENT_BITS;
        at += run;
    }
}

static bool put_exceptions(struct reader *from, uint32_t n, uint64_t *values)
{
    static const uint64_t bits[] = {VALUE_STALE_BITS, VALUE_NAN_BITS, UINT64_C(0x7ff0000000000000),
                                    UINT64_C(0xfff0000000000000), UINT64_C(0x8000000000000000)};
    uint64_t count = varint_read(from), at = 0;

    for (; count; count--) {
        at += varint_read(from);
        unsigned code = reader_u8(from);
        if (from->failed || at >= n || code > EXCEPTION_RAW)
            return false;
        values[at++] = code == EXCEPTION_RAW ? reader_u64(from) : bits[code];
    }
    return !from->failed;
}

static bool skip_exceptions(struct reader *from, uint32_t n)
{
    uint64_t count = varint_read(from);

    if (count > n)
        return false;
    for (; count && !from->failed; count--) {
        varint_read(from);
        if (reader_u8(from) == EXCEPTION_RAW)
            reader_u64(from);
    }
    return !from->failed;
}

static bool read_constant(struct reader *from, uint8_t kind, uint32_t n, uint64_t *ret)
{
    uint64_t bits;

    if (kind == COLUMN_CONSTANT) {
        unsigned scale = reader_u8(from);
        int64_t number = unzigzag(varint_read(from));
        if (scale > COLUMN_TEN)
            return false;
        bits = value_bits(scaled(number, scale));
    } else {
        bits = reader_u64(from);
    }
    for (uint32_t i = 0; i < n; i++)
        ret[i] = bits;
    return !from->failed;
}

static bool is_scale(unsigned scale)
{
    return scale <= COLUMN_TEN || (scale > COLUMN_TWO && scale <= COLUMN_TWO + COLUMN_TWO_MAX);
}

static bool read_plan(struct reader *from, struct column_plan *p)
{
    p->scale = reader_u8(from);
    p->guess = reader_u8(from);
    p->factor = p->kind == COLUMN_NUMBERS ? varint_read(from) : 1;
    p->base = (uint64_t)unzigzag(varint_read(from));
    p->drift = p->guess == COLUMN_DRIFT ? unzigzag(varint_read(from)) : 0;
    p->table = reader_u8(from);
    if (from->failed || p->guess > COLUMN_STEP)
        return false;
    if (p->kind == COLUMN_BITS)
        return p->scale < 64;
    return is_scale(p->scale);
}

static bool find_table(struct str tables, unsigned table, struct huffman_reader *ret)
{
    struct reader from = reader_of(tables.ptr, tables.len);

    for (unsigned i = 0; i < table; i++)
        if (!huffman_skip(&from))
            return false;
    return huffman_read(&from, ret);
}

/* What stands in front of a column's values. */
struct front {
    uint8_t first; /* the first byte */
    uint8_t kind;
    uint32_t present;
    struct reader runs, exceptions;
};

static bool read_front(struct reader *from, uint32_t rows, struct front *ret)
{
    *ret = (struct front){.first = reader_u8(from), .present = rows};
    ret->kind = ret->first & COLUMN_KIND;
    if (from->failed || ret->kind > COLUMN_LIKE)
        return false;
    if (ret->kind == COLUMN_LIKE)
        varint_read(from); /* the other one's index */
    ret->runs = *from;
    if ((ret->first & COLUMN_PRESENCE) && !count_present(from, rows, &ret->present))
        return false;
    ret->exceptions = *from;
    return !(ret->first & COLUMN_EXCEPTIONS) || skip_exceptions(from, ret->present);
}

bool column_is_like(struct str bytes, uint64_t *ret)
{
    struct reader from = reader_of(bytes.ptr, bytes.len);

    if ((reader_u8(&from) & COLUMN_KIND) != COLUMN_LIKE)
        return false;
    *ret = varint_read(&from);
    return !from.failed;
}

/* One column that is being read. */
struct lane {
    struct column_job *job;
    struct front front;
    struct column_plan plan;
    uint64_t *values; /* the present ones, at the end of the job's rows */
    struct huffman_reader codes;
    struct number_stream numbers;
};

/* Prepares to read what the numbers of `job` are. */
static bool begin_numbers(struct lane *l, struct reader *from)
{
    struct column_job *job = l->job;
    struct reader there = reader_of(job->other.ptr, job->other.len);
    struct front front;
    struct column_plan own = {.kind = COLUMN_NUMBERS};

    l->plan.kind = l->front.kind;
    if (l->front.kind == COLUMN_LIKE) { /* linear in the numbers of another */
        own.scale = reader_u8(from);
        own.factor = (uint64_t)unzigzag(varint_read(from));
        own.base = (uint64_t)unzigzag(varint_read(from));
        if (from->failed || !is_scale(own.scale) || !read_front(&there, job->rows, &front) ||
            front.kind != COLUMN_NUMBERS || front.present != l->front.present)
            return false;
        l->plan.kind = COLUMN_NUMBERS;
        from = &there;
    }
    if (!read_plan(from, &l->plan) || !find_table(job->tables, l->plan.table, &l->codes))
        return false;
    if (l->front.kind == COLUMN_LIKE) {
        l->plan.scale = own.scale;
        l->plan.factor = own.factor;
        l->plan.base = own.base;
    }
    numbers_begin(&l->numbers, &l->codes, from->at, from->end, job->readable, l->values,
                  l->front.present);
    return true;
}

static bool finish(struct lane *l)
{
    struct column_job *job = l->job;

    if (l->front.first & COLUMN_EXCEPTIONS &&
        !put_exceptions(&l->front.exceptions, l->front.present, l->values))
        return false;
    if (l->front.first & COLUMN_PRESENCE)
        spread(l->front.runs, job->rows, l->front.present, job->ret);
    return true;
}

static bool finish_numbers(struct lane *l)
{
    if (!numbers_good(&l->numbers))
        return false;
    column_undo(&l->plan, l->front.present, l->values);
    return finish(l);
}

/* Begins a column. *ret_done: it is read already. */
static bool begin(struct lane *l, struct column_job *job, bool *ret_done)
{
    struct reader from = reader_of(job->bytes.ptr, job->bytes.len);

    l->job = job;
    if (job->rows > COLUMN_ROWS_MAX || !read_front(&from, job->rows, &l->front))
        return false;
    job->present = l->front.present;
    l->values = job->ret + (job->rows - l->front.present);
    *ret_done = l->front.kind <= COLUMN_CONSTANT_RAW;
    if (!*ret_done)
        return begin_numbers(l, &from);
    return read_constant(&from, l->front.kind, l->front.present, l->values) && finish(l);
}

bool column_decode(struct column_job *jobs, size_t n)
{
    struct lane lanes[NUMBERS_TOGETHER];
    struct lane *free_lanes[NUMBERS_TOGETHER], *busy[NUMBERS_TOGETHER];
    struct number_stream *streams[NUMBERS_TOGETHER];
    unsigned free_len = NUMBERS_TOGETHER, len = 0;

    for (unsigned i = 0; i < NUMBERS_TOGETHER; i++)
        free_lanes[i] = &lanes[i];
    for (size_t at = 0; at < n || len;) {
        for (; at < n && free_len; at++) {
            struct lane *l = free_lanes[free_len - 1];
            bool done;
            if (!begin(l, &jobs[at], &done))
                return false;
            if (done)
                continue;
            free_len--;
            busy[len] = l;
            streams[len++] = &l->numbers;
        }
        if (len)
            numbers_read(streams, len);
        for (unsigned i = 0; i < len;) {
            if (!numbers_through(streams[i])) {
                i++;
                continue;
            }
            if (!finish_numbers(busy[i]))
                return false;
            free_lanes[free_len++] = busy[i];
            busy[i] = busy[--len];
            streams[i] = streams[len];
        }
    }
    return true;
}
