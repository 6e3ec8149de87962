/* dashboard_check.c - what a dashboard asks for, what is wrong with it, and the file put right. */
#include "migrate/ask.h"
#include "migrate/dashboard.h"
#include "migrate/migrate.h"
#include "migrate/units.h"

static void check_expr(const struct dashboard_expr *e, const struct known *k, struct report *r)
{
    struct ask ask = {.expr = str_of(e->text), .place = e->place, .line = e->line};
    struct variable_query query;

    if (e->part == DASHBOARD_TARGET) {
        const char *legend = json_string_value(json_object_get(e->holder, "legendFormat"));
        ask.legend = legend && *legend ? legend : NULL;
        ask.panel_unit = dashboard_panel_unit(e->panel);
    } else if (e->part == DASHBOARD_VARIABLE) {
        if (!strcmp(e->key, "definition"))
            return; /* what the query says, once more */
        dashboard_variable_query(ask.expr, &query);
        if (!query.expr.len)
            return; /* label_values(label): of all series */
        ask.expr = query.expr;
        ask.label = query.label;
    }
    ask_check(&ask, k, r);
}

void dashboard_check(struct str text, const struct known *k, struct report *r)
{
    struct dashboard d;
    struct error err;

    if (dashboard_load(r->file, text, r, &d, &err)) {
        report_error(r, &err);
        return;
    }
    for (size_t i = 0; i < d.len; i++)
        check_expr(&d.exprs[i], k, r);
    report_add(r, REPORT_OK, 0, NULL, NULL, "%zu panels, %zu expressions", d.panels, d.len);
    dashboard_free(&d);
}

/* ---- changing ---- */

struct change {
    const struct translator *translator;
    struct report *report;
    const struct known *known; /* of --fix; NULL: a translation */
    size_t changed;
    bool failed;
};

static void set(struct change *c, json_t *holder, const char *key, const struct buf *text)
{
    json_t *string = text->failed ? NULL : json_stringn(text->ptr ? text->ptr : "", text->len);

    if (!string || json_object_set_new(holder, key, string))
        c->failed = true;
    else
        c->changed++;
}

/* What names a label in a panel's transformations and overrides: keys and words that are one. */
static void rename_words(struct change *c, struct str metric, json_t *node, unsigned depth)
{
    struct label_translation label = {0};
    const char *key;
    json_t *value;
    void *next;
    size_t i;

    if (depth > DASHBOARD_DEPTH_MAX)
        return;
    json_array_foreach(node, i, value)
    {
        const char *word = json_string_value(value);
        label = (struct label_translation){0};
        if (word && c->translator->label(c->translator->ctx, metric, str_of(word), &label) &&
            label.name.len)
            json_array_set_new(node, i, json_stringn(label.name.ptr, label.name.len));
        else
            rename_words(c, metric, value, depth + 1);
    }
    if (!json_is_object(node))
        return;
    json_t *renamed = json_object();
    json_object_foreach_safe(node, next, key, value)
    {
        char name[LABEL_NAME_MAX + 1];
        const char *word = json_string_value(value);
        label = (struct label_translation){0};
        bool by_name = !strcmp(key, "options") || !strcmp(key, "byField") || !strcmp(key, "field");
        if (by_name && word && *word &&
            c->translator->label(c->translator->ctx, metric, str_of(word), &label) &&
            label.name.len)
            json_object_set_new(node, key, json_stringn(label.name.ptr, label.name.len));
        else
            rename_words(c, metric, value, depth + 1);
        label = (struct label_translation){0};
        str_copy(name, sizeof(name), str_of(key));
        if (c->translator->label(c->translator->ctx, metric, str_of(key), &label) &&
            label.name.len) {
            str_copy(name, sizeof(name), label.name);
            json_object_set(renamed, name, value);
            json_object_del(node, key);
        }
    }
    json_object_update(node, renamed);
    json_decref(renamed);
}

/* The labels that a panel's links hand on to where they lead. */
static void rename_in_links(struct change *c, const struct dashboard_expr *e, struct str metric,
                            json_t *node, unsigned depth)
{
    const char *key, *url = json_string_value(json_object_get(node, "url"));
    json_t *value;
    size_t i;

    if (depth > DASHBOARD_DEPTH_MAX)
        return;
    if (url) {
        char why[300] = "";
        struct buf out;
        buf_init(&out, 0);
        if (!translate_template(c->translator, metric, str_of(url), &out, why, sizeof(why)))
            report_add(c->report, REPORT_WARNING, e->line, e->place, NULL, "in its link %s", why);
        if (!str_is(buf_str(&out), url))
            set(c, node, "url", &out);
        buf_fini(&out);
        return;
    }
    json_array_foreach(node, i, value) rename_in_links(c, e, metric, value, depth + 1);
    json_object_foreach(node, key, value) rename_in_links(c, e, metric, value, depth + 1);
}

