/* fleet.c - the list of targets: made from the configuration and what discoveries say, and made
 * anew when either changes. */
#include "scrape/alert_config.h"
#include "scrape/state.h"

#include <stdlib.h>

#define TARGETS_MAX     200000
#define DROPPED_DEFAULT 10000 /* of one job that are remembered */

/* A list in the making. */
struct list {
    const struct scrape_job *job; /* whose discoveries are visited */
    struct dropped_job *dropped_job;
    struct dropped dropped;
    struct target **items;
    size_t len, cap;
    bool out_of_memory;
};

static int by_order(const void *a, const void *b)
{
    return target_compare(*(struct target *const *)a, *(struct target *const *)b);
}

static bool list_add(struct list *l, struct target *t)
{
    if (l->len == l->cap) {
        struct target **grown = array_grow(l->items, &l->cap, l->len + 1, sizeof(*grown));
        if (!grown)
            return false;
        l->items = grown;
    }
    l->items[l->len++] = t;
    return true;
}

void fleet_dropped_fini(struct dropped *d)
{
    free(d->items);
    arena_fini(&d->arena);
    *d = (struct dropped){0};
}

static void list_fini(struct list *l)
{
    fleet_dropped_fini(&l->dropped);
    for (size_t i = 0; i < l->len; i++)
        target_free(l->items[i]);
    free(l->items);
}

/* Remembers a target that relabelling dropped, and frees it. */
static bool add_dropped(struct list *l, struct target *t)
{
    uint64_t keep = l->job->limits.keep_dropped;
    struct dropped *d = &l->dropped;
    bool good = true;

    l->dropped_job->count++;
    if (l->dropped_job->kept < (keep ? keep : DROPPED_DEFAULT)) {
        if (d->len == d->cap) {
            struct dropped_target *grown =
                array_grow(d->items, &d->cap, d->len + 1, sizeof(*grown));
            good = grown != NULL;
            d->items = good ? grown : d->items;
        }
        good =
            good && labels_copy(t->spec.discovered, &d->arena, &d->items[d->len].discovered) == 0;
        if (good) {
            d->items[d->len++].job = l->dropped_job->name;
            l->dropped_job->kept++;
        }
    }
    target_free(t);
    return good;
}

/* Makes the targets of one group. One that cannot be made is left out, and said. */
static void add_group(void *ctx, const struct target_group *group)
{
    struct list *l = ctx;
    struct error err;

    for (size_t i = 0; i < group->len && l->len < TARGETS_MAX; i++) {
        struct target *t = NULL;
        int code = target_new(l->job, group->labels, group->addresses[i], &t, &err);
        if (code == 0) {
            l->out_of_memory |= !add_dropped(l, t);
        } else if (code == -ENOMEM || (code > 0 && !list_add(l, t))) {
            l->out_of_memory = true;
            target_free(t);
            return;
        }
        if (code < 0)
            log_warn("target left out", "error", err.text);
    }
}

/* Tells the targets of a job that has too many; the list is in order of jobs. */
static void limit_targets(struct list *l)
{
    for (size_t i = 0, next; i < l->len; i = next) {
        const struct scrape_job *job = l->items[i]->spec.job;
        for (next = i + 1; next < l->len && l->items[next]->spec.job == job;)
            next++;
        for (size_t k = i; job->limits.target && next - i > job->limits.target && k < next; k++)
            l->items[k]->spec.job_targets = next - i;
    }
}

/* All targets of a configuration, sorted; of the same one given twice the first stays. */
static int collect(const struct scrape_config *config, struct list *ret, struct error *err)
{
    struct list l = {0};

    arena_init(&l.dropped.arena, 0);
    l.dropped.jobs =
        arena_calloc(&l.dropped.arena, config->job_len + 1, sizeof(struct dropped_job));
    l.out_of_memory = !l.dropped.jobs;
    for (size_t i = 0; i < config->job_len && !l.out_of_memory; i++) {
        l.job = config->jobs[i];
        l.dropped_job = &l.dropped.jobs[l.dropped.job_len++];
        char *name = arena_strndup(&l.dropped.arena, l.job->name.ptr, l.job->name.len);
        l.dropped_job->name = str_make(name, l.job->name.len);
        l.out_of_memory |= !name;
        for (const struct discovery *d = l.job->discoveries; d; d = d->next)
            d->ops->visit(d, add_group, &l);
    }
    if (l.out_of_memory) {
        list_fini(&l);
        return error_errno(err, -ENOMEM, "targets");
    }
    if (l.len == TARGETS_MAX)
        log_error("too many targets, the rest is left out", "targets", LOG_NUM(TARGETS_MAX));
    if (l.len)
        qsort(l.items, l.len, sizeof(*l.items), by_order);
    size_t kept = 0;
    for (size_t i = 0; i < l.len; i++) {
        if (kept && target_is_same(l.items[kept - 1], l.items[i]))
            target_free(l.items[i]);
        else
            l.items[kept++] = l.items[i];
    }
    l.len = kept;
    limit_targets(&l);
    *ret = l;
    return 0;
}

