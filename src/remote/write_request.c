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

#include "remote/wire.h"

/* ---- reading ---- */

static bool read_label(struct str from, struct write_item *item)
{
    struct str name = STR(""), value = STR("");
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (wire_is(&f, 1, PROTOBUF_BYTES))
            name = f.bytes;
        else if (wire_is(&f, 2, PROTOBUF_BYTES))
            value = f.bytes;
    }
    wire_add_label(item, name, value);
    return true;
}

static bool read_series(struct str from, struct write_item *item)
{
    struct write_sample sample;
    struct protobuf_field f;

    item->kind = WRITE_SERIES;
    item->rest = from;
    label_builder_init(&item->builder, (struct labels){0});
    while (from.len) {
        while (wire_take_usual_sample(&from, &sample))
            item->samples++;
        if (!from.len)
            break;
        if (!protobuf_next(&from, &f))
            return false;
        if (wire_is(&f, 1, PROTOBUF_BYTES) && !read_label(f.bytes, item))
            return false;
        if (wire_is(&f, 2, PROTOBUF_BYTES)) {
            if (!wire_read_sample(f.bytes, &sample))
                return false;
            item->samples++;
        }
        item->histograms += wire_is(&f, 4, PROTOBUF_BYTES);
    }
    wire_end_labels(item);
    return true;
}

static bool read_metadata(struct str from, struct write_item *item)
{
    struct protobuf_field f;

    item->kind = WRITE_METADATA;
    item->type = wire_type_name(0);
    item->family = item->help = item->unit = STR("");
    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (wire_is(&f, 1, PROTOBUF_VARINT))
            item->type = wire_type_name(f.value);
        else if (wire_is(&f, 2, PROTOBUF_BYTES))
            item->family = f.bytes;
        else if (wire_is(&f, 4, PROTOBUF_BYTES))
            item->help = f.bytes;
        else if (wire_is(&f, 5, PROTOBUF_BYTES))
            item->unit = f.bytes;
    }
    return true;
}

int write_reader_next(struct write_reader *r, struct write_item *ret, struct error *err)
{
    struct protobuf_field f;

    ret->kind = WRITE_END;
    ret->labels = (struct labels){0};
    ret->family = STR("");
    ret->fault = NULL;
    ret->samples = ret->histograms = 0;
    while (r->rest.len && ret->kind == WRITE_END) {
        bool good = r->symbols ? wire_next_v2(r, ret) : protobuf_next(&r->rest, &f);
        if (good && r->symbols)
            continue;
        if (good && wire_is(&f, 1, PROTOBUF_BYTES))
            good = read_series(f.bytes, ret);
        else if (good && wire_is(&f, 3, PROTOBUF_BYTES))
            good = read_metadata(f.bytes, ret);
        if (!good) {
            r->rest.len = 0;
            return error_set(err, -EBADMSG, "the body is not a WriteRequest of remote write %s",
                             r->symbols ? "2.0" : "1.0");
        }
    }
    return 0;
}

bool write_item_sample(struct write_item *item, struct write_sample *ret)
{
    struct protobuf_field f;

    if (wire_take_usual_sample(&item->rest, ret))
        return true;
    while (item->rest.len && protobuf_next(&item->rest, &f))
        if (wire_is(&f, 2, PROTOBUF_BYTES))
            return wire_read_sample(f.bytes, ret);
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
    char bytes[PROTOBUF_VARINT_MAX];

    buf_add(to, bytes, put_varint(bytes, n));
}

static void add_head(struct buf *to, unsigned number, uint64_t len)
{
    buf_char(to, (char)((number << 3) | PROTOBUF_BYTES));
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

    to[n++] = (1 << 3) | PROTOBUF_FIXED64;
    for (size_t i = 0; i < DOUBLE_BYTES; i++)
        to[n++] = (char)(bits >> (8 * i) & 255);
    to[n++] = (2 << 3) | PROTOBUF_VARINT;
    n += put_varint(to + n, (uint64_t)sample.ts_ms);
    to[0] = (2 << 3) | PROTOBUF_BYTES;
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
    uint64_t type = WIRE_TYPES - 1;

    while (type && !str_equal(entry->type, wire_type_name(type)))
        type--;
    add_head(to, 3,
             1 + varint_len(type) + bytes_len(entry->family) + bytes_len(entry->help) +
                 bytes_len(entry->unit));
    buf_char(to, (1 << 3) | PROTOBUF_VARINT);
    add_varint(to, type);
    add_bytes(to, 2, entry->family);
    add_bytes(to, 4, entry->help);
    add_bytes(to, 5, entry->unit);
}
