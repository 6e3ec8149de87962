/* native_write.c - series as blocks of VictoriaMetrics' native format (native.h). */
#include "api/native.h"

#include "remote/remote.h"

#include <limits.h>
#include <stdlib.h>

#define COMPRESS_MIN   128 /* bytes; below it Zstandard gains nothing */
#define DIGITS_MAX     18  /* of an integer: all of them fit, and none is a special value */
#define PRECISION_BITS 64

struct decimal {
    int64_t digits;
    int scale; /* the value is digits * 10^scale */
};

struct native_writer {
    struct decimal decimals[NATIVE_ROWS];
    int64_t times[NATIVE_ROWS], values[NATIVE_ROWS];
    size_t len;
    int scale, top; /* the lowest scale, and the place before the highest digit */
    struct buf name, block, ints;
};

static void put_u32(struct buf *to, uint32_t v)
{
    const uint8_t bytes[] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    buf_add(to, bytes, sizeof(bytes));
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static void put_varint(struct buf *to, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_char(to, (char)(v | 0x80));
    buf_char(to, (char)v);
}

void native_print_header(int64_t min_ms, int64_t max_ms, struct buf *to)
{
    const uint64_t times[] = {zigzag(min_ms), zigzag(max_ms)};

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        put_u32(to, (uint32_t)(times[i] >> 32));
        put_u32(to, (uint32_t)times[i]);
    }
}

struct native_writer *native_writer_new(void)
{
    return xnew(struct native_writer);
}

void native_writer_free(struct native_writer *w)
{
    if (!w)
        return;
    buf_fini(&w->name);
    buf_fini(&w->block);
    buf_fini(&w->ints);
    free(w);
}

/* ---- names ---- */

static void put_text(struct buf *to, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i]; /* plain char has a sign or not, by machine */
        if (c <= 2) {
            buf_char(to, '\0');
            c = (unsigned char)('0' + c);
        }
        buf_char(to, (char)c);
    }
    buf_char(to, '\1');
}

static void print_name(struct labels labels, struct buf *to)
{
    put_text(to, labels_name(labels));
    for (size_t i = 0; i < labels.len; i++) {
        if (str_is(labels.items[i].name, "__name__"))
            continue;
        put_text(to, labels.items[i].name);
        put_text(to, labels.items[i].value);
    }
}

/* ---- values ---- */

static bool is_special(double v)
{
    return isinf(v) || value_is_stale(v);
}

static int64_t special_of(double v)
{
    return !isinf(v) ? NATIVE_STALE : v > 0 ? NATIVE_PLUS_INFINITY : NATIVE_MINUS_INFINITY;
}

/* The shortest decimal that reads back as `v`, without zeros at its end. */
static struct decimal decimal_of(double v)
{
    char text[NUM_MAX_TEXT];
    size_t n = num_print(text, v), i = 0;
    bool minus = text[0] == '-', fraction = false;
    int64_t digits = 0, exponent = 0;
    int scale = 0, zeros = 0;

    for (i = minus; i < n && text[i] != 'e'; i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        scale -= fraction;
        zeros++; /* as if it were one */
        if (text[i] == '0')
            continue;
        for (; zeros; zeros--)
            digits *= 10;
        digits += text[i] - '0';
    }
    if (i + 1 < n) {
        i += text[i + 1] == '+';
        if (!num_parse_i64(str_make(text + i + 1, n - i - 1), &exponent))
            exponent = 0; /* num_print() writes none that does not read back */
    }
    return digits ? (struct decimal){minus ? -digits : digits, scale + zeros + (int)exponent}
                  : (struct decimal){0, 0};
}

static int places(int64_t digits)
{
    int n = 0;

    for (; digits; digits /= 10)
        n++;
    return n;
}

/* Adds a row; false when its value has too few digits in common with the others of the block. */
static bool add_row(struct native_writer *w, int64_t ts_ms, double value)
{
    struct decimal d = {0, 0};
    bool special = is_special(value);

    if (!special)
        d = decimal_of(value);
    if (d.digits) {
        int top = d.scale + places(d.digits);
        bool first = w->top == INT_MIN;
        int new_scale = first ? d.scale : MIN(w->scale, d.scale);
        int new_top = MAX(w->top, top);
        if (new_top - new_scale > DIGITS_MAX)
            return false;
        w->scale = new_scale;
        w->top = new_top;
    }
    w->values[w->len] = special ? special_of(value) : 0;
    w->decimals[w->len] = d;
    w->times[w->len++] = ts_ms;
    return true;
}

