// prometheus.test.mjs - the real Prometheus scrapes our worker and sees what we see.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, Child, freePorts, temporaryFolder, until } from '../lib/program.mjs';

describe('prometheus', () => {
  it('scrapes the worker without a complaint and gets the same numbers', { timeout: 90_000 }, async () => {
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s', '--hostname=here'] });
    const dir = temporaryFolder('algalon-prometheus');
    const [port] = await freePorts(1);
    const config = path.join(dir, 'prometheus.yml');
    fs.writeFileSync(config, `
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: worker
    honor_labels: true
    static_configs: [{targets: ['${new URL(worker.metrics).host}']}]
`);
    const prometheus = new Child('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`]);
    try {
      const ask = async (expr) => {
        const answer = await (await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`)).json();
        return answer.data.result;
      };
      const [total] = await until('prometheus has scraped', 40, async () => {
        const result = await ask('all_smi_memory_total_bytes{hostname="here"}');
        return result.length && result;
      });
      const own = /^all_smi_memory_total_bytes\{[^}]*\} (\S+)$/m.exec(await (await fetch(`${worker.metrics}/metrics`)).text())[1];
      assert.equal(Number(total.value[1]), Number(own));
      const targets = await (await fetch(`http://127.0.0.1:${port}/api/v1/targets`)).json();
      assert.equal(targets.data.activeTargets[0].health, 'up');
      assert.equal(targets.data.activeTargets[0].lastError, '');
      const scraped = Number((await ask('scrape_samples_scraped'))[0].value[1]);
      const kept = Number((await ask('count({job="worker", __name__!~"up|scrape_.*"})'))[0].value[1]);
      assert.equal(kept, scraped, 'every sample became a series: none was a duplicate');
    } finally {
      await prometheus.stop();
      await worker.stop();
    }
  });
});