static void change_around(struct change *c, const struct dashboard_expr *e, struct str metric)
{
    const char *legend = json_string_value(json_object_get(e->holder, "legendFormat"));
    char why[300] = "";
    struct buf out;

    if (legend && *legend) {
        buf_init(&out, 0);
        if (!translate_legend(c->translator, metric, str_of(legend), &out, why, sizeof(why)))
            report_add(c->report, REPORT_WARNING, e->line, e->place, NULL, "in its legend %s", why);
        if (!str_is(buf_str(&out), legend))
            set(c, e->holder, "legendFormat", &out);
        buf_fini(&out);
    }
    if (!e->panel)
        return;
    json_t *steps = json_object_get(e->panel, "transformations"), *step, *override;
    json_t *config = json_object_get(e->panel, "fieldConfig");
    json_t *overrides = json_object_get(config, "overrides");
    size_t i;
    rename_in_links(c, e, metric, config, 0);
    json_array_foreach(steps, i, step) rename_words(c, metric, json_object_get(step, "options"), 0);
    json_array_foreach(overrides, i, override)
        rename_words(c, metric, json_object_get(override, "matcher"), 0);
}

/* The query of a variable, whose label may change too. */
static int translate_variable(struct change *c, struct str text, struct arena *a, struct buf *to,
                              struct translated *ret)
{
    struct variable_query q;
    struct label_translation label = {0};

    dashboard_variable_query(text, &q);
    buf_str_add(to, q.head);
    int code = q.expr.len ? translate_expr(c->translator, q.expr, a, to, ret) : 0;
    buf_str_add(to, q.comma);
    if (q.label.len && ret->selectors_changed && !*ret->problem &&
        c->translator->label(c->translator->ctx, ret->metric, q.label, &label)) {
        if (!label.name.len && !*ret->problem) {
            snprintf(ret->problem, sizeof(ret->problem), "label `%.*s`: %s", STR_ARG(q.label),
                     label.reason);
        }
        q.label = label.name.len ? label.name : q.label;
    }
    buf_str_add(to, q.label);
    buf_str_add(to, q.tail);
    return code;
}

static void say(struct change *c, const struct dashboard_expr *e, const struct translated *t)
{
    if (*t->problem)
        report_add(c->report, REPORT_ERROR, e->line, e->place, "it is left as it was", "%s",
                   t->problem);
    else if (t->changed && t->selectors_kept)
        report_add(c->report, REPORT_WARNING, e->line, e->place,
                   "look at the labels in its by(), on() and ignoring()",
                   "it joins other metrics, whose labels stay");
    else if (t->changed)
        report_add(c->report, REPORT_OK, e->line, e->place, NULL, "changed");
}

static void change_expr(struct change *c, const struct dashboard_expr *e, struct arena *a)
{
    struct translated t = {0};
    struct buf out;

    buf_init(&out, 0);
    int code = e->part == DASHBOARD_VARIABLE
                   ? translate_variable(c, str_of(e->text), a, &out, &t)
                   : translate_expr(c->translator, str_of(e->text), a, &out, &t);
    c->failed = c->failed || code;
    if (strcmp(e->key, "definition") && !(c->known && *t.problem))
        say(c, e, &t);
    if (!*t.problem && !str_is(buf_str(&out), e->text))
        set(c, e->holder, e->key, &out);
    if (!*t.problem && t.selectors_changed && e->part == DASHBOARD_TARGET)
        change_around(c, e, t.metric);
    buf_fini(&out);
}

/* A panel whose unit does not fit what its first target gives. */
static void fix_unit(struct change *c, const struct dashboard_expr *e)
{
    const char *unit = e->panel ? dashboard_panel_unit(e->panel) : NULL;
    const char *expr = json_string_value(json_object_get(e->holder, e->key));
    struct promql_unit is = {NULL, 1};

    if (unit && expr)
        is = ask_unit(c->known, str_of(expr));
    const char *better = unit_panel_name(is);
    if (!unit || !better || unit_fits(is, unit_of_panel(unit)))
        return;
    json_t *defaults = json_object_get(json_object_get(e->panel, "fieldConfig"), "defaults");
    json_t *axis = json_array_get(json_object_get(e->panel, "yaxes"), 0);
    if (json_object_get(defaults, "unit"))
        json_object_set_new(defaults, "unit", json_string(better));
    else if (json_object_get(axis, "format"))
        json_object_set_new(axis, "format", json_string(better));
    else
        json_object_set_new(e->panel, "format", json_string(better));
    c->changed++;
}

static int change_dashboard(struct change *c, struct str text, struct buf *to, struct error *err)
{
    struct arena arena;
    struct dashboard d;
    int code = dashboard_load(c->report->file, text, c->report, &d, err);

    if (code)
        return code;
    arena_init(&arena, 0);
    for (size_t i = 0; i < d.len; i++) {
        change_expr(c, &d.exprs[i], &arena);
        if (c->known)
            fix_unit(c, &d.exprs[i]);
        arena_reset(&arena);
    }
    arena_fini(&arena);
    code = c->failed ? -ENOMEM : 0;
    if (!code && c->changed)
        code = dashboard_print(&d, to);
    else if (!code)
        buf_str_add(to, text);
    dashboard_free(&d);
    return code || to->failed ? error_errno(err, -ENOMEM, "%s", c->report->file) : 0;
}

int dashboard_fix(struct str text, const struct known *k, struct report *r, struct buf *to,
                  struct error *err)
{
    struct translator repairs = ask_repairs(k);
    struct change c = {.translator = &repairs, .report = r, .known = k};

    return change_dashboard(&c, text, to, err);
}

int dashboard_translate(struct str text, enum schema_name to_schema, struct report *r,
                        struct buf *to, struct error *err)
{
    struct change c = {.translator =
                           to_schema == TO_DCGM ? &translate_to_dcgm : &translate_to_all_smi,
                       .report = r};

    return change_dashboard(&c, text, to, err);
}
