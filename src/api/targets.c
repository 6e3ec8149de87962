/* targets.c - what is scraped, and the rules that are evaluated, in the shapes that Prometheus's
 * clients know. */
#include "api/answer.h"
#include "api/families.h"
#include "api/times.h"

#define NEVER "\"0001-01-01T00:00:00Z\"" /* the zero time of Go, which clients take for "never" */

struct target_print {
    struct buf *to;
    struct str pool; /* empty: all */
    size_t printed;
};

static void print_text(struct buf *to, const char *name, struct str value)
{
    buf_printf(to, ",\"%s\":", name);
    buf_json(to, value);
}

static void print_duration(struct buf *to, const char *name, int64_t ms)
{
    char text[48];

    print_text(to, name, str_of(num_print_duration(text, ms)));
}

static void print_target(void *ctx, const struct target_status *t)
{
    static const char *const health[] = {
        [TARGET_UNKNOWN] = "unknown", [TARGET_UP] = "up", [TARGET_DOWN] = "down"};
    struct target_print *p = ctx;
    struct buf *to = p->to;

    if (p->pool.len && !str_equal(p->pool, t->job))
        return;
    buf_text(to, p->printed++ ? ",{\"discoveredLabels\":" : "{\"discoveredLabels\":");
    labels_print_json(t->discovered, to);
    buf_text(to, ",\"labels\":");
    labels_print_json(t->labels, to);
    print_text(to, "scrapePool", t->job);
    print_text(to, "scrapeUrl", t->url);
    print_text(to, "globalUrl", t->url);
    print_text(to, "lastError", str_of(t->last_error));
    buf_text(to, ",\"lastScrape\":");
    if (t->last_scrape_ms)
        times_print_rfc3339(to, t->last_scrape_ms);
    else
        buf_text(to, NEVER);
    buf_text(to, ",\"lastScrapeDuration\":");
    buf_double(to, t->last_duration_s);
    buf_printf(to, ",\"lastSamplesScraped\":%zu", t->last_samples);
    print_text(to, "health", str_of(health[t->health]));
    print_duration(to, "scrapeInterval", t->interval_ms);
    print_duration(to, "scrapeTimeout", t->timeout_ms);
    buf_char(to, '}');
}

static void print_dropped(void *ctx, struct str job, struct labels discovered)
{
    struct target_print *p = ctx;

    if (p->pool.len && !str_equal(p->pool, job))
        return;
    buf_text(p->to, p->printed++ ? ",{\"discoveredLabels\":" : "{\"discoveredLabels\":");
    labels_print_json(discovered, p->to);
    print_text(p->to, "scrapePool", job);
    buf_char(p->to, '}');
}

static void print_dropped_count(void *ctx, struct str job, size_t dropped)
{
    struct target_print *p = ctx;

    if (p->printed++)
        buf_char(p->to, ',');
    buf_json(p->to, job);
    buf_printf(p->to, ":%zu", dropped);
}

static void print_pool(void *ctx, struct str job, size_t dropped)
{
    struct target_print *p = ctx;

    (void)dropped;
    if (p->printed++)
        buf_char(p->to, ',');
    buf_json(p->to, job);
}

void targets_list(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str state = http_param(r, "state"), pool = http_param(r, "scrapePool");
    struct target_print p = {.pool = pool.ptr ? pool : STR("")};
    struct buf body;

    answer_begin(api, &body);
    p.to = &body;
    buf_text(&body, "{\"activeTargets\":[");
    if (!state.len || str_is(state, "active") || str_is(state, "any"))
        scrape_visit_targets(api->scrape, print_target, &p);
    buf_text(&body, "],\"droppedTargets\":[");
    p.printed = 0;
    if (!state.len || str_is(state, "dropped") || str_is(state, "any"))
        scrape_visit_dropped(api->scrape, print_dropped, &p);
    buf_text(&body, "],\"droppedTargetCounts\":{");
    p.printed = 0;
    scrape_visit_jobs(api->scrape, print_dropped_count, &p);
    buf_text(&body, "}}");
    answer_finish(r, &body, NULL, NULL);
}

