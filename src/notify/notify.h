/* notify.h - tells others of alerts: Alertmanagers in their own format, and any webhook that takes
 * what an Alertmanager sends. Start at notify_open() and notify_push().
 *
 * An Alertmanager hears of a firing alert again and again, since it forgets what it does not hear
 * of. A webhook hears of an alert when it begins, when it ends, and while it fires once in
 * repeat_ms. Each receiver has a place for the newest word on every alert: a receiver that is away
 * gets the state of now when it is back, not the history.
 *
 * Threads: "notify-N" sends to the N-th receiver; it waits for alerts, for the receiver (10 s at
 * most) or for the time to try again. */
#ifndef ALGALON_NOTIFY_NOTIFY_H
#define ALGALON_NOTIFY_NOTIFY_H

#include "base/base.h"
#include "metric/metric.h"

#define NOTIFY_RECEIVERS_MAX 16
#define NOTIFY_ALERTS_MAX    10000 /* that a receiver remembers; beyond it the oldest are dropped */

struct notify;

enum notify_kind {
    NOTIFY_ALERTMANAGER, /* url is the server's; /api/v2/alerts is put behind it */
    NOTIFY_WEBHOOK       /* url is called as it is */
};

struct notify_receiver {
    enum notify_kind kind;
    const char *url; /* may hold user and password */
};

struct notify_options {
    const struct notify_receiver *receivers;
    size_t receiver_len;
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

/** Starts the receivers' threads. Texts are copied. Errors: -EINVAL a URL that is none, or too many
 * receivers; -ELIBACC libcurl is not installed; -ENOMEM. */
MUST_CHECK int notify_open(const struct notify_options *options, struct notify **ret,
                           struct error *err);

/** Gives up what is under way and ends; what was not sent is lost, as the rules tell of it again
 * after the next start. NULL is fine. */
void notify_close(struct notify *n);

/** Takes the newest word on some alerts. Never waits for a receiver. Threads: any. */
void notify_push(struct notify *n, const struct notice *notices, size_t len);

/** Labels for every alert that has none of the name (global.external_labels); copied. Any thread.
 */
void notify_set_external(struct notify *n, struct labels labels);

struct notify_stats {
    char receiver[200]; /* an Alertmanager's URL without secrets; of a webhook only the host */
    enum notify_kind kind;
    uint64_t sent, requests;
    uint64_t failures; /* requests that failed; what was in them is sent again */
    uint64_t dropped;  /* alerts refused for good (4xx), or beyond NOTIFY_ALERTS_MAX */
    size_t waiting;
    bool failing; /* the last request did not work */
    char last_error[240];
};

size_t notify_receivers(const struct notify *n);
/** Of the i-th receiver, i below notify_receivers(). Threads: any. */
void notify_get_stats(struct notify *n, size_t i, struct notify_stats *ret);

#endif
