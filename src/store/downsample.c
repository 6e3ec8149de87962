/* downsample.c - old days made coarser: windows in the place of samples. */
#include "store/columns.h"
#include "store/rewrite.h"
#include "store/shelf.h"
#include "store/summary.h"

#define GATHER_BYTES ((size_t)64 << 20) /* of one group, before what was gathered is written */
#define LOOK_ROUNDS  10                 /* of the keeper */
#define RETRY_NS     (UINT64_C(600) * NS_PER_S) /* after a failure: a full disk, mostly */
#define PIECE_ROWS   4000                       /* that a block of windows is made of, about */

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

/* A block of the group at hand; its bytes are the day's. */
struct piece {
    struct day_place place;
    struct block_view view;
};

struct coarsening {
    struct store *store;
    struct rewrite *rewrite;
    uint32_t window_ms;
    struct merger *merger;
    struct summary *summary;
    struct column_set counters;
    struct piece *pieces;
    size_t len, cap, bytes;
    uint32_t kind;   /* window of the pieces being merged */
    uint64_t number; /* the highest of them */
};

static bool is_counter(void *ctx, uint32_t column)
{
    const struct coarsening *c = ctx;
    return column_set_has(&c->counters, c->pieces[0].place.group, column);
}

/* Takes a block of merged rows: what is written is its windows. */
static int take_merged(void *ctx, const void *block, size_t size)
{
    struct coarsening *c = ctx;
    struct block_view view, windows;
    const struct buf *bytes;
    int code = block_open(block, size, true, &view);

    if (!code) {
        view.window_ms = c->kind; /* merging takes columns as they are and knows of no windows */
        code = summary_make(c->summary, &view, c->window_ms, is_counter, c, &bytes, &windows);
    }
    if (code)
        return error_errno(rewrite_error(c->rewrite), code, "windows of group %u",
                           c->pieces[0].place.group);
    struct day_place place = {c->pieces[0].place.group, windows.min_ms, windows.max_ms, c->number};
    return rewrite_put(c->rewrite, &place, bytes->ptr, bytes->len);
}

/* So that about PIECE_ROWS rows become one block of whole windows. */
static int64_t split_of(const struct coarsening *c, uint64_t rows)
{
    uint64_t windows = (uint64_t)(DAY_MS / c->window_ms);
    uint64_t per_window = rows / windows + 1;

    return (int64_t)MIN(MAX(PIECE_ROWS / per_window, UINT64_C(1)), windows) * c->window_ms;
}

static int by_number(const void *pa, const void *pb)
{
    const struct piece *a = pa, *b = pb;
    return (a->place.number > b->place.number) - (a->place.number < b->place.number);
}

/* Merges the pieces of one kind. */
static int merge_kind(struct coarsening *c, uint32_t kind)
{
    struct run **runs = calloc(c->len, sizeof(struct run *));
    uint64_t rows = 0;
    uint32_t n = 0;
    int code = runs ? 0 : -ENOMEM;

    c->kind = kind;
    for (size_t i = 0; i < c->len && !code; i++) {
        const struct piece *p = &c->pieces[i];
        if (p->view.window_ms != kind)
            continue;
        runs[n] = run_new_block(p->view.bytes, p->view.size, &p->view);
        if (!runs[n])
            code = -ENOMEM;
        else
            n++;
        rows += p->view.rows;
        c->number = p->place.number;
    }
    if (code)
        error_errno(rewrite_error(c->rewrite), code, "making a day coarser");
    else if (n)
        code = merge_runs(c->merger, runs, n, split_of(c, rows), take_merged, c);
    for (uint32_t i = 0; i < n; i++)
        run_unref(runs[i]);
    free(runs);
    return code;
}

