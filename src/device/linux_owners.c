#include "device/linux_owners.h"

#include <stdlib.h>

static struct str key_of(const struct process_owner *is)
{
    return str_make((const char *)is, sizeof(*is));
}

void linux_owners_init(struct linux_owners *o)
{
    map_init(&o->map);
}

void linux_owners_fini(struct linux_owners *o)
{
    map_fini(&o->map);
}

/* Without memory for its place it is kept all the same, and not found by others. */
static void list(struct linux_owners *o, struct linux_owned *e)
{
    e->listed = !map_get(&o->map, key_of(&e->is)) &&
                map_put(&o->map, key_of(&e->is), e, &(void *){NULL}) == 0;
}

static void unlist(struct linux_owners *o, struct linux_owned *e)
{
    if (e->listed)
        map_take(&o->map, key_of(&e->is));
    e->listed = false;
}

struct linux_owned *linux_owners_take(struct linux_owners *o, const struct process_owner *is)
{
    struct linux_owned *e = map_get(&o->map, key_of(is));

    if (!e) {
        e = xnew(struct linux_owned);
        memcpy(&e->is, is, sizeof(e->is)); /* with what lies between its members */
        list(o, e);
    }
    e->refs++;
    return e;
}

void linux_owners_drop(struct linux_owners *o, struct linux_owned *e)
{
    if (!e || --e->refs)
        return;
    unlist(o, e);
    free(e);
}

void linux_owners_change(struct linux_owners *o, struct linux_owned *e,
                         void (*change)(void *ctx, struct process_owner *is), void *ctx)
{
    unlist(o, e);
    change(ctx, &e->is);
    list(o, e);
}

const struct process_owner *linux_owners_show(struct linux_owned *e, uint64_t turn,
                                              struct arena *arena)
{
    if (e->turn == turn && e->shown)
        return e->shown;
    struct process_owner *copy = arena_alloc(arena, sizeof(*copy));
    if (copy)
        *copy = e->is;
    e->turn = turn;
    e->shown = copy;
    return copy;
}
