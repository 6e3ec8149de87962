/* rank.c - aggregations by order and by value. */
#include "promql/rank.h"

#include "promql/fault.h"
#include "promql/statistics.h"

#include <stdlib.h>

#define LARGE_GROUP 256 /* members; here every step looks at the clock, not every group alone */

struct candidate {
    double value;
    uint32_t line;
};

/* True when `a` is kept rather than `b`: the larger (or smaller) one, a number before NaN, the
 * earlier of two equals. */
static bool better(bool top, const struct candidate *a, const struct candidate *b)
{
    if (isnan(a->value) || isnan(b->value))
        return isnan(a->value) == isnan(b->value) ? a->line < b->line : isnan(b->value);
    if (a->value == b->value)
        return a->line < b->line;
    return top ? a->value > b->value : a->value < b->value;
}

/* A heap with the worst on top. */
static void sink(struct candidate *heap, size_t len, size_t at, bool top)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= len)
            return;
        if (child + 1 < len && better(top, &heap[child], &heap[child + 1]))
            child++;
        if (better(top, &heap[child], &heap[at]))
            return;
        struct candidate swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

/* Leaves in `heap` the best `want` of the group at step k, best first; the others' samples are
 * taken away. Returns how many. */
static size_t select_best(struct vector *v, const uint32_t *lines, size_t len, size_t k,
                          size_t want, bool top, struct candidate *heap)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++) {
        double *value = &v->lines[lines[i]].values[k];
        struct candidate c = {*value, lines[i]};
        if (is_absent(*value))
            continue;
        *value = value_absent();
        if (kept < want) {
            heap[kept++] = c;
            for (size_t at = kept == want ? kept / 2 : 0; at--;)
                sink(heap, kept, at, top);
        } else if (want && better(top, &c, &heap[0])) {
            heap[0] = c;
            sink(heap, kept, 0, top);
        }
    }
    for (size_t at = kept < want ? kept / 2 : 0; at--;)
        sink(heap, kept, at, top);
    for (size_t n = kept; n > 1; n--) { /* worst to the end, as heapsort does */
        struct candidate swap = heap[0];
        heap[0] = heap[n - 1];
        heap[n - 1] = swap;
        sink(heap, n - 1, 0, top);
    }
    for (size_t i = 0; i < kept; i++)
        v->lines[heap[i].line].values[k] = heap[i].value;
    return kept;
}

int rank_wanted(struct eval *e, double param, size_t available, size_t *ret)
{
    if (isnan(param))
        return fault_set(e->err, PROMQL_EXECUTION, "Parameter value is NaN");
    if (!(fabs(param) < 0x1p63))
        return fault_set(e->err, PROMQL_EXECUTION, "Scalar value %g overflows int64", param);
    *ret = param < 1 ? 0 : param >= (double)available ? available : (size_t)param;
    return 0;
}

