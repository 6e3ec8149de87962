#include "migrate/ask.h"

#include "migrate/equivalence.h"
#include "migrate/units.h"

#define ASK_MEMORY_MAX ((size_t)64 << 20)

/* What is proposed for a name or a label. */
struct proposal {
    struct str name;                       /* empty: nothing */
    const char *why;                       /* NULL: the nearest; else a sentence */
    bool certain;                          /* may be put in without asking */
    double scale;                          /* the new value times this is the old one */
    const struct equivalence *equivalence; /* of the other schema */
};

/* ---- names ---- */

/* Made outside exporters: by the scraper, by rules, by what evaluates them. */
static bool made_elsewhere(struct str name)
{
    return str_is(name, "up") || str_starts(name, STR("scrape_")) || str_is(name, "ALERTS") ||
           str_is(name, "ALERTS_FOR_STATE") || memchr(name.ptr, ':', name.len);
}

static bool is_known(const struct known *k, const char *name)
{
    return name && known_find(k, str_of(name)) != NULL;
}

static bool renamed(const struct known *k, struct str name, struct proposal *ret)
{
    for (size_t i = 0; i < metric_renamings_len; i++) {
        const struct renaming *r = &metric_renamings[i];
        if (str_is(name, r->old_name) && is_known(k, r->new_name)) {
            *ret = (struct proposal){str_of(r->new_name), r->since, true, 1 / r->scale, NULL};
            return true;
        }
        if (str_is(name, r->new_name) && is_known(k, r->old_name)) {
            *ret = (struct proposal){str_of(r->old_name), r->since, true, r->scale, NULL};
            return true;
        }
    }
    return false;
}

static bool translated(const struct known *k, struct str name, struct proposal *ret)
{
    for (size_t i = 0; i < equivalences_len; i++) {
        const struct equivalence *e = &equivalences[i];
        if (str_is(name, e->dcgm) && !equivalence_is_expression(e->all_smi) &&
            is_known(k, e->all_smi))
            *ret = (struct proposal){str_of(e->all_smi), "", true, e->scale, e};
        else if (str_is(name, e->all_smi) && !equivalence_is_expression(e->dcgm) &&
                 is_known(k, e->dcgm))
            *ret = (struct proposal){str_of(e->dcgm), "", true, 1 / e->scale, e};
        else
            continue;
        return true;
    }
    return false;
}

static void propose_name(const struct known *k, struct str name, struct proposal *ret)
{
    *ret = (struct proposal){.scale = 1};
    if (renamed(k, name, ret) || translated(k, name, ret))
        return;
    for (size_t i = 0; i < mistakes_len; i++)
        if (!mistakes[i].of && str_is(name, mistakes[i].wrong)) {
            if (is_known(k, mistakes[i].right))
                *ret = (struct proposal){str_of(mistakes[i].right), NULL, true, 1, NULL};
            return;
        }
    ret->name = known_nearest(k, name);
    ret->certain = ret->name.len && known_is_slip(name, ret->name);
}

void ask_advise(const struct known *k, struct str name, char *to, size_t size)
{
    struct proposal p;

    propose_name(k, name, &p);
    if (p.equivalence)
        snprintf(to, size,
                 "%.*s says the same: algalon migrate dashboard translates the file (or --fix)",
                 STR_ARG(p.name));
    else if (p.why)
        snprintf(to, size, "renamed with %s: here it is %.*s%s (--fix)", p.why, STR_ARG(p.name),
                 p.scale == 1 ? "" : ", in another unit");
    else if (p.name.len)
        snprintf(to, size, "the nearest is %.*s%s", STR_ARG(p.name), p.certain ? " (--fix)" : "");
    else if (equivalence_why_none(name))
        snprintf(to, size, "%s", equivalence_why_none(name));
    else
        snprintf(to, size, "nothing there is like it");
}

static void unknown_name(const struct known *k, const struct ask *ask, struct str name,
                         struct report *r)
{
    char advice[300];

    ask_advise(k, name, advice, sizeof(advice));
    report_add(r, REPORT_ERROR, ask->line, ask->place, advice, "no metric %.*s in %s: empty",
               STR_ARG(name), k->source);
}

/* ---- labels ---- */

