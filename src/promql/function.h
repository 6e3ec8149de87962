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
    FUNCTION_ROLLUP_RATE,
    FUNCTION_ABSENT_OVER_TIME, /* last of them */

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

/** The type that argument `i` must have. */
enum promql_type function_arg_type(const struct function *f, size_t i);

/** One number out of a whole range, which is another on another grid. */
static inline bool function_is_over_range(enum function_id id)
{
    return id >= FUNCTION_RANGE_AVG && id <= FUNCTION_RANGE_ZSCORE;
}

static inline bool function_is_rollup(enum function_id id)
{
    return id <= FUNCTION_ABSENT_OVER_TIME;
}

#endif
