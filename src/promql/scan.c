/* scan.c - selecting, reading, windows, threads. */
#include "promql/scan.h"

#include "promql/fault.h"

#include <stdlib.h>

#define THREADS_MAX        16
#define SERIES_PER_THREAD  64 /* fewer are not worth starting a thread for */
#define DISTANCES          20 /* between samples, to find out how far apart they are */
#define SCRATCH_KEEP_BYTES ((size_t)1 << 20) /* columns read before the scratch is emptied */
#define READ_TOGETHER      4 /* series; more would not stay in the processor's cache until used */
#define PLACEMENTS         4 /* of windows in columns that share their times; kept for the next ones */
#define PLACEMENTS_STEPS   ((size_t)1 << 16) /* with more steps only one is kept */

struct held_selection {
    struct held_selection *next;
    const struct node *node; /* that asked */
    struct selection *selection;
};

void scan_inform(struct eval *e)
{
    for (struct held_selection *h = e->held; h; h = h->next)
        if (h->selection->info)
            eval_inform(e, h->node, "PromQL info: %s", h->selection->info);
}

void scan_release(struct eval *e)
{
    for (struct held_selection *h = e->held; h; h = h->next)
        selection_free(h->selection);
    e->held = NULL;
}

/* The words of the store stay; which bound and which flag is ours to say. */
static int store_fault(struct promql_error *err, int code, const char *words)
{
    switch (code) {
    case -ENOMEM:
        return fault_memory(err);
    case -ERANGE:
        return fault_set(err, PROMQL_EXECUTION, "%s", words);
    default:
        return fault_set(err, PROMQL_INTERNAL, "%s", words);
    }
}

static int select_series(struct eval *e, const struct node *n, struct scan *s)
{
    struct selector selector = {n->selector.matchers, n->selector.len};
    struct held_selection *held = arena_new(&e->arena, struct held_selection);
    struct error err = {0};

    if (!held)
        return fault_memory(e->err);
    int code = e->queryable->select(e->queryable->self, selector, s->first_ms, s->last_ms,
                                    e->options.max_series, &held->selection, &err);
    if (code == -E2BIG)
        return fault_set(e->err, PROMQL_EXECUTION,
                         "a selector finds more than %zu series: narrow it, or raise "
                         "--query.max-series",
                         e->options.max_series);
    if (code)
        return store_fault(e->err, code, err.text);
    held->node = n;
    held->next = e->held;
    e->held = held;
    s->selection = held->selection;
    s->len = held->selection->len;
    s->labels = held->selection->labels;
    e->series_read += s->len;
    if (s->selection->warning)
        eval_warn(e, NULL, "PromQL warning: %s", s->selection->warning);
    return 0;
}

/* When each step looks at the data. */
static int place_window(struct eval *e, const struct node *n, const struct grid *g, int64_t width,
                        struct window *w)
{
    int64_t at, offset, *ends = arena_calloc(&e->arena, g->len + 1, sizeof(*ends));
    bool fixed;
    int code = eval_time_of(e, n, &fixed, &at, &offset);

    if (code)
        return code;
    if (!ends)
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++)
        if (__builtin_sub_overflow(fixed ? at : grid_time(g, k), offset, &ends[k]))
            return fault_set(e->err, PROMQL_BAD_DATA, "a time is out of range");
    *w = (struct window){.steps = g->len, .width_ms = width, .end_ms = ends};
    return 0;
}

static int reach(struct eval *e, struct scan *s)
{
    const struct window *w = &s->window;

    s->last_ms = w->end_ms[w->steps - 1];
    if (__builtin_sub_overflow(w->end_ms[0], w->width_ms - 1 + s->before_ms, &s->first_ms))
        return fault_set(e->err, PROMQL_BAD_DATA, "a time is out of range");
    return 0;
}

static int open_selector(struct eval *e, const struct node *n, const struct grid *g, int64_t width,
                         struct scan *s)
{
    int code = place_window(e, n, g, width, &s->window);

    if (!code && g->len)
        code = reach(e, s);
    return code || !g->len ? code : select_series(e, n, s);
}

