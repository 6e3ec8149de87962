#include "tpu_metrics.h"

#define KEY_MAX 127 /* lengths of one byte */

void tpu_metrics_request(const char *name, struct buf *to)
{
    size_t len = MIN(strlen(name), (size_t)KEY_MAX);

    buf_char(to, 1 << 3 | PROTOBUF_BYTES); /* metric_name */
    buf_char(to, (char)len);
    buf_add(to, name, len);
}

/* ---- distributions ---- */

struct buckets {
    double bounds[TPU_BUCKETS]; /* explicit ones */
    uint64_t counts[TPU_BUCKETS];
    size_t bound_len, count_len;
    bool too_long;
    double growth, scale, width, offset; /* UNKNOWN: not told */
    uint64_t finite;                     /* buckets with two bounds; 0: not told */
    double mean, min, max;
    uint64_t count;
};

static void add_count(struct buckets *b, uint64_t n)
{
    if (b->count_len == TPU_BUCKETS)
        b->too_long = true;
    else
        b->counts[b->count_len++] = n;
}

static void add_bound(struct buckets *b, double bound)
{
    if (b->bound_len == TPU_BUCKETS)
        b->too_long = true;
    else
        b->bounds[b->bound_len++] = bound;
}

static bool read_bounds(struct buckets *b, struct str from)
{
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (f.number == 1 && f.kind == PROTOBUF_FIXED64)
            add_bound(b, protobuf_double(f.value));
        if (!protobuf_is(&f, 1))
            continue;
        if (f.bytes.len % 8)
            return false;
        for (size_t i = 0; i < f.bytes.len; i += 8) {
            double bound;
            memcpy(&bound, f.bytes.ptr + i, sizeof(bound));
            add_bound(b, bound);
        }
    }
    return true;
}

/* How many buckets, and two doubles that make their bounds; proto3 leaves out those that are 0. */
static bool read_rule(struct buckets *b, struct str from, double *second, double *third)
{
    struct protobuf_field f;

    *second = *third = 0;
    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (f.kind == PROTOBUF_VARINT && f.number == 1)
            b->finite = f.value;
        if (f.kind == PROTOBUF_FIXED64 && f.number == 2)
            *second = protobuf_double(f.value);
        if (f.kind == PROTOBUF_FIXED64 && f.number == 3)
            *third = protobuf_double(f.value);
    }
    return true;
}

static bool read_options(struct buckets *b, struct str from)
{
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f) ||
            (protobuf_is(&f, 2) && !read_rule(b, f.bytes, &b->growth, &b->scale)) ||
            (protobuf_is(&f, 3) && !read_bounds(b, f.bytes)) ||
            (protobuf_is(&f, 4) && !read_rule(b, f.bytes, &b->width, &b->offset)))
            return false;
    }
    return true;
}

static bool read_distribution(struct buckets *b, struct str from)
{
    struct protobuf_field f;
    uint64_t n;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (f.number == 1 && f.kind == PROTOBUF_VARINT)
            b->count = f.value;
        if (f.number == 2 && f.kind == PROTOBUF_FIXED64)
            b->mean = protobuf_double(f.value);
        if (f.number == 3 && f.kind == PROTOBUF_FIXED64)
            b->min = protobuf_double(f.value);
        if (f.number == 4 && f.kind == PROTOBUF_FIXED64)
            b->max = protobuf_double(f.value);
        if (protobuf_is(&f, 6) && !read_options(b, f.bytes))
            return false;
        if (f.number == 7 && f.kind == PROTOBUF_VARINT)
            add_count(b, f.value);
        if (protobuf_is(&f, 7))
            while (f.bytes.len) {
                if (!protobuf_varint(&f.bytes, &n))
                    return false;
                add_count(b, n);
            }
    }
    return true;
}

/* The upper bound of bucket `i`; false for the one of all larger values, and where the answer does
 * not tell. */
static bool bound_of(const struct buckets *b, size_t i, double *ret)
{
    bool ruled = b->finite ? i <= b->finite : i + 1 < b->count_len;

    if (ruled && b->growth > 1 && b->scale > 0)
        *ret = b->scale * pow(b->growth, (double)i);
    else if (ruled && b->width > 0)
        *ret = b->offset + b->width * (double)i;
    else if (i < b->bound_len)
        *ret = b->bounds[i];
    else
        return false;
    return isfinite(*ret);
}

static double percentile(const struct buckets *b, double share)
{
    double rank = share * (double)b->count, below = 0, low, high;

    for (size_t i = 0; i < b->count_len; i++) {
        double here = (double)b->counts[i];
        if (here <= 0 || below + here < rank) {
            below += here;
            continue;
        }
        if (!i)
            low = isnan(b->min) ? 0 : b->min; /* times are not negative */
        else if (!bound_of(b, i - 1, &low))
            return UNKNOWN;
        if (!bound_of(b, i, &high))
            high = b->max;
        if (!isnan(b->max))
            high = MIN(high, b->max);
        double value = low + (high - low) * (rank - below) / here;
        return high >= low && low >= 0 && isfinite(value) ? value : UNKNOWN;
    }
    return UNKNOWN;
}

