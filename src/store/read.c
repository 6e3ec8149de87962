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

#define BATCH 32 /* columns that are decoded together */

/* Columns that wait for being decoded, of one series or of several. */
struct batch {
    struct column_job jobs[BATCH];
    bool *gaps[BATCH]; /* of each job's series: some of what was read is absent */
    unsigned len;
};

static int decode_batch(struct batch *b)
{
    bool good = column_decode(b->jobs, b->len);

    for (unsigned i = 0; i < b->len && good; i++)
        if (b->jobs[i].present < b->jobs[i].rows)
            *b->gaps[i] = true;
    b->len = 0;
    return good ? 0 : -EIO;
}

/* Reads the values of the entry in one run, absent ones marked, or puts that off until the batch is
 * decoded. */
static int run_values(const struct track_run *r, uint32_t column, enum sample_part part,
                      struct batch *b, uint64_t *ret, bool *gaps)
{
    uint32_t i;
    bool any;
    int code = 0;

    if (r->row) {
        ret[0] = column < r->row->len ? r->row->bits[column] : VALUE_ABSENT_BITS;
        *gaps = *gaps || ret[0] == VALUE_ABSENT_BITS;
        if (part == SAMPLE_COUNT && ret[0] != VALUE_ABSENT_BITS &&
            !value_is_stale(value_of_bits(ret[0])))
            ret[0] = value_bits(1);
        return 0;
    }
    if (!r->view.window_ms && part != SAMPLE_COUNT) {
        i = block_find(&r->view, column);
        any = i != BLOCK_NONE;
        code = any ? block_job(&r->view, i, ret, &b->jobs[b->len]) : 0;
        if (any && !code) {
            b->gaps[b->len++] = gaps;
            code = b->len == BATCH ? decode_batch(b) : 0;
        }
    } else {
        code = summary_read(&r->view, column, part, ret, &any);
        *gaps = true; /* not known */
    }
    for (uint32_t k = 0; !any && k < r->rows; k++)
        ret[k] = VALUE_ABSENT_BITS;
    *gaps = *gaps || !any;
    return code;
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

/* Leaves out the absent ones among values[n] of times[n]; those at both ends without a copy. */
static int drop_absent(const int64_t *times, uint64_t *values, size_t n, struct arena *a,
                       struct column *ret)
{
    size_t present = 0, at = 0;

    while (n && *values == VALUE_ABSENT_BITS) {
        values++;
        times++;
        n--;
    }
    while (n && values[n - 1] == VALUE_ABSENT_BITS)
        n--;
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

/* A series of an ordered track that is being read: where its values lie, and the part of them that
 * was asked for. */
struct reading {
    const struct track *track;
    uint64_t *values;
    size_t from, low, high; /* in the track's times: of values[0], and of what was asked for */
    bool gaps;
};

/* Finds the runs that the range touches, and puts them one behind the other where the values will
 * be used: their times are the track's. */
static int begin_ordered(const struct track *t, const struct entry *e, enum sample_part part,
                         int64_t start_ms, int64_t end_ms, struct arena *a, struct batch *batch,
                         struct reading *ret)
{
    size_t low = time_at(t->times, t->time_len, start_ms);
    size_t high = time_at(t->times, t->time_len, end_ms + 1);
    uint32_t first = 0, end = t->run_len;
    int code = 0;

