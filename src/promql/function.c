/* function.c - the table of functions. */
#include "promql/function.h"

#include <strings.h>

#define S PROMQL_SCALAR
#define V PROMQL_VECTOR
#define M PROMQL_MATRIX
#define T PROMQL_STRING

static const struct function functions[] = {
    {"abs", FUNCTION_ABS, 1, 1, V, {V}},
    {"absent", FUNCTION_ABSENT, 1, 1, V, {V}},
    {"absent_over_time", FUNCTION_ABSENT_OVER_TIME, 1, 1, V, {M}},
    {"acos", FUNCTION_ACOS, 1, 1, V, {V}},
    {"acosh", FUNCTION_ACOSH, 1, 1, V, {V}},
    {"asin", FUNCTION_ASIN, 1, 1, V, {V}},
    {"asinh", FUNCTION_ASINH, 1, 1, V, {V}},
    {"atan", FUNCTION_ATAN, 1, 1, V, {V}},
    {"atanh", FUNCTION_ATANH, 1, 1, V, {V}},
    {"avg_over_time", FUNCTION_AVG_OVER_TIME, 1, 1, V, {M}},
    {"ceil", FUNCTION_CEIL, 1, 1, V, {V}},
    {"changes", FUNCTION_CHANGES, 1, 1, V, {M}},
    {"clamp", FUNCTION_CLAMP, 3, 3, V, {V, S, S}},
    {"clamp_max", FUNCTION_CLAMP_MAX, 2, 2, V, {V, S}},
    {"clamp_min", FUNCTION_CLAMP_MIN, 2, 2, V, {V, S}},
    {"cos", FUNCTION_COS, 1, 1, V, {V}},
    {"cosh", FUNCTION_COSH, 1, 1, V, {V}},
    {"count_over_time", FUNCTION_COUNT_OVER_TIME, 1, 1, V, {M}},
    {"day_of_month", FUNCTION_DAY_OF_MONTH, 0, 1, V, {V}},
    {"day_of_week", FUNCTION_DAY_OF_WEEK, 0, 1, V, {V}},
    {"day_of_year", FUNCTION_DAY_OF_YEAR, 0, 1, V, {V}},
    {"days_in_month", FUNCTION_DAYS_IN_MONTH, 0, 1, V, {V}},
    {"deg", FUNCTION_DEG, 1, 1, V, {V}},
    {"delta", FUNCTION_DELTA, 1, 1, V, {M}},
    {"deriv", FUNCTION_DERIV, 1, 1, V, {M}},
    {"double_exponential_smoothing", FUNCTION_SMOOTHING, 3, 3, V, {M, S, S}},
    {"exp", FUNCTION_EXP, 1, 1, V, {V}},
    {"first_over_time", FUNCTION_FIRST_OVER_TIME, 1, 1, V, {M}},
    {"floor", FUNCTION_FLOOR, 1, 1, V, {V}},
    {"histogram_fraction", FUNCTION_HISTOGRAM_FRACTION, 3, 3, V, {S, S, V}},
    {"histogram_quantile", FUNCTION_HISTOGRAM_QUANTILE, 2, 2, V, {S, V}},
    {"holt_winters", FUNCTION_SMOOTHING, 3, 3, V, {M, S, S}},
    {"hour", FUNCTION_HOUR, 0, 1, V, {V}},
    {"idelta", FUNCTION_IDELTA, 1, 1, V, {M}},
    {"increase", FUNCTION_INCREASE, 1, 1, V, {M}},
    {"irate", FUNCTION_IRATE, 1, 1, V, {M}},
    {"label_join", FUNCTION_LABEL_JOIN, 3, FUNCTION_ANY_MORE, V, {V, T, T, T}},
    {"label_replace", FUNCTION_LABEL_REPLACE, 5, 5, V, {V, T, T, T, T}},
    {"last_over_time", FUNCTION_LAST_OVER_TIME, 1, 1, V, {M}},
    {"ln", FUNCTION_LN, 1, 1, V, {V}},
    {"log10", FUNCTION_LOG10, 1, 1, V, {V}},
    {"log2", FUNCTION_LOG2, 1, 1, V, {V}},
    {"mad_over_time", FUNCTION_MAD_OVER_TIME, 1, 1, V, {M}},
    {"max_over_time", FUNCTION_MAX_OVER_TIME, 1, 1, V, {M}},
    {"median_over_time", FUNCTION_MEDIAN_OVER_TIME, 1, 1, V, {M}},
    {"min_over_time", FUNCTION_MIN_OVER_TIME, 1, 1, V, {M}},
    {"minute", FUNCTION_MINUTE, 0, 1, V, {V}},
    {"month", FUNCTION_MONTH, 0, 1, V, {V}},
    {"pi", FUNCTION_PI, 0, 0, S, {S}},
    {"predict_linear", FUNCTION_PREDICT_LINEAR, 2, 2, V, {M, S}},
    {"present_over_time", FUNCTION_PRESENT_OVER_TIME, 1, 1, V, {M}},
    {"quantile_over_time", FUNCTION_QUANTILE_OVER_TIME, 2, 2, V, {S, M}},
    {"rad", FUNCTION_RAD, 1, 1, V, {V}},
    {"range_avg", FUNCTION_RANGE_AVG, 1, 1, V, {V}},
    {"range_first", FUNCTION_RANGE_FIRST, 1, 1, V, {V}},
    {"range_last", FUNCTION_RANGE_LAST, 1, 1, V, {V}},
    {"range_linear_regression", FUNCTION_RANGE_LINEAR_REGRESSION, 1, 1, V, {V}},
    {"range_mad", FUNCTION_RANGE_MAD, 1, 1, V, {V}},
    {"range_max", FUNCTION_RANGE_MAX, 1, 1, V, {V}},
    {"range_median", FUNCTION_RANGE_MEDIAN, 1, 1, V, {V}},
    {"range_min", FUNCTION_RANGE_MIN, 1, 1, V, {V}},
    {"range_quantile", FUNCTION_RANGE_QUANTILE, 2, 2, V, {S, V}},
    {"range_stddev", FUNCTION_RANGE_STDDEV, 1, 1, V, {V}},
    {"range_stdvar", FUNCTION_RANGE_STDVAR, 1, 1, V, {V}},
    {"range_sum", FUNCTION_RANGE_SUM, 1, 1, V, {V}},
    {"range_zscore", FUNCTION_RANGE_ZSCORE, 1, 1, V, {V}},
    {"rate", FUNCTION_RATE, 1, 1, V, {M}},
    {"resets", FUNCTION_RESETS, 1, 1, V, {M}},
    {"rollup_rate", FUNCTION_ROLLUP_RATE, 1, 2, V, {M, T}},
    {"round", FUNCTION_ROUND, 1, 2, V, {V, S}},
    {"scalar", FUNCTION_SCALAR, 1, 1, S, {V}},
    {"sgn", FUNCTION_SGN, 1, 1, V, {V}},
    {"sin", FUNCTION_SIN, 1, 1, V, {V}},
    {"sinh", FUNCTION_SINH, 1, 1, V, {V}},
    {"sort", FUNCTION_SORT, 1, 1, V, {V}},
    {"sort_by_label", FUNCTION_SORT_BY_LABEL, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"sort_by_label_desc", FUNCTION_SORT_BY_LABEL_DESC, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"sort_desc", FUNCTION_SORT_DESC, 1, 1, V, {V}},
    {"sqrt", FUNCTION_SQRT, 1, 1, V, {V}},
    {"stddev_over_time", FUNCTION_STDDEV_OVER_TIME, 1, 1, V, {M}},
    {"stdvar_over_time", FUNCTION_STDVAR_OVER_TIME, 1, 1, V, {M}},
    {"sum_over_time", FUNCTION_SUM_OVER_TIME, 1, 1, V, {M}},
    {"tan", FUNCTION_TAN, 1, 1, V, {V}},
    {"tanh", FUNCTION_TANH, 1, 1, V, {V}},
    {"time", FUNCTION_TIME, 0, 0, S, {S}},
    {"timestamp", FUNCTION_TIMESTAMP, 1, 1, V, {V}},
    {"vector", FUNCTION_VECTOR, 1, 1, V, {S}},
    {"year", FUNCTION_YEAR, 0, 1, V, {V}},
};

