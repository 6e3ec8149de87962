/* function.h - the table of functions: names, arguments, results. */
#ifndef ALGALON_PROMQL_FUNCTION_H
#define ALGALON_PROMQL_FUNCTION_H

#include "promql/promql.h"

enum function_id {
    /* Of a range vector: see rollup.h. */
    FUNCTION_RATE,
    FUNCTION_INCREASE,
    FUNCTION_DELTA,
    FUNCTION_IRATE,
    FUNCTION_IDELTA,
    FUNCTION_RESETS,
    FUNCTION_CHANGES,
    FUNCTION_DERIV,
    FUNCTION_PREDICT_LINEAR,
    FUNCTION_SMOOTHING,
    FUNCTION_AVG_OVER_TIME,
    FUNCTION_MIN_OVER_TIME,
    FUNCTION_MAX_OVER_TIME,
    FUNCTION_SUM_OVER_TIME,
    FUNCTION_COUNT_OVER_TIME,
    FUNCTION_QUANTILE_OVER_TIME,
    FUNCTION_STDDEV_OVER_TIME,
    FUNCTION_STDVAR_OVER_TIME,
    FUNCTION_LAST_OVER_TIME,
    FUNCTION_FIRST_OVER_TIME,
    FUNCTION_PRESENT_OVER_TIME,
    FUNCTION_MAD_OVER_TIME,
    FUNCTION_MEDIAN_OVER_TIME,
    /* MetricsQL's of one window: see window.c. */
    FUNCTION_COUNT_EQ_OVER_TIME,
    FUNCTION_COUNT_GT_OVER_TIME,
    FUNCTION_COUNT_LE_OVER_TIME,
    FUNCTION_COUNT_NE_OVER_TIME,
    FUNCTION_DELTA_PROMETHEUS,
    FUNCTION_DISTINCT_OVER_TIME,
    FUNCTION_DURATION_OVER_TIME,
    FUNCTION_GEOMEAN_OVER_TIME,
    FUNCTION_HOEFFDING_LOWER,
    FUNCTION_HOEFFDING_UPPER,
    FUNCTION_INCREASE_PROMETHEUS,
    FUNCTION_LAG,
    FUNCTION_MODE_OVER_TIME,
    FUNCTION_RANGE_OVER_TIME,
    FUNCTION_RATE_OVER_SUM,
    FUNCTION_SHARE_EQ_OVER_TIME,
    FUNCTION_SHARE_GT_OVER_TIME,
    FUNCTION_SHARE_LE_OVER_TIME,
    FUNCTION_SUM2_OVER_TIME,
    FUNCTION_TFIRST_OVER_TIME,
    FUNCTION_TLAST_OVER_TIME,
    FUNCTION_TMAX_OVER_TIME,
    FUNCTION_TMIN_OVER_TIME,
    /* The same, which also look at the sample before the window. */
    FUNCTION_ASCENT_OVER_TIME,
    FUNCTION_DECREASES_OVER_TIME,
    FUNCTION_DERIV_FAST,
    FUNCTION_DESCENT_OVER_TIME,
    FUNCTION_IDERIV,
    FUNCTION_INCREASE_PURE,
    FUNCTION_INCREASES_OVER_TIME,
    FUNCTION_INTEGRATE,
    FUNCTION_LIFETIME,
    FUNCTION_SCRAPE_INTERVAL,
    FUNCTION_ZSCORE_OVER_TIME, /* last of them */
    /* Several series out of one: see parts.c. */
    FUNCTION_ROLLUP_RATE,
    FUNCTION_ROLLUP,
    FUNCTION_ROLLUP_CANDLESTICK,
    FUNCTION_ROLLUP_DELTA,
    FUNCTION_ROLLUP_DERIV,
    FUNCTION_ROLLUP_INCREASE,
    FUNCTION_ROLLUP_SCRAPE_INTERVAL,
    FUNCTION_QUANTILES_OVER_TIME,
    FUNCTION_HISTOGRAM_OVER_TIME,
    FUNCTION_AGGR_OVER_TIME,   /* last of them */
    FUNCTION_ABSENT_OVER_TIME, /* last of the rollups */

