/* template_tree.h - a template as read: template_parse.c makes it, template_eval.c walks it. */
#ifndef ALGALON_RULES_TEMPLATE_TREE_H
#define ALGALON_RULES_TEMPLATE_TREE_H

#include "base/base.h"

enum node_kind {
    NODE_LIST, /* `first`: what stands in it, in order */
    NODE_TEXT,
    NODE_ACTION, /* says what `pipe` gives, unless that only declares */
    NODE_IF,     /* `pipe`, `body`, `other` (NULL: no else) */
    NODE_RANGE,
    NODE_WITH,
    NODE_TEMPLATE, /* `text`: its name; `pipe` may be NULL */
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_PIPE,    /* `names`: variables that are declared or (`assigns`) set; `first`: commands */
    NODE_COMMAND, /* `first`: the operands */
    NODE_DOT,
    NODE_NIL,
    NODE_BOOL,     /* `truth` */
    NODE_NUMBER,   /* `number`; `text` as it was written */
    NODE_STRING,   /* `text`: what it means; `quoted`: as it was written */
    NODE_FIELD,    /* `names`: .A.B */
    NODE_VARIABLE, /* `names`: $a.B, the first one with its '$' */
    NODE_CHAIN,    /* `first`: an operand; `names`: the fields behind it */
    NODE_CALL      /* `function`, named `text` */
};

struct template_function;

/* A number that is not of one type yet. */
struct node_number {
    bool is_whole;   /* `whole` is its value */
    bool looks_real; /* by itself it is a float64 */
    int64_t whole;
    double real;
};

struct node {
    enum node_kind kind;
    size_t at; /* byte of the template, where text/template says that it stands */
    struct str text, quoted;
    struct node *next; /* behind it in what it stands in */
    struct node *first, *pipe, *body, *other;
    struct str *names;
    size_t name_len;
    bool assigns, truth;
    struct node_number number;
    const struct template_function *function;
};

/* {{define "name"}} */
struct template_part {
    struct str name;
    struct node *root;
    struct template_part *next;
};

struct template
{
    struct str text;
    struct node *root;
    struct template_part *parts;
};

/** Appends a node as text/template writes it in its errors. */
void template_tree_print(const struct node *n, struct buf *to);

#endif
