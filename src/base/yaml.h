/* yaml.h - a YAML text as a tree that knows its lines, for every room that reads one. */
#ifndef ALGALON_BASE_YAML_H
#define ALGALON_BASE_YAML_H

#include "base/arena.h"
#include "base/error.h"
#include "base/std.h"
#include "base/str.h"

#define YAML_DEPTH_MAX 50
#define YAML_NODES_MAX 4000000 /* with every alias counted as often as it is used */
#define YAML_ITEMS_MAX 1000000 /* of lists and maps, with those that merging copies */
#define YAML_KEYS_MAX  5000    /* of one map */

enum yaml_kind {
    YAML_TEXT,
    YAML_LIST,
    YAML_MAP
};

struct yaml_item;

struct yaml_node {
    enum yaml_kind kind;
    bool plain;              /* text without quotes: may mean null, a number, a truth */
    size_t line;             /* from 1 */
    size_t weight;           /* nodes in it */
    struct str text;         /* of YAML_TEXT; terminated */
    size_t start, end;       /* of YAML_TEXT: where it stands in the file, quotes included; bytes */
    struct yaml_item *first; /* of lists and maps */
    size_t len;
};

struct yaml_item {
    struct str key; /* of maps */
    size_t line;
    const struct yaml_node *value;
    struct yaml_item *next;
};

/**
 * Parses one document into `a`; merge keys (<<) are resolved. `name` stands in messages.
 * Errors: -EINVAL "name:line: reason", -ENOMEM.
 */
MUST_CHECK int yaml_parse(const char *name, struct str text, struct arena *a,
                          const struct yaml_node **ret, struct error *err);

/** The same tree from a JSON text, read by jansson; lines are unknown and 0. */
MUST_CHECK int yaml_parse_json(const char *name, struct str text, struct arena *a,
                               const struct yaml_node **ret, struct error *err);

/** True for an empty plain text, ~ and null. */
bool yaml_is_null(const struct yaml_node *node);

/** The value under `key` of a map, NULL when there is none or `node` is no map or NULL itself. */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

/** A deep copy in `a`, with line numbers. NULL when memory is out. */
const struct yaml_node *yaml_copy(const struct yaml_node *node, struct arena *a);

/** Equal trees have equal hashes, wherever they stand. */
uint64_t yaml_hash(const struct yaml_node *node);

#endif
