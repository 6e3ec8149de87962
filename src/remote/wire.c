/* wire.c - see wire.h. */
#include "remote/wire.h"

static const char *const type_names[WIRE_TYPES] = {
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

struct str wire_type_name(uint64_t number)
{
    return str_of(type_names[number < ARRAY_LEN(type_names) ? number : 0]);
}

bool wire_take_varint(struct str *from, uint64_t *ret)
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

bool wire_take_field(struct str *from, struct field *ret)
{
    uint64_t tag, len;

    if (!wire_take_varint(from, &tag) || !(tag >> 3))
        return false;
    *ret = (struct field){.number = tag >> 3, .wire = (enum wire)(tag & 7)};
    switch (ret->wire) {
    case WIRE_VARINT:
        return wire_take_varint(from, &ret->value);
    case WIRE_64:
        return take_bytes(from, DOUBLE_BYTES, &ret->bytes);
    case WIRE_BYTES:
        return wire_take_varint(from, &len) && take_bytes(from, len, &ret->bytes);
    case WIRE_32:
        return take_bytes(from, 4, &ret->bytes);
    }
    return false; /* groups, which nothing has used since 2008 */
}

bool wire_read_sample(struct str from, struct write_sample *ret)
{
    struct field f;

    *ret = (struct write_sample){0};
    while (from.len) {
        if (!wire_take_field(&from, &f))
            return false;
        if (wire_is(&f, 1, WIRE_64)) {
            ret->value = value_of_bits(wire_le64((const unsigned char *)f.bytes.ptr));
        } else if (wire_is(&f, 2, WIRE_VARINT)) {
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

void wire_add_label(struct write_item *item, struct str name, struct str value)
{
    if (!item->fault)
        item->fault = fault_of(&item->builder, name, value);
    if (!item->fault)
        label_builder_set(&item->builder, name, value);
}

void wire_end_labels(struct write_item *item)
{
    if (!item->fault && label_builder_view(&item->builder, &item->labels, NULL))
        item->fault = "too many labels";
    if (!item->fault && !item->labels.len)
        item->fault = "a series has no labels";
}
