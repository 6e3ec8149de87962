/* regex_parse.c - RE2's syntax (https://github.com/google/re2/wiki/Syntax, as Go's regexp/syntax
 * has it) and nothing else: no look-around, back-references, possessive or atomic groups, verbs.
 * Recursion is bounded by REGEX_NESTING_MAX. */
#include "metric/regex_parse.h"

#include "metric/regex_class.h"

/* ---- groups ---- */

static struct regex_node *parse_alternate(struct parser *p);

static bool name_is_taken(const struct regex_tree *tree, struct str name)
{
    for (size_t i = 1; i <= tree->captures; i++)
        if (str_equal(tree->names[i], name))
            return true;
    return false;
}

static bool add_capture(struct parser *p, struct str name)
{
    struct regex_tree *tree = p->tree;

    if (name.ptr && (!name.len || name_is_taken(tree, name))) {
        fail(p, name.len ? "the same group name twice" : "empty group name");
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_alnum(name.ptr[i]) && name.ptr[i] != '_') {
            fail(p, "bad group name");
            return false;
        }
    }
    if (tree->captures + 1 >= p->name_cap) {
        size_t cap = MAX(p->name_cap * 2, (size_t)16);
        struct str *names = arena_calloc(p->arena, cap, sizeof(*names));
        if (!names) {
            out_of_memory(p);
            return false;
        }
        if (tree->names)
            memcpy(names, tree->names, (tree->captures + 1) * sizeof(*names));
        tree->names = names;
        p->name_cap = cap;
    }
    tree->names[++tree->captures] = name;
    return true;
}

/* "i-s:" or "i-s)" behind "(?". Sets the flags; *ret_group says whether a group follows. */
static bool parse_flags(struct parser *p, bool *ret_group)
{
    struct flags flags = p->flags;
    bool on = true, seen = true; /* `seen`: a flag since the minus, or no minus */

    for (; more(p); p->at++) {
        switch (*p->at) {
        case 'i':
            flags.fold = on;
            break;
        case 'm':
            flags.multi = on;
            break;
        case 's':
            flags.dot_newline = on;
            break;
        case 'U':
            flags.swap = on;
            break;
        case '-':
            if (!on)
                return fail(p, "two minus signs in (?flags)"), false;
            on = seen = false;
            continue;
        case ':':
        case ')':
            if (!seen)
                return fail(p, "no flag behind the minus"), false;
            p->flags = flags;
            *ret_group = *p->at++ == ':';
            return true;
        default:
            return fail(p, "unknown (?...) construct"), false;
        }
        seen = true;
    }
    return fail(p, "missing )"), false;
}

/* What stands between parentheses, the opening one read. Flags set inside end with it. */
static struct regex_node *parse_inside(struct parser *p, struct flags outer, bool capture)
{
    if (++p->depth > REGEX_NESTING_MAX)
        return fail(p, "groups nested too deeply");
    struct regex_node *inner = parse_alternate(p);
    if (!inner)
        return NULL;
    if (!accept(p, ")"))
        return fail(p, "missing )");
    p->depth--;
    p->flags = outer;
    if (!capture)
        return inner;
    struct regex_node *group = new_node(p, REGEX_GROUP);
    if (group) {
        group->first = inner;
        group->weight = inner->weight;
    }
    return group;
}

/* A group, or NULL without failure for "(?flags)", which holds no expression. */
static struct regex_node *parse_group(struct parser *p)
{
    struct flags outer = p->flags;
    bool group = false;

    p->at++; /* ( */
    if (accept(p, "?P<") || accept(p, "?<")) {
        const char *close = memchr(p->at, '>', (size_t)(p->end - p->at));
        if (!close)
            return fail(p, "missing > of the group name");
        struct str name = str_make(p->at, (size_t)(close - p->at));
        if (!add_capture(p, name))
            return NULL;
        p->at = close + 1;
        return parse_inside(p, outer, true);
    }
    if (accept(p, "?")) {
        if (!parse_flags(p, &group) || !group)
            return NULL;
        return parse_inside(p, outer, false);
    }
    if (!add_capture(p, (struct str){0}))
        return NULL;
    return parse_inside(p, outer, true);
}

