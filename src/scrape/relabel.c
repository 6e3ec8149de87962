/* relabel.c - as https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 * defines relabel_config. */
#include "scrape/relabel.h"

#include "scrape/md5.h"

#define SCRATCH_MAX 65536 /* bytes of a joined source or an expanded text */

static const char *const names[] = {
    [RELABEL_REPLACE] = "replace",     [RELABEL_KEEP] = "keep",
    [RELABEL_DROP] = "drop",           [RELABEL_KEEPEQUAL] = "keepequal",
    [RELABEL_DROPEQUAL] = "dropequal", [RELABEL_HASHMOD] = "hashmod",
    [RELABEL_LABELMAP] = "labelmap",   [RELABEL_LABELDROP] = "labeldrop",
    [RELABEL_LABELKEEP] = "labelkeep", [RELABEL_LOWERCASE] = "lowercase",
    [RELABEL_UPPERCASE] = "uppercase",
};

bool relabel_action_of(struct str name, enum relabel_action *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (name.len == strlen(names[i]) && !strncasecmp(name.ptr, names[i], name.len)) {
            *ret = (enum relabel_action)i;
            return true;
        }
    }
    return false;
}

const char *relabel_action_name(enum relabel_action action)
{
    return names[action];
}

/* The values of the source labels with the separator between; a single one is not copied. */
static int join_sources(const struct relabel_rule *rule, const struct label_builder *b,
                        struct arena *a, struct str *ret)
{
    struct buf text;

    *ret = STR("");
    if (rule->source_len == 1)
        *ret = label_builder_get(b, rule->sources[0]);
    if (rule->source_len <= 1)
        return 0;
    buf_init(&text, SCRATCH_MAX);
    for (size_t i = 0; i < rule->source_len; i++) {
        if (i)
            buf_str_add(&text, rule->separator);
        buf_str_add(&text, label_builder_get(b, rule->sources[i]));
    }
    char *copy = text.failed ? NULL : arena_strndup(a, text.ptr, text.len);
    *ret = str_make(copy, text.len);
    buf_fini(&text);
    return copy ? 0 : -ENOMEM;
}

/* Expands `pattern` for a match of `value` into the arena. 1, 0 for no match, negative. */
static int expand(const struct regex *re, struct str value, struct str pattern, struct arena *a,
                  struct str *ret)
{
    struct buf text;

    buf_init(&text, SCRATCH_MAX);
    int code = regex_expand(re, value, pattern, &text);
    if (code > 0) {
        char *copy = text.failed ? NULL : arena_strndup(a, text.ptr, text.len);
        *ret = str_make(copy, text.len);
        if (!copy)
            code = -ENOMEM;
    }
    buf_fini(&text);
    return code;
}

static bool has_variable(struct str text)
{
    return text.len && memchr(text.ptr, '$', text.len);
}

static int apply_replace(const struct relabel_rule *rule, struct label_builder *b, struct str value,
                         struct arena *a)
{
    struct str target = rule->target, result = rule->replacement;
    bool plain = !has_variable(target) && !has_variable(result);

    if (!(plain && rule->any)) {
        int code = expand(rule->regex, value, rule->target, a, &target);
        if (code <= 0)
            return code ? code : 1;
        if (!label_name_is_valid(target))
            return 1;
        code = expand(rule->regex, value, rule->replacement, a, &result);
        if (code <= 0)
            return code ? code : 1;
    }
    label_builder_set(b, target, result);
    return 1;
}

static int apply_hashmod(const struct relabel_rule *rule, struct label_builder *b, struct str value,
                         struct arena *a)
{
    unsigned char digest[16];
    char *text = arena_alloc(a, NUM_MAX_TEXT);
    uint64_t hash = 0;

    if (!text)
        return -ENOMEM;
    md5(value, digest);
    for (size_t i = 8; i < sizeof(digest); i++) /* the last eight bytes, big end first */
        hash = hash << 8 | digest[i];
    label_builder_set(b, rule->target, str_make(text, num_print_u64(text, hash % rule->modulus)));
    return 1;
}

static int apply_case(const struct relabel_rule *rule, struct label_builder *b, struct str value,
                      struct arena *a)
{
    struct str cased;
    int code = letter_case(value, rule->action == RELABEL_UPPERCASE, a, &cased);

    if (code)
        return code;
    label_builder_set(b, rule->target, cased);
    return 1;
}

/* labelmap, labeldrop and labelkeep look at each name of the set as it was. */
static int apply_to_names(const struct relabel_rule *rule, struct label_builder *b, struct arena *a)
{
    size_t len = b->len;
    struct label *before = arena_calloc(a, len + 1, sizeof(*before));

    if (!before)
        return -ENOMEM;
    memcpy(before, b->items, len * sizeof(*before));
    for (size_t i = 0; i < len; i++) {
        struct label it = before[i];
        struct str renamed;
        if (rule->action == RELABEL_LABELMAP) {
            int code = expand(rule->regex, it.name, rule->replacement, a, &renamed);
            if (code < 0)
                return code;
            if (code)
                label_builder_set(b, renamed, it.value);
            continue;
        }
        int code = regex_match(rule->regex, it.name);
        if (code < 0)
            return code;
        if (code == (rule->action == RELABEL_LABELDROP))
            label_builder_set(b, it.name, STR(""));
    }
    return 1;
}

static int apply(const struct relabel_rule *rule, struct label_builder *b, struct arena *a)
{
    struct str value;
    int code = join_sources(rule, b, a, &value);

    if (code)
        return code;
    switch (rule->action) {
    case RELABEL_REPLACE:
        return apply_replace(rule, b, value, a);
    case RELABEL_KEEP:
        return regex_match(rule->regex, value);
    case RELABEL_DROP:
        code = regex_match(rule->regex, value);
        return code < 0 ? code : !code;
    case RELABEL_KEEPEQUAL:
        return str_equal(label_builder_get(b, rule->target), value);
    case RELABEL_DROPEQUAL:
        return !str_equal(label_builder_get(b, rule->target), value);
    case RELABEL_HASHMOD:
        return apply_hashmod(rule, b, value, a);
    case RELABEL_LOWERCASE:
    case RELABEL_UPPERCASE:
        return apply_case(rule, b, value, a);
    case RELABEL_LABELMAP:
    case RELABEL_LABELDROP:
    case RELABEL_LABELKEEP:
        return apply_to_names(rule, b, a);
    }
    return -EINVAL;
}

int relabel_apply_rule(const struct relabel_rule *rule, struct label_builder *b, struct arena *a)
{
    int code = apply(rule, b, a);

    return code > 0 && b->overflow ? -E2BIG : code;
}

int relabel_apply(const struct relabel *r, struct label_builder *b, struct arena *a)
{
    for (size_t i = 0; i < r->len; i++) {
        int code = apply(&r->rules[i], b, a);
        if (code <= 0)
            return code;
    }
    return b->overflow ? -E2BIG : 1;
}

void relabel_fini(struct relabel *r)
{
    for (size_t i = 0; i < r->len; i++)
        regex_free(r->rules[i].regex);
    *r = (struct relabel){0};
}
