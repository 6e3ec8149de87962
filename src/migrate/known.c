#include "migrate/known.h"

#define DISTANCE_MAX 128 /* bytes of names that are compared */

/* ---- making ---- */

int known_begin(struct known *k, const char *source)
{
    *k = (struct known){0};
    arena_init(&k->arena, 0);
    map_init(&k->families);
    k->source = arena_strndup(&k->arena, source, strlen(source));
    if (k->source)
        return 0;
    known_fini(k);
    return -ENOMEM;
}

void known_fini(struct known *k)
{
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&k->families, &at));)
        free(((struct known_family *)e->value)->series);
    map_fini(&k->families);
    arena_fini(&k->arena);
}

static struct known_family *family(struct known *k, struct str name)
{
    struct known_family *f = map_get(&k->families, name);

    if (f)
        return f;
    f = arena_new(&k->arena, struct known_family);
    char *copy = f ? arena_strndup(&k->arena, name.ptr, name.len) : NULL;
    if (!copy)
        return NULL;
    f->name = str_make(copy, name.len);
    const struct catalogue_family *known = catalogue_find(name);
    f->unit = known ? known->unit : NULL;
    return map_put(&k->families, f->name, f, NULL) ? NULL : f;
}

int known_declare(struct known *k, const char *name, const char *unit, const char *declared,
                  bool chosen)
{
    struct known_family *f = family(k, str_of(name));

    if (!f)
        return -ENOMEM;
    f->unit = unit;
    f->declared = declared;
    f->chosen = chosen;
    return 0;
}

int known_from_schema(const char *schema, struct known *ret, struct error *err)
{
    bool dcgm = !strcmp(schema, "dcgm");

    if (!dcgm && strcmp(schema, "all-smi"))
        return error_set(err, -EINVAL, "'%s' is no schema: all-smi or dcgm", schema);
    int code = known_begin(ret, schema);
    for (size_t i = 0; i < catalogue_len() && !code; i++) {
        struct str name = str_of(catalogue_at(i)->name);
        if (str_starts(name, STR("DCGM_")) != dcgm || catalogue_is_alias(catalogue_at(i)))
            continue;
        code = known_declare(ret, catalogue_at(i)->name, catalogue_at(i)->unit,
                             catalogue_at(i)->labels, catalogue_at(i)->chosen);
    }
    if (code)
        known_fini(ret);
    return code ? error_errno(err, code, "schema %s", schema) : 0;
}

static int add_series(struct known *k, struct str series)
{
    struct labels labels;

    if (exposition_labels(series, &k->arena, &labels, NULL)) {
        k->bad_lines++;
        return 0;
    }
    struct known_family *f = family(k, labels_name(labels));
    struct labels *grown =
        f ? array_grow(f->series, &f->cap, f->len + 1, sizeof(*f->series)) : NULL;
    if (!grown)
        return -ENOMEM;
    f->series = grown;
    f->series[f->len++] = labels;
    return 0;
}

int known_from_exposition(const char *source, struct str text, struct known *ret, struct error *err)
{
    int code = known_begin(ret, source), found;
    char *copy = code ? NULL : arena_strndup(&ret->arena, text.ptr, text.len);
    struct exposition e = {.rest = str_make(copy, copy ? text.len : 0)};
    struct exposition_line line;
    size_t series = 0;

    if (!copy)
        code = -ENOMEM;
    ret->has_series = true;
    while (!code && (found = exposition_next(&e, &line, NULL)) != 0) {
        if (found < 0)
            ret->bad_lines++;
        else if (line.kind == EXPOSITION_SAMPLE)
            code = ++series > KNOWN_SERIES_MAX ? -E2BIG : add_series(ret, line.series);
    }
    if (!code && !ret->families.len)
        code = -ENODATA;
    if (code)
        known_fini(ret);
    if (code == -ENODATA)
        return error_set(err, code, "%s holds no series", source);
    return code ? error_errno(err, code, "%s", source) : 0;
}

/* ---- asking ---- */

const struct known_family *known_find(const struct known *k, struct str name)
{
    return map_get(&k->families, name);
}

static struct str next_declared(struct str *rest)
{
    struct str label = str_cut(rest, ',');

    if (label.len && label.ptr[label.len - 1] == '?')
        label.len--;
    return label;
}

bool known_has_label(const struct known_family *f, struct str label)
{
    for (struct str rest = str_of(f->declared); f->declared && rest.ptr;)
        if (str_equal(next_declared(&rest), label))
            return true;
    for (size_t i = 0; i < f->len; i++)
        if (labels_get(f->series[i], label).len)
            return true;
    return false;
}

/* Levenshtein's distance of at most DISTANCE_MAX bytes. */
static size_t distance(struct str a, struct str b)
{
    size_t row[DISTANCE_MAX + 1];

    a.len = MIN(a.len, (size_t)DISTANCE_MAX);
    b.len = MIN(b.len, (size_t)DISTANCE_MAX);
    for (size_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t swap = corner + (a.ptr[i - 1] != b.ptr[k - 1]);
            corner = row[k];
            row[k] = MIN(MIN(row[k] + 1, row[k - 1] + 1), swap);
        }
    }
    return row[b.len];
}

static bool has_word(struct str in, struct str word)
{
    for (struct str rest = in; rest.ptr;)
        if (str_equal(str_cut(&rest, '_'), word))
            return true;
    return false;
}

/* Words in common, as a share of all words; the distance decides between equals. */
static double likeness(struct str a, struct str b)
{
    size_t common = 0, words = 0;

    for (struct str rest = a; rest.ptr;) {
        common += has_word(b, str_cut(&rest, '_'));
        words++;
    }
    for (struct str rest = b; rest.ptr; words++)
        str_cut(&rest, '_');
    double far = (double)distance(a, b) / (double)MAX(MAX(a.len, b.len), (size_t)1);
    return 2.0 * (double)common / (double)words + (str_starts(b, a) ? 0.2 : 0) + (1 - far);
}

static void closer(struct str wanted, struct str candidate, double *best, struct str *ret)
{
    double score = likeness(wanted, candidate);

    if (score > *best || (score == *best && str_compare(candidate, *ret) < 0)) {
        *best = score;
        *ret = candidate;
    }
}

struct str known_nearest(const struct known *k, struct str wanted)
{
    struct str nearest = STR("");
    double best = 1.1; /* a third of the words and half of the letters */
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&k->families, &at));)
        closer(wanted, e->key, &best, &nearest);
    return nearest;
}

struct str known_nearest_label(const struct known_family *f, struct str wanted)
{
    struct str nearest = STR("");
    double best = 0.7;

    for (struct str rest = str_of(f->declared); f->declared && rest.ptr;)
        closer(wanted, next_declared(&rest), &best, &nearest);
    for (size_t i = 0; i < MIN(f->len, (size_t)100); i++)
        for (size_t k = 0; k < f->series[i].len; k++)
            if (!str_is(f->series[i].items[k].name, LABEL_NAME))
                closer(wanted, f->series[i].items[k].name, &best, &nearest);
    return nearest;
}

bool known_is_slip(struct str wrong, struct str right)
{
    static const char *const units[] = {"_bytes",   "_celsius", "_watts", "_total",
                                        "_seconds", "_percent", "_ratio"};

    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_starts(right, wrong) && right.len == wrong.len + strlen(units[i]) &&
            str_ends(right, str_of(units[i])))
            return true;
    return MIN(wrong.len, right.len) >= 4 && distance(wrong, right) <= 2;
}
