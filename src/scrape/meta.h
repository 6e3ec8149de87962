/* meta.h - labels of what a discovery found: __meta_*, from JSON. */
#ifndef ALGALON_SCRAPE_META_H
#define ALGALON_SCRAPE_META_H

#include "scrape/groups.h"

/* A set of labels in the making. Texts are borrowed; what is made goes to `arena`. */
struct meta {
    struct label items[GROUP_LABELS_MAX + 1];
    struct label_builder b;
    struct arena *arena;
    bool failed; /* no memory */
};

void meta_init(struct meta *m, struct arena *arena);

/** Begins `m` with what `from` has. */
void meta_copy(struct meta *m, const struct meta *from);

void meta_set(struct meta *m, const char *name, struct str value);
void meta_number(struct meta *m, const char *name, uint64_t value);

/** Sets `prefix` and each key of `map` (NULL: none), with what no label name may have as '_'. With
 * `present` that prefix and the key are set to "true" as well. */
void meta_map(struct meta *m, const char *prefix, const char *present, const struct yaml_node *map);

/** Sets "host:port", with brackets around an IPv6 address. */
void meta_host_port(struct meta *m, const char *name, struct str host, struct str port);

/** Adds the set as one target to `list`: __address__ is its address. Errors: -ENOMEM, -E2BIG. */
MUST_CHECK int meta_add(struct meta *m, struct group_list *list);

/** The value at a path of keys ("metadata.name"); NULL where there is none, also for null. */
const struct yaml_node *meta_at(const struct yaml_node *node, const char *path);

/** The same as text; "" where there is none. */
struct str meta_text(const struct yaml_node *node, const char *path);

#endif
