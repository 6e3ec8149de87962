// promql.test.mjs - every function, aggregation and operator that the real Prometheus (2.x) has, asked of it and of ours as a range
// query over the same samples; then what Prometheus 3 added or ours refuses, each by name. Samples lie between the steps, so that
// windows open on the left (3) and closed ones (2) hold the same.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, hasPrometheus, startOurs, startPrometheus } from '../lib/peers.mjs';

const T = 1_700_000_000;
const TEXT = (() => {
  const lines = [];
  const put = (series, value) => {
    for (let i = 0; i < 120; i++) {
      const v = value(i);
      if (v !== undefined) lines.push(`${series} ${v} ${(T + i * 15 + 7) * 1000}`);
    }
  };
  put('hits_total{gpu="0",job="a"}', (i) => i * 30);
  put('hits_total{gpu="1",job="a"}', (i) => (i % 50) * 7.5);
  put('hits_total{gpu="2",job="b"}', (i) => i * i);
  put('heat{gpu="0",job="a"}', (i) => 50 + (i % 7) / 3);
  put('heat{gpu="1",job="a"}', (i) => -40 + ((i * 3) % 11));
  put('heat{gpu="2",job="b"}', (i) => Math.sin(i / 5));
  put('limit{job="a"}', () => 45);
  put('limit{job="b"}', () => 0.5);
  put('gaps{gpu="0"}', (i) => (i % 40 < 15 ? i : undefined));
  put('odd{gpu="0"}', (i) => (i % 3 ? i : 'NaN'));
  put('odd{gpu="1"}', (i) => (i % 4 ? -i : '+Inf'));
  for (const [le, share] of [['0.1', 1], ['1', 3], ['10', 7], ['+Inf', 8]]) for (const job of ['a', 'b']) put(`took_bucket{job="${job}",le="${le}"}`, (i) => share * i * (job === 'a' ? 1 : 2));
  put('epoch', (i) => T - i * 86400 * 17);
  return `${lines.join('\n')}\n`;
})();
const RANGE = { start: T + 420, end: T + 1620, step: 60 };

