/* rule_set.c - rule files into groups of rules. Everything that can be known to be wrong is found
 * here, with its file and line, before anything is put in force. */
#include "rules/rule_set.h"

#include "promql/promql.h"
#include "rules/state.h"

#include <glob.h>

struct reader {
    struct rule_set *set;
    const char *file;
    struct str text; /* of the file */
    const struct rule_defaults *defaults;
    struct error *err;
};

static int bad(struct reader *r, size_t line, const char *reason)
{
    return error_set(r->err, -EINVAL, "%s:%zu: %s", r->file, line, reason);
}

static int bad_key(struct reader *r, const struct yaml_item *item, const char *where)
{
    return error_set(r->err, -EINVAL, "%s:%zu: unknown key '%.*s' in %s", r->file, item->line,
                     (int)MIN(item->key.len, 80), item->key.ptr, where);
}

static int out_of_memory(struct reader *r)
{
    return error_errno(r->err, -ENOMEM, "%s", r->file);
}

/* Puts file and line before what `err` says. */
static int at_line(struct reader *r, size_t line)
{
    return error_in(r->err, "%s:%zu", r->file, line);
}

static int read_text(struct reader *r, const struct yaml_node *node, const char *what,
                     struct str *ret)
{
    if (node->kind != YAML_TEXT)
        return error_set(r->err, -EINVAL, "%s:%zu: %s is one text", r->file, node->line, what);
    char *copy = arena_strndup(&r->set->arena, node->text.ptr, node->text.len);
    if (!copy)
        return out_of_memory(r);
    *ret = str_make(copy, node->text.len);
    return 0;
}

static int read_duration(struct reader *r, const struct yaml_node *node, int64_t *ret_ms)
{
    if (node->kind != YAML_TEXT)
        return bad(r, node->line, "a duration is wanted, such as 5m");
    if (num_parse_duration(node->text, ret_ms, r->err))
        return at_line(r, node->line);
    return *ret_ms < 0 ? bad(r, node->line, "a duration is not negative") : 0;
}

/* Names of labels and metrics are any UTF-8, as in Prometheus 3. */
static bool is_name(struct str s)
{
    return s.len && s.len <= LABEL_NAME_MAX && str_is_utf8(s);
}

static int compare_pairs(const void *a, const void *b)
{
    return str_compare(((const struct rule_pair *)a)->name, ((const struct rule_pair *)b)->name);
}

/* Where the n-th "{{" of `text` (from 1) stands; its length when there is none. */
static size_t nth_action(struct str text, size_t n)
{
    const char *at = text.ptr, *end = text.ptr + text.len;

    while (n-- && at) {
        at = memmem(at, (size_t)(end - at), "{{", 2);
        if (at && n)
            at += 2;
    }
    return at ? (size_t)(at - text.ptr) : text.len;
}

/* The byte of the file where byte `at` of a text is written: quotes, escapes and the indents of
 * blocks lie between the two, but an action is written the way it is meant. */
static size_t place_in_file(const struct reader *r, const struct yaml_node *node, size_t at)
{
    struct str before = str_make(node->text.ptr, MIN(at + 2, node->text.len));
    struct str written = str_make(r->text.ptr + node->start, node->end - node->start);
    size_t actions = 0, begin = 0;

    for (size_t i = 0; (i = nth_action(before, actions + 1)) < before.len && i <= at; actions++)
        begin = i;
    size_t action = actions ? nth_action(written, actions) : 0;
    size_t behind = actions ? at - begin : 0;
    bool same = action + behind <= written.len &&
                !memcmp(written.ptr + action, node->text.ptr + begin, behind);
    return node->start + MIN(action, written.len) + (same ? behind : 0);
}

