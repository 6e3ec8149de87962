/* match.c - vector matching. Which lines meet is found out once, from their labels; whether they
 * meet in more than one way is a question of each step. */
#include "promql/binary.h"
#include "promql/fault.h"

/* One operand, its lines numbered by the labels that are matched on. */
struct side {
    struct vector *v;
    uint32_t *group_of;
    struct members members;
};

struct match {
    struct eval *eval;
    const struct node_binary *b;
    size_t steps;
    struct projection on;
    struct label_index index;
    struct side left, right;
    bool unfiltered; /* what a comparison would take away stays, and no operand is touched */
    struct vector *ret;
};

static size_t members_of(const struct side *s, size_t group, const uint32_t **ret)
{
    *ret = s->members.items + s->members.first[group];
    return s->members.first[group + 1] - s->members.first[group];
}

static int match_open(struct match *m, struct eval *e, const struct node_binary *b,
                      const struct grid *g, struct vector *left, struct vector *right)
{
    struct arena *a = &e->arena;

    *m = (struct match){.eval = e, .b = b, .steps = g->len};
    m->left.v = left;
    m->right.v = right;
    if (!projection_new(a, b->on, b->labels.items, b->labels.len, &m->on) ||
        !label_index_init(&m->index, a, MAX(left->len, right->len)) ||
        !(m->left.group_of = label_index_lines(&m->index, &m->on, left, a)) ||
        !(m->right.group_of = label_index_lines(&m->index, &m->on, right, a)) ||
        !label_index_members(a, m->left.group_of, left->len, m->index.len, &m->left.members) ||
        !label_index_members(a, m->right.group_of, right->len, m->index.len, &m->right.members))
        return fault_memory(e->err);
    return 0;
}

/* At which steps any line of `v` has a sample. */
static bool *steps_with_samples(struct arena *a, const struct vector *v, size_t steps)
{
    bool *any = arena_calloc(a, steps + 1, sizeof(*any));

    for (size_t i = 0; any && i < v->len; i++)
        for (size_t k = 0; k < steps; k++)
            any[k] = any[k] || !value_is_absent(v->lines[i].values[k]);
    return any;
}

static int many_to_many(struct match *m, size_t group, const struct side *one, struct labels a,
                        struct labels b)
{
    struct buf text;

    buf_init(&text, 400);
    buf_text(&text, "found duplicate series for the match group ");
    labels_print(m->index.keys[group], &text);
    buf_printf(&text, " on the %s hand-side of the operation: [",
               one == &m->right ? "right" : "left");
    labels_print(a, &text);
    buf_text(&text, ", ");
    labels_print(b, &text);
    buf_text(&text, "];");
    int code = fault_set(m->eval->err, PROMQL_EXECUTION,
                         "%.*smany-to-many matching not allowed: matching labels must be unique on "
                         "one side",
                         STR_ARG(buf_str(&text)));
    buf_fini(&text);
    return code;
}

/* Two lines of the "one" side with a sample at the same step: an error, when anything stands on the
 * other side at that step. */
static int check_one_side(struct match *m, const struct side *one, const struct side *many)
{
    const bool *others = NULL;

    for (size_t group = 0; group < m->index.len; group++) {
        const uint32_t *lines;
        size_t n = members_of(one, group, &lines);
        if (n > 1 && !others) {
            others = steps_with_samples(&m->eval->arena, many->v, m->steps);
            if (!others)
                return fault_memory(m->eval->err);
        }
        for (size_t k = 0; n > 1 && k < m->steps; k++) {
            const struct line *first = NULL;
            for (size_t i = 0; i < n; i++) {
                const struct line *l = &one->v->lines[lines[i]];
                if (value_is_absent(l->values[k]))
                    continue;
                if (first && others[k])
                    return many_to_many(m, group, one, first->labels, l->labels);
                first = l;
            }
        }
    }
    return 0;
}

static int too_many(struct match *m, const char *why)
{
    return fault_set(m->eval->err, PROMQL_EXECUTION, "multiple matches for labels: %s", why);
}