const plain = ['abs', 'ceil', 'floor', 'exp', 'sqrt', 'ln', 'log2', 'log10', 'sgn', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cos', 'cosh', 'sin', 'sinh', 'tan', 'tanh', 'deg', 'rad', 'round', 'sort', 'sort_desc', 'timestamp', 'absent'];
const dates = ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year'];
const ranges = ['rate', 'increase', 'delta', 'irate', 'idelta', 'resets', 'changes', 'deriv', 'avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'count_over_time', 'stddev_over_time', 'stdvar_over_time', 'last_over_time', 'present_over_time', 'absent_over_time'];
const aggregations = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'];
const EXPRESSIONS = [
  '1', '-1.5e3', '0x1f', 'Inf', '-Inf', 'NaN', 'pi()', 'time()', 'vector(3)', 'vector(time())', 'scalar(limit{job="a"})', 'scalar(heat)',
  ...plain.map((name) => `${name}(heat)`), 'abs(odd)', 'sqrt(odd)', 'round(heat, 0.5)', 'round(heat, 5)', 'absent(nothing{a="b",c=~"d"})', 'absent(sum(nothing))', 'timestamp(heat + 0)',
  ...dates.flatMap((name) => [`${name}(epoch)`, `${name}()`]),
  ...ranges.flatMap((name) => [`${name}(hits_total[5m])`, `${name}(heat[5m])`, `${name}(gaps[4m])`]), ...['max_over_time', 'min_over_time', 'sum_over_time', 'avg_over_time'].map((name) => `${name}(odd[5m])`),
  'quantile_over_time(0.9, heat[5m])', 'quantile_over_time(2, heat[5m])', 'predict_linear(heat[5m], 600)', 'predict_linear(hits_total[10m], -60)', 'holt_winters(heat[5m], 0.5, 0.3)', 'absent_over_time(nothing{a="b"}[5m])',
  'clamp(heat, 0, 51)', 'clamp_min(heat, 0)', 'clamp_max(heat, 0)', 'clamp(heat, 5, 1)',
  'label_replace(heat, "n", "gpu-$1", "gpu", "(.*)")', 'label_replace(heat, "job", "", "job", "a")', 'label_join(heat, "both", "-", "job", "gpu")', 'label_join(heat, "none", "-")',
  'histogram_quantile(0.5, took_bucket)', 'histogram_quantile(0.99, sum by (le) (rate(took_bucket[5m])))', 'histogram_quantile(-1, took_bucket)', 'histogram_quantile(1.5, took_bucket)', 'histogram_quantile(0.05, took_bucket)',
  ...aggregations.flatMap((name) => [`${name}(heat)`, `${name} by (job) (heat)`, `${name} without (gpu) (heat)`, `${name}(heat) by (job, none)`]),
  'topk(1, heat)', 'topk(2, heat) by (job)', 'bottomk(2, heat)', 'topk(0, heat)', 'topk(time() % 3, heat)', 'quantile(0.5, heat)', 'quantile by (job) (0.9, heat)', 'count_values("v", limit)', 'count_values without (gpu) ("v", heat > 0)',
  ...['+', '-', '*', '/', '%', '^', 'atan2'].flatMap((op) => [`heat ${op} 3`, `3 ${op} heat`, `7 ${op} 3`, `heat ${op} heat`, `heat ${op} on (job) group_left () limit`]),
  ...['==', '!=', '>', '<', '>=', '<='].flatMap((op) => [`heat ${op} 50`, `50 ${op} heat`, `heat ${op} bool 50`, `1 ${op} bool 2`, `heat ${op} on (job) group_left limit`, `heat ${op} bool on (job) group_left limit`]),
  'limit * on (job) group_right heat', 'heat * ignoring (gpu) group_left limit', 'heat and heat > 0', 'heat or limit', 'heat unless heat > 0', 'heat and on (job) limit{job="a"}', 'heat unless on (job) limit{job="a"}', 'heat or on (job) limit', 'limit / on () group_left sum(limit)', 'sum by (job) (heat) / on (job) limit', '(heat and on (gpu) hits_total) * on (gpu, job) group_left hits_total',
  '-heat', '+heat', '-heat ^ 2', '2 ^ 3 ^ 2', '1 + 2 * 3 - 4 / 5 % 6', '-(1)', 'heat > 0 and heat < 50.5 or limit',
  'heat offset 1m', 'heat offset -1m', `heat @ ${T + 600}`, 'heat @ start()', 'heat @ end()', `heat @ ${T + 600} offset 1m`, `rate(hits_total[5m] @ ${T + 900})`, `sum(heat @ ${T + 600}) + sum(heat)`,
  'max_over_time(rate(hits_total[2m])[10m:30s])', 'avg_over_time(sum(heat)[303s:20s] offset 1m)', 'sum_over_time((heat > 0)[5m:15s])', `min_over_time(heat[5m:30s] @ ${T + 900})`, 'rate(hits_total[10m:45s])', 'quantile_over_time(scalar(limit{job="b"}), heat[303s:25s])',
  'heat{gpu="0"}', 'heat{gpu!="0"}', 'heat{gpu=~"0|1"}', 'heat{gpu!~"0|1"}', '{__name__=~"heat|limit",job="a"}', 'heat{none=""}', 'heat{gpu=~".+",job!=""}', '{__name__="limit"}', 'heat{job="a",job=~".*"}',
  'sum(rate(hits_total[5m])) by (job) / ignoring (x) sum(heat) by (job) > bool 0', 'topk(1, sum by (job) (rate(hits_total[5m])))', 'count(count by (gpu) (heat)) + scalar(count(heat)) * vector(2)', 'label_replace(sum by (job) (heat), "x", "$1", "job", "(.)") * on (x) group_left (job) label_replace(limit, "x", "$1", "job", "(.)")',
];

/** What Prometheus 3 has that 2.42 has not: an expression and the value that ours gives at the end, of one series. */
const NEWER = [
  ['first_over_time(hits_total{gpu="0"}[5m])', 2640], ['mad_over_time(limit{job="a"}[5m])', 0], ['double_exponential_smoothing(limit{job="a"}[5m], 0.5, 0.5)', 45], ['histogram_fraction(0, 1, took_bucket{job="a"})', 0.375], ['sum(sort_by_label(limit, "job"))', 45.5], ['sum(sort_by_label_desc(limit, "job"))', 45.5],
  ['5m', 300], ['1h30m + 0', 5400], ['sum_over_time(limit{job="a"}[30])', 90], ['sum_over_time(limit{job="a"}[1m / 2])', 90], ['limit{job="a"} offset (1m + 30)', 45], ['{"limit", job="a"}', 45], ['{"limit", "job"="a"}', 45], ['sum_over_time(limit{job="a"}[step()])', 180], ['1_000', 1000], ['start()', T + 420], ['end() - 1', T + 1619], ['step()', 60], ['count(limitk(2, heat))', 2],
];

/** What is refused, each by its name, with the reason. */
const REFUSED = [
  ...['histogram_avg', 'histogram_count', 'histogram_sum', 'histogram_stddev', 'histogram_stdvar'].map((name) => [`${name}(heat)`, new RegExp(`"${name}" works on native histograms`)]),
  ...['info', 'integral', 'limit_ratio', 'histogram_quantiles', 'ts_of_min_over_time', 'ts_of_max_over_time', 'ts_of_first_over_time', 'ts_of_last_over_time'].map((name) => [`${name}(heat)`, new RegExp(`"${name}" is experimental`)]),
  ...['fill', 'fill_left', 'fill_right'].map((name) => [`heat + on (job) group_left ${name} (0) limit`, new RegExp(`"${name}" is an experimental modifier`)]),
  ...['drop_empty_series', 'outliers_iqr', 'range_trim_zscore', 'ru'].map((name) => [`${name}(heat)`, new RegExp(`"${name}" is of MetricsQL and not offered`)]), ['range()', /"range" is experimental in Prometheus and offered in durations only/], ['rate(heat[5m] anchored)', /anchored/], ['rate(heat[5m] smoothed)', /smoothed/], ['nothing_of_the_kind(heat)', /unknown function with name "nothing_of_the_kind"/],
];

/** What neither takes. */
const BROKEN = ['sum(', 'heat{', 'heat{gpu=}', 'heat{gpu="0"', 'heat[5m', 'heat[]', '1 +', 'heat heat', 'rate(heat)', 'rate(1)', 'abs(heat[5m])', 'heat + "x"', 'sum(heat, heat)', 'topk(heat)', '1 == 2', 'heat and 1', 'heat + on (a) group_left (a) heat', 'heat and on (a) group_left heat', '{}', '{gpu=~".*"}', 'heat{gpu=~"("}', 'heat offset', 'heat offset 1m offset 1m', 'sum(heat)[5m]', '"x" + 1', 'heat @ x', 'unknown(heat)', 'round(heat, 1, 2)', 'label_replace(heat)', '(heat', 'heat)', ''];

const close = (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-9);
const number = (word) => Number(word.replace('Inf', 'Infinity'));
const labelsOf = (series) => JSON.stringify(Object.fromEntries(Object.entries(series.metric).sort()));
const sorted = (result) => [...result].sort((a, b) => (labelsOf(a) < labelsOf(b) ? -1 : 1));
const nameless = ({ metric: { __name__, ...metric }, ...series }) => ({ metric, ...series });
const question = (query) => ({ to: 'POST /api/v1/query_range', form: { query, ...RANGE } });

describe('PromQL beside the real Prometheus', { skip: !hasPrometheus && 'prometheus is not installed' }, () => {
  let theirs, ours;
  before(async () => {
    theirs = await startPrometheus({ text: TEXT });
    ours = await startOurs({ text: TEXT });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  for (const expr of EXPRESSIONS)
    it(expr, { timeout: 60_000 }, async () => {
      const [mine, real] = await Promise.all([ask(ours.base, question(expr)), ask(theirs.base, question(expr))]);
      assert.equal(mine.status, real.status, `${mine.text.slice(0, 300)}\n${real.text.slice(0, 300)}`);
      const a = sorted(mine.json.data.result);
      const b = sorted(expr.includes('atan2') ? real.json.data.result.map(nameless) : real.json.data.result); // 2.x left the name on
      assert.deepEqual(a.map(labelsOf), b.map(labelsOf));
      for (const [i, series] of b.entries()) {
        assert.deepEqual(a[i].values.map(([time]) => time), series.values.map(([time]) => time), labelsOf(series));
        for (const [k, [time, value]] of series.values.entries()) assert.ok(close(number(a[i].values[k][1]), number(value)), `${labelsOf(series)} at ${time}: ours ${a[i].values[k][1]}, theirs ${value}`);
      }
    });

  for (const [expr, value] of NEWER)
    it(`${expr}, which came with Prometheus 3`, async () => {
      const { json, text } = await ask(ours.base, question(expr));
      assert.equal(json.status, 'success', text);
      assert.deepEqual(json.data.result.map((series) => number(series.values.at(-1)[1])), [value]);
    });

  for (const [expr, reason] of REFUSED)
    it(`${expr} is refused by name`, async () => {
      const { status, json } = await ask(ours.base, question(expr));
      assert.equal(status, 400);
      assert.match(json.error, reason);
    });

  for (const expr of BROKEN)
    it(`neither takes: ${expr}`, async () => {
      const [mine, real] = await Promise.all([ask(ours.base, question(expr)), ask(theirs.base, question(expr))]);
      if (expr !== 'rate(heat)') assert.deepEqual([mine.status, mine.json.errorType, real.status], [400, 'bad_data', 400], mine.text);
      else assert.equal(mine.status, 200, 'MetricsQL gives it a window');
    });
});
