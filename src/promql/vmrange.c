/* vmrange.c - histograms of VictoriaMetrics. Ranges are 18 to a power of ten, from 1e-9 to 1e18,
 * with one for what is smaller and one for what is larger; negative values are not counted
 * (https://github.com/VictoriaMetrics/metrics, histogram.go, has the ranges;
 * https://docs.victoriametrics.com/metricsql the functions). */
#include "promql/vmrange.h"

#include "promql/fault.h"
#include "promql/parts.h"
#include "promql/scan.h"

#include <stdlib.h>

#define PER_DECADE 18
#define LOWEST     (-9)
#define HIGHEST    18
#define INNER      ((HIGHEST - LOWEST) * PER_DECADE)
#define RANGES     (INNER + 2)
#define RANGE_TEXT 32

static const struct str le = {"le", 2}, vmrange = {"vmrange", 7};

/* The number of the range that `value` lies in; RANGES: in none. A power of ten belongs to the
 * range that it ends. */
static unsigned range_of(double value)
{
    if (!(value >= 0))
        return RANGES;
    double at = (log10(value) - LOWEST) * PER_DECADE;
    if (at < 0)
        return 0;
    if (at >= INNER)
        return RANGES - 1;
    unsigned whole = (unsigned)at;
    return whole + (at != (double)whole || !whole);
}

static size_t print_range(char *to, unsigned range)
{
    double factor = pow(10, 1.0 / PER_DECADE), start = 1e-9;

    if (range == 0)
        return (size_t)snprintf(to, RANGE_TEXT, "0...%.3e", start);
    if (range == RANGES - 1)
        return (size_t)snprintf(to, RANGE_TEXT, "%.3e...+Inf", 1e18);
    for (unsigned i = 1; i < range; i++)
        start *= factor;
    return (size_t)snprintf(to, RANGE_TEXT, "%.3e...%.3e", start, start * factor);
}

/* Lines that are added one by one. */
struct lines {
    struct eval *eval;
    struct vector *to;
    size_t cap;
};

static int add_line(struct lines *l, struct labels labels, double *values)
{
    if (l->to->len == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct line *grown = arena_calloc(&l->eval->arena, cap, sizeof(*grown));
        if (!grown)
            return fault_memory(l->eval->err);
        if (l->to->len)
            memcpy(grown, l->to->lines, l->to->len * sizeof(*grown));
        l->to->lines = grown;
        l->cap = cap;
    }
    l->to->lines[l->to->len++] = (struct line){labels, values};
    return 0;
}

/* Counts of one histogram: a row for each range that has some. */
struct counts {
    double *rows[RANGES];
};

/* Counts a value at step k. False when memory is out. */
static bool count(struct counts *c, struct arena *a, size_t steps, size_t k, double value)
{
    unsigned range = range_of(value);

    if (range == RANGES)
        return true;
    double *row = c->rows[range];
    if (!row) {
        size_t bytes;
        row = size_mul(steps, sizeof(*row), &bytes) ? arena_alloc(a, bytes) : NULL;
        if (!row)
            return false;
        vector_clear(row, steps);
        c->rows[range] = row;
    }
    row[k] = is_absent(row[k]) ? 1 : row[k] + 1;
    return true;
}

static int add_counts(struct lines *to, const struct counts *c, struct labels labels)
{
    int code = 0;

    for (unsigned range = 0; range < RANGES && !code; range++) {
        char text[RANGE_TEXT];
        if (!c->rows[range])
            continue;
        size_t len = print_range(text, range);
        char *copy = arena_strndup(&to->eval->arena, text, len);
        if (!copy)
            return fault_memory(to->eval->err);
        code = add_line(to, labels, c->rows[range]);
        if (!code)
            code = parts_label(to->eval, &to->to->lines[to->to->len - 1], vmrange,
                               str_make(copy, len));
    }
    return code;
}

struct over_time {
    const struct rollup *rollup;
    struct lines lines;
};

