// top.test.mjs - `algalon top` in a real terminal (tmux), and as one picture on stdout.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { Algalon, binary, nvmlSimulator, run, temporaryFolder, until } from '../lib/program.mjs';

const dir = temporaryFolder('algalon-top');
const scenario = path.join(dir, 'machine.scn');
fs.writeFileSync(scenario, 'seed 3\ngpu 2 "NVIDIA H100 80GB HBM3" profile=constant high=0.9\ngpu 1 "NVIDIA L4"\nfault lost gpu=2 back=never\n');
const env = { ALGALON_NVML_SIM: scenario, LC_ALL: 'C.UTF-8', COLUMNS: '', LINES: '', NO_COLOR: '' };
const local = ['top', '--config=', '--hostname=gpu-01', `--nvml-library=${nvmlSimulator}`, '--log-level=error'];

/** `algalon top` in a terminal of its own, by a tmux server of its own. */
class Terminal {
  static count = 0;

  constructor(args, { width = 80, height = 24, term } = {}) {
    this.socket = path.join(dir, `tmux-${Terminal.count++}`);
    this.ended = `${this.socket}.code`;
    const quoted = [binary, ...args].map((word) => `'${word}'`).join(' ');
    const assigned = Object.entries({ ...env, ...(term ? { TERM: term } : {}) }).map(([name, value]) => `${name}='${value}'`).join(' ');
    this.tmux('-f', '/dev/null', 'new-session', '-d', '-x', width, '-y', height, `${assigned} ${quoted}; echo $? > '${this.ended}'; echo ended; exec cat`);
  }

  tmux(...args) {
    const { status, stdout, stderr, error } = spawnSync('tmux', ['-S', this.socket, ...args.map(String)], { encoding: 'utf8', timeout: 10_000 });
    if (error || status !== 0) throw new Error(`tmux ${args[0]}: ${error?.message ?? stderr}`);
    return stdout;
  }

  get lines() { return this.tmux('capture-pane', '-p').split('\n'); }
  keys(...keys) { this.tmux('send-keys', ...keys); }
  async shows(pattern) {
    let lines = [];
    await until(`the terminal shows ${pattern}`, 20, () => (lines = this.lines).some((line) => pattern.test(line))).catch((error) => {
      throw new Error(`${error.message}\n${lines.join('\n')}`);
    });
    return lines;
  }
  async code() { return Number(await until('top ends', 10, () => fs.existsSync(this.ended) && fs.readFileSync(this.ended, 'utf8').trim())); }
  close() { spawnSync('tmux', ['-S', this.socket, 'kill-server']); }
}

const open = [];
const terminal = (...args) => { const t = new Terminal(...args); open.push(t); return t; };
after(() => open.forEach((t) => t.close()));

