/* kubernetes_sd.h - kubernetes_sd_configs: what runs in a cluster, by listing its API. */
#ifndef ALGALON_SCRAPE_KUBERNETES_SD_H
#define ALGALON_SCRAPE_KUBERNETES_SD_H

#include "scrape/discovery.h"
#include "scrape/reader.h"

/** Makes the discovery of one entry. Errors: -EINVAL with file and line, -ENOMEM. */
MUST_CHECK int kubernetes_sd_new(struct reader *r, const struct yaml_node *node,
                                 struct discovery **ret);

#endif
