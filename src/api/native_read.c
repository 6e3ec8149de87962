/* native_read.c - reads VictoriaMetrics' native format (native.h). Nothing in it is trusted. */
#include "api/native.h"

#include "remote/remote.h"

#include <stdlib.h>

#define VARINT_BYTES  10
#define PACKED_MAX    ((size_t)NATIVE_ROWS_MAX * VARINT_BYTES)
#define SCALE_MAX     400 /* beyond, every value is 0 or infinite */
#define EXACT_POWER   27  /* the highest power of ten that a long double holds */
#define FULL_BITS     64
#define MISTAKE_BYTES 100

struct bytes {
    const uint8_t *at, *end;
    bool failed;
};

struct native {
    import_push *push;
    void *ctx;
    struct labels extra;
    struct import_result *result;
    struct arena arena; /* of one block's name */
    int64_t min_ms, max_ms;
    int64_t times[NATIVE_ROWS_MAX], values[NATIVE_ROWS_MAX];
    struct store_sample samples[NATIVE_ROWS_MAX];
    struct buf unpacked;
};

/* What a block says of itself. */
struct head {
    int64_t first_ms, last_ms, first, scale;
    uint64_t rows;
    uint8_t times, values, bits;
};

static uint64_t take_fixed(struct bytes *b, size_t n)
{
    uint64_t v = 0;

    if ((size_t)(b->end - b->at) < n) {
        b->failed = true;
        return 0;
    }
    for (; n; n--)
        v = v << 8 | *b->at++;
    return v;
}

static struct bytes take_part(struct bytes *b, uint64_t n)
{
    struct bytes part = {b->at, b->at, false};

    if ((uint64_t)(b->end - b->at) < n) {
        b->failed = true;
        return part;
    }
    b->at += n;
    part.end = b->at;
    return part;
}

static uint64_t take_varint(struct bytes *b)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < VARINT_BYTES && b->at < b->end; i++) {
        uint8_t byte = *b->at++;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return v;
    }
    b->failed = true;
    return 0;
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* ---- names ---- */

/* One text up to its 01, the escaped bytes undone; false when it is torn. */
static bool take_text(struct bytes *b, struct arena *a, struct str *ret)
{
    const uint8_t *end = b->at < b->end ? memchr(b->at, 1, (size_t)(b->end - b->at)) : NULL;
    char *copy = end ? arena_alloc(a, (size_t)(end - b->at) + 1) : NULL;
    size_t n = 0;

    if (!copy)
        return false;
    for (; b->at < end; b->at++) {
        if (*b->at) {
            copy[n++] = (char)*b->at;
            continue;
        }
        if (++b->at == end || *b->at < '0' || *b->at > '2')
            return false;
        copy[n++] = (char)(*b->at - '0');
    }
    b->at++;
    *ret = str_make(copy, n);
    return true;
}

static bool take_name(struct native *in, struct bytes name, struct label_builder *to,
                      struct labels *ret)
{
    struct labels none = {0};
    struct str key, value;

    arena_reset(&in->arena);
    label_builder_init(to, none);
    if (!take_text(&name, &in->arena, &value) || value.len > LABEL_VALUE_MAX)
        return false;
    label_builder_set(to, STR("__name__"), value);
    while (name.at < name.end) {
        if (!take_text(&name, &in->arena, &key) || !take_text(&name, &in->arena, &value) ||
            !key.len || key.len > LABEL_NAME_MAX || value.len > LABEL_VALUE_MAX)
            return false;
        label_builder_set(to, key, value);
    }
    for (size_t i = 0; i < in->extra.len; i++)
        label_builder_set(to, in->extra.items[i].name, in->extra.items[i].value);
    return !label_builder_view(to, ret, NULL) && labels_name(*ret).len;
}

/* ---- integers ---- */

static bool take_steps(struct bytes b, int64_t first, size_t n, bool growth, int64_t *to)
{
    int64_t step = 0;

    to[0] = first;
    for (size_t i = 1; i < n; i++) {
        int64_t v = unzigzag(take_varint(&b));
        step = growth ? plus(step, v) : v;
        to[i] = plus(to[i - 1], step);
    }
    return !b.failed && b.at == b.end;
}

static bool unpack(struct native *in, struct bytes b, uint8_t packing, int64_t first, size_t n,
                   int64_t *to)
{
    int64_t step = packing == NATIVE_STEP ? unzigzag(take_varint(&b)) : 0;

    switch (packing) {
    case NATIVE_STEP:
    case NATIVE_CONSTANT:
        for (size_t i = 0; i < n; i++, first = plus(first, step))
            to[i] = first;
        return !b.failed && b.at == b.end;
    case NATIVE_STEPS:
    case NATIVE_GROWTH:
        return take_steps(b, first, n, packing == NATIVE_GROWTH, to);
    case NATIVE_ZSTD_STEPS:
    case NATIVE_ZSTD_GROWTH:
        buf_reset(&in->unpacked);
        if (zstd_decode(str_make((const char *)b.at, (size_t)(b.end - b.at)), PACKED_MAX,
                        &in->unpacked, NULL))
            return false;
        b = (struct bytes){(const uint8_t *)in->unpacked.ptr,
                           (const uint8_t *)in->unpacked.ptr + in->unpacked.len, false};
        return take_steps(b, first, n, packing == NATIVE_ZSTD_GROWTH, to);
    default:
        return false;
    }
}

