/* ordering.c - sort() and its kin: they order the answer of an instant query, nothing else. */
#include "promql/call.h"

#include "promql/fault.h"
#include "promql/rollup.h"

#include <stdlib.h>

struct key {
    double value;
    size_t at;
};

static int ascending(const void *a, const void *b)
{
    const struct key *x = a, *y = b;

    /* NaN last, either way; equal ones as they came. */
    if (isnan(x->value) || isnan(y->value)) {
        int order = isnan(x->value) - isnan(y->value);
        return order ? order : (x->at > y->at) - (x->at < y->at);
    }
    int order = (x->value > y->value) - (x->value < y->value);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_value(struct eval *e, struct vector *v, bool down)
{
    struct key *keys = arena_calloc(&e->arena, v->len + 1, sizeof(*keys));
    struct line *lines = arena_calloc(&e->arena, v->len + 1, sizeof(*lines));

    if (!keys || !lines)
        return fault_memory(e->err);
    for (size_t i = 0; i < v->len; i++)
        keys[i] = (struct key){down ? -v->lines[i].values[0] : v->lines[i].values[0], i};
    qsort(keys, v->len, sizeof(*keys), ascending);
    for (size_t i = 0; i < v->len; i++)
        lines[i] = v->lines[keys[i].at];
    v->lines = lines;
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The order people expect: digits in a name count as a number, so gpu9 is before gpu10. */
static int natural(struct str a, struct str b)
{
    size_t i = 0, j = 0;

    while (i < a.len && j < b.len) {
        if (!is_digit(a.ptr[i]) || !is_digit(b.ptr[j])) {
            if (a.ptr[i] != b.ptr[j])
                return (unsigned char)a.ptr[i] < (unsigned char)b.ptr[j] ? -1 : 1;
            i++;
            j++;
            continue;
        }
        size_t from_a, from_b;
        for (; i + 1 < a.len && a.ptr[i] == '0' && is_digit(a.ptr[i + 1]); i++)
            ;
        for (; j + 1 < b.len && b.ptr[j] == '0' && is_digit(b.ptr[j + 1]); j++)
            ;
        for (from_a = i; i < a.len && is_digit(a.ptr[i]); i++)
            ;
        for (from_b = j; j < b.len && is_digit(b.ptr[j]); j++)
            ;
        if (i - from_a != j - from_b)
            return i - from_a < j - from_b ? -1 : 1;
        int order = memcmp(a.ptr + from_a, b.ptr + from_b, i - from_a);
        if (order)
            return order;
    }
    return (i < a.len) - (j < b.len);
}

/* What is a number by its size, before what is none. */
static int numeric(struct str a, struct str b)
{
    double x, y;
    bool first = num_parse(a, &x), second = num_parse(b, &y);

    if (!first || !second)
        return first == second ? natural(a, b) : first ? -1 : 1;
    return (x > y) - (x < y);
}

static int compare_labels(const struct node_call *c, struct labels a, struct labels b)
{
    for (size_t i = 1; i < c->len; i++) {
        struct str name = eval_string(c->args[i]);
        int order = c->function->id >= FUNCTION_SORT_BY_LABEL_NUMERIC
                        ? numeric(labels_get(a, name), labels_get(b, name))
                        : natural(labels_get(a, name), labels_get(b, name));
        if (order)
            return order;
    }
    return labels_compare(a, b);
}

/* Merges runs of doubling length: the names of the labels to look at cannot be handed to qsort().
 */
static int by_label(struct eval *e, const struct node_call *c, struct vector *v, bool down)
{
    struct line *from = v->lines;
    struct line *to = arena_calloc(&e->arena, v->len + 1, sizeof(*to));

    if (!to)
        return fault_memory(e->err);
    for (size_t run = 1; run < v->len; run *= 2) {
        for (size_t begin = 0; begin < v->len; begin += 2 * run) {
            size_t middle = MIN(begin + run, v->len), end = MIN(begin + 2 * run, v->len);
            size_t a = begin, b = middle;
            for (size_t at = begin; at < end; at++) {
                int order = a == middle ? 1
                            : b == end  ? -1
                                        : compare_labels(c, from[a].labels, from[b].labels);
                if (a < middle && b < end && down)
                    order = -order;
                to[at] = order <= 0 ? from[a++] : from[b++];
            }
        }
        struct line *other = from;
        from = to;
        to = other;
    }
    v->lines = from;
    return 0;
}

int ordering_eval(struct eval *e, const struct node *n, const struct grid *g, struct vector *ret)
{
    const struct node_call *c = &n->call;
    enum function_id id = c->function->id;
    int code = eval_vector(e, c->args[0], g, ret);

    if (e->options.step_ms)
        eval_warn(e, n,
                  "PromQL warning: sort is ineffective for range queries since results are always "
                  "ordered by labels");
    if (code || g->len != 1)
        return code;
    if (id == FUNCTION_SORT || id == FUNCTION_SORT_DESC)
        return by_value(e, ret, id == FUNCTION_SORT_DESC);
    return by_label(e, c, ret,
                    id == FUNCTION_SORT_BY_LABEL_DESC || id == FUNCTION_SORT_BY_LABEL_NUMERIC_DESC);
}

bool ordering_matters(const struct node *n)
{
    while (n->kind == NODE_PAREN)
        n = n->paren;
    if (n->kind == NODE_AGGREGATE)
        return n->aggregate.op == AGGREGATION_TOPK || n->aggregate.op == AGGREGATION_BOTTOMK ||
               node_is_top(n->aggregate.op);
    if (n->kind != NODE_CALL)
        return false;
    enum function_id id = n->call.function->id;
    if (id >= FUNCTION_SORT && id <= FUNCTION_SORT_BY_LABEL_NUMERIC_DESC)
        return true;
    /* Renaming keeps the order of what it renames. */
    return (id == FUNCTION_LABEL_REPLACE || id == FUNCTION_LABEL_JOIN) &&
           ordering_matters(n->call.args[0]);
}
