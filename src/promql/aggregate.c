/* aggregate.c - sum by (x) and its kin. Where the operand is read from the store, rows are added up
 * as they come and never stand in memory together. */
#include "promql/call.h"
#include "promql/fault.h"
#include "promql/gather.h"
#include "promql/rank.h"
#include "promql/rollup.h"
#include "promql/tally.h"
#include "promql/top.h"

static int group_lines(struct eval *e, const struct node_aggregate *a, const struct labels *labels,
                       size_t len, struct label_index *index, uint32_t **ret_group_of)
{
    struct label scratch[LABELS_MAX];
    struct projection p;

    *ret_group_of = arena_calloc(&e->arena, len + 1, sizeof(**ret_group_of));
    if (!*ret_group_of ||
        !projection_new(&e->arena, !a->without, a->labels.items, a->labels.len, &p) ||
        !label_index_init(index, &e->arena, 8))
        return fault_memory(e->err);
    for (size_t i = 0; i < len; i++) {
        size_t at = label_index_put(index, projection_of(&p, labels[i], scratch), true);
        if (at == SIZE_MAX)
            return fault_memory(e->err);
        (*ret_group_of)[i] = (uint32_t)at;
    }
    return 0;
}

static int group_vector(struct eval *e, const struct node_aggregate *a, const struct vector *v,
                        struct label_index *index, uint32_t **ret_group_of)
{
    struct labels *labels = arena_calloc(&e->arena, v->len + 1, sizeof(*labels));

    if (!labels)
        return fault_memory(e->err);
    for (size_t i = 0; i < v->len; i++)
        labels[i] = v->lines[i].labels;
    return group_lines(e, a, labels, v->len, index, ret_group_of);
}

/* Names the rows of a finished tally. */
static int present(struct eval *e, const struct tally *t, const struct label_index *index,
                   struct vector *ret)
{
    ret->lines = arena_calloc(&e->arena, t->groups + 1, sizeof(*ret->lines));
    if (!ret->lines)
        return fault_memory(e->err);
    ret->len = t->groups;
    for (size_t i = 0; i < t->groups; i++)
        ret->lines[i] = (struct line){index->keys[i], t->value + i * t->steps};
    vector_drop_empty(ret, t->steps);
    return 0;
}

static int careful_means(struct eval *e, const struct vector *v, const uint32_t *group_of,
                         struct tally *t)
{
    size_t cells = t->groups * t->steps;

    vector_clear(t->value, cells);
    for (size_t i = 0; i < v->len; i++) {
        size_t base = group_of[i] * t->steps;
        tally_careful_mean(v->lines[i].values, t->steps, t->value + base, t->second + base,
                           t->count + base);
    }
    for (size_t i = 0; i < cells; i++)
        if (!value_is_absent(t->value[i]))
            t->value[i] += t->second[i];
    return eval_interrupted(&e->options, e->err);
}

static int tally_vector(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                        struct vector *ret)
{
    struct label_index index;
    struct vector v;
    struct tally t;
    uint32_t *group_of = NULL;
    int code = eval_vector(e, a->expr, g, &v);

    if (!code)
        code = group_vector(e, a, &v, &index, &group_of);
    if (code)
        return code;
    if (!tally_new(&e->arena, a->op, index.len, g->len, &t))
        return fault_memory(e->err);
    for (size_t i = 0; i < v.len && !code; i++) {
        tally_add(&t, group_of[i], v.lines[i].values);
        code = eval_interrupted(&e->options, e->err);
    }
    if (!code && !tally_finish(&t))
        code = careful_means(e, &v, group_of, &t);
    return code ? code : present(e, &t, &index, ret);
}

/* Adding up while reading. */
struct stream {
    struct scan scan;
    struct rollup rollup;
    bool instant;
    const uint32_t *group_of;
    struct tally *tallies; /* one for each thread */
    double **rows;
};

static int stream_row(void *ctx, unsigned thread, size_t i, const struct column *c,
                      const struct window *w, struct arena *scratch, struct error *err)
{
    const struct stream *s = ctx;
    double *row = s->rows[thread];
    int code = 0;

    (void)err;
    vector_clear(row, w->steps);
    if (s->instant) {
        scan_instant_row(c, w, SCAN_VALUE, row);
    } else {
        struct rollup_row r = rollup_row_of(&s->rollup, c, w, scratch, row);
        code = rollup_compute(&r);
    }
    if (!code)
        tally_add(&s->tallies[thread], s->group_of[i], row);
    return code;
}

static bool is_streamable(const struct node *n, const struct grid *g)
{
    if (g->len > 1 && eval_is_fixed(n))
        return false;
    if (n->kind == NODE_SELECTOR)
        return true;
    return n->kind == NODE_CALL && function_is_rollup(n->call.function->id) &&
           !function_has_parts(n->call.function->id) &&
           n->call.function->id != FUNCTION_ABSENT_OVER_TIME;
}