static int best(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                struct vector *v, const struct members *m, size_t groups, struct vector *ret)
{
    struct candidate *heap = arena_calloc(&e->arena, v->len + 1, sizeof(*heap));
    struct line *ordered = arena_calloc(&e->arena, v->len + 1, sizeof(*ordered));
    double *params;
    size_t placed = 0, want = 0;
    int code = eval_scalar(e, a->param, g, &params);

    if (!code && (!heap || !ordered))
        code = fault_memory(e->err);
    for (size_t n = 0; n < groups && !code; n++) {
        const uint32_t *lines = m->items + m->first[n];
        size_t len = m->first[n + 1] - m->first[n], kept = 0;
        for (size_t k = 0; k < g->len && !code; k++) {
            code = rank_wanted(e, params[k], len, &want);
            if (!code && len > LARGE_GROUP)
                code = eval_interrupted(&e->options, e->err);
            if (!code)
                kept = select_best(v, lines, len, k, want, a->op == AGGREGATION_TOPK, heap);
        }
        for (size_t i = 0; i < kept && g->len == 1; i++)
            ordered[placed++] = v->lines[heap[i].line];
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    if (code)
        return code;
    *ret = g->len == 1 ? (struct vector){ordered, placed} : *v;
    vector_drop_empty(ret, g->len);
    return 0;
}

static int quantiles(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                     const struct vector *v, const struct members *m,
                     const struct label_index *index, struct vector *ret)
{
    double *sorted = arena_calloc(&e->arena, v->len + 1, sizeof(*sorted));
    double *params = NULL;
    int code = a->param ? eval_scalar(e, a->param, g, &params) : 0;

    if (!code && (!sorted || !vector_new(&e->arena, index->len, g->len, ret)))
        code = fault_memory(e->err);
    if (params && !code)
        eval_warn_of_quantiles(e, a->param, params, g->len);
    for (size_t n = 0; n < index->len && !code; n++) {
        ret->lines[n].labels = index->keys[n];
        for (size_t k = 0; k < g->len && !code; k++) {
            size_t len = 0;
            for (size_t i = m->first[n]; i < m->first[n + 1]; i++) {
                double value = v->lines[m->items[i]].values[k];
                if (!is_absent(value))
                    sorted[len++] = value;
            }
            if (!len)
                continue;
            qsort(sorted, len, sizeof(*sorted), statistics_order);
            ret->lines[n].values[k] = statistics_quantile(params ? params[k] : 0.5, sorted, len);
            if (len > LARGE_GROUP)
                code = eval_interrupted(&e->options, e->err);
        }
        if (!code)
            code = eval_interrupted(&e->options, e->err);
    }
    if (!code)
        vector_drop_empty(ret, g->len);
    return code;
}

/* The shortest decimal without an exponent. */
static void print_plain(double value, struct buf *to)
{
    char text[NUM_MAX_TEXT];
    struct str all = {text, num_print(text, value)}, digits = all;
    const char *e = memchr(text, 'e', all.len);
    int64_t exponent = 0;

    if (!e) {
        buf_str_add(to, all);
        return;
    }
    if (!num_parse_i64(str_make(e + 1, (size_t)(text + all.len - e - 1)), &exponent))
        return;
    digits.len = (size_t)(e - text);
    if (digits.ptr[0] == '-') {
        buf_char(to, '-');
        digits = str_make(digits.ptr + 1, digits.len - 1);
    }
    struct str rest = digits, whole = str_cut(&rest, '.');
    if (exponent < 0) {
        buf_text(to, "0.");
        for (int64_t i = -1; i > exponent; i--)
            buf_char(to, '0');
    }
    buf_str_add(to, whole);
    if (rest.ptr)
        buf_str_add(to, rest);
    for (int64_t i = rest.ptr ? (int64_t)rest.len : 0; i < exponent; i++)
        buf_char(to, '0');
}

/* The lines that count_values() makes. */
struct counting {
    struct eval *eval;
    struct str label;
    bool dropped; /* without (v) takes away the label that the values would stand in, too */
    struct label_index lines;
    struct vector *ret;
    size_t cap, steps;
    struct buf text;
};

static int line_of_value(struct counting *c, struct labels group, double value, size_t *ret)
{
    struct label_builder b;
    struct labels view, kept;
    struct error err;
    struct arena *arena = &c->eval->arena;

    label_builder_init(&b, group);
    if (!c->dropped) {
        buf_reset(&c->text);
        print_plain(value, &c->text);
        label_builder_set(&b, c->label, buf_str(&c->text));
    }
    if (label_builder_view(&b, &view, &err))
        return fault_set(c->eval->err, PROMQL_EXECUTION, "%s", err.text);
    size_t before = c->lines.len, at = label_index_put(&c->lines, view, false);
    if (at == SIZE_MAX)
        return fault_memory(c->eval->err);
    *ret = at;
    if (at < before)
        return 0;
    if (labels_copy(view, arena, &kept))
        return fault_memory(c->eval->err);
    c->lines.keys[at] = kept;
    if (at == c->cap) {
        size_t cap = c->cap * 2 + 8;
        struct line *lines = arena_calloc(arena, cap, sizeof(*lines));
        if (!lines)
            return fault_memory(c->eval->err);
        if (at)
            memcpy(lines, c->ret->lines, at * sizeof(*lines));
        c->ret->lines = lines;
        c->cap = cap;
    }
    double *values = arena_calloc(arena, c->steps, sizeof(double));
    if (!values)
        return fault_memory(c->eval->err);
    vector_clear(values, c->steps);
    c->ret->lines[at] = (struct line){kept, values};
    c->ret->len = at + 1;
    return 0;
}

static int count_line(struct counting *c, struct labels group, const double *values)
{
    uint64_t last_bits = VALUE_ABSENT_BITS;
    size_t at = 0;

    for (size_t k = 0; k < c->steps; k++) {
        if (is_absent(values[k]))
            continue;
        if (value_bits(values[k]) != last_bits) {
            int code = line_of_value(c, group, values[k], &at);
            if (code)
                return code;
            last_bits = value_bits(values[k]);
        }
        double *to = &c->ret->lines[at].values[k];
        *to = value_is_absent(*to) ? 1 : *to + 1;
    }
    return eval_interrupted(&c->eval->options, c->eval->err);
}

static int count_values(struct eval *e, const struct node_aggregate *a, const struct grid *g,
                        const struct vector *v, const uint32_t *group_of,
                        const struct label_index *index, struct vector *ret)
{
    struct counting c = {.eval = e, .label = eval_string(a->param), .ret = ret, .steps = g->len};
    int code = 0;

    if (!c.label.len || c.label.len > LABEL_NAME_MAX || !str_is_utf8(c.label))
        return fault_set(e->err, PROMQL_EXECUTION, "invalid label name \"%.*s\"",
                         (int)MIN(c.label.len, (size_t)100), c.label.ptr);
    if (!label_index_init(&c.lines, &e->arena, 8))
        return fault_memory(e->err);
    c.dropped = a->without && str_is(c.label, LABEL_NAME);
    for (size_t i = 0; a->without && i < a->labels.len; i++)
        c.dropped = c.dropped || str_equal(a->labels.items[i], c.label);
    buf_init(&c.text, 0);
    for (size_t i = 0; i < v->len && !code; i++)
        code = count_line(&c, index->keys[group_of[i]], v->lines[i].values);
    buf_fini(&c.text);
    return code;
}

int rank_eval(struct eval *e, const struct node_aggregate *a, const struct grid *g,
              struct vector *v, const uint32_t *group_of, const struct label_index *index,
              struct vector *ret)
{
    struct members members;

    if (a->op == AGGREGATION_COUNT_VALUES)
        return count_values(e, a, g, v, group_of, index, ret);
    if (!label_index_members(&e->arena, group_of, v->len, index->len, &members))
        return fault_memory(e->err);
    if (a->op == AGGREGATION_TOPK || a->op == AGGREGATION_BOTTOMK)
        return best(e, a, g, v, &members, index->len, ret);
    return quantiles(e, a, g, v, &members, index, ret);
}
