/* vector.c - lines over a grid. */
#include "promql/vector.h"

#include "promql/label_index.h"

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
