// migrate.test.mjs - the bridge rules give what the worker itself gives under the other names.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

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
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=500ms', '--schema=all-smi,dcgm', `--nvml-library=${nvmlSimulator}`], env });
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
          assert.ok(Math.abs(made.get(uuid) - value) <= Math.max(1e-4, /memory_/.test(name) ? 3 << 20 : 0, Math.abs(value) * 2e-3), `${name} of ${uuid}: ${made.get(uuid)} for ${value}`);
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

  it('refuses wrong usage', () => {
    assert.equal(run(binary, ['migrate']).code, 2);
    assert.equal(run(binary, ['migrate', 'dashboard']).code, 2);
    assert.equal(run(binary, ['migrate', '--to=nothing', 'bridge']).code, 2);
    assert.equal(run(binary, ['migrate', 'rules', path.join(dir, 'none.yml')]).code, 1);
  });
});
