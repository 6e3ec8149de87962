/* import_lines.c - reads the JSON lines of /api/v1/import. jansson bounds the depth. */
#include "api/import_lines.h"

#include <jansson.h>

struct import {
    struct labels extra;
    import_lines_push *push;
    void *ctx;
    struct store_sample *samples;
    size_t len;
    struct import_result *result;
};

static void note(struct import *in, size_t line, const char *what)
{
    in->result->lines_refused++;
    if (!in->result->first_error[0])
        snprintf(in->result->first_error, sizeof(in->result->first_error), "line %zu: %s", line,
                 what);
}

static int flush(struct import *in, struct error *err)
{
    struct store_push_result pushed = {0};
    int code = in->len ? in->push(in->ctx, in->samples, in->len, &pushed, err) : 0;

    in->len = 0;
    in->result->samples += pushed.kept;
    in->result->too_old += pushed.too_old;
    in->result->refused += pushed.refused;
    if (pushed.example[0] && !in->result->first_error[0])
        snprintf(in->result->first_error, sizeof(in->result->first_error), "%s", pushed.example);
    return code;
}

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

static int take_series(struct import *in, json_t *root, size_t line, struct error *err)
{
    const json_t *values = json_object_get(root, "values");
    const json_t *times = json_object_get(root, "timestamps");
    struct label_builder b;
    struct labels labels;
    int code = 0;

    if (!labels_of(json_object_get(root, "metric"), in->extra, &b, &labels)) {
        note(in, line, "\"metric\" is an object of texts with a __name__");
        return 0;
    }
    if (!json_is_array(values) || !json_is_array(times) ||
        json_array_size(values) != json_array_size(times) ||
        json_array_size(values) > IMPORT_LINE_VALUES_MAX) {
        note(in, line, "\"values\" and \"timestamps\" are lists of one length, a million at most");
        return 0;
    }
    for (size_t i = 0; i < json_array_size(values) && !code; i++) {
        const json_t *at = json_array_get(times, i);
        double value;
        if (!json_is_integer(at) || !value_of(json_array_get(values, i), &value)) {
            note(in, line, "a value is a number, null or \"Infinity\", a timestamp milliseconds");
            break;
        }
        in->samples[in->len++] = (struct store_sample){labels, json_integer_value(at), value};
        if (in->len == IMPORT_BATCH)
            code = flush(in, err);
    }
    return code ? code : flush(in, err); /* the labels go with the line */
}

static int take_lines(struct import *in, struct str body, struct error *err)
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
            code = take_series(in, root, number, err);
        else
            note(in, number, why.text);
        json_decref(root);
    }
    return code;
}

int import_lines_read(struct str body, struct labels extra, import_lines_push *push, void *ctx,
                      struct import_result *ret, struct error *err)
{
    struct import in = {.extra = extra, .push = push, .ctx = ctx, .result = ret};

    in.samples = calloc(IMPORT_BATCH, sizeof(*in.samples));
    if (!in.samples)
        return error_errno(err, -ENOMEM, "import");
    int code = take_lines(&in, body, err);
    free(in.samples);
    return code;
}
