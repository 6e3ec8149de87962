/* recycle.c - reference counts and lists of free objects. */
#include "worker/recycle.h"

struct recycler {
    const struct recycler_ops *ops;
    unsigned keep;
    pthread_mutex_t lock; /* lock: free, free_len, out, closed */
    struct recycled *free;
    unsigned free_len;
    unsigned out; /* objects in use */
    bool closed;
};

struct recycler *recycler_new(const struct recycler_ops *ops, unsigned keep)
{
    struct recycler *home = xnew(struct recycler);

    home->ops = ops;
    home->keep = keep;
    pthread_mutex_init(&home->lock, NULL);
    return home;
}

static void destroy(const struct recycler_ops *ops, struct recycled *r)
{
    if (ops->fini)
        ops->fini(r);
    free(r);
}

static void free_recycler(struct recycler *home)
{
    pthread_mutex_destroy(&home->lock);
    free(home);
}

void recycler_close(struct recycler *home)
{
    if (!home)
        return;
    pthread_mutex_lock(&home->lock);
    struct recycled *r = home->free;
    bool last = !home->out;
    home->free = NULL;
    home->closed = true;
    pthread_mutex_unlock(&home->lock);
    while (r) {
        struct recycled *next = r->next;
        destroy(home->ops, r);
        r = next;
    }
    if (last)
        free_recycler(home);
}

struct recycled *recycler_take(struct recycler *home)
{
    pthread_mutex_lock(&home->lock);
    struct recycled *r = home->free;
    if (r) {
        home->free = r->next;
        home->free_len--;
    }
    home->out++;
    pthread_mutex_unlock(&home->lock);
    if (!r) {
        r = calloc(1, home->ops->size);
        if (r) {
            r->home = home;
            if (home->ops->init)
                home->ops->init(r);
        }
    }
    if (!r) {
        pthread_mutex_lock(&home->lock);
        home->out--;
        pthread_mutex_unlock(&home->lock);
        return NULL;
    }
    r->next = NULL;
    atomic_store_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void recycled_release(struct recycled *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct recycler *home = r->home;
    const struct recycler_ops *ops = home->ops; /* `home` may go once the lock is given back */
    if (ops->reset)
        ops->reset(r);
    pthread_mutex_lock(&home->lock);
    bool keep = !home->closed && home->free_len < home->keep;
    if (keep) {
        r->next = home->free;
        home->free = r;
        home->free_len++;
    }
    home->out--;
    bool last = home->closed && !home->out;
    pthread_mutex_unlock(&home->lock);
    if (!keep)
        destroy(ops, r);
    if (last)
        free_recycler(home);
}
