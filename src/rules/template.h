/* template.h - the templates of labels and annotations: Go's text/template with the functions of
 * Prometheus, as its rule files have them. Read with template_parse() when a rule file is read,
 * said of a sample with template_expand().
 *
 * template_lex.c cuts the text, template_parse.c makes a tree of it (template_tree.h),
 * template_eval.c walks it with values (template_value.h) and functions (template_functions.h). */
#ifndef ALGALON_RULES_TEMPLATE_H
#define ALGALON_RULES_TEMPLATE_H

#include "base/base.h"
#include "metric/metric.h"

#define TEMPLATE_TEXT_MAX    65536       /* bytes of one template */
#define TEMPLATE_NESTING_MAX 100         /* blocks and parentheses within each other */
#define TEMPLATE_BYTES_MAX   65536       /* of what one template may become */
#define TEMPLATE_MEMORY_MAX  (16u << 20) /* of what it makes on its way */
#define TEMPLATE_STEPS_MAX   1000000     /* actions, operands and turns of loops it may take */
#define TEMPLATE_QUERIES_MAX 100         /* that it may ask */
#define TEMPLATE_TIME_MAX_MS 10000       /* of one template */

struct template;

/**
 * Reads `text` into `a`; *ret lives there, and `text` must too. Errors: -EINVAL, `err` says what is
 * wrong at byte *ret_at of `text`; -ENOMEM.
 */
MUST_CHECK int template_parse(struct str text, struct arena *a, const struct template **ret,
                              size_t *ret_at, struct error *err);

/** A series at one time, as templates see it. */
struct template_sample {
    struct labels labels; /* with __name__ */
    double value;
};

/** What a template is said of, and whom it asks. */
struct template_input {
    struct str alert; /* its rule's name, for errors */
    struct labels labels, external_labels;
    struct str external_url;
    double value;
    int64_t now_ms;
    uint64_t deadline_mono_ns; /* 0: none but its own bound */
    void *self;
    /* Evaluates `expr` at now_ms into memory that lasts until the expansion is over. Errors:
     * negative, `err` says why. NULL: nothing can be asked. */
    int (*query)(void *self, struct str expr, const struct template_sample **ret, size_t *ret_len,
                 struct error *err);
};

/**
 * Appends what the template says. What fails while it is said becomes "<error expanding template:
 * ...>" in the place of all of it, as in Prometheus, and false is returned; `to` needs room for
 * TEMPLATE_BYTES_MAX bytes.
 */
bool template_expand(const struct template *t, const struct template_input *in, struct buf *to);

#endif
