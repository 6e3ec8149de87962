/* changes.c - see changes.h. */
#include "migrate/changes.h"

#include "migrate/ask.h"
#include "migrate/releases.h"

#include <stdlib.h>

int known_from_release(struct str version, struct known *ret, struct error *err)
{
    const struct release *release = release_find(version);
    char source[64];

    if (!release) {
        struct buf there;
        buf_init(&there, 0);
        for (size_t i = 0; i < releases_len; i++)
            buf_printf(&there, "%s%s", i ? ", " : "", releases[i].version);
        error_set(err, -EINVAL, "there is no release %.*s of algalon; known are %.*s",
                  STR_ARG(version), STR_ARG(buf_str(&there)));
        buf_fini(&there);
        return -EINVAL;
    }
    snprintf(source, sizeof(source), "algalon %s", release->version);
    int code = known_begin(ret, source);
    for (size_t i = 0; i < release->len && !code; i++) {
        const struct release_name *n = &release->names[i];
        code = known_declare(ret, n->name, n->unit, n->labels, n->chosen);
    }
    if (code)
        known_fini(ret);
    return code ? error_errno(err, code, "release %s", release->version) : 0;
}

int known_from_catalogue(struct known *ret, struct error *err)
{
    int code = known_begin(ret, "this version");

    for (size_t i = 0; i < catalogue_len() && !code; i++) {
        const struct catalogue_family *f = catalogue_at(i);
        code = known_declare(ret, f->name, f->unit, f->labels, f->chosen);
    }
    if (code)
        known_fini(ret);
    return code ? error_errno(err, code, "catalogue") : 0;
}

/* ---- telling ---- */

struct telling {
    const struct known *before, *now;
    const struct usage *usage;
    struct report *report;
};

/* Says what is otherwise with a metric: of each file that asks for it, else in general. */
static void tell(const struct telling *t, struct str name, const char *advice, const char *what)
{
    const struct usage_metric *used = t->usage ? map_get(&t->usage->metrics, name) : NULL;
    const char *general = t->report->file;

    for (size_t i = 0; used && i < used->len; i++) {
        t->report->file = used->places[i].file;
        report_add(t->report, REPORT_ERROR, 0, NULL, advice, "%s", what);
    }
    t->report->file = general;
    if (!used)
        report_add(t->report, REPORT_WARNING, 0, NULL, advice, "%s", what);
}

static void tell_gone(const struct telling *t, struct str name)
{
    char advice[300], what[300];

    ask_advise(t->now, name, advice, sizeof(advice));
    snprintf(what, sizeof(what), "%.*s is gone", STR_ARG(name));
    tell(t, name, advice, what);
}

/* The labels of a family, each once, into `a`; those that may be absent too. */
static struct str *labels_of(const struct known_family *f, struct arena *a, size_t *ret_len)
{
    struct str *list = NULL;
    size_t len = 0, cap = 0;

    for (struct str rest = str_of(f->declared ? f->declared : ""); rest.len;) {
        struct str label = str_cut(&rest, ',');
        if (str_ends(label, STR("?")))
            label.len--;
        struct str *grown = array_grow(list, &cap, len + 1, sizeof(*grown));
        if (!grown)
            break;
        list = grown;
        list[len++] = label;
    }
    for (size_t i = 0; i < f->len; i++)
        for (size_t k = 0; k < f->series[i].len; k++) {
            struct str label = f->series[i].items[k].name;
            size_t at = 0;
            while (at < len && !str_equal(list[at], label))
                at++;
            struct str *grown = at < len ? NULL : array_grow(list, &cap, len + 1, sizeof(*grown));
            if (!grown)
                continue;
            list = grown;
            list[len++] = label;
        }
    struct str *kept = arena_calloc(a, len + 1, sizeof(*kept));
    if (kept && len)
        memcpy(kept, list, len * sizeof(*kept));
    free(list);
    *ret_len = kept ? len : 0;
    return kept;
}

static void compare_labels(const struct telling *t, const struct known_family *old,
                           const struct known_family *new)
{
    struct arena a;
    char what[300];
    size_t len;

    arena_init(&a, 0);
    const struct str *labels = labels_of(old, &a, &len);
    for (size_t i = 0; i < len; i++) {
        if (known_has_label(new, labels[i]) || ask_set_by_scraper(labels[i]))
            continue;
        struct str nearest = known_nearest_label(new, labels[i]);
        char advice[160] = "";
        if (nearest.len)
            snprintf(advice, sizeof(advice), "the nearest is %.*s", STR_ARG(nearest));
        snprintf(what, sizeof(what), "%.*s has no label %.*s any more", STR_ARG(old->name),
                 STR_ARG(labels[i]));
        tell(t, old->name, advice, what);
    }
    labels = labels_of(new, &a, &len);
    for (size_t i = 0; i < len; i++)
        if (!known_has_label(old, labels[i]) && !ask_set_by_scraper(labels[i]))
            report_add(t->report, REPORT_NOTE, 0, NULL, NULL, "%.*s has a label %.*s",
                       STR_ARG(old->name), STR_ARG(labels[i]));
    arena_fini(&a);
}

static void compare_family(const struct telling *t, const struct known_family *old)
{
    const struct known_family *new = known_find(t->now, old->name);
    char what[300];

    if (!new) {
        tell_gone(t, old->name);
        return;
    }
    if (old->unit && new->unit && strcmp(old->unit, new->unit) != 0) {
        snprintf(what, sizeof(what), "%.*s is in %s, and was in %s", STR_ARG(old->name), new->unit,
                 old->unit);
        tell(t, old->name, "divide or multiply where it is shown, and in thresholds", what);
    }
    if (new->chosen && !old->chosen) {
        snprintf(what, sizeof(what), "%.*s is no longer given unasked", STR_ARG(old->name));
        tell(t, old->name, "name it in the file of --dcgm.collectors", what);
    }
    compare_labels(t, old, new);
}

static int by_name(const void *a, const void *b)
{
    const struct known_family *const *x = a, *const *y = b;

    return str_compare((*x)->name, (*y)->name);
}

/* All families in order of names; NULL: memory is out. */
static const struct known_family **in_order(const struct known *k, struct arena *a)
{
    const struct known_family **list = arena_calloc(a, k->families.len + 1, sizeof(*list));
    size_t at = 0, len = 0;

    for (struct map_entry *e; list && (e = map_next(&k->families, &at));)
        list[len++] = e->value;
    if (list)
        qsort(list, len, sizeof(*list), by_name);
    return list;
}

void changes_report(const struct known *before, const struct known *now, const struct usage *usage,
                    struct report *r)
{
    const struct telling t = {before, now, usage, r};
    struct arena a;

    arena_init(&a, 0);
    const struct known_family **old = in_order(before, &a), **new = in_order(now, &a);
    if (!old || !new)
        report_add(r, REPORT_ERROR, 0, NULL, NULL, "out of memory");
    for (size_t i = 0; old && old[i]; i++)
        compare_family(&t, old[i]);
    for (size_t i = 0; new &&new[i]; i++)
        if (!known_find(before, new[i]->name))
            report_add(r, REPORT_NOTE, 0, NULL, NULL, "%.*s is new", STR_ARG(new[i]->name));
    report_add(r, REPORT_OK, 0, NULL, NULL, "%zu names before, %zu now", before->families.len,
               now->families.len);
    arena_fini(&a);
}
