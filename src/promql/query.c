/* query.c - runs an expression from its text to its result. */
#include "promql/call.h"
#include "promql/fault.h"
#include "promql/parse.h"
#include "promql/scan.h"

#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_LOOKBACK_MS INT64_C(300000)
#define DEFAULT_MEMORY      ((size_t)1 << 30)
#define DEFAULT_SERIES      1000000
#define DEFAULT_SAMPLES     500000000

/* What the caller gets, and the memory that it stands in. */
struct outcome {
    struct promql_result result;
    struct arena arena;
};

static struct promql_options with_defaults(const struct promql_options *given)
{
    struct promql_options o = *given;
    long cpus = o.threads ? 0 : sysconf(_SC_NPROCESSORS_ONLN);

    o.lookback_ms = o.lookback_ms ? o.lookback_ms : DEFAULT_LOOKBACK_MS;
    o.max_memory = o.max_memory ? o.max_memory : DEFAULT_MEMORY;
    o.max_series = o.max_series ? o.max_series : DEFAULT_SERIES;
    o.max_samples = o.max_samples ? o.max_samples : DEFAULT_SAMPLES;
    if (!o.threads)
        o.threads = cpus > 0 ? (unsigned)cpus : 1;
    return o;
}

static bool is_range(const struct promql_options *o)
{
    return o->step_ms > 0;
}

static int make_grid(const struct promql_options *o, struct grid *ret, struct promql_error *err)
{
    if (o->end_ms < o->start_ms)
        return fault_set(err, PROMQL_BAD_DATA, "end timestamp must not be before start time");
    if (o->step_ms < 0 || (!o->step_ms && o->start_ms != o->end_ms))
        return fault_set(err, PROMQL_BAD_DATA,
                         "zero or negative query resolution step widths are not accepted. Try a "
                         "positive integer");
    *ret = (struct grid){o->start_ms, o->step_ms, 1};
    if (!o->step_ms)
        return 0;
    uint64_t steps = ((uint64_t)o->end_ms - (uint64_t)o->start_ms) / (uint64_t)o->step_ms;
    if (steps >= EVAL_STEPS_MAX)
        return fault_set(err, PROMQL_BAD_DATA, "the range has %" PRIu64 " steps, more than %zu",
                         steps, EVAL_STEPS_MAX);
    ret->len = (size_t)steps + 1;
    return 0;
}

/* Samples of one line, without its gaps. `all` holds the times of the grid. */
static bool pack(struct arena *a, const struct line *l, const int64_t *all, size_t steps,
                 struct promql_series *ret)
{
    size_t len = 0, at = 0;

    for (size_t k = 0; k < steps; k++)
        len += !value_is_absent(l->values[k]);
    *ret = (struct promql_series){l->labels, len, all, l->values};
    if (len == steps)
        return true;
    int64_t *times = arena_calloc(a, len + 1, sizeof(*times));
    if (!times)
        return false;
    for (size_t k = 0; k < steps; k++)
        if (!value_is_absent(l->values[k])) {
            times[at] = all[k];
            l->values[at++] = l->values[k];
        }
    ret->ts_ms = times;
    return true;
}

static int give_lines(struct eval *e, const struct vector *v, const struct grid *g,
                      struct promql_result *ret)
{
    int64_t *all = arena_calloc(&e->arena, g->len + 1, sizeof(*all));

    ret->series = arena_calloc(&e->arena, v->len + 1, sizeof(*ret->series));
    if (!all || !ret->series)
        return fault_memory(e->err);
    for (size_t k = 0; k < g->len; k++)
        all[k] = grid_time(g, k);
    for (size_t i = 0; i < v->len; i++) {
        struct promql_series *s = &ret->series[ret->len];
        if (!pack(&e->arena, &v->lines[i], all, g->len, s) ||
            labels_copy(s->labels, &e->arena, &s->labels))
            return fault_memory(e->err);
        ret->len += s->len > 0;
    }
    return 0;
}

static int by_labels(const void *a, const void *b)
{
    return labels_compare(((const struct promql_series *)a)->labels,
                          ((const struct promql_series *)b)->labels);
}

/* The samples of a range vector as they are: the answer to "m[5m]". */
struct raw {
    struct arena *arena;
    struct promql_result *ret;
};

static int raw_row(void *ctx, unsigned thread, size_t i, const struct column *c,
                   const struct window *w, struct arena *scratch, struct error *err)
{
    const struct raw *raw = ctx;
    size_t from = w->from[0], len = w->to[0] - from;
    int64_t *times = arena_calloc(raw->arena, len + 1, sizeof(*times));
    double *values = arena_calloc(raw->arena, len + 1, sizeof(*values));

    (void)thread;
    (void)scratch;
    (void)err;
    if (!times || !values)
        return -ENOMEM;
    if (len) {
        memcpy(times, c->ts_ms + from, len * sizeof(*times));
        memcpy(values, c->values + from, len * sizeof(*values));
    }
    raw->ret->series[i].len = len;
    raw->ret->series[i].ts_ms = times;
    raw->ret->series[i].values = values;
    return 0;
}

