/* relate.c - which columns of a block are linear in an earlier one. */
#include "store/relate.h"

#define TABLE_LEAST 256

void relations_reset(struct relations *r)
{
    r->len = 0;
    r->used = false;
    if (r->table)
        memset(r->table, 0, r->table_len * sizeof(*r->table));
}

void relations_fini(struct relations *r)
{
    free(r->items);
    free(r->table);
    *r = (struct relations){0};
}

/* The place in the table where the shape is or would be. */
static size_t place_of(const struct relations *r, const struct column_shape *shape)
{
    size_t at = shape->hash[0] & (r->table_len - 1);

    for (; r->table[at]; at = (at + 1) & (r->table_len - 1)) {
        const struct column_shape *s = &r->items[r->table[at] - 1].shape;
        if (s->hash[0] == shape->hash[0] && s->hash[1] == shape->hash[1] && s->n == shape->n)
            break;
    }
    return at;
}

const struct relation *relations_find(const struct relations *r, const struct column_shape *shape)
{
    if (!r->len)
        return NULL;
    uint32_t found = r->table[place_of(r, shape)];
    return found ? &r->items[found - 1] : NULL;
}

static bool grow_table(struct relations *r)
{
    size_t len = MAX(r->table_len * 2, (size_t)TABLE_LEAST);
    uint32_t *fresh = calloc(len, sizeof(*fresh));

    if (!fresh)
        return false;
    free(r->table);
    r->table = fresh;
    r->table_len = len;
    for (size_t i = 0; i < r->len; i++)
        fresh[place_of(r, &r->items[i].shape)] = (uint32_t)i + 1;
    return true;
}

void relations_add(struct relations *r, const struct column_shape *shape, uint32_t column)
{
    struct relation *grown = array_grow(r->items, &r->cap, r->len + 1, sizeof(*grown));

    if (grown)
        r->items = grown;
    if (!grown || ((r->len + 1) * 2 > r->table_len && !grow_table(r)))
        return;
    r->items[r->len] = (struct relation){*shape, column};
    r->table[place_of(r, shape)] = (uint32_t)++r->len;
}
