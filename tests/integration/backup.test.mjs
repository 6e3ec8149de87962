// backup.test.mjs - a copy of a running store, started from.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, temporaryFolder } from '../lib/program.mjs';

describe('a snapshot', () => {
  it('is made while samples come in, and a store can be started from it', { timeout: 60_000 }, async () => {
    const dataDir = path.join(temporaryFolder(), 'data');
    const ours = await Algalon.start({ command: 'host', dataDir, args: ['--web.enable-admin-api'] });
    const post = async (what, method = 'POST') => fetch(`${ours.api}${what}`, { method });
    let name;
    try {
      let sent = 0;
      const begun = Date.now() - 60_000; // each sample has a time of its own
      const send = async () => assert.equal((await ours.import(`ticks{n="${sent++ % 7}"} ${sent} ${begun + sent}\n`)).status, 204);
      for (let i = 0; i < 50; i++) await send();
      const [answer] = await Promise.all([post('/api/v1/admin/tsdb/snapshot'), ...Array.from({ length: 50 }, send)]);
      assert.equal(answer.status, 200);
      name = (await answer.json()).data.name;
      assert.match(name, /^\d{8}T\d{6}Z-\d{4}$/);
      const second = await (await post('/snapshot/create')).json();
      assert.deepEqual(await (await post('/snapshot/list', 'GET')).json(), { status: 'ok', snapshots: [name, second.snapshot] });
      assert.deepEqual(await (await post(`/snapshot/delete?snapshot=${second.snapshot}`)).json(), { status: 'ok' });
      for (const bad of [second.snapshot, '../days', '', '..']) assert.equal((await post(`/snapshot/delete?snapshot=${encodeURIComponent(bad)}`)).status, 404, bad);
      assert.ok(fs.existsSync(path.join(dataDir, 'days')));
      assert.equal(await ours.value('count(count_over_time(ticks[5m]))'), 7);
    } finally {
      await ours.stop('SIGKILL');
    }
    const copy = await Algalon.start({ command: 'host', dataDir: path.join(dataDir, 'snapshots', name) });
    try {
      assert.ok((await copy.value('sum(count_over_time(ticks[5m]))')) >= 50);
      assert.equal(await copy.value('count(count_over_time(ticks[5m]))'), 7);
      const refused = await fetch(`${copy.api}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
      assert.equal(refused.status, 403);
      assert.match((await refused.json()).error, /--web\.enable-admin-api/);
    } finally {
      await copy.stop();
    }
    const again = await Algalon.start({ command: 'host', dataDir });
    try {
      assert.equal(await again.value('sum(count_over_time(ticks[5m]))'), 100);
    } finally {
      await again.stop();
    }
  });
});