static int over_time_row(void *ctx, unsigned thread, size_t i, const struct column *c,
                         const struct window *w, struct arena *scratch, struct error *err)
{
    struct over_time *o = ctx;
    struct counts counts = {{NULL}};
    struct rollup_row row = rollup_row_of(o->rollup, c, w, scratch, NULL);
    size_t work = 0;

    (void)thread;
    (void)err;
    for (size_t k = 0; k < w->steps; k++) {
        for (size_t at = w->from[k]; at < w->to[k]; at++)
            if (!count(&counts, &o->lines.eval->arena, w->steps, k, c->values[at]))
                return -ENOMEM;
        if (rollup_must_stop(&row, &work, w->to[k] - w->from[k]))
            return -ETIME;
    }
    return add_counts(&o->lines, &counts, o->rollup->scan.labels[i]) ? -ENOMEM : 0;
}

int vmrange_over_time(struct eval *e, const struct rollup *r, struct vector *ret)
{
    struct over_time o = {r, {e, ret, 0}};
    unsigned threads = e->options.threads;

    *ret = (struct vector){NULL, 0};
    e->options.threads = 1; /* the rows come from one arena */
    int code = scan_run(e, &r->scan, over_time_row, &o);
    e->options.threads = threads;
    if (code || r->keep_names)
        return code;
    return eval_failed(e, vector_drop_names(ret, r->grid->len, &e->arena));
}

/* ---- buckets ---- */

struct bucket {
    double start, end; /* "le" alone tells the end only */
    struct str start_text, end_text;
    double *values;
    double hits;
};

static bool read_range(struct str text, struct bucket *ret)
{
    const char *dots = memmem(text.ptr, text.len, "...", 3);

    if (!dots)
        return false;
    ret->start_text = str_make(text.ptr, (size_t)(dots - text.ptr));
    ret->end_text = str_make(dots + 3, text.len - ret->start_text.len - 3);
    return num_parse(ret->start_text, &ret->start) && num_parse(ret->end_text, &ret->end);
}

static int by_end(const void *pa, const void *pb)
{
    const struct bucket *a = pa, *b = pb;
    return (a->end > b->end) - (a->end < b->end);
}

static bool has_hits(const double *values, size_t steps)
{
    for (size_t k = 0; k < steps; k++)
        if (values[k] > 0)
            return true;
    return false;
}

static double *zeros(struct eval *e, size_t steps)
{
    return arena_calloc(&e->arena, steps, sizeof(double));
}

/* Ranges of one histogram in order of their ends to its buckets, at `to`, which has room for twice
 * as many and one more. Where ranges are missing between two, the first of them ends at a bucket of
 * its own. Returns how many; SIZE_MAX when memory is out. */
static size_t fill(struct eval *e, const struct bucket *ranges, size_t n, size_t steps,
                   struct bucket *to)
{
    struct str before = STR("");
    double end = 0;
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        const struct bucket *r = &ranges[i];
        if (!has_hits(r->values, steps))
            continue;
        if (len && to[len - 1].end == r->end) { /* the same range twice */
            for (size_t k = 0; k < steps; k++)
                if (!(to[len - 1].values[k] > 0))
                    to[len - 1].values[k] = r->values[k];
            continue;
        }
        if (r->start != end && (!len || !str_equal(before, r->start_text)))
            to[len++] = (struct bucket){
                .end = r->start, .end_text = r->start_text, .values = zeros(e, steps)};
        to[len++] = *r;
        before = r->end_text;
        end = r->end;
    }
    if (len && !isinf(to[len - 1].end))
        to[len++] = (struct bucket){
            .end = (double)INFINITY, .end_text = STR("+Inf"), .values = zeros(e, steps)};
    for (size_t i = 0; i < len; i++)
        if (!to[i].values)
            return SIZE_MAX;
    return len;
}

static void add_up(struct bucket *buckets, size_t n, size_t steps)
{
    for (size_t k = 0; k < steps; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += buckets[i].values[k] > 0 ? buckets[i].values[k] : 0;
            buckets[i].values[k] = sum;
        }
    }
}

static int add_buckets(struct lines *to, const struct bucket *buckets, size_t n,
                       struct labels labels)
{
    int code = 0;

