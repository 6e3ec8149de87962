/* notify.h - tells others of alerts: Alertmanagers in their own format, and any webhook that takes
 * what an Alertmanager sends. Start at notify_open() and notify_push().
 *
 * An Alertmanager hears of a firing alert again and again, since it forgets what it does not hear
 * of. A webhook hears of an alert when it begins, when it ends, and while it fires once in
 * repeat_ms. Each receiver has a place for the newest word on every alert: a receiver that is away
 * gets the state of now when it is back, not the history.
 *
 * Threads: "notify-N" sends to one receiver; it waits for alerts, for the receiver (10 s at
 * most) or for the time to try again. */
#ifndef ALGALON_NOTIFY_NOTIFY_H
#define ALGALON_NOTIFY_NOTIFY_H

#include "base/base.h"
#include "metric/metric.h"
#include "outbound/outbound.h"

#define NOTIFY_RECEIVERS_MAX 80
#define NOTIFY_ALERTS_MAX    10000 /* that a receiver remembers; beyond it the oldest are dropped */

struct notify;

enum notify_kind {
    NOTIFY_ALERTMANAGER,
    NOTIFY_WEBHOOK
};

/* Rewrites the labels of an alert; new values live in `a`. 1 to keep it, 0 to drop it, negative
 * errno: it is dropped, too. Any thread. */
typedef int notify_relabel(const void *rules, struct label_builder *b, struct arena *a);

/* Who lends what a receiver or rules point to; held for as long as they are used. */
struct notify_lender {
    void *owner;
    void (*hold)(void *owner); /* NULL: it is there until notify_close() */
    void (*release)(void *owner);
};

struct notify_rules {
    notify_relabel *apply; /* NULL: labels go as they are */
    const void *rules;
    struct notify_lender lender;
};

struct notify_receiver {
    enum notify_kind kind;
    const char *url;                /* posted to as it is; may hold user and password */
    const char *option;             /* that gave it, for errors: "--webhook" */
    uint64_t key;                   /* of the settings below: equal ones have equal keys */
    const struct http_config *http; /* NULL: nothing is said; lent by rules.lender */
    int64_t timeout_ms;             /* of a request; 0: 10 s */
    struct notify_rules rules;      /* of alerts for it alone */
};

struct notify_options {
    int64_t repeat_ms;        /* see above */
    const char *external_url; /* where people reach this program: links begin with it */
    const char *version;      /* for the User-Agent */
};

/* An alert that fires or has ended. Everything is borrowed for the call. */
struct notice {
    struct labels labels;      /* alertname among them */
    struct labels annotations; /* pairs of name and text */
    struct str query;          /* the rule's expression, for the link */
    int64_t starts_ms;
    int64_t ends_ms; /* it ended then, or is taken for ended when nothing more is heard by then */
    bool resolved;
};

/** Nobody is told of anything yet. Texts are copied. Errors: -ENOMEM. */
MUST_CHECK int notify_open(const struct notify_options *options, struct notify **ret,
                           struct error *err);

/**
 * From now on these are told, of alerts whose labels `rules` (NULL: none) have rewritten. A
 * receiver of equal kind, URL and key stays, with all that it knows and what waits; others begin
 * and end. Of equal ones the first counts. Texts are copied. Errors: -EINVAL a URL that is none,
 * -E2BIG too many receivers, -ELIBACC libcurl is not installed, -ENOMEM; everything is as before.
 * Threads: one at a time.
 */
MUST_CHECK int notify_set(struct notify *n, const struct notify_receiver *receivers, size_t len,
                          const struct notify_rules *rules, struct error *err);

/** Changes with every notify_set(): who hears it for the first time is to be told of all that is
 * true. Any thread. */
uint64_t notify_generation(const struct notify *n);

/** Gives up what is under way and ends; what was not sent is lost, as the rules tell of it again
 * after the next start. NULL is fine. */
void notify_close(struct notify *n);

/** Takes the newest word on some alerts. Never waits for a receiver. Threads: any. */
void notify_push(struct notify *n, const struct notice *notices, size_t len);

/** Labels for every alert that has none of the name (global.external_labels); copied. Any thread.
 */
void notify_set_external(struct notify *n, struct labels labels);

struct notify_stats {
    char receiver[256]; /* an Alertmanager's URL without secrets; of a webhook only the host */
    enum notify_kind kind;
    uint64_t sent, requests;
    uint64_t failures; /* requests that failed; what was in them is sent again */
    uint64_t dropped;  /* alerts refused for good (4xx), or beyond NOTIFY_ALERTS_MAX */
    size_t waiting;
    bool failing; /* the last request did not work */
    char last_error[240];
};

/** Of the i-th receiver; false past the last. Threads: any. */
bool notify_get_stats(struct notify *n, size_t i, struct notify_stats *ret);

#endif
