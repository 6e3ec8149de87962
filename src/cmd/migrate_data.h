/* migrate_data.h - moves history between stores that speak VictoriaMetrics's export and import. */
#ifndef ALGALON_CMD_MIGRATE_DATA_H
#define ALGALON_CMD_MIGRATE_DATA_H

#include "settings.h"

/**
 * Moves what --match asks for from --from to --into, the last --since of it, --chunk of time after
 * the other; with --state an interrupted move goes on where it was. Progress goes to stderr.
 * Errors: -EIO a store does not answer or refuses, -EINVAL the state file is another move's,
 * -EINTR.
 */
MUST_CHECK int migrate_data(const struct settings *s, struct error *err);

#endif