/* Reads the template of a label or an annotation; says with file, line and column what is wrong. */
static int read_template(struct reader *r, const struct yaml_item *item, struct rule_pair *pair)
{
    struct error why;
    size_t at, line = 1, begin = 0;

    if (!memmem(pair->text.ptr, pair->text.len, "{{", 2))
        return 0;
    int code = template_parse(pair->text, &r->set->arena, &pair->template, &at, &why);
    if (!code)
        return 0;
    if (code == -ENOMEM)
        return out_of_memory(r);
    size_t place = MIN(place_in_file(r, item->value, at), r->text.len);
    for (size_t i = 0; i < place; i++) {
        if (r->text.ptr[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    return error_set(r->err, -EINVAL, "%s:%zu:%zu: template of %.*s: %s", r->file, line,
                     place - begin + 1, (int)MIN(pair->name.len, 80), pair->name.ptr, why.text);
}

/* Labels (`are_labels`: not __name__; templates only in alerts) and annotations. */
static int read_pairs(struct reader *r, const struct yaml_node *node, bool are_labels,
                      bool with_templates, struct rule_pair **ret, size_t *ret_len)
{
    struct rule_pair *pairs;
    size_t n = 0;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return bad(r, node->line,
                   are_labels ? "labels are names with values"
                              : "annotations are names with texts");
    if (are_labels && node->len > LABELS_MAX)
        return bad(r, node->line, "too many labels");
    pairs = arena_calloc(&r->set->arena, node->len + 1, sizeof(*pairs));
    if (!pairs)
        return out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct rule_pair *p = &pairs[n++];
        p->name = str_make(arena_strndup(&r->set->arena, it->key.ptr, it->key.len), it->key.len);
        if (!p->name.ptr)
            return out_of_memory(r);
        if (!is_name(p->name) || (are_labels && str_is(p->name, LABEL_NAME)))
            return error_set(r->err, -EINVAL, "%s:%zu: '%.*s' cannot be the name of %s", r->file,
                             it->line, (int)MIN(p->name.len, 80), p->name.ptr,
                             are_labels ? "a label" : "an annotation");
        int code = read_text(r, it->value, are_labels ? "a label" : "an annotation", &p->text);
        if (code)
            return code;
        if (with_templates)
            code = read_template(r, it, p);
        if (code)
            return code;
    }
    qsort(pairs, n, sizeof(*pairs), compare_pairs);
    *ret = pairs;
    *ret_len = n;
    return 0;
}

static int read_expr(struct reader *r, const struct yaml_node *node, struct rule *rule)
{
    struct promql_error why;
    struct str expr;
    struct buf text;
    int code = read_text(r, node, "expr", &expr);

    if (code)
        return code;
    buf_init(&text, RULE_FILE_BYTES_MAX);
    if (promql_format_line(str_trim(expr), &text, &why)) {
        buf_fini(&text);
        return error_set(r->err, -EINVAL, "%s:%zu: expr: %.150s", r->file, node->line, why.text);
    }
    char *copy = text.failed ? NULL : arena_strndup(&r->set->arena, text.ptr, text.len);
    rule->query = str_make(copy, text.len);
    buf_fini(&text);
    return copy ? 0 : out_of_memory(r);
}

static uint64_t hash_str(uint64_t hash, struct str s)
{
    return hash_more(hash_more(hash, &s.len, sizeof(s.len)), s.ptr, s.len);
}

/* What a rule is known by, as in Prometheus: its name and labels. */
static uint64_t rule_hash(const struct rule *rule)
{
    uint64_t hash = hash_str(rule->is_alert, rule->name);

    for (size_t i = 0; i < rule->label_len; i++)
        hash = hash_str(hash_str(hash, rule->labels[i].name), rule->labels[i].text);
    return hash;
}

static int read_rule_key(struct reader *r, const struct yaml_item *item, struct rule *rule)
{
    const struct yaml_node *node = item->value;

    if (str_is(item->key, "record") || str_is(item->key, "alert"))
        return read_text(r, node, "a rule's name", &rule->name);
    if (str_is(item->key, "expr"))
        return read_expr(r, node, rule);
    if (str_is(item->key, "for"))
        return read_duration(r, node, &rule->for_ms);
    if (str_is(item->key, "keep_firing_for"))
        return read_duration(r, node, &rule->keep_firing_ms);
    if (str_is(item->key, "labels"))
        return read_pairs(r, node, true, rule->is_alert, &rule->labels, &rule->label_len);
    if (str_is(item->key, "annotations"))
        return read_pairs(r, node, false, true, &rule->annotations, &rule->annotation_len);
    return bad_key(r, item, "a rule");
}

static int read_rule(struct reader *r, const struct yaml_node *node, struct rule *rule)
{
    bool records = yaml_get(node, "record") != NULL;
    int code = 0;

    if (node->kind != YAML_MAP)
        return bad(r, node->line, "a rule is a map");
    rule->is_alert = yaml_get(node, "alert") != NULL;
    if (records == rule->is_alert)
        return bad(r, node->line, "a rule has either record or alert");
    for (const struct yaml_item *it = node->first; it && !code; it = it->next)
        code = read_rule_key(r, it, rule);
    if (code)
        return code;
    if (!rule->query.len)
        return bad(r, node->line, "a rule without expr");
    if (records && (!is_name(rule->name) || strpbrk(rule->name.ptr, "{}")))
        return bad(r, node->line, "record is the name of a metric, without braces");
    if (!rule->name.len)
        return bad(r, node->line, "an alert without a name");
    if (records && (rule->for_ms || rule->keep_firing_ms || rule->annotation_len))
        return bad(r, node->line,
                   "for, keep_firing_for and annotations are for alerts, not for records");
    rule->hash = rule_hash(rule);
    rule->state = rule_state_new();
    return rule->state ? 0 : out_of_memory(r);
}

static int read_rules(struct reader *r, const struct yaml_node *node, struct rule_group *g)
{
    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return bad(r, node->line, "rules is a list");
    g->rules = arena_calloc(&r->set->arena, node->len + 1, sizeof(*g->rules));
    if (!g->rules)
        return out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read_rule(r, it->value, &g->rules[g->len++]);
        if (code)
            return code;
    }
    return 0;
}

/* Labels of the group and of one of its rules, which has the last word, in order of names. */
static int join_labels(struct reader *r, const struct yaml_node *node, struct rule *rule)
{
    struct rule_pair *all, *group = NULL;
    size_t group_len = 0, n = 0;

    int code = read_pairs(r, node, true, rule->is_alert, &group, &group_len);
    if (code || !group_len)
        return code;
    if (group_len + rule->label_len > LABELS_MAX)
        return bad(r, node->line, "too many labels");
    all = arena_calloc(&r->set->arena, group_len + rule->label_len, sizeof(*all));
    if (!all)
        return out_of_memory(r);
    for (size_t i = 0, k = 0; i < group_len || k < rule->label_len;) {
        int order = i == group_len         ? 1
                    : k == rule->label_len ? -1
                                           : compare_pairs(&group[i], &rule->labels[k]);
        all[n++] = order < 0 ? group[i] : rule->labels[k];
        i += order <= 0;
        k += order >= 0;
    }
    rule->labels = all;
    rule->label_len = n;
    rule->hash = rule_hash(rule);
    return 0;
}

static int read_group_key(struct reader *r, const struct yaml_item *item, struct rule_group *g)
{
    const struct yaml_node *node = item->value;

    if (str_is(item->key, "name"))
        return read_text(r, node, "a group's name", &g->name);
    if (str_is(item->key, "rules"))
        return read_rules(r, node, g);
    if (str_is(item->key, "limit"))
        return node->kind == YAML_TEXT && num_parse_u64(node->text, &g->limit)
                   ? 0
                   : bad(r, node->line, "limit is a whole number");
    if (str_is(item->key, "query_offset"))
        return read_duration(r, node, &g->query_offset_ms);
    if (str_is(item->key, "labels"))
        return 0; /* read_group() joins them once the rules are known */
    if (!str_is(item->key, "interval"))
        return bad_key(r, item, "a group");
    int code = read_duration(r, node, &g->interval_ms);
    if (!code && g->interval_ms &&
        (g->interval_ms < RULE_INTERVAL_MIN_MS || g->interval_ms > RULE_INTERVAL_MAX_MS))
        return bad(r, node->line, "interval is between 100ms and 1d");
    return code;
}

static int read_group(struct reader *r, const struct yaml_node *node)
{
    struct rule_set *set = r->set;
    if (set->len == RULE_GROUPS_MAX)
        return bad(r, node->line, "too many groups");
    struct rule_group *grown = array_grow(set->groups, &set->cap, set->len + 1, sizeof(*grown));
    int code = 0;

    if (!grown)
        return out_of_memory(r);
    set->groups = grown;
    struct rule_group *g = &grown[set->len];
    *g = (struct rule_group){.file = str_of(r->file),
                             .query_offset_ms = r->defaults->query_offset_ms,
                             .last_ms = INT64_MIN,
                             .next_ms = INT64_MIN};
    set->len++; /* from here rule_set_free() knows its rules */
    if (node->kind != YAML_MAP)
        return bad(r, node->line, "a group is a map");
    for (const struct yaml_item *it = node->first; it && !code; it = it->next)
        code = read_group_key(r, it, g);
    const struct yaml_node *labels = yaml_get(node, "labels");
    struct rule none = {0};
    if (labels && !code && !g->len)
        code = join_labels(r, labels, &none);
    for (size_t i = 0; labels && i < g->len && !code; i++)
        code = join_labels(r, labels, &g->rules[i]);
    if (code)
        return code;
    if (!g->name.len)
        return bad(r, node->line, "a group without a name");
    if (rule_set_find(set, g->file, g->name) != g)
        return bad(r, node->line, "a group of this name stands in this file already");
    if (!g->interval_ms)
        g->interval_ms = r->defaults->interval_ms;
    return 0;
}

static int read_file(struct reader *r, const struct yaml_node *root)
{
    if (yaml_is_null(root))
        return 0;
    if (root->kind != YAML_MAP)
        return bad(r, root->line, "a rule file is a map with groups");
    for (const struct yaml_item *it = root->first; it; it = it->next) {
        if (!str_is(it->key, "groups"))
            return bad_key(r, it, "a rule file");
        if (yaml_is_null(it->value))
            continue;
        if (it->value->kind != YAML_LIST)
            return bad(r, it->line, "groups is a list");
        for (const struct yaml_item *g = it->value->first; g; g = g->next) {
            int code = read_group(r, g->value);
            if (code)
                return code;
        }
    }
    return 0;
}

struct rule_set *rule_set_new(void)
{
    struct rule_set *set = calloc(1, sizeof(*set));

    if (set)
        arena_init(&set->arena, RULE_SET_BYTES_MAX);
    return set;
}

void rule_set_free(struct rule_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->len; i++)
        for (size_t k = 0; k < set->groups[i].len; k++)
            rule_state_free(set->groups[i].rules[k].state);
    free(set->groups);
    arena_fini(&set->arena);
    free(set);
}

