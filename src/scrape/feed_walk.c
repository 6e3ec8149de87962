/* feed_walk.c - see feed_state.h; feed.h tells why there are two walks. */
#include "scrape/feed_state.h"

#include "scrape/feed_labels.h"

#include <stdlib.h>

void feed_layout_fini(struct layout *l)
{
    buf_fini(&l->text);
    free(l->entries);
    *l = (struct layout){0};
}

/* ---- labels of a line that is new ---- */

static void refuse(struct feed_result *ret, const char *why)
{
    if (!ret->lines_refused++)
        snprintf(ret->first_refused, sizeof(ret->first_refused), "%s", why);
}

/* The column of a series by its labels: COLUMN_DROPPED and COLUMN_REFUSED among the answers.
 * Errors: -E2BIG, a limit of the configuration: the scrape fails. */
int feed_walk_resolve(struct feed *f, struct str series, uint32_t *ret, struct feed_result *result,
                      struct error *err)
{
    struct label_builder b;
    struct labels labels;
    struct error why;

    arena_reset(&f->arena);
    *ret = COLUMN_REFUSED;
    if (exposition_labels(series, &f->arena, &labels, &why)) {
        refuse(result, why.text);
        return 0;
    }
    label_builder_init(&b, labels);
    int code = feed_labels_join(&f->settings, series, &b, &f->arena);
    int keep = code || !f->settings.relabel ? 1 : relabel_apply(f->settings.relabel, &b, &f->arena);
    if (!keep) {
        *ret = COLUMN_DROPPED;
        return 0;
    }
    if (code || keep < 0) {
        error_errno(&why, code ? code : keep, "labels of %.*s", (int)MIN(series.len, (size_t)80),
                    series.ptr);
        refuse(result, why.text);
        return 0;
    }
    if (label_builder_view(&b, &labels, &why) || !labels_name(labels).len) {
        refuse(result, b.len > LABELS_MAX ? why.text : "relabelling left no metric name");
        return 0;
    }
    code = feed_labels_check(&f->settings, labels, err);
    if (code)
        return code;
    if (feed_row_column(f, labels, ret, &why)) {
        *ret = COLUMN_REFUSED;
        refuse(result, why.text);
    }
    return 0;
}

/* ---- the quick walk: every line is that of the last scrape ---- */

/* Puts one sample where it belongs. */
static int put_sample(struct feed *f, const struct exposition_line *line, uint32_t *column,
                      struct feed_result *ret)
{
    ret->samples++;
    if (*column == COLUMN_DUPLICATE)
        ret->duplicates++;
    if (*column >= COLUMN_NONE)
        return 0;
    if (line->has_ts && f->settings.honor_timestamps) {
        ret->kept++;
        return feed_row_add_stamped(f, line, *column);
    }
    if (!value_is_absent(f->row[*column])) {
        ret->duplicates++;
        *column = COLUMN_DUPLICATE;
        return 0;
    }
    ret->kept++;
    f->row[*column] = line->value;
    return 0;
}

/* True when all of the text was recognised; false leaves the row half filled. */
bool feed_walk_quickly(struct feed *f, struct exposition *e, struct feed_result *ret)
{
    const char *text = f->layout.text.ptr;
    struct exposition_line line;
    int code;

    if (!f->layout.len || e->openmetrics != f->layout.openmetrics)
        return false;
    for (size_t i = 0; i < f->layout.len; i++) {
        const struct entry *it = &f->layout.entries[i];
        uint32_t column = it->column;
        if (!exposition_match(e, str_make(text + it->at, it->len), &line) ||
            put_sample(f, &line, &column, ret))
            return false;
    }
    ret->lines_refused += f->layout.lines_refused;
    /* Comments may follow, but nothing else. */
    while ((code = exposition_next(e, &line, NULL)) > 0)
        if (line.kind == EXPOSITION_SAMPLE)
            return false;
    return code == 0;
}

/* ---- the careful walk: what changed is found out ---- */

static uint64_t series_hash(struct str series)
{
    return hash_bytes(series.ptr, series.len);
}

struct str feed_entry_series(const struct layout *l, const struct entry *it)
{
    return str_make(l->text.ptr + it->at + it->series, it->len - it->series);
}

/* Indexes the entries of the layout; without memory for it lines are parsed instead. */
static void index_build(struct feed *f)
{
    size_t size = 16;

    free(f->index);
    f->index = NULL;
    f->index_size = 0;
    while (size < f->layout.len * 2)
        size *= 2;
    if (!f->layout.len || !(f->index = calloc(size, sizeof(*f->index))))
        return;
    f->index_size = size;
    for (size_t i = 0; i < f->layout.len; i++) {
        size_t at = series_hash(feed_entry_series(&f->layout, &f->layout.entries[i])) & (size - 1);
        while (f->index[at])
            at = (at + 1) & (size - 1);
        f->index[at] = (uint32_t)i + 1;
    }
}

static void index_drop(struct feed *f)
{
    free(f->index);
    f->index = NULL;
    f->index_size = 0;
}

/* The entry with this series, or layout.len. */
static size_t index_find(struct feed *f, struct str series)
{
    if (!f->index && f->layout.len)
        index_build(f);
    if (!f->index)
        return f->layout.len;
    size_t mask = f->index_size - 1;
    for (size_t at = series_hash(series) & mask; f->index[at]; at = (at + 1) & mask) {
        size_t i = f->index[at] - 1;
        if (str_equal(feed_entry_series(&f->layout, &f->layout.entries[i]), series))
            return i;
    }
    return f->layout.len;
}

