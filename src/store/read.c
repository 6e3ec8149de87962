/* read.c - reading the samples of a selection. */
#include "store/selection.h"
#include "store/summary.h"

static int by_start(const void *pa, const void *pb)
{
    const struct track_run *a = pa, *b = pb;

    if (a->min_ms != b->min_ms)
        return a->min_ms < b->min_ms ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int by_order(const void *pa, const void *pb)
{
    const struct track_run *a = pa, *b = pb;
    return (a->order > b->order) - (a->order < b->order);
}

struct track_run *track_add_run(struct track *t, size_t *cap)
{
    struct track_run *grown = array_grow(t->runs, cap, t->run_len + 1, sizeof(*grown));

    if (!grown)
        return NULL;
    t->runs = grown;
    return &t->runs[t->run_len++];
}

/* The runs in memory of source number `at` of the track. */
static int add_memory_runs(struct found *f, struct track *t, uint32_t at, size_t *cap)
{
    const struct source *src = &f->sources[t->sources[at]];

    for (uint32_t i = 0; i < src->list_len; i++) {
        const struct run *run = src->list->items[i];
        if (run->max_ms < f->start_ms || run->min_ms > f->end_ms)
            continue;
        struct track_run *r = track_add_run(t, cap);
        if (!r)
            return -ENOMEM;
        *r = (struct track_run){.row = run->packed ? NULL : run,
                                .min_ms = run->min_ms,
                                .max_ms = run->max_ms,
                                .rows = run->rows,
                                .source = at,
                                .order = TRACK_ORDER_MEMORY + t->run_len};
        if (run->packed && block_open(run->bits, run->len, true, &r->view))
            return -EIO;
    }
    return 0;
}

static int read_times(struct track *t)
{
    size_t total = 0;

    for (uint32_t i = 0; i < t->run_len; i++)
        total += t->runs[i].rows;
    t->times = malloc((total + 1) * sizeof(*t->times));
    if (!t->times)
        return -ENOMEM;
    t->time_len = total;
    total = 0;
    for (uint32_t i = 0; i < t->run_len; i++) {
        struct track_run *r = &t->runs[i];
        r->time_at = total;
        r->view.good = &r->good; /* runs stand where they stay */
        if (r->row)
            t->times[total] = r->row->min_ms;
        else if (block_times(&r->view, t->times + total))
            return -EIO;
        total += r->rows;
    }
    return 0;
}

static int sort_runs(struct track *t)
{
    if (t->run_len) {
        qsort(t->runs, t->run_len, sizeof(*t->runs), by_start);
        t->ordered = true;
        for (uint32_t i = 1; i < t->run_len; i++)
            t->ordered = t->ordered && t->runs[i - 1].max_ms < t->runs[i].min_ms;
        if (!t->ordered)
            qsort(t->runs, t->run_len, sizeof(*t->runs), by_order);
    }
    return read_times(t);
}

void found_resolve(struct found *f)
{
    for (size_t i = 0; i < f->track_len; i++) {
        struct track *t = &f->tracks[i];
        size_t cap = 0;
        t->failed = track_add_days(f, t, &cap);
        for (uint32_t k = 0; k < t->source_len && !t->failed; k++)
            t->failed = add_memory_runs(f, t, k, &cap);
    }
    for (size_t i = 0; i < f->track_len; i++) {
        struct track *t = &f->tracks[i];
        if (!t->failed)
            t->failed = track_open_blocks(t);
        if (!t->failed)
            t->failed = sort_runs(t);
        if (!t->failed)
            track_advise_columns(f, t);
    }
}

/* The values of the entry in one run: `rows` values, absent ones marked. False: none at all. */
static int run_values(const struct track_run *r, uint32_t column, enum sample_part part,
                      uint64_t *ret, bool *ret_any)
{
    if (!r->row)
        return summary_read(&r->view, column, part, ret, ret_any);
    ret[0] = column < r->row->len ? r->row->bits[column] : VALUE_ABSENT_BITS;
    *ret_any = ret[0] != VALUE_ABSENT_BITS;
    if (part == SAMPLE_COUNT && *ret_any && !value_is_stale(value_of_bits(ret[0])))
        ret[0] = value_bits(1);
    return 0;
}

/* First of the sorted times that is not before `ts`. */
static size_t time_at(const int64_t *times, size_t n, int64_t ts)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (times[middle] < ts)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Leaves out the absent ones among values[n] of times[n]; shares `times` when there are none. */
static int drop_absent(const int64_t *times, uint64_t *values, size_t n, struct arena *a,
                       struct column *ret)
{
    size_t present = 0, at = 0;

    for (size_t i = 0; i < n; i++)
        present += values[i] != VALUE_ABSENT_BITS;
    if (present == n) {
        *ret = (struct column){n, times, (const double *)values};
        return 0;
    }
    int64_t *own = arena_alloc(a, (present + 1) * sizeof(*own));
    if (!own)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (values[i] == VALUE_ABSENT_BITS)
            continue;
        own[at] = times[i];
        values[at++] = values[i];
    }
    *ret = (struct column){present, own, (const double *)values};
    return 0;
}