struct rule_group *rule_set_find(const struct rule_set *set, struct str file, struct str name)
{
    for (size_t i = 0; i < set->len; i++)
        if (str_equal(set->groups[i].name, name) && str_equal(set->groups[i].file, file))
            return &set->groups[i];
    return NULL;
}

int rule_set_add(struct rule_set *set, const char *file, struct str text,
                 const struct rule_defaults *defaults, struct error *err)
{
    struct error unseen;
    struct reader r = {.set = set, .text = text, .defaults = defaults, .err = err ? err : &unseen};
    const struct yaml_node *root = NULL;
    struct arena tree;

    r.file = arena_strndup(&set->arena, file, strlen(file));
    if (!r.file)
        return error_errno(err, -ENOMEM, "%s", file);
    arena_init(&tree, RULE_SET_BYTES_MAX);
    int code = yaml_parse(file, text, &tree, &root, r.err);
    if (!code)
        code = read_file(&r, root);
    arena_fini(&tree);
    return code;
}

static int add_path(struct rule_set *set, const char *path, const struct rule_defaults *defaults,
                    struct error *err)
{
    struct buf text;

    buf_init(&text, RULE_FILE_BYTES_MAX);
    int code = file_read(path, RULE_FILE_BYTES_MAX, &text, err);
    if (!code)
        code = rule_set_add(set, path, buf_str(&text), defaults, err);
    buf_fini(&text);
    return code;
}

