// cardinality.test.mjs - more series than --max-series: new ones are refused and it is said, what is there goes on, memory stays.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, temporaryFolder, until } from '../lib/program.mjs';

const bound = 3000;

describe('a bomb of series', () => {
  let algalon, target, bomb = 0;
  const dataDir = path.join(temporaryFolder('algalon-bomb'), 'data');
  const metric = async (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${algalon.api}/metrics`)).text())[1]);
  const post = async (where, body) => {
    const response = await fetch(`${algalon.api}${where}`, { method: 'POST', body });
    return { status: response.status, text: await response.text() };
  };

  before(async () => {
    target = http.createServer((request, response) => response.end(`steady 1\n${Array.from({ length: bomb }, (_, i) => `scraped_bomb{id="${i}"} 1\n`).join('')}`));
    await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
    const config = path.join(path.dirname(dataDir), 'scrape.yml');
    fs.writeFileSync(config, `global: {scrape_interval: 200ms}\nscrape_configs:\n- {job_name: t, static_configs: [{targets: ['127.0.0.1:${target.address().port}']}]}\n`);
    algalon = await Algalon.start({ command: 'host', dataDir, args: [`--max-series=${bound}`, `--scrape-config=${config}`] });
    await until('the target is scraped', 30, async () => (await algalon.value('steady')) === 1);
    assert.equal((await post('/api/v1/import/prometheus', 'known 1\n')).status, 204);
  });
  after(async () => {
    target?.close();
    await algalon?.stop();
  });

  it('pushed: the answer says that series were refused, and how to take more', async () => {
    const memory = await metric('process_resident_memory_bytes');
    for (let round = 0; round < 20; round++) {
      const lines = Array.from({ length: bound }, (_, i) => `bomb{id="${round * bound + i}"} 1\n`).join('');
      const { status, text } = await post('/api/v1/import/prometheus', lines);
      assert.equal(status, 400, text);
      assert.match(text, round ? /nothing was kept/ : /\d+ samples were kept, not all/);
      assert.match(text, /there are 3000 series already, as many as --max-series allows/);
    }
    for (const [where, body] of [
      ['/api/v1/import', '{"metric":{"__name__":"other"},"values":[1],"timestamps":[1700000000000]}\n'],
      ['/api/v1/import/csv?format=1:label:host,2:metric:csv_bomb', 'a,1\n'],
    ]) {
      const { status, text } = await post(where, body);
      assert.equal(status, 400, `${where}: ${text}`);
      assert.match(text, /--max-series/, where);
    }
    assert.equal(await metric('algalon_store_series_active'), bound);
    assert.ok((await metric('algalon_store_series_refused_total')) >= 19 * bound);
    assert.ok((await metric('algalon_import_samples_refused_total')) >= 19 * bound);
    assert.ok((await metric('process_resident_memory_bytes')) - memory < 64 << 20, 'memory does not follow the bomb');
  });

  it('scraped: the series that were there go on', { timeout: 60_000 }, async () => {
    const refused = await metric('algalon_store_series_refused_total');
    bomb = 5000;
    await until('the scraped bomb is refused', 30, async () => (await metric('algalon_store_series_refused_total')) > refused);
    const since = Date.now() / 1000;
    await until('the target goes on', 30, async () => (await algalon.value('timestamp(steady)')) > since);
    assert.equal((await post('/api/v1/import/prometheus', 'known 2\n')).status, 204);
    assert.equal(await algalon.value('known'), 2);
    assert.equal(await metric('algalon_store_series_active'), bound);
  });

  it('a restart with a lower bound loses nothing of what was kept', { timeout: 60_000 }, async () => {
    await algalon.stop('SIGKILL');
    algalon = await Algalon.start({ command: 'host', dataDir, args: ['--max-series=10'] });
    assert.equal(await algalon.value('known'), 2);
    assert.ok((await algalon.value('count(bomb)')) > bound / 2);
  });
});
