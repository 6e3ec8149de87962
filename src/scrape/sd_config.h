/* sd_config.h - the keys of a job that say where its targets come from. */
#ifndef ALGALON_SCRAPE_SD_CONFIG_H
#define ALGALON_SCRAPE_SD_CONFIG_H

#include "scrape/config.h"
#include "scrape/pull.h"

#define SD_REFRESH_MIN_MS 1000

/** For reader_map(), with the job whose list of discoveries grows. */
struct key_table sd_config_keys(struct scrape_job *job);

/** Refuses addresses with a slash in the static_configs of a job that does not relabel, as
 * Prometheus does. Errors: -EINVAL with file and line. */
MUST_CHECK int sd_config_check_addresses(struct reader *r, const struct yaml_node *job);

/* ---- for the kinds that ask over the network ---- */

/**
 * Makes the zeroed state of a kind, `size` bytes that begin with a struct ask_server, and a reader
 * whose results live in its arena: the state outlives the configuration that it was read from.
 * `*node` becomes a copy there. Errors: -ENOMEM.
 */
MUST_CHECK int sd_config_begin(struct reader *r, const struct yaml_node **node, size_t size,
                               void **ret_state, struct reader *ret_reader);

/** Makes the discovery of the state that was read from `node`; without memory it is closed. Errors:
 * -ENOMEM. */
MUST_CHECK int sd_config_end(struct reader *r, const struct pull_kind *kind, void *state,
                             int64_t refresh_ms, const struct yaml_node *node, struct str what,
                             struct discovery **ret);

#endif
