/* forward_home.h - what is sent on, and to whom, as options and the scrape configuration together
 * say it. */
#ifndef ALGALON_CMD_FORWARD_HOME_H
#define ALGALON_CMD_FORWARD_HOME_H

#include "forward/forward.h"
#include "service.h"

/** Gathers the receivers: --remote-write, and remote_write of the scrape configuration as it is
 * now. Errors: -EINVAL also where `parts` need one and there is none; those of
 * scrape_receivers_read(). */
MUST_CHECK int forward_home_read(const struct settings *settings, unsigned parts,
                                 struct scrape_receivers **ret, struct error *err);

/** Opens sending to them, with the queue in the data directory; *ret stays NULL where nobody is
 * named and no configuration may name anybody later. `store` (NULL: none) and `metadata` are
 * borrowed. */
MUST_CHECK int forward_home_open(struct settings *settings, struct scrape_receivers *receivers,
                                 struct store *store, struct metadata *metadata,
                                 struct forward **ret, struct error *err);

#endif
