/* rule_file.c - rule files: what they ask for, and their expressions in other names. */
#include "migrate/ask.h"
#include "migrate/migrate.h"
#include "migrate/template_query.h"

static const char *place(char to[200], const struct yaml_node *rule)
{
    const struct yaml_node *alert = yaml_get(rule, "alert"), *record = yaml_get(rule, "record");
    const struct yaml_node *name = alert ? alert : record;

    snprintf(to, 200, "%s %.150s", alert ? "alert" : "record",
             name && name->kind == YAML_TEXT ? name->text.ptr : "?");
    return to;
}

/* What the templates of labels or annotations ask. */
static void check_texts(const struct yaml_node *map, const char *rule, const struct known *k,
                        struct report *r)
{
    for (const struct yaml_item *it = map && map->kind == YAML_MAP ? map->first : NULL; it;
         it = it->next) {
        struct template_queries queries = {.text = it->value->text};
        struct template_query q;
        struct arena arena;
        if (it->value->kind != YAML_TEXT)
            continue;
        arena_init(&arena, 0);
        while (template_query_next(&queries, &arena, &q)) {
            struct ask ask = {.expr = q.expr, .place = rule, .line = it->line};
            if (q.is_literal)
                ask_check(&ask, k, r);
        }
        arena_fini(&arena);
    }
}

void rule_file_check(const struct yaml_node *root, const struct known *k, struct report *r)
{
    const struct yaml_node *groups = yaml_get(root, "groups");
    char name[200];

    for (const struct yaml_item *g = groups ? groups->first : NULL; g; g = g->next) {
        const struct yaml_node *rules = yaml_get(g->value, "rules");
        for (const struct yaml_item *it = rules ? rules->first : NULL; it; it = it->next) {
            const struct yaml_node *expr = yaml_get(it->value, "expr");
            struct ask ask = {.place = place(name, it->value)};
            if (!expr || expr->kind != YAML_TEXT)
                continue;
            ask.expr = expr->text;
            ask.line = expr->line;
            if (k)
                ask_check(&ask, k, r);
            check_texts(yaml_get(it->value, "labels"), name, k, r);
            check_texts(yaml_get(it->value, "annotations"), name, k, r);
        }
    }
}

/* ---- in other names ---- */

#define RULE_EDITS_MAX 100000

struct text_edit {
    const struct yaml_node *node;
    struct str text;
};

struct rewriting {
    const struct translator *translator;
    struct report *report;
    struct str file;
    struct arena arena;
    struct text_edit *edits;
    size_t len, cap;
    bool failed;
};

static void replace(struct rewriting *w, const struct yaml_node *node, struct buf *text)
{
    struct str is = buf_str(text);

    for (size_t i = 0; i < w->len; i++)
        if (w->edits[i].node == node)
            return; /* an alias: one text, used twice */
    if (text->failed || str_equal(is, node->text)) {
        w->failed = w->failed || text->failed;
        return;
    }
    char *copy = arena_strndup(&w->arena, is.ptr, is.len);
    struct text_edit *grown =
        w->len < RULE_EDITS_MAX ? array_grow(w->edits, &w->cap, w->len + 1, sizeof(*grown)) : NULL;
    if (!copy || !grown) {
        w->failed = true;
        return;
    }
    w->edits = grown;
    w->edits[w->len++] = (struct text_edit){node, str_make(copy, is.len)};
}

/* The queries of a template in other names. False: one stays as it was, and `why` says why. */
static bool rewrite_queries(struct rewriting *w, struct str text, struct buf *to, char *why,
                            size_t size)
{
    struct template_queries queries = {.text = text};
    struct template_query q;
    struct arena arena;
    size_t done = 0;
    bool good = true;

    arena_init(&arena, 0);
    while (template_query_next(&queries, &arena, &q)) {
        struct translated t;
        struct buf expr;
        buf_init(&expr, 0);
        if (!q.is_literal) {
            snprintf(why, size, "a query that is put together stays as it was: look at it");
            good = false;
        } else if (translate_expr(w->translator, q.expr, &arena, &expr, &t)) {
            w->failed = true;
        } else if (*t.problem) {
            snprintf(why, size, "its query stays as it was: %s", t.problem);
            good = false;
        } else if (t.changed) {
            buf_add(to, text.ptr + done, q.begin - done);
            template_query_quote(q.quote, buf_str(&expr), to);
            done = q.end;
        }
        buf_fini(&expr);
    }
    buf_add(to, text.ptr + done, text.len - done);
    arena_fini(&arena);
    return good;
}

