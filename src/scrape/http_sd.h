/* http_sd.h - http_sd_configs: a server that gives groups as a target file has them. */
#ifndef ALGALON_SCRAPE_HTTP_SD_H
#define ALGALON_SCRAPE_HTTP_SD_H

#include "scrape/discovery.h"
#include "scrape/reader.h"

/** Makes the discovery of one entry. Errors: -EINVAL with file and line, -ENOMEM. */
MUST_CHECK int http_sd_new(struct reader *r, const struct yaml_node *node, struct discovery **ret);

#endif
