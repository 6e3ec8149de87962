/* write_config.h - the list `remote_write` as the configuration writes it. */
#ifndef ALGALON_SCRAPE_WRITE_CONFIG_H
#define ALGALON_SCRAPE_WRITE_CONFIG_H

#include "scrape/http_config.h"
#include "scrape/relabel.h"

#define WRITE_CONFIGS_MAX 16

/* metadata_config */
struct write_metadata {
    bool off; /* send: false */
    int64_t interval_ms;
    uint64_t families; /* of one request */
};

struct write_config {
    struct str url, name;
    int64_t timeout_ms;
    struct write_metadata metadata;
    uint64_t key; /* equal entries have equal ones */
    struct http_config http;
    struct relabel relabel; /* owns regexes: relabel_fini() */
};

/** Reads one entry. Errors: -EINVAL with file and line, -ENOMEM; `to` may own regexes then too. */
MUST_CHECK int write_config_read(struct reader *r, const struct yaml_node *node,
                                 struct write_config *to);

#endif