static int compare_groups(const void *a, const void *b)
{
    const struct rule_group *x = a, *y = b;
    int order = str_compare(x->file, y->file);
    return order ? order : str_compare(x->name, y->name);
}

int rule_set_load(struct rule_set *set, const char *const *patterns, size_t n,
                  const struct rule_defaults *defaults, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < n && !code; i++) {
        glob_t found = {0};
        /* GLOB_NOCHECK would also hand back a pattern that matches nothing: only a plain path is
         * to be missed. */
        bool plain = !strpbrk(patterns[i], "*?[");
        int done = plain ? GLOB_NOMATCH : glob(patterns[i], 0, NULL, &found);
        if (plain)
            code = add_path(set, patterns[i], defaults, err);
        else if (done && done != GLOB_NOMATCH)
            code = error_set(err, -EIO, "%s: the folder cannot be read", patterns[i]);
        else if (found.gl_pathc > RULE_FILES_MAX)
            code = error_set(err, -EINVAL, "%s: more than %d files", patterns[i], RULE_FILES_MAX);
        for (size_t k = 0; !plain && k < found.gl_pathc && !code; k++)
            code = add_path(set, found.gl_pathv[k], defaults, err);
        if (!plain)
            globfree(&found);
    }
    if (set->len)
        qsort(set->groups, set->len, sizeof(*set->groups), compare_groups);
    return code;
}