/* Waits until no thread holds a target; they are done in the time one text takes. */
static void pause_taking(struct scrape *s)
{
    s->paused = true;
    while (s->taking)
        thread_wait_until(&s->quiet, &s->lock, clock_mono_ns() + NS_PER_S);
}

static void resume_taking(struct scrape *s)
{
    s->paused = false;
    pthread_cond_broadcast(&s->work);
    pthread_cond_broadcast(&s->quiet);
}

/* A target that is no more: nobody touches it from now on, its series end in end_retired(). */
static void retire(struct scrape *s, struct target *t)
{
    loop_forget(s, t);
    loop_unschedule(s, t);
    t->next = s->ending;
    s->ending = t;
}

/* Ends the series of retired targets, without the lock: thousands may go at once, and each writes a
 * row. Until then nobody gets the names of their groups. */
static void end_retired(struct scrape *s, int64_t ts_ms)
{
    struct error err;

    for (struct target *t = s->ending; t; t = t->next)
        if (t->feed && feed_end(t->feed, ts_ms, &err))
            log_warn("the end of a target is not kept", "target", t->spec.url.ptr, "error",
                     err.text);
    pthread_mutex_lock(&s->lock);
    struct target *t = s->ending;
    s->ending = NULL;
    pthread_mutex_unlock(&s->lock);
    while (t) {
        struct target *next = t->next;
        target_free(t);
        t = next;
    }
}

/* The group of a target is called "job;instance"; where two targets would share it, the later one
 * adds its URL, and if that is not enough who it is. */
static int name_group(struct map *names, struct target *t)
{
    struct buf name;
    int code = -ENOMEM;

    buf_init(&name, 0);
    for (int more = 0; more < 3; more++) {
        buf_reset(&name);
        buf_str_add(&name, labels_get(t->spec.labels, STR("job")));
        buf_char(&name, ';');
        buf_str_add(&name, t->spec.instance);
        if (more || !t->spec.job) {
            buf_char(&name, ';');
            buf_str_add(&name, t->spec.url);
        }
        if (more > 1)
            buf_printf(&name, ";%016" PRIx64, t->spec.key);
        if (name.failed || !map_get(names, buf_str(&name)))
            break;
    }
    t->group_name = buf_take(&name);
    if (t->group_name)
        code = map_put(names, str_of(t->group_name), t, NULL);
    return code;
}

static int name_groups(const struct scrape *s, struct target **targets, size_t len)
{
    struct map names;
    int code = 0;

    map_init(&names);
    for (struct target *t = s->ending; t && !code; t = t->next)
        if (t->group_name)
            code = map_put(&names, str_of(t->group_name), t, NULL);
    for (size_t i = 0; i < len && !code; i++)
        if (targets[i]->group_name)
            code = map_put(&names, str_of(targets[i]->group_name), targets[i], NULL);
    for (size_t i = 0; i < len && !code; i++)
        if (!targets[i]->group_name)
            code = name_group(&names, targets[i]);
    map_fini(&names);
    return code;
}

/* Walks the old list and the fresh one, both sorted, into a third. Memory for all of it is there,
 * so that nothing can fail half way. */
static void merge(struct scrape *s, struct list *fresh, struct target **to, size_t *ret_len)
{
    size_t i = 0, k = 0, n = 0;

    while (i < s->target_len || k < fresh->len) {
        struct target *old = i < s->target_len ? s->targets[i] : NULL;
        struct target *new = k < fresh->len ? fresh->items[k] : NULL;
        int order = !old ? 1 : !new ? -1 : target_compare(old, new);
        if (order > 0) {
            to[n++] = new;
            k++;
        } else if (!old->spec.job) { /* this process's own: no configuration takes it away */
            to[n++] = old;
            i++;
        } else if (order < 0) {
            retire(s, old);
            i++;
        } else {
            target_renew(old, new, s->extra_metrics);
            to[n++] = old;
            i++;
            k++;
        }
    }
    *ret_len = n;
}

/* Puts the fresh list in the present one's place. The lock is held. Errors: -ENOMEM, nothing has
 * changed. */