static bool is_listed(const struct node_labels *list, struct str name)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_equal(list->items[i], name))
            return true;
    return false;
}

/* group_left (*) takes all labels but those that both sides have in common. */
static bool is_matched_on(const struct node_binary *b, struct str name)
{
    return is_listed(&b->labels, name) == b->on || str_is(name, LABEL_NAME);
}

/* MetricsQL: a label of the other side, under a longer name. */
static int take_prefixed(struct match *m, struct label l, struct label_builder *b)
{
    struct str prefix = m->b->prefix;
    char *name = arena_alloc(&m->eval->arena, prefix.len + l.name.len + 1);

    if (!name)
        return fault_memory(m->eval->err);
    if (prefix.len)
        memcpy(name, prefix.ptr, prefix.len);
    memcpy(name + prefix.len, l.name.ptr, l.name.len);
    if (prefix.len + l.name.len > LABEL_NAME_MAX)
        return fault_set(m->eval->err, PROMQL_EXECUTION,
                         "a label name would be longer than %d bytes", LABEL_NAME_MAX);
    label_builder_set(b, str_make(name, prefix.len + l.name.len), l.value);
    return 0;
}

/* Labels of the result of two lines that met. */
static int result_labels(struct match *m, struct labels many, struct labels one, struct labels *ret)
{
    const struct node_binary *b = m->b;
    struct label_builder builder;
    struct labels view;
    struct error err;

    if (b->cardinality == CARDINALITY_ONE_TO_ONE) {
        struct label scratch[LABELS_MAX];
        struct projection p = m->on;
        view = projection_of(&p, many, scratch);
        label_builder_init(&builder, view);
        if (!b->on && !binary_drops_name(b)) /* the projection has left the name out */
            label_builder_set(&builder, STR(LABEL_NAME), labels_name(many));
    } else {
        label_builder_init(&builder, many);
        if (binary_drops_name(b))
            label_builder_set(&builder, STR(LABEL_NAME), STR(""));
        for (size_t i = 0; i < b->include.len && !b->prefix.len; i++)
            label_builder_set(&builder, b->include.items[i], labels_get(one, b->include.items[i]));
        for (size_t i = 0; i < one.len && (b->include_all || b->prefix.len); i++)
            if (b->include_all ? !is_matched_on(b, one.items[i].name)
                               : is_listed(&b->include, one.items[i].name)) {
                int code = take_prefixed(m, one.items[i], &builder);
                if (code)
                    return code;
            }
    }
    if (b->cardinality == CARDINALITY_ONE_TO_ONE && b->on && binary_drops_name(b))
        label_builder_set(&builder, STR(LABEL_NAME), STR(""));
    if (label_builder_view(&builder, &view, &err))
        return fault_set(m->eval->err, PROMQL_EXECUTION, "%s", err.text);
    if (!view.len) {
        *ret = (struct labels){NULL, 0};
        return 0;
    }
    /* Only the pairs are new; their text lives as long as the operands. */
    struct label *items = arena_calloc(&m->eval->arena, view.len, sizeof(*items));
    if (!items)
        return fault_memory(m->eval->err);
    memcpy(items, view.items, view.len * sizeof(*items));
    *ret = (struct labels){items, view.len};
    return 0;
}

/* The row of `many` and `one` together; in place of many's own when it meets nobody else. */
static int meet(struct match *m, bool swapped, struct line *many, const struct line *one,
                bool in_place)
{
    struct binary_rule rule = {m->b->op, m->b->return_bool || m->unfiltered, false};
    struct line *to = &m->ret->lines[m->ret->len];
    double *row = many->values;

    if (!in_place || m->unfiltered) {
        row = arena_calloc(&m->eval->arena, m->steps, sizeof(double));
        if (!row)
            return fault_memory(m->eval->err);
    }
    int code = result_labels(m, many->labels, one->labels, &to->labels);
    if (code)
        return code;
    /* With group_right the many stand on the right; what a comparison lets through is the left. */
    binary_rows(&rule, swapped ? one->values : many->values, swapped ? many->values : one->values,
                row, m->steps);
    to->values = row;
    m->ret->len++;
    return 0;
}