bool ask_set_by_scraper(struct str label)
{
    static const char *const names[] = {"instance", "job", "le", "quantile", LABEL_NAME};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(label, names[i]))
            return true;
    return str_starts(label, STR("exported_")) || str_starts(label, STR("__variable_"));
}

static bool has_label(const struct known_family *f, const char *label)
{
    return known_has_label(f, str_of(label));
}

static void propose_label(const struct known_family *f, struct str family, struct str label,
                          struct proposal *ret)
{
    *ret = (struct proposal){.scale = 1};
    for (size_t i = 0; i < label_renamings_len; i++) {
        const struct renaming *r = &label_renamings[i];
        const char *other = str_is(label, r->old_name)   ? r->new_name
                            : str_is(label, r->new_name) ? r->old_name
                                                         : NULL;
        if (other && has_label(f, other)) {
            *ret = (struct proposal){str_of(other), r->since, true, 1, NULL};
            return;
        }
    }
    for (size_t i = 0; i < mistakes_len; i++) {
        const struct mistake *m = &mistakes[i];
        if (m->of && str_is(label, m->wrong) && str_starts(family, str_of(m->of)) &&
            has_label(f, m->right)) {
            *ret = (struct proposal){str_of(m->right), NULL, true, 1, NULL};
            return;
        }
    }
    bool dcgm = str_starts(f->name, STR("DCGM_"));
    for (size_t i = 0; i < label_equivalences_len; i++) {
        const struct label_equivalence *e = &label_equivalences[i];
        const char *here = dcgm ? e->dcgm : e->all_smi, *there = dcgm ? e->all_smi : e->dcgm;
        if (here && there && str_is(label, there) && has_label(f, here)) {
            *ret = (struct proposal){str_of(here), NULL, true, 1, NULL};
            return;
        }
    }
    ret->name = known_nearest_label(f, label);
    ret->certain = ret->name.len && known_is_slip(label, ret->name);
}

static void unknown_label(const struct known_family *f, const struct ask *ask, struct str label,
                          enum report_level level, const char *what, struct report *r)
{
    struct proposal p;
    char advice[300];

    propose_label(f, f->name, label, &p);
    if (p.why)
        snprintf(advice, sizeof(advice), "renamed with %s: here it is %.*s (--fix)", p.why,
                 STR_ARG(p.name));
    else if (p.name.len)
        snprintf(advice, sizeof(advice), "the nearest is %.*s%s", STR_ARG(p.name),
                 p.certain ? " (--fix)" : "");
    else
        snprintf(advice, sizeof(advice),
                 "no exporter gives it: the scrape configuration must add it");
    report_add(r, level, ask->line, ask->place, advice, "%s label %.*s, which %.*s does not have",
               what, STR_ARG(label), STR_ARG(f->name));
}

/* ---- one selector ---- */

static bool takes_absent(const struct promql_matcher_place *m)
{
    struct matcher matcher;
    bool takes = true;

    if (variables_stand_in(m->value))
        return true; /* "All" may be anything */
    if (!matcher_init(&matcher, m->type, m->name, m->value, NULL)) {
        takes = matcher_takes_empty(&matcher);
        matcher_fini(&matcher);
    }
    return takes;
}

static bool series_match(const struct known_family *f, const struct promql_selector_place *s)
{
    struct matcher matchers[64];
    size_t n = 0;
    bool found = false;

    for (size_t i = 0; i < s->len && n < ARRAY_LEN(matchers); i++) {
        const struct promql_matcher_place *m = &s->matchers[i];
        if (variables_stand_in(m->value) || ask_set_by_scraper(m->name))
            continue;
        if (!matcher_init(&matchers[n], m->type, m->name, m->value, NULL))
            n++;
    }
    for (size_t i = 0; i < f->len && !found; i++)
        found = matchers_match(matchers, n, f->series[i]) == 1;
    while (n)
        matcher_fini(&matchers[--n]);
    return found;
}