static int replace_targets(struct scrape *s, struct list *fresh, struct error *err)
{
    size_t cap = s->target_len + fresh->len, len;
    struct target **merged = calloc(cap + 1, sizeof(*merged));
    struct target **turns = array_grow(s->turns, &s->turn_cap, cap + 1, sizeof(*turns));
    int code = 0;

    if (turns)
        s->turns = turns;
    if (!merged || !turns) {
        free(merged);
        return error_errno(err, -ENOMEM, "targets");
    }
    merge(s, fresh, merged, &len);
    free(fresh->items);
    free(s->targets);
    s->targets = merged;
    s->target_len = len;
    s->target_cap = cap + 1;
    fleet_dropped_fini(&s->dropped);
    s->dropped = fresh->dropped;
    if (name_groups(s, merged, len))
        log_error("no memory to name groups");
    for (size_t i = 0; i < len && !code; i++) {
        struct target *t = merged[i];
        if (!t->spec.job || (t->turn_at && t->turn_interval_ms == t->spec.interval_ms))
            continue; /* its turn stays: another one would be reckoned from after it */
        t->due_ms = 0;
        code = loop_schedule(s, t);
    }
    return 0;
}

int fleet_rebuild(struct scrape *s, struct scrape_config *config, struct error *err)
{
    struct scrape_config *old = NULL;
    struct list fresh = {0};

    int code = collect(config ? config : s->config, &fresh, err);
    if (code)
        return code;
    pthread_mutex_lock(&s->lock);
    pause_taking(s);
    int64_t now_ms = clock_now_ms();
    code = replace_targets(s, &fresh, err);
    if (!code && config) {
        old = s->config;
        s->config = config;
    }
    if (!code && s->client) {
        client_keep(s->client, s->target_len);
        client_wake(s->client);
    }
    resume_taking(s);
    pthread_mutex_unlock(&s->lock);
    if (code)
        list_fini(&fresh);
    else
        end_retired(s, now_ms);
    config_free(old); /* retired targets have pointed into it */
    return code;
}

int fleet_add_local(struct scrape *s, struct str job, struct str instance, struct target **ret)
{
    struct target *t = target_local(job, instance);

    if (!t)
        return -ENOMEM;
    if (s->target_len == s->target_cap) {
        struct target **grown =
            array_grow(s->targets, &s->target_cap, s->target_len + 1, sizeof(*grown));
        if (!grown) {
            target_free(t);
            return -ENOMEM;
        }
        s->targets = grown;
    }
    s->targets[s->target_len++] = t;
    int code = name_groups(s, s->targets, s->target_len);
    if (code) {
        s->target_len--;
        target_free(t);
        return code;
    }
    qsort(s->targets, s->target_len, sizeof(*s->targets), by_order);
    *ret = t;
    return 0;
}

bool fleet_refresh(struct scrape_config *config)
{
    bool changed = false;

    for (size_t i = 0; i < config->job_len; i++)
        for (struct discovery *d = config->jobs[i]->discoveries; d; d = d->next)
            changed |= d->ops->refresh(d);
    return changed;
}

bool fleet_refresh_alerts(struct scrape_config *config)
{
    struct alerting *a = config->alerting;
    bool changed = false;

    for (size_t i = 0; a && i < a->len; i++)
        for (struct discovery *d = a->entries[i].source.discoveries; d; d = d->next)
            changed |= d->ops->refresh(d);
    return changed;
}

/* Exchanges the first discovery of `b` that was made from what *place was made from. */
static void exchange(struct discovery **place, struct discovery **others)
{
    for (struct discovery **other = others; *other; other = &(*other)->next) {
        struct discovery *x = *place, *y = *other;
        if (x->ops != y->ops || x->key != y->key)
            continue;
        struct discovery *next = x->next;
        x->next = y->next;
        y->next = next;
        *place = y;
        *other = x;
        return;
    }
}

static void exchange_all(struct discovery **list, struct discovery **others)
{
    for (struct discovery **d = list; *d; d = &(*d)->next)
        if ((*d)->key)
            exchange(d, others);
}

/* Of Alertmanagers any entry may have what another one had: they have no names. */
static void exchange_alerts(struct alerting *a, struct alerting *b)
{
    for (size_t i = 0; a && b && i < MIN(a->len, b->len); i++)
        exchange_all(&a->entries[i].source.discoveries, &b->entries[i].source.discoveries);
}

void fleet_exchange(struct scrape_config *a, struct scrape_config *b)
{
    for (size_t i = 0, k = 0; i < a->job_len && k < b->job_len;) {
        struct scrape_job *x = a->jobs[i], *y = b->jobs[k];
        int order = str_compare(x->name, y->name);
        if (order == 0)
            exchange_all(&x->discoveries, &y->discoveries);
        i += order <= 0;
        k += order >= 0;
    }
    exchange_alerts(a->alerting, b->alerting);
}
