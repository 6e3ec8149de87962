/* show.h - groups and alerts as JSON, in the shape of Prometheus's API. The caller holds the lock.
 */
#ifndef ALGALON_RULES_SHOW_H
#define ALGALON_RULES_SHOW_H

#include "rules/rule_set.h"
#include "rules/rules.h"

/** As rules_print_groups(). */
int show_groups(const struct rule_set *set, const struct rules_filter *filter, struct buf *to);
void show_alerts(const struct rule_set *set, struct buf *to);

#endif