    for (size_t i = 0; i < n && !code; i++) {
        code = add_line(to, labels, buckets[i].values);
        if (!code)
            code = parts_label(to->eval, &to->to->lines[to->to->len - 1], le, buckets[i].end_text);
    }
    return code;
}

/* The lines of a vector as buckets or ranges of histograms, which are told apart by their other
 * labels. */
struct histograms {
    const struct bucket *items; /* [lines] */
    struct label_index index;
    struct members members;
};

/* The number of the histogram that a line belongs to. */
static int number_of(struct eval *e, struct labels labels, struct histograms *h, uint32_t *ret)
{
    struct label_builder b;
    struct labels others;
    struct error err;

    label_builder_init(&b, labels);
    label_builder_set(&b, le, STR(""));
    label_builder_set(&b, vmrange, STR(""));
    if (label_builder_view(&b, &others, &err))
        return fault_set(e->err, PROMQL_EXECUTION, "%s", err.text);
    size_t at = label_index_put(&h->index, others, true);
    *ret = (uint32_t)at;
    return at == SIZE_MAX ? fault_memory(e->err) : 0;
}

static int find_histograms(struct eval *e, const struct vector *v, const struct bucket *items,
                           struct histograms *ret)
{
    uint32_t *group_of = arena_calloc(&e->arena, v->len + 1, sizeof(*group_of));
    int code = 0;

    if (!group_of || !label_index_init(&ret->index, &e->arena, v->len / 4))
        return fault_memory(e->err);
    ret->items = items;
    for (size_t i = 0; i < v->len && !code; i++)
        code = number_of(e, v->lines[i].labels, ret, &group_of[i]);
    if (!code && !label_index_members(&e->arena, group_of, v->len, ret->index.len, &ret->members))
        code = fault_memory(e->err);
    return code;
}

/* What histogram `n` consists of, in order; *ret is for `members` of them. */
static size_t members_of(const struct histograms *h, size_t n, struct bucket *ret)
{
    size_t len = 0;

    for (size_t i = h->members.first[n]; i < h->members.first[n + 1]; i++)
        ret[len++] = h->items[h->members.items[i]];
    if (len)
        qsort(ret, len, sizeof(*ret), by_end);
    return len;
}

/* Splits off the lines that are ranges; `rest` gets the others. */
static int split(struct eval *e, const struct vector *v, struct vector *ranges,
                 struct bucket **ret_items, struct lines *rest)
{
    int code = 0;

    *ranges = (struct vector){arena_calloc(&e->arena, v->len + 1, sizeof(struct line)), 0};
    *ret_items = arena_calloc(&e->arena, v->len + 1, sizeof(**ret_items));
    if (!ranges->lines || !*ret_items)
        return fault_memory(e->err);
    for (size_t i = 0; i < v->len && !code; i++) {
        struct bucket b = {.values = v->lines[i].values};
        if (read_range(labels_get(v->lines[i].labels, vmrange), &b)) {
            (*ret_items)[ranges->len] = b;
            ranges->lines[ranges->len++] = v->lines[i];
        } else {
            code = add_line(rest, v->lines[i].labels, v->lines[i].values);
        }
    }
    return code;
}