/* One-to-one: no step may see two lines of the left meet the same one of the right, whether or not
 * a comparison lets them through. */
static int check_left(struct match *m, const uint32_t *lefts, size_t n, const uint32_t *rights,
                      size_t n_rights)
{
    for (size_t k = 0; n > 1 && k < m->steps; k++) {
        size_t there = 0, other = 0;
        for (size_t i = 0; i < n; i++)
            there += !value_is_absent(m->left.v->lines[lefts[i]].values[k]);
        for (size_t i = 0; i < n_rights; i++)
            other += !value_is_absent(m->right.v->lines[rights[i]].values[k]);
        if (there > 1 && other)
            return too_many(m, "many-to-one matching must be explicit (group_left/group_right)");
    }
    return 0;
}

static int meet_all(struct match *m, const struct side *many, const struct side *one)
{
    size_t most = 0;
    int code = 0;

    for (size_t group = 0; group < m->index.len; group++) {
        const uint32_t *a, *b;
        most += members_of(many, group, &a) * members_of(one, group, &b);
    }
    m->ret->lines = arena_calloc(&m->eval->arena, most + 1, sizeof(*m->ret->lines));
    if (!m->ret->lines)
        return fault_memory(m->eval->err);
    for (size_t group = 0; group < m->index.len && !code; group++) {
        const uint32_t *manies, *ones;
        size_t n_many = members_of(many, group, &manies), n_one = members_of(one, group, &ones);
        if (n_one && m->b->cardinality == CARDINALITY_ONE_TO_ONE)
            code = check_left(m, manies, n_many, ones, n_one);
        for (size_t i = 0; i < n_many && !code; i++)
            for (size_t j = 0; j < n_one && !code; j++)
                code = meet(m, many == &m->right, &many->v->lines[manies[i]],
                            &one->v->lines[ones[j]], n_one == 1);
        if (!code)
            code = eval_interrupted(&m->eval->options, m->eval->err);
    }
    return code;
}

static int check_unique(struct match *m)
{
    int code = vector_merge(m->ret, m->steps, &m->eval->arena);

    if (code == -EEXIST)
        return too_many(m, "grouping labels must ensure unique matches");
    return eval_failed(m->eval, code);
}

/* Labels of group_left (x) may make series the same that are not: an error also where a comparison
 * would let but one of them through. */
static int check_unfiltered(struct match *m, const struct side *many, const struct side *one)
{
    const struct node_binary *b = m->b;

    if ((!b->include.len && !b->include_all) || !node_is_comparison(b->op) || b->return_bool)
        return 0;
    m->unfiltered = true;
    int code = meet_all(m, many, one);
    if (!code)
        code = check_unique(m);
    m->unfiltered = false;
    m->ret->len = 0;
    return code;
}

int match_eval(struct eval *e, const struct node_binary *b, const struct grid *g,
               struct vector *left, struct vector *right, struct vector *ret)
{
    struct match m;
    int code = match_open(&m, e, b, g, left, right);

    if (code)
        return code;
    bool right_is_many = b->cardinality == CARDINALITY_ONE_TO_MANY;
    struct side *many = right_is_many ? &m.right : &m.left;
    struct side *one = right_is_many ? &m.left : &m.right;
    m.ret = ret;
    *ret = (struct vector){NULL, 0};
    code = check_one_side(&m, one, many);
    if (!code)
        code = check_unfiltered(&m, many, one);
    if (!code)
        code = meet_all(&m, many, one);
    if (code)
        return code;
    vector_drop_empty(ret, g->len);
    return check_unique(&m);
}

/* Where any line of the group has a sample, as 1; absent elsewhere. */
static const double *presence(struct match *m, const struct side *s, size_t group, double *scratch)
{
    const uint32_t *lines;
    size_t n = members_of(s, group, &lines);

    if (n == 1)
        return s->v->lines[lines[0]].values;
    vector_clear(scratch, m->steps);
    for (size_t i = 0; i < n; i++) {
        const double *row = s->v->lines[lines[i]].values;
        for (size_t k = 0; k < m->steps; k++)
            if (!value_is_absent(row[k]))
                scratch[k] = 1;
    }
    return scratch;
}

