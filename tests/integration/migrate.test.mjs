// migrate.test.mjs - the bridge rules give what the worker itself gives under the other names.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, Child, binary, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

/** Records of a bridge file: name, labels, expression without what holds it back where the real series is. */
function records(file) {
  const text = fs.readFileSync(path.join(root, 'rules', file), 'utf8');
  return [...text.matchAll(/- record: (\S+)\n {8}labels: \{(.*)\}\n {8}expr: \|-\n([^]*?)\n {10}\) unless on .*/g)].map(([, name, labels, expr]) => ({
    name, labels: Object.fromEntries(labels.split(', ').map((pair) => pair.split(': '))), expr: `${expr})`,
  }));
}

const by = (result, label) => new Map(result.map(({ metric, value }) => [metric[label], Number(value[1])]));

describe('bridges between the schemas', () => {
  it('are clean for promtool', () => {
    for (const file of ['bridge-dcgm.yml', 'bridge-all-smi.yml']) {
      const { code, out, err } = run('promtool', ['check', 'rules', path.join(root, 'rules', file)]);
      assert.equal(code, 0, out + err);
      assert.doesNotMatch(out, /duplicate/);
    }
  });

  it('equal the series of the worker, both ways', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-bridge');
    const env = { ALGALON_NVML_SIM: path.join(root, 'tests/sim/nvml/scenarios/fleet-node.scn') };
    const collectors = path.join(dir, 'all.csv');
    fs.writeFileSync(collectors, [...records('bridge-dcgm.yml')].map(({ name }) => `${name}, gauge, x\n`).join(''));
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=500ms', '--schema=all-smi,dcgm', `--dcgm.collectors=${collectors}`, `--nvml-library=${nvmlSimulator}`], env });
    const scrape = path.join(dir, 'prometheus.yml');
    // One job keeps all-smi's names only, as if the old exporter were gone: the bridge steps in.
    fs.writeFileSync(scrape, `
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
  - job_name: gpu
    honor_labels: true
    static_configs: [{targets: ['${new URL(worker.metrics).host}']}]
    metric_relabel_configs:
      - {source_labels: [__name__], regex: 'DCGM_(.*)', target_label: __name__, replacement: 'REAL_DCGM_$1'}
`);
    const rules = path.join(dir, 'bridge.yml');
    fs.writeFileSync(rules, fs.readFileSync(path.join(root, 'rules/bridge-dcgm.yml'), 'utf8').replace('interval: 15s', 'interval: 1s'));
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${scrape}`, `--rules=${rules}`] });
    try {
      await until('rates are there', 30, () => host.value('count(REAL_DCGM_FI_PROF_SM_ACTIVE)'));
      await until('the bridge has written', 30, async () => (await host.value('count(DCGM_FI_DEV_GPU_UTIL{bridge="all-smi"})')) === 8);
      // One moment that lies in the past: no scrape may still be on its way.
      const time = Date.now() / 1000;
      await until('the moment is past', 10, async () => (await host.value('min(timestamp(REAL_DCGM_FI_DEV_GPU_UTIL))')) > time + 1);
      const ask = async (expr) => (await host.query(expr, { time })).result;
      let compared = 0;
      for (const { name, expr } of records('bridge-dcgm.yml')) {
        const real = by(await ask(`REAL_${name}`), 'UUID');
        const made = by(await ask(expr), 'UUID');
        assert.deepEqual([...made.keys()].sort(), [...real.keys()].sort(), name);
        for (const [uuid, value] of real) {
          // MiB are printed whole, shares with four digits, counts of seconds with three.
          const tolerance = Math.max(1e-4, /FB_/.test(name) ? 1 : 0, /VIOLATION/.test(name) ? 1e6 : 0, Math.abs(value) * 2e-3);
          assert.ok(Math.abs(made.get(uuid) - value) <= tolerance, `${name} of ${uuid}: ${made.get(uuid)} for ${value}`);
        }
        compared += real.size > 0;
      }
      assert.ok(compared > 30, `${compared} families compared`);

      for (const { name, labels, expr } of records('bridge-all-smi.yml')) {
        const match = Object.entries(labels).filter(([label]) => label !== 'bridge').map(([label, value]) => `${label}="${value}"`).join(',');
        const real = by(await ask(`${name}{${match}}`), 'gpu_uuid');
        const made = by(await ask(expr.replaceAll('DCGM_', 'REAL_DCGM_').replaceAll('REAL_DCGM_FI_DRIVER', 'DCGM_FI_DRIVER')), 'gpu_uuid');
        assert.deepEqual([...made.keys()].sort(), [...real.keys()].sort(), name);
        for (const [uuid, value] of real)
          assert.ok(Math.abs(made.get(uuid) - value) <= Math.max(1.1e-3, /memory_/.test(name) ? 3 << 20 : 0, Math.abs(value) * 2e-3), `${name} of ${uuid}: ${made.get(uuid)} for ${value}`);
      }
      const [{ metric }] = (await host.query('DCGM_FI_DEV_GPU_TEMP{gpu="3"}')).result;
      assert.equal(metric.device, 'nvidia3');
      assert.equal(metric.modelName, 'NVIDIA H100 80GB HBM3');
      assert.ok(metric.Hostname && metric.instance && !metric.gpu_index && !metric.hostname);
    } finally {
      await host.stop();
      await worker.stop();
    }
  });
});

describe('algalon migrate', () => {
  const dir = temporaryFolder('algalon-migrate');

  it('translates a dashboard and a rule file, and says what it could not', () => {
    const board = path.join(dir, 'board.json');
    fs.writeFileSync(board, JSON.stringify({ panels: [{ id: 1, title: 'a', targets: [{ refId: 'A', expr: 'DCGM_FI_DEV_POWER_USAGE{gpu="0"}' }, { refId: 'B', expr: 'DCGM_FI_DEV_XID_ERRORS' }] }] }));
    const there = run(binary, ['migrate', 'dashboard', board]);
    assert.equal(there.code, 1);
    assert.match(there.err, /panel 1 'a', B: DCGM_FI_DEV_XID_ERRORS: it holds the last code/);
    const { targets } = JSON.parse(there.out).panels[0];
    assert.equal(targets[0].expr, 'all_smi_gpu_power_consumption_watts{gpu_index="0"}');
    assert.equal(targets[1].expr, 'DCGM_FI_DEV_XID_ERRORS');

    const rules = path.join(dir, 'rules.yml');
    fs.writeFileSync(rules, '# mine\ngroups:\n  - name: g\n    rules:\n      - alert: Hot\n        expr: DCGM_FI_DEV_GPU_TEMP{gpu="0"} > 80\n');
    const moved = run(binary, ['migrate', 'rules', rules]);
    assert.equal(moved.code, 0, moved.err);
    assert.match(moved.out, /^# mine\n/);
    assert.match(moved.out, /expr: 'all_smi_gpu_temperature_celsius\{gpu_index="0"\} > 80'|expr: all_smi_gpu_temperature_celsius\{gpu_index="0"\} > 80/);
    fs.writeFileSync(rules, moved.out);
    assert.equal(run('promtool', ['check', 'rules', rules]).code, 0);
    assert.equal(run(binary, ['migrate', 'rules', '--to=dcgm', rules]).out.includes('DCGM_FI_DEV_GPU_TEMP{gpu="0"} > 80'), true);
  });

  it('made the variants of the dashboards for dcgm-exporter that are in dashboards/dcgm', () => {
    const { code, err } = run(process.execPath, [path.join(root, 'dashboards/dcgm/make.mjs'), '--check'], { env: { ALGALON: binary } });
    assert.equal(code, 0, err);
  });

  it('refuses wrong usage', () => {
    assert.equal(run(binary, ['migrate']).code, 2);
    assert.equal(run(binary, ['migrate', 'dashboard']).code, 2);
    assert.equal(run(binary, ['migrate', '--to=nothing', 'bridge']).code, 2);
    assert.equal(run(binary, ['migrate', 'rules', path.join(dir, 'none.yml')]).code, 1);
  });
});

describe('algalon compare', () => {
  // A steady load, memory's too: over seconds, other moments of reading would differ by more than the load does over minutes.
  // One start for both simulators: counters that began with each process would differ by the time between them.
  const scenario = path.join(temporaryFolder('algalon-steady'), 'steady.scn');
  fs.writeFileSync(scenario, `driver 580.95.05\nseed 3\nstart ${Math.floor(Date.now() / 1000) - 60}\ngpu 8 "NVIDIA H100 80GB HBM3" profile=constant high=0.75\n${['sample_memory_utilization', 'memory_utilization'].map((field) => `fault value field=${field} value=47\n`).join('')}`);
  const env = { ALGALON_NVML_SIM: scenario };
  const compare = async (...args) => {
    const child = new Child(binary, ['compare', ...args]);
    const { code } = await child.ended;
    return { code, out: child.output };
  };

  it('holds two exporters of the same GPUs against each other, live and out of a store', { timeout: 60_000 }, async () => {
    const simulated = ['--interval=500ms', `--nvml-library=${nvmlSimulator}`];
    const old = await Algalon.start({ command: 'worker', args: [...simulated, '--schema=dcgm'], env });
    const both = await Algalon.start({ command: 'worker', args: simulated, env });
    const dir = temporaryFolder('algalon-compare');
    const scrape = path.join(dir, 'prometheus.yml');
    fs.writeFileSync(scrape, `
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
  - {job_name: old, honor_labels: true, static_configs: [{targets: ['${new URL(old.metrics).host}']}]}
  - {job_name: new, honor_labels: true, static_configs: [{targets: ['${new URL(both.metrics).host}']}]}
`);
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${scrape}`] });
    try {
      await until('both are there', 20, async () => (await host.value('count(DCGM_FI_DEV_GPU_TEMP)')) && (await host.value('count(all_smi_gpu_temperature_celsius)')));
      const urls = [`${old.metrics}/metrics`, `${both.metrics}/metrics`];
      const live = await compare(...urls, '--for=3s', '--every=500ms', '--report=json', `--pids=${old.process.pid},${both.process.pid}`);
      assert.equal(live.code, 0, live.out);
      const { gpus, sides, metrics } = JSON.parse(live.out);
      assert.equal(gpus, 8);
      const by = new Map(metrics.map((metric) => [metric.name, metric]));
      for (const name of ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_FB_USED', 'DCGM_FI_DEV_GPU_UTIL', 'DCGM_FI_DEV_POWER_USAGE', 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION'])
        assert.equal(by.get(name)?.verdict, 'equal', `${name}: ${live.out}`);
      assert.ok(by.get('DCGM_FI_DEV_GPU_TEMP').pairs >= 3 * 8);
      assert.equal(by.get('DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL').verdict, 'not compared');
      assert.ok(sides.every(({ scrapes, bytes, samples, cpu, memoryBytes, threads, openFiles }) => scrapes >= 3 && bytes > 1000 && samples > 50 && cpu >= 0 && memoryBytes > 1e6 && threads > 1 && openFiles > 3), live.out);
      assert.ok(sides.every(({ secondsMedian, seconds99, secondsMax }) => secondsMedian > 0 && seconds99 >= secondsMedian && secondsMax >= seconds99 * 0.97), live.out);
      assert.ok(sides[1].bytes > sides[0].bytes);

      const history = await compare(`--query-url=${host.api}`, '{job="old"}', '{job="new"}', '--for=3s', '--every=500ms', '--report=markdown');
      assert.equal(history.code, 0, history.out);
      assert.match(history.out, /^\| DCGM_FI_DEV_GPU_TEMP \| \d+ \|.*\| equal \|$/m);
      assert.match((await compare(...urls, '--for=1s', '--every=500ms', '--report=html')).out, /<td>DCGM_FI_DEV_GPU_TEMP<\/td>/);
      assert.equal((await compare(`--query-url=${host.api}`, '{job="old"}', '{job="none"}', '--for=2s', '--every=1s')).code, 1, 'nothing on one side');
    } finally {
      for (const child of [host, both, old]) await child.stop();
    }
    assert.equal(run(binary, ['compare', 'http://127.0.0.1:1/metrics']).code, 2);
    assert.equal(run(binary, ['compare', 'http://127.0.0.1:1/metrics', 'http://127.0.0.1:1/metrics', '--for=100ms', '--every=100ms']).code, 1, 'nobody answers');
  });
});
