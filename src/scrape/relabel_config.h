/* relabel_config.h - relabelling rules as the configuration writes them. */
#ifndef ALGALON_SCRAPE_RELABEL_CONFIG_H
#define ALGALON_SCRAPE_RELABEL_CONFIG_H

#include "scrape/reader.h"
#include "scrape/relabel.h"

/** Reads a list of rules into the struct relabel `to`, which then owns regexes: relabel_fini()
 * frees them, also after an error. Errors: -EINVAL with file and line, -ENOMEM. */
int relabel_config_read(struct reader *r, const struct yaml_node *node, void *to);

/** Appends a rule as JSON: all its keys, in the order in which Prometheus prints them. */
void relabel_config_print(const struct relabel_rule *rule, struct buf *to);

#endif
