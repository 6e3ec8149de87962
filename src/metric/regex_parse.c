/* regex_parse.c - RE2's syntax (https://github.com/google/re2/wiki/Syntax, as Go's regexp/syntax
 * has it) and nothing else: no look-around, back-references, possessive or atomic groups, verbs.
 * Recursion is bounded by REGEX_NESTING_MAX. */
#include "metric/regex_parse.h"

struct flags {
    bool fold, multi, dot_newline, swap; /* i m s U */
};

struct parser {
    const char *start, *at, *end;
    struct arena *arena;
    struct flags flags;
    size_t depth;
    struct regex_tree *tree;
    size_t name_cap;
    struct error *err;
    int code; /* first failure, 0 while all is well */
};

/* The first failure stands. Returns NULL so that parsers can pass it on. */
static void *fail(struct parser *p, const char *reason)
{
    if (!p->code)
        p->code = error_set(p->err, -EINVAL, "invalid regular expression at byte %zu: %s",
                            (size_t)(p->at - p->start), reason);
    return NULL;
}

static void *out_of_memory(struct parser *p)
{
    if (!p->code)
        p->code = error_errno(p->err, -ENOMEM, "regular expression");
    return NULL;
}

static bool more(const struct parser *p)
{
    return p->at < p->end;
}

static bool looking_at(const struct parser *p, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(p->end - p->at) >= n && memcmp(p->at, text, n) == 0;
}

static bool accept(struct parser *p, const char *text)
{
    if (!looking_at(p, text))
        return false;
    p->at += strlen(text);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t regex_utf8(char *to, uint32_t rune)
{
    if (rune < 0x80) {
        to[0] = (char)rune;
        return 1;
    }
    size_t n = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = n; --i; rune >>= 6)
        to[i] = (char)(0x80 | (rune & 0x3f));
    to[0] = (char)((0xf00 >> n) | rune);
    return n;
}

/* The pattern was checked to be UTF-8 before. */
static uint32_t next_rune(struct parser *p)
{
    unsigned char lead = (unsigned char)*p->at++;
    if (lead < 0x80)
        return lead;
    int more_bytes = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    uint32_t rune = lead & (0x3fu >> more_bytes);
    while (more_bytes--)
        rune = (rune << 6) | ((unsigned char)*p->at++ & 0x3f);
    return rune;
}

static struct regex_node *new_node(struct parser *p, enum regex_kind kind)
{
    struct regex_node *node = arena_new(p->arena, struct regex_node);
    if (!node)
        return out_of_memory(p);
    node->kind = kind;
    node->weight = 1;
    return node;
}

static struct regex_node *new_char(struct parser *p, uint32_t rune)
{
    struct regex_node *node = new_node(p, REGEX_CHAR);
    if (node) {
        node->rune = rune;
        node->fold = p->flags.fold;
    }
    return node;
}

static struct regex_node *new_text(struct parser *p, enum regex_kind kind, const char *text)
{
    struct regex_node *node = new_node(p, kind);
    if (node)
        node->text = str_of(text);
    return node;
}

/* ---- escapes ---- */

static bool parse_hex(struct parser *p, uint32_t *ret)
{
    uint32_t rune = 0;
    int digit, digits = 0;

    if (accept(p, "{")) {
        for (; more(p) && (digit = hex_value(*p->at)) >= 0; p->at++, digits++) {
            rune = rune * 16 + (uint32_t)digit;
            if (rune > 0x10ffff)
                return false;
        }
        if (!digits || !accept(p, "}"))
            return false;
    } else {
        for (; digits < 2; digits++, p->at++) {
            if (!more(p) || (digit = hex_value(*p->at)) < 0)
                return false;
            rune = rune * 16 + (uint32_t)digit;
        }
    }
    *ret = rune;
    return true;
}

/* One escaped character, behind the backslash. */
static bool parse_escape(struct parser *p, uint32_t *ret)
{
    static const char named[] = "a\af\fn\nr\rt\tv\v";

    if (!more(p)) {
        fail(p, "trailing backslash");
        return false;
    }
    char c = *p->at;
    if ((unsigned char)c < 0x80 && !is_alnum(c)) {
        *ret = (unsigned char)*p->at++;
        return true;
    }
    for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
        if (c == named[i]) {
            p->at++;
            *ret = (unsigned char)named[i + 1];
            return true;
        }
    }
    bool octal = c == '0' ||
                 (c >= '1' && c <= '7' && p->end - p->at > 1 && p->at[1] >= '0' && p->at[1] <= '7');
    if (octal) {
        *ret = 0;
        for (int i = 0; i < 3 && more(p) && *p->at >= '0' && *p->at <= '7'; i++)
            *ret = *ret * 8 + (uint32_t)(*p->at++ - '0');
        return true;
    }
    if (accept(p, "x") && parse_hex(p, ret))
        return true;
    fail(p, "unknown escape");
    return false;
}

