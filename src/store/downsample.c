/* downsample.c - old days made coarser: windows in the place of samples. */
#include "store/columns.h"
#include "store/regroup.h"
#include "store/shelf.h"
#include "store/summary.h"

#define GATHER_BYTES ((size_t)64 << 20) /* of one group, before what was gathered is written */
#define PIECE_ROWS   4000               /* that a block of windows is made of, about */

/* What Prometheus takes for a counter by its name, and histograms' parts. */
#define COUNTERS ".+_(total|sum|count|bucket)"

int store_downsample_add(struct store_options *o, struct str text, struct error *err)
{
    struct store_downsample step;
    struct str rest = text, age = str_cut(&rest, ':');

    if (num_parse_duration(age, &step.age_ms, NULL) ||
        num_parse_duration(rest, &step.window_ms, NULL))
        return error_set(err, -EINVAL, "'%.*s' is no AGE:WINDOW, as in 30d:5m", STR_ARG(text));
    if (step.age_ms < 2 * DAY_MS)
        return error_set(err, -EINVAL, "'%.*s': an age below 2d is not taken", STR_ARG(text));
    if (step.window_ms < 1000 || step.window_ms > DAY_MS || DAY_MS % step.window_ms)
        return error_set(err, -EINVAL,
                         "'%.*s': a window is 1s to 1d long, and so many of them are a day",
                         STR_ARG(text));
    if (o->downsample_len == STORE_DOWNSAMPLE_MAX)
        return error_set(err, -EINVAL, "more than %d ages", STORE_DOWNSAMPLE_MAX);
    if (o->downsample_len) {
        const struct store_downsample *last = &o->downsample[o->downsample_len - 1];
        if (step.age_ms <= last->age_ms || step.window_ms <= last->window_ms ||
            step.window_ms % last->window_ms)
            return error_set(
                err, -EINVAL,
                "'%.*s': each age must be higher than the one before, and its window a "
                "multiple of that one's",
                STR_ARG(text));
    }
    o->downsample[o->downsample_len++] = step;
    return 0;
}

struct coarsening {
    uint32_t window_ms;
    struct summary *summary;
    struct column_set counters;
};

static bool is_counter(void *ctx, uint32_t column)
{
    const struct regroup *r = ctx;
    const struct coarsening *c = r->ctx;

    return column_set_has(&c->counters, r->pieces[0].place.group, column);
}

/* Takes a block of merged rows: what is written is its windows. */
static int take_merged(struct regroup *r, uint32_t kind, const void *block, size_t n)
{
    struct coarsening *c = r->ctx;
    uint32_t group = r->pieces[0].place.group;
    struct block_view view, windows;
    const struct buf *bytes;
    int code = block_open(block, n, true, &view);

    if (!code) {
        view.window_ms = kind; /* merging takes columns as they are and knows of no windows */
        code = summary_make(c->summary, &view, c->window_ms, is_counter, r, &bytes, &windows);
    }
    if (code)
        return error_errno(rewrite_error(r->rewrite), code, "windows of group %u", group);
    struct day_place place = {group, windows.min_ms, windows.max_ms, r->number};
    return rewrite_put(r->rewrite, &place, bytes->ptr, bytes->len);
}

/* So that about PIECE_ROWS rows become one block of whole windows. */
static void cut(const struct regroup *r, uint32_t kind, uint64_t rows, int64_t *ret_split_ms,
                uint32_t *ret_rows)
{
    const struct coarsening *c = r->ctx;
    uint64_t windows = (uint64_t)(DAY_MS / c->window_ms);
    uint64_t per_window = rows / windows + 1;

    (void)kind;
    *ret_split_ms = (int64_t)MIN(MAX(PIECE_ROWS / per_window, UINT64_C(1)), windows) * c->window_ms;
    *ret_rows = BLOCK_ROWS_MAX;
}

struct counters {
    struct selector selector;
    struct column_set *to;
    struct error *err;
};

static int note_counters(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct counters *c = ctx;
    struct shelf shelf;

    if (shelf_open(blob->bytes, blob->n, trusted, &shelf))
        return 0; /* its counters are told by their last values alone */
    return shelf_match(&shelf, &c->selector, 1, c->to, c->err);
}

static int find_counters(struct store *s, int64_t number, struct column_set *to, struct error *err)
{
    struct day_read *r = NULL;
    struct matcher m;
    struct day *day;
    int code = days_get(s->days, number, false, &day, err);

    if (code)
        return code;
    code = matcher_init(&m, MATCH_REGEX, STR("__name__"), STR(COUNTERS), err);
    if (!code) {
        struct counters c = {{&m, 1}, to, err};
        code = day_read_begin(day, &r, err);
        if (!code)
            code = day_read_shelves(r, note_counters, &c, err);
        matcher_fini(&m);
    }
    day_read_end(r);
    day_put(day);
    return code;
}

static int make_coarser(struct store *s, int64_t number, int64_t window_ms, struct error *err)
{
    struct coarsening c = {.window_ms = (uint32_t)window_ms};
    struct regroup r = {.below_ms = (uint32_t)window_ms,
                        .gather_bytes = GATHER_BYTES,
                        .cut = cut,
                        .take = take_merged,
                        .ctx = &c};
    const struct rewrite_ops ops = {.block = regroup_block, .end = regroup_end, .ctx = &r};
    int code = -ENOMEM;

    r.merger = store_take_merger(s);
    c.summary = summary_new();
    if (r.merger && c.summary)
        code = find_counters(s, number, &c.counters, err);
    else
        error_errno(err, code, "making a day coarser");
    if (!code) {
        pthread_mutex_lock(&s->rewrite_lock);
        code = rewrite_day(s, number, &ops, window_ms, err);
        pthread_mutex_unlock(&s->rewrite_lock);
    }
    store_give_merger(s, r.merger);
    summary_free(c.summary);
    column_set_fini(&c.counters);
    regroup_fini(&r);
    return code;
}

/* The oldest day that is to be coarser than it is, and how coarse; -1: there is none. */
static int64_t next_due(struct store *s, int64_t *ret_window_ms)
{
    const struct store_options *o = &s->options;
    int64_t now = atomic_load(&s->believed_ms), due = -1;

    for (size_t i = o->downsample_len; i-- && now;) {
        int64_t last = (now - o->downsample[i].age_ms) / DAY_MS - 1;
        int64_t day = days_finer(s->days, last, o->downsample[i].window_ms);
        if (day >= 0 && (due < 0 || day < due)) {
            due = day;
            *ret_window_ms = o->downsample[i].window_ms;
        }
    }
    return due;
}

bool store_downsample(struct store *s)
{
    struct error err;
    int64_t window_ms = 0, day = next_due(s, &window_ms);
    char date[16];

    if (day < 0)
        return false;
    day_print_date(day, date);
    uint64_t start = clock_mono_ns();
    int code = make_coarser(s, day, window_ms, &err);
    if (code == -ECANCELED || code == -ENOENT)
        return code == -ENOENT;
    if (code) {
        atomic_fetch_add(&s->downsample_errors, 1);
        log_warn("an old day could not be made coarser, will try again", "day", date, "error",
                 err.text);
        return false;
    }
    log_info("an old day was made coarser", "day", date, "window_seconds",
             LOG_NUM(window_ms / 1000), "took_ms", LOG_NUM((clock_mono_ns() - start) / NS_PER_MS));
    return true;
}
