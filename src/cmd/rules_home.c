/* rules_home.c - see rules_home.h. */
#include "rules_home.h"

#include "commands.h"

#include <stdlib.h>

/* Where people reach the pages when nothing else is said: this machine by its name. */
static char *external_url(const struct settings *settings, const char *hostname)
{
    const char *given = settings->external_url, *web = settings->listen_web;
    const char *port = strrchr(web, ':');
    size_t len = strlen(given);
    struct buf url;

    buf_init(&url, 0);
    while (len && given[len - 1] == '/')
        len--;
    buf_add(&url, given, len);
    if (!len)
        buf_printf(&url, "http://%s%s", hostname, port ? port : "");
    return buf_take(&url);
}

int rules_home_notify(const struct settings *settings, const char *hostname, struct notify **ret,
                      struct error *err)
{
    char *url = external_url(settings, hostname);
    struct notify_options o = {
        .repeat_ms = settings->notify_repeat_ms, .external_url = url, .version = program_version()};
    int code = url ? notify_open(&o, ret, err) : error_errno(err, -ENOMEM, "receivers of alerts");

    free(url);
    return code;
}

/* An Alertmanager's address with the path that takes alerts behind it. */
static const char *alerts_url(const char *base, struct arena *a)
{
    size_t len = strlen(base), room = len + sizeof("/api/v2/alerts");
    char *url = arena_alloc(a, room);

    while (len && base[len - 1] == '/')
        len--;
    if (url)
        snprintf(url, room, "%.*s/api/v2/alerts", (int)len, base);
    return url ? url : base;
}

static struct notify_rules rules_of(const struct scrape_alerts *alerts,
                                    const struct relabel *relabel)
{
    struct notify_rules rules = {.apply = relabel ? scrape_alert_relabel : NULL, .rules = relabel};

    if (alerts->owner)
        rules.lender =
            (struct notify_lender){alerts->owner, scrape_alerting_hold, scrape_alerting_release};
    return rules;
}

int rules_home_tell(struct notify *notify, const struct settings *settings,
                    const struct scrape_alerts *alerts, struct error *err)
{
    const struct text_list *managers = &settings->alertmanagers, *hooks = &settings->webhooks;
    size_t n = managers->len + hooks->len + (alerts ? alerts->len : 0), len = 0;
    struct notify_receiver *to = xcalloc(n + 1, sizeof(*to));
    struct notify_rules all = {0};
    struct arena a;

    arena_init(&a, 0);
    for (size_t i = 0; i < managers->len; i++)
        to[len++] = (struct notify_receiver){.kind = NOTIFY_ALERTMANAGER,
                                             .url = alerts_url(managers->items[i], &a),
                                             .option = "--alertmanager"};
    for (size_t i = 0; i < hooks->len; i++)
        to[len++] = (struct notify_receiver){
            .kind = NOTIFY_WEBHOOK, .url = hooks->items[i], .option = "--webhook"};
    for (size_t i = 0; alerts && i < alerts->len; i++) {
        const struct scrape_alertmanager *m = &alerts->items[i];
        to[len++] = (struct notify_receiver){.kind = NOTIFY_ALERTMANAGER,
                                             .url = m->url,
                                             .option = "alertmanagers",
                                             .key = m->key,
                                             .http = m->http,
                                             .timeout_ms = m->timeout_ms,
                                             .rules = rules_of(alerts, m->relabel)};
    }
    if (alerts)
        all = rules_of(alerts, alerts->relabel);
    int code = notify_set(notify, to, len, alerts ? &all : NULL, err);
    arena_fini(&a);
    free(to);
    return code;
}

static int ask(void *self, struct str expr, int64_t at_ms, const struct promql_options *query,
               struct arena *a, struct rules_answer *ret, struct error *err)
{
    struct rules_home *home = self;
    struct promql_series *series = NULL;

    if (!home->upstream) {
        struct queryable q = store_queryable(home->store);
        return rules_ask_queryable(&q, expr, at_ms, query, ret, err);
    }
    int code = upstream_query(home->upstream, expr, at_ms, query->cancel, a, &ret->type, &series,
                              &ret->len, err);
    ret->series = series;
    return code;
}

static int push(void *self, const struct store_sample *samples, size_t n,
                struct store_push_result *ret, struct error *err)
{
    struct rules_home *home = self;
    int code = 0;

    *ret = (struct store_push_result){.kept = n};
    if (home->store)
        code = store_push(home->store, samples, n, ret, err);
    if (!code && home->forward)
        forward_push(home->forward, samples, n);
    return code;
}

int rules_home_open(struct rules_home *home, const struct settings *settings,
                    const struct rule_files *files, const char *hostname, struct notify *notify,
                    struct rules **ret, struct error *err)
{
    char *url = external_url(settings, hostname);
    struct rules_options o = {
        .files = files->items,
        .file_len = files->len,
        .interval_ms = files->interval_ms,
        .query_offset_ms = files->query_offset_ms,
        .external_url = url,
        .world = {home, ask, push},
        .notify = notify,
        .query = {.lookback_ms = settings->query_lookback_ms,
                  .max_memory = settings->query_max_memory,
                  .max_series = settings->query_max_series,
                  .max_samples = settings->query_max_samples},
        .query_timeout_ms = settings->query_timeout_ms,
        .started_ms = clock_now_ms(),
    };
    int code = url ? rules_open(&o, ret, err) : error_errno(err, -ENOMEM, "rules");

    free(url);
    return code ? error_in(err, "--rules") : 0;
}
