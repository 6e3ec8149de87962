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
    {"aggr_over_time", FUNCTION_AGGR_OVER_TIME, 2, 2, V, {T, M}},
    {"alias", FUNCTION_ALIAS, 2, 2, V, {V, T}},
    {"ascent_over_time", FUNCTION_ASCENT_OVER_TIME, 1, 1, V, {M}},
    {"asin", FUNCTION_ASIN, 1, 1, V, {V}},
    {"asinh", FUNCTION_ASINH, 1, 1, V, {V}},
    {"atan", FUNCTION_ATAN, 1, 1, V, {V}},
    {"atanh", FUNCTION_ATANH, 1, 1, V, {V}},
    {"avg_over_time", FUNCTION_AVG_OVER_TIME, 1, 1, V, {M}},
    {"bitmap_and", FUNCTION_BITMAP_AND, 2, 2, V, {V, S}},
    {"bitmap_or", FUNCTION_BITMAP_OR, 2, 2, V, {V, S}},
    {"bitmap_xor", FUNCTION_BITMAP_XOR, 2, 2, V, {V, S}},
    {"buckets_limit", FUNCTION_BUCKETS_LIMIT, 2, 2, V, {S, V}},
    {"ceil", FUNCTION_CEIL, 1, 1, V, {V}},
    {"changes", FUNCTION_CHANGES, 1, 1, V, {M}},
    {"changes_prometheus", FUNCTION_CHANGES, 1, 1, V, {M}},
    {"clamp", FUNCTION_CLAMP, 3, 3, V, {V, S, S}},
    {"clamp_max", FUNCTION_CLAMP_MAX, 2, 2, V, {V, S}},
    {"clamp_min", FUNCTION_CLAMP_MIN, 2, 2, V, {V, S}},
    {"cos", FUNCTION_COS, 1, 1, V, {V}},
    {"cosh", FUNCTION_COSH, 1, 1, V, {V}},
    {"count_eq_over_time", FUNCTION_COUNT_EQ_OVER_TIME, 2, 2, V, {M, S}},
    {"count_gt_over_time", FUNCTION_COUNT_GT_OVER_TIME, 2, 2, V, {M, S}},
    {"count_le_over_time", FUNCTION_COUNT_LE_OVER_TIME, 2, 2, V, {M, S}},
    {"count_ne_over_time", FUNCTION_COUNT_NE_OVER_TIME, 2, 2, V, {M, S}},
    {"count_over_time", FUNCTION_COUNT_OVER_TIME, 1, 1, V, {M}},
    {"day_of_month", FUNCTION_DAY_OF_MONTH, 0, 1, V, {V}},
    {"day_of_week", FUNCTION_DAY_OF_WEEK, 0, 1, V, {V}},
    {"day_of_year", FUNCTION_DAY_OF_YEAR, 0, 1, V, {V}},
    {"days_in_month", FUNCTION_DAYS_IN_MONTH, 0, 1, V, {V}},
    {"decreases_over_time", FUNCTION_DECREASES_OVER_TIME, 1, 1, V, {M}},
    {"default_rollup", FUNCTION_LAST_OVER_TIME, 1, 1, V, {M}},
    {"deg", FUNCTION_DEG, 1, 1, V, {V}},
    {"delta", FUNCTION_DELTA, 1, 1, V, {M}},
    {"delta_prometheus", FUNCTION_DELTA_PROMETHEUS, 1, 1, V, {M}},
    {"deriv", FUNCTION_DERIV, 1, 1, V, {M}},
    {"deriv_fast", FUNCTION_DERIV_FAST, 1, 1, V, {M}},
    {"descent_over_time", FUNCTION_DESCENT_OVER_TIME, 1, 1, V, {M}},
    {"distinct_over_time", FUNCTION_DISTINCT_OVER_TIME, 1, 1, V, {M}},
    {"double_exponential_smoothing", FUNCTION_SMOOTHING, 3, 3, V, {M, S, S}},
    {"drop_common_labels", FUNCTION_DROP_COMMON_LABELS, 1, FUNCTION_ANY_MORE, V, {V, V}},
    {"duration_over_time", FUNCTION_DURATION_OVER_TIME, 2, 2, V, {M, S}},
    {"end", FUNCTION_END, 0, 0, S, {S}},
    {"exp", FUNCTION_EXP, 1, 1, V, {V}},
    {"first_over_time", FUNCTION_FIRST_OVER_TIME, 1, 1, V, {M}},
    {"floor", FUNCTION_FLOOR, 1, 1, V, {V}},
    {"geomean_over_time", FUNCTION_GEOMEAN_OVER_TIME, 1, 1, V, {M}},
    {"histogram_fraction", FUNCTION_HISTOGRAM_FRACTION, 3, 3, V, {S, S, V}},
    {"histogram_over_time", FUNCTION_HISTOGRAM_OVER_TIME, 1, 1, V, {M}},
    {"histogram_quantile", FUNCTION_HISTOGRAM_QUANTILE, 2, 2, V, {S, V}},
    {"histogram_share", FUNCTION_HISTOGRAM_SHARE, 2, 2, V, {S, V}},
    {"hoeffding_bound_lower", FUNCTION_HOEFFDING_LOWER, 2, 2, V, {S, M}},
    {"hoeffding_bound_upper", FUNCTION_HOEFFDING_UPPER, 2, 2, V, {S, M}},
    {"holt_winters", FUNCTION_SMOOTHING, 3, 3, V, {M, S, S}},
    {"hour", FUNCTION_HOUR, 0, 1, V, {V}},
    {"idelta", FUNCTION_IDELTA, 1, 1, V, {M}},
    {"ideriv", FUNCTION_IDERIV, 1, 1, V, {M}},
    {"increase", FUNCTION_INCREASE, 1, 1, V, {M}},
    {"increase_prometheus", FUNCTION_INCREASE_PROMETHEUS, 1, 1, V, {M}},
    {"increase_pure", FUNCTION_INCREASE_PURE, 1, 1, V, {M}},
    {"increases_over_time", FUNCTION_INCREASES_OVER_TIME, 1, 1, V, {M}},
    {"integrate", FUNCTION_INTEGRATE, 1, 1, V, {M}},
    {"interpolate", FUNCTION_INTERPOLATE, 1, 1, V, {V}},
    {"irate", FUNCTION_IRATE, 1, 1, V, {M}},
    {"keep_last_value", FUNCTION_KEEP_LAST_VALUE, 1, 1, V, {V}},
    {"keep_next_value", FUNCTION_KEEP_NEXT_VALUE, 1, 1, V, {V}},
    {"label_copy", FUNCTION_LABEL_COPY, 3, FUNCTION_ANY_MORE, V, {V, T, T}},
    {"label_del", FUNCTION_LABEL_DEL, 1, FUNCTION_ANY_MORE, V, {V, T}},
    {"label_join", FUNCTION_LABEL_JOIN, 3, FUNCTION_ANY_MORE, V, {V, T, T, T}},
    {"label_keep", FUNCTION_LABEL_KEEP, 1, FUNCTION_ANY_MORE, V, {V, T}},
    {"label_lowercase", FUNCTION_LABEL_LOWERCASE, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"label_map", FUNCTION_LABEL_MAP, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"label_match", FUNCTION_LABEL_MATCH, 3, 3, V, {V, T, T}},
    {"label_mismatch", FUNCTION_LABEL_MISMATCH, 3, 3, V, {V, T, T}},
    {"label_move", FUNCTION_LABEL_MOVE, 3, FUNCTION_ANY_MORE, V, {V, T, T}},
    {"label_replace", FUNCTION_LABEL_REPLACE, 5, 5, V, {V, T, T, T, T}},
    {"label_set", FUNCTION_LABEL_SET, 3, FUNCTION_ANY_MORE, V, {V, T, T}},
    {"label_transform", FUNCTION_LABEL_TRANSFORM, 4, 4, V, {V, T, T, T}},
    {"label_uppercase", FUNCTION_LABEL_UPPERCASE, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"label_value", FUNCTION_LABEL_VALUE, 2, 2, V, {V, T}},
    {"labels_equal", FUNCTION_LABELS_EQUAL, 3, FUNCTION_ANY_MORE, V, {V, T, T}},
    {"lag", FUNCTION_LAG, 1, 1, V, {M}},
    {"last_over_time", FUNCTION_LAST_OVER_TIME, 1, 1, V, {M}},
    {"lifetime", FUNCTION_LIFETIME, 1, 1, V, {M}},
    {"limit_offset", FUNCTION_LIMIT_OFFSET, 3, 3, V, {S, S, V}},
    {"ln", FUNCTION_LN, 1, 1, V, {V}},
    {"log10", FUNCTION_LOG10, 1, 1, V, {V}},
    {"log2", FUNCTION_LOG2, 1, 1, V, {V}},
    {"mad_over_time", FUNCTION_MAD_OVER_TIME, 1, 1, V, {M}},
    {"max_over_time", FUNCTION_MAX_OVER_TIME, 1, 1, V, {M}},
    {"median_over_time", FUNCTION_MEDIAN_OVER_TIME, 1, 1, V, {M}},
    {"min_over_time", FUNCTION_MIN_OVER_TIME, 1, 1, V, {M}},
    {"minute", FUNCTION_MINUTE, 0, 1, V, {V}},
    {"mode_over_time", FUNCTION_MODE_OVER_TIME, 1, 1, V, {M}},
    {"month", FUNCTION_MONTH, 0, 1, V, {V}},
    {"now", FUNCTION_NOW, 0, 0, S, {S}},
    {"pi", FUNCTION_PI, 0, 0, S, {S}},
    {"predict_linear", FUNCTION_PREDICT_LINEAR, 2, 2, V, {M, S}},
    {"present_over_time", FUNCTION_PRESENT_OVER_TIME, 1, 1, V, {M}},
    {"prometheus_buckets", FUNCTION_PROMETHEUS_BUCKETS, 1, 1, V, {V}},
    {"quantile_over_time", FUNCTION_QUANTILE_OVER_TIME, 2, 2, V, {S, M}},
    {"quantiles_over_time", FUNCTION_QUANTILES_OVER_TIME, 3, FUNCTION_ANY_MORE, V, {T, S, S}},
    {"rad", FUNCTION_RAD, 1, 1, V, {V}},
    {"rand", FUNCTION_RAND, 0, 1, S, {S}},
    {"rand_exponential", FUNCTION_RAND_EXPONENTIAL, 0, 1, S, {S}},
    {"rand_normal", FUNCTION_RAND_NORMAL, 0, 1, S, {S}},
    {"range_avg", FUNCTION_RANGE_AVG, 1, 1, V, {V}},
    {"range_first", FUNCTION_RANGE_FIRST, 1, 1, V, {V}},
    {"range_last", FUNCTION_RANGE_LAST, 1, 1, V, {V}},
    {"range_linear_regression", FUNCTION_RANGE_LINEAR_REGRESSION, 1, 1, V, {V}},
    {"range_mad", FUNCTION_RANGE_MAD, 1, 1, V, {V}},
    {"range_max", FUNCTION_RANGE_MAX, 1, 1, V, {V}},
    {"range_median", FUNCTION_RANGE_MEDIAN, 1, 1, V, {V}},
    {"range_min", FUNCTION_RANGE_MIN, 1, 1, V, {V}},
    {"range_normalize", FUNCTION_RANGE_NORMALIZE, 1, 1, V, {V}},
    {"range_over_time", FUNCTION_RANGE_OVER_TIME, 1, 1, V, {M}},
    {"range_quantile", FUNCTION_RANGE_QUANTILE, 2, 2, V, {S, V}},
    {"range_stddev", FUNCTION_RANGE_STDDEV, 1, 1, V, {V}},
    {"range_stdvar", FUNCTION_RANGE_STDVAR, 1, 1, V, {V}},
    {"range_sum", FUNCTION_RANGE_SUM, 1, 1, V, {V}},
    {"range_zscore", FUNCTION_RANGE_ZSCORE, 1, 1, V, {V}},
    {"rate", FUNCTION_RATE, 1, 1, V, {M}},
    {"rate_over_sum", FUNCTION_RATE_OVER_SUM, 1, 1, V, {M}},
    {"remove_resets", FUNCTION_REMOVE_RESETS, 1, 1, V, {V}},
    {"resets", FUNCTION_RESETS, 1, 1, V, {M}},
    {"rollup", FUNCTION_ROLLUP, 1, 2, V, {M, T}},
    {"rollup_candlestick", FUNCTION_ROLLUP_CANDLESTICK, 1, 2, V, {M, T}},
    {"rollup_delta", FUNCTION_ROLLUP_DELTA, 1, 2, V, {M, T}},
    {"rollup_deriv", FUNCTION_ROLLUP_DERIV, 1, 2, V, {M, T}},
    {"rollup_increase", FUNCTION_ROLLUP_INCREASE, 1, 2, V, {M, T}},
    {"rollup_rate", FUNCTION_ROLLUP_RATE, 1, 2, V, {M, T}},
    {"rollup_scrape_interval", FUNCTION_ROLLUP_SCRAPE_INTERVAL, 1, 2, V, {M, T}},
    {"round", FUNCTION_ROUND, 1, 2, V, {V, S}},
    {"running_avg", FUNCTION_RUNNING_AVG, 1, 1, V, {V}},
    {"running_max", FUNCTION_RUNNING_MAX, 1, 1, V, {V}},
    {"running_min", FUNCTION_RUNNING_MIN, 1, 1, V, {V}},
    {"running_sum", FUNCTION_RUNNING_SUM, 1, 1, V, {V}},
    {"scalar", FUNCTION_SCALAR, 1, 1, S, {V}},
    {"scrape_interval", FUNCTION_SCRAPE_INTERVAL, 1, 1, V, {M}},
    {"sgn", FUNCTION_SGN, 1, 1, V, {V}},
    {"share_eq_over_time", FUNCTION_SHARE_EQ_OVER_TIME, 2, 2, V, {M, S}},
    {"share_gt_over_time", FUNCTION_SHARE_GT_OVER_TIME, 2, 2, V, {M, S}},
    {"share_le_over_time", FUNCTION_SHARE_LE_OVER_TIME, 2, 2, V, {M, S}},
    {"sin", FUNCTION_SIN, 1, 1, V, {V}},
    {"sinh", FUNCTION_SINH, 1, 1, V, {V}},
    {"smooth_exponential", FUNCTION_SMOOTH_EXPONENTIAL, 2, 2, V, {V, S}},
    {"sort", FUNCTION_SORT, 1, 1, V, {V}},
    {"sort_by_label", FUNCTION_SORT_BY_LABEL, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"sort_by_label_desc", FUNCTION_SORT_BY_LABEL_DESC, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"sort_by_label_numeric", FUNCTION_SORT_BY_LABEL_NUMERIC, 2, FUNCTION_ANY_MORE, V, {V, T}},
    {"sort_by_label_numeric_desc",
     FUNCTION_SORT_BY_LABEL_NUMERIC_DESC,
     2,
     FUNCTION_ANY_MORE,
     V,
     {V, T}},
    {"sort_desc", FUNCTION_SORT_DESC, 1, 1, V, {V}},
    {"sqrt", FUNCTION_SQRT, 1, 1, V, {V}},
    {"start", FUNCTION_START, 0, 0, S, {S}},
    {"stddev_over_time", FUNCTION_STDDEV_OVER_TIME, 1, 1, V, {M}},
    {"stdvar_over_time", FUNCTION_STDVAR_OVER_TIME, 1, 1, V, {M}},
    {"step", FUNCTION_STEP_NUMBER, 0, 0, S, {S}},
    {"sum2_over_time", FUNCTION_SUM2_OVER_TIME, 1, 1, V, {M}},
    {"sum_over_time", FUNCTION_SUM_OVER_TIME, 1, 1, V, {M}},
    {"tan", FUNCTION_TAN, 1, 1, V, {V}},
    {"tanh", FUNCTION_TANH, 1, 1, V, {V}},
    {"tfirst_over_time", FUNCTION_TFIRST_OVER_TIME, 1, 1, V, {M}},
    {"time", FUNCTION_TIME, 0, 0, S, {S}},
    {"timestamp", FUNCTION_TIMESTAMP, 1, 1, V, {V}},
    {"tlast_over_time", FUNCTION_TLAST_OVER_TIME, 1, 1, V, {M}},
    {"tmax_over_time", FUNCTION_TMAX_OVER_TIME, 1, 1, V, {M}},
    {"tmin_over_time", FUNCTION_TMIN_OVER_TIME, 1, 1, V, {M}},
    {"union", FUNCTION_UNION, 1, FUNCTION_ANY_MORE, V, {V, V}},
    {"vector", FUNCTION_VECTOR, 1, 1, V, {S}},
    {"year", FUNCTION_YEAR, 0, 1, V, {V}},
    {"zscore_over_time", FUNCTION_ZSCORE_OVER_TIME, 1, 1, V, {M}},
};

