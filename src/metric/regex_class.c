/* regex_class.c - what stands for one character of many: escapes and classes. */
#include "metric/regex_class.h"

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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

bool regex_class_escape(struct parser *p, uint32_t *ret)
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
        buf_add(&c->text, utf8, str_utf8_put(utf8, rune));
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

bool regex_class_property(struct parser *p, struct buf *to)
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

const struct perl_class *regex_class_perl(struct parser *p)
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
        return regex_class_escape(p, ret);
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
    const struct perl_class *perl = regex_class_perl(p);
    if (perl) {
        buf_text(&c->text, perl->inside);
        c->listed = false;
        return;
    }
    if (regex_class_property(p, &c->text)) {
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

struct regex_node *regex_class_parse(struct parser *p)
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
