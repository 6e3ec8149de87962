/* migrate.h - from one exporter's names to another's, and what a dashboard or a rule file asks of
 * either. The table of equivalences (equivalence.c) is the one source; everything else reads it. */
#ifndef ALGALON_MIGRATE_MIGRATE_H
#define ALGALON_MIGRATE_MIGRATE_H

#include "base/base.h"
#include "metric/metric.h"
#include "migrate/changes.h"
#include "migrate/compare.h"
#include "migrate/equivalence.h"
#include "migrate/known.h"
#include "migrate/report.h"
#include "migrate/schema_bridge.h"
#include "migrate/usage.h"

/**
 * Looks at the text of a dashboard file (r->file names it): whether every expression can be read
 * and, with `k`, whether what it asks for is there: names, labels, values, units. Findings go into
 * the report.
 */
void dashboard_check(struct str text, const struct known *k, struct report *r);

/**
 * Appends the dashboard with what is certain put right: renamed and mistaken names and labels,
 * slips of the pen, names of the other schema, units of panels. A file that needs nothing comes out
 * byte by byte. Errors: -EINVAL with the place, -ENOMEM.
 */
MUST_CHECK int dashboard_fix(struct str text, const struct known *k, struct report *r,
                             struct buf *to, struct error *err);

/**
 * Appends the dashboard in the names of the other schema: expressions, legends, variables,
 * transformations, links. Values keep their unit, by a factor in the expression, so that thresholds
 * and axes still hold. An expression with a part that has no counterpart stays as it is, and the
 * report says why (REPORT_ERROR). Errors: -EINVAL with the place, -ENOMEM.
 */
MUST_CHECK int dashboard_translate(struct str text, enum schema_name to_schema, struct report *r,
                                   struct buf *to, struct error *err);

/** Holds the expressions of a rule file, as read, against `k`. */
void rule_file_check(const struct yaml_node *root, const struct known *k, struct report *r);

/**
 * Appends a rule file in the names of the other schema: expressions, and the labels that templates
 * show. Everything else, comments too, stays byte by byte. What has no counterpart is left as it is
 * and reported (REPORT_ERROR). Errors: -EINVAL with file and line, -ENOMEM.
 */
MUST_CHECK int rule_file_translate(struct str text, enum schema_name to_schema, struct report *r,
                                   struct buf *to, struct error *err);

/** Appends the recording rules that give the names of `to_schema` from series of the other. */
void bridge_print(enum schema_name to_schema, struct buf *to);

/** Appends the table of equivalences as Markdown: the tables of docs/migration.md. */
void equivalence_markdown(struct buf *to);

#endif
