// metricsql.test.mjs - what of MetricsQL dashboards use, asked of the real VictoriaMetrics (1.79) and of ours over the same samples.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, hasVictoriaMetrics, startOurs, startVictoriaMetrics, url } from '../lib/peers.mjs';

const T = 1_700_000_040; // a multiple of a minute
const TEXT = (() => {
  const lines = [];
  for (let i = 0; i <= 240; i++) {
    const at = (T + i * 15) * 1000;
    lines.push(`hits{gpu="0",job="a"} ${i * 30} ${at}`, `hits{gpu="1",job="a"} ${i * 60} ${at}`, `hits{gpu="2",job="b"} ${i * 15} ${at}`);
    lines.push(`heat{gpu="0",job="a"} ${50 + (i % 7)} ${at}`, `heat{gpu="1",job="a"} ${40 + ((i * 3) % 11)} ${at}`, `heat{gpu="2",job="b"} ${60 - (i % 5)} ${at}`);
  }
  for (let i = 0; i <= 240; i++) {
    const at = (T + i * 15) * 1000;
    lines.push(`wave{gpu="0",job="a"} ${(i * i) % 17} ${at}`, `wave{gpu="1",job="b"} ${(i * 7) % 13} ${at}`);
    if (i % 60 < 40) lines.push(`gaps{gpu="0"} ${i} ${at}`);
    for (const [le, share] of [['0.1', 1], ['1', 3], ['10', 4], ['+Inf', 5]]) lines.push(`wave_bucket{le="${le}",job="a"} ${i * share} ${at}`);
    lines.push(`named{gpu="10",Text="a.b-c",code="7"} ${i} ${at}`, `named{gpu="9",Text="A.b-d",code="x"} 3 ${at}`);
    lines.push(`mostly{gpu="0"} ${i % 3 ? 5 : i} ${at}`, `flags{gpu="0"} ${i} ${at}`, `resetting{gpu="0"} ${i % 50} ${at}`);
  }
  return `${lines.join('\n')}\n`;
})();
const RANGE = { start: T + 600, end: T + 2400, step: 60, nocache: 1 };

/* An expression, and what is special about it: `ours`: what ours alone must answer where this VictoriaMetrics cannot, as
   { labels: last value }; `names`: VictoriaMetrics keeps the metric's name where PromQL drops it; `why`. */
