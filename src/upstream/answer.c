/* answer.c - see answer.h. The shapes: Prometheus's HTTP API, "Expression query result formats". */
#include "answer.h"

static int strange(struct error *err, const char *what)
{
    return error_set(err, -EIO, "it answers with JSON that is no query result: %s", what);
}

static bool text_is(const struct yaml_node *node, const char *text)
{
    return node && node->kind == YAML_TEXT && str_is(node->text, text);
}

/* [time in seconds, "value"] */
static bool read_point(const struct yaml_node *node, int64_t *ret_ms, double *ret_value)
{
    double seconds;

    if (!node || node->kind != YAML_LIST || node->len != 2)
        return false;
    const struct yaml_node *time = node->first->value, *value = node->first->next->value;
    if (time->kind != YAML_TEXT || value->kind != YAML_TEXT || !num_parse(time->text, &seconds) ||
        !num_parse(value->text, ret_value) || !(fabs(seconds) < 1e13))
        return false;
    *ret_ms = (int64_t)floor(seconds * 1000 + 0.5);
    return true;
}

static int read_labels(const struct yaml_node *node, struct arena *a, struct labels *ret,
                       struct error *err)
{
    struct label_builder b;
    struct labels view;

    label_builder_init(&b, (struct labels){0});
    if (!node || node->kind != YAML_MAP)
        return strange(err, "a series has no metric");
    for (const struct yaml_item *i = node->first; i; i = i->next) {
        if (i->value->kind != YAML_TEXT)
            return strange(err, "a label is no text");
        label_builder_set(&b, i->key, i->value->text);
    }
    int code = label_builder_view(&b, &view, err);
    if (code)
        return code;
    return labels_copy(view, a, ret) ? error_errno(err, -ENOMEM, "answer") : 0;
}

static int read_points(const struct yaml_node *node, bool many, struct arena *a,
                       struct promql_series *to, struct error *err)
{
    size_t n = many ? (node && node->kind == YAML_LIST ? node->len : 0) : 1;
    int64_t *times = arena_calloc(a, n + 1, sizeof(*times));
    double *values = arena_calloc(a, n + 1, sizeof(*values));
    const struct yaml_item *item = many && node ? node->first : NULL;

    if (!times || !values)
        return error_errno(err, -ENOMEM, "answer");
    for (size_t i = 0; i < n; i++) {
        if (!read_point(many ? item->value : node, &times[i], &values[i]))
            return strange(err, "a sample is no pair of time and value");
        item = many ? item->next : NULL;
    }
    to->ts_ms = times;
    to->values = values;
    to->len = n;
    return 0;
}

static int read_series(const struct yaml_node *list, bool many, struct arena *a,
                       struct promql_series **ret, size_t *ret_len, struct error *err)
{
    size_t n = 0;

    if (list->kind != YAML_LIST || list->len > ANSWER_SERIES_MAX)
        return strange(err, "there is no list of series");
    struct promql_series *series = arena_calloc(a, list->len + 1, sizeof(*series));
    if (!series)
        return error_errno(err, -ENOMEM, "answer");
    for (const struct yaml_item *i = list->first; i; i = i->next, n++) {
        int code = read_labels(yaml_get(i->value, "metric"), a, &series[n].labels, err);
        if (!code)
            code = read_points(yaml_get(i->value, many ? "values" : "value"), many, a, &series[n],
                               err);
        if (code)
            return code;
    }
    *ret = series;
    *ret_len = n;
    return 0;
}

static int read_scalar(const struct yaml_node *node, struct arena *a, struct promql_series **ret,
                       size_t *ret_len, struct error *err)
{
    struct promql_series *series = arena_calloc(a, 1, sizeof(*series));
    int code =
        series ? read_points(node, false, a, series, err) : error_errno(err, -ENOMEM, "answer");

    *ret = series;
    *ret_len = 1;
    return code;
}

static int read_data(const struct yaml_node *data, struct arena *a, enum promql_type *ret_type,
                     struct promql_series **ret, size_t *ret_len, struct error *err)
{
    const struct yaml_node *type = yaml_get(data, "resultType"), *list = yaml_get(data, "result");

    if (!list)
        return strange(err, "there is no result");
    if (text_is(type, "vector") || text_is(type, "matrix")) {
        *ret_type = text_is(type, "vector") ? PROMQL_VECTOR : PROMQL_MATRIX;
        return read_series(list, *ret_type == PROMQL_MATRIX, a, ret, ret_len, err);
    }
    *ret_type = PROMQL_SCALAR;
    return text_is(type, "scalar") ? read_scalar(list, a, ret, ret_len, err)
                                   : strange(err, "resultType is unknown");
}

int answer_read(long status, struct str text, struct arena *a, enum promql_type *ret_type,
                struct promql_series **ret, size_t *ret_len, struct error *err)
{
    const struct yaml_node *root;
    struct error why;

    if (yaml_parse_json("answer", text, a, &root, &why))
        return error_set(err, -EIO, "HTTP status %ld, and no JSON: %.*s", status,
                         (int)MIN(text.len, 100), text.ptr);
    const struct yaml_node *reason = yaml_get(root, "error");
    if (status / 100 != 2 || !text_is(yaml_get(root, "status"), "success"))
        return error_set(err, -EINVAL, "%.*s",
                         reason && reason->kind == YAML_TEXT ? (int)MIN(reason->text.len, 200) : 9,
                         reason && reason->kind == YAML_TEXT ? reason->text.ptr : "it failed");
    return read_data(yaml_get(root, "data"), a, ret_type, ret, ret_len, err);
}
