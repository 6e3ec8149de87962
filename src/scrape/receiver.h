/* receiver.h - the receivers that `remote_write` of the configuration names: how each is reached,
 * and what becomes of labels on their way to it. */
#ifndef ALGALON_SCRAPE_RECEIVER_H
#define ALGALON_SCRAPE_RECEIVER_H

#include "base/base.h"
#include "metric/metric.h"
#include "outbound/outbound.h"

#define RECEIVER_TIMEOUT_MS 30000 /* of one request, where nothing else is said */

struct relabel;

struct scrape_receiver {
    const char *url;  /* may hold user and password */
    const char *name; /* stands in metrics in place of the URL; NULL: not given */
    int64_t timeout_ms;
    const struct http_config *http; /* NULL: nothing is said */
    const struct relabel *relabel;  /* NULL: labels go as they are */
};

struct scrape_receivers {
    struct scrape_receiver *items;
    size_t len;
};

/** Reads `remote_write` of a configuration; nothing else of it is used. To be freed with
 * scrape_receivers_free(). Errors: -EINVAL with file and line, those of reading the file, -ENOMEM.
 */
MUST_CHECK int scrape_receivers_read(const char *config_file, struct scrape_receivers **ret,
                                     struct error *err);
void scrape_receivers_free(struct scrape_receivers *r); /* NULL is fine */

/** Rewrites the labels in `b` for the receiver; new values live in `a`. 1 to keep the series, 0 to
 * leave it out. Errors: -ERANGE a regex past its bound, -ENOMEM, -E2BIG. Threads: any. */
int scrape_receiver_relabel(const struct scrape_receiver *r, struct label_builder *b,
                            struct arena *a);

#endif
