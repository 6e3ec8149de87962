/* mixed.c - MetricsQL's functions of no family: several expressions as one, times of the query,
 * numbers by chance. */
#include "promql/call.h"
#include "promql/fault.h"

static int unite(struct eval *e, const struct node_call *c, const struct grid *g,
                 struct vector *ret)
{
    struct vector parts[NODE_ARGS_MAX];
    struct label_index index;
    size_t len = 0, kept = 0;
    int code = 0;

    for (size_t i = 0; i < c->len && !code; i++) {
        code = eval_series(e, c->args[i], g, &parts[i]);
        len += code ? 0 : parts[i].len;
    }
    if (code)
        return code;
    *ret = (struct vector){arena_calloc(&e->arena, len + 1, sizeof(struct line)), 0};
    if (!ret->lines || !label_index_init(&index, &e->arena, len))
        return fault_memory(e->err);
    for (size_t i = 0; i < c->len; i++)
        for (size_t k = 0; k < parts[i].len; k++) {
            size_t at = label_index_put(&index, parts[i].lines[k].labels, false);
            if (at == SIZE_MAX)
                return fault_memory(e->err);
            if (at == kept) /* else the same series stands in an earlier part */
                ret->lines[kept++] = parts[i].lines[k];
        }
    ret->len = kept;
    return eval_interrupted(&e->options, e->err);
}

static int limit_offset(struct eval *e, const struct node_call *c, const struct grid *g,
                        struct vector *ret)
{
    double *limit, *offset;
    int code = eval_scalar(e, c->args[0], g, &limit);

    if (!code)
        code = eval_scalar(e, c->args[1], g, &offset);
    if (!code)
        code = eval_series(e, c->args[2], g, ret);
    if (code)
        return code;
    vector_drop_empty(ret, g->len);
    vector_sort(ret);
    size_t skip = offset[0] > 0 ? (size_t)MIN(offset[0], (double)ret->len) : 0;
    size_t most = limit[0] > 0 ? (size_t)MIN(limit[0], (double)ret->len) : 0;
    ret->lines += skip;
    ret->len = MIN(ret->len - skip, most);
    return 0;
}

/* Whole numbers; negative ones, and what is past 64 bits, have no bits here. */
static double of_bits(enum function_id id, double value, double mask)
{
    if (!(value >= 0 && value < 0x1p64) || !(mask >= 0 && mask < 0x1p64))
        return (double)NAN;
    uint64_t a = (uint64_t)value, b = (uint64_t)mask;
    return (double)(id == FUNCTION_BITMAP_AND ? a & b : id == FUNCTION_BITMAP_OR ? a | b : a ^ b);
}

static int bitmap(struct eval *e, const struct node_call *c, const struct grid *g,
                  struct vector *ret)
{
    double *mask;
    int code = eval_series(e, c->args[0], g, ret);

    if (!code)
        code = eval_scalar(e, c->args[1], g, &mask);
    for (size_t i = 0; i < ret->len && !code; i++) {
        double *row = ret->lines[i].values;
        for (size_t k = 0; k < g->len; k++)
            row[k] = is_absent(row[k]) ? row[k] : of_bits(c->function->id, row[k], mask[k]);
        code = eval_interrupted(&e->options, e->err);
    }
    if (code || c->keep_metric_names)
        return code;
    return eval_failed(e, vector_drop_names(ret, g->len, &e->arena));
}

int mixed_vector(struct eval *e, const struct node_call *c, const struct grid *g,
                 struct vector *ret)
{
    switch (c->function->id) {
    case FUNCTION_UNION:
        return unite(e, c, g, ret);
    case FUNCTION_LIMIT_OFFSET:
        return limit_offset(e, c, g, ret);
    default:
        return bitmap(e, c, g, ret);
    }
}

/* The next of a row of numbers by chance, in (0, 1]: splitmix64 (Steele, Lea and Flood 2014). */
static double chance(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)(((z ^ (z >> 31)) >> 11) + 1) * 0x1p-53;
}

static double distributed(enum function_id id, uint64_t *state)
{
    double u = chance(state);

    switch (id) {
    case FUNCTION_RAND_EXPONENTIAL:
        return -log(u);
    case FUNCTION_RAND_NORMAL: /* Box and Muller's */
        return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * chance(state));
    default:
        return u - 0x1p-53;
    }
}

int mixed_scalar(struct eval *e, const struct node_call *c, const struct grid *g, double **ret)
{
    enum function_id id = c->function->id;
    double *seed = NULL, number = 0;
    int code = c->len ? eval_scalar(e, c->args[0], g, &seed) : 0;

    if (code)
        return code;
    *ret = arena_calloc(&e->arena, g->len, sizeof(double));
    if (!*ret)
        return fault_memory(e->err);
    uint64_t state = seed ? value_bits(seed[0]) : clock_mono_ns();
    if (id == FUNCTION_START)
        number = (double)e->options.start_ms / 1000;
    else if (id == FUNCTION_END)
        number = (double)e->options.end_ms / 1000;
    else if (id == FUNCTION_STEP_NUMBER)
        number = e->step_s;
    else if (id == FUNCTION_NOW)
        number = (double)clock_now_ms() / 1000;
    bool by_chance = id >= FUNCTION_RAND && id <= FUNCTION_RAND_NORMAL;
    for (size_t k = 0; k < g->len; k++)
        (*ret)[k] = by_chance ? distributed(id, &state) : number;
    return 0;
}
