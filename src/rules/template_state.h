/* template_state.h - a template being said: its variables, its bounds, how it failed. For
 * template_eval.c only. */
#ifndef ALGALON_RULES_TEMPLATE_STATE_H
#define ALGALON_RULES_TEMPLATE_STATE_H

#include "rules/template_functions.h"
#include "rules/template_tree.h"

#define TEMPLATE_ERROR_MAX 8000 /* bytes of what is said in the place of a template */

struct template_variable {
    struct str name;
    struct template_value value;
};

struct template_state {
    const struct template *template;
    struct template_call call;
    struct buf *to;
    const struct node *at; /* for errors: what is being looked at */
    struct str name;       /* of the template or its part */
    struct template_variable *variables;
    size_t variable_len, variable_cap;
    size_t base; /* first variable that this part of the template sees */
    size_t depth, steps;
    bool failed; /* `call.error` says why */
};

/** Says in the words of text/template why the template failed at `e->at`; the first reason stands.
 * Always -EINVAL. */
int template_state_fail(struct template_state *e, const char *format, ...) PRINTF_LIKE(2, 3);

/** The same with words on both sides of a node. */
int template_state_fail_at(struct template_state *e, const char *before, const struct node *n,
                           const char *behind, const char *type);
int template_state_no_memory(struct template_state *e);

/** Counts a step. Errors: -EINVAL, a bound is reached. */
MUST_CHECK int template_state_step(struct template_state *e);
/** The same for what stands within something else: `e->depth` is one more, the caller's to take
 * back. */
MUST_CHECK int template_state_enter(struct template_state *e);

MUST_CHECK int template_state_push(struct template_state *e, struct str name,
                                   struct template_value value);
/** The innermost variable of this name; NULL, and the template failed, when there is none. */
struct template_variable *template_state_find(struct template_state *e, struct str name);
MUST_CHECK int template_state_set(struct template_state *e, struct str name,
                                  struct template_value value);

#endif
