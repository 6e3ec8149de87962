/* feed.c - see feed.h for the idea. */
#include "scrape/feed.h"

#include "scrape/feed_labels.h"

#include <stdlib.h>

#define COLUMN_DROPPED   UINT32_MAX       /* relabelling dropped the series */
#define COLUMN_REFUSED   (UINT32_MAX - 1) /* the store or a bound refused it */
#define COLUMN_DUPLICATE (UINT32_MAX - 2) /* an earlier line has the same series */
#define COLUMN_NONE      (UINT32_MAX - 2) /* from here on they are no columns */
#define RETRY_SCRAPES    60               /* after so many scrapes refused series are tried again */
#define AHEAD_MAX_MS     600000           /* timestamps further in the future are refused */
#define LABEL_BYTES_MAX                                                                            \
    ((size_t)1 << 20) /* of one line's labels with all that relabelling makes                      \
                       */
#define REPORT_LEN 8  /* five always, three when the settings say so */
#define REPORT_FEW 5
/* The group begins anew when columns of series that ended are more than those in use and than
 * DEAD_LEAST, and have been for about DEAD_PATIENCE scrapes (sooner the more they are). Measured
 * into the store on 2 cores: a new series costs 2.3 to 6 us, one that is registered anew 0.8 to
 * 1.2, a dead column 5 ns a scrape and the memory of a series. With more dead than living columns
 * beginning anew adds at most half to what their coming has cost. Processes that are back within
 * the patience, 5 min at 5 s, find their columns. */
#define DEAD_LEAST    500
#define DEAD_PATIENCE 60

#define TRACKED_NOW    1 /* in this scrape */
#define TRACKED_BEFORE 2 /* in the last one */

static const char *const report_names[REPORT_LEN] = {"up",
                                                     "scrape_duration_seconds",
                                                     "scrape_samples_scraped",
                                                     "scrape_samples_post_metric_relabeling",
                                                     "scrape_series_added",
                                                     "scrape_timeout_seconds",
                                                     "scrape_sample_limit",
                                                     "scrape_body_size_bytes"};

/* One sample line of the last text. The bytes before the series are comments since the line before;
 * they are compared with it. */
struct entry {
    uint32_t at;     /* where in the text the comments or the series start */
    uint32_t series; /* where the series starts, from `at` */
    uint32_t len;    /* of both */
    uint32_t column;
};

/* A sample that brought its own timestamp. */
struct stamped {
    int64_t ts_ms;
    uint32_t column, order;
    double value;
};

struct layout {
    struct buf text;
    struct entry *entries;
    size_t len, cap;
    size_t lines_refused; /* of the text; the same bytes are refused again */
    bool openmetrics;
};

struct feed {
    struct sink sink;
    struct metadata *metadata;
    char *name;
    struct group *group; /* NULL: not asked for yet */
    struct feed_settings settings;
    uint32_t report[REPORT_LEN];
    size_t report_len;
    struct layout layout;
    bool settled;         /* `before` holds exactly the columns of `layout`, nothing was stamped */
    bool refused;         /* some entry is COLUMN_REFUSED */
    unsigned tried;       /* scrapes since they were tried */
    double *row, *before; /* this scrape's values and the last's; absent where there is none */
    double *spare;        /* absent all over between uses; for samples with their own timestamps */
    size_t row_cap, before_cap, spare_cap, width; /* width: columns in use */
    unsigned char *tracked; /* NULL, or for each column whether it had a sample with its own
                               timestamp: TRACKED_NOW, TRACKED_BEFORE */
    size_t tracked_cap;
    struct stamped *stamped;
    size_t stamped_len, stamped_cap;
    uint32_t
        *index; /* of the layout by hash of the series: entry + 1, 0 free; only while walking */
    size_t index_size;
    struct arena arena; /* labels of the line in hand */
    size_t live;        /* columns in use by the layout and the scrape's own series */
    size_t burden;      /* dead columns, summed over the scrapes since they are too many */
    double *carried; /* NULL, or the group has ended: the last sample of each entry of the layout,
                        for the group that comes after it */
};