    /* Number by number. */
    FUNCTION_ABS,
    FUNCTION_CEIL,
    FUNCTION_FLOOR,
    FUNCTION_EXP,
    FUNCTION_SQRT,
    FUNCTION_LN,
    FUNCTION_LOG2,
    FUNCTION_LOG10,
    FUNCTION_SGN,
    FUNCTION_SIN,
    FUNCTION_COS,
    FUNCTION_TAN,
    FUNCTION_ASIN,
    FUNCTION_ACOS,
    FUNCTION_ATAN,
    FUNCTION_SINH,
    FUNCTION_COSH,
    FUNCTION_TANH,
    FUNCTION_ASINH,
    FUNCTION_ACOSH,
    FUNCTION_ATANH,
    FUNCTION_DEG,
    FUNCTION_RAD, /* last of the plain ones */
    FUNCTION_ROUND,
    FUNCTION_CLAMP,
    FUNCTION_CLAMP_MIN,
    FUNCTION_CLAMP_MAX,

    /* Of times. */
    FUNCTION_MINUTE,
    FUNCTION_HOUR,
    FUNCTION_DAY_OF_WEEK,
    FUNCTION_DAY_OF_MONTH,
    FUNCTION_DAY_OF_YEAR,
    FUNCTION_DAYS_IN_MONTH,
    FUNCTION_MONTH,
    FUNCTION_YEAR, /* last of those that read a time as a date */
    FUNCTION_TIME,
    FUNCTION_TIMESTAMP,

    FUNCTION_PI,
    FUNCTION_SCALAR,
    FUNCTION_VECTOR,
    FUNCTION_ABSENT,
    FUNCTION_SORT,
    FUNCTION_SORT_DESC,
    FUNCTION_SORT_BY_LABEL,
    FUNCTION_SORT_BY_LABEL_DESC,
    FUNCTION_SORT_BY_LABEL_NUMERIC,
    FUNCTION_SORT_BY_LABEL_NUMERIC_DESC,
    FUNCTION_LABEL_REPLACE,
    FUNCTION_LABEL_JOIN,

    /* Of MetricsQL: see over_range.c. */
    FUNCTION_RANGE_AVG,
    FUNCTION_RANGE_FIRST,
    FUNCTION_RANGE_LAST,
    FUNCTION_RANGE_LINEAR_REGRESSION,
    FUNCTION_RANGE_MAD,
    FUNCTION_RANGE_MAX,
    FUNCTION_RANGE_MEDIAN,
    FUNCTION_RANGE_MIN,
    FUNCTION_RANGE_QUANTILE,
    FUNCTION_RANGE_STDDEV,
    FUNCTION_RANGE_STDVAR,
    FUNCTION_RANGE_SUM,
    FUNCTION_RANGE_ZSCORE, /* last of them */

    FUNCTION_HISTOGRAM_QUANTILE,
    FUNCTION_HISTOGRAM_FRACTION,
    FUNCTION_HISTOGRAM_SHARE, /* MetricsQL, as what follows: see vmrange.c */
    FUNCTION_BUCKETS_LIMIT,
    FUNCTION_PROMETHEUS_BUCKETS,

    /* MetricsQL: each point by those around it, see sequence.c. */
    FUNCTION_INTERPOLATE,
    FUNCTION_KEEP_LAST_VALUE,
    FUNCTION_KEEP_NEXT_VALUE,
    FUNCTION_RANGE_NORMALIZE,
    FUNCTION_REMOVE_RESETS,
    FUNCTION_RUNNING_AVG,
    FUNCTION_RUNNING_MAX,
    FUNCTION_RUNNING_MIN,
    FUNCTION_RUNNING_SUM,
    FUNCTION_SMOOTH_EXPONENTIAL, /* last of them */

    /* MetricsQL: labels, see relabel.c. */
    FUNCTION_ALIAS,
    FUNCTION_DROP_COMMON_LABELS,
    FUNCTION_LABEL_COPY,
    FUNCTION_LABEL_DEL,
    FUNCTION_LABEL_KEEP,
    FUNCTION_LABEL_LOWERCASE,
    FUNCTION_LABEL_MAP,
    FUNCTION_LABEL_MATCH,
    FUNCTION_LABEL_MISMATCH,
    FUNCTION_LABEL_MOVE,
    FUNCTION_LABEL_SET,
    FUNCTION_LABEL_TRANSFORM,
    FUNCTION_LABEL_UPPERCASE,
    FUNCTION_LABEL_VALUE,
    FUNCTION_LABELS_EQUAL, /* last of them */

