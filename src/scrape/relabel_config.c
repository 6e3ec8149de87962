/* relabel_config.c - which keys an action wants and which it refuses is what Prometheus's own check
 * says: a key with its default value is as good as none. */
#include "scrape/relabel_config.h"

#define DEFAULT_SEPARATOR   STR(";")
#define DEFAULT_REPLACEMENT STR("$1")
#define DEFAULT_REGEX       STR("(.*)")

/* What stood in one rule. */
struct rule_text {
    struct relabel_rule rule;
    struct str action;
};

static int read_sources(struct reader *r, const struct yaml_node *node, void *to)
{
    struct rule_text *t = to;
    struct text_list list;

    int code = reader_texts(r, node, &list);
    if (code)
        return code;
    for (size_t i = 0; i < list.len; i++)
        if (!label_name_is_valid(list.items[i]))
            return error_set(r->err, -EINVAL, "%s:%zu: source_labels: '%.*s' is not a label name",
                             r->name, node->line, (int)MIN(list.items[i].len, (size_t)60),
                             list.items[i].ptr);
    t->rule.sources = list.items;
    t->rule.source_len = list.len;
    return 0;
}

static const struct key rule_keys[] = {
    {"source_labels", read_sources, 0},
    {"separator", reader_text, offsetof(struct rule_text, rule.separator)},
    {"target_label", reader_text, offsetof(struct rule_text, rule.target)},
    {"replacement", reader_text, offsetof(struct rule_text, rule.replacement)},
    {"regex", reader_text, offsetof(struct rule_text, rule.pattern)},
    {"modulus", reader_count, offsetof(struct rule_text, rule.modulus)},
    {"action", reader_text, offsetof(struct rule_text, action)},
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* True for what can become a label name: letters, digits behind a letter or a variable, and
 * variables ($1, ${1}, $name, ${name}). */
static bool is_template(struct str s)
{
    bool begun = false;

    for (size_t i = 0; i < s.len;) {
        if (s.ptr[i] == '$') {
            bool brace = ++i < s.len && s.ptr[i] == '{';
            size_t from = i += brace;
            while (i < s.len && is_word(s.ptr[i]))
                i++;
            if (i == from || (brace && (i == s.len || s.ptr[i++] != '}')))
                return false;
        } else if (!is_word(s.ptr[i]) || (!begun && s.ptr[i] >= '0' && s.ptr[i] <= '9')) {
            return false;
        } else {
            i++;
        }
        begun = true;
    }
    return begun;
}

static const char *check_target(const struct relabel_rule *rule)
{
    bool variable = memchr(rule->target.ptr, '$', rule->target.len);

    if (!rule->target.len)
        return "this action wants a target_label";
    if (rule->action == RELABEL_REPLACE && variable)
        return is_template(rule->target) ? NULL : "target_label cannot become a label name";
    return label_name_is_valid(rule->target) ? NULL : "target_label is not a label name";
}

static const char *check_rule(const struct relabel_rule *rule)
{
    bool separator = !str_equal(rule->separator, DEFAULT_SEPARATOR);
    bool replacement = !str_equal(rule->replacement, DEFAULT_REPLACEMENT);
    bool regex = !str_equal(rule->pattern, DEFAULT_REGEX);

    switch (rule->action) {
    case RELABEL_HASHMOD:
        return rule->modulus ? check_target(rule) : "hashmod wants a modulus that is not 0";
    case RELABEL_REPLACE:
        return check_target(rule);
    case RELABEL_LOWERCASE:
    case RELABEL_UPPERCASE:
        return replacement ? "this action takes no replacement" : check_target(rule);
    case RELABEL_KEEPEQUAL:
    case RELABEL_DROPEQUAL:
        return regex || separator || replacement || rule->modulus
                   ? "this action takes source_labels and target_label only"
                   : check_target(rule);
    case RELABEL_LABELMAP:
        return is_template(rule->replacement) ? NULL : "replacement cannot become a label name";
    case RELABEL_LABELDROP:
    case RELABEL_LABELKEEP:
        return rule->source_len || rule->target.len || rule->modulus || separator || replacement
                   ? "this action takes regex only"
                   : NULL;
    case RELABEL_KEEP:
    case RELABEL_DROP:
        break;
    }
    return NULL;
}

static int read_rule(struct reader *r, const struct yaml_node *node, struct relabel_rule *ret)
{
    struct rule_text t = {.rule = {.separator = DEFAULT_SEPARATOR,
                                   .replacement = DEFAULT_REPLACEMENT,
                                   .target = STR(""),
                                   .pattern = DEFAULT_REGEX},
                          .action = STR("replace")};

    const struct key_table table = {rule_keys, ARRAY_LEN(rule_keys), &t};
    int code = reader_map(r, node, "a relabelling rule", &table, 1);
    if (code)
        return code;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "an empty relabelling rule");
    if (!relabel_action_of(t.action, &t.rule.action))
        return error_set(r->err, -EINVAL, "%s:%zu: unknown relabel action '%.*s'", r->name,
                         node->line, (int)MIN(t.action.len, (size_t)60), t.action.ptr);
    const char *reason = check_rule(&t.rule);
    if (reason)
        return error_set(r->err, -EINVAL, "%s:%zu: %s: %s", r->name, node->line,
                         relabel_action_name(t.rule.action), reason);
    t.rule.any = str_equal(t.rule.pattern, DEFAULT_REGEX);
    if (regex_new(t.rule.pattern, &t.rule.regex, r->err))
        return reader_at_line(r, node->line);
    *ret = t.rule;
    return 0;
}

int relabel_config_read(struct reader *r, const struct yaml_node *node, void *to)
{
    struct relabel *relabel = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return reader_bad(r, node->line, "a list of relabelling rules is wanted");
    relabel->rules = arena_calloc(r->arena, node->len + 1, sizeof(*relabel->rules));
    if (!relabel->rules)
        return reader_out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read_rule(r, it->value, &relabel->rules[relabel->len]);
        if (code)
            return code;
        relabel->len++;
    }
    return 0;
}

static void print_key(struct buf *to, const char *name, struct str value)
{
    buf_printf(to, ",\"%s\":", name);
    buf_json(to, value);
}

void relabel_config_print(const struct relabel_rule *rule, struct buf *to)
{
    buf_text(to, "{\"source_labels\":[");
    for (size_t i = 0; i < rule->source_len; i++) {
        if (i)
            buf_char(to, ',');
        buf_json(to, rule->sources[i]);
    }
    buf_char(to, ']');
    print_key(to, "separator", rule->separator);
    print_key(to, "regex", rule->pattern);
    buf_printf(to, ",\"modulus\":%" PRIu64, rule->modulus);
    print_key(to, "target_label", rule->target);
    print_key(to, "replacement", rule->replacement);
    print_key(to, "action", str_of(relabel_action_name(rule->action)));
    buf_char(to, '}');
}