int vmrange_to_buckets(struct eval *e, size_t steps, struct vector *v)
{
    struct vector ranges, all = {NULL, 0};
    struct lines to = {e, &all, 0};
    struct histograms h;
    struct bucket *items = NULL;
    int code = split(e, v, &ranges, &items, &to);

    if (code || !ranges.len)
        return code;
    code = find_histograms(e, &ranges, items, &h);
    struct bucket *sorted = arena_calloc(&e->arena, 3 * ranges.len + 1, sizeof(*sorted));
    if (!code && !sorted)
        code = fault_memory(e->err);
    for (size_t n = 0; !code && n < h.index.len; n++) {
        size_t len = members_of(&h, n, sorted);
        struct bucket *buckets = sorted + len;
        size_t made = fill(e, sorted, len, steps, buckets);
        if (made == SIZE_MAX)
            return fault_memory(e->err);
        add_up(buckets, made, steps);
        code = add_buckets(&to, buckets, made, h.index.keys[n]);
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    *v = all;
    return code;
}

int vmrange_gather(struct eval *e, const struct grid *g, const struct vector *v,
                   const struct label_index *index, const struct members *m, struct vector *ret)
{
    struct lines to = {e, ret, 0};
    int code = 0;

    *ret = (struct vector){NULL, 0};
    for (size_t n = 0; n < index->len && !code; n++) {
        struct counts counts = {{NULL}};
        for (size_t i = m->first[n]; i < m->first[n + 1]; i++)
            for (size_t k = 0; k < g->len; k++) {
                double value = v->lines[m->items[i]].values[k];
                if (!is_absent(value) && !count(&counts, &e->arena, g->len, k, value))
                    return fault_memory(e->err);
            }
        code = add_counts(&to, &counts, index->keys[n]);
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    return code ? code : vmrange_to_buckets(e, g->len, ret);
}

/* Joins neighbours, those with the fewest hits first, until `limit` are left; the first and the
 * last stay. Counts rise, so that the upper one of two holds both already. */
static size_t thin_out(struct bucket *buckets, size_t n, size_t limit, size_t steps)
{
    for (size_t k = 0; k < steps && n > limit; k++) {
        double before = 0;
        for (size_t i = 0; i < n; i++) {
            double value = buckets[i].values[k];
            if (is_absent(value))
                continue;
            buckets[i].hits += value - before;
            before = value;
        }
    }
    while (n > limit) {
        size_t least = 1;
        for (size_t i = 1; i + 2 < n; i++)
            if (buckets[i].hits + buckets[i + 1].hits <
                buckets[least].hits + buckets[least + 1].hits)
                least = i;
        buckets[least + 1].hits += buckets[least].hits;
        memmove(buckets + least, buckets + least + 1, (n - least - 1) * sizeof(*buckets));
        n--;
    }
    return n;
}

/* Lines with a bound that is a number. */
static int only_buckets(struct eval *e, struct vector *v, struct bucket **ret_items)
{
    size_t kept = 0;

    *ret_items = arena_calloc(&e->arena, v->len + 1, sizeof(**ret_items));
    if (!*ret_items)
        return fault_memory(e->err);
    for (size_t i = 0; i < v->len; i++) {
        struct str bound = labels_get(v->lines[i].labels, le);
        struct bucket b = {.end_text = bound, .values = v->lines[i].values};
        if (!num_parse(bound, &b.end))
            continue;
        (*ret_items)[kept] = b;
        v->lines[kept++] = v->lines[i];
    }
    v->len = kept;
    return 0;
}

static int limit_buckets(struct eval *e, double most, size_t steps, struct bucket *items,
                         struct vector *v)
{
    struct vector all = {NULL, 0};
    struct lines to = {e, &all, 0};
    struct histograms h;
    size_t limit = most >= 3 ? (size_t)MIN(most, 1e9) : 3; /* first, last, and one between */
    int code = 0;

    if (!(most >= 1)) {
        v->len = 0;
        return 0;
    }
    code = find_histograms(e, v, items, &h);
    struct bucket *sorted = arena_calloc(&e->arena, v->len + 1, sizeof(*sorted));
    if (!code && !sorted)
        code = fault_memory(e->err);
    for (size_t n = 0; !code && n < h.index.len; n++) {
        size_t len = members_of(&h, n, sorted);
        len = thin_out(sorted, len, limit, steps);
        code = add_buckets(&to, sorted, len, h.index.keys[n]);
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    *v = all;
    return code;
}

int vmrange_eval(struct eval *e, const struct node_call *c, const struct grid *g,
                 struct vector *ret)
{
    struct bucket *items = NULL;
    double *most = NULL;
    int code = c->len > 1 ? eval_scalar(e, c->args[0], g, &most) : 0;

    if (!code)
        code = eval_vector(e, c->args[c->len - 1], g, ret);
    if (!code)
        code = vmrange_to_buckets(e, g->len, ret);
    if (!code)
        code = only_buckets(e, ret, &items);
    return code || !most ? code : limit_buckets(e, most[0], g->len, items, ret);
}
