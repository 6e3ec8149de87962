/* outline.c - what an expression asks for, with the places in its text: for whoever translates
 * names. */
#include "promql/fault.h"
#include "promql/parse.h"

#define OUTLINE_SELECTORS_MAX 10000

struct outline {
    struct str text;
    struct arena *arena;
    struct promql_outline *ret;
    size_t selector_cap, label_cap;
    bool failed;
};

static void *grow(struct outline *o, void *items, size_t *cap, size_t len, size_t size)
{
    size_t want = *cap ? *cap * 2 : 8;

    if (len < *cap)
        return items;
    void *grown = len < OUTLINE_SELECTORS_MAX ? arena_calloc(o->arena, want, size) : NULL;
    if (!grown) {
        o->failed = true;
        return NULL;
    }
    if (len)
        memcpy(grown, items, len * size);
    *cap = want;
    return grown;
}

static void add_label(struct outline *o, size_t start, size_t end, bool quoted, struct str name)
{
    void *items =
        grow(o, o->ret->labels, &o->label_cap, o->ret->label_len, sizeof(*o->ret->labels));

    if (!items)
        return;
    o->ret->labels = items;
    o->ret->labels[o->ret->label_len++] = (struct promql_label_place){start, end, quoted, name};
}

static enum promql_rollup rollup_of(const struct node *call)
{
    if (!call || call->kind != NODE_CALL || !function_is_rollup(call->call.function->id))
        return PROMQL_ROLLUP_NONE;
    enum function_id id = call->call.function->id;
    if (function_is_window(id) || function_has_parts(id)) {
        enum function_size size = function_size_of(id);
        return size == FUNCTION_SIZE_OTHER                                ? PROMQL_ROLLUP_OTHER
               : size == FUNCTION_SIZE_SAME || size == FUNCTION_SIZE_RATE ? PROMQL_ROLLUP_LINEAR
                                                                          : PROMQL_ROLLUP_COUNT;
    }
    switch (id) {
    case FUNCTION_RESETS:
    case FUNCTION_CHANGES:
    case FUNCTION_COUNT_OVER_TIME:
    case FUNCTION_PRESENT_OVER_TIME:
    case FUNCTION_ABSENT_OVER_TIME:
        return PROMQL_ROLLUP_COUNT;
    case FUNCTION_STDVAR_OVER_TIME:
        return PROMQL_ROLLUP_OTHER;
    default:
        return PROMQL_ROLLUP_LINEAR;
    }
}

/* Where the name and the braces end: the rest of the node's text is range, offset and @. */
static size_t end_of_braces(struct str text, size_t start)
{
    struct lex l;

    lex_init(&l, str_make(text.ptr + start, text.len - start));
    struct lex_token t = lex_next(&l);
    size_t end = start + t.at + t.text.len;
    if (t.kind == LEX_WORD) {
        t = lex_next(&l);
        if (t.kind != LEX_LEFT_BRACE)
            return end;
    }
    while (t.kind != LEX_RIGHT_BRACE && t.kind != LEX_END && t.kind != LEX_ERROR)
        t = lex_next(&l);
    return start + t.at + t.text.len;
}

static void add_selector(struct outline *o, const struct node *n, const struct node *call)
{
    const struct node_selector *s = &n->selector;
    struct promql_outline *ret = o->ret;

    for (size_t i = 0; i < ret->selector_len; i++) /* a template's text is read more than once */
        if (ret->selectors[i].start == n->start)
            return;
    void *items =
        grow(o, ret->selectors, &o->selector_cap, ret->selector_len, sizeof(*ret->selectors));
    if (!items)
        return;
    ret->selectors = items;
    struct promql_selector_place *place = &ret->selectors[ret->selector_len];
    *place = (struct promql_selector_place){.start = n->start, .name = s->name};
    place->end = end_of_braces(o->text, n->start);
    place->whole_end = MAX(n->end, place->end);
    place->rollup = rollup_of(call);
    if (place->rollup != PROMQL_ROLLUP_NONE) {
        place->call_start = call->start;
        place->call_end = call->end;
    }
    place->matchers = arena_calloc(o->arena, s->len + 1, sizeof(*place->matchers));
    if (!place->matchers) {
        o->failed = true;
        return;
    }
    for (size_t i = 0; i < s->len; i++) {
        const struct matcher *m = &s->matchers[i];
        if (str_is(m->name, LABEL_NAME) && m->type == MATCH_EQUAL)
            place->name = m->value;
        else
            place->matchers[place->len++] =
                (struct promql_matcher_place){m->name, m->value, m->type};
    }
    ret->selector_len++;
}