    *ret = (struct reading){.track = t};
    if (low >= high)
        return 0;
    while (t->runs[first].time_at + t->runs[first].rows <= low)
        first++;
    while (t->runs[end - 1].time_at >= high)
        end--;
    ret->from = t->runs[first].time_at;
    ret->low = low;
    ret->high = high;
    size_t to = t->runs[end - 1].time_at + t->runs[end - 1].rows;
    ret->values = arena_alloc(a, (to - ret->from + 1) * sizeof(*ret->values));
    if (!ret->values)
        return -ENOMEM;
    for (uint32_t i = first; i < end && !code; i++) {
        const struct track_run *r = &t->runs[i];
        code = run_values(r, e->columns[r->source], part, batch,
                          ret->values + (r->time_at - ret->from), &ret->gaps);
    }
    return code;
}

/* Once all of it is decoded. */
static int end_ordered(const struct reading *r, struct arena *a, struct column *ret)
{
    const int64_t *times = r->track->times + r->low;
    size_t n = r->high - r->low;

    *ret = (struct column){0};
    if (!n)
        return 0;
    uint64_t *values = r->values + (r->low - r->from);
    if (r->gaps)
        return drop_absent(times, values, n, a, ret);
    *ret = (struct column){n, times, (const double *)values};
    return 0;
}

/* ---- runs that overlap ---- */

/* What a run has of a column, without what is absent. */
struct portion {
    const struct track_run *run;
    const double *values;
    const int64_t *times;
    size_t len;
};

static int by_first_time(const void *pa, const void *pb)
{
    const struct portion *a = pa, *b = pb;
    return (a->times[0] > b->times[0]) - (a->times[0] < b->times[0]);
}

static bool has_column(const struct track_run *r, uint32_t column, enum sample_part part)
{
    if (r->row)
        return column < r->row->len && r->row->bits[column] != VALUE_ABSENT_BITS;
    return summary_find(&r->view, column, part) != BLOCK_NONE;
}

/* Decodes the runs of the range that have something of the entry, in the order of the track's. */
static int decode_portions(const struct track *t, const struct entry *e, enum sample_part part,
                           int64_t start_ms, int64_t end_ms, struct arena *a, struct portion *ret,
                           size_t *ret_len, uint64_t **ret_values)
{
    struct batch batch;
    bool gaps = false; /* condense() looks anyway */
    size_t rows = 0, n = 0;

    for (uint32_t i = 0; i < t->run_len; i++) {
        const struct track_run *r = &t->runs[i];
        if (r->max_ms < start_ms || r->min_ms > end_ms ||
            !has_column(r, e->columns[r->source], part))
            continue;
        ret[n++].run = r;
        rows += r->rows;
    }
    uint64_t *values = arena_alloc(a, (rows + 1) * sizeof(*values));
    int code = values ? 0 : -ENOMEM;
    *ret_values = values;
    batch.len = 0;
    for (size_t i = 0; i < n && !code; i++) {
        const struct track_run *r = ret[i].run;
        code = run_values(r, e->columns[r->source], part, &batch, values, &gaps);
        values += r->rows;
    }
    if (!code && batch.len)
        code = decode_batch(&batch);
    *ret_len = n;
    return code;
}

/* Leaves out what is absent and what lies outside of the range. */
static int condense(const struct track *t, int64_t start_ms, int64_t end_ms, struct arena *a,
                    uint64_t *values, struct portion *p)
{
    const int64_t *times = t->times + p->run->time_at;
    size_t low = time_at(times, p->run->rows, start_ms);
    size_t high = time_at(times, p->run->rows, end_ms + 1);
    struct column rest;
    int code = drop_absent(times + low, values + low, high - low, a, &rest);

    if (!code)
        *p = (struct portion){p->run, rest.values, rest.ts_ms, rest.len};
    return code;
}

#define JOINED_MAX 8 /* of one track: series that start and end at all times share none */

static bool is_joined(const struct joined *j, const struct portion *portions, size_t n)
{
    if (j->n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (j->parts[i].times != portions[i].times || j->parts[i].len != portions[i].len)
            return false;
    return true;
}

static void join_times(const struct portion *portions, size_t n, int64_t *to)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(to, portions[i].times, portions[i].len * sizeof(*to));
        to += portions[i].len;
    }
}

/* The same for all series of the same parts, so that who reads them can tell that their times are
 * equal. NULL when memory is out. */
static const int64_t *joined_times(struct track *t, const struct portion *portions, size_t n,
                                   size_t samples, struct arena *a)
{
    struct joined *first = atomic_load_explicit(&t->joined, memory_order_acquire);
    bool share = true;

    for (const struct joined *j = first; j; j = j->next)
        if (is_joined(j, portions, n))
            return j->times;
    for (size_t i = 0; i < n; i++) /* what is the arena's does not last */
        share =
            share && portions[i].times >= t->times && portions[i].times < t->times + t->time_len;
    if (!share || atomic_fetch_add(&t->joined_len, 1) >= JOINED_MAX) {
        int64_t *own = arena_alloc(a, (samples + 1) * sizeof(*own));
        if (own)
            join_times(portions, n, own);
        return own;
    }
    struct joined *j = malloc(sizeof(*j) + n * sizeof(j->parts[0]) + samples * sizeof(*j->times));
    if (!j)
        return NULL;
    *j = (struct joined){.next = first, .n = n, .samples = samples};
    for (size_t i = 0; i < n; i++)
        j->parts[i] = (struct time_part){portions[i].times, portions[i].len};
    j->times = (int64_t *)(void *)(j->parts + n);
    join_times(portions, n, j->times);
    while (!atomic_compare_exchange_weak(&t->joined, &j->next, j))
        ;
    return j->times;
}

/* One behind the other. */
static int join(struct track *t, const struct portion *portions, size_t n, size_t samples,
                struct arena *a, struct column *ret)
{
    double *values = arena_alloc(a, (samples + 1) * sizeof(*values)), *at = values;
    const int64_t *times = joined_times(t, portions, n, samples, a);

    if (!values || !times)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        memcpy(at, portions[i].values, portions[i].len * sizeof(*at));
        at += portions[i].len;
    }
    *ret = (struct column){samples, times, values};
    return 0;
}

/* Both in order of time; where both have a sample, that of `b`. */
static void merge_two(const struct portion *a, const struct portion *b, int64_t *times,
                      double *values, struct portion *ret)
{
    size_t i = 0, j = 0, n = 0;

    while (i < a->len || j < b->len) {
        bool first = j == b->len || (i < a->len && a->times[i] < b->times[j]);
        if (!first && i < a->len && a->times[i] == b->times[j])
            i++;
        times[n] = first ? a->times[i] : b->times[j];
        values[n++] = first ? a->values[i++] : b->values[j++];
    }
    *ret = (struct portion){.times = times, .values = values, .len = n};
}