static void note_metadata(struct feed *f, const struct exposition_line *line)
{
    struct str none = STR(""), help = none;

    if (!f->metadata)
        return;
    arena_reset(&f->arena);
    if (line->kind == EXPOSITION_HELP) {
        struct str cut = str_make(line->text.ptr, MIN(line->text.len, (size_t)4096));
        if (!exposition_unescape(cut, &f->arena, &help))
            metadata_set(f->metadata, line->name, none, help, none);
    } else if (line->kind == EXPOSITION_TYPE) {
        metadata_set(f->metadata, line->name, line->text, none, none);
    } else if (line->kind == EXPOSITION_UNIT) {
        metadata_set(f->metadata, line->name, none, none, line->text);
    }
}

/* A careful walk's place in the text. */
struct walk {
    struct exposition e;
    const char *text; /* its start */
    size_t expect;    /* the entry that should come next */
    struct layout *fresh;
};

/* Reads on to the next sample; comments on the way are noted. 1, 0 at the end. `*ret_from` is where
 * what stands before the sample (comments, lines that can't be read) starts. */
static int next_sample(struct feed *f, struct walk *w, struct exposition_line *ret,
                       const char **ret_from, struct feed_result *result)
{
    struct error why;

    *ret_from = w->e.rest.ptr;
    for (;;) {
        int code = exposition_next(&w->e, ret, &why);
        if (!code)
            return 0;
        if (code < 0) {
            refuse(result, why.text);
        } else if (ret->kind == EXPOSITION_SAMPLE) {
            return 1;
        } else if (ret->kind == EXPOSITION_END && w->e.openmetrics) {
            return 0;
        } else {
            note_metadata(f, ret);
        }
    }
}

/* Remembers a line for the next scrape. */
static int remember(struct walk *w, const char *from, struct str series, uint32_t column)
{
    struct layout *l = w->fresh;

    if (l->len == l->cap) {
        struct entry *grown = array_grow(l->entries, &l->cap, l->len + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        l->entries = grown;
    }
    l->entries[l->len++] = (struct entry){(uint32_t)(from - w->text), (uint32_t)(series.ptr - from),
                                          (uint32_t)(series.ptr + series.len - from), column};
    return 0;
}

/* Finds the next sample and, when it is known, its column. 1, 0 at the end. */
static int recognise(struct feed *f, struct walk *w, struct exposition_line *ret,
                     const char **ret_from, uint32_t *ret_column, struct feed_result *result)
{
    const struct layout *old = &f->layout;
    const char *from = w->e.rest.ptr;

    *ret_column = COLUMN_REFUSED;
    if (w->expect < old->len) {
        const struct entry *it = &old->entries[w->expect];
        /* What stands before the series must be comments alone: refused lines are counted. */
        if ((!it->series || !old->lines_refused) &&
            exposition_match(&w->e, str_make(old->text.ptr + it->at, it->len), ret)) {
            for (uint32_t i = 0; i < it->series; i++)
                w->e.line_number += from[i] == '\n';
            ret->series = str_make(from + it->series, it->len - it->series);
            *ret_from = from;
            *ret_column = it->column;
            w->expect++;
            return 1;
        }
    }
    if (!next_sample(f, w, ret, ret_from, result))
        return 0;
    size_t i = index_find(f, ret->series);
    if (i < old->len) {
        *ret_column = old->entries[i].column;
        w->expect = i + 1;
    }
    return 1;
}

/* One sample of the careful walk. 1, 0 at the end, negative when the scrape fails. */
static int take_line(struct feed *f, struct walk *w, struct feed_result *ret, struct error *err)
{
    struct exposition_line line;
    const char *from;
    uint32_t column;
    int code = 0;

    if (!recognise(f, w, &line, &from, &column, ret))
        return 0;
    if (column == COLUMN_REFUSED || column == COLUMN_DUPLICATE)
        code = feed_walk_resolve(f, line.series, &column, ret, err);
    if (code)
        return code;
    f->refused |= column == COLUMN_REFUSED;
    if (put_sample(f, &line, &column, ret) || remember(w, from, line.series, column))
        return error_errno(err, -ENOMEM, "scraped text");
    if (f->settings.sample_limit && ret->kept > f->settings.sample_limit)
        return error_set(err, -E2BIG, "more samples than sample_limit (%" PRIu64 ")",
                         f->settings.sample_limit);
    return 1;
}

/* Walks the text line by line and makes the new layout. */
int feed_walk_carefully(struct feed *f, struct str text, bool openmetrics, struct feed_result *ret,
                        struct error *err)
{
    struct layout fresh = {.openmetrics = openmetrics};
    struct walk w = {
        .e = {.rest = text, .openmetrics = openmetrics}, .text = text.ptr, .fresh = &fresh};
    int code;

    f->refused = false;
    f->tried = 0;
    while ((code = take_line(f, &w, ret, err)) > 0)
        ;
    index_drop(f);
    if (!code && !ret->samples && ret->lines_refused)
        code = error_set(err, -EBADMSG, "no line could be read: %s", ret->first_refused);
    buf_init(&fresh.text, 0);
    if (!code) {
        buf_add(&fresh.text, text.ptr, text.len);
        if (fresh.text.failed)
            code = error_errno(err, -ENOMEM, "scraped text");
    }
    if (code) {
        feed_layout_fini(&fresh);
        return code;
    }
    fresh.lines_refused = ret->lines_refused;
    struct entry *fitted = fresh.len ? realloc(fresh.entries, fresh.len * sizeof(*fitted)) : NULL;
    if (fitted) {
        fresh.entries = fitted;
        fresh.cap = fresh.len;
    }
    feed_layout_fini(&f->layout);
    f->layout = fresh;
    return 0;
}
