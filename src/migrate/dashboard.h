/* dashboard.h - the expressions of a Grafana dashboard file, with what stands around each. */
#ifndef ALGALON_MIGRATE_DASHBOARD_H
#define ALGALON_MIGRATE_DASHBOARD_H

#include "migrate/known.h"
#include "migrate/report.h"
#include "migrate/translate.h"

#include <jansson.h>

#define DASHBOARD_BYTES_MAX ((size_t)16 << 20)
#define DASHBOARD_DEPTH_MAX 64
#define DASHBOARD_EXPRS_MAX 10000

enum dashboard_part {
    DASHBOARD_TARGET,
    DASHBOARD_VARIABLE,
    DASHBOARD_ANNOTATION,
};

/* Borrowed from the tree, but for `place`, which lives in the arena. */
struct dashboard_expr {
    enum dashboard_part part;
    json_t *holder;  /* the object that has it */
    const char *key; /* under this name */
    const char *text;
    json_t *panel;     /* of a target; else NULL */
    const char *place; /* "panel 3 'Power', A"; "variable gpu" */
    size_t line;       /* in the file; 0: not found */
};

struct dashboard {
    struct arena arena;
    json_t *root;
    struct str text; /* the file's, borrowed */
    struct dashboard_expr *exprs;
    size_t len, cap;
    size_t panels;
    struct report *report; /* what cannot be looked at (library panels) goes there */
};

/** Reads a dashboard: bare, wrapped by Grafana's API, exported, of any schema version. `text` is
 * borrowed. Errors: -EINVAL with the place, -E2BIG, -ENOMEM. */
MUST_CHECK int dashboard_load(const char *file, struct str text, struct report *report,
                              struct dashboard *ret, struct error *err);
void dashboard_free(struct dashboard *d);

/** Appends the tree as a file, laid out as `text` was (its indent). Errors: -ENOMEM. */
MUST_CHECK int dashboard_print(const struct dashboard *d, struct buf *to);

/* label_values(SELECTOR, label) and its like, cut up. Empty parts: not there. */
struct variable_query {
    struct str head; /* "label_values(" */
    struct str expr; /* a selector or an expression */
    struct str comma;
    struct str label;
    struct str tail; /* ")" */
};

/** Cuts the query of a variable; one that is an expression itself has only `expr`. */
void dashboard_variable_query(struct str text, struct variable_query *ret);

/** The unit of the panel: fieldConfig's, or of an old panel its axis's or its format. NULL: none.
 */
const char *dashboard_panel_unit(const json_t *panel);

#endif
