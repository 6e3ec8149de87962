/* groups.h - what a discovery has found: groups of addresses that share labels. */
#ifndef ALGALON_SCRAPE_GROUPS_H
#define ALGALON_SCRAPE_GROUPS_H

#include "base/base.h"
#include "metric/metric.h"

#define DISCOVERY_ADDRESSES_MAX 200000 /* of one discovery */
#define GROUP_LABELS_MAX        1024   /* of one address before relabelling */

/* Addresses that share labels; borrowed from the list. */
struct target_group {
    const struct str *addresses;
    size_t len;
    struct labels labels;
};

struct group_list {
    struct arena arena; /* texts, addresses and labels */
    struct target_group *groups;
    size_t len, cap, addresses;
};

void groups_init(struct group_list *list);
void groups_fini(struct group_list *list);

/** Adds one address with labels of its own; both are copied. Errors: -ENOMEM, -E2BIG past
 * DISCOVERY_ADDRESSES_MAX. */
MUST_CHECK int groups_add(struct group_list *list, struct labels labels, struct str address);

/** Sets a label on every group; the value is borrowed. Errors: -ENOMEM, -E2BIG too many labels. */
MUST_CHECK int groups_label_all(struct group_list *list, struct str name, struct str value);

/** Reads the groups of a target file. The tree lives in list->arena; `name` stands in messages.
 * Errors: -EINVAL with file and line, -ENOMEM. */
MUST_CHECK int groups_read(const char *name, const struct yaml_node *list, struct group_list *to,
                           struct error *err);

/** Equal lists have equal hashes. */
uint64_t groups_hash(const struct group_list *list);

#endif
