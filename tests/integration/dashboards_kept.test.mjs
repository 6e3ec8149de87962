// dashboards_kept.test.mjs - dashboards that users keep: over restarts, with credentials, and without a store.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, temporaryFolder } from '../lib/program.mjs';

const dir = temporaryFolder('algalon-kept');
const file = (uid, title) => JSON.stringify({ uid, title, panels: [] });
const put = (web, uid, text, headers = {}) =>
  fetch(`${web}/api/dashboards/uid/${uid}`, { method: 'PUT', headers: { 'Content-Type': 'application/json', ...headers }, body: text });

describe('dashboards that are kept', () => {
  it('are there after a restart, also those that were kept before there was a store', async () => {
    const dataDir = path.join(dir, 'data');
    const other = await Algalon.start({ command: 'host', args: ['--query-url=http://127.0.0.1:1'], dataDir });
    try {
      assert.equal((await put(other.web, 'own', file('own', 'Own'))).status, 201);
      assert.equal((await fetch(`${other.web}/api/dashboards/check`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: file('own', 'Own') })).status, 500, 'the other store tells nothing');
    } finally {
      await other.stop();
    }
    assert.equal(fs.readFileSync(path.join(dataDir, 'dashboards', 'own.json'), 'utf8'), file('own', 'Own'));
    const host = await Algalon.start({ command: 'host', dataDir });
    try {
      const list = await (await fetch(`${host.web}/api/dashboards`)).json();
      assert.deepEqual(list.find((d) => d.uid === 'own'), { uid: 'own', title: 'Own', tags: [], origin: 'kept' });
      assert.equal((await fetch(`${host.api}/api/dashboards`)).status, 404, 'the API alone has none');
    } finally {
      await host.stop();
    }
  });

  it('are changed by those who have the credentials alone', async () => {
    const web = path.join(dir, 'web.yml');
    // bcrypt of "secret"
    fs.writeFileSync(web, 'basic_auth_users:\n  ops: $2b$04$Zt9Cxhv3Px5qZ1zWqgX0/.7pAt5l0b3eHt7jYyEJtY8sU8bq0gJVa\n');
    const host = await Algalon.start({ command: 'host', args: [`--web.config.file=${web}`], dataDir: path.join(dir, 'closed') });
    try {
      assert.equal((await put(host.web, 'own', file('own', 'Own'))).status, 401);
      assert.equal((await fetch(`${host.web}/api/dashboards/uid/own`, { method: 'DELETE', headers: { 'Content-Type': 'application/json' } })).status, 401);
      assert.equal(fs.existsSync(path.join(dir, 'closed', 'dashboards')), false);
    } finally {
      await host.stop();
    }
  });
});
