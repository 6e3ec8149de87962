/* vector.c - lines over a grid, and finding the ones whose labels agree. */
#include "promql/vector.h"

#include <stdlib.h>

void vector_clear(double *values, size_t n)
{
    double absent = value_absent();

    for (size_t i = 0; i < n; i++)
        values[i] = absent;
}

bool vector_new(struct arena *a, size_t len, size_t steps, struct vector *ret)
{
    size_t cells, bytes;

    if (!size_mul(len, steps, &cells) || !size_mul(cells, sizeof(double), &bytes))
        return false;
    ret->lines = arena_calloc(a, len + 1, sizeof(*ret->lines));
    double *values = arena_alloc(a, bytes + sizeof(double));
    if (!ret->lines || !values)
        return false;
    vector_clear(values, cells);
    for (size_t i = 0; i < len; i++)
        ret->lines[i].values = values + i * steps;
    ret->len = len;
    return true;
}

void vector_drop_empty(struct vector *v, size_t steps)
{
    size_t kept = 0;

    for (size_t i = 0; i < v->len; i++) {
        const double *values = v->lines[i].values;
        size_t k = 0;
        while (k < steps && value_is_absent(values[k]))
            k++;
        if (k < steps)
            v->lines[kept++] = v->lines[i];
    }
    v->len = kept;
}

bool vector_nameless(struct labels l, struct arena *a, struct labels *ret)
{
    size_t at = 0;

    while (at < l.len && !str_is(l.items[at].name, LABEL_NAME))
        at++;
    *ret = l;
    if (at == l.len)
        return true;
    if (at == 0) {
        *ret = (struct labels){l.items + 1, l.len - 1};
        return true;
    }
    struct label *items = arena_calloc(a, l.len, sizeof(*items));
    if (!items)
        return false;
    memcpy(items, l.items, at * sizeof(*items));
    memcpy(items + at, l.items + at + 1, (l.len - at - 1) * sizeof(*items));
    *ret = (struct labels){items, l.len - 1};
    return true;
}

int vector_drop_names(struct vector *v, size_t steps, struct arena *a)
{
    bool same = true;
    struct str first = v->len ? labels_name(v->lines[0].labels) : STR("");

    for (size_t i = 0; i < v->len; i++) {
        struct line *l = &v->lines[i];
        same = same && str_equal(labels_name(l->labels), first);
        if (!vector_nameless(l->labels, a, &l->labels))
            return -ENOMEM;
    }
    /* Distinct sets with one name stay distinct without it. */
    return same ? 0 : vector_merge(v, steps, a);
}

static int merge_into(double *to, const double *from, size_t steps)
{
    for (size_t k = 0; k < steps; k++) {
        if (value_is_absent(from[k]))
            continue;
        if (!value_is_absent(to[k]))
            return -EEXIST;
        to[k] = from[k];
    }
    return 0;
}

int vector_merge(struct vector *v, size_t steps, struct arena *a)
{
    struct label_index index;
    size_t kept = 0;

    if (v->len < 2)
        return 0;
    if (!label_index_init(&index, a, v->len))
        return -ENOMEM;
    for (size_t i = 0; i < v->len; i++) {
        size_t at = label_index_put(&index, v->lines[i].labels, false);
        if (at == SIZE_MAX)
            return -ENOMEM;
        if (at == kept) {
            v->lines[kept++] = v->lines[i];
            continue;
        }
        int code = merge_into(v->lines[at].values, v->lines[i].values, steps);
        if (code)
            return code;
    }
    v->len = kept;
    return 0;
}

static int by_labels(const void *a, const void *b)
{
    return labels_compare(((const struct line *)a)->labels, ((const struct line *)b)->labels);
}

void vector_sort(struct vector *v)
{
    bool sorted = true;

    for (size_t i = 1; i < v->len && sorted; i++)
        sorted = labels_compare(v->lines[i - 1].labels, v->lines[i].labels) <= 0;
    if (!sorted)
        qsort(v->lines, v->len, sizeof(*v->lines), by_labels);
}

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

bool projection_new(struct arena *a, bool keep, const struct str *names, size_t len,
                    struct projection *ret)
{
    struct str *sorted = arena_calloc(a, len + 1, sizeof(*sorted));
    size_t kept = 0;

    if (!sorted)
        return false;
    if (len)
        memcpy(sorted, names, len * sizeof(*sorted));
    qsort(sorted, len, sizeof(*sorted), by_text);
    for (size_t i = 0; i < len; i++)
        if (!kept || !str_equal(sorted[kept - 1], sorted[i]))
            sorted[kept++] = sorted[i];
    *ret = (struct projection){keep, sorted, kept};
    return true;
}

