// timestamps.test.mjs - `algalon worker --timestamps`: a reading that is scraped several times is kept once, here and by Prometheus.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { hasPrometheus, startPrometheus } from '../lib/peers.mjs';
import { Algalon, temporaryFolder, until } from '../lib/program.mjs';

const config = (host) => `global: {scrape_interval: 300ms, scrape_timeout: 300ms}
scrape_configs: [{job_name: node, honor_labels: true, static_configs: [{targets: ['${host}']}]}]
`;

/** The times of the samples of `expr` in the last minutes, in seconds. */
async function times(base, expr) {
  const answer = await (await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: `${expr}[5m]` })}`)).json();
  assert.equal(answer.status, 'success', JSON.stringify(answer));
  return (answer.data.result[0]?.values ?? []).map(([time]) => time);
}

it('what is scraped twice between two readings is kept once', { timeout: 90_000, skip: !hasPrometheus && 'prometheus is not there' }, async () => {
  const worker = await Algalon.start({ command: 'worker', args: ['--interval=2s', '--timestamps'] });
  const { host } = new URL(worker.metrics);
  const file = path.join(temporaryFolder('algalon-times'), 'scrape.yml');
  fs.writeFileSync(file, config(host));
  const ours = await Algalon.start({ command: 'host', args: [`--scrape-config=${file}`] });
  const prometheus = await startPrometheus({ config: config(host) });
  try {
    for (const base of [ours.api, prometheus.base]) {
      const kept = await until('four readings have come', 40, async () => {
        const list = await times(base, 'all_smi_cpu_utilization');
        return list.length >= 4 && list;
      });
      const scrapes = await times(base, 'up{job="node"}');
      for (let i = 1; i < kept.length; i++) assert.ok(kept[i] - kept[i - 1] > 1, `${base}: ${kept}`);
      assert.ok(scrapes.length > kept.length, `${scrapes.length} scrapes, ${kept.length} readings`);
    }
    const openMetrics = await (await fetch(`${worker.metrics}/metrics`, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })).text();
    assert.match(openMetrics, /^all_smi_cpu_utilization\{[^}]*\} \S+ \d{10}\.\d{3}$/m);
  } finally {
    await prometheus.stop();
    await ours.stop();
    await worker.stop();
  }
});
