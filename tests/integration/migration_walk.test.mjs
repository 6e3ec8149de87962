// migration_walk.test.mjs - docs/migration.md, command by command, on simulated GPUs: the page and this test cannot differ.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, freePorts, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

const page = fs.readFileSync(path.join(root, 'docs/migration.md'), 'utf8');
const script = path.join(root, 'deploy/rollback.sh');
const fence = /^```(.*)\n([^]*?)^```$/gm;
const blocks = [...page.matchAll(fence)].map(([, kind, text]) => ({ kind, text }));
const has = (program) => run('sh', ['-c', `command -v ${program}`]).code === 0;
const COSTS = ['bytes of a scrape', 'samples of a scrape', '99 in 100', 'CPU seconds a second', 'resident memory', 'threads', 'open files', 'B / A'];
const kinds = ['sh run', 'sh wait', 'sh start', 'sh settings', 'mermaid'];

/** What stands in for systemd: services are processes of this test. */
const systemctl = (oldPort, dir) => `#!/bin/sh
case "$*" in
'show --property=MainPID --value '*) cat "${dir}/$4.pid" ;;
'enable --now dcgm-exporter') algalon worker --schema=dcgm --listen-metrics=127.0.0.1:${oldPort} >"${dir}/old.log" 2>&1 & echo $! >"${dir}/dcgm-exporter.pid" ;;
'disable --now dcgm-exporter' | 'disable --now algalon-worker') kill "$(cat "${dir}/$3.pid")" ;;
*) echo "systemctl: not foreseen: $*" >&2; exit 1 ;;
esac
`;

