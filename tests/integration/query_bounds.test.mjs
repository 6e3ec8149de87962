// query_bounds.test.mjs - what a query may take in the running program: every bound says which one it is and how to raise it; a query
// ends when its client leaves; slow ones are logged.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, startOurs, url } from '../lib/peers.mjs';
import { until } from '../lib/program.mjs';

const T = 1_700_000_000;
// Goes over 259,200 points at each of 11,000 steps: many seconds on any machine, in little memory.
const LONG = url('/api/v1/query_range', { query: 'deriv(vector(time())[72h:1s])', start: T, end: T + 10_999, step: 1 });
const instant = (query, more = {}) => `GET ${url('/api/v1/query', { query, time: T + 6000, ...more })}`;

describe('bounds of a query', () => {
  let ours;
  before(async () => {
    const lines = [];
    for (let n = 0; n < 40; n++) lines.push(`many{n="${n}"} ${n} ${(T + 6000) * 1000}`);
    for (let i = 0; i < 6000; i++) lines.push(`long ${i} ${(T + i) * 1000}`);
    ours = await startOurs({ text: `${lines.join('\n')}\n`, args: ['--query.max-series=20', '--query.max-samples=5000', '--query.max-memory=64MB', '--query.timeout=5m', '--query.max-concurrent=1', '--query.log-slower-than=100ms'] });
  });
  after(async () => ours?.stop());
  const metric = async (name) => Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec((await ask(ours.base, { to: 'GET /metrics' })).text)?.[1]);
  const refused = async (to, status, errorType, error) => {
    const answer = await ask(ours.base, { to });
    assert.deepEqual([answer.status, answer.json?.errorType], [status, errorType], answer.text.slice(0, 300));
    assert.match(answer.json.error, error);
  };

  it('series of one selector', () => refused(instant('many'), 422, 'execution', /--query\.max-series/));
  it('series of a metadata question', () => refused(`GET ${url('/api/v1/series', { 'match[]': 'many' })}`, 422, 'execution', /--query\.max-series/));
  it('samples read', () => refused(instant('long[2h]'), 422, 'execution', /--query\.max-samples/));
  it('memory', () => refused(instant('count_over_time(vector(1)[365d:1s])'), 422, 'execution', /--query\.max-memory/));
  it('time', () => refused(`GET ${LONG}&timeout=300ms`, 503, 'timeout', /--query\.timeout/));
  it('what stays within the bounds is answered', async () => assert.equal((await ask(ours.base, { to: instant('count_over_time(long[1h])') })).status, 200));

  it('a slow query is logged with what it asked for, and counted', async () => {
    await until('the log says so', 20, () => /slow query/.test(ours.output) && /deriv\(vector\(time\(\)\)\[72h:1s\]\)/.test(ours.output));
    const line = ours.output.split('\n').find((text) => text.includes('slow query') && text.includes('deriv'));
    for (const part of [/took=/, /result="query timed out/, new RegExp(`start=${T}`), /step_ms=1000/]) assert.match(line, part);
    assert.ok((await metric('algalon_query_slow_total')) >= 1);
  });

  it('one query at a time: others wait for their turn, until their deadline; one whose client leaves ends', { timeout: 120_000 }, async () => {
    const leave = new AbortController();
    const left = fetch(ours.base + LONG, { signal: leave.signal }).then(() => 'answered', (error) => error.name);
    await until('it runs', 30, async () => (await metric('algalon_query_running')) === 1);
    await refused(instant('1', { timeout: '300ms' }), 503, 'timeout', /query queue.*--query\.max-concurrent/);
    assert.equal(await metric('algalon_query_queries_total{result="canceled"}'), 0);
    const waiting = ask(ours.base, { to: instant('1 + 1') });
    await until('one waits', 30, async () => (await metric('algalon_query_waiting')) === 1);
    leave.abort();
    assert.equal(await left, 'AbortError');
    assert.equal((await waiting).json.data.result[1], '2');
    await until('it was given up', 30, async () => (await metric('algalon_query_queries_total{result="canceled"}')) === 1 && (await metric('algalon_query_running')) === 0);
  });
});
