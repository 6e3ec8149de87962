/* notify.c - the outside: alerts to every receiver, with the labels of this place. */
#include "notify/notify.h"

#include "receiver.h"

#include <stdlib.h>

struct notify {
    int64_t repeat_ms;
    char *external_url, *version;
    unsigned opened; /* receivers so far; names their threads */
    _Atomic uint64_t generation;
    pthread_mutex_t lock; /* lock: everything below */
    struct receiver *receivers[NOTIFY_RECEIVERS_MAX];
    size_t len;
    struct notify_rules rules;
    struct arena external_arena, scratch; /* scratch: values that relabelling makes */
    struct labels external;
};

int notify_open(const struct notify_options *options, struct notify **ret, struct error *err)
{
    struct notify *n = xnew(struct notify);

    (void)err;
    n->repeat_ms = options->repeat_ms;
    n->external_url = xstrdup(options->external_url);
    n->version = xstrdup(options->version);
    pthread_mutex_init(&n->lock, NULL);
    arena_init(&n->external_arena, 0);
    arena_init(&n->scratch, 0);
    *ret = n;
    return 0;
}

static void hold(const struct notify_lender *lender)
{
    if (lender->hold)
        lender->hold(lender->owner);
}

static void release(const struct notify_lender *lender)
{
    if (lender->release)
        lender->release(lender->owner);
}

/* Ends receivers; those that are NULL are passed over. */
static void close_all(struct receiver *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (list[i])
            receiver_stop(list[i]);
    for (size_t i = 0; i < len; i++)
        receiver_close(list[i]);
}

void notify_close(struct notify *n)
{
    if (!n)
        return;
    close_all(n->receivers, n->len);
    release(&n->rules.lender);
    arena_fini(&n->external_arena);
    arena_fini(&n->scratch);
    pthread_mutex_destroy(&n->lock);
    free(n->external_url);
    free(n->version);
    free(n);
}

/* ---- who is told ---- */

static bool is_among(const struct notify_receiver *to, struct receiver *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (list[i] && receiver_is(list[i], to))
            return true;
    return false;
}

/* Puts the receiver that stands for `to` into `next`: that of `old`, which loses it, or a new one.
 */
static int take_or_open(struct notify *n, const struct notify_receiver *to, struct receiver **old,
                        struct receiver **next, struct error *err)
{
    const struct notify_options o = {n->repeat_ms, n->external_url, n->version};

    for (size_t i = 0; i < n->len; i++) {
        if (old[i] && receiver_is(old[i], to)) {
            *next = old[i];
            old[i] = NULL;
            return 0;
        }
    }
    return receiver_open(to, &o, n->opened++, next, err);
}

int notify_set(struct notify *n, const struct notify_receiver *receivers, size_t len,
               const struct notify_rules *rules, struct error *err)
{
    struct receiver *old[NOTIFY_RECEIVERS_MAX], *next[NOTIFY_RECEIVERS_MAX] = {NULL};
    struct notify_rules rules_before = n->rules;
    size_t next_len = 0;
    int code = 0;

    memcpy(old, n->receivers, sizeof(old)); /* changed by this function alone */
    for (size_t i = 0; i < len && !code; i++) {
        if (is_among(&receivers[i], next, next_len))
            continue;
        code = next_len == NOTIFY_RECEIVERS_MAX
                   ? error_set(err, -E2BIG, "at most %d receivers of alerts", NOTIFY_RECEIVERS_MAX)
                   : take_or_open(n, &receivers[i], old, &next[next_len], err);
        next_len += !code;
    }
    if (code) { /* those that were there stay open */
        for (size_t i = 0; i < next_len; i++)
            for (size_t k = 0; k < n->len; k++)
                if (next[i] == n->receivers[k])
                    next[i] = NULL;
        close_all(next, next_len);
        return code;
    }
    if (rules)
        hold(&rules->lender);
    size_t old_len = n->len;
    pthread_mutex_lock(&n->lock);
    memcpy(n->receivers, next, sizeof(next));
    n->len = next_len;
    n->rules = rules ? *rules : (struct notify_rules){0};
    atomic_fetch_add(&n->generation, 1);
    pthread_mutex_unlock(&n->lock);
    close_all(old, old_len);
    release(&rules_before.lender);
    return 0;
}

uint64_t notify_generation(const struct notify *n)
{
    return atomic_load(&n->generation);
}

/* ---- what they are told ---- */

void notify_set_external(struct notify *n, struct labels labels)
{
    pthread_mutex_lock(&n->lock);
    arena_reset(&n->external_arena);
    if (labels_copy(labels, &n->external_arena, &n->external))
        n->external = (struct labels){0};
    pthread_mutex_unlock(&n->lock);
}

/* The labels of `own` and those of this place that it does not say itself, rewritten by the rules;
 * false: they drop the alert. */
static bool make_labels(struct notify *n, struct labels own, struct label_builder *b,
                        struct labels *ret)
{
    struct error err;

    label_builder_init(b, n->external);
    for (size_t i = 0; i < own.len; i++)
        label_builder_set(b, own.items[i].name, own.items[i].value);
    int keep = n->rules.apply ? n->rules.apply(n->rules.rules, b, &n->scratch) : 1;
    if (keep < 0)
        log_warn("alert left out: alert_relabel_configs", "error", strerror(-keep));
    if (keep <= 0)
        return false;
    if (label_builder_view(b, ret, &err)) { /* too many: its own are worth more */
        log_warn("alert without external labels", "error", err.text);
        *ret = own;
    }
    return ret->len > 0;
}

void notify_push(struct notify *n, const struct notice *notices, size_t len)
{
    struct label_builder b;
    int64_t now_ms = clock_now_ms();

    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < len; i++) {
        struct labels all;
        arena_reset(&n->scratch);
        if (!make_labels(n, notices[i].labels, &b, &all))
            continue;
        for (size_t k = 0; k < n->len; k++)
            receiver_push(n->receivers[k], &notices[i], all, now_ms);
    }
    for (size_t k = 0; k < n->len && len; k++)
        receiver_wake(n->receivers[k]);
    pthread_mutex_unlock(&n->lock);
}

bool notify_get_stats(struct notify *n, size_t i, struct notify_stats *ret)
{
    pthread_mutex_lock(&n->lock);
    bool found = i < n->len;
    if (found)
        receiver_get_stats(n->receivers[i], ret);
    pthread_mutex_unlock(&n->lock);
    return found;
}