/* Without its names a range's result may have equal series, which must be found out. */
static bool names_agree(const struct scan *s)
{
    for (size_t i = 1; i < s->len; i++)
        if (!str_equal(labels_name(s->labels[i]), labels_name(s->labels[0])))
            return false;
    return true;
}

/* What the operand's labels are when its rows are never put together. */
static int stream_labels(struct eval *e, const struct stream *s, const struct labels **ret)
{
    struct labels *bare;

    *ret = s->scan.labels;
    if (s->instant || s->rollup.keep_names)
        return 0;
    bare = arena_calloc(&e->arena, s->scan.len + 1, sizeof(*bare));
    if (!bare)
        return fault_memory(e->err);
    for (size_t i = 0; i < s->scan.len; i++)
        if (!vector_nameless(s->scan.labels[i], &e->arena, &bare[i]))
            return fault_memory(e->err);
    *ret = bare;
    return 0;
}

static int run_stream(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                      struct stream *s, size_t groups)
{
    unsigned threads = scan_threads(e, &s->scan);

    s->tallies = arena_calloc(&e->arena, threads, sizeof(*s->tallies));
    s->rows = arena_calloc(&e->arena, threads, sizeof(*s->rows));
    if (!s->tallies || !s->rows)
        return fault_memory(e->err);
    for (unsigned t = 0; t < threads; t++) {
        s->rows[t] = arena_calloc(&e->arena, g->len, sizeof(double));
        if (!s->rows[t] || !tally_new(&e->arena, a->op, groups, g->len, &s->tallies[t]))
            return fault_memory(e->err);
    }
    int code = scan_run(e, &s->scan, stream_row, s);
    for (unsigned t = 1; t < threads && !code; t++)
        tally_join(&s->tallies[0], &s->tallies[t]);
    return code;
}

/* -EAGAIN: it must be done with all rows at hand. */
static int tally_stream(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                        struct vector *ret)
{
    const struct node *operand = node_unwrap(a->expr);
    struct stream s = {.instant = operand->kind == NODE_SELECTOR};
    const struct labels *labels;
    struct label_index index;
    uint32_t *group_of = NULL;
    uint64_t samples = atomic_load(&e->samples_read), series = e->series_read;
    int code = s.instant ? scan_open_instant(e, operand, g, &s.scan)
                         : rollup_open(e, operand, g, &s.rollup);

    if (code)
        return code;
    if (!s.instant) {
        s.scan = s.rollup.scan;
        if (!s.rollup.keep_names && !names_agree(&s.scan))
            goto again;
    }
    code = stream_labels(e, &s, &labels);
    if (!code)
        code = group_lines(e, a, labels, s.scan.len, &index, &group_of);
    if (code)
        return code;
    s.group_of = group_of;
    code = run_stream(e, a, g, &s, index.len);
    if (code)
        return code;
    if (tally_finish(&s.tallies[0]))
        return present(e, &s.tallies[0], &index, ret);
again:
    atomic_store(&e->samples_read, samples);
    e->series_read = series;
    return -EAGAIN;
}

static int gather(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                  struct vector *v, const uint32_t *group_of, const struct label_index *index,
                  struct vector *ret)
{
    struct members members;

    if (!label_index_members(&e->arena, group_of, v->len, index->len, &members))
        return fault_memory(e->err);
    return gather_eval(e, a, g, v, index, &members, ret);
}

static int aggregate(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                     struct vector *ret)
{
    struct label_index index;
    struct vector v;
    uint32_t *group_of = NULL;
    int code = -EAGAIN;

    if (tally_can(a->op)) {
        if (is_streamable(node_unwrap(a->expr), g))
            code = tally_stream(e, a, g, ret);
        return code == -EAGAIN ? tally_vector(e, a, g, ret) : code;
    }
    code = eval_vector(e, a->expr, g, &v);
    if (!code)
        code = group_vector(e, a, &v, &index, &group_of);
    if (code)
        return code;
    if (node_is_gathered(a->op))
        return gather(e, a, g, &v, group_of, &index, ret);
    return node_is_top(a->op) ? top_eval(e, a, g, &v, group_of, &index, ret)
                              : rank_eval(e, a, g, &v, group_of, &index, ret);
}

int aggregate_eval(struct eval *e, const struct node *n, const struct grid *g, struct vector *ret)
{
    const struct node_aggregate *a = &n->aggregate;
    int code = aggregate(e, a, g, ret);

    if (code || !a->limited)
        return code;
    if (!ordering_matters(n))
        vector_sort(ret);
    ret->len = MIN(ret->len, a->limit);
    return 0;
}
