#include "base/map.h"

#include "base/hash.h"
#include "base/mem.h"

#include <errno.h>

static char tombstone; /* the address marks a place whose entry was taken out */

static bool is_live(const struct map_entry *e)
{
    return e->value && e->value != &tombstone;
}

void map_fini(struct map *m)
{
    free(m->entries);
    *m = (struct map){0};
}

static struct map_entry *find(const struct map *m, struct str key, uint64_t hash)
{
    if (!m->cap)
        return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct map_entry *e = &m->entries[i];
        if (!e->value)
            return NULL;
        if (e->hash == hash && is_live(e) && str_equal(e->key, key))
            return e;
    }
}

void *map_get(const struct map *m, struct str key)
{
    struct map_entry *e = find(m, key, hash_bytes(key.ptr, key.len));
    return e ? e->value : NULL;
}

static int rebuild(struct map *m, size_t cap)
{
    struct map_entry *fresh = calloc(cap, sizeof(*fresh));

    if (!fresh)
        return -ENOMEM;
    for (size_t i = 0; i < m->cap; i++) {
        if (!is_live(&m->entries[i]))
            continue;
        size_t at = m->entries[i].hash & (cap - 1);
        while (fresh[at].value)
            at = (at + 1) & (cap - 1);
        fresh[at] = m->entries[i];
    }
    free(m->entries);
    m->entries = fresh;
    m->cap = cap;
    m->dead = 0;
    return 0;
}

int map_put(struct map *m, struct str key, void *value, void **ret_old)
{
    uint64_t hash = hash_bytes(key.ptr, key.len);
    struct map_entry *e = find(m, key, hash);

    if (ret_old)
        *ret_old = e ? e->value : NULL;
    if (e) {
        e->key = key;
        e->value = value;
        return 0;
    }
    if ((m->len + m->dead + 1) * 4 > m->cap * 3) {
        size_t cap = m->len * 2 >= m->cap ? MAX(m->cap * 2, (size_t)16) : m->cap;
        int code = rebuild(m, cap);
        if (code)
            return code;
    }
    size_t at = hash & (m->cap - 1);
    while (is_live(&m->entries[at]))
        at = (at + 1) & (m->cap - 1);
    if (m->entries[at].value)
        m->dead--;
    m->entries[at] = (struct map_entry){key, hash, value};
    m->len++;
    return 0;
}

void *map_take(struct map *m, struct str key)
{
    struct map_entry *e = find(m, key, hash_bytes(key.ptr, key.len));

    if (!e)
        return NULL;
    void *value = e->value;
    e->value = &tombstone;
    m->len--;
    m->dead++;
    return value;
}

struct map_entry *map_next(const struct map *m, size_t *at)
{
    while (*at < m->cap) {
        struct map_entry *e = &m->entries[(*at)++];
        if (is_live(e))
            return e;
    }
    return NULL;
}
