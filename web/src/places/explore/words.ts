// The words of PromQL that Algalon knows: functions with what they take and do, aggregations,
// keywords, durations. A test holds the names against the program's own table.

export interface Word {
  name: string;
  takes: string; // "range", "vector, scalar" ...: shown behind the name
  does: string;
}

/** name(takes): does, a line each, for it is read oftener than it is run. */
const FUNCTIONS = `
abs(v): Without sign
absent(v): 1 when there is nothing, else nothing
absent_over_time(r): 1 when there was nothing in the range
acos(v): Arc cosine
acosh(v): Inverse hyperbolic cosine
aggr_over_time(("a", "b"), r): Several functions of one range
alias(v, "name"): Under another metric name
ascent_over_time(r): All rises of the range, added up
asin(v): Arc sine
asinh(v): Inverse hyperbolic sine
atan(v): Arc tangent
atanh(v): Inverse hyperbolic tangent
avg_over_time(r): Mean over the range
bitmap_and(v, mask): The bits that are set in both
bitmap_or(v, mask): The bits that are set in one of them
bitmap_xor(v, mask): The bits in which they differ
ceil(v): Rounded up
changes(r): How often the value changed
clamp(v, min, max): Kept between two bounds
clamp_max(v, max): At most so much
clamp_min(v, min): At least so much
cos(v): Cosine
cosh(v): Hyperbolic cosine
count_eq_over_time(r, x): Samples that equal x
count_gt_over_time(r, x): Samples above x
count_le_over_time(r, x): Samples of x at most
count_ne_over_time(r, x): Samples other than x
count_over_time(r): Samples in the range
day_of_month(v): 1 to 31, UTC
day_of_week(v): 0 (Sunday) to 6, UTC
day_of_year(v): 1 to 366, UTC
days_in_month(v): 28 to 31, UTC
decreases_over_time(r): How often the value fell
default_rollup(r): Last value of the range
deg(v): Radians as degrees
delta(r): Difference of last and first, for gauges
delta_prometheus(r): Difference of last and first sample, as they are
deriv(r): Slope per second, for gauges
deriv_fast(r): Growth per second between the ends of the range
descent_over_time(r): All falls of the range, added up
distinct_over_time(r): How many different values
double_exponential_smoothing(r, sf, tf): Smoothed value, for gauges
drop_common_labels(v, …): Without the labels that all series share
duration_over_time(r, most): Seconds that samples cover, no further apart than that
end(): Where the query's range ends
exp(v): e to the power of it
first_over_time(r): First value of the range
floor(v): Rounded down
geomean_over_time(r): Geometric mean of the range
histogram_fraction(low, high, v): Share of a histogram between two values
histogram_quantile(q, v): Quantile out of the buckets of a histogram
hoeffding_bound_lower(phi, r): The mean is no smaller, with that probability
hoeffding_bound_upper(phi, r): The mean is no larger, with that probability
holt_winters(r, sf, tf): Older name of double_exponential_smoothing
hour(v): 0 to 23, UTC
idelta(r): Difference of the last two samples
ideriv(r): Growth per second between the last two samples, for gauges
increase(r): How much a counter grew in the range
increase_prometheus(r): How much a counter grew between first and last sample
increases_over_time(r): How often the value rose
integrate(r): Value times seconds, over the range
interpolate(v): Gaps filled by straight lines
irate(r): Growth per second between the last two samples
keep_last_value(v): Gaps filled by the point before
keep_next_value(v): Gaps filled by the point behind
label_copy(v, "from", "to", …): Labels copied
label_del(v, "label", …): Without labels
label_join(v, "new", "separator", "label", …): A label put together from others
label_keep(v, "label", …): With these labels only
label_lowercase(v, "label", …): Labels in small letters
label_map(v, "label", "old", "new", …): Values of a label replaced
label_match(v, "label", "regex"): Series whose label matches
label_mismatch(v, "label", "regex"): Series whose label does not match
label_move(v, "from", "to", …): Labels renamed
label_replace(v, "new", "$1", "label", "regex"): A label made by a pattern
label_set(v, "label", "value", …): Labels set
label_transform(v, "label", "regex", "$1"): Every match within a label replaced
label_uppercase(v, "label", …): Labels in capitals
label_value(v, "label"): A label's value as the number
labels_equal(v, "label", "label", …): Series whose labels are the same
lag(r): Seconds since the last sample
last_over_time(r): Last value of the range
lifetime(r): Seconds from first to last sample
limit_offset(n, skip, v): So many series, after some
ln(v): Natural logarithm
log10(v): Logarithm to base 10
log2(v): Logarithm to base 2
mad_over_time(r): Median distance from the median
max_over_time(r): Largest value of the range
median_over_time(r): Median of the range
min_over_time(r): Smallest value of the range
minute(v): 0 to 59, UTC
mode_over_time(r): The most frequent value of the range
month(v): 1 to 12, UTC
now(): Now, as Unix seconds
pi(): 3.14159…
predict_linear(r, seconds): The value in so many seconds, if it goes on like this
present_over_time(r): 1 when there was anything in the range
quantile_over_time(q, r): Quantile of the range
quantiles_over_time("label", q, …, r): Several quantiles of the range
rad(v): Degrees as radians
rand(seed): A number by chance, 0 to 1
rand_exponential(seed): A number by chance, exponentially distributed
rand_normal(seed): A number by chance, normally distributed
range_avg(v): Mean of all points of the query's range
range_first(v): First point of the query's range
range_last(v): Last point of the query's range
range_linear_regression(v): The straight line nearest to the points
range_mad(v): Median distance from the median, over the query's range
range_max(v): Largest point of the query's range
range_median(v): Median of the query's range
range_min(v): Smallest point of the query's range
range_normalize(v): From 0, the least point, to 1, the largest
range_over_time(r): Largest less smallest value of the range
range_quantile(q, v): Quantile of the query's range
range_stddev(v): Standard deviation over the query's range
range_stdvar(v): Variance over the query's range
range_sum(v): Sum of the query's range
range_zscore(v): Standard deviations from the mean of the query's range
rate(r): Growth of a counter per second, mean over the range
rate_over_sum(r): Sum of the samples per second
remove_resets(v): A counter that never begins again
resets(r): How often a counter began again
rollup(r): Least, mean and largest value of the range
rollup_candlestick(r): Open, close, low and high
rollup_delta(r): Least, mean and largest difference of neighbours
rollup_deriv(r): Least, mean and largest slope between neighbours
rollup_increase(r): Least, mean and largest growth between neighbours
rollup_rate(r): Least, mean and largest growth per second in the range
rollup_scrape_interval(r): Least, mean and largest distance of samples
round(v, to): Rounded to the nearest whole number, or multiple
running_avg(v): Mean so far
running_max(v): Largest so far
running_min(v): Smallest so far
running_sum(v): Sum so far
scalar(v): The one series as a bare number
scrape_interval(r): Mean distance of samples
sgn(v): 1, 0 or -1
share_eq_over_time(r, x): Share of samples that equal x
share_gt_over_time(r, x): Share of samples above x
share_le_over_time(r, x): Share of samples of x at most
sin(v): Sine
sinh(v): Hyperbolic sine
smooth_exponential(v, share): Each point moves the mean by its share
sort(v): By value, smallest first
sort_by_label(v, "label", …): By labels
sort_by_label_desc(v, "label", …): By labels, backwards
sort_by_label_numeric(v, "label", …): By labels as numbers
sort_by_label_numeric_desc(v, "label", …): By labels as numbers, backwards
sort_desc(v): By value, largest first
sqrt(v): Square root
start(): Where the query's range begins
stddev_over_time(r): Standard deviation of the range
stdvar_over_time(r): Variance of the range
step(): Seconds between the points of the query
sum2_over_time(r): Sum of squares of the range
sum_over_time(r): Sum of the range's values
tan(v): Tangent
tanh(v): Hyperbolic tangent
tfirst_over_time(r): When the first sample was taken
time(): Now, as Unix seconds
timestamp(v): When the sample was taken
tlast_over_time(r): When the last sample was taken
tmax_over_time(r): When the largest sample was taken
tmin_over_time(r): When the smallest sample was taken
union(v, …): Several expressions as one
vector(s): A number as a series without labels
year(v): The year, UTC
zscore_over_time(r): Standard deviations of the last sample from the mean
`;