/* ---- blocks ---- */

static double value_of(int64_t v, int scale)
{
    long double power = 1;

    if (v == NATIVE_STALE)
        return value_stale();
    if (v == NATIVE_PLUS_INFINITY || v == NATIVE_MINUS_INFINITY)
        return v > 0 ? (double)INFINITY : (double)-INFINITY;
    if (abs(scale) > EXACT_POWER)
        return (double)((long double)v * powl(10.0L, scale));
    for (int i = abs(scale); i; i--)
        power *= 10.0L;
    return (double)(scale < 0 ? (long double)v / power : (long double)v * power);
}

/* `early`: as the first releases wrote it. */
static bool take_head(struct bytes *b, bool early, struct head *h)
{
    h->first_ms = unzigzag(take_varint(b));
    h->last_ms = early ? INT64_MAX : unzigzag(take_varint(b));
    h->first = unzigzag(take_varint(b));
    h->rows = take_varint(b);
    h->scale = unzigzag(take_varint(b));
    h->times = (uint8_t)take_fixed(b, 1);
    h->values = (uint8_t)take_fixed(b, 1);
    h->bits = early ? FULL_BITS : (uint8_t)take_fixed(b, 1);
    return !b->failed && h->rows && h->rows <= NATIVE_ROWS_MAX && h->scale >= -SCALE_MAX &&
           h->scale <= SCALE_MAX && h->bits && h->bits <= FULL_BITS;
}

static bool unpack_block(struct native *in, struct bytes b, bool early, struct head *h)
{
    if (!take_head(&b, early, h))
        return false;
    struct bytes times = take_part(&b, take_varint(&b));
    struct bytes values = take_part(&b, take_varint(&b));
    return !b.failed && b.at == b.end &&
           unpack(in, times, h->times, h->first_ms, h->rows, in->times) &&
           unpack(in, values, h->values, h->first, h->rows, in->values);
}

/* Fills in->samples; what is wrong, or NULL. Times come in order; where a block was packed with
 * fewer bits they are only nearly so. */
static const char *take_block(struct native *in, struct bytes b, struct labels labels, size_t *ret)
{
    struct head h = {0};

    *ret = 0;
    if (!unpack_block(in, b, false, &h) && !unpack_block(in, b, true, &h))
        return "its numbers cannot be unpacked";
    for (size_t i = 0; i < h.rows; i++) {
        int64_t at =
            h.bits < FULL_BITS ? MIN(MAX(in->times[i], h.first_ms), h.last_ms) : in->times[i];
        if (at < h.first_ms || at > h.last_ms)
            return "a time lies outside of the block's";
        if (at >= in->min_ms && at <= in->max_ms)
            in->samples[(*ret)++] =
                (struct store_sample){labels, at, value_of(in->values[i], (int)h.scale)};
    }
    return NULL;
}

static void note(struct native *in, size_t number, const char *what)
{
    in->result->lines_refused++;
    if (!in->result->first_error[0])
        snprintf(in->result->first_error, sizeof(in->result->first_error), "block %zu: %.*s",
                 number, MISTAKE_BYTES, what);
}

static int push(struct native *in, size_t n, struct error *err)
{
    struct store_push_result pushed = {0};
    int code = n ? in->push(in->ctx, in->samples, n, &pushed, err) : 0;

    in->result->samples += pushed.kept;
    in->result->too_old += pushed.too_old;
    in->result->refused += pushed.refused;
    if (pushed.example[0] && !in->result->first_error[0])
        snprintf(in->result->first_error, sizeof(in->result->first_error), "%s", pushed.example);
    return code;
}

static struct bytes take_sized(struct bytes *b)
{
    uint64_t n = take_fixed(b, 4);

    b->failed = b->failed || n > NATIVE_PART_MAX;
    return take_part(b, b->failed ? 0 : n);
}

static int take_stream(struct native *in, struct bytes b, struct error *err)
{
    int code = 0;

    in->min_ms = unzigzag(take_fixed(&b, 8));
    in->max_ms = unzigzag(take_fixed(&b, 8));
    for (size_t number = 1; !code && (b.at < b.end || b.failed); number++) {
        struct bytes name = take_sized(&b), block = take_sized(&b);
        struct label_builder builder;
        struct labels labels;
        const char *wrong = "its name cannot be read";
        size_t n = 0;
        if (b.failed) {
            note(in, number, "the stream ends within it, or it is no native stream");
            break;
        }
        if (take_name(in, name, &builder, &labels))
            wrong = take_block(in, block, labels, &n);
        if (wrong)
            note(in, number, wrong);
        else
            code = push(in, n, err);
    }
    return code;
}

int native_read(struct str body, struct labels extra, import_push *push_samples, void *ctx,
                struct import_result *ret, struct error *err)
{
    struct native *in = calloc(1, sizeof(*in));
    const uint8_t *at = (const uint8_t *)body.ptr;

    if (!in)
        return error_errno(err, -ENOMEM, "import");
    in->push = push_samples;
    in->ctx = ctx;
    in->extra = extra;
    in->result = ret;
    arena_init(&in->arena, (size_t)NATIVE_PART_MAX * 4);
    int code = take_stream(in, (struct bytes){at, at + body.len, false}, err);
    arena_fini(&in->arena);
    buf_fini(&in->unpacked);
    free(in);
    return code;
}
