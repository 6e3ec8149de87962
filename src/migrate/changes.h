/* changes.h - what of names, labels and units is otherwise than before: after an upgrade, or from
 * one exporter to another. */
#ifndef ALGALON_MIGRATE_CHANGES_H
#define ALGALON_MIGRATE_CHANGES_H

#include "migrate/known.h"
#include "migrate/report.h"
#include "migrate/usage.h"

/** Takes the names of a release of ours. Errors: -EINVAL there is none of that version (the message
 * names those that there are), -ENOMEM. */
MUST_CHECK int known_from_release(struct str version, struct known *ret, struct error *err);

/** Takes all names of the catalogue, of either schema. Errors: -ENOMEM. */
MUST_CHECK int known_from_catalogue(struct known *ret, struct error *err);

/**
 * Adds to the report, in order of names: a metric, a label or a unit that is gone or no longer
 * given unasked (a warning, with what says the same now), one that is new (a note). What of it the
 * files of `usage` (NULL: none) ask for is an error of each such file.
 */
void changes_report(const struct known *before, const struct known *now, const struct usage *usage,
                    struct report *r);

#endif