/* Takes the samples of a side's group away where the other has some (or has none). */
static void mask(struct match *m, const struct side *s, size_t group, const double *there,
                 bool keep_there)
{
    const uint32_t *lines;
    size_t n = members_of(s, group, &lines);

    for (size_t i = 0; i < n; i++) {
        double *row = s->v->lines[lines[i]].values;
        for (size_t k = 0; k < m->steps; k++)
            if (value_is_absent(there[k]) == keep_there)
                row[k] = value_absent();
    }
}

static int both_sides(struct match *m, struct vector *ret)
{
    const struct vector *left = m->left.v, *right = m->right.v;

    ret->lines = arena_calloc(&m->eval->arena, left->len + right->len + 1, sizeof(*ret->lines));
    if (!ret->lines)
        return fault_memory(m->eval->err);
    if (left->len)
        memcpy(ret->lines, left->lines, left->len * sizeof(*ret->lines));
    if (right->len)
        memcpy(ret->lines + left->len, right->lines, right->len * sizeof(*ret->lines));
    ret->len = left->len + right->len;
    vector_drop_empty(ret, m->steps);
    return eval_failed(m->eval, vector_merge(ret, m->steps, &m->eval->arena));
}

int match_sets(struct eval *e, const struct node_binary *b, const struct grid *g,
               struct vector *left, struct vector *right, struct vector *ret)
{
    bool joins = b->op == OPERATOR_OR, keeps = b->op == OPERATOR_AND || b->op == OPERATOR_IF;
    /* MetricsQL: a condition without labels is one for all. */
    const double *all =
        node_is_condition(b->op) && !b->matching && right->len == 1 && !right->lines[0].labels.len
            ? right->lines[0].values
            : NULL;
    double *scratch = arena_calloc(&e->arena, g->len + 1, sizeof(*scratch));
    struct match m;
    int code = match_open(&m, e, b, g, left, right);

    if (!code && !scratch)
        code = fault_memory(e->err);
    for (size_t group = 0; group < m.index.len && !code; group++) {
        if (joins)
            mask(&m, &m.right, group, presence(&m, &m.left, group, scratch), false);
        else
            mask(&m, &m.left, group, all ? all : presence(&m, &m.right, group, scratch), keeps);
        code = eval_interrupted(&e->options, e->err);
    }
    if (code)
        return code;
    if (joins)
        return both_sides(&m, ret);
    *ret = *left;
    vector_drop_empty(ret, g->len);
    return 0;
}

/* Fills gaps (and NaN, which MetricsQL knows as one) of the left lines of a group from the first
 * right one that has a number. */
static void fill_group(struct match *m, size_t group)
{
    const uint32_t *lefts, *rights;
    size_t left_len = members_of(&m->left, group, &lefts);
    size_t right_len = members_of(&m->right, group, &rights);

    for (size_t i = 0; i < left_len; i++) {
        double *row = m->left.v->lines[lefts[i]].values;
        for (size_t n = 0; n < right_len; n++) {
            const double *from = m->right.v->lines[rights[n]].values;
            for (size_t k = 0; k < m->steps; k++)
                if (isnan(row[k]) && !isnan(from[k]))
                    row[k] = from[k];
        }
    }
}

int match_default(struct eval *e, const struct node_binary *b, const struct grid *g,
                  struct vector *left, struct vector *right, struct vector *ret)
{
    struct match m;
    int code = 0;

    if (!left->len) {
        *ret = *right;
        return 0;
    }
    code = match_open(&m, e, b, g, left, right);
    for (size_t group = 0; !code && group < m.index.len; group++) {
        fill_group(&m, group);
        code = eval_interrupted(&e->options, e->err);
    }
    *ret = *left;
    if (!code)
        vector_drop_empty(ret, g->len);
    return code;
}
