// promql_random.test.mjs - valid expressions by chance, from fixed seeds, asked of the real Prometheus (2.x) and of ours, each as a range
// query and as an instant one. ALGALON_EXPRESSIONS=SEED:COUNT asks others, or more: thousands take minutes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expressions } from '../lib/expressions.mjs';
import { ask, hasPrometheus, startOurs, startPrometheus } from '../lib/peers.mjs';

const T = 1_700_000_000;
const TEXT = (() => {
  const lines = [];
  const put = (series, value) => {
    for (let i = -480; i < 120; i++) {
      const v = value(i);
      if (v !== undefined) lines.push(`${series} ${v} ${(T + i * 15 + 7) * 1000}`);
    }
  };
  put('hits_total{gpu="0",job="a"}', (i) => i * 30);
  put('hits_total{gpu="1",job="a"}', (i) => (i % 50) * 7.5);
  put('hits_total{gpu="2",job="b"}', (i) => i * i);
  put('heat{gpu="0",job="a"}', (i) => 50 + (i % 7) / 3 + i / 1000);
  put('heat{gpu="1",job="a"}', (i) => -40 + ((i * 3) % 11) - i / 1000);
  put('heat{gpu="2",job="b"}', (i) => Math.sin(i / 5));
  put('limit{job="a"}', () => 45);
  put('limit{job="b"}', () => 0.5);
  put('gaps{gpu="0"}', (i) => (i % 40 < 15 ? i : undefined));
  put('short{job="b",gpu="9"}', (i) => (i > 60 && i < 80 ? 1 / i : undefined));
  for (const [le, share] of [['0.1', 1], ['1', 3], ['10', 7], ['+Inf', 8]]) for (const job of ['a', 'b']) put(`took_bucket{job="${job}",le="${le}"}`, (i) => share * i * (job === 'a' ? 1 : 2));
  put('epoch', (i) => T - i * 86400 * 17);
  return `${lines.join('\n')}\n`;
})();
const RANGE = { start: T + 420, end: T + 1620, step: 60 };
const BATCH = 50;

const word = process.env.ALGALON_EXPRESSIONS?.split(':').map(Number);
const SEEDS = word ? Array.from({ length: Math.ceil(word[1] / BATCH) }, (_, i) => word[0] + i) : [1, 2, 3, 4, 5, 6];

/* The same number but for the order in which it was added up. What a difference of equals leaves has no digit to compare. */
const close = (a, b) => Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-7 * Math.max(Math.abs(a), Math.abs(b), 1e-5);
const number = (text) => Number(text.replace('Inf', 'Infinity'));
const labelsOf = ({ metric }) => JSON.stringify(Object.fromEntries(Object.entries(metric).sort()));
const pointsOf = (series) => series.values ?? [series.value];

/** What an answer says, as a map of labels to points; a scalar is a series without labels. */
function seriesOf({ resultType, result }) {
  if (resultType === 'scalar') return new Map([['{}', [result]]]);
  return new Map(result.map((series) => [labelsOf(series), pointsOf(series)]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Throws what is different. */
function compare(mine, real) {
  assert.equal(mine.status, real.status, `${mine.text.slice(0, 300)}\n${real.text.slice(0, 300)}`);
  if (real.status !== 200) return;
  assert.equal(mine.json.data.resultType, real.json.data.resultType);
  const [a, b] = [seriesOf(mine.json.data), seriesOf(real.json.data)];
  assert.deepEqual([...a.keys()], [...b.keys()]);
  for (const [labels, points] of b) {
    assert.deepEqual(a.get(labels).map(([time]) => time), points.map(([time]) => time), labels);
    for (const [k, [time, value]] of points.entries()) assert.ok(close(number(a.get(labels)[k][1]), number(value)), `${labels} at ${time}: ours ${a.get(labels)[k][1]}, theirs ${value}`);
  }
}

describe('PromQL by chance beside the real Prometheus', { skip: !hasPrometheus && 'prometheus is not installed' }, () => {
  let theirs, ours;
  before(async () => {
    theirs = await startPrometheus({ text: TEXT });
    ours = await startOurs({ text: TEXT });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  for (const seed of SEEDS)
    it(`seed ${seed}`, { timeout: 300_000 }, async () => {
      const faults = [];
      let answered = 0;
      for (const [i, query] of expressions(seed, BATCH, T).entries()) {
        const at = RANGE.start + (i % 21) * 60;
        for (const question of [{ to: 'POST /api/v1/query_range', form: { query, ...RANGE } }, { to: 'POST /api/v1/query', form: { query, time: at } }]) {
          const [mine, real] = await Promise.all([ask(ours.base, question), ask(theirs.base, question)]);
          answered += real.status === 200;
          try {
            compare(mine, real);
          } catch (fault) {
            faults.push(`${question.form.time ? `at ${at}` : 'range'}: ${query}\n${fault.message}`);
          }
        }
      }
      assert.deepEqual(faults, [], faults.join('\n\n'));
      assert.ok(answered > BATCH, `Prometheus answered ${answered} of ${2 * BATCH} only`);
    });
});
