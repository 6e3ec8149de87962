/* write_request2.c - remote write 2.0, by the numbers in Prometheus'
 * prompb/io/prometheus/write/v2/types.proto:
 *
 *   Request     4 symbols (string)...  5 TimeSeries...
 *   TimeSeries  1 labels_refs (packed uint32: name, value, name, value...)  2 Sample...
 *               3 Histogram...  4 Exemplar...  5 Metadata
 *   Metadata    1 type (enum)  3 help_ref  4 unit_ref
 *
 * Texts are told once, in `symbols`, and then by their place there; the first is empty. */
#include "remote/wire.h"

int write_reader_v2(struct str message, struct arena *a, struct write_reader *ret,
                    struct error *err)
{
    static const char broken[] = "the body is not a Request of remote write 2.0";
    struct str rest = message;
    struct protobuf_field f;
    size_t n = 0;

    while (rest.len) {
        if (!protobuf_next(&rest, &f))
            return error_set(err, -EBADMSG, "%s", broken);
        n += wire_is(&f, 4, PROTOBUF_BYTES);
    }
    struct str *symbols = arena_calloc(a, n + 1, sizeof(*symbols));
    if (!symbols)
        return error_errno(err, -ENOMEM, "remote write");
    *ret = (struct write_reader){message, symbols, n};
    n = 0;
    for (rest = message; rest.len && protobuf_next(&rest, &f);)
        if (wire_is(&f, 4, PROTOBUF_BYTES))
            symbols[n++] = f.bytes;
    if (n && symbols[0].len)
        return error_set(err, -EBADMSG, "%s: its first symbol is not empty", broken);
    return 0;
}

static bool take_symbol(const struct write_reader *r, struct str *refs, struct str *ret)
{
    uint64_t ref;

    if (!protobuf_varint(refs, &ref) || ref >= r->symbol_len)
        return false;
    *ret = r->symbols[ref];
    return true;
}

static bool read_labels(const struct write_reader *r, struct str refs, struct write_item *item)
{
    struct str name, value;

    while (refs.len) {
        if (!take_symbol(r, &refs, &name) || !take_symbol(r, &refs, &value))
            return false;
        wire_add_label(item, name, value);
    }
    return true;
}

static bool read_metadata(const struct write_reader *r, struct str from, struct write_item *item)
{
    uint64_t type = 0, refs[2] = {0, 0};
    struct protobuf_field f;

    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (wire_is(&f, 1, PROTOBUF_VARINT))
            type = f.value;
        else if (wire_is(&f, 3, PROTOBUF_VARINT) || wire_is(&f, 4, PROTOBUF_VARINT))
            refs[f.number - 3] = f.value;
    }
    if (refs[0] >= MAX(r->symbol_len, (size_t)1) || refs[1] >= MAX(r->symbol_len, (size_t)1))
        return false;
    item->type = wire_type_name(type);
    item->help = r->symbol_len ? r->symbols[refs[0]] : STR("");
    item->unit = r->symbol_len ? r->symbols[refs[1]] : STR("");
    return true;
}

static bool read_part(const struct write_reader *r, const struct protobuf_field *f,
                      struct write_item *item)
{
    struct write_sample sample;

    if (wire_is(f, 1, PROTOBUF_BYTES))
        return read_labels(r, f->bytes, item);
    if (wire_is(f, 2, PROTOBUF_BYTES)) {
        item->samples++;
        return wire_read_sample(f->bytes, &sample);
    }
    if (wire_is(f, 5, PROTOBUF_BYTES))
        return read_metadata(r, f->bytes, item);
    item->histograms += wire_is(f, 3, PROTOBUF_BYTES);
    return true;
}

static bool read_series(const struct write_reader *r, struct str from, struct write_item *item)
{
    struct protobuf_field f;

    item->kind = WRITE_SERIES;
    item->rest = from;
    item->type = item->help = item->unit = STR("");
    label_builder_init(&item->builder, (struct labels){0});
    while (from.len)
        if (!protobuf_next(&from, &f) || !read_part(r, &f, item))
            return false;
    wire_end_labels(item);
    if (item->type.len && !item->fault)
        item->family = labels_name(item->labels);
    return true;
}

bool wire_next_v2(struct write_reader *r, struct write_item *ret)
{
    struct protobuf_field f;

    if (!protobuf_next(&r->rest, &f))
        return false;
    return !wire_is(&f, 5, PROTOBUF_BYTES) || read_series(r, f.bytes, ret);
}
