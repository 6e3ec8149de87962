/* discovery.h - where targets come from. A discovery gives groups of addresses that share labels;
 * everything behind it (relabelling, scheduling) does not know which kind it was. A new kind is a
 * file with these three functions and a key in config.c. */
#ifndef ALGALON_SCRAPE_DISCOVERY_H
#define ALGALON_SCRAPE_DISCOVERY_H

#include "base/base.h"
#include "metric/metric.h"
#include "scrape/groups.h"

/* How a discovery fares. */
struct discovery_state {
    int64_t last_ok_ms; /* Unix time of the last look that worked; 0: none has yet */
    uint64_t looks_total, failures_total;
    char last_error[240]; /* "" when the last look worked */
};

struct discovery {
    const struct discovery_ops *ops;
    struct discovery *next; /* of the same job */
    uint64_t key; /* of what it was made from: an equal one is kept over reloads; 0: never */
    struct discovery_state state;
};

typedef void group_visit(void *ctx, const struct target_group *group);

struct discovery_ops {
    const char *name; /* "static", "file", "http" ... */
    /* Looks again; true when the groups have changed. Called about once a second, never waits for
     * the network (pull.h). Trouble is logged when it begins, and the groups stay what they were.
     */
    bool (*refresh)(struct discovery *d);
    void (*visit)(const struct discovery *d, group_visit *visit, void *ctx);
    void (*close)(struct discovery *d);
};

/** Counts a look that worked or not, and says when trouble begins and ends. `what` is named. */
void discovery_note(struct discovery *d, const char *what, const struct error *err);

/** A discovery whose groups never change: those of the list `groups` in a static_configs. `name` is
 * the file, for messages. Errors: -EINVAL with file and line. */
MUST_CHECK int discovery_static(const char *name, const struct yaml_node *groups,
                                struct discovery **ret, struct error *err);

/** One group of addresses given on a command line. NULL when memory is out. */
struct discovery *discovery_addresses(const char *const *addresses, size_t len);

/** Files of groups, YAML or JSON by their ending; `patterns` may have wildcards in their last part.
 * The files need not be there. NULL when memory is out. */
struct discovery *discovery_files(const struct str *patterns, size_t len);

/** Reads one file of groups and says what is wrong with it. Errors: -EINVAL, -ENOENT and others. */
MUST_CHECK int discovery_check_file(const char *path, size_t *ret_targets, struct error *err);

/** Calls `visit` with each folder in which a file of `d` may appear; nothing for other kinds. */
void discovery_visit_folders(const struct discovery *d, void (*visit)(void *ctx, const char *path),
                             void *ctx);

void discovery_close_all(struct discovery *first);

#endif
