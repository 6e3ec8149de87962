/* label_index.c - a hash table of label sets, numbered as they come. */
#include "promql/label_index.h"

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

bool label_index_members(struct arena *a, const uint32_t *group_of, size_t len, size_t groups,
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