const AGGREGATIONS = `
any(v): One of the series
avg(v): Mean over series
bottomk(k, v): The k smallest series
bottomk_avg(k, v): The k series whose mean over the query's range is smallest
bottomk_last(k, v): The k series whose last value over the query's range is smallest
bottomk_max(k, v): The k series whose largest value over the query's range is smallest
bottomk_median(k, v): The k series whose median over the query's range is smallest
bottomk_min(k, v): The k series whose least value over the query's range is smallest
count(v): How many series
count_values("label", v): How many series have each value
distinct(v): How many different values
geomean(v): Geometric mean over series
group(v): 1 for each group
limitk(k, v): So many of the series
mad(v): Median distance from the median
max(v): Largest of the series
median(v): Median of the series
min(v): Smallest of the series
mode(v): The most frequent value
outliersk(k, v): The k series furthest from the median
quantile(q, v): Quantile over the series
quantiles("label", q, …, v): Several quantiles over the series
share(v): Each series' share of the sum
stddev(v): Standard deviation over the series
stdvar(v): Variance over the series
sum(v): Sum over series
sum2(v): Sum of squares
topk(k, v): The k largest series
topk_avg(k, v): The k series whose mean over the query's range is largest
topk_last(k, v): The k series whose last value over the query's range is largest
topk_max(k, v): The k series whose largest value over the query's range is largest
topk_median(k, v): The k series whose median over the query's range is largest
topk_min(k, v): The k series whose least value over the query's range is largest
zscore(v): Standard deviations of each series from the mean
`;

function wordsOf(lines: string): Word[] {
  return [...lines.matchAll(/^(\w+)\((.*)\): (.*)$/gm)].map((m) => ({
    name: m[1]!,
    takes: m[2]!,
    does: m[3]!,
  }));
}

export const functions = wordsOf(FUNCTIONS);
export const aggregations = wordsOf(AGGREGATIONS);
export const keywords =
  "and by bool default group_left group_right if ifnot ignoring keep_metric_names limit offset on or unless without".split(" ");
export const durations = "$__rate_interval 1m 5m 15m 30m 1h 6h 1d 7d".split(" ");
