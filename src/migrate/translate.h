/* translate.h - an expression in other names: what is replaced is replaced in its text, everything
 * else stays as it was written. */
#ifndef ALGALON_MIGRATE_TRANSLATE_H
#define ALGALON_MIGRATE_TRANSLATE_H

#include "migrate/variables.h"

#define TRANSLATE_EXPR_MAX ((size_t)64 << 10) /* bytes of an expression, before and after */

/* What stands for a selector. */
struct translation {
    const char *name;  /* a name; or an expression with {$}, see equivalence.h */
    const char *match; /* a matcher to add: type="corrected"; NULL: none */
    const char *drop;  /* the label whose matcher is left out, since the name says it; NULL: none */
    double scale;      /* what the new value is multiplied with to be the old one */
};

/* What a label becomes: itself, another one, or nothing for a reason. */
struct label_translation {
    struct str name;    /* empty: it has no counterpart */
    const char *reason; /* then */
    bool is_device;     /* dcgm-exporter's `device`: its values are nvidia0, nvidia1 ... */
};

enum translate_verdict {
    TRANSLATE_KEEP,   /* the selector stays as it is */
    TRANSLATE_CHANGE, /* *ret says how */
    TRANSLATE_FAIL,   /* it has no counterpart: *ret_reason says why */
};

struct translator {
    void *ctx;
    enum translate_verdict (*metric)(void *ctx, const struct promql_selector_place *s,
                                     struct translation *ret, const char **ret_reason);
    /* `metric` is the name that the label belongs to, as it was; false: the label stays. */
    bool (*label)(void *ctx, struct str metric, struct str label, struct label_translation *ret);
};

struct translated {
    bool changed;
    size_t selectors_changed, selectors_kept;
    char problem[400]; /* why it was left as it is; "" when it was not */
    struct str metric; /* the name of a selector that was changed, for the labels of a legend */
};

/**
 * Appends `expr` in other names to `to`. When something in it has no counterpart, all of it is left
 * as it is: half a translation would be wrong without showing it. The result is checked: it parses.
 * Memory in `a`. Errors: -ENOMEM, -E2BIG; an expression that cannot be read is a `problem`.
 */
MUST_CHECK int translate_expr(const struct translator *t, struct str expr, struct arena *a,
                              struct buf *to, struct translated *ret);

/** Appends a legend ({{gpu}}) with its labels translated. False when one has no counterpart: it
 * stays, and `problem` says so. */
bool translate_legend(const struct translator *t, struct str metric, struct str legend,
                      struct buf *to, char *problem, size_t size);

/** The same for a template of a rule, {{ $labels.gpu }}, and for a panel's link,
 * ${__field.labels.gpu}. */
bool translate_template(const struct translator *t, struct str metric, struct str text,
                        struct buf *to, char *problem, size_t size);

/** Translates names of dcgm-exporter to those of all-smi's schema or back, by the table of
 * equivalence.h. */
extern const struct translator translate_to_all_smi, translate_to_dcgm;

#endif