/* The texts of labels and annotations, which name labels of what the expression gives (`metric`;
 * empty: that stayed as it was), and ask queries of their own. */
static void rewrite_texts(struct rewriting *w, const struct yaml_node *map, struct str metric,
                          const char *where)
{
    for (const struct yaml_item *it = map && map->kind == YAML_MAP ? map->first : NULL; it;
         it = it->next) {
        char why[500] = "";
        struct buf asked, text;
        if (it->value->kind != YAML_TEXT)
            continue;
        buf_init(&asked, 0);
        buf_init(&text, 0);
        bool good = rewrite_queries(w, it->value->text, &asked, why, sizeof(why));
        if (!metric.len)
            buf_str_add(&text, buf_str(&asked));
        else if (!translate_template(w->translator, metric, buf_str(&asked), &text, why,
                                     sizeof(why)))
            good = false;
        if (!good)
            report_add(w->report, REPORT_WARNING, it->line, where, NULL, "%.*s: %s",
                       STR_ARG(it->key), why);
        w->failed = w->failed || asked.failed;
        replace(w, it->value, &text);
        buf_fini(&asked);
        buf_fini(&text);
    }
}

static void rewrite_rule(struct rewriting *w, const struct yaml_node *rule)
{
    const struct yaml_node *expr = yaml_get(rule, "expr");
    struct translated t;
    struct arena arena;
    struct buf text;
    char where[200];

    if (!expr || expr->kind != YAML_TEXT)
        return;
    place(where, rule);
    arena_init(&arena, 0);
    buf_init(&text, 0);
    if (translate_expr(w->translator, expr->text, &arena, &text, &t))
        w->failed = true;
    else if (*t.problem)
        report_add(w->report, REPORT_ERROR, expr->line, where, "it is left as it was", "%s",
                   t.problem);
    else if (t.changed && t.selectors_kept)
        report_add(w->report, REPORT_WARNING, expr->line, where,
                   "look at the labels in its by(), on() and ignoring()",
                   "it joins other metrics, whose labels stay");
    else if (t.changed)
        report_add(w->report, REPORT_OK, expr->line, where, NULL, "changed");
    if (t.changed)
        replace(w, expr, &text);
    struct str metric = t.changed ? t.metric : STR("");
    rewrite_texts(w, yaml_get(rule, "labels"), metric, where);
    rewrite_texts(w, yaml_get(rule, "annotations"), metric, where);
    buf_fini(&text);
    arena_fini(&arena);
}

/* Labels of a group belong to rules of several metrics: which of their labels are meant is not
 * known. */
static void look_at_group(struct rewriting *w, const struct yaml_node *labels)
{
    for (const struct yaml_item *it = labels && labels->kind == YAML_MAP ? labels->first : NULL; it;
         it = it->next)
        if (it->value->kind == YAML_TEXT &&
            memmem(it->value->text.ptr, it->value->text.len, "$labels.", 8))
            report_add(w->report, REPORT_WARNING, it->line, NULL,
                       "write it as a label of each rule, or change the name by hand",
                       "label '%.*s' of a group stays as it was", STR_ARG(it->key));
}

static int by_start(const void *a, const void *b)
{
    const struct text_edit *x = a, *y = b;
    return (x->node->start > y->node->start) - (x->node->start < y->node->start);
}

/* ---- how a text is written in the file ---- */

static bool plain_is_safe(struct str was, struct str text)
{
    bool block = was.len && (memchr(was.ptr, ',', was.len) || memchr(was.ptr, '{', was.len) ||
                             memchr(was.ptr, '[', was.len));

    if (!text.len || strchr("{}[],&*#?|->!%@\"'` \n:", text.ptr[0]) ||
        text.ptr[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], next = i + 1 < text.len ? text.ptr[i + 1] : ' ';
        if (c == '\n' || (c == ':' && (next == ' ' || next == '\n')) || (c == ' ' && next == '#'))
            return false;
        if (!block && strchr("{}[],", c))
            return false; /* it may stand in a flow collection */
    }
    return true;
}

static void put_quoted(struct str text, struct buf *to)
{
    if (memchr(text.ptr, '\n', text.len)) {
        buf_json(to, text);
        return;
    }
    buf_char(to, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_char(to, '\'');
        buf_char(to, text.ptr[i]);
    }
    buf_char(to, '\'');
}

