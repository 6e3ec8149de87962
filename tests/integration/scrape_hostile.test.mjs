// scrape_hostile.test.mjs - targets that hang, drip, never end or come and go do not hold up the others, and memory stays bounded.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, sleep, temporaryFolder, until } from '../lib/program.mjs';

const GOOD = 100, HANGING = 400, DRIPPING = 50, ENDLESS = 10;

/** Answers by the first part of the path. */
function startTargets() {
  const chunk = Array.from({ length: 500 }, (_, i) => `endless{i="${i}"} 1\n`).join('');
  const server = http.createServer((request, response) => {
    const kind = request.url.split('/')[1];
    if (kind === 'good') return response.end(Array.from({ length: 20 }, (_, i) => `heat{gpu="${i}"} ${i}\n`).join(''));
    if (kind === 'hanging') return undefined;
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    if (kind === 'dripping') {
      const timer = setInterval(() => response.write('#'), 200);
      response.on('close', () => clearInterval(timer));
      return undefined;
    }
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    return more();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const memory = async (algalon) => Number(/^process_resident_memory_bytes (\S+)$/m.exec(await (await fetch(`${algalon.api}/metrics`)).text())[1]);

describe('bad neighbours', () => {
  it('hold up nobody', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-hostile');
    const server = await startTargets();
    const host = `127.0.0.1:${server.address().port}`;
    const list = (kind, n) => JSON.stringify(Array.from({ length: n }, (_, i) => ({ targets: [host], labels: { __metrics_path__: `/${kind}/${i}`, n: `${i}` } })));
    const kinds = { good: GOOD, hanging: HANGING, dripping: DRIPPING, endless: ENDLESS };
    for (const [kind, n] of Object.entries(kinds)) fs.writeFileSync(path.join(dir, `${kind}.json`), list(kind, n));
    const flapping = path.join(dir, 'flapping.json');
    fs.writeFileSync(flapping, '[]');
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 900ms}
scrape_configs:
${[...Object.keys(kinds), 'flapping'].map((kind) => `- {job_name: ${kind}, file_sd_configs: [{files: [${kind}.json]}]${kind === 'endless' ? ', body_size_limit: 1MB' : ''}${kind === 'flapping' ? ', scrape_interval: 1h' : ''}}`).join('\n')}
`);
    const algalon = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/p.yml`] });
    try {
      await until('the good ones are up', 15, async () => (await algalon.value('sum(up{job="good"})')) === GOOD);
      const before = await memory(algalon);
      // Ten thousand targets that come and go meanwhile.
      for (let i = 0; i < 4; i++) {
        fs.writeFileSync(flapping, i % 2 ? '[]' : JSON.stringify([{ targets: Array.from({ length: 10_000 }, (_, k) => `127.0.0.1:${20_000 + k}`) }]));
        await sleep(2500);
      }
      await until('the flapping ones are gone', 10, async () => {
        const data = (await (await fetch(`${algalon.api}/api/v1/targets?scrapePool=flapping`)).json()).data;
        return data.activeTargets.length === 0;
      });
      const fewest = await algalon.value('min(count_over_time(heat{gpu="0"}[8s]))');
      assert.ok(fewest >= 7, `one of the good targets was scraped ${fewest} times in 8 s`);
      assert.equal(await algalon.value('min(min_over_time(up{job="good"}[8s]))'), 1);
      assert.equal(await algalon.value('sum(up{job=~"hanging|dripping|endless"})'), 0);
      assert.equal(await algalon.value('count(endless)'), undefined);
      const down = (await (await fetch(`${algalon.api}/api/v1/targets?scrapePool=endless`)).json()).data.activeTargets;
      assert.match(down[0].lastError, /more than 1048576 bytes/);
      const grown = (await memory(algalon)) - before;
      assert.ok(grown < 100e6, `memory grew by ${grown} bytes`);
    } finally {
      await algalon.stop();
      server.closeAllConnections();
      server.close();
    }
  });
});
