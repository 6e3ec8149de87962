/* units.h - the units of the catalogue and those of Grafana's panels, in the same terms. */
#ifndef ALGALON_MIGRATE_UNITS_H
#define ALGALON_MIGRATE_UNITS_H

#include "promql/promql.h"

/** The unit that the catalogue calls `name`; no dimension for what it does not know. */
struct promql_unit unit_of_catalogue(const char *name);

/** The unit that a panel calls `name` ("decmbytes"); no dimension for "short" and others that claim
 * nothing. */
struct promql_unit unit_of_panel(const char *name);

/** A panel's name of the unit, NULL when there is none. */
const char *unit_panel_name(struct promql_unit u);

/** In words: "bytes", "1048576 bytes". Returns `to`. */
const char *unit_words(struct promql_unit u, char to[80]);

/** True when a value of unit `is` shown as `shown` is right, within one percent; also when either
 * is not known. */
bool unit_fits(struct promql_unit is, struct promql_unit shown);

#endif
