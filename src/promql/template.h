/* template.h - MetricsQL's templates: WITH (name = text, f(a, b) = text) expression. A template is
 * a piece of the query's text, which is read again wherever its name stands. */
#ifndef ALGALON_PROMQL_TEMPLATE_H
#define ALGALON_PROMQL_TEMPLATE_H

#include "promql/parse.h"

#define TEMPLATE_PARAMS_MAX 16
#define TEMPLATE_USES_MAX   10000 /* templates of templates multiply; here it ends */

/* One definition. Definitions see those before them, so that none can hold itself. */
struct template
{
    const struct template *outer; /* the one defined before */
    struct str name;
    bool has_params;
    struct str params[TEMPLATE_PARAMS_MAX];
    size_t params_len;
    size_t start, end;            /* the text it stands for */
    const struct template *scope; /* what that text sees */
};

/* Where reading goes on behind a template. */
struct template_place {
    struct lex lex;
    struct lex_token token;
    const struct template *scope;
    size_t end;
};

/** Reads definitions, from behind the word WITH to the closing parenthesis, into p->scope. */
MUST_CHECK bool template_define(struct parse *p);

/** The definition that `name` means here; NULL when there is none. */
const struct template *template_find(const struct parse *p, struct str name);

/** Goes on reading in the text of `t`; its arguments, if it has any, stand at the token at hand. */
MUST_CHECK bool template_enter(struct parse *p, const struct template *t,
                               struct template_place *ret_back);

/** Back to behind the template. False when its text has not been read to its end. */
MUST_CHECK bool template_leave(struct parse *p, const struct template_place *back);

#endif
