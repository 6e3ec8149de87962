/* template_functions.h - what templates can call: the functions of Go's text/template and those of
 * Prometheus. */
#ifndef ALGALON_RULES_TEMPLATE_FUNCTIONS_H
#define ALGALON_RULES_TEMPLATE_FUNCTIONS_H

#include "rules/template_value.h"

#define TEMPLATE_PARAMETERS_MAX 3

enum parameter_kind {
    PARAMETER_ANY,
    PARAMETER_TEXT,
    PARAMETER_SAMPLE,
    PARAMETER_SAMPLES
};

/* One template being said. */
struct template_call {
    const struct template_input *in;
    struct arena *arena; /* for what functions give */
    struct buf *error;   /* why a function failed */
    uint64_t deadline_mono_ns;
    size_t queries;
};

struct template_function {
    const char *name;
    size_t fixed; /* arguments it must have */
    bool more;    /* it takes further ones, of the kind that stands behind the fixed ones */
    enum parameter_kind parameters[TEMPLATE_PARAMETERS_MAX];
    /* Errors: -EINVAL, the call's `error` says why; -ENOMEM. NULL: and, or, which look at no more
     * of their arguments than they need: template_eval.c calls them. */
    int (*call)(struct template_call *c, const struct template_value *args, size_t n,
                struct template_value *ret);
};

/** The function of this name, NULL when there is none. */
const struct template_function *template_function_find(struct str name);

/** The name of a parameter's Go type, for errors. */
const char *template_parameter_type(enum parameter_kind kind);

/* For functions: why they failed, and their text as a value. */
int template_call_fail(struct template_call *c, const char *format, ...) PRINTF_LIKE(2, 3);
/** The same with `text` in quotes between `before` and `behind`. */
int template_call_fail_at(struct template_call *c, const char *before, struct str text,
                          const char *behind);
/** Moves `text`, which ends, into the arena of the call. */
int template_call_text(struct template_call *c, struct buf *text, struct template_value *ret);

/* By subject; each list ends with a function without a name. */
extern const struct template_function template_compare_functions[]; /* and, or, eq, lt ... */
extern const struct template_function template_text_functions[];    /* printf, html, toUpper ... */
extern const struct template_function template_number_functions[];  /* humanize, toTime ... */
extern const struct template_function template_data_functions[];    /* query, first, index ... */

#endif