const EXPRESSIONS = [
  // default
  'heat default 0', 'heat{gpu="9"} default 7', '(heat > 52) default 1', '(heat > 1000) default 3', 'sum(heat > 1000) default 3', 'heat default hits',
  '(heat{gpu="0"} > 53) default heat{gpu="0"}', 'sum by (job) (heat > 55) default on (job) sum by (job) (hits)', '((heat > 52) default 1) * 2', '1 default 2',
  // keep_metric_names
  'rate(hits[5m]) keep_metric_names', 'abs(heat) keep_metric_names', 'round(heat / 3) keep_metric_names', 'sum(rate(hits[5m]) keep_metric_names) by (__name__)',
  { expr: '(heat{gpu="0"} * 2) keep_metric_names', ours: { '{"__name__":"heat","gpu":"0","job":"a"}': 112 }, why: 'behind parentheses it came with a later version' },
  // the median
  { expr: 'median_over_time(heat[5m])', names: true }, 'median(heat)', 'median(heat) by (job)', 'median by (job) (heat)',
  // rollup_rate
  'rollup_rate(hits[5m])',
  { expr: 'rollup_rate(hits{gpu="0"}[5m], "max")', ours: { '{"gpu":"0","job":"a"}': 2 }, why: 'the second argument came with a later version' },
  // numbers with suffixes
  '5K', '1.5Mi', '2GB', '1Ki + 1KiB + 1M', 'heat > 0.05K', 'heat * 1Ki', '1e3',
  // an implicit window
  'rate(hits)', 'increase(hits)', 'sum(rate(hits)) by (job)', 'rate(hits) > 1', { expr: 'avg_over_time(heat)', names: true }, { expr: 'max_over_time(heat)', names: true }, 'sum_over_time(heat)', 'count_over_time(heat)', 'last_over_time(heat)', 'deriv(hits)', 'irate(hits)',
  // templates
  'WITH (x = heat) x', 'WITH (cpu = rate(hits[5m]), top(x) = topk(1, x), f = {job="a"}) top(cpu) / heat{f}', 'WITH (f = {job="a"}) heat{f, gpu="1"}', 'WITH (a = 1, b = a + 1) b * heat', 'WITH (c = {job="a",gpu=~"0|1"}) sum(rate(hits{c}[5m])) by (gpu) * 2', 'WITH (half(x) = x / 2) half(half(heat))',
  // one number out of the whole range
  ...['avg', 'sum', 'min', 'max', 'first', 'last', 'median'].map((name) => `range_${name}(heat)`), 'range_quantile(0.9, heat)', 'range_sum(sum(heat))', 'range_max(rate(hits[5m])) / 2', 'heat / range_max(heat)', 'range_max(heat > 52)', 'range_sum(heat > 52)',
  { expr: 'range_stdvar(heat{gpu="0"}) - range_stddev(heat{gpu="0"}) ^ 2 < bool 0.0001', ours: { '{"gpu":"0","job":"a"}': 1 }, why: 'they came with later versions' },
  { expr: 'round(range_avg(range_zscore(heat{gpu="0"})))', ours: { '{"gpu":"0","job":"a"}': 0 }, why: 'it came with a later version' },
  { expr: 'range_mad(heat{gpu="0"})', ours: { '{"gpu":"0","job":"a"}': 2 }, why: 'it came with a later version' },
  { expr: 'range_linear_regression(hits{gpu="0"})', ours: { '{"gpu":"0","job":"a"}': 4800 }, why: 'it came with a later version' },
  // tops over the whole range
  ...['topk', 'bottomk'].flatMap((way) => ['avg', 'min', 'max', 'median', 'last'].map((by) => `${way}_${by}(1, heat)`)), 'topk_avg(2, heat)', 'topk_avg(5, heat)', 'topk_avg(0, heat)', 'topk_avg(1, heat) by (job)', 'topk_max(1, rate(hits[5m]))', 'topk_avg(1, heat, "gpu=others")', 'topk_avg(1, heat, "others")', 'topk_avg(1, heat, "gpu=others") by (job)', 'bottomk_max(1, heat, "rest=x")', 'sum(topk_avg(1, heat, "gpu=others"))',
  // conditions
  'heat if heat > 50', 'heat ifnot heat > 50', 'heat if (hits > 1000)', 'heat if on (job) sum by (job) (hits > 3000)', 'heat ifnot on (job) sum by (job) (hits > 3000)', 'heat if (sum(heat) > 150)', 'heat ifnot (sum(heat) > 150)', '(heat > 45) if (heat < 55) default 3', 'heat + heat if heat > 50',
  // several expressions as one
  'union(heat, hits)', '(heat, hits)', 'union(heat, heat{gpu="0"})', '(sum(heat), label_set(avg(heat), "x", "y"))', 'sum((heat, hits))', 'union(label_set(1, "a", "b"), label_set(time(), "a", "c"))',
  // labels
  'label_set(heat, "rack", "r1", "job", "")', 'label_set(1, "x", "y")', 'label_del(heat{job="b"}, "gpu", "none")', 'label_del(heat{gpu="0"}, "__name__")', 'label_keep(heat{gpu="0"}, "gpu")', 'label_keep(heat, "__name__", "gpu", "job")', 'label_copy(heat, "gpu", "card", "none", "job")', 'label_move(heat, "gpu", "card")', 'label_move(heat, "none", "gpu")', 'label_map(heat, "gpu", "0", "zero", "1", "one")', 'label_uppercase(named, "Text")', 'label_lowercase(named, "Text", "none")', 'label_value(named, "gpu")', 'label_value(named, "code")', 'label_match(heat, "gpu", "0|1")', 'label_mismatch(heat, "gpu", "0|1")', 'label_transform(named, "Text", "[.-]", "_")', 'label_transform(named, "Text", "([a-z])[.]([a-z])", "$2/$1")', 'label_transform(named, "Text", "b", "")', 'drop_common_labels(heat{job="a"})', 'drop_common_labels(heat{gpu="0"}, hits{gpu="0"})', 'alias(heat, "warmth")', 'alias(sum(heat), "total")',
  // windows
  ...['distinct_over_time(wave[5m])', 'sum2_over_time(wave[5m])', 'range_over_time(wave[5m])', 'rate_over_sum(wave[5m])', 'tfirst_over_time(wave[5m])', 'tlast_over_time(wave[5m])', 'tmin_over_time(wave[5m])', 'tmax_over_time(wave[5m])', 'lag(wave[5m])', 'lifetime(wave[5m])', 'scrape_interval(wave[5m])', 'duration_over_time(gaps[20m], 30)', 'increases_over_time(wave[5m])', 'decreases_over_time(wave[5m])', 'ascent_over_time(wave[5m])', 'descent_over_time(wave[5m])', 'integrate(wave[5m])', 'deriv_fast(wave[5m])', 'ideriv(wave[5m])', 'zscore_over_time(wave[5m])', 'count_eq_over_time(wave[5m], 1)', 'count_ne_over_time(wave[5m], 1)', 'count_gt_over_time(wave[5m], 5)', 'count_le_over_time(wave[5m], 5)', 'share_gt_over_time(wave[5m], 5)', 'share_le_over_time(wave[5m], 5)', 'increase_prometheus(resetting[5m])', 'delta_prometheus(wave[5m])'],
  ...['geomean_over_time(heat[5m])', 'mode_over_time(mostly[4m])', 'hoeffding_bound_lower(0.9, wave[5m])', 'hoeffding_bound_upper(0.9, wave[5m])', 'default_rollup(wave[5m])', 'rollup(wave[5m])', 'rollup_candlestick(wave[5m])', 'quantiles_over_time("phi", 0.1, 0.5, 0.95, wave[5m])'],
  ...['rollup_delta(hits[5m])', 'rollup_increase(hits[5m])', 'rollup_deriv(hits[5m])', 'rollup_scrape_interval(hits[5m])', 'aggr_over_time(("min_over_time", "max_over_time", "count_over_time"), wave[5m])', 'aggr_over_time("stddev_over_time", wave[5m])'].map((expr) => ({ expr, names: true })),
  // points by those around them
  ...['running_sum', 'running_avg', 'running_min', 'running_max', 'remove_resets', 'keep_last_value', 'keep_next_value', 'interpolate'].flatMap((name) => [`${name}(wave)`, `${name}(heat > 52)`, `${name}(resetting)`]), 'interpolate(heat > 54)', 'smooth_exponential(wave, 0.3)', 'smooth_exponential(heat > 52, 0.5)',
  // aggregations
  'count(any(heat))', 'any(heat) by (gpu, job)', 'count(any(heat) by (job))', ...['distinct', 'geomean', 'mad', 'mode', 'sum2'].flatMap((name) => [`${name}(heat)`, `${name}(heat) by (job)`, `${name}(wave) without (gpu)`]), 'zscore(heat)', 'zscore(heat) by (job)', 'zscore(wave)', 'outliersk(1, heat)', 'outliersk(2, heat) by (job)', 'quantiles("phi", 0.1, 0.5, 0.9, heat)', 'quantiles("phi", 0.5, heat) by (job)', 'count(limitk(2, heat))', 'count(limitk(1, heat) by (job))', 'count(sum(heat) by (gpu) limit 2)', 'count(avg by (gpu, job) (heat) limit 1)', 'sum(heat) by (job) limit 5',
  // histograms
  'histogram_over_time(heat[5m])', 'histogram_over_time(hits[2m])', 'histogram_over_time((heat - 55)[5m:15s])', 'histogram_over_time(wave{gpu="0"}[1m]) keep_metric_names', 'sum by (vmrange) (histogram_over_time(wave[5m]))', 'prometheus_buckets(histogram_over_time(heat[5m]))', 'prometheus_buckets(histogram_over_time(gaps[2m]))', 'prometheus_buckets(wave_bucket)', 'histogram_quantile(0.9, sum by (vmrange, job) (histogram_over_time(wave[5m])))', 'histogram_quantile(0.5, prometheus_buckets(sum by (vmrange) (histogram_over_time(heat[5m]))))', 'histogram(heat)', 'histogram(heat) by (job)', 'histogram(wave * 1e7)', 'histogram(heat > 51)', 'histogram_quantile(0.9, histogram(wave))', 'sum(histogram(heat)) by (le)', 'buckets_limit(3, histogram(heat))', 'buckets_limit(4, histogram(heat))', 'buckets_limit(2, wave_bucket)', 'buckets_limit(5, histogram_over_time(wave[10m]))', 'buckets_limit(9, wave_bucket)', 'histogram_share(0.5, wave_bucket)', 'histogram_share(2, wave_bucket)', 'histogram_share(0.05, wave_bucket)', 'histogram_share(8, sum by (vmrange) (histogram_over_time(wave[5m])))',
  'increase_pure(hits[5m])', 'increase_pure(resetting[5m])', 'increase_pure(gaps[5m])', 'changes_prometheus(mostly[5m])', 'changes_prometheus(gaps[5m])',
  // times and numbers of the query
  'start()', 'end()', 'step()', 'end() - start()', 'heat * (time() - start()) / step()', 'now() - now() > bool -5', 'rand() < bool 1', 'rand(5) >= bool 0', 'rand_normal(1) > bool -100', 'rand_exponential(2) >= bool 0', 'bitmap_and(flags, 6)', 'bitmap_or(flags, 9)', 'bitmap_xor(flags, 5)', 'count(limit_offset(2, 1, heat))', 'count(limit_offset(5, 2, heat))',
  { expr: 'round(share(heat) by (job), 0.01)', ours: { '{"gpu":"0","job":"a"}': 0.54, '{"gpu":"1","job":"a"}': 0.46, '{"gpu":"2","job":"b"}': 1 }, why: 'it came with a later version' },
  { expr: 'sum(sort_by_label_numeric(named, "gpu"))', ours: { '{}': 163 }, why: 'it came with a later version' },
  { expr: 'sum(sort_by_label_numeric_desc(named, "gpu"))', ours: { '{}': 163 }, why: 'it came with a later version' },
  { expr: 'count_eq_over_time(mostly[5m], 5) / count_over_time(mostly[5m]) - share_eq_over_time(mostly[5m], 5)', ours: { '{"gpu":"0"}': 0 }, why: 'share_eq_over_time came with a later version' },
  { expr: 'labels_equal(label_set(heat, "x", "0"), "gpu", "x")', ours: { '{"__name__":"heat","gpu":"0","job":"a","x":"0"}': 56 }, why: 'it came with a later version' },
  { expr: 'range_normalize(mostly)', ours: { '{"__name__":"mostly","gpu":"0"}': 0 }, why: 'it came with a later version' },
  { expr: 'heat{gpu="0"} * on (job) group_left (*) prefix "its_" label_set(count(heat{job="a"}), "job", "a", "rack", "r1")', ours: { '{"gpu":"0","its_rack":"r1","job":"a"}': 112 }, why: 'the star and the prefix came with a later version' },
  // what an expression was some time ago
  '(heat) offset 5m', '(sum(heat) by (job)) offset 5m', 'sum(heat) offset 5m', 'rate(hits[5m]) offset 5m', '(heat + hits) offset 5m', '(heat) offset -1m', 'sum((heat) offset 5m)', '((heat) offset 2m) offset 3m', '(time()) offset 5m', 'heat - (heat) offset 5m', '(label_replace(heat, "x", "$1", "gpu", "(.*)")) offset 5m',
].map((row) => (typeof row === 'string' ? { expr: row } : row));