/* ---- repeats ---- */

/* Digits without a leading zero; -1 past the bound. False when there is no number. */
static bool parse_count(struct parser *p, int *ret)
{
    const char *from = p->at;
    int count = 0;

    for (; more(p) && is_digit(*p->at); p->at++)
        count = count > REGEX_REPEAT_MAX ? count : count * 10 + (*p->at - '0');
    if (p->at == from || (p->at - from > 1 && *from == '0'))
        return false;
    *ret = count > REGEX_REPEAT_MAX ? -1 : count;
    return true;
}

/* {n} {n,} {n,m}; anything else is a brace like any other character and nothing is read. */
static bool parse_counts(struct parser *p, int *min, int *max)
{
    const char *from = p->at;

    p->at++; /* { */
    bool good = parse_count(p, min);
    bool open = false;
    if (good && accept(p, ",")) {
        open = looking_at(p, "}");
        good = open || parse_count(p, max);
    } else {
        *max = *min;
    }
    if (!good || !accept(p, "}")) {
        p->at = from;
        return false;
    }
    if (*min < 0 || (!open && (*max < 0 || *max < *min)))
        fail(p, "bad repeat count (at most 1000, smaller one first)");
    if (open)
        *max = -1;
    return true;
}

/* A repeat operator at p->at. False when there is none. */
static bool parse_operator(struct parser *p, int *min, int *max, bool *counted)
{
    *counted = false;
    if (!more(p))
        return false;
    switch (*p->at) {
    case '*':
        *min = 0;
        *max = -1;
        break;
    case '+':
        *min = 1;
        *max = -1;
        break;
    case '?':
        *min = 0;
        *max = 1;
        break;
    case '{':
        *counted = true;
        return parse_counts(p, min, max);
    default:
        return false;
    }
    p->at++;
    return true;
}

/* Wraps `node` in the repeat that follows it, if one does. */
static struct regex_node *parse_repeat(struct parser *p, struct regex_node *node)
{
    int min, max, again_min, again_max;
    bool counted, again;

    if (!parse_operator(p, &min, &max, &counted) || p->code)
        return p->code ? NULL : node;
    bool lazy = accept(p, "?") != p->flags.swap;
    if (parse_operator(p, &again_min, &again_max, &again))
        return fail(p, "a repeat of a repeat");
    struct regex_node *repeat = new_node(p, REGEX_REPEAT);
    if (!repeat)
        return NULL;
    int times = counted ? MAX(max < 0 ? min : max, 1) : 1;
    if (node->weight * times > REGEX_REPEAT_MAX)
        return fail(p, "nested repeats of more than 1000 in all");
    repeat->weight = node->weight * times;
    repeat->min = min;
    repeat->max = max;
    repeat->lazy = lazy;
    repeat->first = node;
    return repeat;
}

/* ---- sequences ---- */

struct sequence {
    struct regex_node *first, **end, *last;
    size_t len;
    int weight;
};

static void sequence_add(struct sequence *s, struct regex_node *node)
{
    *s->end = node;
    s->end = &node->next;
    s->last = node;
    s->len++;
    s->weight = MAX(s->weight, node->weight);
}

/* \Q...\E: all but the last character, which may be repeated and is returned; NULL: none. */
static struct regex_node *parse_quoted(struct parser *p, struct sequence *s)
{
    struct regex_node *last = NULL;

    while (more(p) && !looking_at(p, "\\E")) {
        if (last)
            sequence_add(s, last);
        last = new_char(p, next_rune(p));
        if (!last)
            return NULL;
    }
    accept(p, "\\E");
    return last;
}

static struct regex_node *parse_backslash(struct parser *p, struct sequence *s)
{
    struct buf property;
    uint32_t rune;