/* Neighbours are merged until one is left: a later write of the same time wins, since they are in
 * order of arrival. */
static int merge(struct portion *portions, size_t n, size_t samples, struct arena *a,
                 struct column *ret)
{
    static const struct portion nothing;
    int64_t *times = arena_alloc(a, (samples + 1) * 2 * sizeof(*times)); /* there and back */
    double *values = arena_alloc(a, (samples + 1) * 2 * sizeof(*values));

    if (!times || !values)
        return -ENOMEM;
    for (bool there = true; n > 1; there = !there) {
        size_t at = there ? 0 : samples, kept = 0;
        for (size_t i = 0; i < n; i += 2) {
            merge_two(&portions[i], i + 1 < n ? &portions[i + 1] : &nothing, times + at,
                      values + at, &portions[kept]);
            at += portions[kept++].len;
        }
        n = kept;
    }
    *ret = (struct column){portions[0].len, portions[0].times, portions[0].values};
    return 0;
}

static int read_merged(struct track *t, const struct entry *e, enum sample_part part,
                       int64_t start_ms, int64_t end_ms, struct arena *a, struct column *ret)
{
    struct portion *portions = arena_calloc(a, (size_t)t->run_len + 1, sizeof(*portions));
    struct portion *sorted = arena_alloc(a, ((size_t)t->run_len + 1) * sizeof(*sorted));
    uint64_t *values = NULL;
    size_t n = 0, kept = 0, samples = 0;
    bool apart = true;
    int code = portions && sorted ? 0 : -ENOMEM;

    if (!code)
        code = decode_portions(t, e, part, start_ms, end_ms, a, portions, &n, &values);
    for (size_t i = 0; i < n && !code; i++) {
        uint32_t rows = portions[i].run->rows;
        code = condense(t, start_ms, end_ms, a, values, &portions[i]);
        values += rows;
        samples += portions[i].len;
        if (portions[i].len)
            portions[kept++] = portions[i];
    }
    if (code || !kept)
        return code;
    memcpy(sorted, portions, kept * sizeof(*sorted));
    qsort(sorted, kept, sizeof(*sorted), by_first_time);
    for (size_t i = 1; i < kept; i++)
        apart = apart && sorted[i - 1].times[sorted[i - 1].len - 1] < sorted[i].times[0];
    /* The usual case is what was pushed in parts, of which each has other columns. */
    return apart ? join(t, sorted, kept, samples, a, ret) : merge(portions, kept, samples, a, ret);
}

static void resolve_once(struct found *f)
{
    if (atomic_load_explicit(&f->resolved, memory_order_acquire))
        return;
    pthread_mutex_lock(&f->lock);
    if (!atomic_load_explicit(&f->resolved, memory_order_relaxed)) {
        found_resolve(f);
        atomic_store_explicit(&f->resolved, true, memory_order_release);
    }
    pthread_mutex_unlock(&f->lock);
}

static int failed(const struct found *f, const struct entry *e, int code, struct error *err)
{
    return error_errno(err, code, "reading column %u of group %u", e->columns[0],
                       f->sources[f->tracks[e->track].sources[0]].group);
}

int found_read_some(struct selection *base, size_t first, size_t n, int64_t start_ms,
                    int64_t end_ms, struct arena *a, struct column *ret, struct error *err)
{
    struct found *f = (struct found *)base;
    const struct entry *entries = f->entries + first;
    struct reading *readings = arena_calloc(a, n + 1, sizeof(*readings));
    struct batch batch;

    if (!readings)
        return error_errno(err, -ENOMEM, "reading series");
    start_ms = MAX(start_ms, f->start_ms);
    end_ms = MIN(end_ms, f->end_ms);
    resolve_once(f);
    batch.len = 0;
    for (size_t i = 0; i < n; i++) {
        struct track *t = &f->tracks[entries[i].track];
        int code = t->failed;
        ret[i] = (struct column){0};
        if (code)
            return error_errno(err, code, "reading group %u", f->sources[t->sources[0]].group);
        if (start_ms > end_ms || !t->run_len)
            continue;
        if (t->ordered)
            code = begin_ordered(t, &entries[i], base->part, start_ms, end_ms, a, &batch,
                                 &readings[i]);
        else
            code = read_merged(t, &entries[i], base->part, start_ms, end_ms, a, &ret[i]);
        if (code)
            return failed(f, &entries[i], code, err);
    }
    int code = batch.len ? decode_batch(&batch) : 0;
    for (size_t i = 0; i < n; i++) {
        if (!code && readings[i].track)
            code = end_ordered(&readings[i], a, &ret[i]);
        if (code)
            return failed(f, &entries[i], code, err);
    }
    return 0;
}

int found_read(struct selection *base, size_t i, int64_t start_ms, int64_t end_ms, struct arena *a,
               struct column *ret, struct error *err)
{
    return found_read_some(base, i, 1, start_ms, end_ms, a, ret, err);
}
