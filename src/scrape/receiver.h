/* receiver.h - the receivers that `remote_write` of the configuration names: how each is reached,
 * and what becomes of labels on their way to it. */
#ifndef ALGALON_SCRAPE_RECEIVER_H
#define ALGALON_SCRAPE_RECEIVER_H

#include "base/base.h"
#include "metric/metric.h"
#include "outbound/outbound.h"

#define RECEIVER_TIMEOUT_MS        30000 /* of one request, where nothing else is said */
#define RECEIVER_METADATA_MS       60000 /* how often metadata is sent, as Prometheus does */
#define RECEIVER_METADATA_FAMILIES 2000  /* of one request of it */

struct relabel;

struct scrape_receiver {
    const char *url;  /* may hold user and password */
    const char *name; /* stands in metrics in place of the URL; NULL: not given */
    int64_t timeout_ms;
    int64_t metadata_ms;            /* between two sendings of metadata; 0: it is not sent */
    size_t metadata_families;       /* at most so many in one request */
    const struct http_config *http; /* NULL: nothing is said */
    const struct relabel *relabel;  /* NULL: labels go as they are */
    uint64_t place;                 /* of its place in a queue: other settings may have it too */
    uint64_t key;                   /* equal settings have equal ones */
};

/* Counted by its owners: who keeps a receiver longer holds the list. */
struct scrape_receivers {
    struct scrape_receiver *items;
    size_t len;
};

/**
 * Gathers receivers: `urls` of the command line, then `remote_write` of the configuration, of which
 * nothing else is used; NULL: there is none. To be released. Errors: -EINVAL with file and line, or
 * one stands twice; those of reading the file, -ENOMEM.
 */
MUST_CHECK int scrape_receivers_read(const char *config_file, const char *const *urls,
                                     size_t url_len, struct scrape_receivers **ret,
                                     struct error *err);
struct scrape_receivers *scrape_receivers_hold(struct scrape_receivers *r);
void scrape_receivers_release(struct scrape_receivers *r); /* NULL is fine */

/** Rewrites the labels in `b` for the receiver; new values live in `a`. 1 to keep the series, 0 to
 * leave it out. Errors: -ERANGE a regex past its bound, -ENOMEM, -E2BIG. Threads: any. */
int scrape_receiver_relabel(const struct scrape_receiver *r, struct label_builder *b,
                            struct arena *a);

#endif
