/* write_request.c - the fields of prometheus.WriteRequest that are read and written, by their
 * numbers in Prometheus' prompb/remote.proto and prompb/types.proto:
 *
 *   WriteRequest    1 TimeSeries...  3 MetricMetadata...
 *   TimeSeries      1 Label...  2 Sample...  3 Exemplar...  4 Histogram...
 *   Label           1 name  2 value
 *   Sample          1 value (double)  2 timestamp (int64, ms)
 *   MetricMetadata  1 type (enum)  2 family  4 help  5 unit
 *
 * Other fields are passed over, as protobuf wants it. */
#include "remote/write_request.h"

/* How protobuf puts a field on the wire: the low three bits of its tag. */
enum wire {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_32 = 5
};

#define DOUBLE_BYTES 8u
#define VARINT_MAX   10u /* bytes */

static const char *const type_names[] = {"unknown",        "counter", "gauge", "histogram",
                                         "gaugehistogram", "summary", "info",  "stateset"};

struct field {
    uint64_t number;
    enum wire wire;
    uint64_t value;   /* of WIRE_VARINT */
    struct str bytes; /* of the others */
};

/* ---- reading ---- */

static bool take_varint(struct str *from, uint64_t *ret)
{
    uint64_t n = 0;

    for (size_t i = 0; i < VARINT_MAX && i < from->len; i++) {
        uint64_t byte = (unsigned char)from->ptr[i];
        n |= (byte & 127) << (7 * i);
        if (byte < 128) {
            *from = str_make(from->ptr + i + 1, from->len - i - 1);
            *ret = n;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct str *from, uint64_t n, struct str *ret)
{
    if (n > from->len)
        return false;
    *ret = str_make(from->ptr, (size_t)n);
    *from = str_make(from->ptr + n, from->len - (size_t)n);
    return true;
}

/* Takes a field; false when none stands there. */
static bool take_field(struct str *from, struct field *ret)
{
    uint64_t tag, len;

    if (!take_varint(from, &tag) || !(tag >> 3))
        return false;
    *ret = (struct field){.number = tag >> 3, .wire = (enum wire)(tag & 7)};
    switch (ret->wire) {
    case WIRE_VARINT:
        return take_varint(from, &ret->value);
    case WIRE_64:
        return take_bytes(from, DOUBLE_BYTES, &ret->bytes);
    case WIRE_BYTES:
        return take_varint(from, &len) && take_bytes(from, len, &ret->bytes);
    case WIRE_32:
        return take_bytes(from, 4, &ret->bytes);
    }
    return false; /* groups, which nothing has used since 2008 */
}

static bool is_field(const struct field *f, uint64_t number, enum wire wire)
{
    return f->number == number && f->wire == wire;
}

static bool read_sample(struct str from, struct write_sample *ret)
{
    struct field f;

    *ret = (struct write_sample){0};
    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (is_field(&f, 1, WIRE_64)) {
            uint64_t bits = 0;
            for (size_t i = 0; i < DOUBLE_BYTES; i++)
                bits |= (uint64_t)(unsigned char)f.bytes.ptr[i] << (8 * i);
            ret->value = value_of_bits(bits);
        } else if (is_field(&f, 2, WIRE_VARINT)) {
            ret->ts_ms = (int64_t)f.value;
        }
    }
    return true;
}

/* What is wrong with a label beside those there already; NULL: nothing. */
static const char *fault_of(const struct label_builder *b, struct str name, struct str value)
{
    bool is_name = str_is(name, LABEL_NAME);

    if (!label_name_is_valid(name))
        return "a label name is not valid";
    if (name.len > LABEL_NAME_MAX || value.len > LABEL_VALUE_MAX)
        return "a label is too long";
    if (!str_is_utf8(value))
        return "a label value is not UTF-8";
    if (is_name && value.len && !metric_name_is_valid(value))
        return "the metric name is not valid";
    if (label_builder_get(b, name).len)
        return "a label stands there twice";
    return NULL;
}

static bool read_label(struct str from, struct write_item *item)
{
    struct str name = STR(""), value = STR("");
    struct field f;

    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (is_field(&f, 1, WIRE_BYTES))
            name = f.bytes;
        else if (is_field(&f, 2, WIRE_BYTES))
            value = f.bytes;
    }
    if (!item->fault)
        item->fault = fault_of(&item->builder, name, value);
    if (!item->fault)
        label_builder_set(&item->builder, name, value);
    return true;
}

static bool read_series(struct str from, struct write_item *item)
{
    struct write_sample sample;
    struct field f;

    item->kind = WRITE_SERIES;
    item->rest = from;
    label_builder_init(&item->builder, (struct labels){0});
    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (is_field(&f, 1, WIRE_BYTES) && !read_label(f.bytes, item))
            return false;
        if (is_field(&f, 2, WIRE_BYTES)) {
            if (!read_sample(f.bytes, &sample))
                return false;
            item->samples++;
        }
        item->histograms += is_field(&f, 4, WIRE_BYTES);
    }
    if (!item->fault && label_builder_view(&item->builder, &item->labels, NULL))
        item->fault = "too many labels";
    if (!item->fault && !item->labels.len)
        item->fault = "a series has no labels";
    return true;
}

