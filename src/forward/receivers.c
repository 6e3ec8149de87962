/* receivers.c - see receivers.h. */
#include "receivers.h"

#include "sender.h"

#include <stdlib.h>

#define SEGMENT_BYTES ((uint64_t)16 << 20)
#define LEAVE_NS      (10 * (uint64_t)NS_PER_S) /* for what waits for one that is no longer there */

struct receivers {
    char *dir;
    struct forward_options options; /* `dir` and `version` are ours */
    unsigned numbers;               /* for the names of threads; who changes them counts */

    pthread_mutex_t lock; /* lock: everything below */
    struct queue *queue;
    struct sender *items[FORWARD_RECEIVERS_MAX];
    size_t len;
    struct sender *leaving; /* a list by sender.next */
};

struct forward_change {
    struct sender *items[FORWARD_RECEIVERS_MAX];
    bool kept[FORWARD_RECEIVERS_MAX]; /* it was there before */
    size_t len;
    struct queue *queue; /* opened for the first receiver; NULL: there is one, or none is needed */
};

struct receivers *receivers_new(const struct forward_options *options)
{
    struct receivers *r = xnew(struct receivers);

    r->options = *options;
    r->options.receivers = NULL;
    r->options.dir = r->dir = xstrdup(options->dir);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

/* ---- exchanging them ---- */

static struct sender *find(struct receivers *r, uint64_t key)
{
    for (size_t i = 0; i < r->len; i++)
        if (sender_receiver(r->items[i])->key == key)
            return r->items[i];
    return NULL;
}

static int open_queue(struct receivers *r, struct queue **ret, struct error *err)
{
    const struct forward_options *o = &r->options;
    const struct queue_options queue = {.dir = r->dir,
                                        .max_bytes = o->max_bytes,
                                        .keep_oldest = o->keep_oldest,
                                        .segment_bytes = SEGMENT_BYTES,
                                        .max_age_ms = o->max_age_ms};

    return queue_open(&queue, ret, err);
}

int receivers_prepare(struct receivers *r, struct scrape_receivers *list,
                      struct forward_change **ret, struct error *err)
{
    struct forward_change *c = xnew(struct forward_change);
    int code = 0;

    if (list->len > FORWARD_RECEIVERS_MAX)
        code = error_set(err, -EINVAL, "remote_write: at most %d receivers", FORWARD_RECEIVERS_MAX);
    if (!code && list->len && !r->queue)
        code = open_queue(r, &c->queue, err);
    for (size_t i = 0; i < list->len && !code; i++) {
        const struct scrape_receiver *to = &list->items[i];
        c->items[i] = find(r, to->key);
        c->kept[i] = c->items[i] != NULL;
        if (!c->items[i])
            code = sender_open(list, to, &r->options, r->numbers++, &c->items[i], err);
        c->len += !code;
    }
    if (code)
        receivers_drop(c);
    else
        *ret = c;
    return code;
}

void receivers_drop(struct forward_change *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->len; i++)
        if (!c->kept[i])
            sender_close(c->items[i]);
    queue_close(c->queue);
    free(c);
}

static bool is_kept(const struct forward_change *c, const struct sender *s)
{
    for (size_t i = 0; i < c->len; i++)
        if (c->items[i] == s)
            return true;
    return false;
}

/* Whether a new sender goes on where this one stops. */
static bool is_followed(const struct forward_change *c, struct sender *s)
{
    for (size_t i = 0; i < c->len; i++)
        if (!c->kept[i] && sender_receiver(c->items[i])->place == sender_receiver(s)->place)
            return true;
    return false;
}

/* Takes those out of the list that have a successor. The lock is held. */
static struct sender *take_followed(struct sender **list, const struct forward_change *c)
{
    struct sender *taken = NULL;

    for (struct sender **at = list, *s; (s = *at);) {
        struct sender **next = sender_next(s);
        if (!is_followed(c, s)) {
            at = next;
            continue;
        }
        *at = *next;
        *next = taken;
        taken = s;
    }
    return taken;
}

static void close_all(struct sender *list)
{
    for (struct sender *s = list; s; s = *sender_next(s))
        sender_stop(s);
    while (list) {
        struct sender *next = *sender_next(list);
        sender_close(list);
        list = next;
    }
}

size_t receivers_commit(struct receivers *r, struct forward_change *c)
{
    size_t len = c->len;

    pthread_mutex_lock(&r->lock);
    if (c->queue)
        r->queue = c->queue;
    for (size_t i = 0; i < r->len; i++) {
        struct sender *s = r->items[i];
        if (is_kept(c, s))
            continue;
        if (!is_followed(c, s))
            sender_leave(s, clock_mono_ns() + LEAVE_NS);
        *sender_next(s) = r->leaving;
        r->leaving = s;
    }
    memcpy(r->items, c->items, sizeof(r->items));
    r->len = len;
    struct sender *followed = take_followed(&r->leaving, c);
    pthread_mutex_unlock(&r->lock);
    close_all(followed); /* places are free from here on */
    for (size_t i = 0; i < len; i++)
        if (!c->kept[i])
            sender_begin(c->items[i], r->queue);
    free(c);
    return len;
}

/* ---- while they are there ---- */

struct queue *receivers_queue(struct receivers *r)
{
    pthread_mutex_lock(&r->lock);
    struct queue *queue = r->queue;
    pthread_mutex_unlock(&r->lock);
    return queue;
}

void receivers_wake(struct receivers *r)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->len; i++)
        sender_wake(r->items[i]);
    pthread_mutex_unlock(&r->lock);
}

void receivers_tend(struct receivers *r)
{
    struct sender *through = NULL;

    pthread_mutex_lock(&r->lock);
    for (struct sender **at = &r->leaving, *s; (s = *at);) {
        struct sender **next = sender_next(s);
        if (!sender_is_through(s, clock_mono_ns())) {
            at = next;
            continue;
        }
        *at = *next;
        *next = through;
        through = s;
    }
    struct queue *queue = r->queue;
    pthread_mutex_unlock(&r->lock);
    close_all(through);
    if (queue)
        queue_save(queue);
}

size_t receivers_get_stats(struct receivers *r, struct forward_stats ret[FORWARD_RECEIVERS_MAX])
{
    pthread_mutex_lock(&r->lock);
    size_t len = r->len;
    for (size_t i = 0; i < len; i++)
        sender_get_stats(r->items[i], &ret[i]);
    pthread_mutex_unlock(&r->lock);
    return len;
}

void receivers_close(struct receivers *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->len; i++) {
        *sender_next(r->items[i]) = r->leaving;
        r->leaving = r->items[i];
    }
    close_all(r->leaving);
    queue_close(r->queue);
    pthread_mutex_destroy(&r->lock);
    free(r->dir);
    free(r);
}
