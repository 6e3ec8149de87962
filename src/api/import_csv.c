/* import_csv.c - reads comma-separated values. */
#include "api/import_csv.h"

#include "api/times.h"

#include <stdlib.h>

#define LINE_METRICS_MAX 1024 /* metrics of one line */

/* ---- the description of columns ---- */

static int bad_column(struct str text, const char *why, struct error *err)
{
    return error_set(err, -EINVAL, "column \"%.*s\": %s", (int)MIN(text.len, (size_t)60), text.ptr,
                     why);
}

static int read_time_kind(struct str text, struct str how, enum csv_kind *ret, struct error *err)
{
    static const struct {
        const char *word;
        enum csv_kind kind;
    } known[] = {{"unix_s", CSV_UNIX_S},
                 {"unix_ms", CSV_UNIX_MS},
                 {"unix_ns", CSV_UNIX_NS},
                 {"rfc3339", CSV_RFC3339}};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_is(how, known[i].word)) {
            *ret = known[i].kind;
            return 0;
        }
    return bad_column(text, "a time is unix_s, unix_ms, unix_ns or rfc3339", err);
}

/* "3:metric:load"; the name is the rest, colons included. */
static int read_column(struct str text, size_t *ret_place, struct csv_column *ret,
                       struct error *err)
{
    struct str rest = text, place = str_cut(&rest, ':');
    struct str kind = rest.ptr ? str_cut(&rest, ':') : STR("");
    uint64_t number;

    if (!num_parse_u64(str_trim(place), &number) || number < 1 || number > CSV_COLUMNS_MAX)
        return bad_column(text, "wanted POSITION:KIND:NAME, positions from 1 to 4096", err);
    *ret_place = (size_t)number - 1;
    ret->name = rest.ptr ? rest : STR("");
    if (str_is(kind, "time"))
        return read_time_kind(text, ret->name, &ret->kind, err);
    if (!str_is(kind, "metric") && !str_is(kind, "label"))
        return bad_column(text, "a kind is metric, label or time", err);
    ret->kind = str_is(kind, "metric") ? CSV_METRIC : CSV_LABEL;
    if (!ret->name.len || ret->name.len > LABEL_NAME_MAX || !str_is_utf8(ret->name))
        return bad_column(text, "the name is missing, too long or no UTF-8", err);
    return 0;
}

int csv_format_read(struct str text, struct arena *a, struct csv_format *ret, struct error *err)
{
    size_t metrics = 0, times = 0;

    *ret = (struct csv_format){arena_calloc(a, CSV_COLUMNS_MAX, sizeof(*ret->columns)), 0};
    if (!ret->columns)
        return error_errno(err, -ENOMEM, "columns");
    while (text.ptr) {
        struct str part = str_trim(str_cut(&text, ','));
        struct csv_column column;
        size_t place = 0;
        int code = read_column(part, &place, &column, err);
        if (code)
            return code;
        if (ret->columns[place].kind != CSV_IGNORED)
            return bad_column(part, "the position is described twice", err);
        ret->columns[place] = column;
        ret->len = MAX(ret->len, place + 1);
        metrics += column.kind == CSV_METRIC;
        times += column.kind >= CSV_UNIX_S;
    }
    if (!metrics || metrics > LINE_METRICS_MAX)
        return error_set(err, -EINVAL, "at least one column is a metric, and at most %d are",
                         LINE_METRICS_MAX);
    return times > 1 ? error_set(err, -EINVAL, "more than one column is a time") : 0;
}

/* ---- lines ---- */

struct reading {
    const struct csv_format *format;
    int64_t now_ms;
    struct labels extra;
    struct import_batch batch;
    struct arena arena; /* labels of the batch, values out of quotes */
    struct {
        struct str name;
        double value;
    } metrics[LINE_METRICS_MAX]; /* of the line at hand */
    size_t metric_len;
    struct label_builder labels;
    int64_t ts_ms;
};

/* A value in quotes, its opening one taken off `rest`; false where the closing one is missing or
 * something follows it. */
static bool take_quoted(struct str *rest, struct arena *a, struct str *ret)
{
    char *copy = arena_alloc(a, rest->len);
    size_t i = 1, n = 0;

    for (; copy && i < rest->len; i++) {
        if (rest->ptr[i] == '"') {
            if (i + 1 >= rest->len || rest->ptr[i + 1] != '"')
                break;
            i++;
        }
        copy[n++] = rest->ptr[i];
    }
    if (!copy || i >= rest->len || (i + 1 < rest->len && rest->ptr[i + 1] != ','))
        return false;
    *ret = str_make(copy, n);
    *rest =
        i + 1 < rest->len ? str_make(rest->ptr + i + 2, rest->len - i - 2) : (struct str){NULL, 0};
    return true;
}

