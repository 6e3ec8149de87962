// migration_walk.test.mjs - docs/migration.md, command by command, on simulated GPUs: the page and this test cannot differ.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, freePorts, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

const page = fs.readFileSync(path.join(root, 'docs/migration.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh ([a-z-]+)\n([^]*?)^```$/gm)].map(([, kind, text]) => ({ kind, text }));

describe('docs/migration.md', () => {
  it('holds the table as the program prints it', () => {
    assert.ok(page.endsWith(`Made by \`algalon migrate table\`.\n\n${run(binary, ['migrate', 'table']).out}`));
  });

  it('can be walked from the first command to the way back', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-walk');
    const [oldPort, newPort, apiPort] = await freePorts(3);
    // Other ports and shorter times: nothing else is changed.
    const adapt = (text) => text.replaceAll('127.0.0.1:9400', `127.0.0.1:${oldPort}`).replaceAll('127.0.0.1:9401', `127.0.0.1:${newPort}`).replaceAll('127.0.0.1:8428', `127.0.0.1:${apiPort}`)
      .replaceAll('--for=10m', '--for=2s --every=500ms').replace(/scrape_interval: \d+s/g, 'scrape_interval: 500ms').replace(/scrape_timeout: \d+s/g, 'scrape_timeout: 400ms').replace(/interval: 15s/g, 'interval: 500ms');
    const put = (name, text) => {
      fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
      fs.writeFileSync(path.join(dir, name), adapt(text));
    };
    put('deploy/scrape/dual.yml', fs.readFileSync(path.join(root, 'deploy/scrape/dual.yml'), 'utf8'));
    fs.copyFileSync(path.join(root, 'deploy/rollback.sh'), path.join(dir, 'deploy/rollback.sh'));
    const old = JSON.stringify({ uid: 'gpu', panels: ['DCGM_FI_DEV_GPU_TEMP{gpu=~"$gpu"}', 'DCGM_FI_DEV_FB_USED', 'sum by (gpu) (DCGM_FI_DEV_POWER_USAGE)'].map((expr, i) => ({ id: i + 1, title: `Panel ${i + 1}`, targets: [{ refId: 'A', expr, legendFormat: 'GPU {{gpu}}' }] })),
      templating: { list: [{ name: 'gpu', type: 'query', query: 'label_values(DCGM_FI_DEV_GPU_TEMP, gpu)' }] } }, null, 2);
    put('dashboards/gpu.json', old);
    put('deploy/dashboard-old.json', old);
    const alerts = 'groups:\n  - name: gpu\n    rules:\n      - alert: Hot  # ours\n        expr: DCGM_FI_DEV_GPU_TEMP > 95\n        annotations: {summary: "GPU {{ $labels.gpu }}"}\n';
    put('rules/alerts.yml', alerts);
    put('prometheus.yml', 'scrape_configs:\n  - job_name: gpu-dcgm\n    scrape_interval: 1s\n    scrape_timeout: 1s\n    static_configs: [{targets: ["127.0.0.1:9400"]}]\n');
    const before = fs.readFileSync(path.join(dir, 'prometheus.yml'), 'utf8');
    fs.mkdirSync(path.join(dir, 'bin'));
    fs.symlinkSync(binary, path.join(dir, 'bin/algalon'));
    const scenario = path.join(dir, 'steady.scn');
    fs.writeFileSync(scenario, 'driver 580.95.05\nseed 3\ngpu 2 "NVIDIA H100 80GB HBM3" profile=constant high=0.75\n');
    const startOld = `algalon worker --schema=dcgm --listen-metrics=127.0.0.1:${oldPort}`;
    const env = {
      PATH: `${dir}/bin:${process.env.PATH}`, ALGALON_CONFIG: '', ALGALON_NVML_SIM: scenario, ALGALON_NVML_LIBRARY: nvmlSimulator, ALGALON_INTERVAL: '500ms',
      ROLLBACK_DIR: path.join(dir, 'kept'), ROLLBACK_STOP: 'kill "$(cat worker.pid)"', ROLLBACK_START: `${startOld} >old.log 2>&1 & echo $! >old.pid`,
      ROLLBACK_RELOAD: `curl -fsS -X POST http://127.0.0.1:${apiPort}/-/reload`, ROLLBACK_VERIFY: `curl -fsS http://127.0.0.1:${oldPort}/metrics`,
    };
    const shell = (text) => run('sh', ['-ec', text], { cwd: dir, env, timeout: 30_000 });
    const children = [];
    const start = (text) => {
      const child = spawn('sh', ['-c', `exec ${text.trim()}`], { cwd: dir, env: { ...process.env, ...env }, stdio: 'ignore' });
      children.push(child);
      return child;
    };
    const first = start(startOld);
    try {
      await until('the old exporter answers', 15, () => shell(`curl -fsS http://127.0.0.1:${oldPort}/metrics | grep -q DCGM_FI_DEV_GPU_TEMP`).code === 0);
      for (const { kind, text } of blocks) {
        if (kind === 'run') {
          const { code, out, err } = shell(adapt(text));
          assert.equal(code, 0, `${text}\n${out}\n${err}`);
        } else if (kind === 'wait') {
          await until(text, 15, () => shell(adapt(text)).code === 0);
        } else if (kind === 'start') {
          const child = start(adapt(text));
          if (text.includes('algalon worker')) fs.writeFileSync(path.join(dir, 'worker.pid'), `${child.pid}`);
        } else {
          assert.equal(kind, 'stop-old');
          first.kill('SIGTERM');
        }
        if (text.includes('migrate bridge')) put('rules/bridge-dcgm.yml', fs.readFileSync(path.join(dir, 'rules/bridge-dcgm.yml'), 'utf8'));
        if (text.includes('migrate bridge')) assert.equal(shell(env.ROLLBACK_RELOAD).code, 0);
      }
      assert.equal(fs.readFileSync(path.join(dir, 'prometheus.yml'), 'utf8'), before, 'the scrape configuration is what it was');
      assert.equal(fs.readFileSync(path.join(dir, 'rules/alerts.yml'), 'utf8'), adapt(alerts));
      assert.ok(fs.readdirSync(path.join(dir, 'kept')).some((name) => name.startsWith('migrated-')), 'what was in use is kept');
    } finally {
      if (fs.existsSync(path.join(dir, 'old.pid'))) run('sh', ['-c', `kill ${fs.readFileSync(path.join(dir, 'old.pid'), 'utf8')}`]);
      for (const child of children) child.kill('SIGKILL');
    }
  });

  it('has a rollback script that says what is wrong', () => {
    const script = path.join(root, 'deploy/rollback.sh');
    const dir = temporaryFolder('algalon-rollback');
    const env = { ROLLBACK_DIR: path.join(dir, 'kept'), ROLLBACK_STOP: 'true', ROLLBACK_START: 'false', ROLLBACK_WAIT: '1' };
    assert.equal(run(script, [], { env }).code, 2);
    assert.equal(run(script, ['host'], { env }).code, 1);
    assert.match(run(script, ['worker'], { env }).err, /could not be started/);
    assert.equal(run(script, ['save', path.join(dir, 'none')], { env }).code, 1);
    assert.match(run(script, ['status'], { env }).out, /failed: nothing was saved/);
  });
});
