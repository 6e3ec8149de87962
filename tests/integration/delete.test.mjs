// delete.test.mjs - deleting series over HTTP, as Prometheus and VictoriaMetrics name it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, temporaryFolder } from '../lib/program.mjs';

describe('deleting series', () => {
  it('takes what the matchers and the range say, for good', { timeout: 60_000 }, async () => {
    const dataDir = path.join(temporaryFolder('algalon-delete'), 'data');
    const args = ['--web.enable-admin-api'];
    let ours = await Algalon.start({ command: 'host', dataDir, args });
    const post = (what, fields) => fetch(`${ours.api}/api/v1/admin/tsdb/${what}`, { method: 'POST', body: new URLSearchParams(fields) });
    const begin = Math.floor(Date.now() / 1000) - 7200;
    const lines = [];
    for (let i = 0; i < 100; i++) for (const name of ['keep', 'wrong']) lines.push(`${name}{n="1"} ${i} ${(begin + i * 60) * 1000}\n`);
    assert.equal((await ours.import(lines.join(''))).status, 204);
    const count = async (name) => (await ours.value(`sum(count_over_time(${name}[3h]))`)) ?? 0;
    assert.equal(await count('wrong'), 100);

    assert.equal((await post('delete_series', { 'match[]': 'wrong', start: begin, end: begin + 9 * 60 })).status, 204);
    assert.equal(await count('wrong'), 90);
    assert.equal(await count('keep'), 100);
    assert.equal((await post('delete_series', { 'match[]': '{__name__="wrong"}' })).status, 204);
    assert.equal((await post('clean_tombstones', {})).status, 204);
    assert.deepEqual((await ours.query('wrong[3h]')).result, []);
    const names = async () => (await (await fetch(`${ours.api}/api/v1/label/__name__/values`)).json()).data;
    assert.ok(!(await names()).includes('wrong'));

    const refused = await post('delete_series', {});
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).errorType, 'bad_data');
    assert.equal((await post('delete_series', { 'match[]': '{' })).status, 400);

    await ours.stop('SIGKILL');
    ours = await Algalon.start({ command: 'host', dataDir });
    assert.deepEqual((await ours.query('wrong[3h]')).result, []);
    assert.equal(await count('keep'), 100);
    const off = await post('delete_series', { 'match[]': 'keep' });
    assert.equal(off.status, 403);
    assert.equal(await count('keep'), 100);
    await ours.stop();
  });
});
