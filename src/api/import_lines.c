/* import_lines.c - reads the JSON lines of /api/v1/import. jansson bounds the depth. */
#include "api/import_lines.h"

#include <jansson.h>

/* A value: a number, null for NaN, or the words of VictoriaMetrics. */
static bool value_of(const json_t *json, double *ret)
{
    const char *text = json_string_value(json);

    if (json_is_number(json))
        *ret = json_number_value(json);
    else if (json_is_null(json) || (text && !strcmp(text, "NaN")))
        *ret = (double)NAN;
    else if (text && (!strcmp(text, "Infinity") || !strcmp(text, "-Infinity")))
        *ret = *text == '-' ? (double)-INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

static bool labels_of(json_t *metric, struct labels extra, struct label_builder *b,
                      struct labels *ret)
{
    struct labels none = {0};
    const char *key;
    json_t *value;

    label_builder_init(b, none);
    json_object_foreach(metric, key, value)
    {
        const char *text = json_string_value(value);
        if (!text || strlen(key) > LABEL_NAME_MAX || strlen(text) > LABEL_VALUE_MAX || !*key)
            return false;
        label_builder_set(b, str_of(key), str_of(text));
    }
    for (size_t i = 0; i < extra.len; i++)
        label_builder_set(b, extra.items[i].name, extra.items[i].value);
    return !label_builder_view(b, ret, NULL) && labels_name(*ret).len;
}

static int take_series(struct import_batch *in, json_t *root, size_t line, struct labels extra,
                       struct error *err)
{
    const json_t *values = json_object_get(root, "values");
    const json_t *times = json_object_get(root, "timestamps");
    struct label_builder b;
    struct labels labels;
    int code = 0;

    if (!labels_of(json_object_get(root, "metric"), extra, &b, &labels)) {
        import_batch_note(in, line, "\"metric\" is an object of texts with a __name__");
        return 0;
    }
    if (!json_is_array(values) || !json_is_array(times) ||
        json_array_size(values) != json_array_size(times) ||
        json_array_size(values) > IMPORT_LINE_VALUES_MAX) {
        import_batch_note(
            in, line, "\"values\" and \"timestamps\" are lists of one length, a million at most");
        return 0;
    }
    for (size_t i = 0; i < json_array_size(values) && !code; i++) {
        const json_t *at = json_array_get(times, i);
        double value;
        if (!json_is_integer(at) || !value_of(json_array_get(values, i), &value)) {
            import_batch_note(
                in, line, "a value is a number, null or \"Infinity\", a timestamp milliseconds");
            break;
        }
        if (import_batch_add(in, labels, json_integer_value(at), value))
            code = import_batch_flush(in, err);
    }
    return code ? code : import_batch_flush(in, err); /* the labels go with the line */
}

static int take_lines(struct import_batch *in, struct str body, struct labels extra,
                      struct error *err)
{
    size_t number = 0;
    int code = 0;

    while (body.ptr && !code) {
        struct str line = str_trim(str_cut(&body, '\n'));
        json_error_t why;
        number++;
        if (!line.len)
            continue;
        json_t *root = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);
        if (root)
            code = take_series(in, root, number, extra, err);
        else
            import_batch_note(in, number, why.text);
        json_decref(root);
    }
    return code;
}

int import_lines_read(struct str body, struct labels extra, import_push *push, void *ctx,
                      struct import_result *ret, struct error *err)
{
    struct import_batch in = {.push = push, .ctx = ctx, .result = ret};
    int code = import_batch_init(&in, err);

    if (!code)
        code = take_lines(&in, body, extra, err);
    import_batch_fini(&in);
    return code;
}