/* A block (| or >): its first line stays, the text goes below it as far in as it was. */
static void put_block(struct str was, struct str text, struct buf *to)
{
    const char *line = memchr(was.ptr, '\n', was.len);
    size_t indent = 0, head = line ? (size_t)(line + 1 - was.ptr) : was.len;

    while (head + indent < was.len && was.ptr[head + indent] == ' ')
        indent++;
    buf_add(to, was.ptr, head);
    struct str rest = text;
    if (rest.len && rest.ptr[rest.len - 1] == '\n')
        rest.len--;
    while (rest.ptr) {
        struct str part = str_cut(&rest, '\n');
        if (part.len)
            buf_printf(to, "%*s%.*s", (int)indent, "", STR_ARG(part));
        buf_char(to, '\n');
    }
    for (size_t end = was.len; end >= 2 && was.ptr[end - 1] == '\n' && was.ptr[end - 2] == '\n';
         end--)
        buf_char(to, '\n'); /* blank lines behind it are part of its place */
}

static void put_text(const struct yaml_node *node, struct str file, struct str text, struct buf *to)
{
    struct str was = str_make(file.ptr + node->start, node->end - node->start);

    if (was.len && (was.ptr[0] == '|' || was.ptr[0] == '>') && !node->plain)
        put_block(was, text, to);
    else if (node->plain && plain_is_safe(was, text))
        buf_str_add(to, text);
    else
        put_quoted(text, to);
}

static int write_out(struct rewriting *w, struct buf *to)
{
    size_t at = 0;

    if (w->len)
        qsort(w->edits, w->len, sizeof(*w->edits), by_start);
    for (size_t i = 0; i < w->len; i++) {
        const struct yaml_node *node = w->edits[i].node;
        if (node->start < at || node->end > w->file.len)
            return -EINVAL;
        buf_add(to, w->file.ptr + at, node->start - at);
        put_text(node, w->file, w->edits[i].text, to);
        at = node->end;
    }
    buf_add(to, w->file.ptr + at, w->file.len - at);
    return to->failed ? -ENOMEM : 0;
}

/* What was written reads as what was meant. */
static int verify(const struct rewriting *w, const struct yaml_node *root, struct str text,
                  struct error *err)
{
    const struct yaml_node *again;
    struct arena arena;

    arena_init(&arena, 0);
    int code = yaml_parse(w->report->file, text, &arena, &again, err);
    const struct yaml_node *groups = yaml_get(root, "groups");
    const struct yaml_node *groups2 = code ? NULL : yaml_get(again, "groups");
    bool good = groups && groups2 && groups->len == groups2->len && again->weight == root->weight;
    for (size_t i = 0; good && i < w->len; i++)
        good = memmem(text.ptr, text.len, w->edits[i].text.ptr,
                      MIN(w->edits[i].text.len, (size_t)8)) != NULL;
    arena_fini(&arena);
    if (!code && !good)
        code =
            error_set(err, -EINVAL, "%s: could not be written anew: its layout is not understood",
                      w->report->file);
    return code;
}

int rule_file_translate(struct str text, enum schema_name to_schema, struct report *r,
                        struct buf *to, struct error *err)
{
    struct rewriting w = {.translator =
                              to_schema == TO_DCGM ? &translate_to_dcgm : &translate_to_all_smi,
                          .report = r,
                          .file = text};
    const struct yaml_node *root, *groups;
    size_t start = to->len;

    arena_init(&w.arena, 0);
    int code = yaml_parse(r->file, text, &w.arena, &root, err);
    groups = code ? NULL : yaml_get(root, "groups");
    if (!code && (!groups || groups->kind != YAML_LIST))
        code = error_set(err, -EINVAL, "%s: no rule file: it has no `groups`", r->file);
    for (const struct yaml_item *g = code ? NULL : groups->first; g; g = g->next) {
        const struct yaml_node *rules = yaml_get(g->value, "rules");
        look_at_group(&w, yaml_get(g->value, "labels"));
        for (const struct yaml_item *it = rules ? rules->first : NULL; it; it = it->next)
            rewrite_rule(&w, it->value);
    }
    if (!code)
        code = w.failed ? -ENOMEM : write_out(&w, to);
    if (!code)
        code = verify(&w, root, str_make(to->ptr ? to->ptr + start : "", to->len - start), err);
    else if (code == -ENOMEM)
        error_errno(err, code, "%s", r->file);
    free(w.edits);
    arena_fini(&w.arena);
    return code;
}
