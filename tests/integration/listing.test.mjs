// listing.test.mjs - label names, label values and series by range: of what lies in memory, of sealed days, of packed ones. The days are
// apart, begin and end at midnight, and one of them holds nothing.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ask, url } from '../lib/peers.mjs';
import { Algalon, temporaryFolder, until } from '../lib/program.mjs';

const DAY = 86_400;
const A = (Math.floor(Date.now() / 1000 / DAY) - 6) * DAY, B = A + DAY, EMPTY = B + DAY, C = EMPTY + DAY; // A and B follow each other
const last = (day) => day + DAY - 0.001;

/* Series by name: labels, and the days they have samples on. */
const SERIES = [
  ...Array.from({ length: 60 }, (_, n) => ({ name: 'only_a', labels: { instance: 'a:1', n: String(n) }, days: [A] })),
  { name: 'only_b', labels: { instance: 'b:1', shade: 'dark' }, days: [B] },
  { name: 'always', labels: { instance: 'c:1', shade: 'light' }, days: [A, B, C] },
];

/* The first sample at midnight, the last a millisecond before the next one. */
const TEXT = SERIES.flatMap(({ name, labels, days }) =>
  days.flatMap((day) =>
    [day, day + 43_200, last(day)].map((at) => `${name}{${Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join()}} 1 ${Math.round(at * 1000)}\n`))).join('');

const RANGES = {
  'one day': [A, last(A)], 'the next day': [B, last(B)], 'the last millisecond of a day': [last(A), last(A)], 'the first of the next': [B, B],
  'both': [last(A), B], 'a day with nothing': [EMPTY, last(EMPTY)], 'from there on': [EMPTY, last(C)], 'all of them': [A, last(C)], 'before all': [0, A - 0.001],
  'behind all': [C + DAY, last(C + DAY)], 'the wrong way round': [B, A],
};

describe('listings of old days', () => {
  let ours, told;
  const dataDir = path.join(temporaryFolder('algalon-listing'), 'data');
  const start = async () => (ours = await Algalon.start({ command: 'host', dataDir, args: ['--retention=0', '--web.enable-admin-api'] }));
  const list = async (what, parameters) => {
    const answer = await ask(ours.api, { to: `GET ${url(what, parameters)}` });
    assert.equal(answer.json?.status, 'success', answer.text);
    return answer.json;
  };

  before(async () => {
    await start();
    assert.equal((await ours.import(TEXT)).status, 204);
  });
  after(() => ours?.stop());

  /* `loose`: what is in memory is told by the first and last sample of its target: it may be listed for a day between. */
  async function holds(loose) {
    for (const [why, [from, to]] of Object.entries(RANGES)) {
      const touches = (one) => from <= to && one.days.some((day) => day <= to && last(day) >= from);
      const spans = (one) => from <= to && one.days[0] <= to && last(one.days.at(-1)) >= from;
      const must = SERIES.filter(touches), may = loose ? SERIES.filter(spans) : must;
      const check = (got, of) => {
        const [least, most] = [must, may].map((some) => [...new Set(some.flatMap(of))].sort());
        const seen = `${told}: ${why}: ${JSON.stringify(got).slice(0, 300)}`;
        assert.deepEqual(got, [...got].sort(), seen);
        assert.deepEqual(least.filter((one) => !got.includes(one)), [], `missing: ${seen}`);
        assert.deepEqual(got.filter((one) => !most.includes(one)), [], `too much: ${seen}`);
      };
      const range = { start: from, end: to };
      check((await list('/api/v1/labels', range)).data, ({ labels }) => ['__name__', ...Object.keys(labels)]);
      check((await list('/api/v1/label/__name__/values', range)).data, ({ name }) => [name]);
      check((await list('/api/v1/label/shade/values', range)).data, ({ labels }) => (labels.shade ? [labels.shade] : []));
      check((await list('/api/v1/label/n/values', { ...range, 'match[]': ['only_a{n=~"1.|5"}', 'only_b'] })).data, ({ labels }) => (/^(1.|5)$/.test(labels.n ?? '') ? [labels.n] : []));
      check((await list('/api/v1/series', { ...range, 'match[]': ['{instance=~".:1",n!="7"}', 'always'] })).data.map((one) => JSON.stringify(Object.entries(one).sort())).sort(),
        ({ name, labels }) => (labels.n === '7' ? [] : [JSON.stringify(Object.entries({ __name__: name, ...labels }).sort())]));
    }
    const all = (await list('/api/v1/label/__name__/values')).data; // without a range
    for (const { name } of SERIES) assert.ok(all.includes(name), `${told}: ${name}`);
    for (const [what, limit] of [['/api/v1/label/n/values', 10], ['/api/v1/series', 10], ['/api/v1/labels', 2]]) {
      const answer = await list(what, { start: A, end: last(A), limit, 'match[]': 'only_a' });
      assert.equal(answer.data.length, limit, `${told}: ${what}`);
      assert.match(answer.warnings?.join() ?? '', /limit/, `${told}: ${what}`);
    }
    assert.equal((await list('/api/v1/label/n/values', { start: A, end: last(A), limit: 60, 'match[]': 'only_a' })).warnings, undefined);
  }

  it('of what is in memory', { timeout: 120_000 }, async () => {
    told = 'in memory';
    await holds(true);
  });

  it('of sealed days', { timeout: 120_000 }, async () => {
    told = 'sealed';
    await ours.stop(); // writes out what there is
    await start();
    await holds(false);
  });

  it('of packed days', { timeout: 120_000 }, async () => {
    told = 'packed';
    assert.equal((await fetch(`${ours.api}/internal/force_merge`)).status, 200);
    await until('days are packed', 60, async () => /^algalon_store_settle_requested 0$/m.test(await (await fetch(`${ours.api}/metrics`)).text()));
    await holds(false);
    await ours.stop();
    await start();
    await holds(false);
  });

  it('of what is left behind a deletion', { timeout: 120_000 }, async () => {
    assert.equal((await ask(ours.api, { to: 'POST /api/v1/admin/tsdb/delete_series', form: { 'match[]': 'only_a' } })).status, 204);
    const range = { start: A, end: last(C) };
    assert.deepEqual((await list('/api/v1/label/__name__/values', range)).data, ['always', 'only_b']);
    assert.deepEqual((await list('/api/v1/labels', range)).data, ['__name__', 'instance', 'shade']);
    assert.deepEqual((await list('/api/v1/series', { ...range, 'match[]': '{n!=""}' })).data, []);
  });
});
