/* notify.c - the outside: alerts to every receiver, with the labels of this place. */
#include "notify/notify.h"

#include "receiver.h"

#include <stdlib.h>

struct notify {
    struct receiver *receivers[NOTIFY_RECEIVERS_MAX];
    size_t len;
    pthread_mutex_t lock; /* lock: external, external_arena */
    struct arena external_arena;
    struct labels external;
};

int notify_open(const struct notify_options *options, struct notify **ret, struct error *err)
{
    struct notify *n;
    int code = 0;

    if (options->receiver_len > NOTIFY_RECEIVERS_MAX)
        return error_set(err, -EINVAL, "at most %d receivers of alerts", NOTIFY_RECEIVERS_MAX);
    n = xnew(struct notify);
    pthread_mutex_init(&n->lock, NULL);
    arena_init(&n->external_arena, 0);
    for (size_t i = 0; i < options->receiver_len && !code; i++) {
        code = receiver_open(&options->receivers[i], options, (unsigned)i, &n->receivers[i], err);
        n->len += !code;
    }
    if (code)
        notify_close(n);
    else
        *ret = n;
    return code;
}

void notify_close(struct notify *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->len; i++)
        receiver_stop(n->receivers[i]);
    for (size_t i = 0; i < n->len; i++)
        receiver_close(n->receivers[i]);
    arena_fini(&n->external_arena);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

void notify_set_external(struct notify *n, struct labels labels)
{
    pthread_mutex_lock(&n->lock);
    arena_reset(&n->external_arena);
    if (labels_copy(labels, &n->external_arena, &n->external))
        n->external = (struct labels){0};
    pthread_mutex_unlock(&n->lock);
}

/* The labels of `own` and those of this place that it does not say itself. */
static struct labels with_external(const struct notify *n, struct labels own,
                                   struct label_builder *b)
{
    struct labels all;

    label_builder_init(b, n->external);
    for (size_t i = 0; i < own.len; i++)
        label_builder_set(b, own.items[i].name, own.items[i].value);
    return label_builder_view(b, &all, NULL) ? own : all; /* too many: its own are worth more */
}

void notify_push(struct notify *n, const struct notice *notices, size_t len)
{
    struct label_builder b;
    int64_t now_ms = clock_now_ms();

    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < len; i++) {
        struct labels all = with_external(n, notices[i].labels, &b);
        for (size_t k = 0; k < n->len; k++)
            receiver_push(n->receivers[k], &notices[i], all, now_ms);
    }
    pthread_mutex_unlock(&n->lock);
    for (size_t k = 0; k < n->len && len; k++)
        receiver_wake(n->receivers[k]);
}

size_t notify_receivers(const struct notify *n)
{
    return n->len;
}

void notify_get_stats(struct notify *n, size_t i, struct notify_stats *ret)
{
    receiver_get_stats(n->receivers[i], ret);
}
