/* schema_bridge.h - answers a name of one schema from series of the other, by the table of
 * equivalences: a queryable in front of the store's. */
#ifndef ALGALON_MIGRATE_SCHEMA_BRIDGE_H
#define ALGALON_MIGRATE_SCHEMA_BRIDGE_H

#include "metric/metric.h"

struct schema_bridge;

/**
 * What `below` has, and under each name of the table asked for by `=` also what the other schema
 * has of it: with the other labels, in the other unit, at the times when no series of that name
 * itself lives for that GPU. Other selectors go through as they are.
 *
 * Ownership: the caller's, to schema_bridge_free(), after the last selection; `below` must live as
 *            long.
 */
struct schema_bridge *schema_bridge_new(const struct queryable *below);
void schema_bridge_free(struct schema_bridge *b); /* NULL is fine */

/** The door; valid as long as the bridge. Threads: as the one below. */
struct queryable schema_bridge_queryable(struct schema_bridge *b);

#endif
