// prometheus.test.mjs - the real Prometheus scrapes our worker and sees what we see.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, Child, freePorts, nvmlSimulator, temporaryFolder, until } from '../lib/program.mjs';

describe('prometheus', () => {
  it('scrapes the worker without a complaint and gets the same numbers', { timeout: 90_000 }, async () => {
    const scenario = path.join(temporaryFolder(), 'machine.scn');
    fs.writeFileSync(scenario, 'seed 3\ngpu 2 "NVIDIA H100 80GB HBM3" profile=training processes=1\ngpu 1 "NVIDIA H200" mig=on instances=3g.71gb,1g.18gb\nfault xid gpu=0 code=31\n');
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s', '--hostname=here', '--schema=all-smi,dcgm,algalon-v1', `--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: scenario } });
    // Prometheus asks for OpenMetrics; behind this it gets the text format.
    const forms = new Set();
    const plain = http.createServer(async (request, response) => {
      const answer = await fetch(worker.metrics + request.url, { headers: { accept: 'text/plain;version=0.0.4' } });
      forms.add(answer.headers.get('content-type'));
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') }).end(await answer.text());
    });
    await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const dir = temporaryFolder('algalon-prometheus');
    const [port] = await freePorts(1);
    const config = path.join(dir, 'prometheus.yml');
    fs.writeFileSync(config, `
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: worker
    honor_labels: true
    static_configs: [{targets: ['${new URL(worker.metrics).host}']}]
  - job_name: plain
    honor_labels: true
    static_configs: [{targets: ['127.0.0.1:${plain.address().port}']}]
`);
    const prometheus = new Child('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`]);
    try {
      const ask = async (expr) => {
        const answer = await (await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`)).json();
        return answer.data.result;
      };
      const [total] = await until('prometheus has scraped', 40, async () => {
        const result = await ask('all_smi_memory_total_bytes{hostname="here", job="worker"}');
        return result.length && result;
      });
      const own = /^all_smi_memory_total_bytes\{[^}]*\} (\S+)$/m.exec(await (await fetch(`${worker.metrics}/metrics`)).text())[1];
      assert.equal(Number(total.value[1]), Number(own));
      const targets = await until('both forms were scraped', 20, async () => {
        const found = (await (await fetch(`http://127.0.0.1:${port}/api/v1/targets`)).json()).data.activeTargets;
        return found.length === 2 && found.every((t) => t.health !== 'unknown') && found;
      });
      for (const target of targets) {
        assert.equal(target.lastError, '');
        assert.equal(target.health, 'up');
        const job = target.labels.job;
        const count = async () => [Number((await ask(`scrape_samples_scraped{job="${job}"}`))[0]?.value[1]), Number((await ask(`count({job="${job}", __name__!~"up|scrape_.*"})`))[0]?.value[1])];
        // Series that come and go between two scrapes are counted for a moment longer.
        await until(`${job}: every sample became a series, none was a duplicate`, 15, async () => {
          const [scraped, kept] = await count();
          if (scraped !== kept) throw new Error(`${scraped} samples, ${kept} series`);
          return scraped > 500;
        });
      }
      assert.deepEqual([...forms], ['text/plain; version=0.0.4; charset=utf-8']);
      const asked = await fetch(`${worker.metrics}/metrics`, { headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' } });
      assert.equal(asked.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
      const open = await asked.text();
      assert.ok(open.endsWith('\n# EOF\n'));
      assert.match(open, /^# TYPE all_smi_energy_consumed_joules counter\n# UNIT all_smi_energy_consumed_joules joules$/m);
      assert.match(open, /^all_smi_energy_consumed_joules_total\{/m);
      const metadata = (await (await fetch(`http://127.0.0.1:${port}/api/v1/metadata?metric=DCGM_FI_DEV_GPU_TEMP`)).json()).data;
      assert.equal(metadata.DCGM_FI_DEV_GPU_TEMP[0].type, 'gauge');
    } finally {
      await prometheus.stop();
      plain.close();
      await worker.stop();
    }
  });
});
