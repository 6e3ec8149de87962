/* import.c - pushed exposition text, kept in batches through store_push(). */
#include "scrape/scrape.h"

#include <stdlib.h>

#define BATCH_SAMPLES   4096
#define BATCH_BYTES_MAX ((size_t)4 << 20) /* labels of one batch */
#define LINE_BYTES_MAX  ((size_t)1 << 20) /* a longer line is refused unread */

struct batch {
    struct store *store;
    struct metadata *metadata;
    struct store_sample *samples;
    size_t len;
    struct arena labels;
    struct labels extra;
    struct str series; /* the last line's, in the text; its labels serve the lines that follow */
    struct labels of_series;
    struct import_result *ret;
};

static void note_refused(struct import_result *ret, const char *why)
{
    if (!ret->first_error[0])
        snprintf(ret->first_error, sizeof(ret->first_error), "%s", why);
}

static int flush(struct batch *b, struct error *err)
{
    struct store_push_result pushed = {0};

    int code = b->len ? store_push(b->store, b->samples, b->len, &pushed, err) : 0;
    b->ret->samples += pushed.kept;
    b->ret->too_old += pushed.too_old;
    b->ret->refused += pushed.refused;
    if (pushed.example[0])
        note_refused(b->ret, pushed.example);
    b->len = 0;
    b->series = (struct str){0};
    arena_reset(&b->labels);
    return code;
}

/* The labels of a line with the extra ones set over them. */
static int resolve(struct batch *b, struct str series, struct labels *ret, struct error *err)
{
    struct label_builder builder;
    struct labels labels;

    int code = exposition_labels(series, &b->labels, ret, err);
    if (code || !b->extra.len)
        return code;
    label_builder_init(&builder, *ret);
    for (size_t i = 0; i < b->extra.len; i++)
        label_builder_set(&builder, b->extra.items[i].name, b->extra.items[i].value);
    code = label_builder_view(&builder, &labels, err);
    if (code)
        return code;
    struct label *items = arena_alloc(&b->labels, labels.len * sizeof(*items));
    if (!items)
        return error_errno(err, -ENOMEM, "labels");
    memcpy(items, labels.items, labels.len * sizeof(*items));
    *ret = (struct labels){items, labels.len};
    return 0;
}

/* Puts a sample into the batch, which is pushed when it is full. */
static int add_sample(struct batch *b, const struct exposition_line *line, size_t line_number,
                      int64_t ts_ms, struct error *err)
{
    struct error why;
    int code;

    if (b->len == BATCH_SAMPLES && (code = flush(b, err)))
        return code;
    if (!b->series.ptr || !str_equal(b->series, line->series)) {
        struct labels labels;
        code = resolve(b, line->series, &labels, &why);
        if (code == -ENOMEM) { /* the batch is full of labels */
            code = flush(b, err);
            if (code)
                return code;
            code = resolve(b, line->series, &labels, &why);
        }
        if (code) {
            char text[sizeof(b->ret->first_error)];
            snprintf(text, sizeof(text), "line %zu: %.200s", line_number, why.text);
            note_refused(b->ret, text);
            b->ret->lines_refused++;
            return 0;
        }
        b->series = line->series;
        b->of_series = labels;
    }
    b->samples[b->len++] =
        (struct store_sample){b->of_series, line->has_ts ? line->ts_ms : ts_ms, line->value};
    return 0;
}

static void note_metadata(struct batch *b, const struct exposition_line *line)
{
    struct str none = STR(""), help = line->text;

    if (!b->metadata)
        return;
    if (line->kind == EXPOSITION_HELP) {
        help.len = MIN(help.len, (size_t)4096);
        if (!exposition_unescape(help, &b->labels, &help))
            metadata_set(b->metadata, line->name, none, help, none);
    } else if (line->kind == EXPOSITION_TYPE) {
        metadata_set(b->metadata, line->name, line->text, none, none);
    } else if (line->kind == EXPOSITION_UNIT) {
        metadata_set(b->metadata, line->name, none, none, line->text);
    }
}

/* Passes over a line that is too long to be one. */
static bool skip_long_line(struct exposition *e, struct import_result *ret)
{
    const char *end;
    char why[80];

    if (e->rest.len <= LINE_BYTES_MAX || memchr(e->rest.ptr, '\n', LINE_BYTES_MAX))
        return false;
    end = memchr(e->rest.ptr, '\n', e->rest.len);
    size_t n = end ? (size_t)(end - e->rest.ptr) + 1 : e->rest.len;
    e->rest = str_make(e->rest.ptr + n, e->rest.len - n);
    e->line_number++;
    snprintf(why, sizeof(why), "line %zu: longer than %zu bytes", e->line_number, LINE_BYTES_MAX);
    note_refused(ret, why);
    ret->lines_refused++;
    return true;
}

/* One line or a few; 1, 0 at the end, negative when the store failed. */
static int take_line(struct batch *b, struct exposition *e, int64_t default_ts_ms,
                     struct error *err)
{
    struct exposition_line line;
    struct error why;

    if (skip_long_line(e, b->ret))
        return 1;
    int code = b->series.ptr ? exposition_match(e, b->series, &line) : 0;
    if (!code)
        code = exposition_next(e, &line, &why);
    if (code < 0) {
        b->ret->lines_refused++;
        note_refused(b->ret, why.text);
        return 1;
    }
    if (!code)
        return 0;
    if (line.kind != EXPOSITION_SAMPLE) {
        note_metadata(b, &line);
        return 1;
    }
    code = add_sample(b, &line, e->line_number, default_ts_ms, err);
    return code ? code : 1;
}

int import_text(struct store *store, struct metadata *metadata, struct str text,
                int64_t default_ts_ms, struct labels extra, struct import_result *ret,
                struct error *err)
{
    struct exposition e = {.rest = text};
    struct batch b = {.store = store, .metadata = metadata, .extra = extra, .ret = ret};
    int code;

    *ret = (struct import_result){0};
    b.samples = calloc(BATCH_SAMPLES, sizeof(*b.samples));
    if (!b.samples)
        return error_errno(err, -ENOMEM, "import");
    arena_init(&b.labels, BATCH_BYTES_MAX);
    while ((code = take_line(&b, &e, default_ts_ms, err)) > 0)
        ;
    if (!code)
        code = flush(&b, err);
    arena_fini(&b.labels);
    free(b.samples);
    return code;
}