/* Writes what was gathered of a group. */
static int write_gathered(struct coarsening *c)
{
    uint32_t below = c->window_ms;
    int code = 0;

    if (!c->len)
        return 0;
    qsort(c->pieces, c->len, sizeof(*c->pieces), by_number);
    while (!code && below) { /* each kind once, from the coarsest on to rows, which are kind 0 */
        uint32_t kind = 0;
        for (size_t i = 0; i < c->len; i++)
            if (c->pieces[i].view.window_ms < below)
                kind = MAX(kind, c->pieces[i].view.window_ms);
        code = merge_kind(c, kind);
        below = kind;
    }
    c->len = c->bytes = 0;
    return code;
}

static int take_block(void *ctx, struct rewrite *rw, const struct day_place *place,
                      const struct day_blob *block, bool late)
{
    struct coarsening *c = ctx;
    struct block_view view;
    int code = 0;

    c->rewrite = rw;
    /* A damaged block stays as it is: reading it is an error now as before. */
    bool good = !late && !block_open(block->bytes, block->n, false, &view) && block_verify(&view);
    if (!good || view.window_ms >= c->window_ms)
        return rewrite_put(rw, place, block->bytes, block->n);
    if (c->len && (c->pieces[0].place.group != place->group || c->bytes >= GATHER_BYTES))
        code = write_gathered(c);
    if (code)
        return code;
    struct piece *grown = array_grow(c->pieces, &c->cap, c->len + 1, sizeof(*grown));
    if (!grown)
        return error_errno(rewrite_error(rw), -ENOMEM, "making a day coarser");
    c->pieces = grown;
    c->pieces[c->len++] = (struct piece){*place, view};
    c->bytes += block->n;
    return 0;
}

static int take_end(void *ctx, struct rewrite *rw)
{
    struct coarsening *c = ctx;

    c->rewrite = rw;
    return write_gathered(c);
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
    struct coarsening c = {.store = s, .window_ms = (uint32_t)window_ms};
    const struct rewrite_ops ops = {.block = take_block, .end = take_end, .ctx = &c};
    int code = -ENOMEM;

    c.merger = store_take_merger(s);
    c.summary = summary_new();
    if (c.merger && c.summary)
        code = find_counters(s, number, &c.counters, err);
    else
        error_errno(err, code, "making a day coarser");
    if (!code) {
        pthread_mutex_lock(&s->rewrite_lock);
        code = rewrite_day(s, number, &ops, window_ms, err);
        pthread_mutex_unlock(&s->rewrite_lock);
    }
    store_give_merger(s, c.merger);
    summary_free(c.summary);
    column_set_fini(&c.counters);
    free(c.pieces);
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

static void *work(void *arg)
{
    struct store *s = arg;
    uint64_t round = (uint64_t)MAX(s->options.sync_interval_ms, INT64_C(10)) * NS_PER_MS;
    uint64_t next = clock_mono_ns() + 2 * round; /* the keeper finds out what time it is */

    pthread_mutex_lock(&s->state_lock);
    while (!s->stopping) {
        if (!thread_wait_until(&s->wake, &s->state_lock, next))
            continue;
        pthread_mutex_unlock(&s->state_lock);
        uint64_t errors = atomic_load(&s->downsample_errors);
        bool more = store_downsample(s);
        bool failed = atomic_load(&s->downsample_errors) != errors;
        next = clock_mono_ns() + (more ? 0 : failed ? RETRY_NS : LOOK_ROUNDS * round);
        pthread_mutex_lock(&s->state_lock);
    }
    pthread_mutex_unlock(&s->state_lock);
    return NULL;
}

int downsample_start(struct store *s, struct error *err)
{
    if (!s->options.downsample_len)
        return 0;
    int code = thread_start(&s->downsampler, "store-old", work, s, err);

    s->downsampler_runs = code == 0;
    return code;
}

void downsample_stop(struct store *s)
{
    if (!s->downsampler_runs)
        return;
    pthread_mutex_lock(&s->state_lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->state_lock);
    pthread_join(s->downsampler, NULL);
    s->downsampler_runs = false;
}
