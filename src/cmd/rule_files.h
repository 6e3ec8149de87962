/* rule_files.h - which rule files are read: those of --rules and those that the scrape
 * configuration names. */
#ifndef ALGALON_CMD_RULE_FILES_H
#define ALGALON_CMD_RULE_FILES_H

#include "rules/rules.h"
#include "scrape/scrape.h"
#include "settings.h"

struct rule_files {
    const char **items; /* each its own, as is the list: rule_files_fini() */
    size_t len;
    int64_t interval_ms, query_offset_ms; /* of groups that name none */
};

/** Gathers them; `scrape` may be NULL, `config` is what it read and has not taken yet, or NULL.
 * evaluation_interval of the scrape configuration holds where --rules-interval was left as it is.
 * Errors: -ENOMEM. */
MUST_CHECK int rule_files_gather(struct rule_files *ret, const struct settings *settings,
                                 struct scrape *scrape, const struct scrape_config *config,
                                 struct error *err);
void rule_files_fini(struct rule_files *files);

/** Gathers them and reads the rules. Errors: -ENOMEM, those of rules_read(). */
MUST_CHECK int rule_files_read(const struct settings *settings, struct scrape *scrape,
                               const struct scrape_config *config, struct rule_set **ret,
                               struct error *err);

#endif