const close = (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1);

/** The series of a range query as [[labels as text, [[time, value], ...]], ...] in order of labels. */
function seriesOf(answer, withNames) {
  assert.equal(answer.json?.status, 'success', answer.text.slice(0, 400));
  const text = ({ __name__, ...labels }) => JSON.stringify(Object.fromEntries(Object.entries(withNames && __name__ ? { __name__, ...labels } : labels).sort()));
  return answer.json.data.result.map((series) => [text(series.metric), series.values.map(([time, value]) => [time, Number(value.replace('Inf', 'Infinity'))])]).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('MetricsQL beside the real VictoriaMetrics', { skip: !hasVictoriaMetrics && 'victoria-metrics is not installed' }, () => {
  let theirs, ours;
  before(async () => {
    theirs = await startVictoriaMetrics({ text: TEXT });
    ours = await startOurs({ text: TEXT });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  for (const row of EXPRESSIONS)
    it(row.expr, { timeout: 60_000 }, async () => {
      const question = { to: 'POST /api/v1/query_range', form: { query: row.expr, ...RANGE } };
      const mine = seriesOf(await ask(ours.base, question), !row.names);
      const answer = await ask(theirs.base, question);
      if (row.ours) {
        assert.notEqual(answer.status, 200, 'VictoriaMetrics has learnt it: compare');
        assert.deepEqual(Object.fromEntries(mine.map(([labels, values]) => [labels, values.at(-1)[1]])), row.ours);
        return;
      }
      const real = seriesOf(answer, !row.names);
      assert.deepEqual(mine.map(([labels]) => labels), real.map(([labels]) => labels));
      for (const [i, [labels, values]] of real.entries()) {
        assert.deepEqual(mine[i][1].map(([time]) => time), values.map(([time]) => time), labels);
        for (const [k, [time, value]] of values.entries()) assert.ok(close(mine[i][1][k][1], value), `${labels} at ${time}: ours ${mine[i][1][k][1]}, theirs ${value}`);
      }
      assert.ok(mine.length || row.expr === 'topk_avg(0, heat)', 'there is nothing to compare');
    });
});