int scan_open_instant(struct eval *e, const struct node *n, const struct grid *g, struct scan *ret)
{
    int64_t lookback = e->options.lookback_ms;

    *ret = (struct scan){.keep_stale = true};
    int code = open_selector(e, n, g, lookback, ret);
    /* A sample that stands for a window is the only one of it: it is looked for that much longer.
     */
    if (!code && ret->selection && ret->selection->window_ms) {
        e->series_read -= ret->len;
        code = open_selector(e, n, g, lookback + ret->selection->window_ms, ret);
    }
    return code;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The usual distance of samples, judged by the newest of the first series that has some; 0: there
 * is none. */
static int usual_distance(struct eval *e, const struct scan *s, int64_t *ret)
{
    int64_t distances[DISTANCES];
    struct error err = {0};
    struct column c = {0};
    size_t n = 0;
    int code = 0;

    *ret = 0;
    for (size_t i = 0; i < s->len && c.len < 2 && !code; i++) {
        code =
            s->selection->ops->read(s->selection, i, s->first_ms, s->last_ms, &e->arena, &c, &err);
        if (!code)
            code = eval_interrupted(&e->options, e->err);
        else
            code = store_fault(e->err, code, err.text);
    }
    for (; !code && n < DISTANCES && n + 1 < c.len; n++)
        distances[n] = c.ts_ms[c.len - 1 - n] - c.ts_ms[c.len - 2 - n];
    if (n) {
        qsort(distances, n, sizeof(*distances), by_size);
        *ret = distances[n / 2];
    }
    return code;
}

/* MetricsQL's rate(m): the window is the step, but never so short that it would miss the two
 * samples a rate takes. */
static int open_implicit(struct eval *e, const struct node *n, const struct grid *g, struct scan *s)
{
    int64_t distance, step = (int64_t)(e->step_s * 1000);
    int64_t width = MAX(step, e->options.lookback_ms);
    int code = open_selector(e, n, g, width, s);

    if (code || !step || !g->len)
        return code;
    code = usual_distance(e, s, &distance);
    s->window.width_ms = MIN(MAX(step, distance * 5 / 2), width);
    return code ? code : reach(e, s);
}

/* Multiples of the step, the first one later than `after_ms`. */
static int inner_grid(struct eval *e, int64_t after_ms, int64_t last_ms, int64_t step_ms,
                      struct grid *ret)
{
    int64_t first = after_ms / step_ms;

    if (after_ms % step_ms < 0)
        first--;
    first = (first + 1) * step_ms;
    *ret = (struct grid){first, step_ms, 0};
    if (first > last_ms)
        return 0;
    uint64_t steps = ((uint64_t)last_ms - (uint64_t)first) / (uint64_t)step_ms;
    if (steps >= EVAL_STEPS_MAX)
        return fault_set(e->err, PROMQL_EXECUTION,
                         "a subquery has %" PRIu64 " steps, more than %zu: widen its step", steps,
                         EVAL_STEPS_MAX);
    ret->len = (size_t)steps + 1;
    return 0;
}

static size_t count_present(const double *values, size_t n)
{
    size_t count = 0;

    for (size_t k = 0; k < n; k++)
        count += !value_is_absent(values[k]);
    return count;
}

/* Dense lines to columns of the samples they have; full ones share their times. */
static bool make_columns(struct arena *a, const struct vector *v, const struct grid *g,
                         struct scan *s)
{
    struct column *columns = arena_calloc(a, v->len + 1, sizeof(*columns));
    struct labels *labels = arena_calloc(a, v->len + 1, sizeof(*labels));
    int64_t *all = arena_calloc(a, g->len + 1, sizeof(*all));

    if (!columns || !labels || !all)
        return false;
    for (size_t k = 0; k < g->len; k++)
        all[k] = grid_time(g, k);
    for (size_t i = 0; i < v->len; i++) {
        double *values = v->lines[i].values;
        size_t count = count_present(values, g->len), at = 0;
        labels[i] = v->lines[i].labels;
        columns[i] = (struct column){count, all, values};
        if (count == g->len)
            continue;
        int64_t *times = arena_calloc(a, count + 1, sizeof(*times));
        if (!times)
            return false;
        for (size_t k = 0; k < g->len; k++)
            if (!value_is_absent(values[k])) {
                times[at] = all[k];
                values[at++] = values[k];
            }
        columns[i].ts_ms = times;
    }
    s->columns = columns;
    s->labels = labels;
    s->len = v->len;
    return true;
}

static int open_subquery(struct eval *e, const struct node *n, const struct grid *g, int64_t width,
                         struct scan *s)
{
    int64_t step = EVAL_SUBQUERY_STEP;
    struct vector inner = {0};
    struct grid grid;
    int code = place_window(e, n, g, width, &s->window);

    if (!code && n->subquery.step.expr)
        code = eval_duration(e, n->subquery.step.expr, true, &step);
    if (!code && g->len)
        code = reach(e, s);
    if (code || !g->len)
        return code;
    code = inner_grid(e, s->first_ms - 1, s->last_ms, step, &grid);
    if (!code && grid.len)
        code = eval_vector(e, n->subquery.expr, &grid, &inner);
    if (!code && !make_columns(&e->arena, &inner, &grid, s))
        code = fault_memory(e->err);
    return code;
}

int scan_open(struct eval *e, const struct node *n, const struct grid *g, int64_t before_ms,
              struct scan *ret)
{
    const struct node_duration *range;
    int64_t width;
    int code;

    n = node_unwrap(n);
    *ret = (struct scan){.before_ms = before_ms};
    range = n->kind == NODE_SUBQUERY ? &n->subquery.range : &n->selector.range;
    if (range->implicit)
        return open_implicit(e, n, g, ret);
    code = eval_duration(e, range->expr, true, &width);
    if (code)
        return code;
    return n->kind == NODE_SUBQUERY ? open_subquery(e, n, g, width, ret)
                                    : open_selector(e, n, g, width, ret);
}

/* Where the windows lie in a column. */
struct placement {
    const int64_t *times; /* the column's; NULL: none yet */
    size_t len;
    uint32_t *from, *to; /* [steps] */
    struct window_memo memo;
};

/* One thread's part of the series. */
struct worker {
    struct eval *eval;
    const struct scan *scan;
    scan_row *row;
    void *ctx;
    unsigned number;
    size_t begin, end;
    atomic_bool *stop; /* another part has failed */
    struct arena scratch, places;
    struct window window;
    struct placement placements[PLACEMENTS];
    unsigned placement_len, oldest;
    size_t together; /* series that are read next */
    pthread_t thread;
    bool started;
    int code;
    struct promql_error fault; /* also where fault functions of this thread write */
    size_t peak;
};

static void slide(struct worker *w, const struct column *c)
{
    struct window *window = &w->window;
    struct placement *p = NULL;
    uint32_t from = 0, to = 0;

    for (unsigned i = 0; i < w->placement_len && c->len && !p; i++)
        if (w->placements[i].times == c->ts_ms && w->placements[i].len == c->len)
            p = &w->placements[i];
    bool known = p != NULL;
    if (!known) {
        p = &w->placements[w->oldest];
        w->oldest = (w->oldest + 1) % w->placement_len;
    }
    window->from = p->from;
    window->to = p->to;
    window->memo = p->memo.numbers ? &p->memo : NULL;
    if (known)
        return;
    p->memo.filled = false;
    for (size_t k = 0; k < window->steps; k++) {
        int64_t end = window->end_ms[k], begin = end - window->width_ms;
        while (to < c->len && c->ts_ms[to] <= end)
            to++;
        while (from < to && c->ts_ms[from] <= begin)
            from++;
        window->from[k] = from;
        window->to[k] = to;
    }
    p->times = c->ts_ms;
    p->len = c->len;
}

/* The memory of columns is used anew: the same address may then hold other times. */
static void forget_placements(struct worker *w)
{
    for (unsigned i = 0; i < w->placement_len; i++)
        w->placements[i].times = NULL;
}

static bool make_placements(struct worker *w)
{
    size_t steps = w->window.steps;

    w->placement_len = steps > PLACEMENTS_STEPS ? 1 : PLACEMENTS;
    for (unsigned i = 0; i < w->placement_len; i++) {
        w->placements[i].from = arena_calloc(&w->places, steps + 1, sizeof(uint32_t));
        w->placements[i].to = arena_calloc(&w->places, steps + 1, sizeof(uint32_t));
        if (w->scan->memo)
            w->placements[i].memo.numbers = arena_calloc(&w->places, steps + 1, sizeof(double));
        if (!w->placements[i].from || !w->placements[i].to ||
            (w->scan->memo && !w->placements[i].memo.numbers))
            return false;
    }
    return true;
}

static bool drop_stale(struct arena *a, struct column *c)
{
    size_t first = 0, len;

    while (first < c->len && !value_is_stale(c->values[first]))
        first++;
    if (first == c->len)
        return true;
    int64_t *times = arena_calloc(a, c->len, sizeof(*times));
    double *values = arena_calloc(a, c->len, sizeof(*values));
    if (!times || !values)
        return false;
    memcpy(times, c->ts_ms, first * sizeof(*times));
    memcpy(values, c->values, first * sizeof(*values));
    len = first;
    for (size_t i = first; i < c->len; i++)
        if (!value_is_stale(c->values[i])) {
            times[len] = c->ts_ms[i];
            values[len++] = c->values[i];
        }
    *c = (struct column){len, times, values};
    return true;
}

static int count_samples(struct worker *w, size_t n)
{
    struct eval *e = w->eval;
    uint64_t before = atomic_fetch_add_explicit(&e->samples_read, n, memory_order_relaxed);

    if (before + n <= e->options.max_samples)
        return 0;
    return fault_set(&w->fault, PROMQL_EXECUTION,
                     "the query reads more than %zu samples: narrow it, or raise "
                     "--query.max-samples",
                     e->options.max_samples);
}

static int read_series(struct worker *w, size_t first, size_t n, struct column *columns)
{
    const struct scan *s = w->scan;
    struct error err = {0};

    if (s->columns) {
        memcpy(columns, s->columns + first, n * sizeof(*columns));
        return 0;
    }
    int code = selection_read_some(s->selection, first, n, s->first_ms, s->last_ms, &w->scratch,
                                   columns, &err);
    if (code)
        return store_fault(&w->fault, code, err.text);
    for (size_t i = 0; i < n && !code; i++) {
        if (columns[i].len > UINT32_MAX)
            return fault_set(&w->fault, PROMQL_EXECUTION, "a series has too many samples");
        code = count_samples(w, columns[i].len);
        if (!code && !s->keep_stale && !drop_stale(&w->scratch, &columns[i]))
            code = fault_memory(&w->fault);
    }
    return code;
}

static int work_one(struct worker *w, size_t i, const struct column *c)
{
    struct error err = {0};

    slide(w, c);
    int code = w->row(w->ctx, w->number, i, c, &w->window, &w->scratch, &err);
    if (code == -ENOMEM)
        return fault_memory(&w->fault);
    if (code == -ETIME)
        return eval_interrupted(&w->eval->options, &w->fault);
    return code ? fault_set(&w->fault, PROMQL_EXECUTION, "%s", err.text) : 0;
}

/* How many series are read at once, when `n` of them took `bytes`: few long ones, so that they need
 * no more memory than one by one. */
static size_t together(size_t n, size_t bytes)
{
    return MAX(MIN(SCRATCH_KEEP_BYTES / (bytes / n + 1), (size_t)READ_TOGETHER), (size_t)1);
}

static int work_some(struct worker *w, size_t first, size_t n)
{
    struct column columns[READ_TOGETHER];
    int code = eval_interrupted(&w->eval->options, &w->fault);

    if (w->scratch.used > SCRATCH_KEEP_BYTES) {
        w->peak = MAX(w->peak, arena_bytes(&w->scratch));
        arena_reset(&w->scratch);
        forget_placements(w);
    }
    size_t used = w->scratch.used;
    if (!code)
        code = read_series(w, first, n, columns);
    for (size_t i = 0; i < n && !code; i++)
        code = work_one(w, first + i, &columns[i]);
    w->together = together(n, w->scratch.used - used);
    return code;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    if (!make_placements(w))
        w->code = fault_memory(&w->fault);
    w->together = 1; /* nothing is known of them yet */
    for (size_t i = w->begin, n; i < w->end && !w->code; i += n) {
        if (atomic_load_explicit(w->stop, memory_order_relaxed))
            break;
        n = MIN(w->end - i, w->together);
        w->code = work_some(w, i, n);
    }
    if (w->code)
        atomic_store(w->stop, true);
    w->peak = MAX(w->peak, arena_bytes(&w->scratch)) + arena_bytes(&w->places);
    arena_fini(&w->scratch);
    arena_fini(&w->places);
    return NULL;
}

unsigned scan_threads(const struct eval *e, const struct scan *s)
{
    size_t worth = s->len / SERIES_PER_THREAD;

    return (unsigned)MAX(MIN(MIN(worth, e->options.threads), THREADS_MAX), 1);
}

int scan_run(struct eval *e, const struct scan *s, scan_row *row, void *ctx)
{
    unsigned n = scan_threads(e, s);
    struct worker workers[THREADS_MAX] = {0};
    size_t taken = arena_bytes(&e->arena), peak = 0;
    size_t share = (e->options.max_memory - MIN(taken, e->options.max_memory)) / n / 2;
    atomic_bool stop = false;
    int code = 0;

    if (!s->len || !s->window.steps)
        return 0;
    if (!share)
        return fault_memory(e->err);
    for (unsigned t = 0; t < n; t++) {
        struct worker *w = &workers[t];
        *w = (struct worker){.eval = e, .scan = s, .row = row, .ctx = ctx, .number = t};
        w->begin = s->len * t / n;
        w->end = s->len * (t + 1) / n;
        w->stop = &stop;
        w->window = s->window;
        arena_init_pooled(&w->scratch, share, e->options.pool);
        arena_init(&w->places, share);
        w->started = t && !thread_start(&w->thread, "query", work, w, NULL);
    }
    for (unsigned t = 0; t < n; t++)
        if (!workers[t].started)
            work(&workers[t]);
    for (unsigned t = 0; t < n; t++) {
        if (workers[t].started)
            pthread_join(workers[t].thread, NULL);
        peak += workers[t].peak;
        if (workers[t].code && !code) {
            code = workers[t].code;
            *e->err = workers[t].fault;
        }
    }
    e->memory_peak = MAX(e->memory_peak, arena_bytes(&e->arena) + peak);
    return code;
}

void scan_instant_row(const struct column *c, const struct window *w, enum scan_what what,
                      double *to)
{
    for (size_t k = 0; k < w->steps; k++) {
        if (w->from[k] == w->to[k])
            continue;
        size_t last = w->to[k] - 1;
        if (!value_is_stale(c->values[last]))
            to[k] = what == SCAN_VALUE ? c->values[last] : (double)c->ts_ms[last] / 1000;
    }
}

struct instant {
    struct vector *vector;
    enum scan_what what;
};

static int instant_row(void *ctx, unsigned thread, size_t i, const struct column *c,
                       const struct window *w, struct arena *scratch, struct error *err)
{
    const struct instant *in = ctx;

    (void)thread;
    (void)scratch;
    (void)err;
    scan_instant_row(c, w, in->what, in->vector->lines[i].values);
    return 0;
}

int scan_instant(struct eval *e, const struct node *n, const struct grid *g, enum scan_what what,
                 struct vector *ret)
{
    struct instant in = {ret, what};
    struct scan s;
    int code = scan_open_instant(e, n, g, &s);

    if (code)
        return code;
    if (!vector_new(&e->arena, s.len, g->len, ret))
        return fault_memory(e->err);
    for (size_t i = 0; i < s.len; i++)
        ret->lines[i].labels = s.labels[i];
    code = scan_run(e, &s, instant_row, &in);
    vector_drop_empty(ret, g->len);
    return code;
}
