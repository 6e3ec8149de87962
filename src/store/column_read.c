/* column_read.c - decoding the values of one series in one block. Any bytes may come: every length
 * is checked, arithmetic wraps. */
#include "store/column.h"

#include "store/column_format.h"

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

/* Puts the present values into their rows; `runs` was checked by count_present(). */
static void spread(struct reader runs, uint32_t rows, const uint64_t *values, uint64_t *ret)
{
    bool present = false;

    for (uint32_t at = 0; at < rows; present = !present) {
        uint32_t run = (uint32_t)varint_read(&runs);
        for (uint32_t i = 0; i < run; i++)
            ret[at + i] = present ? *values++ : VALUE_ABSENT_BITS;
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

struct plan {
    uint8_t kind;
    unsigned scale, guess, table;
    uint64_t factor, base;
    int64_t drift;
};

static bool is_scale(unsigned scale)
{
    return scale <= COLUMN_TEN || (scale > COLUMN_TWO && scale <= COLUMN_TWO + COLUMN_TWO_MAX);
}

static bool read_plan(struct reader *from, struct plan *p)
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

/* Decodes the bit stream into residuals. */
static bool read_symbols(const struct huffman_reader *h, struct reader *from, uint32_t n,
                         uint64_t *ret)
{
    struct bit_reader bits = bit_reader_of(from->at, from->end);

    for (uint32_t i = 0; i < n;) {
        bits_fill(&bits);
        unsigned symbol = huffman_take(h, &bits);
        if (symbol == 0) {
            ret[i++] = 0;
        } else if (symbol < HUFFMAN_CLASSES) {
            unsigned more = symbol - 1;
            uint64_t u = 1;
            if (more > 32) {
                u = u << (more - 32) | bits_take(&bits, more - 32);
                more = 32;
                bits_fill(&bits);
            }
            if (more)
                u = u << more | bits_take(&bits, more);
            ret[i++] = u;
        } else if (symbol < HUFFMAN_SYMBOLS) {
            unsigned more = symbol - HUFFMAN_CLASSES + 1;
            uint64_t run = UINT64_C(1) << more | bits_take(&bits, more);
            if (run > n - i)
                return false;
            memset(ret + i, 0, run * sizeof(*ret));
            i += (uint32_t)run;
        } else {
            return false;
        }
    }
    return !bits_overrun(&bits);
}

/* Adds up residuals to integers, in place. */
static void undo_guess(const struct plan *p, uint32_t n, uint64_t *x)
{
    uint64_t last = 0, before = 0;

    if (p->guess == COLUMN_QUARTERS || p->guess == COLUMN_DRIFT) {
        for (uint32_t i = 0; i < n; i++)
            x[i] = last += (uint64_t)unzigzag(x[i]) + (uint64_t)p->drift;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t expect =
            p->guess == COLUMN_STEP ? last + last - before : guess_quarters(last, p->guess);
        before = last;
        x[i] = last = expect + (uint64_t)unzigzag(x[i]);
    }
}

static void to_values(const struct plan *p, uint32_t n, uint64_t *x)
{
    if (p->kind == COLUMN_BITS) {
        for (uint32_t i = 0; i < n; i++)
            x[i] = bits_ordered(x[i] + p->base) << p->scale;
    } else if (p->scale <= COLUMN_TEN) {
        double power = column_powers[p->scale];
        for (uint32_t i = 0; i < n; i++)
            x[i] = value_bits((double)(int64_t)(x[i] * p->factor + p->base) / power);
    } else {
        double power = ldexp(1, -(int)(p->scale - COLUMN_TWO));
        for (uint32_t i = 0; i < n; i++)
            x[i] = value_bits((double)(int64_t)(x[i] * p->factor + p->base) * power);
    }
}

/* Reads what x is, into `ret[n]`. */
static bool read_x(struct str tables, struct reader *from, struct plan *p, uint32_t n,
                   uint64_t *ret)
{
    struct huffman_reader h;

    if (!read_plan(from, p) || !find_table(tables, p->table, &h) || !read_symbols(&h, from, n, ret))
        return false;
    undo_guess(p, n, ret);
    return true;
}

static bool read_series(struct str tables, struct reader *from, uint8_t kind, uint32_t n,
                        uint64_t *ret)
{
    struct plan p = {.kind = kind};

    if (!read_x(tables, from, &p, n, ret))
        return false;
    to_values(&p, n, ret);
    return true;
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

/* Numbers that are linear in those of the column `other`. */
static bool read_like(struct str tables, struct reader *from, struct str other, uint32_t rows,
                      uint32_t n, uint64_t *ret)
{
    struct reader there = reader_of(other.ptr, other.len);
    struct plan p = {.kind = COLUMN_NUMBERS}, own = {.kind = COLUMN_NUMBERS};
    struct front front;

    own.scale = reader_u8(from);
    own.factor = (uint64_t)unzigzag(varint_read(from));
    own.base = (uint64_t)unzigzag(varint_read(from));
    if (from->failed || !is_scale(own.scale) || !read_front(&there, rows, &front) ||
        front.kind != COLUMN_NUMBERS || front.present != n || !read_x(tables, &there, &p, n, ret))
        return false;
    to_values(&own, n, ret);
    return true;
}

bool column_is_like(struct str bytes, uint64_t *ret)
{
    struct reader from = reader_of(bytes.ptr, bytes.len);

    if ((reader_u8(&from) & COLUMN_KIND) != COLUMN_LIKE)
        return false;
    *ret = varint_read(&from);
    return !from.failed;
}

bool column_decode(struct str tables, struct str bytes, struct str other, uint32_t rows,
                   uint64_t *ret, uint32_t *ret_present)
{
    uint64_t scattered[COLUMN_ROWS_MAX];
    struct reader from = reader_of(bytes.ptr, bytes.len);
    struct front f;

    if (rows > COLUMN_ROWS_MAX || !read_front(&from, rows, &f))
        return false;
    bool gaps = f.first & COLUMN_PRESENCE, good;
    uint64_t *values = gaps ? scattered : ret;
    if (f.kind <= COLUMN_CONSTANT_RAW)
        good = read_constant(&from, f.kind, f.present, values);
    else if (f.kind == COLUMN_LIKE)
        good = read_like(tables, &from, other, rows, f.present, values);
    else
        good = read_series(tables, &from, f.kind, f.present, values);
    if (good && (f.first & COLUMN_EXCEPTIONS))
        good = put_exceptions(&f.exceptions, f.present, values);
    if (good && gaps)
        spread(f.runs, rows, values, ret);
    *ret_present = f.present;
    return good;
}