void targets_pools(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct target_print p = {0};
    struct buf body;

    answer_begin(api, &body);
    p.to = &body;
    buf_text(&body, "{\"scrapePools\":[");
    scrape_visit_jobs(api->scrape, print_pool, &p);
    buf_text(&body, "]}");
    answer_finish(r, &body, NULL, NULL);
}

void targets_relabel_steps(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str pool = http_param(r, "scrapePool"), labels = http_param(r, "labels");
    struct error err;
    struct buf body;

    if (!pool.len || !labels.len) {
        answer_error(r, 400, "bad_data", "scrapePool and labels (a JSON object) are wanted");
        return;
    }
    answer_begin(api, &body);
    buf_text(&body, "{\"steps\":");
    int code = scrape_relabel_steps(api->scrape, pool, labels, &body, &err);
    if (code) {
        buf_fini(&body);
        answer_error(r, code == -ENOENT ? 404 : 400, code == -ENOENT ? "not_found" : "bad_data",
                     "%s", err.text);
        return;
    }
    buf_char(&body, '}');
    answer_finish(r, &body, NULL, NULL);
}

static void print_discovery(void *ctx, const struct discovery_status *d)
{
    struct target_print *p = ctx;
    struct buf *to = p->to;

    if (p->pool.len && !str_equal(p->pool, d->job))
        return;
    buf_text(to, p->printed++ ? ",{\"scrapePool\":" : "{\"scrapePool\":");
    buf_json(to, d->job);
    print_text(to, "kind", str_of(d->kind));
    buf_printf(to, ",\"found\":%zu,\"looks\":%" PRIu64 ",\"failures\":%" PRIu64, d->found,
               d->looks_total, d->failures_total);
    print_text(to, "lastError", str_of(d->last_error));
    buf_text(to, ",\"lastSuccess\":");
    if (d->last_ok_ms)
        times_print_rfc3339(to, d->last_ok_ms);
    else
        buf_text(to, NEVER);
    buf_char(to, '}');
}

void targets_discoveries(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str pool = http_param(r, "scrapePool");
    struct target_print p = {.pool = pool.ptr ? pool : STR("")};
    struct buf body;

    answer_begin(api, &body);
    p.to = &body;
    buf_text(&body, "{\"discoveries\":[");
    scrape_visit_discoveries(api->scrape, print_discovery, &p);
    buf_text(&body, "]}");
    answer_finish(r, &body, NULL, NULL);
}

void targets_alerts(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct buf body;

    answer_begin(api, &body);
    if (api->rules)
        rules_print_alerts(api->rules, &body);
    else
        buf_text(&body, "{\"alerts\":[]}");
    answer_finish(r, &body, NULL, NULL);
}

/* {"url":...} with what stands before it in the list. */
static void print_manager(struct buf *to, bool any, struct str url)
{
    buf_text(to, any ? ",{\"url\":" : "{\"url\":");
    buf_json(to, url);
    buf_char(to, '}');
}

void targets_alertmanagers(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct scrape_alerts *alerts = NULL;
    struct notify_stats s;
    struct error err;
    struct buf body;
    bool any = false;

    if (api->scrape && scrape_alerts_list(api->scrape, &alerts, &err))
        log_warn("Alertmanagers are not listed", "error", err.text);
    answer_begin(ctx, &body);
    buf_text(&body, "{\"activeAlertmanagers\":[");
    for (size_t i = 0; api->notify && notify_get_stats(api->notify, i, &s); i++) {
        if (s.kind != NOTIFY_ALERTMANAGER)
            continue;
        print_manager(&body, any, str_of(s.receiver));
        any = true;
    }
    buf_text(&body, "],\"droppedAlertmanagers\":[");
    for (size_t i = 0; alerts && i < alerts->dropped_len; i++)
        print_manager(&body, i > 0, alerts->dropped[i]);
    buf_text(&body, "]}");
    scrape_alerts_free(alerts);
    answer_finish(r, &body, NULL, NULL);
}
