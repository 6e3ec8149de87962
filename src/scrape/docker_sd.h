/* docker_sd.h - docker_sd_configs: the containers of a Docker (or Podman) daemon. */
#ifndef ALGALON_SCRAPE_DOCKER_SD_H
#define ALGALON_SCRAPE_DOCKER_SD_H

#include "scrape/discovery.h"
#include "scrape/reader.h"

/** Makes the discovery of one entry. Errors: -EINVAL with file and line, -ENOMEM. */
MUST_CHECK int docker_sd_new(struct reader *r, const struct yaml_node *node,
                             struct discovery **ret);

/* What decides how containers become targets. */
struct docker_settings {
    struct str host_networking_host; /* address of containers that share the host's network */
    uint64_t port;                   /* of containers that expose none */
    bool match_first_network;
};

/** Adds the targets of the answers of /containers/json and /networks to `ret`. Errors: -EINVAL they
 * are no such answers, -ENOMEM, -E2BIG. */
MUST_CHECK int docker_sd_read(const struct docker_settings *s, const struct yaml_node *containers,
                              const struct yaml_node *networks, struct group_list *ret,
                              struct error *err);

#endif