struct feed *feed_new(struct sink sink, struct metadata *metadata, struct str name)
{
    struct feed *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->sink = sink;
    f->metadata = metadata;
    f->name = xstrndup(name.ptr, name.len);
    arena_init(&f->arena, LABEL_BYTES_MAX);
    buf_init(&f->layout.text, 0);
    return f;
}

static void layout_fini(struct layout *l)
{
    buf_fini(&l->text);
    free(l->entries);
    *l = (struct layout){0};
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    layout_fini(&f->layout);
    arena_fini(&f->arena);
    free(f->row);
    free(f->before);
    free(f->spare);
    free(f->tracked);
    free(f->stamped);
    free(f->index);
    free(f->carried);
    free(f->name);
    free(f);
}

size_t feed_bytes(const struct feed *f)
{
    return sizeof(*f) + f->layout.text.cap + f->layout.cap * sizeof(struct entry) +
           (f->row_cap + f->before_cap + f->spare_cap) * sizeof(double) + f->tracked_cap +
           f->stamped_cap * sizeof(struct stamped) + f->index_size * sizeof(uint32_t) +
           (f->carried ? f->layout.len * sizeof(double) : 0) + arena_bytes(&f->arena);
}

/* ---- columns and rows ---- */

static int grow_row(double **row, size_t *cap, size_t width)
{
    size_t old = *cap;
    double *grown = array_grow(*row, cap, width, sizeof(double));

    if (!grown)
        return -ENOMEM;
    for (size_t i = old; i < *cap; i++)
        grown[i] = value_absent();
    *row = grown;
    return 0;
}

static int grow_tracked(struct feed *f, size_t width)
{
    size_t old = f->tracked_cap;

    if (!f->settings.track_timestamps && !f->tracked)
        return 0;
    unsigned char *grown = array_grow(f->tracked, &f->tracked_cap, width, 1);
    if (!grown)
        return -ENOMEM;
    memset(grown + old, 0, f->tracked_cap - old);
    f->tracked = grown;
    return 0;
}

void feed_configure(struct feed *f, const struct feed_settings *settings, bool changed)
{
    f->settings = *settings;
    if (changed) {
        layout_fini(&f->layout);
        f->settled = false;
        if (f->width && grow_tracked(f, f->width))
            log_warn("no memory to track timestamps", "group", f->name);
        f->live = REPORT_LEN;
        free(f->carried);
        f->carried = NULL;
    }
}

/* Asks the sink for a column and makes room for it in both rows. */
static int get_column(struct feed *f, struct labels labels, uint32_t *ret, struct error *err)
{
    int code = f->sink.column(f->sink.self, f->group, labels, ret, err);

    if (code)
        return code;
    if (*ret >= f->width) {
        size_t width = (size_t)*ret + 1;
        if (grow_row(&f->row, &f->row_cap, width) || grow_row(&f->before, &f->before_cap, width) ||
            grow_tracked(f, width))
            return error_errno(err, -ENOMEM, "row of %zu columns", width);
        f->width = width;
    }
    return 0;
}

/* The group and the columns of the scrape's own series. */
static int make_group(struct feed *f, struct error *err)
{
    struct group *group;
    int code = f->sink.group(f->sink.self, str_of(f->name), &group, err);
    if (code)
        return code;
    f->group = group;
    f->report_len = f->settings.extra ? REPORT_LEN : REPORT_FEW;
    for (size_t i = 0; i < f->report_len && !code; i++) {
        struct label_builder b;
        struct labels labels;
        label_builder_init(&b, f->settings.labels);
        label_builder_set(&b, STR(LABEL_NAME), str_of(report_names[i]));
        code = label_builder_view(&b, &labels, err);
        if (!code)
            code = get_column(f, labels, &f->report[i], err);
    }
    if (code)
        f->group = NULL;
    return code;
}