    /* MetricsQL: the rest, see mixed.c. */
    FUNCTION_BITMAP_AND,
    FUNCTION_BITMAP_OR,
    FUNCTION_BITMAP_XOR,
    FUNCTION_LIMIT_OFFSET,
    FUNCTION_UNION, /* last of those that take a scalar as a series, too */
    FUNCTION_END,
    FUNCTION_NOW,
    FUNCTION_RAND,
    FUNCTION_RAND_EXPONENTIAL,
    FUNCTION_RAND_NORMAL,
    FUNCTION_START,
    FUNCTION_STEP_NUMBER, /* last of them */

    /* In durations only: [step() + 5m]. */
    FUNCTION_STEP,
    FUNCTION_RANGE,
    FUNCTION_MIN_OF,
    FUNCTION_MAX_OF,
};

#define FUNCTION_ANY_MORE 255 /* the last argument may come as often as one likes */

struct function {
    const char *name;
    enum function_id id;
    unsigned char min_args, max_args;
    enum promql_type result;
    enum promql_type args[5]; /* the last written one stands for all that follow */
};

/** Names are as Prometheus spells them, case matters. NULL when there is none. */
const struct function *function_find(struct str name);

/** The functions of durations: step, range, min_of, max_of, in any case. */
const struct function *function_find_duration(struct str name);

/** Why a function that others have is not here ("works on native histograms"); NULL for unknown
 * names. */
const char *function_refused(struct str name);

/** How many arguments are declared: for functions of any number, those before the repetition and
 * one of it. */
size_t function_args_declared(const struct function *f);

/** The type that argument `i` of `len` must have. */
enum promql_type function_arg_type(const struct function *f, size_t i, size_t len);

/** One number out of a whole range, which is another on another grid. */
static inline bool function_is_over_range(enum function_id id)
{
    return id >= FUNCTION_RANGE_AVG && id <= FUNCTION_RANGE_ZSCORE;
}

/** Each point by those around it in the query's range. */
static inline bool function_is_sequence(enum function_id id)
{
    return id >= FUNCTION_INTERPOLATE && id <= FUNCTION_SMOOTH_EXPONENTIAL;
}

/** Of a range, by MetricsQL's rules for one window. */
static inline bool function_is_window(enum function_id id)
{
    return id >= FUNCTION_COUNT_EQ_OVER_TIME && id <= FUNCTION_ZSCORE_OVER_TIME;
}

/* What becomes of the size of the samples in a function of MetricsQL. */
enum function_size {
    FUNCTION_SIZE_SAME,    /* a value of the series, or a difference of two */
    FUNCTION_SIZE_RATE,    /* the same per second */
    FUNCTION_SIZE_NONE,    /* a count that does not depend on it */
    FUNCTION_SIZE_SECONDS, /* a time or a length of time */
    FUNCTION_SIZE_OTHER,   /* compared with a bound, squared, times a time */
};

/** Of a function for which function_is_window() or function_has_parts(). */
enum function_size function_size_of(enum function_id id);

/** Those that also want the sample before the window. */
static inline bool function_looks_before(enum function_id id)
{
    return id >= FUNCTION_ASCENT_OVER_TIME && id <= FUNCTION_ZSCORE_OVER_TIME;
}

/** Several series out of one. */
static inline bool function_has_parts(enum function_id id)
{
    return id >= FUNCTION_ROLLUP_RATE && id <= FUNCTION_AGGR_OVER_TIME;
}

/** MetricsQL: a bare number is a series without labels to them. */
static inline bool function_takes_scalars(enum function_id id)
{
    return id >= FUNCTION_INTERPOLATE && id <= FUNCTION_UNION;
}

static inline bool function_is_rollup(enum function_id id)
{
    return id <= FUNCTION_ABSENT_OVER_TIME;
}

#endif
