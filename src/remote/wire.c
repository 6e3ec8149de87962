/* wire.c - see wire.h. */
#include "remote/wire.h"

static const char *const type_names[WIRE_TYPES] = {
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

struct str wire_type_name(uint64_t number)
{
    return str_of(type_names[number < ARRAY_LEN(type_names) ? number : 0]);
}

bool wire_read_sample(struct str from, struct write_sample *ret)
{
    struct protobuf_field f;

    *ret = (struct write_sample){0};
    while (from.len) {
        if (!protobuf_next(&from, &f))
            return false;
        if (wire_is(&f, 1, PROTOBUF_FIXED64)) {
            ret->value = value_of_bits(f.value);
        } else if (wire_is(&f, 2, PROTOBUF_VARINT)) {
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