struct labels projection_of(const struct projection *p, struct labels l,
                            struct label to[LABELS_MAX])
{
    size_t len = 0, at = 0;

    for (size_t i = 0; i < l.len && len < LABELS_MAX; i++) {
        struct str name = l.items[i].name;
        int order = 1;
        while (at < p->len && (order = str_compare(p->names[at], name)) < 0)
            at++;
        bool named = at < p->len && order == 0;
        if (p->keep ? named : !named && !str_is(name, LABEL_NAME))
            to[len++] = l.items[i];
    }
    return (struct labels){to, len};
}

static bool make_slots(struct label_index *x, size_t cap)
{
    x->slots = arena_calloc(x->arena, cap, sizeof(*x->slots));
    if (!x->slots)
        return false;
    x->mask = cap - 1;
    for (size_t i = 0; i < x->len; i++) {
        size_t at = x->hashes[i] & x->mask;
        while (x->slots[at])
            at = (at + 1) & x->mask;
        x->slots[at] = (uint32_t)i + 1;
    }
    return true;
}

static bool make_room(struct label_index *x, size_t cap)
{
    struct labels *keys = arena_calloc(x->arena, cap, sizeof(*keys));
    uint64_t *hashes = arena_calloc(x->arena, cap, sizeof(*hashes));

    if (!keys || !hashes)
        return false;
    if (x->len) {
        memcpy(keys, x->keys, x->len * sizeof(*keys));
        memcpy(hashes, x->hashes, x->len * sizeof(*hashes));
    }
    x->keys = keys;
    x->hashes = hashes;
    x->cap = cap;
    return make_slots(x, cap * 2);
}

bool label_index_init(struct label_index *x, struct arena *a, size_t expected)
{
    size_t cap = 8;

    while (cap < expected && cap < (size_t)1 << 30)
        cap *= 2;
    *x = (struct label_index){.arena = a};
    return make_room(x, cap);
}

size_t label_index_put(struct label_index *x, struct labels l, bool copy)
{
    uint64_t hash = labels_hash(l);
    size_t at = hash & x->mask;

    for (; x->slots[at]; at = (at + 1) & x->mask) {
        size_t i = x->slots[at] - 1;
        if (x->hashes[i] == hash && labels_equal(x->keys[i], l))
            return i;
    }
    if (x->len == x->cap) {
        if (x->cap >= (size_t)1 << 30 || !make_room(x, x->cap * 2))
            return SIZE_MAX;
        at = hash & x->mask;
        while (x->slots[at])
            at = (at + 1) & x->mask;
    }
    if (copy && l.len) {
        struct label *items = arena_calloc(x->arena, l.len, sizeof(*items));
        if (!items)
            return SIZE_MAX;
        memcpy(items, l.items, l.len * sizeof(*items));
        l.items = items;
    }
    x->keys[x->len] = l;
    x->hashes[x->len] = hash;
    x->slots[at] = (uint32_t)x->len + 1;
    return x->len++;
}

uint32_t *label_index_lines(struct label_index *x, const struct projection *p,
                            const struct vector *v, struct arena *a)
{
    uint32_t *numbers = arena_calloc(a, v->len + 1, sizeof(*numbers));
    struct label scratch[LABELS_MAX];

    for (size_t i = 0; numbers && i < v->len; i++) {
        size_t at = label_index_put(x, projection_of(p, v->lines[i].labels, scratch), true);
        if (at == SIZE_MAX)
            return NULL;
        numbers[i] = (uint32_t)at;
    }
    return numbers;
}

bool members_new(struct arena *a, const uint32_t *group_of, size_t len, size_t groups,
                 struct members *ret)
{
    ret->first = arena_calloc(a, groups + 2, sizeof(*ret->first));
    ret->items = arena_calloc(a, len + 1, sizeof(*ret->items));
    if (!ret->first || !ret->items)
        return false;
    for (size_t i = 0; i < len; i++)
        ret->first[group_of[i] + 2]++;
    for (size_t g = 2; g < groups + 2; g++)
        ret->first[g] += ret->first[g - 1];
    /* first[g + 1] is the next free place of group g until all are placed, then its end. */
    for (size_t i = 0; i < len; i++)
        ret->items[ret->first[group_of[i] + 1]++] = (uint32_t)i;
    return true;
}
