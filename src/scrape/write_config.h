/* write_config.h - the list `remote_write` as the configuration writes it. */
#ifndef ALGALON_SCRAPE_WRITE_CONFIG_H
#define ALGALON_SCRAPE_WRITE_CONFIG_H

#include "scrape/http_config.h"
#include "scrape/relabel.h"

#define WRITE_CONFIGS_MAX 16

struct write_config {
    struct str url, name;
    int64_t timeout_ms;
    struct http_config http;
    struct relabel relabel; /* owns regexes: relabel_fini() */
};

/** Reads one entry. Errors: -EINVAL with file and line, -ENOMEM; `to` may own regexes then too. */
MUST_CHECK int write_config_read(struct reader *r, const struct yaml_node *node,
                                 struct write_config *to);

#endif
