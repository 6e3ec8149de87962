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