/* Which arguments of a function name labels: bit i for argument i. */
static bool names_label(enum function_id id, size_t i)
{
    switch (id) {
    case FUNCTION_LABEL_REPLACE:
        return i == 1 || i == 3;
    case FUNCTION_LABEL_JOIN:
        return i == 1 || i >= 3;
    case FUNCTION_SORT_BY_LABEL:
    case FUNCTION_SORT_BY_LABEL_DESC:
    case FUNCTION_SORT_BY_LABEL_NUMERIC:
    case FUNCTION_SORT_BY_LABEL_NUMERIC_DESC:
    case FUNCTION_LABEL_COPY:
    case FUNCTION_LABEL_DEL:
    case FUNCTION_LABEL_KEEP:
    case FUNCTION_LABEL_LOWERCASE:
    case FUNCTION_LABEL_MOVE:
    case FUNCTION_LABEL_UPPERCASE:
    case FUNCTION_LABELS_EQUAL:
        return i >= 1;
    case FUNCTION_LABEL_SET:
        return i % 2 == 1;
    case FUNCTION_LABEL_MAP:
    case FUNCTION_LABEL_MATCH:
    case FUNCTION_LABEL_MISMATCH:
    case FUNCTION_LABEL_TRANSFORM:
    case FUNCTION_LABEL_VALUE:
        return i == 1;
    default:
        return false;
    }
}

/* `call` is the function whose argument `n` is, when nothing stands between them. */
static void walk(struct outline *o, const struct node *n, const struct node *call)
{
    switch (n->kind) {
    case NODE_SELECTOR:
        add_selector(o, n, call);
        break;
    case NODE_SUBQUERY:
        walk(o, n->subquery.expr, NULL);
        break;
    case NODE_CALL:
        for (size_t i = 0; i < n->call.len; i++) {
            const struct node *arg = n->call.args[i];
            if (arg->kind == NODE_STRING && names_label(n->call.function->id, i))
                add_label(o, arg->start, arg->end, true, arg->string);
            walk(o, arg, n);
        }
        break;
    case NODE_AGGREGATE:
        if (n->aggregate.param)
            walk(o, n->aggregate.param, NULL);
        for (size_t i = 0; i < n->aggregate.more_len; i++)
            walk(o, n->aggregate.more[i], NULL);
        walk(o, n->aggregate.expr, NULL);
        break;
    case NODE_BINARY:
        walk(o, n->binary.left, NULL);
        walk(o, n->binary.right, NULL);
        break;
    case NODE_UNARY:
        walk(o, n->unary.expr, NULL);
        break;
    case NODE_PAREN:
        walk(o, n->paren, call);
        break;
    case NODE_NUMBER:
    case NODE_STRING:
        break;
    }
}

static bool opens_labels(enum lex_word word)
{
    return word >= WORD_BY && word <= WORD_GROUP_RIGHT;
}

/* by (a, b), on (a) and their like are told by their tokens: the tree has no places for them. */
static void groupings(struct outline *o)
{
    struct lex l;
    struct lex_token before = {0};
    bool inside = false, braces = false;

    lex_init(&l, o->text);
    for (struct lex_token t = lex_next(&l); t.kind != LEX_END && t.kind != LEX_ERROR;
         before = t, t = lex_next(&l)) {
        braces = t.kind == LEX_LEFT_BRACE || (braces && t.kind != LEX_RIGHT_BRACE);
        if (t.kind == LEX_LEFT_PAREN && before.kind == LEX_WORD && opens_labels(before.word) &&
            !braces)
            inside = true;
        else if (t.kind == LEX_RIGHT_PAREN)
            inside = false;
        else if (inside && t.kind == LEX_WORD)
            add_label(o, t.at, t.at + t.text.len, false, t.text);
        else if (inside && t.kind == LEX_STRING && t.text.len >= 2)
            add_label(o, t.at, t.at + t.text.len, true, str_make(t.text.ptr + 1, t.text.len - 2));
    }
}

static int by_start(const void *a, const void *b)
{
    const struct promql_selector_place *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static int labels_by_start(const void *a, const void *b)
{
    const struct promql_label_place *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

int promql_outline(struct str expr, struct arena *a, struct promql_outline *ret,
                   struct promql_error *err)
{
    struct tree tree;
    char *copy = arena_strndup(a, expr.ptr, expr.len);

    *ret = (struct promql_outline){0};
    if (!copy)
        return fault_memory(err);
    struct outline o = {.text = str_make(copy, expr.len), .arena = a, .ret = ret};
    int code = parse_text(o.text, a, &tree, err);
    if (code)
        return code;
    walk(&o, tree.root, NULL);
    groupings(&o);
    node_tree_fini(&tree);
    if (o.failed)
        return fault_memory(err);
    if (ret->selector_len)
        qsort(ret->selectors, ret->selector_len, sizeof(*ret->selectors), by_start);
    if (ret->label_len)
        qsort(ret->labels, ret->label_len, sizeof(*ret->labels), labels_by_start);
    return 0;
}
