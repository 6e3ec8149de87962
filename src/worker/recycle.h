/* recycle.h - objects shared by reference count whose memory is used again: readings and
 * snapshots. In the steady state two or three of each go round and nothing is allocated. */
#ifndef ALGALON_WORKER_RECYCLE_H
#define ALGALON_WORKER_RECYCLE_H

#include "base/base.h"

struct recycler;

/* The head of every such object: its first member. */
struct recycled {
    atomic_uint refs;
    struct recycled *next; /* in the recycler's list of free ones */
    struct recycler *home;
};

struct recycler_ops {
    size_t size;                       /* of the whole object */
    void (*init)(struct recycled *r);  /* once, of zeroed memory; may be NULL */
    void (*reset)(struct recycled *r); /* when the last reference went: lets go of what it holds */
    void (*fini)(struct recycled *r);  /* before its memory is freed */
};

/** A recycler that keeps at most `keep` unused objects. It lives until it is closed and the last
 * object came back. */
struct recycler *recycler_new(const struct recycler_ops *ops, unsigned keep);

/** The owner lets go; objects still in use stay valid. NULL is fine. */
void recycler_close(struct recycler *home);

/** An object with one reference; NULL when memory is out. Threads: any. */
MUST_CHECK struct recycled *recycler_take(struct recycler *home);

static inline void recycled_retain(struct recycled *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
}

/** Threads: any. NULL is fine. */
void recycled_release(struct recycled *r);

#endif