/* ---- character classes ---- */

struct class
{
    struct buf text;
    char members[REGEX_MEMBERS_MAX];
    size_t member_len;
    bool listed; /* `members` holds all of it */
};

static void class_rune(struct class *c, uint32_t rune)
{
    char utf8[4];

    if (rune < 0x20 || rune == 0x7f) {
        buf_printf(&c->text, "\\x{%x}", (unsigned)rune);
    } else {
        if (rune < 0x80 && !is_alnum((char)rune))
            buf_char(&c->text, '\\');
        buf_add(&c->text, utf8, regex_utf8(utf8, rune));
    }
}

static void class_list(struct class *c, uint32_t low, uint32_t high)
{
    if (high >= 0x80 || high - low >= REGEX_MEMBERS_MAX - c->member_len) {
        c->listed = false;
        return;
    }
    for (; low <= high; low++)
        c->members[c->member_len++] = (char)low;
}

/* The named classes, spelled out: under (?i) RE2 folds them too, which PCRE2 does with ranges but
 * not with names. */
static const struct {
    const char *name, *ranges;
    bool letters;
} named_classes[] = {
    {"alnum", "0-9A-Za-z", true},
    {"alpha", "A-Za-z", true},
    {"ascii", "\\x00-\\x7f", true},
    {"blank", "\\t ", false},
    {"cntrl", "\\x00-\\x1f\\x7f", false},
    {"digit", "0-9", false},
    {"graph", "!-~", true},
    {"lower", "a-z", true},
    {"print", " -~", true},
    {"punct", "!-\\/:-@\\[-`{-~", false},
    {"space", "\\t-\\r ", false},
    {"upper", "A-Z", true},
    {"word", "0-9A-Za-z_", true},
    {"xdigit", "0-9A-Fa-f", true},
};

/* "[:name:]" or "[:^name:]" at p->at. True when it was one (or failed), false when it is no more
 * than a bracket. */
static bool parse_named_class(struct parser *p, struct class *c)
{
    if (!looking_at(p, "[:"))
        return false;
    const char *close = memmem(p->at + 2, (size_t)(p->end - p->at) - 2, ":]", 2);
    if (!close)
        return false;
    struct str name = str_make(p->at + 2, (size_t)(close - p->at) - 2);
    bool negated = name.len && name.ptr[0] == '^';
    if (negated)
        name = str_make(name.ptr + 1, name.len - 1);
    for (size_t i = 0; i < ARRAY_LEN(named_classes); i++) {
        if (!str_is(name, named_classes[i].name))
            continue;
        if (negated && named_classes[i].letters && p->flags.fold)
            return fail(p, "a negated class inside a class is not supported under (?i)"), true;
        p->at = close + 2;
        c->listed = false;
        if (negated)
            buf_printf(&c->text, "[:^%s:]", named_classes[i].name);
        else
            buf_text(&c->text, named_classes[i].ranges);
        return true;
    }
    fail(p, "unknown [:class:]");
    return true;
}

/* \p{...}: general categories, and scripts that mean the same in both engines. */
static bool property_is_known(struct str name)
{
    static const char *const known[] = {
        "Any",      "C",          "Cc",       "Cf",    "Co",  "Cs",     "L",        "Ll",
        "Lm",       "Lo",         "Lt",       "Lu",    "M",   "Mc",     "Me",       "Mn",
        "N",        "Nd",         "Nl",       "No",    "P",   "Pc",     "Pd",       "Pe",
        "Pf",       "Pi",         "Po",       "Ps",    "S",   "Sc",     "Sk",       "Sm",
        "So",       "Z",          "Zl",       "Zp",    "Zs",  "Arabic", "Armenian", "Bengali",
        "Cyrillic", "Devanagari", "Georgian", "Greek", "Han", "Hangul", "Hebrew",   "Hiragana",
        "Katakana", "Latin",      "Tamil",    "Thai"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_is(name, known[i]))
            return true;
    return false;
}

/* \pL, \p{Greek}, \P{^Lu} at p->at; appends PCRE2's spelling. False when there is none. */
static bool parse_property(struct parser *p, struct buf *to)
{
    if (!looking_at(p, "\\p") && !looking_at(p, "\\P"))
        return false;
    bool negated = p->at[1] == 'P';
    p->at += 2;
    struct str name = str_make(p->at, MIN((size_t)(p->end - p->at), (size_t)1));
    if (accept(p, "{")) {
        const char *close = memchr(p->at, '}', (size_t)(p->end - p->at));
        if (!close)
            return fail(p, "missing } of \\p{"), true;
        name = str_make(p->at, (size_t)(close - p->at));
        p->at = close + 1;
        if (name.len && name.ptr[0] == '^') {
            negated = !negated;
            name = str_make(name.ptr + 1, name.len - 1);
        }
    } else {
        p->at += name.len;
    }
    if (!property_is_known(name))
        return fail(p, "unknown \\p class"), true;
    if (p->flags.fold)
        return fail(p, "\\p is not supported under (?i)"), true;
    buf_printf(to, "\\%c{%.*s}", negated ? 'P' : 'p', STR_ARG(name));
    return true;
}

