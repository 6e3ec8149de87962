// crash.test.mjs - kill -9 at any moment, then a start: no error, nothing lost that was acknowledged, nothing back that was deleted.
// ALGALON_CRASH_ROUNDS says how often (script/torture: a hundred times).
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, sleep, temporaryFolder, until } from '../lib/program.mjs';

const rounds = Number(process.env.ALGALON_CRASH_ROUNDS ?? 10);

describe(`kill -9, ${rounds} rounds`, () => {
  it('loses nothing that was acknowledged', { timeout: rounds * 20_000 + 60_000 }, async () => {
    const dataDir = path.join(temporaryFolder('algalon-crash'), 'data');
    const base = Date.now() - 3_600_000;
    const args = ['--web.enable-admin-api'];
    const acknowledged = []; // numbers of requests: what must be there
    let sent = 0;
    let deleted = -1; // of `doomed`, all samples up to this number are to stay away
    for (let round = 0; round < rounds; round++) {
      const algalon = await Algalon.start({ command: 'host', dataDir, args });
      assert.doesNotMatch(algalon.output, /level=error/, algalon.output);
      if (round % 3 === 2) {
        const upTo = sent - 1;
        const gone = await fetch(`${algalon.api}/api/v1/admin/tsdb/delete_series`, { method: 'POST', body: new URLSearchParams({ 'match[]': 'doomed' }) });
        assert.equal(gone.status, 204);
        deleted = upTo;
      }
      const deadline = Date.now() + 300 + Math.random() * 700;
      let dead = false;
      const pushing = (async () => {
        while (!dead) {
          const n = sent++;
          const lines = Array.from({ length: 5 }, (_, i) => `crash_test{series="${i}"} ${n} ${base + n * 10}\n`).join('') + `doomed ${n} ${base + n * 10}\n`;
          try {
            const response = await algalon.import(lines);
            if (response.status !== 204) throw new Error(`import answered ${response.status}: ${await response.text()}`);
            acknowledged.push(n);
          } catch (error) {
            if (!dead) throw error;
          }
        }
      })();
      await sleep(deadline - Date.now());
      dead = true;
      await algalon.stop('SIGKILL');
      await pushing;
    }
    const algalon = await Algalon.start({ command: 'host', dataDir });
    assert.doesNotMatch(algalon.output, /level=error/, algalon.output);
    const read = async (expr) => (await algalon.query(expr)).result.map(({ values }) => new Map(values.map(([t, v]) => [Math.round(t * 1000), Number(v)])));
    const found = await read('crash_test[2h]');
    assert.equal(found.length, 5);
    for (const values of found) {
      for (const n of acknowledged) assert.equal(values.get(base + n * 10), n, `request ${n} was acknowledged and is lost`);
      for (const [time, n] of values) assert.equal(time, base + n * 10); // what was in flight at a kill may be there, whole
    }
    const doomed = (await read('doomed[2h]'))[0] ?? new Map();
    for (const n of acknowledged) assert.equal(doomed.get(base + n * 10), n <= deleted ? undefined : n, `doomed ${n}, deleted up to ${deleted}`);
    await algalon.stop();
  });

  it('goes on with the machine\'s own series, a gap only for the downtime', { timeout: 60_000 }, async () => {
    const dataDir = path.join(temporaryFolder('algalon-crash'), 'data');
    const args = ['--interval=200ms'];
    let algalon = await Algalon.start({ dataDir, args });
    await sleep(2500);
    const before = (await algalon.query('all_smi_up[1m]')).result[0].values;
    await algalon.stop('SIGKILL');
    const killed = Date.now() / 1000;
    algalon = await Algalon.start({ dataDir, args });
    await until('samples go on after the restart', 20, async () => (await algalon.query('all_smi_up[1m]')).result[0].values.some(([t]) => t > killed));
    const after = (await algalon.query('all_smi_up[1m]')).result[0].values;
    await algalon.stop();
    const times = new Set(after.map(([t]) => t));
    for (const [t] of before) assert.ok(times.has(t), `the sample at ${t} was scraped before the kill and is lost`);
  });
});
