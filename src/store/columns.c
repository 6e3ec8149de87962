/* columns.c - a set of columns of many groups. */
#include "store/columns.h"

struct columns {
    uint32_t group;
    uint8_t *bits;
    size_t cap; /* bytes */
};

static struct str key_of(const uint32_t *group)
{
    return str_make((const char *)group, sizeof(*group));
}

int column_set_add(struct column_set *s, uint32_t group, uint32_t column)
{
    struct columns *c = map_get(&s->groups, key_of(&group));

    if (!c) {
        c = xnew(struct columns);
        c->group = group;
        if (map_put(&s->groups, key_of(&c->group), c, NULL)) {
            free(c);
            return -ENOMEM;
        }
    }
    uint8_t *grown = array_grow(c->bits, &c->cap, (size_t)column / 8 + 1, 1);
    if (!grown)
        return -ENOMEM;
    c->bits = grown;
    uint8_t bit = (uint8_t)(1u << (column % 8));
    bool is_new = !(c->bits[column / 8] & bit);
    c->bits[column / 8] |= bit;
    return is_new;
}

bool column_set_has(const struct column_set *s, uint32_t group, uint32_t column)
{
    const struct columns *c = map_get(&s->groups, key_of(&group));
    return c && column / 8 < c->cap && c->bits[column / 8] >> (column % 8) & 1;
}

bool column_set_touches(const struct column_set *s, uint32_t group)
{
    return map_get(&s->groups, key_of(&group)) != NULL;
}

void column_set_drop(struct column_set *s, uint32_t group)
{
    struct columns *c = map_take(&s->groups, key_of(&group));

    if (c)
        free(c->bits);
    free(c);
}

bool column_set_empty(const struct column_set *s)
{
    return s->groups.len == 0;
}

void column_set_fini(struct column_set *s)
{
    struct map_entry *e;
    size_t at = 0;

    while ((e = map_next(&s->groups, &at))) {
        struct columns *c = e->value;
        free(c->bits);
        free(c);
    }
    map_fini(&s->groups);
}
