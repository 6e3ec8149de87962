/* template_query.h - the queries that templates of alerts ask: {{ query "EXPR" }}. */
#ifndef ALGALON_MIGRATE_TEMPLATE_QUERY_H
#define ALGALON_MIGRATE_TEMPLATE_QUERY_H

#include "base/base.h"

struct template_query {
    bool is_literal; /* else it is put together while the template is said: nothing below is set */
    char quote;      /* '"' or '`' */
    size_t begin, end; /* of the quoted text within the template */
    struct str expr;   /* what it means; in the arena */
};

/* A walk over the queries of `text`: {text}, then template_query_next(). */
struct template_queries {
    struct str text;
    size_t at;
    bool inside; /* `at` stands within an action */
};

/** The next query. False: there is none any more. Where memory is out it is no literal. */
bool template_query_next(struct template_queries *of, struct arena *a, struct template_query *ret);

/** Appends an expression in quotes of this kind, or in the other one where it cannot stand. */
void template_query_quote(char quote, struct str expr, struct buf *to);

#endif
