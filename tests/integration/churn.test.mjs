// churn.test.mjs - a target whose processes change at every scrape: their series leave memory and stay on disk.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, sleep, temporaryFolder, until } from '../lib/program.mjs';

const begin = 150; // processes that begin with each scrape; each is seen twice
const stable = 40; // series that stay
const fleeting = 1500; // series of the target that is taken away
const turns = 70;

/** A target on a free port of loopback: `text(n)` is what its nth scrape gets. */
async function serve(text) {
  const target = { scrapes: 0 };
  target.server = http.createServer((request, response) => response.end(text(target.scrapes++)));
  await new Promise((resolve) => target.server.listen(0, '127.0.0.1', resolve));
  target.address = `127.0.0.1:${target.server.address().port}`;
  return target;
}

const lines = (n, line) => Array.from({ length: n }, (_, i) => `${line(i)}\n`).join('');

describe('processes that come and go', () => {
  const config = path.join(temporaryFolder('algalon-churn'), 'scrape.yml');
  let algalon, busy, gone;
  let calm = 0; // the scrape from which on no process begins

  const configure = (targets) => fs.writeFileSync(config, `global: {scrape_interval: 200ms}\nscrape_configs:\n${targets.map(([job, { address }]) => `- {job_name: ${job}, static_configs: [{targets: ['${address}']}]}\n`).join('')}`);
  const own = async (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${algalon.api}/metrics`)).text())[1]);

  before(async () => {
    busy = await serve((n) => `churn_turn ${n}\n${lines(stable, (i) => `churn_stable{i="${i}"} ${n}`)}${calm && n >= calm ? '' : lines(2 * begin, (i) => `churn_process{pid="${n * begin + i}"} ${n}`)}`);
    gone = await serve((n) => lines(fleeting, (i) => `churn_gone{i="${i}"} ${n}`));
    configure([['busy', busy], ['gone', gone]]);
    algalon = await Algalon.start({ command: 'host', args: [`--scrape-config=${config}`] });
  });
  after(async () => {
    await algalon?.stop();
    busy?.server.close();
    gone?.server.close();
  });

  const active = () => own('algalon_store_series_active');
  /** Series that get samples now. */
  const living = () => algalon.value('count({__name__=~".+"})');

  it('do not fill the memory', { timeout: 60_000 }, async () => {
    await until('the first scrapes', 10, () => busy.scrapes > 5);
    const [series, memory] = [await active(), await own('process_resident_memory_bytes')];
    let most = 0;
    while (busy.scrapes < turns) {
      most = Math.max(most, await active());
      await sleep(200);
    }
    const grown = (await own('process_resident_memory_bytes')) - memory;
    assert.ok(most - series < (turns * begin) / 2, `${most} series were in memory, ${series} at the start, ${turns * begin} processes came`);
    assert.ok(grown < 32 << 20, `resident memory grew by ${grown} bytes`);
  });

  it('are out of memory soon after they have gone, save a rest', { timeout: 30_000 }, async () => {
    calm = busy.scrapes + 1;
    await until('the last processes are marked stale', 10, async () => (await algalon.value('count(churn_process)')) === undefined);
    // A group bears 500 columns of series that ended, the store 1,000 series of groups that ended.
    let last;
    await until('series leave memory', 20, async () => (last = [await active(), await living()])[0] < last[1] + 1500).catch((error) => {
      throw new Error(`${error.message}: ${last[0]} series in memory, ${last[1]} get samples`);
    });
    assert.equal(await algalon.value('count(churn_stable)'), stable);
  });

  it('can still be queried, to the last sample', { timeout: 30_000 }, async () => {
    const { result } = await algalon.query('churn_turn[5m]');
    assert.equal(result.length, 1);
    const seen = result[0].values.map(([, value]) => Number(value));
    assert.deepEqual(seen, seen.map((_, i) => i), 'every scrape is there once, over all groups');
    assert.ok(seen.length > turns);
    assert.equal(await algalon.value('count(count_over_time(churn_process[5m]))'), (calm + 1) * begin);
    assert.equal(await algalon.value('count(count_over_time(churn_process[5m]) == 2)'), (calm - 1) * begin);
    // Both its samples are those of the scrapes that showed it.
    assert.equal(await algalon.value('count(max_over_time(churn_process[5m]) - min_over_time(churn_process[5m]) == 1)'), (calm - 1) * begin);
    assert.equal(await algalon.value('min(count_over_time(churn_stable[5m])) == bool scalar(count_over_time(churn_turn[5m]))'), 1);
  });

  it('a target that is taken away leaves memory too, and its samples stay', { timeout: 30_000 }, async () => {
    const before = await active();
    configure([['busy', busy]]);
    assert.equal((await fetch(`${algalon.api}/-/reload`, { method: 'POST' })).status, 200);
    await until('its series leave memory', 10, async () => (await active()) <= before - fleeting);
    assert.equal(await algalon.value('count(churn_gone)'), undefined);
    assert.equal(await algalon.value('count(count_over_time(churn_gone[5m]))'), fleeting);
    // The last scrape may have been on its way when its target was taken away.
    assert.ok((await algalon.value('min(max_over_time(churn_gone[5m]))')) >= gone.scrapes - 2);
  });
});