static const struct {
    const char *name, *reason;
} refused[] = {
    {"count_values_over_time", "is of MetricsQL and not offered here"},
    {"drop_empty_series", "is of MetricsQL and not offered here"},
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
    {"label_graphite_group", "is of MetricsQL and not offered here"},
    {"limit_ratio", "is experimental in Prometheus and not offered here"},
    {"max_of", "is experimental in Prometheus and offered in durations only"},
    {"min_of", "is experimental in Prometheus and offered in durations only"},
    {"outlier_iqr_over_time", "is of MetricsQL and not offered here"},
    {"outliers_iqr", "is of MetricsQL and not offered here"},
    {"range", "is experimental in Prometheus and offered in durations only"},
    {"range_trim_outliers", "is of MetricsQL and not offered here"},
    {"range_trim_spikes", "is of MetricsQL and not offered here"},
    {"range_trim_zscore", "is of MetricsQL and not offered here"},
    {"rate_prometheus", "is of MetricsQL and not offered here"},
    {"ru", "is of MetricsQL and not offered here"},
    {"stale_samples_over_time", "is of MetricsQL and not offered here"},
    {"timezone_offset", "is of MetricsQL and not offered here"},
    {"ts_of_first_over_time", "is experimental in Prometheus and not offered here"},
    {"ts_of_last_over_time", "is experimental in Prometheus and not offered here"},
    {"ts_of_max_over_time", "is experimental in Prometheus and not offered here"},
    {"ts_of_min_over_time", "is experimental in Prometheus and not offered here"},
    {"ttf", "is of MetricsQL and not offered here"},
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
    if (f->max_args != FUNCTION_ANY_MORE)
        return f->max_args;
    /* label_del(q) and label_join(q, "to", "-") may leave the first of the repeated out. */
    return (size_t)f->min_args +
           (f->id == FUNCTION_LABEL_JOIN || (f->min_args == 1 && f->args[1] != f->args[0]));
}