static int read_ordered(const struct track *t, const struct entry *e, enum sample_part part,
                        int64_t start_ms, int64_t end_ms, struct arena *a, struct column *ret)
{
    uint64_t piece[BLOCK_ROWS_MAX];
    size_t low = time_at(t->times, t->time_len, start_ms);
    size_t high = time_at(t->times, t->time_len, end_ms + 1);
    uint64_t *values = arena_alloc(a, (high - low + 1) * sizeof(*values));
    bool any;

    if (!values)
        return -ENOMEM;
    for (uint32_t i = 0; i < t->run_len; i++) {
        const struct track_run *r = &t->runs[i];
        size_t from = MAX(r->time_at, low), to = MIN(r->time_at + r->rows, high);
        if (from >= to)
            continue;
        bool whole = to - from == r->rows;
        uint64_t *into = whole ? values + (from - low) : piece;
        int code = run_values(r, e->columns[r->source], part, into, &any);
        if (code)
            return code;
        if (!any)
            for (size_t k = from; k < to; k++)
                values[k - low] = VALUE_ABSENT_BITS;
        else if (!whole)
            memcpy(values + (from - low), piece + (from - r->time_at),
                   (to - from) * sizeof(*values));
    }
    return drop_absent(t->times + low, values, high - low, a, ret);
}

struct sample {
    int64_t ts_ms;
    uint64_t bits;
};

/* Sorts by time; of equal times the later stays behind the earlier one. Runs are in order inside,
 * so this merges few long pieces. `other` has room for as many. Returns where the result lies. */
static struct sample *merge_sort(struct sample *s, struct sample *other, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t i = at, middle = MIN(at + width, n), j = middle, end = MIN(at + 2 * width, n);
            for (size_t k = at; k < end; k++)
                other[k] = i < middle && (j == end || s[i].ts_ms <= s[j].ts_ms) ? s[i++] : s[j++];
        }
        struct sample *swap = s;
        s = other;
        other = swap;
    }
    return s;
}

static int read_merged(const struct track *t, const struct entry *e, enum sample_part part,
                       int64_t start_ms, int64_t end_ms, struct arena *a, struct column *ret)
{
    uint64_t values[BLOCK_ROWS_MAX];
    size_t n = 0, kept = 0;
    bool any, sorted = true;
    struct sample *samples = malloc((t->time_len + 1) * 2 * sizeof(*samples));
    int code = samples ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < t->run_len && !code; i++) {
        const struct track_run *r = &t->runs[i];
        const int64_t *times = t->times + r->time_at;
        if (r->max_ms < start_ms || r->min_ms > end_ms)
            continue;
        code = run_values(r, e->columns[r->source], part, values, &any);
        for (uint32_t k = 0; k < r->rows && any && !code; k++) {
            if (values[k] == VALUE_ABSENT_BITS || times[k] < start_ms || times[k] > end_ms)
                continue;
            sorted = sorted && (!n || samples[n - 1].ts_ms < times[k]);
            samples[n++] = (struct sample){times[k], values[k]};
        }
    }
    struct sample *in_order =
        code || sorted ? samples : merge_sort(samples, samples + t->time_len + 1, n);
    int64_t *times = code ? NULL : arena_alloc(a, (n + 1) * sizeof(*times));
    uint64_t *bits = code ? NULL : arena_alloc(a, (n + 1) * sizeof(*bits));
    if (!code && (!times || !bits))
        code = -ENOMEM;
    for (size_t i = 0; i < n && !code; i++) {
        if (i + 1 < n && in_order[i + 1].ts_ms == in_order[i].ts_ms)
            continue; /* a later write of the same time wins */
        times[kept] = in_order[i].ts_ms;
        bits[kept++] = in_order[i].bits;
    }
    free(samples);
    if (!code)
        *ret = (struct column){kept, times, (const double *)bits};
    return code;
}

int found_read(struct selection *base, size_t i, int64_t start_ms, int64_t end_ms, struct arena *a,
               struct column *ret, struct error *err)
{
    struct found *f = (struct found *)base;
    const struct entry *e = &f->entries[i];
    struct track *t = &f->tracks[e->track];
    int code;

    start_ms = MAX(start_ms, f->start_ms);
    end_ms = MIN(end_ms, f->end_ms);
    if (!atomic_load_explicit(&f->resolved, memory_order_acquire)) {
        pthread_mutex_lock(&f->lock);
        if (!atomic_load_explicit(&f->resolved, memory_order_relaxed)) {
            found_resolve(f);
            atomic_store_explicit(&f->resolved, true, memory_order_release);
        }
        pthread_mutex_unlock(&f->lock);
    }
    code = t->failed;
    if (code)
        return error_errno(err, code, "reading group %u", f->sources[t->sources[0]].group);
    if (start_ms > end_ms || !t->run_len) {
        *ret = (struct column){0};
        return 0;
    }
    code = t->ordered ? read_ordered(t, e, base->part, start_ms, end_ms, a, ret)
                      : read_merged(t, e, base->part, start_ms, end_ms, a, ret);
    return code ? error_errno(err, code, "reading column %u of group %u", e->columns[0],
                              f->sources[t->sources[0]].group)
                : 0;
}
