/* parse.h - text to tree: a recursive descent whose depth is bounded by NODE_DEPTH_MAX. Within the
 * room, selector.c, duration.c and template.c read their parts with the state below. */
#ifndef ALGALON_PROMQL_PARSE_H
#define ALGALON_PROMQL_PARSE_H

#include "promql/lex.h"
#include "promql/literal.h"
#include "promql/node.h"

#define PARSE_TEXT_MAX  ((size_t)64 << 10) /* bytes of one expression */
#define PARSE_NODES_MAX 100000             /* nodes of one tree, which templates may multiply */

/**
 * Parses `text` into a tree that lives in `a`, and checks its types. On success the caller ends the
 * tree with node_tree_fini(). 0, or negative with `err` filled.
 */
MUST_CHECK int parse_text(struct str text, struct arena *a, struct tree *ret,
                          struct promql_error *err);

struct template;

struct parse {
    struct lex lex;
    struct lex_token token; /* the one to be looked at */
    size_t end;             /* of the token consumed last */
    struct str text;
    struct arena *arena;
    struct tree *tree;
    struct promql_error *err;
    unsigned depth;
    size_t nodes;                 /* made so far */
    const struct template *scope; /* names that WITH has given a meaning */
    unsigned uses;                /* of templates */
};

/** Starts reading a copy of `text` in `a`. */
MUST_CHECK int parse_begin(struct parse *p, struct str text, struct arena *a, struct tree *tree,
                           struct promql_error *err);

void parse_advance(struct parse *p);
/** Consumes the token when it is of this kind. */
bool parse_take(struct parse *p, enum lex_kind kind);
/** True when the token is the word, in any case. */
bool parse_is_word(const struct lex_token *t, const char *word);
/** "unexpected TOKEN in CONTEXT, expected EXPECTED"; both may be NULL. Returns NULL. */
struct node *parse_unexpected(struct parse *p, const char *context, const char *expected);

/** What the string at hand means; false with the error set. */
bool parse_string(struct parse *p, struct str *ret);

/** A node from byte `start`, one level above `child` (which may be NULL). NULL when too deep. */
struct node *parse_node(struct parse *p, enum node_kind kind, enum promql_type type, size_t start,
                        const struct node *child);
/** Lets `n` stand above `child` too. */
bool parse_deepen(struct parse *p, struct node *n, const struct node *child);

#endif
