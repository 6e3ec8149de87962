/* alerts.c - see alerts.h. */
#include "scrape/alert_config.h"
#include "scrape/state.h"

#include <stdlib.h>

/* What a visit of one entry's groups fills. */
struct visit {
    const struct alert_config *entry;
    struct scrape_alerts *to;
    size_t from; /* the first of this entry in to->items */
    bool failed;
};

static void add_dropped(struct scrape_alerts *to, struct str url, bool *failed)
{
    struct str *longer = arena_calloc(&to->arena, to->dropped_len + 1, sizeof(*longer));
    char *copy = arena_strndup(&to->arena, url.ptr, url.len);

    *failed = *failed || !longer || !copy;
    if (*failed || to->dropped_len == ALERTMANAGERS_MAX) /* so many are shown */
        return;
    if (to->dropped_len)
        memcpy(longer, to->dropped, to->dropped_len * sizeof(*longer));
    longer[to->dropped_len++] = str_make(copy, url.len);
    to->dropped = longer;
}

static void add_manager(struct visit *v, struct str url)
{
    struct scrape_alerts *to = v->to;

    for (size_t i = v->from; i < to->len; i++)
        if (str_is(url, to->items[i].url))
            return;
    if (to->len == ALERTMANAGERS_MAX) {
        log_error("too many Alertmanagers, the rest is left out", "alertmanagers",
                  LOG_NUM(ALERTMANAGERS_MAX));
        return;
    }
    char *copy = arena_strndup(&to->arena, url.ptr, url.len);
    v->failed = v->failed || !copy;
    if (copy)
        to->items[to->len++] = (struct scrape_alertmanager){
            .url = copy,
            .http = &v->entry->http,
            .timeout_ms = v->entry->timeout_ms,
            .relabel = v->entry->relabel.len ? &v->entry->relabel : NULL,
            .key = v->entry->key};
}

static void add_group(void *ctx, const struct target_group *group)
{
    struct visit *v = ctx;
    struct error err;
    struct buf url;

    buf_init(&url, 0);
    for (size_t i = 0; i < group->len; i++) {
        int code = alert_config_url(v->entry, group->labels, group->addresses[i], &url, &err);
        if (code > 0)
            add_manager(v, buf_str(&url));
        else if (code == 0)
            add_dropped(v->to, buf_str(&url), &v->failed);
        else
            log_warn("Alertmanager left out", "error", err.text);
    }
    buf_fini(&url);
}

int scrape_alerts_list(struct scrape *s, struct scrape_alerts **ret, struct error *err)
{
    struct scrape_alerts *to = xnew(struct scrape_alerts);
    bool failed = false;

    arena_init(&to->arena, 0);
    pthread_mutex_lock(&s->config_lock);
    struct alerting *a = s->config->alerting;
    if (a)
        alerting_retain(a);
    to->owner = a;
    to->relabel = a && a->relabel.len ? &a->relabel : NULL;
    for (size_t i = 0; a && i < a->len; i++) {
        struct visit v = {&a->entries[i], to, to->len, false};
        for (const struct discovery *d = a->entries[i].source.discoveries; d; d = d->next)
            d->ops->visit(d, add_group, &v);
        failed = failed || v.failed;
    }
    pthread_mutex_unlock(&s->config_lock);
    if (failed) {
        scrape_alerts_free(to);
        return error_errno(err, -ENOMEM, "alertmanagers");
    }
    *ret = to;
    return 0;
}

void scrape_alerts_free(struct scrape_alerts *a)
{
    if (!a)
        return;
    alerting_release(a->owner);
    arena_fini(&a->arena);
    free(a);
}

void scrape_alerting_hold(void *owner)
{
    alerting_retain(owner);
}

void scrape_alerting_release(void *owner)
{
    alerting_release(owner);
}

uint64_t scrape_alerts_version(struct scrape *s)
{
    return atomic_load(&s->alerts_version);
}

int scrape_alert_relabel(const void *rules, struct label_builder *b, struct arena *a)
{
    return relabel_apply(rules, b, a);
}
