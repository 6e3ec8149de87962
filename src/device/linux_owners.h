/* linux_owners.h - the owners of all processes, each kept once: a container's processes have the
 * same one, and it is large. Used by one thread. */
#ifndef ALGALON_DEVICE_LINUX_OWNERS_H
#define ALGALON_DEVICE_LINUX_OWNERS_H

#include "device/device.h"

struct linux_owned {
    struct process_owner is; /* changed by linux_owners_change() only */
    size_t refs;
    bool listed; /* found by others who have the same */
    uint64_t turn;
    const struct process_owner *shown; /* in that turn's arena */
};

struct linux_owners {
    struct map map; /* from the bytes of an owner to its entry */
};

void linux_owners_init(struct linux_owners *o);

/** All must have been dropped before. */
void linux_owners_fini(struct linux_owners *o);

/** The entry that equals `is`, for one more process; never NULL. */
struct linux_owned *linux_owners_take(struct linux_owners *o, const struct process_owner *is);

/** One process less; NULL is fine. */
void linux_owners_drop(struct linux_owners *o, struct linux_owned *e);

/** Has `change` complete an entry, for all its processes. */
void linux_owners_change(struct linux_owners *o, struct linux_owned *e,
                         void (*change)(void *ctx, struct process_owner *is), void *ctx);

/** A copy in `arena`, one a turn; NULL when it is full. */
const struct process_owner *linux_owners_show(struct linux_owned *e, uint64_t turn,
                                              struct arena *arena);

#endif
