/* rule_set.h - rule files as read: groups of rules, checked. What rules remember from turn to turn
 * stands in state.h. */
#ifndef ALGALON_RULES_RULE_SET_H
#define ALGALON_RULES_RULE_SET_H

#include "base/base.h"
#include "metric/metric.h"
#include "rules/template.h"

#define RULE_FILES_MAX       10000
#define RULE_GROUPS_MAX      10000
#define RULE_FILE_BYTES_MAX  (16u << 20)
#define RULE_SET_BYTES_MAX   (1u << 30) /* memory of everything read */
#define RULE_INTERVAL_MIN_MS 100
#define RULE_INTERVAL_MAX_MS (24 * 3600 * 1000)

struct rule_state;

/* A label or an annotation. */
struct rule_pair {
    struct str name, text;
    const struct template *template; /* NULL: `text` is what it says */
};

struct rule {
    bool is_alert;
    struct str name;
    struct str query; /* the expression in canonical form */
    int64_t for_ms, keep_firing_ms;
    struct rule_pair *labels, *annotations; /* in order of names */
    size_t label_len, annotation_len;
    uint64_t hash; /* of name and labels: such rules keep their state over a reload */
    struct rule_state *state;
};

struct rule_group {
    struct str name, file;
    int64_t interval_ms;
    int64_t query_offset_ms; /* how long before its turn its expressions look */
    uint64_t limit;          /* series or alerts of one rule; 0: no bound */
    struct rule *rules;
    size_t len;
    /* of the last turn; guarded by the lock of rules.c */
    int64_t last_ms;
    double seconds;
    int64_t next_ms; /* when the next turn is due */
};

/* For groups that say nothing else. */
struct rule_defaults {
    int64_t interval_ms, query_offset_ms;
};

struct rule_set {
    struct arena arena;
    struct rule_group *groups;
    size_t len, cap;
};

struct rule_set *rule_set_new(void);
/** Frees it with the states of its rules. NULL is fine. */
void rule_set_free(struct rule_set *set);

/**
 * Adds the groups of one file's `text`. Errors: -EINVAL "file:line: what" (of a template
 * "file:line:column: what"), -ENOMEM.
 */
MUST_CHECK int rule_set_add(struct rule_set *set, const char *file, struct str text,
                            const struct rule_defaults *defaults, struct error *err);

/** Adds every file of `patterns` (paths, with wildcards as glob(7) has them). A path without
 * wildcards must be there. */
MUST_CHECK int rule_set_load(struct rule_set *set, const char *const *patterns, size_t n,
                             const struct rule_defaults *defaults, struct error *err);

/** The group of this file and name, or NULL. */
struct rule_group *rule_set_find(const struct rule_set *set, struct str file, struct str name);

#endif