    if (accept(p, "\\A"))
        return new_text(p, REGEX_ASSERT, "\\A");
    if (accept(p, "\\z"))
        return new_text(p, REGEX_ASSERT, "\\z");
    if (accept(p, "\\b"))
        return new_text(p, REGEX_ASSERT, "\\b");
    if (accept(p, "\\B"))
        return new_text(p, REGEX_ASSERT, "\\B");
    if (accept(p, "\\Q"))
        return parse_quoted(p, s);
    const struct perl_class *perl = regex_class_perl(p);
    if (perl) {
        struct regex_node *node = new_text(p, REGEX_CLASS, perl->outside);
        if (node)
            node->fold = p->flags.fold;
        return node;
    }
    buf_init(&property, 0);
    if (regex_class_property(p, &property)) {
        char *copy = arena_strndup(p->arena, property.ptr, property.len);
        struct regex_node *node = p->code ? NULL
                                  : copy  ? new_text(p, REGEX_CLASS, copy)
                                          : out_of_memory(p);
        buf_fini(&property);
        return node;
    }
    p->at++;
    return regex_class_escape(p, &rune) ? new_char(p, rune) : NULL;
}

static struct regex_node *parse_atom(struct parser *p, struct sequence *s)
{
    switch (*p->at) {
    case '(':
        return parse_group(p);
    case '[':
        return regex_class_parse(p);
    case '\\':
        return parse_backslash(p, s);
    case '.':
        p->at++;
        return p->flags.dot_newline ? new_node(p, REGEX_ANY) : new_text(p, REGEX_CLASS, "[^\\n]");
    case '^':
        p->at++;
        return new_text(p, REGEX_ASSERT, p->flags.multi ? "(?m:^)" : "\\A");
    case '$':
        p->at++;
        return new_text(p, REGEX_ASSERT, p->flags.multi ? "(?m:$)" : "\\z");
    case '*':
    case '+':
    case '?':
        return fail(p, "nothing to repeat");
    default:
        return new_char(p, next_rune(p));
    }
}

static struct regex_node *parse_concat(struct parser *p)
{
    struct sequence s = {.weight = 1};
    int min, max;
    bool counted;

    s.end = &s.first;
    while (more(p) && *p->at != '|' && *p->at != ')') {
        const char *from = p->at;
        if (*from == '{' && parse_operator(p, &min, &max, &counted))
            return fail(p, "nothing to repeat");
        struct regex_node *node = parse_atom(p, &s);
        if (p->code)
            return NULL;
        if (node && !(node = parse_repeat(p, node)))
            return NULL;
        if (node)
            sequence_add(&s, node);
        else if (more(p) && strchr("*+?", *p->at))
            return fail(p, "nothing to repeat");
    }
    if (s.len == 1)
        return s.first;
    struct regex_node *node = new_node(p, s.len ? REGEX_CONCAT : REGEX_EMPTY);
    if (node) {
        node->first = s.first;
        node->weight = s.weight;
    }
    return node;
}

static struct regex_node *parse_alternate(struct parser *p)
{
    struct sequence s = {.weight = 1};

    s.end = &s.first;
    do {
        struct regex_node *node = parse_concat(p);
        if (!node)
            return NULL;
        sequence_add(&s, node);
    } while (accept(p, "|"));
    if (s.len == 1)
        return s.first;
    struct regex_node *node = new_node(p, REGEX_ALTERNATE);
    if (node) {
        node->first = s.first;
        node->weight = s.weight;
    }
    return node;
}

int regex_parse(struct str pattern, struct arena *a, struct regex_tree *ret, struct error *err)
{
    struct parser p = {.start = pattern.ptr,
                       .at = pattern.ptr,
                       .end = pattern.ptr + pattern.len,
                       .arena = a,
                       .flags = {.dot_newline = true},
                       .tree = ret,
                       .err = err};

    *ret = (struct regex_tree){0};
    if (pattern.len > REGEX_PATTERN_MAX)
        return error_set(err, -EINVAL, "a regular expression of more than %d bytes",
                         REGEX_PATTERN_MAX);
    if (!str_is_utf8(pattern))
        return error_set(err, -EINVAL, "a regular expression that is not UTF-8");
    ret->root = parse_alternate(&p);
    if (!p.code && more(&p))
        fail(&p, "unexpected )");
    return p.code;
}