static bool take_distribution(struct tpu_point *p, struct str from)
{
    static const double shares[NPU_EXEC_TIMES] = {0, 0.5, 0.9, 0.95, 0.999};
    struct buckets b = {.growth = UNKNOWN,
                        .scale = UNKNOWN,
                        .width = UNKNOWN,
                        .offset = UNKNOWN,
                        .mean = UNKNOWN,
                        .min = UNKNOWN,
                        .max = UNKNOWN};

    if (!read_distribution(&b, from))
        return false;
    if (!b.count || b.count > INT64_MAX)
        return true; /* nothing ran */
    p->count = b.count;
    if (b.mean >= 0 && isfinite(b.mean))
        p->times[0] = b.mean;
    for (size_t i = 1; i < NPU_EXEC_TIMES && !b.too_long; i++)
        p->times[i] = percentile(&b, shares[i]);
    return true;
}

/* ---- points ---- */

static bool is_device_key(struct str key)
{
    return str_is(key, "device_ordinal") || str_is(key, "device-id") || str_is(key, "device_id");
}

/* An attribute of a list: its value is the device's number, in one of both spellings, if its key
 * says so. */
static bool read_listed(struct str from, bool *named, uint64_t *device)
{
    struct str key = STR(""), value = STR("");
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (protobuf_is(&f, 1))
            key = f.bytes;
        if (protobuf_is(&f, 2))
            value = f.bytes;
    }
    while (value.len) {
        if (!protobuf_next(&value, &f))
            return false;
        if (!is_device_key(key))
            continue;
        if (protobuf_is(&f, 1) && num_parse_u64(f.bytes, device))
            *named = true;
        if (f.number == 3 && f.kind == PROTOBUF_VARINT) {
            *device = f.value;
            *named = true;
        }
    }
    return true;
}

static bool read_list(struct str from, bool *named, uint64_t *device)
{
    struct protobuf_field f;

    while (from.len)
        if (!protobuf_next(&from, &f) ||
            (protobuf_is(&f, 1) && !read_listed(f.bytes, named, device)))
            return false;
    return true;
}

static bool read_attribute(struct str from, bool *named, uint64_t *device)
{
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        for (struct str value = protobuf_is(&f, 2) ? f.bytes : STR(""); value.len;) {
            struct protobuf_field v;
            if (!protobuf_next(&value, &v) ||
                (protobuf_is(&v, 6) && !read_list(v.bytes, named, device)))
                return false;
            if (v.number == 3 && v.kind == PROTOBUF_VARINT) {
                *device = v.value;
                *named = true;
            }
        }
    }
    return true;
}

static bool read_gauge(struct tpu_point *p, struct str from)
{
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (f.number == 1 && f.kind == PROTOBUF_FIXED64)
            p->value = protobuf_double(f.value);
        if (f.number == 2 && f.kind == PROTOBUF_VARINT)
            p->value = (double)(int64_t)f.value;
    }
    if (!isfinite(p->value))
        p->value = UNKNOWN;
    return true;
}

static bool read_point(struct str from, struct tpu_point *p, bool *named)
{
    struct protobuf_field f;

    *p = (struct tpu_point){.value = UNKNOWN};
    for (size_t i = 0; i < NPU_EXEC_TIMES; i++)
        p->times[i] = UNKNOWN;
    *named = false;
    while (from.len)
        if (!protobuf_next(&from, &f) ||
            (protobuf_is(&f, 1) && !read_attribute(f.bytes, named, &p->device)) ||
            (protobuf_is(&f, 3) && !read_gauge(p, f.bytes)) ||
            (protobuf_is(&f, 5) && !take_distribution(p, f.bytes)))
            return false;
    return true;
}

/* 0, or a negative errno. */
static int read_metric(struct str from, struct tpu_point *to, size_t *len)
{
    struct protobuf_field f;
    bool named;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return -EBADMSG;
        if (!protobuf_is(&f, 3))
            continue;
        if (*len == TPU_POINTS)
            return -EFBIG;
        if (!read_point(f.bytes, &to[*len], &named))
            return -EBADMSG;
        *len += named;
    }
    return 0;
}

int tpu_metrics_parse(struct str message, struct tpu_point to[TPU_POINTS], size_t *ret_len,
                      struct error *err)
{
    struct protobuf_field f;
    int code = 0;

    *ret_len = 0;
    while (!code && message.len) {
        if (!protobuf_next(&message, &f))
            code = -EBADMSG;
        else if (protobuf_is(&f, 1))
            code = read_metric(f.bytes, to, ret_len);
    }
    if (code)
        *ret_len = 0;
    if (code == -EFBIG)
        return error_set(err, code, "more than %d points", TPU_POINTS);
    return code ? error_set(err, code, "libtpu's answer is damaged") : 0;
}
