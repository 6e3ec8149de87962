/* alerts.h - whom `alerting` of the configuration in force names, for who sends alerts. */
#ifndef ALGALON_SCRAPE_ALERTS_H
#define ALGALON_SCRAPE_ALERTS_H

#include "base/base.h"
#include "metric/metric.h"
#include "outbound/outbound.h"

#define ALERTMANAGERS_MAX 64

struct scrape;
struct relabel;
struct alerting;

struct scrape_alertmanager {
    const char *url; /* alerts are posted there; may hold user and password */
    const struct http_config *http;
    int64_t timeout_ms;
    const struct relabel *relabel; /* of alerts for it alone */
    uint64_t key;                  /* equal settings have equal ones */
};

/* `owner` lends what receivers and rules point to: who keeps them longer than this list calls
 * scrape_alerting_hold(), and scrape_alerting_release() in the end. */
struct scrape_alerts {
    struct scrape_alertmanager items[ALERTMANAGERS_MAX]; /* each URL of an entry once */
    size_t len;
    const struct relabel *relabel; /* of all alerts, before they are sent to anyone; or NULL */
    struct str *dropped;           /* URLs that relabelling left out */
    size_t dropped_len;
    struct alerting *owner; /* NULL: the configuration says nothing of alerts */
    struct arena arena;     /* of URLs */
};

/** Lists what is known now. To be freed with scrape_alerts_free(). Errors: -ENOMEM. Any thread;
 * waits while targets are made anew. */
MUST_CHECK int scrape_alerts_list(struct scrape *s, struct scrape_alerts **ret, struct error *err);
void scrape_alerts_free(struct scrape_alerts *a); /* NULL is fine */

void scrape_alerting_hold(void *owner);
void scrape_alerting_release(void *owner); /* NULL is fine */

/** Rises whenever the list may have changed. Any thread. */
uint64_t scrape_alerts_version(struct scrape *s);

/** Rewrites the labels of an alert by `rules` (a struct relabel); new values live in `a`. 1 to keep
 * it, 0 to drop it. Errors: -ERANGE a regex past its bound, -ENOMEM, -E2BIG. Any thread. */
int scrape_alert_relabel(const void *rules, struct label_builder *b, struct arena *a);

#endif