static bool take_value(struct str *rest, struct arena *a, struct str *ret)
{
    if (rest->len && rest->ptr[0] == '"')
        return take_quoted(rest, a, ret);
    *ret = str_cut(rest, ',');
    return true;
}

static bool read_time(enum csv_kind kind, struct str text, int64_t *ret_ms)
{
    double seconds;
    int64_t n;

    if (kind == CSV_RFC3339)
        return times_parse_rfc3339(text, ret_ms);
    if (kind == CSV_UNIX_S)
        return num_parse(text, &seconds) && times_parse(text, ret_ms);
    if (!num_parse_i64(text, &n))
        return false;
    *ret_ms = kind == CSV_UNIX_NS ? n / 1000000 : n;
    return true;
}

/* NULL, or why the value cannot be what its column is. */
static const char *take_column(struct reading *in, const struct csv_column *column, struct str text)
{
    double value;

    switch (column->kind) {
    case CSV_IGNORED:
        return NULL;
    case CSV_LABEL:
        if (text.len > LABEL_VALUE_MAX || !str_is_utf8(text))
            return "a label's value is too long or no UTF-8";
        label_builder_set(&in->labels, column->name, text);
        return NULL;
    case CSV_METRIC:
        if (!text.len)
            return NULL;
        if (!num_parse(str_trim(text), &value))
            return "the value of a metric is no number";
        in->metrics[in->metric_len].name = column->name;
        in->metrics[in->metric_len++].value = value;
        return NULL;
    default:
        return read_time(column->kind, str_trim(text), &in->ts_ms)
                   ? NULL
                   : "the time cannot be read as the column says";
    }
}

static const char *read_columns(struct reading *in, struct str line)
{
    struct str rest = line, text;

    for (size_t i = 0; i < in->format->len; i++) {
        if (!rest.ptr)
            return "fewer columns than described";
        if (!take_value(&rest, &in->arena, &text))
            return "a quote is not closed, or something follows it";
        const char *why = take_column(in, &in->format->columns[i], text);
        if (why)
            return why;
    }
    return NULL;
}

/* Hands the batch on and frees what its samples point to. */
static int flush(struct reading *in, struct error *err)
{
    int code = import_batch_flush(&in->batch, err);

    arena_reset(&in->arena);
    return code;
}

static int keep_metrics(struct reading *in, size_t line, struct error *err)
{
    for (size_t i = 0; i < in->extra.len; i++)
        label_builder_set(&in->labels, in->extra.items[i].name, in->extra.items[i].value);
    for (size_t i = 0; i < in->metric_len; i++) {
        struct labels view, copy;
        label_builder_set(&in->labels, STR(LABEL_NAME), in->metrics[i].name);
        if (label_builder_view(&in->labels, &view, NULL)) {
            import_batch_note(&in->batch, line, "too many labels");
            break;
        }
        if (labels_copy(view, &in->arena, &copy))
            return error_errno(err, -ENOMEM, "import");
        import_batch_add(&in->batch, copy, in->ts_ms, in->metrics[i].value);
    }
    /* The next line always has room: what its quotes held lies in the arena until it is kept. */
    return in->batch.len + LINE_METRICS_MAX > IMPORT_BATCH ? flush(in, err) : 0;
}

static int take_lines(struct reading *in, struct str body, struct error *err)
{
    size_t number = 0;
    int code = 0;

    while (body.ptr && !code) {
        struct str line = str_cut(&body, '\n');
        number++;
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (!line.len)
            continue;
        in->ts_ms = in->now_ms;
        in->metric_len = 0;
        label_builder_init(&in->labels, (struct labels){0});
        const char *why = read_columns(in, line);
        if (why)
            import_batch_note(&in->batch, number, why);
        else
            code = keep_metrics(in, number, err);
    }
    return code ? code : flush(in, err);
}

int import_csv_read(struct str body, const struct csv_format *format, int64_t now_ms,
                    struct labels extra, import_push *push, void *ctx, struct import_result *ret,
                    struct error *err)
{
    struct reading *in = xnew(struct reading);

    in->format = format;
    in->now_ms = now_ms;
    in->extra = extra;
    in->batch = (struct import_batch){.push = push, .ctx = ctx, .result = ret};
    arena_init(&in->arena, 0);
    int code = import_batch_init(&in->batch, err);
    if (!code)
        code = take_lines(in, body, err);
    import_batch_fini(&in->batch);
    arena_fini(&in->arena);
    free(in);
    return code;
}