/** Whether a process still runs; one that ended and was not waited for does not. */
const runs = (pid) => fs.existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe('docs/migration.md', () => {
  it('has no command that the walk below would pass by', () => {
    for (const { kind } of blocks) assert.ok(kinds.includes(kind), `a block of the kind '${kind}': none of ${kinds}`);
    assert.equal([...page.matchAll(/```/g)].length, 2 * blocks.length, 'every fence begins or ends a block at the beginning of its line');
    const prose = page.replace(fence, '');
    assert.deepEqual([...prose.matchAll(/^(?: {4}|\t| {0,3}~~~).*$/gm)].map(([line]) => line), [], 'indented blocks are not walked: fence them');
    assert.ok(blocks.length > 20);
  });

  it('names in its text no command or option that the program lacks', () => {
    const named = [...page.replace(fence, '').matchAll(/`algalon ([a-z]+)([^`]*)`/g)];
    assert.ok(named.length >= 4);
    for (const [whole, command, rest] of named) {
      const { code, out } = run(binary, [command, '--help']);
      assert.equal(code, 0, whole);
      for (const [, option] of rest.matchAll(/ --([a-z.-]+)/g)) assert.match(out, new RegExp(`^ {2}--${option}\\b`, 'm'), whole);
    }
    const settings = [...page.matchAll(/\bROLLBACK_[A-Z]+/g)].map(([name]) => name);
    for (const name of settings) assert.match(fs.readFileSync(script, 'utf8'), new RegExp(`^#   ${name} `, 'm'), name);
  });

  it('holds the table as the program prints it', () => {
    assert.ok(page.endsWith(`Made by \`algalon migrate table\`.\n\n${run(binary, ['migrate', 'table']).out}`));
  });

  it('can be walked from the first command to the way back', { timeout: 120_000 }, async () => {
    const dir = temporaryFolder('algalon-walk');
    const [oldPort, newPort, bothPort, apiPort, elsewherePort] = await freePorts(5);
    // Other ports and shorter times: nothing else is changed.
    const adapt = (text) => text.replaceAll('127.0.0.1:9400', `127.0.0.1:${oldPort}`).replaceAll('127.0.0.1:9401', `127.0.0.1:${newPort}`).replaceAll('127.0.0.1:9402', `127.0.0.1:${bothPort}`)
      .replaceAll('127.0.0.1:8428', `127.0.0.1:${apiPort}`).replaceAll('victoria.example:8428', `127.0.0.1:${elsewherePort}`)
      .replaceAll('--for=10m', '--for=2s --every=500ms').replace(/scrape_interval: \d+s/g, 'scrape_interval: 500ms').replace(/scrape_timeout: \d+s/g, 'scrape_timeout: 400ms').replace(/interval: 15s/g, 'interval: 500ms');
    const put = (name, text) => {
      fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
      fs.writeFileSync(path.join(dir, name), adapt(text));
    };
    put('deploy/scrape/dual.yml', fs.readFileSync(path.join(root, 'deploy/scrape/dual.yml'), 'utf8'));
    put('deploy/rollback.sh', fs.readFileSync(script, 'utf8'));
    fs.chmodSync(path.join(dir, 'deploy/rollback.sh'), 0o755);
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
    fs.writeFileSync(path.join(dir, 'bin/systemctl'), systemctl(oldPort, dir), { mode: 0o755 });
    const scenario = path.join(dir, 'steady.scn');
    // Power without noise: over two seconds the means of two programs would differ by when they looked.
    fs.writeFileSync(scenario, 'driver 580.95.05\nseed 3\ngpu 2 "NVIDIA H100 80GB HBM3" profile=constant high=0.75\nfault value field=power value=540000\nfault value field=sample_power value=540000\n');
    const env = {
      PATH: `${dir}/bin:${process.env.PATH}`, ALGALON_CONFIG: '', ALGALON_NVML_SIM: scenario, ALGALON_NVML_LIBRARY: nvmlSimulator, ALGALON_INTERVAL: '500ms',
      ROLLBACK_DIR: path.join(dir, 'kept'),
    };
    const shell = (text) => run('sh', ['-ec', text], { cwd: dir, env, timeout: 60_000 });
    const succeeds = (text) => until(text, 40, () => shell(adapt(text)).code === 0);
    const children = [];
    const start = (text) => {
      const child = spawn('sh', ['-c', `exec ${text.trim()}`], { cwd: dir, env: { ...process.env, ...env }, stdio: 'ignore' });
      children.push(child);
      return child;
    };
    const pidOf = (service) => fs.readFileSync(path.join(dir, `${service}.pid`), 'utf8').trim();
    try {
      assert.equal(shell('systemctl enable --now dcgm-exporter').code, 0);
      await succeeds('curl -fsS http://127.0.0.1:9400/metrics | grep -q DCGM_FI_DEV_GPU_TEMP');
      start(has('victoria-metrics') ? `victoria-metrics -storageDataPath=${dir}/elsewhere -httpListenAddr=127.0.0.1:${elsewherePort} -search.latencyOffset=0s -retentionPeriod=10y`
        : `algalon host --data-dir=${dir}/elsewhere --listen-api=127.0.0.1:${elsewherePort} --listen-web=`);
      for (const { kind, text } of blocks) {
        if (kind === 'mermaid') continue; // a picture
        if (kind === 'sh run') {
          const { code, out, err } = shell(adapt(text));
          assert.equal(code, 0, `${text}\n${out}\n${err}`);
          if (text.includes('algalon compare')) for (const word of COSTS) assert.ok(out.includes(word), `${word} is compared\n${out}`);
        } else if (kind === 'sh wait') {
          await succeeds(text);
        } else if (kind === 'sh start') {
          const child = start(adapt(text));
          if (text.includes(':9401')) fs.writeFileSync(path.join(dir, 'algalon-worker.pid'), `${child.pid}\n`);
        } else {
          // Settings for another kind of machine: a shell takes them, and no more is done.
          assert.equal(shell(text).code, 0, text);
        }
        // Rules are made for a scrape of every fifteen seconds.
        if (text.includes('migrate bridge')) {
          put('rules/bridge-dcgm.yml', fs.readFileSync(path.join(dir, 'rules/bridge-dcgm.yml'), 'utf8'));
          assert.equal(shell(adapt('curl -fsS -X POST http://127.0.0.1:8428/-/reload')).code, 0);
        }
        if (text.includes('rollback.sh worker')) await until('the new exporter has ended', 20, () => !runs(pidOf('algalon-worker')) && runs(pidOf('dcgm-exporter')));
      }
      assert.match(fs.readFileSync(path.join(dir, 'rules/budget.yml'), 'utf8'), /> 1\.2 \* [1-9]\d+\n/);
      assert.equal(fs.readFileSync(path.join(dir, 'prometheus.yml'), 'utf8'), before, 'the scrape configuration is what it was');
      assert.equal(fs.readFileSync(path.join(dir, 'rules/alerts.yml'), 'utf8'), adapt(alerts));
      assert.equal(fs.readFileSync(path.join(dir, 'dashboards/gpu.json'), 'utf8'), adapt(old));
      assert.ok(fs.readdirSync(path.join(dir, 'kept')).some((name) => name.startsWith('migrated-')), 'what was in use is kept');
    } finally {
      if (fs.existsSync(path.join(dir, 'dcgm-exporter.pid'))) run('kill', [pidOf('dcgm-exporter')]);
      for (const child of children) child.kill('SIGKILL');
    }
  });

  it('has a rollback script that says what is wrong', () => {
    const dir = temporaryFolder('algalon-rollback');
    const env = { ROLLBACK_DIR: path.join(dir, 'kept'), ROLLBACK_STOP: 'true', ROLLBACK_START: 'false', ROLLBACK_WAIT: '1' };
    assert.equal(run(script, [], { env }).code, 2);
    assert.equal(run(script, ['host'], { env }).code, 1);
    assert.match(run(script, ['worker'], { env }).err, /could not be started/);
    assert.match(run(script, ['worker'], { env: { ...env, ROLLBACK_START: 'true', ROLLBACK_VERIFY: 'false' } }).err, /does not answer: false/);
    const file = path.join(dir, 'rules.yml');
    fs.writeFileSync(file, 'groups: []\n');
    assert.equal(run(script, ['save', file], { env: { ...env, ROLLBACK_DIR: path.join(dir, 'other') } }).code, 0);
    assert.match(run(script, ['host'], { env: { ...env, ROLLBACK_DIR: path.join(dir, 'other'), ROLLBACK_RELOAD: 'true', ROLLBACK_SEEN: 'false' } }).err, /no target is up: false/);
    assert.equal(run(script, ['save', path.join(dir, 'none')], { env }).code, 1);
    assert.match(run(script, ['status'], { env }).out, /failed: nothing was saved/);
  });
});
