/* entry.h - what a receiver remembers of one alert, and how it is written for either kind. */
#ifndef ALGALON_NOTIFY_ENTRY_H
#define ALGALON_NOTIFY_ENTRY_H

#include "notify/notify.h"

struct entry {
    uint64_t hash; /* of all labels, external ones too */
    struct labels labels, annotations;
    struct str query;
    int64_t starts_ms, ends_ms;
    bool resolved;
    bool waits;      /* there is something to send */
    bool sending;    /* it is in a request that goes on */
    bool told;       /* the receiver took word of it before */
    int64_t told_ms; /* when */
    uint64_t turn;   /* rises with every word on it: what is sent may be old when it is taken */
    struct entry *prev, *next; /* in order of the last word */
};

/** A copy in one block, for free(). NULL: memory is out. */
struct entry *entry_new(const struct notice *n, struct labels labels);

/** Appends the alert as POST /api/v2/alerts of Alertmanager takes it. */
void entry_print_alertmanager(const struct entry *e, const char *external_url, struct buf *to);

/** Appends it as it stands in the list `alerts` of an Alertmanager's webhook. */
void entry_print_webhook(const struct entry *e, const char *external_url, struct buf *to);

/**
 * Appends the whole message of a webhook: version 4 of Alertmanager's, for alerts of one name and
 * state, as one group.
 */
void entry_print_group(struct entry *const *entries, size_t n, const char *external_url,
                       struct buf *to);

#endif
