/* alert_config.h - `alerting` of the configuration: the Alertmanagers that hear of alerts, and what
 * becomes of labels on their way. */
#ifndef ALGALON_SCRAPE_ALERT_CONFIG_H
#define ALGALON_SCRAPE_ALERT_CONFIG_H

#include "scrape/config.h"

#define ALERT_CONFIGS_MAX 16

/* One entry of `alertmanagers`: it may find many. */
struct alert_config {
    struct scrape_job source; /* of it: name, scheme, discoveries, relabel */
    struct str path;          /* "/prefix/api/v2/alerts" */
    int64_t timeout_ms;
    struct http_config http;
    struct relabel relabel; /* alert_relabel_configs of this entry */
    uint64_t key;           /* equal settings have equal ones */
};

/* All of it. It outlives the configuration that it was read from, since receivers that stay over a
 * reload keep theirs: counted by alerting_retain() and alerting_release(), on any thread. Immutable
 * but for the discoveries, which are the configuration's. */
struct alerting {
    atomic_uint refs;
    struct arena arena;
    struct relabel relabel; /* alert_relabel_configs, for all */
    struct alert_config entries[ALERT_CONFIGS_MAX];
    size_t len;
};

/** Reads the map; *ret is the caller's, to alerting_release(). Errors: -EINVAL with file and line,
 * -ENOMEM. */
MUST_CHECK int alerting_read(struct reader *r, const struct yaml_node *node, struct alerting **ret);

void alerting_retain(struct alerting *a);
void alerting_release(struct alerting *a); /* NULL is fine */

/** Closes the discoveries. NULL is fine. */
void alerting_close_discoveries(struct alerting *a);

/**
 * The URL of the Alertmanager that `address` of a discovery's group becomes after relabelling, in
 * `to`: 1; 0 dropped, then `to` holds what it would have been. Errors: -EINVAL with the reason,
 * -ENOMEM.
 */
MUST_CHECK int alert_config_url(const struct alert_config *c, struct labels group,
                                struct str address, struct buf *to, struct error *err);

#endif
