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
asin(v): Arc sine
asinh(v): Inverse hyperbolic sine
atan(v): Arc tangent
atanh(v): Inverse hyperbolic tangent
avg_over_time(r): Mean over the range
ceil(v): Rounded up
changes(r): How often the value changed
clamp(v, min, max): Kept between two bounds
clamp_max(v, max): At most so much
clamp_min(v, min): At least so much
cos(v): Cosine
cosh(v): Hyperbolic cosine
count_over_time(r): Samples in the range
day_of_month(v): 1 to 31, UTC
day_of_week(v): 0 (Sunday) to 6, UTC
day_of_year(v): 1 to 366, UTC
days_in_month(v): 28 to 31, UTC
deg(v): Radians as degrees
delta(r): Difference of last and first, for gauges
deriv(r): Slope per second, for gauges
double_exponential_smoothing(r, sf, tf): Smoothed value, for gauges
exp(v): e to the power of it
first_over_time(r): First value of the range
floor(v): Rounded down
histogram_fraction(low, high, v): Share of a histogram between two values
histogram_quantile(q, v): Quantile out of the buckets of a histogram
holt_winters(r, sf, tf): Older name of double_exponential_smoothing
hour(v): 0 to 23, UTC
idelta(r): Difference of the last two samples
increase(r): How much a counter grew in the range
irate(r): Growth per second between the last two samples
label_join(v, "new", "separator", "label", …): A label put together from others
label_replace(v, "new", "$1", "label", "regex"): A label made by a pattern
last_over_time(r): Last value of the range
ln(v): Natural logarithm
log10(v): Logarithm to base 10
log2(v): Logarithm to base 2
mad_over_time(r): Median distance from the median
max_over_time(r): Largest value of the range
median_over_time(r): Median of the range
min_over_time(r): Smallest value of the range
minute(v): 0 to 59, UTC
month(v): 1 to 12, UTC
pi(): 3.14159…
predict_linear(r, seconds): The value in so many seconds, if it goes on like this
present_over_time(r): 1 when there was anything in the range
quantile_over_time(q, r): Quantile of the range
rad(v): Degrees as radians
range_avg(v): Mean of all points of the query's range
range_first(v): First point of the query's range
range_last(v): Last point of the query's range
range_linear_regression(v): The straight line nearest to the points
range_mad(v): Median distance from the median, over the query's range
range_max(v): Largest point of the query's range
range_median(v): Median of the query's range
range_min(v): Smallest point of the query's range
range_quantile(q, v): Quantile of the query's range
range_stddev(v): Standard deviation over the query's range
range_stdvar(v): Variance over the query's range
range_sum(v): Sum of the query's range
range_zscore(v): Standard deviations from the mean of the query's range
rate(r): Growth of a counter per second, mean over the range
resets(r): How often a counter began again
rollup_rate(r): Least, mean and largest growth per second in the range
round(v, to): Rounded to the nearest whole number, or multiple
scalar(v): The one series as a bare number
sgn(v): 1, 0 or -1
sin(v): Sine
sinh(v): Hyperbolic sine
sort(v): By value, smallest first
sort_by_label(v, "label", …): By labels
sort_by_label_desc(v, "label", …): By labels, backwards
sort_desc(v): By value, largest first
sqrt(v): Square root
stddev_over_time(r): Standard deviation of the range
stdvar_over_time(r): Variance of the range
sum_over_time(r): Sum of the range's values
tan(v): Tangent
tanh(v): Hyperbolic tangent
time(): Now, as Unix seconds
timestamp(v): When the sample was taken
vector(s): A number as a series without labels
year(v): The year, UTC
`;

const AGGREGATIONS = `
avg(v): Mean over series
bottomk(k, v): The k smallest series
bottomk_avg(k, v): The k series whose mean over the query's range is smallest
bottomk_last(k, v): The k series whose last value over the query's range is smallest
bottomk_max(k, v): The k series whose largest value over the query's range is smallest
bottomk_median(k, v): The k series whose median over the query's range is smallest
bottomk_min(k, v): The k series whose least value over the query's range is smallest
count(v): How many series
count_values("label", v): How many series have each value
group(v): 1 for each group
max(v): Largest of the series
median(v): Median of the series
min(v): Smallest of the series
quantile(q, v): Quantile over the series
stddev(v): Standard deviation over the series
stdvar(v): Variance over the series
sum(v): Sum over series
topk(k, v): The k largest series
topk_avg(k, v): The k series whose mean over the query's range is largest
topk_last(k, v): The k series whose last value over the query's range is largest
topk_max(k, v): The k series whose largest value over the query's range is largest
topk_median(k, v): The k series whose median over the query's range is largest
topk_min(k, v): The k series whose least value over the query's range is largest
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
  "and by bool group_left group_right ignoring offset on or unless without".split(" ");
export const durations = "$__rate_interval 1m 5m 15m 30m 1h 6h 1d 7d".split(" ");
