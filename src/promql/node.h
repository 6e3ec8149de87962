/* node.h - the tree of an expression. All of it lives in one arena; selectors also own compiled
 * regexes, see node_tree_fini(). */
#ifndef ALGALON_PROMQL_NODE_H
#define ALGALON_PROMQL_NODE_H

#include "promql/function.h"
#include "promql/promql.h"

#define NODE_DEPTH_MAX    256 /* levels of a tree; every walk recurses once a level */
#define NODE_ARGS_MAX     64  /* arguments of one call */
#define NODE_MATCHERS_MAX 256 /* matchers of one selector */
#define NODE_LABELS_MAX   256 /* names of one by(), on() and the like */

enum node_kind {
    NODE_NUMBER,
    NODE_STRING,
    NODE_SELECTOR, /* instant, or a range when `range` is set */
    NODE_SUBQUERY,
    NODE_CALL,
    NODE_AGGREGATE,
    NODE_BINARY,
    NODE_UNARY,
    NODE_PAREN,
};

enum node_operator {
    OPERATOR_ADD,
    OPERATOR_SUB,
    OPERATOR_MUL,
    OPERATOR_DIV,
    OPERATOR_MOD,
    OPERATOR_POW,
    OPERATOR_ATAN2,
    OPERATOR_EQL,
    OPERATOR_NEQ,
    OPERATOR_LTE,
    OPERATOR_LSS,
    OPERATOR_GTE,
    OPERATOR_GTR,
    OPERATOR_AND,
    OPERATOR_OR,
    OPERATOR_UNLESS,
    OPERATOR_DEFAULT, /* MetricsQL: fills gaps */
    OPERATOR_IF,      /* MetricsQL: left where there is a right */
    OPERATOR_IFNOT,
};

enum node_aggregation {
    AGGREGATION_SUM,
    AGGREGATION_AVG,
    AGGREGATION_COUNT,
    AGGREGATION_MIN,
    AGGREGATION_MAX,
    AGGREGATION_GROUP,
    AGGREGATION_STDDEV,
    AGGREGATION_STDVAR,
    AGGREGATION_TOPK,
    AGGREGATION_BOTTOMK,
    AGGREGATION_COUNT_VALUES,
    AGGREGATION_QUANTILE,
    AGGREGATION_MEDIAN, /* MetricsQL, from here on */
    AGGREGATION_ANY,
    AGGREGATION_DISTINCT,
    AGGREGATION_GEOMEAN,
    AGGREGATION_HISTOGRAM,
    AGGREGATION_MAD,
    AGGREGATION_MODE,
    AGGREGATION_SHARE,
    AGGREGATION_SUM2,
    AGGREGATION_ZSCORE, /* last of those without a parameter */
    AGGREGATION_LIMITK,
    AGGREGATION_QUANTILES,
    AGGREGATION_TOPK_MIN,
    AGGREGATION_TOPK_MAX,
    AGGREGATION_TOPK_AVG,
    AGGREGATION_TOPK_MEDIAN,
    AGGREGATION_TOPK_LAST,
    AGGREGATION_BOTTOMK_MIN,
    AGGREGATION_BOTTOMK_MAX,
    AGGREGATION_BOTTOMK_AVG,
    AGGREGATION_BOTTOMK_MEDIAN,
    AGGREGATION_BOTTOMK_LAST,
    AGGREGATION_OUTLIERSK,
};

enum node_cardinality {
    CARDINALITY_ONE_TO_ONE,
    CARDINALITY_MANY_TO_ONE, /* group_left */
    CARDINALITY_ONE_TO_MANY, /* group_right */
    CARDINALITY_MANY_TO_MANY /* set operators */
};

enum node_at {
    AT_NONE,
    AT_TIME,
    AT_START,
    AT_END
};

/* A length of time: NULL when it is not written. Either plain (then `expr` is a NODE_NUMBER) or
 * arithmetic, which may use step() and range() and so is known only when the query runs. */
struct node_duration {
    struct node *expr;
    bool implicit; /* MetricsQL: rate(m) without brackets; the step */
};

