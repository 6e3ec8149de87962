/* config_text.h - a configuration as text again, fit to be shown: secrets are not in it. */
#ifndef ALGALON_SCRAPE_CONFIG_TEXT_H
#define ALGALON_SCRAPE_CONFIG_TEXT_H

#include "base/base.h"

/**
 * Appends the tree as YAML in blocks, two blanks a level. What stands under the key of a secret
 * (password, credentials, headers, ...) becomes <secret>, and so do user and password of a URL.
 */
void config_text_print(const struct yaml_node *root, struct buf *to);

#endif
