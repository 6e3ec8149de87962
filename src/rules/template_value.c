/* template_value.c - see template_value.h. */
#include "rules/template_value.h"

#include "rules/template_time.h"

#define DATA_TYPE                                                                                  \
    "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; "    \
    "Value interface {} }"

bool template_value_is_true(const struct template_value *v)
{
    size_t len;

    if (template_value_length(v, &len))
        return len > 0;
    switch (v->kind) {
    case VALUE_NONE:
        return false;
    case VALUE_BOOL:
        return v->truth;
    case VALUE_REAL:
        return v->real != 0;
    case VALUE_SAMPLE:
        return v->sample != NULL;
    case VALUE_WHOLE:
    case VALUE_BYTE:
    case VALUE_MONTH:
    case VALUE_WEEKDAY:
        return v->whole != 0;
    default: /* pointers and structs */
        return true;
    }
}

const char *template_value_type(const struct template_value *v)
{
    static const char *const names[] = {
        [VALUE_NONE] = "<nil>",
        [VALUE_BOOL] = "bool",
        [VALUE_WHOLE] = "int",
        [VALUE_BYTE] = "uint8",
        [VALUE_REAL] = "float64",
        [VALUE_TEXT] = "string",
        [VALUE_LABELS] = "map[string]string",
        [VALUE_ARGS] = "map[string]interface {}",
        [VALUE_SAMPLE] = "*template.sample",
        [VALUE_SAMPLES] = "template.queryResult",
        [VALUE_DATA] = DATA_TYPE,
        [VALUE_TIME] = "*time.Time",
        [VALUE_DURATION] = "*time.Duration",
        [VALUE_MONTH] = "time.Month",
        [VALUE_WEEKDAY] = "time.Weekday",
    };

    return names[v->kind];
}

bool template_value_length(const struct template_value *v, size_t *ret)
{
    switch (v->kind) {
    case VALUE_TEXT:
        *ret = v->text.len;
        return true;
    case VALUE_LABELS:
        *ret = v->labels.len;
        return true;
    case VALUE_ARGS:
        *ret = v->args.len;
        return true;
    case VALUE_SAMPLES:
        *ret = v->samples.len;
        return true;
    default:
        return false;
    }
}

struct template_value template_value_label(struct labels labels, struct str name)
{
    return value_of_text(labels_get(labels, name));
}

struct template_value template_value_arg(struct value_args args, struct str name)
{
    uint64_t i;

    if (!str_starts(name, STR("arg")) || (name.len > 4 && name.ptr[3] == '0') ||
        !num_parse_u64(str_make(name.ptr + 3, name.len - 3), &i) || i >= args.len)
        return (struct template_value){VALUE_NONE, {0}};
    return args.items[i];
}

size_t template_value_arg_in_order(struct value_args args, size_t i)
{
    size_t at = 0; /* the entry at this place, by counting as a walk over a tree of digits does */

    while (i--) {
        if (at && at * 10 < args.len) {
            at *= 10;
            continue;
        }
        while (at % 10 == 9 || at + 1 >= args.len)
            at /= 10;
        at++;
    }
    return at;
}

bool template_value_speaks(const struct template_value *v, struct buf *to)
{
    if (v->kind == VALUE_TIME)
        template_time_print(v->whole, to);
    else if (v->kind == VALUE_DURATION)
        template_time_print_duration(v->whole, to);
    else if (v->kind == VALUE_MONTH)
        buf_text(to, template_time_month(v->whole));
    else if (v->kind == VALUE_WEEKDAY)
        buf_text(to, template_time_weekday(v->whole));
    else
        return false;
    return true;
}