struct node_labels {
    struct str *items;
    size_t len;
};

struct node_selector {
    struct str name; /* written in front of the braces, or alone in quotes; else empty */
    struct matcher *matchers;
    size_t len;
    struct node_duration range;
    struct node *next; /* all selectors of a tree, for node_tree_fini() */
};

struct node_call {
    const struct function *function;
    struct node **args;
    size_t len;
    bool keep_metric_names;
};

struct node_aggregate {
    enum node_aggregation op;
    bool without, grouped; /* grouped: by or without was written */
    struct node_labels labels;
    struct node *param, *expr;
    struct node *rest;  /* of topk_avg() and the like: what the others' sum is called; NULL: none */
    struct node **more; /* of quantiles(): the quantiles, behind the label that is `param` */
    size_t more_len;
    uint32_t limit; /* MetricsQL: so many series of the result, when `limited` */
    bool limited;
};

struct node_binary {
    enum node_operator op;
    struct node *left, *right;
    bool return_bool, on, matching; /* matching: on or ignoring was written */
    enum node_cardinality cardinality;
    struct node_labels labels, include;
    bool keep_metric_names;
    bool include_all;  /* MetricsQL: group_left (*) */
    struct str prefix; /* MetricsQL: of the labels that come from the other side */
};

struct node {
    enum node_kind kind;
    enum promql_type type;
    unsigned depth;    /* 1 for leaves */
    size_t start, end; /* where it stands in the text */
    size_t place;      /* of its operator, for complaints */

    /* Selectors, subqueries and (MetricsQL) parentheses. */
    struct node *offset; /* duration, NULL when none */
    /* Selectors and subqueries. */
    enum node_at at;
    int64_t at_ms;

    union {
        struct {
            double value;
            bool duration; /* written as one: 5m */
        } number;
        struct str string;
        struct node_selector selector;
        struct {
            struct node *expr;
            struct node_duration range, step; /* step.expr NULL: the default */
        } subquery;
        struct node_call call;
        struct node_aggregate aggregate;
        struct node_binary binary;
        struct {
            bool minus;
            struct node *expr;
        } unary;
        struct node *paren;
    };
};

struct tree {
    struct arena *arena;
    struct node *root;
    struct node *selectors;
};

/** Frees the regexes; the nodes go with their arena. */
void node_tree_fini(struct tree *t);

/** The same expression, wherever it stands in the text. */
bool node_equal(const struct node *a, const struct node *b);

/** What the parentheses hold, up to those that look at another time. */
const struct node *node_unwrap(const struct node *n);

const char *node_operator_text(enum node_operator op);
const char *node_aggregation_text(enum node_aggregation op);
/** The aggregations that only MetricsQL has; false when `name` is none of them. */
bool node_find_aggregation(struct str name, enum node_aggregation *ret);
const char *node_type_text(enum promql_type type);

static inline bool node_is_comparison(enum node_operator op)
{
    return op >= OPERATOR_EQL && op <= OPERATOR_GTR;
}

static inline bool node_is_set_operator(enum node_operator op)
{
    return op >= OPERATOR_AND && op <= OPERATOR_UNLESS;
}

/** Aggregations with a parameter: topk(3, x). */
static inline bool node_has_param(enum node_aggregation op)
{
    return op >= AGGREGATION_TOPK && !(op >= AGGREGATION_MEDIAN && op <= AGGREGATION_ZSCORE);
}

/** Those of gather.c. */
static inline bool node_is_gathered(enum node_aggregation op)
{
    return op >= AGGREGATION_ANY && op <= AGGREGATION_QUANTILES;
}

/** if, ifnot. */
static inline bool node_is_condition(enum node_operator op)
{
    return op == OPERATOR_IF || op == OPERATOR_IFNOT;
}

/** Tops over the whole range: topk_avg(3, x, "gpu=others"). */
static inline bool node_is_top(enum node_aggregation op)
{
    return op >= AGGREGATION_TOPK_MIN;
}

#endif