static int give_raw(struct eval *e, const struct node *n, const struct grid *g,
                    struct promql_result *ret)
{
    struct raw raw = {&e->arena, ret};
    struct scan s;
    size_t kept = 0;
    int code = scan_open(e, n, g, 0, &s);

    if (code)
        return code;
    ret->series = arena_calloc(&e->arena, s.len + 1, sizeof(*ret->series));
    if (!ret->series)
        return fault_memory(e->err);
    e->options.threads = 1; /* the rows come from one arena */
    code = scan_run(e, &s, raw_row, &raw);
    for (size_t i = 0; i < s.len && !code; i++) {
        if (!ret->series[i].len)
            continue;
        ret->series[kept] = ret->series[i];
        if (labels_copy(s.labels[i], &e->arena, &ret->series[kept].labels))
            code = fault_memory(e->err);
        kept++;
    }
    ret->len = kept;
    if (kept)
        qsort(ret->series, kept, sizeof(*ret->series), by_labels);
    return code;
}

static int give_scalar(struct eval *e, double *numbers, const struct grid *g,
                       struct promql_result *ret)
{
    struct line line = {{NULL, 0}, numbers};
    struct vector v = {&line, 1};

    return give_lines(e, &v, g, ret);
}

static int run(struct eval *e, const struct node *root, const struct grid *g,
               struct promql_result *ret)
{
    struct value value;
    bool range = is_range(&e->options);

    if (range && (root->type == PROMQL_MATRIX || root->type == PROMQL_STRING))
        return fault_set(
            e->err, PROMQL_BAD_DATA,
            "invalid expression type \"%s\" for range query, must be Scalar or instant "
            "Vector",
            node_type_text(root->type));
    ret->type = range ? PROMQL_MATRIX : root->type;
    if (root->type == PROMQL_MATRIX)
        return give_raw(e, root, g, ret);
    int code = eval_node(e, root, g, &value);
    if (code)
        return code;
    if (root->type == PROMQL_STRING) {
        double zero = 0;
        ret->string = value.string;
        code = give_scalar(e, &zero, g, ret);
        if (!code)
            ret->series[0].values = arena_calloc(&e->arena, 1, sizeof(double));
        return code || ret->series[0].values ? code : fault_memory(e->err);
    }
    if (root->type == PROMQL_SCALAR)
        return give_scalar(e, value.numbers, g, ret);
    code = eval_failed(e, vector_merge(&value.vector, g->len, &e->arena));
    if (code)
        return code;
    if (range || !ordering_matters(root))
        vector_sort(&value.vector);
    return give_lines(e, &value.vector, g, ret);
}

static bool copy_notes(struct arena *a, const struct str *notes, size_t len, struct str_list *ret)
{
    ret->items = arena_calloc(a, len + 1, sizeof(*ret->items));
    if (!ret->items)
        return false;
    memcpy(ret->items, notes, len * sizeof(*notes));
    ret->len = len;
    return true;
}

static int finish(struct eval *e, struct outcome *o)
{
    struct promql_result *r = &o->result;

    scan_inform(e);
    if (!copy_notes(&e->arena, e->warnings, e->warnings_len, &r->warnings) ||
        !copy_notes(&e->arena, e->infos, e->infos_len, &r->infos))
        return fault_memory(e->err);
    r->samples_read = atomic_load(&e->samples_read);
    r->series_read = e->series_read;
    r->memory_peak = MAX(arena_bytes(&e->arena), e->memory_peak);
    o->arena = e->arena;
    return 0;
}

int promql_query(const struct queryable *q, struct str expr, const struct promql_options *options,
                 struct promql_result **ret, struct promql_error *err)
{
    struct eval e = {.queryable = q, .options = with_defaults(options), .err = err, .text = expr};
    struct outcome *o = calloc(1, sizeof(*o));
    struct tree tree = {0};
    struct grid grid;

    *err = (struct promql_error){0};
    if (!o)
        return fault_memory(err);
    arena_init_pooled(&e.arena, e.options.max_memory, e.options.pool);
    int code = parse_text(expr, &e.arena, &tree, err);
    if (!code)
        code = make_grid(&e.options, &grid, err);
    if (!code) {
        e.step_s = (double)e.options.step_ms / 1000;
        e.range_s = (double)(e.options.end_ms - e.options.start_ms) / 1000;
        code = run(&e, tree.root, &grid, &o->result);
    }
    if (!code)
        code = finish(&e, o);
    scan_release(&e);
    node_tree_fini(&tree);
    if (code) {
        arena_fini(&e.arena);
        free(o);
        return code;
    }
    *ret = &o->result;
    return 0;
}

void promql_result_free(struct promql_result *r)
{
    if (!r)
        return;
    struct outcome *o = (struct outcome *)r; /* its first member */
    arena_fini(&o->arena);
    free(o);
}