static void clear_row(struct feed *f)
{
    const double absent = value_absent();

    for (size_t i = 0; i < f->width; i++)
        f->row[i] = absent;
    for (size_t i = 0; f->tracked && i < f->width; i++)
        f->tracked[i] &= TRACKED_BEFORE;
    f->stamped_len = 0;
}

static bool has_sample(double value)
{
    return !value_is_absent(value) && !value_is_stale(value);
}

/* Stale markers where the last scrape had a sample and this one has none; counts the series that
 * are new. The scrape's own columns are set afterwards and so left out. */
static size_t mark_vanished(struct feed *f)
{
    size_t added = 0;

    for (size_t i = 0; i < f->report_len; i++)
        f->before[f->report[i]] = value_absent();
    for (size_t i = 0; f->tracked && i < f->width; i++) {
        if (f->tracked[i] == TRACKED_BEFORE && value_is_absent(f->row[i]))
            f->row[i] = value_stale();
        f->tracked[i] = f->tracked[i] & TRACKED_NOW ? TRACKED_BEFORE : 0;
    }
    for (size_t i = 0; i < f->width; i++) {
        bool had = has_sample(f->before[i]);
        if (had && value_is_absent(f->row[i]))
            f->row[i] = value_stale();
        else if (!had && has_sample(f->row[i]))
            added++;
    }
    return added;
}

/* Appends the row and makes it the last one. */
static int commit(struct feed *f, int64_t ts_ms, const double report[REPORT_LEN], bool settled,
                  struct error *err)
{
    for (size_t i = 0; i < f->report_len; i++)
        f->row[f->report[i]] = report[i];
    int code = f->sink.append(f->sink.self, f->group, ts_ms, f->row, f->width, err);
    f->settled = false; /* what was not kept must be told again */
    if (code)
        return code;
    double *row = f->row;
    size_t cap = f->row_cap;
    f->row = f->before;
    f->row_cap = f->before_cap;
    f->before = row;
    f->before_cap = cap;
    f->settled = settled;
    return 0;
}

/* ---- samples with their own timestamps ---- */