static bool check_selector(const struct known *k, const struct ask *ask,
                           const struct promql_selector_place *s, struct report *r)
{
    const struct known_family *f = known_find(k, s->name);
    bool good = true;

    if (!s->name.len || variables_stand_in(s->name) || made_elsewhere(s->name))
        return true;
    if (!f) {
        unknown_name(k, ask, s->name, r);
        return false;
    }
    for (size_t i = 0; i < s->len; i++) {
        const struct promql_matcher_place *m = &s->matchers[i];
        if (ask_set_by_scraper(m->name) || known_has_label(f, m->name))
            continue;
        unknown_label(f, ask, m->name, takes_absent(m) ? REPORT_WARNING : REPORT_ERROR, "matches",
                      r);
        good = false;
    }
    if (good && k->has_series && f->len && !series_match(f, s)) {
        report_add(r, REPORT_WARNING, ask->line, ask->place, NULL,
                   "no series of %.*s has the values that it asks for now: empty",
                   STR_ARG(s->name));
        good = false;
    }
    return good;
}

/* ---- around it ---- */

/* A label that none of the metrics asked for has. */
static bool check_label(const struct known *k, const struct ask *ask,
                        const struct promql_outline *o, struct str label, const char *what,
                        struct report *r)
{
    const struct known_family *first = NULL;

    if (ask_set_by_scraper(label) || variables_stand_in(label))
        return true;
    for (size_t i = 0; i < o->selector_len; i++) {
        const struct known_family *f = known_find(k, o->selectors[i].name);
        if (!f) /* not ours, or said already */
            return true;
        if (known_has_label(f, label))
            return true;
        first = first ? first : f;
    }
    for (size_t i = 0; i < o->label_len; i++) /* label_replace() makes it */
        if (o->labels[i].quoted && str_equal(o->labels[i].name, label))
            return true;
    if (first)
        unknown_label(first, ask, label, REPORT_WARNING, what, r);
    return !first;
}

static bool check_legend(const struct known *k, const struct ask *ask,
                         const struct promql_outline *o, struct report *r)
{
    struct str rest = str_of(ask->legend);
    bool good = true;
    const char *open, *end;

    while (rest.len && (open = memmem(rest.ptr, rest.len, "{{", 2)) &&
           (end = memmem(open, (size_t)(rest.ptr + rest.len - open), "}}", 2))) {
        struct str label = str_trim(str_make(open + 2, (size_t)(end - open) - 2));
        if (label_name_is_valid(label))
            good = check_label(k, ask, o, label, "its legend shows", r) && good;
        rest = str_make(end + 2, (size_t)(rest.ptr + rest.len - end - 2));
    }
    return good;
}

static struct promql_unit unit_of(void *ctx, struct str name)
{
    const struct known_family *f = ctx ? known_find(ctx, name) : NULL;
    const struct catalogue_family *c = f ? NULL : catalogue_find(name);

    return unit_of_catalogue(f ? f->unit : c ? c->unit : NULL);
}

struct promql_unit ask_unit(const struct known *k, struct str expr)
{
    struct promql_unit unit = {NULL, 1};
    struct promql_error err;
    struct variables *v = xnew(struct variables);
    struct arena arena;

    arena_init(&arena, ASK_MEMORY_MAX);
    if (variables_hide(expr, &arena, v, &err) ||
        promql_unit(v->text, unit_of, (void *)(uintptr_t)k, &unit, &err))
        unit.dimension = NULL;
    arena_fini(&arena);
    free(v);
    return unit;
}

static bool check_unit(const struct known *k, const struct ask *ask, struct report *r)
{
    struct promql_unit is = ask_unit(k, ask->expr), shown = unit_of_panel(ask->panel_unit);
    char is_words[80], shown_words[80], advice[120] = "";
    const char *better = unit_panel_name(is);

    if (unit_fits(is, shown))
        return true;
    if (better)
        snprintf(advice, sizeof(advice), "give the panel the unit '%s' (--fix)", better);
    report_add(r, REPORT_WARNING, ask->line, ask->place, advice,
               "it gives %s, and the panel shows them as '%s' (%s)", unit_words(is, is_words),
               ask->panel_unit, unit_words(shown, shown_words));
    return false;
}

/* An unknown name that stands twice in an expression is told once. */
static bool said_before(const struct known *known, const struct promql_outline *o, size_t i)
{
    if (known_find(known, o->selectors[i].name))
        return false;
    for (size_t k = 0; k < i; k++)
        if (str_equal(o->selectors[k].name, o->selectors[i].name))
            return true;
    return false;
}

