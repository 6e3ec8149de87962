/* projection.c - picks labels by sorted names, in one walk over both. */
#include "promql/projection.h"

#include <stdlib.h>

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