static bool read_metadata(struct str from, struct write_item *item)
{
    struct field f;

    item->kind = WRITE_METADATA;
    item->type = str_of(type_names[0]);
    item->family = item->help = item->unit = STR("");
    while (from.len) {
        if (!take_field(&from, &f))
            return false;
        if (is_field(&f, 1, WIRE_VARINT) && f.value < ARRAY_LEN(type_names))
            item->type = str_of(type_names[f.value]);
        else if (is_field(&f, 2, WIRE_BYTES))
            item->family = f.bytes;
        else if (is_field(&f, 4, WIRE_BYTES))
            item->help = f.bytes;
        else if (is_field(&f, 5, WIRE_BYTES))
            item->unit = f.bytes;
    }
    return true;
}

int write_reader_next(struct write_reader *r, struct write_item *ret, struct error *err)
{
    struct field f;

    ret->kind = WRITE_END;
    ret->labels = (struct labels){0};
    ret->fault = NULL;
    ret->samples = ret->histograms = 0;
    while (r->rest.len && ret->kind == WRITE_END) {
        bool good = take_field(&r->rest, &f);
        if (good && is_field(&f, 1, WIRE_BYTES))
            good = read_series(f.bytes, ret);
        else if (good && is_field(&f, 3, WIRE_BYTES))
            good = read_metadata(f.bytes, ret);
        if (!good) {
            r->rest.len = 0;
            return error_set(err, -EBADMSG, "the body is not a WriteRequest of remote write 1.0");
        }
    }
    return 0;
}

bool write_item_sample(struct write_item *item, struct write_sample *ret)
{
    struct field f;

    while (item->rest.len && take_field(&item->rest, &f))
        if (is_field(&f, 2, WIRE_BYTES))
            return read_sample(f.bytes, ret);
    return false;
}

/* ---- writing ---- */

static size_t varint_len(uint64_t n)
{
    size_t len = 1;

    while (n >>= 7)
        len++;
    return len;
}

static size_t put_varint(char *to, uint64_t n)
{
    size_t len = 0;

    for (; n > 127; n >>= 7)
        to[len++] = (char)((n & 127) | 128);
    to[len++] = (char)n;
    return len;
}

static void add_varint(struct buf *to, uint64_t n)
{
    char bytes[VARINT_MAX];

    buf_add(to, bytes, put_varint(bytes, n));
}

static void add_head(struct buf *to, unsigned number, uint64_t len)
{
    buf_char(to, (char)((number << 3) | WIRE_BYTES));
    add_varint(to, len);
}

static size_t bytes_len(struct str s)
{
    return 1 + varint_len(s.len) + s.len;
}

static void add_bytes(struct buf *to, unsigned number, struct str s)
{
    add_head(to, number, s.len);
    buf_str_add(to, s);
}

void write_labels_add(struct buf *to, struct labels labels)
{
    for (size_t i = 0; i < labels.len; i++) {
        struct label it = labels.items[i];
        add_head(to, 1, bytes_len(it.name) + bytes_len(it.value));
        add_bytes(to, 1, it.name);
        add_bytes(to, 2, it.value);
    }
}

/* A sample's field: its tag, its length and what it holds, in at most 2 + 9 + 11 bytes. */
static size_t put_sample(char to[32], struct write_sample sample)
{
    uint64_t bits = value_bits(sample.value);
    size_t n = 2;

    to[n++] = (1 << 3) | WIRE_64;
    for (size_t i = 0; i < DOUBLE_BYTES; i++)
        to[n++] = (char)(bits >> (8 * i) & 255);
    to[n++] = (2 << 3) | WIRE_VARINT;
    n += put_varint(to + n, (uint64_t)sample.ts_ms);
    to[0] = (2 << 3) | WIRE_BYTES;
    to[1] = (char)(n - 2);
    return n;
}

void write_series_add(struct buf *to, struct str labels, const struct write_sample *samples,
                      size_t n)
{
    size_t len = labels.len;
    char bytes[32];

    for (size_t i = 0; i < n; i++)
        len += 2 + 1 + DOUBLE_BYTES + 1 + varint_len((uint64_t)samples[i].ts_ms);
    add_head(to, 1, len);
    buf_str_add(to, labels);
    for (size_t i = 0; i < n; i++)
        buf_add(to, bytes, put_sample(bytes, samples[i]));
}

void write_metadata_add(struct buf *to, const struct metadata_entry *entry)
{
    uint64_t type = ARRAY_LEN(type_names) - 1;

    while (type && !str_is(entry->type, type_names[type]))
        type--;
    add_head(to, 3,
             1 + varint_len(type) + bytes_len(entry->family) + bytes_len(entry->help) +
                 bytes_len(entry->unit));
    buf_char(to, (1 << 3) | WIRE_VARINT);
    add_varint(to, type);
    add_bytes(to, 2, entry->family);
    add_bytes(to, 4, entry->help);
    add_bytes(to, 5, entry->unit);
}