bool ask_check(const struct ask *ask, const struct known *k, struct report *r)
{
    struct promql_outline outline;
    struct promql_error err;
    struct variables *v = xnew(struct variables);
    struct arena arena;
    bool good = true;

    arena_init(&arena, ASK_MEMORY_MAX);
    if (variables_hide(ask->expr, &arena, v, &err) ||
        promql_outline(v->text, &arena, &outline, &err)) {
        report_add(r, REPORT_ERROR, ask->line, ask->place, NULL, "it cannot be read: %s", err.text);
        good = false;
    } else if (k) {
        for (size_t i = 0; i < outline.selector_len; i++)
            if (!said_before(k, &outline, i))
                good = check_selector(k, ask, &outline.selectors[i], r) && good;
        for (size_t i = 0; i < outline.label_len; i++)
            if (!outline.labels[i].quoted)
                good =
                    check_label(k, ask, &outline, outline.labels[i].name, "groups by", r) && good;
        if (ask->label.len)
            good = check_label(k, ask, &outline, ask->label, "asks for", r) && good;
        if (ask->legend)
            good = check_legend(k, ask, &outline, r) && good;
        if (ask->panel_unit)
            good = check_unit(k, ask, r) && good;
    }
    if (good)
        report_add(r, REPORT_OK, ask->line, ask->place, NULL,
                   !k              ? "can be read"
                   : k->has_series ? "has data"
                                   : "asks for what there is");
    arena_fini(&arena);
    free(v);
    return good;
}

/* ---- putting right ---- */

/* `metric` was of the other exporter: its labels are another's too. */
static bool of_other_schema(struct str metric, const struct known_family *f)
{
    return str_starts(metric, STR("DCGM_")) != str_starts(f->name, STR("DCGM_"));
}

static enum translate_verdict repair_metric(void *ctx, const struct promql_selector_place *s,
                                            struct translation *ret, const char **ret_reason)
{
    const struct known *k = ctx;
    const struct known_family *f = known_find(k, s->name);
    struct proposal p;

    (void)ret_reason;
    if (variables_stand_in(s->name) || made_elsewhere(s->name))
        return TRANSLATE_KEEP;
    if (f) { /* its labels may be wrong */
        *ret = (struct translation){f->name.ptr, NULL, NULL, 1};
        return TRANSLATE_CHANGE;
    }
    propose_name(k, s->name, &p);
    if (!p.certain)
        return TRANSLATE_KEEP;
    bool to_dcgm = str_starts(p.name, STR("DCGM_"));
    if (p.equivalence) {
        const struct translator *t = to_dcgm ? &translate_to_dcgm : &translate_to_all_smi;
        return t->metric(t->ctx, s, ret, ret_reason) == TRANSLATE_CHANGE ? TRANSLATE_CHANGE
                                                                         : TRANSLATE_KEEP;
    }
    *ret = (struct translation){known_find(k, p.name)->name.ptr, NULL, NULL, p.scale};
    return TRANSLATE_CHANGE;
}

static bool repair_label(void *ctx, struct str metric, struct str label,
                         struct label_translation *ret)
{
    const struct known *k = ctx;
    struct str family = metric;
    const struct known_family *f = known_find(k, metric);
    struct proposal p;

    if (!f && metric.len) {
        propose_name(k, metric, &p);
        f = p.certain ? known_find(k, p.name) : NULL;
    }
    if (!f || ask_set_by_scraper(label) || known_has_label(f, label)) {
        /* In the other schema `gpu` is another thing, though a label of this name is there. */
        if (!f || !of_other_schema(metric, f))
            return false;
        const struct translator *t =
            str_starts(f->name, STR("DCGM_")) ? &translate_to_dcgm : &translate_to_all_smi;
        return t->label(t->ctx, metric, label, ret) && ret->name.len;
    }
    propose_label(f, family, label, &p);
    if (!p.certain)
        return false;
    *ret = (struct label_translation){p.name, "", false};
    return true;
}

struct translator ask_repairs(const struct known *k)
{
    return (struct translator){(void *)(uintptr_t)k, repair_metric, repair_label};
}
