/* regex_parse.h - reads RE2's syntax into a tree; for regex.c only.
 *
 * The tree has flags, escapes and names resolved, so that what is written from it for another
 * engine holds nothing that engine could read differently. */
#ifndef ALGALON_METRIC_REGEX_PARSE_H
#define ALGALON_METRIC_REGEX_PARSE_H

#include "base/base.h"

#define REGEX_PATTERN_MAX 4096 /* bytes of a pattern */
#define REGEX_NESTING_MAX 100  /* groups inside groups */
#define REGEX_REPEAT_MAX  1000 /* of x{n,m}, nested ones multiplied: RE2's own bound */
#define REGEX_MEMBERS_MAX 16   /* characters of a class that is kept as a list */

enum regex_kind {
    REGEX_EMPTY,
    REGEX_CHAR,   /* `rune`, `fold` */
    REGEX_ANY,    /* any character, newline among them */
    REGEX_CLASS,  /* `text`: the class spelled for PCRE2; `fold` */
    REGEX_ASSERT, /* `text`: the assertion spelled for PCRE2 */
    REGEX_GROUP,  /* a capture; its one child may be any node */
    REGEX_CONCAT,
    REGEX_ALTERNATE,
    REGEX_REPEAT, /* of the one child, `min` to `max` times (-1: no bound), `lazy` or not */
};

struct regex_node {
    enum regex_kind kind;
    bool fold, lazy;
    uint32_t rune;
    int min, max;
    int weight; /* the product of nested counted repeats */
    struct str text;
    struct str members; /* of a class of few ASCII characters: all of them; else empty */
    struct regex_node *first, *next; /* children, in order */
};

struct regex_tree {
    struct regex_node *root;
    struct str *names; /* [captures + 1], by capture; empty: unnamed */
    size_t captures;
};

/**
 * Parses `pattern` with Perl's flags of Go's regexp/syntax and `s` on, as Prometheus compiles it.
 * The tree lives in `a` and borrows from `pattern`. Errors: -EINVAL with reason and position.
 */
MUST_CHECK int regex_parse(struct str pattern, struct arena *a, struct regex_tree *ret,
                           struct error *err);

#endif
