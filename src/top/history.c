/* history.c - the last readings of each device. */
#include "history.h"

#include <stdlib.h>

static struct str key_of(const struct gpu *g, char *to, size_t size)
{
    int len = snprintf(to, size, "%.*s\n%.*s", STR_ARG(g->machine->name), STR_ARG(g->index));

    return str_make(to, MIN((size_t)MAX(len, 0), size - 1));
}

void history_init(struct history *h)
{
    map_init(&h->tracks);
}

static void forget(struct track *t)
{
    free(t->key);
    free(t);
}

void history_fini(struct history *h)
{
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&h->tracks, &at));)
        forget(e->value);
    map_fini(&h->tracks);
}

static struct track *track_of(struct history *h, struct str key)
{
    struct track *t = map_get(&h->tracks, key);

    if (t)
        return t;
    t = calloc(1, sizeof(*t));
    char *copy = t ? strndup(key.ptr, key.len) : NULL;
    if (!copy || map_put(&h->tracks, str_make(copy, key.len), t, NULL)) {
        free(copy);
        free(t);
        return NULL;
    }
    t->key = copy;
    for (size_t i = 0; i < HISTORY_LEN; i++)
        t->values[i] = NAN;
    return t;
}

static void shift(struct track *t, uint64_t slots)
{
    size_t n = (size_t)MIN(slots, (uint64_t)HISTORY_LEN);

    memmove(t->values, t->values + n, (HISTORY_LEN - n) * sizeof(*t->values));
    for (size_t i = HISTORY_LEN - n; i < HISTORY_LEN; i++)
        t->values[i] = NAN;
}

void history_add(struct history *h, const struct reading *r, uint64_t slot)
{
    char key[512];

    for (size_t i = 0; i < r->gpu_len; i++) {
        struct track *t = track_of(h, key_of(r->gpus[i], key, sizeof(key)));
        if (!t)
            continue;
        uint64_t slots = slot > t->slot ? slot - t->slot : 0;
        float value = (float)(r->gpus[i]->values[GPU_UTILIZATION] / 100);
        shift(t, slots);
        t->slot = slot;
        t->values[HISTORY_LEN - 1] = value;
        /* A reading is the mean since the one before: where that is two slots ago, it stands
         * for the slot between too. */
        if (slots == 2)
            t->values[HISTORY_LEN - 2] = value;
    }
}

void history_prune(struct history *h, uint64_t slot)
{
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&h->tracks, &at));) {
        struct track *t = e->value;
        if (t->slot + HISTORY_LEN >= slot)
            continue;
        (void)map_take(&h->tracks, e->key);
        forget(t);
    }
}

const float *history_get(const struct history *h, const struct gpu *g)
{
    char key[512];
    const struct track *t = map_get(&h->tracks, key_of(g, key, sizeof(key)));

    return t ? t->values : NULL;
}
