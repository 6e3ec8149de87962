/* feed.c - see feed.h for the idea: how a feed begins and ends, and its groups. */
#include "scrape/feed_state.h"

#include <stdlib.h>

/* Of one line's labels with all that relabelling makes. */
#define LABEL_BYTES_MAX ((size_t)1 << 20)

/* The group begins anew when columns of series that ended are more than those in use and than
 * DEAD_LEAST, and have been for about DEAD_PATIENCE scrapes (sooner the more they are). Measured
 * into the store on 2 cores: a new series costs 2.3 to 6 us, one that is registered anew 0.8 to
 * 1.2, a dead column 5 ns a scrape and the memory of a series. With more dead than living columns
 * beginning anew adds at most half to what their coming has cost. Processes that are back within
 * the patience, 5 min at 5 s, find their columns. */
#define DEAD_LEAST    500
#define DEAD_PATIENCE 60

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

void feed_free(struct feed *f)
{
    if (!f)
        return;
    feed_layout_fini(&f->layout);
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

void feed_configure(struct feed *f, const struct feed_settings *settings, bool changed)
{
    f->settings = *settings;
    if (changed) {
        feed_layout_fini(&f->layout);
        f->settled = false;
        if (f->width && feed_row_track(f, f->width))
            log_warn("no memory to track timestamps", "group", f->name);
        f->live = REPORT_LEN;
        free(f->carried);
        f->carried = NULL;
    }
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
        if (feed_walk_resolve(f, feed_entry_series(&f->layout, it), &it->column, &unused, &err))
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
    int code = f->group ? 0 : feed_row_group(f, err);

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
    feed_row_clear(f);
    struct exposition e = {.rest = text, .openmetrics = openmetrics};
    bool retry = f->refused && ++f->tried >= RETRY_SCRAPES;
    bool settled = f->settled;
    f->settled = false; /* until the row is kept */
    if (retry || !feed_walk_quickly(f, &e, ret)) {
        settled = false;
        *ret = (struct feed_result){0};
        feed_row_clear(f);
        code = feed_walk_carefully(f, text, openmetrics, ret, err);
    }
    if (code == -EBADMSG || code == -E2BIG) {
        int unkept = feed_failed(f, ts_ms, duration_s, (double)text.len, NULL);
        return unkept ? error_errno(err, unkept, "series %s", f->name) : code;
    }
    bool stamped = f->stamped_len > 0;
    if (!code && stamped)
        code = feed_row_append_stamped(f, ts_ms, ret, err);
    if (code)
        return code;
    if (!settled || stamped)
        ret->added = feed_row_mark(f);
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
    code = feed_row_commit(f, ts_ms, report, !stamped, err);
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
    feed_row_clear(f);
    feed_row_mark(f);
    code = feed_row_commit(f, ts_ms, report, false, err);
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
    feed_row_clear(f);
    feed_row_mark(f);
    code = feed_row_commit(f, ts_ms, report, false, err);
    leave_group(f);
    feed_layout_fini(&f->layout);
    return code;
}