static void begin_block(struct native_writer *w)
{
    w->len = 0;
    w->scale = 0;
    w->top = INT_MIN;
}

static void scale_values(struct native_writer *w)
{
    for (size_t i = 0; i < w->len; i++) {
        struct decimal d = w->decimals[i];
        if (!d.digits)
            continue;
        for (; d.scale > w->scale; d.scale--)
            d.digits *= 10;
        w->values[i] = d.digits;
    }
}

/* ---- integers ---- */

/* Differences wrap around, as the reader's sums do. */
static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static bool have_one_step(const int64_t *v, size_t n)
{
    for (size_t i = 2; i < n; i++)
        if (minus(v[i], v[i - 1]) != minus(v[1], v[0]))
            return false;
    return true;
}

static void put_steps(const int64_t *v, size_t n, bool growth, struct buf *to)
{
    int64_t before = 0;

    for (size_t i = 1; i < n; i++) {
        int64_t step = minus(v[i], v[i - 1]);
        put_varint(to, zigzag(growth ? minus(step, before) : step));
        before = step;
    }
}

/* Packs integers into w->ints. */
static int pack(struct native_writer *w, const int64_t *v, size_t n, bool growth,
                enum native_packing *ret, struct error *err)
{
    struct buf packed;
    int code = 0;

    buf_reset(&w->ints);
    if (have_one_step(v, n)) {
        bool constant = n == 1 || v[0] == v[1];
        *ret = constant ? NATIVE_CONSTANT : NATIVE_STEP;
        if (!constant)
            put_varint(&w->ints, zigzag(minus(v[1], v[0])));
        return 0;
    }
    put_steps(v, n, growth, &w->ints);
    *ret = growth ? NATIVE_GROWTH : NATIVE_STEPS;
    if (w->ints.len < COMPRESS_MIN)
        return 0;
    buf_init(&packed, 0);
    code = zstd_encode(buf_str(&w->ints), &packed, err);
    if (!code && packed.len < w->ints.len) {
        buf_reset(&w->ints);
        buf_str_add(&w->ints, buf_str(&packed));
        *ret = growth ? NATIVE_ZSTD_GROWTH : NATIVE_ZSTD_STEPS;
    }
    buf_fini(&packed);
    return code;
}

/* ---- blocks ---- */

static int print_block(struct native_writer *w, struct buf *to, struct error *err)
{
    enum native_packing times = NATIVE_CONSTANT, values = NATIVE_CONSTANT;
    struct buf *b = &w->block;
    struct buf packed_times;

    if (!w->len)
        return 0;
    scale_values(w);
    int code = pack(w, w->times, w->len, true, &times, err);
    packed_times = w->ints;
    buf_init(&w->ints, 0);
    if (!code)
        code = pack(w, w->values, w->len, false, &values, err);
    if (!code) {
        buf_reset(b);
        put_varint(b, zigzag(w->times[0]));
        put_varint(b, zigzag(w->times[w->len - 1]));
        put_varint(b, zigzag(w->values[0]));
        put_varint(b, w->len);
        put_varint(b, zigzag(w->scale));
        buf_char(b, (char)times);
        buf_char(b, (char)values);
        buf_char(b, PRECISION_BITS);
        put_varint(b, packed_times.len);
        buf_str_add(b, buf_str(&packed_times));
        put_varint(b, w->ints.len);
        buf_str_add(b, buf_str(&w->ints));
        put_u32(to, (uint32_t)w->name.len);
        buf_str_add(to, buf_str(&w->name));
        put_u32(to, (uint32_t)b->len);
        buf_str_add(to, buf_str(b));
    }
    buf_fini(&packed_times);
    return code;
}

int native_print(struct native_writer *w, struct labels labels, const struct column *c,
                 struct buf *to, struct error *err)
{
    int code = 0;

    buf_reset(&w->name);
    print_name(labels, &w->name);
    begin_block(w);
    for (size_t i = 0; i < c->len && !code; i++) {
        double v = c->values[i];
        if (isnan(v) && !value_is_stale(v))
            continue;
        if (w->len < NATIVE_ROWS && add_row(w, c->ts_ms[i], v))
            continue;
        code = print_block(w, to, err);
        begin_block(w);
        if (!code && !add_row(w, c->ts_ms[i], v))
            code = error_set(err, -ERANGE, "%g has more digits than a block takes", v);
    }
    return code ? code : print_block(w, to, err);
}
