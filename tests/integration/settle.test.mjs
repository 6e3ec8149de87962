// settle.test.mjs - days packed anew on request: the same answers, fewer blocks.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, run, temporaryFolder, until } from '../lib/program.mjs';

describe('/internal/force_merge', () => {
  it('packs days into long blocks and changes no answer', { timeout: 120_000 }, async () => {
    const dataDir = path.join(temporaryFolder('algalon-settle'), 'data');
    const begin = Math.floor(Date.now() / 1000) - 3 * 86_400;
    const metric = async (ours, name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${ours.api}/metrics`)).text())[1]);
    let ours;
    for (let part = 0; part < 4; part++) { // a clean stop writes out what is there, in blocks of its own
      ours = await Algalon.start({ command: 'host', dataDir });
      const lines = Array.from({ length: 200 }, (_, i) => `load{n="1"} ${Math.sin(part * 200 + i)} ${(begin + (part * 200 + i) * 15) * 1000}\n`);
      assert.equal((await ours.import(lines.join(''))).status, 204);
      await ours.stop();
    }
    ours = await Algalon.start({ command: 'host', dataDir, args: ['--web.enable-admin-api'] });
    try {
      const all = async () => (await ours.query('load[2d]', { time: begin + 86_400 })).result[0].values;
      const before = await all();
      assert.equal(before.length, 800);
      assert.equal((await fetch(`${ours.api}/internal/force_merge`)).status, 200);
      await until('days are packed', 60, async () => (await metric(ours, 'algalon_store_settle_requested')) === 0);
      assert.deepEqual(await all(), before);
      assert.equal(await metric(ours, 'algalon_store_settle_errors_total'), 0);
      assert.equal(await metric(ours, 'algalon_store_settled_days'), await metric(ours, 'algalon_store_partitions'));
    } finally {
      await ours.stop();
    }
    const { code, out } = run(binary, ['check', dataDir]);
    assert.equal(code, 0, out);
    ours = await Algalon.start({ command: 'host', dataDir });
    try {
      assert.equal((await fetch(`${ours.api}/internal/force_merge`)).status, 403);
      assert.equal((await ours.query('load[2d]', { time: begin + 86_400 })).result[0].values.length, 800);
    } finally {
      await ours.stop();
    }
  });
});