/* \d \s \w and their opposites, spelled for the inside of a class and for outside. PCRE2's \s has
 * the vertical tab, RE2's has not. */
struct perl_class {
    const char *escape, *inside, *outside;
};

/* The one at p->at, read; NULL when there is none. */
static const struct perl_class *parse_perl_class(struct parser *p)
{
    static const struct perl_class perl[] = {
        {"\\d", "0-9", "[0-9]"},
        {"\\D", "\\D", "[^0-9]"},
        {"\\s", "\\t\\n\\f\\r ", "[\\t\\n\\f\\r ]"},
        {"\\S", "\\S\\x0b", "[^\\t\\n\\f\\r ]"},
        {"\\w", "0-9A-Za-z_", "[0-9A-Za-z_]"},
        {"\\W", "\\W", "[^0-9A-Za-z_]"},
    };

    for (size_t i = 0; i < ARRAY_LEN(perl); i++)
        if (accept(p, perl[i].escape))
            return &perl[i];
    return NULL;
}

static bool parse_class_char(struct parser *p, uint32_t *ret)
{
    if (!more(p)) {
        fail(p, "missing ]");
        return false;
    }
    if (accept(p, "\\"))
        return parse_escape(p, ret);
    *ret = next_rune(p);
    return true;
}

/* One member of a class: a named class or a character or a range. */
static void parse_class_item(struct parser *p, struct class *c)
{
    uint32_t low, high;

    if (looking_at(p, "\\W") && p->flags.fold) {
        fail(p, "\\W inside a class is not supported under (?i)");
        return;
    }
    const struct perl_class *perl = parse_perl_class(p);
    if (perl) {
        buf_text(&c->text, perl->inside);
        c->listed = false;
        return;
    }
    if (parse_property(p, &c->text)) {
        c->listed = false;
        return;
    }
    if (parse_named_class(p, c) || !parse_class_char(p, &low))
        return;
    high = low;
    if (looking_at(p, "-") && p->end - p->at > 1 && p->at[1] != ']') {
        p->at++;
        if (!parse_class_char(p, &high))
            return;
        if (high < low) {
            fail(p, "range in the wrong order");
            return;
        }
    }
    class_rune(c, low);
    if (high != low) {
        buf_char(&c->text, '-');
        class_rune(c, high);
    }
    if (c->listed)
        class_list(c, low, high);
}

static struct regex_node *parse_class(struct parser *p)
{
    struct class c = {.listed = true};
    struct regex_node *node = new_node(p, REGEX_CLASS);
    bool first = true;

    if (!node)
        return NULL;
    buf_init(&c.text, 0);
    p->at++; /* [ */
    buf_char(&c.text, '[');
    if (accept(p, "^")) {
        buf_char(&c.text, '^');
        c.listed = false;
    }
    while (!p->code && (first || !looking_at(p, "]"))) {
        if (!more(p))
            fail(p, "missing ]");
        else
            parse_class_item(p, &c);
        first = false;
    }
    buf_char(&c.text, ']');
    if (!p->code) {
        p->at++;
        node->fold = p->flags.fold;
        node->text = buf_str(&c.text);
        char *copy = c.text.failed ? NULL : arena_strndup(p->arena, c.text.ptr, c.text.len);
        node->text = str_make(copy, c.text.len);
        if (c.listed)
            node->members =
                str_make(arena_strndup(p->arena, c.members, c.member_len), c.member_len);
        if (!copy || (c.listed && !node->members.ptr))
            out_of_memory(p);
    }
    buf_fini(&c.text);
    return p->code ? NULL : node;
}

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
    const struct perl_class *perl = parse_perl_class(p);
    if (perl) {
        struct regex_node *node = new_text(p, REGEX_CLASS, perl->outside);
        if (node)
            node->fold = p->flags.fold;
        return node;
    }
    buf_init(&property, 0);
    if (parse_property(p, &property)) {
        char *copy = arena_strndup(p->arena, property.ptr, property.len);
        struct regex_node *node = p->code ? NULL
                                  : copy  ? new_text(p, REGEX_CLASS, copy)
                                          : out_of_memory(p);
        buf_fini(&property);
        return node;
    }
    p->at++;
    return parse_escape(p, &rune) ? new_char(p, rune) : NULL;
}

static struct regex_node *parse_atom(struct parser *p, struct sequence *s)
{
    switch (*p->at) {
    case '(':
        return parse_group(p);
    case '[':
        return parse_class(p);
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