static const struct {
    const char *name, *reason;
} refused[] = {
    {"end", "is experimental in Prometheus and offered behind @ only"},
    {"fill", "is an experimental modifier in Prometheus and not offered here"},
    {"fill_left", "is an experimental modifier in Prometheus and not offered here"},
    {"fill_right", "is an experimental modifier in Prometheus and not offered here"},
    {"histogram_avg", "works on native histograms, which are not kept here"},
    {"histogram_count", "works on native histograms, which are not kept here"},
    {"histogram_quantiles", "is experimental in Prometheus and not offered here"},
    {"histogram_stddev", "works on native histograms, which are not kept here"},
    {"histogram_stdvar", "works on native histograms, which are not kept here"},
    {"histogram_sum", "works on native histograms, which are not kept here"},
    {"info", "is experimental in Prometheus and not offered here"},
    {"integral", "is experimental in Prometheus and not offered here"},
    {"limit_ratio", "is experimental in Prometheus and not offered here"},
    {"limitk", "is experimental in Prometheus and not offered here"},
    {"max_of", "is experimental in Prometheus and offered in durations only"},
    {"min_of", "is experimental in Prometheus and offered in durations only"},
    {"range", "is experimental in Prometheus and offered in durations only"},
    {"start", "is experimental in Prometheus and offered behind @ only"},
    {"step", "is experimental in Prometheus and offered in durations only"},
    {"ts_of_first_over_time", "is experimental in Prometheus and not offered here"},
    {"ts_of_last_over_time", "is experimental in Prometheus and not offered here"},
    {"ts_of_max_over_time", "is experimental in Prometheus and not offered here"},
    {"ts_of_min_over_time", "is experimental in Prometheus and not offered here"},
};

const struct function *function_find(struct str name)
{
    size_t low = 0, high = ARRAY_LEN(functions);

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(name, str_of(functions[middle].name));
        if (!order)
            return &functions[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct function *function_find_duration(struct str name)
{
    static const struct function found[] = {
        {"step", FUNCTION_STEP, 0, 0, S, {S}},
        {"range", FUNCTION_RANGE, 0, 0, S, {S}},
        {"min_of", FUNCTION_MIN_OF, 2, 2, S, {S, S}},
        {"max_of", FUNCTION_MAX_OF, 2, 2, S, {S, S}},
    };

    for (size_t i = 0; i < ARRAY_LEN(found); i++)
        if (strlen(found[i].name) == name.len && !strncasecmp(found[i].name, name.ptr, name.len))
            return &found[i];
    return NULL;
}

const char *function_refused(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (str_is(name, refused[i].name))
            return refused[i].reason;
    return NULL;
}

size_t function_args_declared(const struct function *f)
{
    return f->max_args == FUNCTION_ANY_MORE ? (size_t)f->min_args + (f->id == FUNCTION_LABEL_JOIN)
                                            : f->max_args;
}

enum promql_type function_arg_type(const struct function *f, size_t i)
{
    return f->args[MIN(MIN(i, function_args_declared(f) - 1), ARRAY_LEN(f->args) - 1)];
}