enum promql_type function_arg_type(const struct function *f, size_t i, size_t len)
{
    if (f->id == FUNCTION_QUANTILES_OVER_TIME && i + 1 == len)
        return PROMQL_MATRIX; /* behind any number of quantiles */
    return f->args[MIN(MIN(i, function_args_declared(f) - 1), ARRAY_LEN(f->args) - 1)];
}

enum function_size function_size_of(enum function_id id)
{
    switch (id) {
    case FUNCTION_DERIV_FAST:
    case FUNCTION_IDERIV:
    case FUNCTION_RATE_OVER_SUM:
    case FUNCTION_ROLLUP_DERIV:
    case FUNCTION_ROLLUP_RATE:
        return FUNCTION_SIZE_RATE;
    case FUNCTION_DECREASES_OVER_TIME:
    case FUNCTION_DISTINCT_OVER_TIME:
    case FUNCTION_INCREASES_OVER_TIME:
    case FUNCTION_ZSCORE_OVER_TIME:
        return FUNCTION_SIZE_NONE;
    case FUNCTION_DURATION_OVER_TIME:
    case FUNCTION_LAG:
    case FUNCTION_LIFETIME:
    case FUNCTION_ROLLUP_SCRAPE_INTERVAL:
    case FUNCTION_SCRAPE_INTERVAL:
    case FUNCTION_TFIRST_OVER_TIME:
    case FUNCTION_TLAST_OVER_TIME:
    case FUNCTION_TMAX_OVER_TIME:
    case FUNCTION_TMIN_OVER_TIME:
        return FUNCTION_SIZE_SECONDS;
    case FUNCTION_AGGR_OVER_TIME:
    case FUNCTION_COUNT_EQ_OVER_TIME:
    case FUNCTION_COUNT_GT_OVER_TIME:
    case FUNCTION_COUNT_LE_OVER_TIME:
    case FUNCTION_COUNT_NE_OVER_TIME:
    case FUNCTION_HISTOGRAM_OVER_TIME:
    case FUNCTION_INTEGRATE:
    case FUNCTION_SHARE_EQ_OVER_TIME:
    case FUNCTION_SHARE_GT_OVER_TIME:
    case FUNCTION_SHARE_LE_OVER_TIME:
    case FUNCTION_SUM2_OVER_TIME:
        return FUNCTION_SIZE_OTHER;
    default:
        return FUNCTION_SIZE_SAME;
    }
}