static int add_stamped(struct feed *f, const struct exposition_line *line, uint32_t column)
{
    if (f->tracked && f->settings.track_timestamps)
        f->tracked[column] |= TRACKED_NOW;
    if (f->stamped_len == f->stamped_cap) {
        struct stamped *grown =
            array_grow(f->stamped, &f->stamped_cap, f->stamped_len + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        f->stamped = grown;
    }
    f->stamped[f->stamped_len] =
        (struct stamped){line->ts_ms, column, (uint32_t)f->stamped_len, line->value};
    f->stamped_len++;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct stamped *x = a, *y = b;
    if (x->ts_ms != y->ts_ms)
        return x->ts_ms < y->ts_ms ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* One row of the samples [i, next), which have the same timestamp. */
static int append_instant(struct feed *f, size_t i, size_t next, int64_t now_ms,
                          struct feed_result *ret, struct error *err)
{
    int64_t ts_ms = f->stamped[i].ts_ms;
    size_t width = (size_t)f->stamped[next - 1].column + 1;
    int code = -ERANGE;

    for (size_t k = i; k < next; k++) {
        const struct stamped *it = &f->stamped[k];
        if (value_is_absent(f->spare[it->column]))
            f->spare[it->column] = it->value;
        else
            ret->duplicates++;
    }
    if (ts_ms <= now_ms + AHEAD_MAX_MS)
        code = f->sink.append(f->sink.self, f->group, ts_ms, f->spare, width, err);
    for (size_t k = i; k < next; k++)
        f->spare[f->stamped[k].column] = value_absent();
    if (code != -ERANGE)
        return code;
    ret->lines_refused += next - i;
    if (!ret->first_refused[0])
        snprintf(ret->first_refused, sizeof(ret->first_refused),
                 "a timestamp too far from now: %" PRId64, ts_ms);
    return 0;
}

/* Appends a row for each distinct timestamp. Rows the store finds too old or that lie in the future
 * are counted. */
static int append_stamped(struct feed *f, int64_t now_ms, struct feed_result *ret,
                          struct error *err)
{
    int code = grow_row(&f->spare, &f->spare_cap, f->width);

    if (code)
        return error_errno(err, code, "row of %zu columns", f->width);
    qsort(f->stamped, f->stamped_len, sizeof(*f->stamped), by_time);
    for (size_t i = 0, next; i < f->stamped_len && !code; i = next) {
        for (next = i; next < f->stamped_len && f->stamped[next].ts_ms == f->stamped[i].ts_ms;)
            next++;
        code = append_instant(f, i, next, now_ms, ret, err);
    }
    return code;
}

/* ---- labels of a line that is new ---- */

static void refuse(struct feed_result *ret, const char *why)
{
    if (!ret->lines_refused++)
        snprintf(ret->first_refused, sizeof(ret->first_refused), "%s", why);
}

/* The column of a series by its labels: COLUMN_DROPPED and COLUMN_REFUSED among the answers.
 * Errors: -E2BIG, a limit of the configuration: the scrape fails. */
static int resolve(struct feed *f, struct str series, uint32_t *ret, struct feed_result *result,
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
    if (get_column(f, labels, ret, &why)) {
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
        return add_stamped(f, line, *column);
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
static bool walk_quickly(struct feed *f, struct exposition *e, struct feed_result *ret)
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

static struct str entry_series(const struct layout *l, const struct entry *it)
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
        size_t at = series_hash(entry_series(&f->layout, &f->layout.entries[i])) & (size - 1);
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
        if (str_equal(entry_series(&f->layout, &f->layout.entries[i]), series))
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
        code = resolve(f, line.series, &column, ret, err);
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
static int walk_carefully(struct feed *f, struct str text, bool openmetrics,
                          struct feed_result *ret, struct error *err)
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
        layout_fini(&fresh);
        return code;
    }
    fresh.lines_refused = ret->lines_refused;
    struct entry *fitted = fresh.len ? realloc(fresh.entries, fresh.len * sizeof(*fitted)) : NULL;
    if (fitted) {
        fresh.entries = fitted;
        fresh.cap = fresh.len;
    }
    layout_fini(&f->layout);
    f->layout = fresh;
    return 0;
}

/* ---- from one group to the next ---- */

/* Ends the group; rows and columns start from nothing. */
static void leave_group(struct feed *f)
{
    f->sink.end(f->sink.self, f->group);
    f->group = NULL;
    free(f->row);
    free(f->before);
    free(f->spare);
    free(f->tracked);
    f->row = f->before = f->spare = NULL;
    f->tracked = NULL;
    f->row_cap = f->before_cap = f->spare_cap = f->tracked_cap = f->width = 0;
    f->burden = 0;
}

/* Gives every line that has a column one in the new group, with its last sample, so that the next
 * scrape is recognised and what vanishes is marked as if nothing had happened. */
static void move_lines(struct feed *f)
{
    struct feed_result unused = {0};
    struct error err;

    for (size_t i = 0; i < f->layout.len; i++) {
        struct entry *it = &f->layout.entries[i];
        if (it->column >= COLUMN_NONE)
            continue;
        if (resolve(f, entry_series(&f->layout, it), &it->column, &unused, &err))
            it->column = COLUMN_REFUSED;
        if (it->column < COLUMN_NONE && f->tracked && value_is_stale(f->carried[i]))
            f->tracked[it->column] = TRACKED_BEFORE;
        else if (it->column < COLUMN_NONE)
            f->before[it->column] = f->carried[i];
        if (it->column != COLUMN_REFUSED)
            continue;
        f->refused = true;
        f->tried = RETRY_SCRAPES; /* with the next scrape */
    }
    free(f->carried);
    f->carried = NULL;
}

/* The group, at the first use and after one has ended. */
static int open_group(struct feed *f, struct error *err)
{
    int code = f->group ? 0 : make_group(f, err);

    if (!code && f->carried)
        move_lines(f);
    return code;
}

static bool is_worn(struct feed *f)
{
    size_t live = MIN(f->live, f->width), dead = f->width - live;
    size_t bearable = MAX(live, (size_t)DEAD_LEAST);

    if (dead <= bearable) {
        f->burden = 0;
        return false;
    }
    f->burden += dead;
    return f->burden >= bearable * DEAD_PATIENCE;
}

/* Begins the group anew when it is worn. The last row has been kept, with the stale markers of what
 * had vanished: only what is in the layout can have had a sample. */
static void renew_group(struct feed *f)
{
    if (LIKELY(!is_worn(f)))
        return;
    f->carried = calloc(f->layout.len + 1, sizeof(*f->carried));
    if (!f->carried)
        return; /* another time */
    for (size_t i = 0; i < f->layout.len; i++) {
        uint32_t column = f->layout.entries[i].column;
        f->carried[i] = column >= COLUMN_NONE              ? value_absent()
                        : f->tracked && f->tracked[column] ? value_stale() /* see move_lines() */
                                                           : f->before[column];
    }
    leave_group(f);
    int code = open_group(f, NULL);
    (void)code; /* the next scrape tries again, and says it */
}

/* ---- the door ---- */

int feed_scrape(struct feed *f, struct str text, bool openmetrics, int64_t ts_ms, double duration_s,
                struct feed_result *ret, struct error *err)
{
    *ret = (struct feed_result){0};
    int code = open_group(f, err);
    if (code)
        return code;
    if (text.len >= UINT32_MAX)
        return error_set(err, -EFBIG, "a text of 4 GiB or more");
    clear_row(f);
    struct exposition e = {.rest = text, .openmetrics = openmetrics};
    bool retry = f->refused && ++f->tried >= RETRY_SCRAPES;
    bool settled = f->settled;
    f->settled = false; /* until the row is kept */
    if (retry || !walk_quickly(f, &e, ret)) {
        settled = false;
        *ret = (struct feed_result){0};
        clear_row(f);
        code = walk_carefully(f, text, openmetrics, ret, err);
    }
    if (code == -EBADMSG || code == -E2BIG) {
        int unkept = feed_failed(f, ts_ms, duration_s, (double)text.len, NULL);
        return unkept ? error_errno(err, unkept, "series %s", f->name) : code;
    }
    bool stamped = f->stamped_len > 0;
    if (!code && stamped)
        code = append_stamped(f, ts_ms, ret, err);
    if (code)
        return code;
    if (!settled || stamped)
        ret->added = mark_vanished(f);
    const double report[REPORT_LEN] = {
        1,
        duration_s,
        (double)ret->samples,
        (double)ret->kept,
        (double)ret->added,
        f->settings.timeout_s,
        (double)f->settings.sample_limit,
        (double)text.len,
    };
    code = commit(f, ts_ms, report, !stamped, err);
    f->live = ret->kept + f->report_len;
    if (!code)
        renew_group(f);
    return code;
}

int feed_failed(struct feed *f, int64_t ts_ms, double duration_s, double body_bytes,
                struct error *err)
{
    const double report[REPORT_LEN] = {
        0,         duration_s, 0, 0, 0, f->settings.timeout_s, (double)f->settings.sample_limit,
        body_bytes};
    int code = open_group(f, err);

    if (code)
        return code;
    clear_row(f);
    mark_vanished(f);
    code = commit(f, ts_ms, report, false, err);
    if (!code)
        renew_group(f);
    return code;
}

int feed_end(struct feed *f, int64_t ts_ms, struct error *err)
{
    double report[REPORT_LEN];

    if (!f->group && !f->carried) /* never scraped */
        return 0;
    int code = open_group(f, err);
    if (code)
        return code;
    for (size_t i = 0; i < REPORT_LEN; i++)
        report[i] = value_stale();
    clear_row(f);
    mark_vanished(f);
    code = commit(f, ts_ms, report, false, err);
    leave_group(f);
    layout_fini(&f->layout);
    return code;
}
