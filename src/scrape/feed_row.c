/* feed_row.c - see feed_state.h. */
#include "scrape/feed_state.h"

#include <stdlib.h>

#define AHEAD_MAX_MS 600000 /* timestamps further in the future are refused */

static const char *const report_names[REPORT_LEN] = {"up",
                                                     "scrape_duration_seconds",
                                                     "scrape_samples_scraped",
                                                     "scrape_samples_post_metric_relabeling",
                                                     "scrape_series_added",
                                                     "scrape_timeout_seconds",
                                                     "scrape_sample_limit",
                                                     "scrape_body_size_bytes"};

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

int feed_row_track(struct feed *f, size_t width)
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

/* Asks the sink for a column and makes room for it in both rows. */
int feed_row_column(struct feed *f, struct labels labels, uint32_t *ret, struct error *err)
{
    int code = f->sink.column(f->sink.self, f->group, labels, ret, err);

    if (code)
        return code;
    if (*ret >= f->width) {
        size_t width = (size_t)*ret + 1;
        if (grow_row(&f->row, &f->row_cap, width) || grow_row(&f->before, &f->before_cap, width) ||
            feed_row_track(f, width))
            return error_errno(err, -ENOMEM, "row of %zu columns", width);
        f->width = width;
    }
    return 0;
}

/* The group and the columns of the scrape's own series. */
int feed_row_group(struct feed *f, struct error *err)
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
            code = feed_row_column(f, labels, &f->report[i], err);
    }
    if (code)
        f->group = NULL;
    return code;
}

void feed_row_clear(struct feed *f)
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
size_t feed_row_mark(struct feed *f)
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
int feed_row_commit(struct feed *f, int64_t ts_ms, const double report[REPORT_LEN], bool settled,
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

int feed_row_add_stamped(struct feed *f, const struct exposition_line *line, uint32_t column)
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
int feed_row_append_stamped(struct feed *f, int64_t now_ms, struct feed_result *ret,
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