describe('algalon top', () => {
  it('prints one picture of this machine, at any width', () => {
    const { code, out } = run(binary, [...local, '--once'], { env });
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.match(lines[0], /^ algalon top {2}gpu-01 {2}3 GPUs {2}90% {2}\d+ W +\d\d:\d\d:\d\d$/);
    assert.match(lines[1], /^ CPU [█▏▎▍▌▋▊▉·]{10} +\d+% {2}memory /);
    assert.match(lines[3], /^ {3}0 H100 80GB H~ ███████▎ {2}90% █/);
    assert.match(lines[5], /^ {3}2 +lost$/);
    assert.ok(lines.some((line) => /^ +1 +101000 /.test(line)), out);
    assert.ok(lines.every((line) => [...line].length <= 80));
    const wide = run(binary, [...local, '--once'], { env: { ...env, COLUMNS: '200', LC_ALL: 'C' } }).out;
    assert.match(wide, /^ +0 H100 80GB HBM3 +#+\.* +90% .*\d\/700W/m);
    assert.match(wide, /PCIe IN OUT\/s/);
  });

  it('shows workers and exporters by address, and says which does not answer', async () => {
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=500ms', '--hostname=gpu-02', `--nvml-library=${nvmlSimulator}`, '--schema=all-smi,dcgm'], env });
    try {
      const address = new URL(worker.metrics).host;
      const one = run(binary, ['top', '--config=', '--once', address], { env });
      assert.equal(one.code, 0, one.err);
      assert.match(one.out, /gpu-02 {2}3 GPUs {2}90%/);
      const two = run(binary, ['top', '--config=', '--once', `${worker.metrics}/metrics`, '127.0.0.1:1'], { env });
      assert.match(two.out, /127\.0\.0\.1:1: .*(refused|connect)/i);
      assert.match(two.out, /0 H100/);
      const none = run(binary, ['top', '--config=', '--once', '127.0.0.1:1'], { env });
      assert.equal(none.code, 1);
      assert.match(none.err, /127\.0\.0\.1:1: /);
    } finally {
      await worker.stop();
    }
  });

  it('shows the fleet that a host keeps', async () => {
    const workers = await Promise.all(['gpu-02', 'gpu-03'].map((name) => Algalon.start({ command: 'worker', args: ['--interval=500ms', `--hostname=${name}`, `--nvml-library=${nvmlSimulator}`], env })));
    const host = await Algalon.start({ command: 'host', args: ['--scrape-interval=500ms', `--target=${workers.map((w) => new URL(w.metrics).host).join()}`] });
    try {
      await until('both are kept', 20, async () => (await host.value('count(all_smi_gpu_utilization{gpu_index="0"})')) === 2);
      const t = terminal(['top', '--config=', '--refresh=500ms', host.api], { width: 120, height: 40 });
      const lines = await t.shows(/2 machines {2}6 GPUs {2}90%/);
      assert.ok(lines.some((line) => /4 busy {2}0 idle {2}2 lost/.test(line)), lines.join('\n'));
      assert.ok(lines.some((line) => /^gpu-02 {2}3 GPUs {2}90%/.test(line)));
      assert.ok(lines.some((line) => /^gpu-03 {2}3 GPUs {2}90%/.test(line)));
      t.keys('q');
      assert.equal(await t.code(), 0);
    } finally {
      for (const child of [host, ...workers]) await child.stop();
    }
  });

  it('shows a moment of the past out of a store, and goes on and back from there', async () => {
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=500ms', '--hostname=gpu-02', `--nvml-library=${nvmlSimulator}`], env });
    const host = await Algalon.start({ command: 'host', args: ['--scrape-interval=500ms', `--target=${new URL(worker.metrics).host}`] });
    try {
      await until('it is kept', 20, async () => (await host.value('count(all_smi_gpu_utilization)')) >= 2);
      const then = new Date((await host.value('max(timestamp(all_smi_gpu_utilization))')) * 1000);
      await worker.stop();
      await until('it is gone by now', 30, async () => (await host.value('count(all_smi_gpu_utilization) or vector(0)')) === 0);
      const at = (moment, ...more) => run(binary, ['top', '--config=', `--at=${moment}`, '--once', ...more, host.api], { env });
      const { code, out, err } = at(then.toISOString());
      assert.equal(code, 0, err);
      assert.match(out.split('\n')[0], /gpu-02 {2}3 GPUs {2}90% .* at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      assert.match(out, /^ +1 +101000 /m, 'with the processes of then');
      const before = at('1h');
      assert.equal(before.code, 1);
      assert.match(before.err, /keeps nothing of that moment/);
      const t = terminal(['top', '--config=', `--at=${then.toISOString()}`, host.api], { width: 100, height: 30 });
      await t.shows(/0 H100/);
      t.keys('<');
      await t.shows(/keeps nothing of that moment/);
      t.keys('>');
      await t.shows(/0 H100/);
      t.keys('q');
      assert.equal(await t.code(), 0);
    } finally {
      await worker.stop();
      await host.stop();
    }
    assert.equal(run(binary, ['top', '--config=', '--at=soon', '--once'], { env }).code, 2);
    assert.match(run(binary, ['top', '--config=', '--at=2999-01-01T00:00:00Z', '--once'], { env }).err, /--at: .*yet to come/);
  });

  it('obeys keys at 80 by 24, and a window that changes', async () => {
    const t = terminal([...local, '--refresh=500ms']);
    await t.shows(/^ {3}2 +lost$/);
    await t.shows(/q quit/);
    t.keys('?');
    await t.shows(/Keys \(any of them ends this help\)/);
    t.keys('x');
    await t.shows(/q quit/);
    t.keys('s');
    await t.shows(/order \(busiest first\)/);
    t.keys('/', 'l', 'o', 's', 't', 'Enter');
    const lines = await t.shows(/only "lost"/);
    assert.ok(!lines.some((line) => /H100/.test(line)), lines.join('\n'));
    t.keys('Escape');
    await t.shows(/^ {3}0 H100/);
    t.keys('Space');
    await t.shows(/held {2}\d\d:\d\d:\d\d/);
    t.keys('Space');
    t.tmux('resize-window', '-x', '180', '-y', '20');
    await t.shows(/MHz {2}FAN .*LOAD SO FAR/);
    await t.shows(/0 H100 80GB HBM3 .*°C .* █{3}/);
    t.keys('Down', 'Enter');
    await t.shows(/processes of gpu-01 GPU 1/);
    t.keys('q');
    assert.equal(await t.code(), 0);
    assert.ok((await t.shows(/ended/)).every((line) => !/H100/.test(line)), 'the terminal is as it was');
  });

  it('leaves the terminal in order when it is told to end', async () => {
    const t = terminal([...local]);
    await t.shows(/0 H100/);
    const shell = Number(t.tmux('display-message', '-p', '#{pane_pid}'));
    const pid = Number(spawnSync('pgrep', ['-P', String(shell), '-x', 'algalon'], { encoding: 'utf8' }).stdout);
    assert.ok(pid > 1);
    process.kill(pid, 'SIGTERM');
    assert.equal(await t.code(), 0);
    await t.shows(/ended/);
  });

  it('says what is wrong where it cannot show anything', async () => {
    const pipe = run(binary, local, { env });
    assert.equal(pipe.code, 1);
    assert.match(pipe.err, /this is no terminal; `algalon top --once` prints one picture/);
    const t = terminal(local, { term: 'no-such-terminal' });
    assert.equal(await t.code(), 1);
    await t.shows(/TERM=no-such-terminal is not known/);
    assert.equal(run(binary, ['top', '--config=', '--refresh=1ms'], { env }).code, 2);
    assert.equal(run(binary, ['top', '--config=', '--once', 'ftp://x/'], { env }).code, 2);
  });
});
