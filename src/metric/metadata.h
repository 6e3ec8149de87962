/* metadata.h - type, help and unit of metric families, as targets declare them. One registry per
 * host process. */
#ifndef ALGALON_METRIC_METADATA_H
#define ALGALON_METRIC_METADATA_H

#include "base/base.h"
#include "metric/labels.h"

#define METADATA_MAX_FAMILIES                                                                      \
    100000 /* further families are counted and left out, so memory stays bounded */
#define METADATA_HELP_MAX 1024 /* bytes kept of a help text */

struct metadata;

/** A registry; any thread may use it. NULL when memory is out. */
struct metadata *metadata_new(void);
void metadata_free(struct metadata *m); /* NULL is fine */

/** Notes what a target says of a family. Empty views leave what is known. The last word wins. */
void metadata_set(struct metadata *m, struct str family, struct str type, struct str help,
                  struct str unit);

/** How often a family was left out because the registry was full. */
uint64_t metadata_left_out(struct metadata *m);

/* One family, borrowed inside the visit. */
struct metadata_entry {
    struct str family, type, help, unit; /* type is "unknown" when nobody said */
};

/** Calls `visit` for each family in order of names, or for `family` alone when it is not empty. The
 * registry is locked. */
void metadata_visit(struct metadata *m, struct str family,
                    void (*visit)(void *ctx, const struct metadata_entry *entry), void *ctx);

#endif
