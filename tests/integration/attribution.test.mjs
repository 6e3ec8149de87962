// attribution.test.mjs - whose a GPU is, through the real program: simulated GPUs, recorded /proc trees.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, build, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

const fixture = (name) => path.join(root, 'tests/fixtures', `attribution-${name}`);

/** One reading with `scenario` on the machine of a fixture: name -> [{labels, value}]. */
function read(name, scenario, ...args) {
  const file = path.join(temporaryFolder(), 'machine.scn');
  fs.writeFileSync(file, scenario);
  const { code, out, err } = run(binary, ['snapshot', '--format=prometheus', '--over=200ms', '--hostname=node', '--config=', `--nvml-library=${nvmlSimulator}`, `--path.procfs=${fixture(name)}/proc`, `--path.rootfs=${fixture(name)}/root`, ...args], { env: { ALGALON_NVML_SIM: file } });
  assert.equal(code, 0, err);
  const found = { text: out };
  for (const line of out.split('\n')) {
    const match = /^([A-Za-z_0-9]+)\{(.*)\} (\S+)$/.exec(line);
    if (!match) continue;
    const labels = Object.fromEntries([...match[2].matchAll(/([A-Za-z_0-9]+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]]));
    assert.ok(Object.keys(labels).length <= 12, line);
    (found[match[1]] ??= []).push({ labels, value: Number(match[3]) });
  }
  return found;
}

const gpus = (n) => `gpu ${n} "NVIDIA H100 80GB HBM3" profile=training processes=0\n`;
const failures = (metrics, reason) => metrics.algalon_attribution_failures_total.find((s) => s.labels.reason === reason).value;

describe('attribution', () => {
  for (const [name, pid, wanted] of [
    ['shell', 500, { holder_kind: 'unknown', holder: 'unknown' }], // its files show no device: it is another's number
    ['systemd', 510, { holder_kind: 'unit', holder: 'ollama.service', user: 'root' }],
    ['docker-v1', 520, { holder_kind: 'container', holder: '0123456789ab', user: 'root', container: '0123456789ab' }],
    ['docker-v2', 530, { holder_kind: 'container', holder: '0123456789ab', user: 'root', container: 'web' }],
    ['containerd', 540, { holder_kind: 'container', holder: '0123456789ab', user: 'root', container: '0123456789ab' }],
    ['podman', 550, { holder_kind: 'container', holder: '0123456789ab', user: '100999', container: '0123456789ab' }],
    ['kubernetes-systemd', 560, { holder_kind: 'pod', holder: 'ml/llm-0', namespace: 'ml', pod: 'llm-0', container: 'server' }],
    ['kubernetes-cgroupfs', 570, { holder_kind: 'pod', holder: 'ml/llm-0', namespace: 'ml', pod: 'llm-0', container: 'server' }],
    ['crio', 580, { holder_kind: 'pod', holder: 'ml/llm-0', namespace: 'ml', pod: 'llm-0', container: 'server' }],
    ['slurm-v1', 590, { holder_kind: 'job', holder: '77', user: 'ada', slurm_job: '77' }],
    ['slurm-v2', 600, { holder_kind: 'job', holder: '4242', user: 'ada', slurm_job: '4242' }],
    ['slurm-multiple', 611, { holder_kind: 'job', holder: '10', user: 'ada', slurm_job: '10' }],
    ['lxc', 620, { holder_kind: 'container', holder: 'web-1', user: '100000', container: 'web-1' }],
    ['pbs', 640, { holder_kind: 'job', holder: '2404743.opbs', user: 'ada' }],
  ])
    it(`finds the holder on a machine of ${name}`, () => {
      const metrics = read(name, `${gpus(1)}process gpu=0 pid=${pid} memory=2GB type=C share=0.5\n`);
      const [holder] = metrics.algalon_holder_gpu_memory_used_bytes;
      const { hostname, gpu_index, gpu_uuid, gpu, ...rest } = holder.labels;
      assert.deepEqual(rest, wanted);
      assert.equal(holder.value, 2 * 2 ** 30);
      assert.equal(metrics.algalon_gpu_held[0].value, 1);
      assert.equal(metrics.algalon_process_info?.length ?? 0, name === 'shell' ? 0 : 1);
    });

  it('gives each of two pods on one GPU its own share, and their sum is no more than the device', () => {
    const metrics = read('namespaced', `${gpus(2)}process gpu=0 pid=630 memory=4GB type=C share=0.6\nprocess gpu=0 pid=631 memory=1GB type=C share=0.2\n`);
    const on = (name) => metrics[name].filter((s) => s.labels.gpu_index === '0');
    assert.deepEqual(on('algalon_holder_gpu_memory_used_bytes').map((s) => s.value).sort(), [2 ** 30, 4 * 2 ** 30]);
    assert.ok(on('algalon_holder_gpu_utilization').reduce((sum, s) => sum + s.value, 0) <= 100);
    assert.deepEqual(metrics.algalon_gpu_held.map((s) => s.value), [1, 0]);
    assert.equal(metrics.algalon_holder_energy_joules_total.find((s) => s.labels.gpu_index === '1').labels.holder_kind, 'none');
  });

  it('shows a job that was given a GPU and has no process on it', () => {
    const metrics = read('slurm-v1', gpus(4));
    const given = metrics.algalon_holder_gpu_allocated.filter((s) => s.value === 1);
    assert.deepEqual(given.map((s) => [s.labels.gpu_index, s.labels.holder, s.labels.user]), [['2', '77', 'ada'], ['3', '77', 'ada']]);
    assert.deepEqual(metrics.algalon_gpu_held.map((s) => s.value), [0, 0, 1, 1]);
    assert.equal(metrics.algalon_holder_gpu_memory_used_bytes, undefined);
  });

  it('never lends the name of another process, and counts why', () => {
    const metrics = read('shell', `${gpus(1)}process gpu=0 pid=500 memory=1GB type=C share=0.5\n`);
    assert.deepEqual(Object.keys(metrics.all_smi_process_memory_used_bytes[0].labels).sort(), ['device_id', 'device_uuid', 'gpu_index', 'hostname', 'pid']);
    const unverified = read('docker-v1', `${gpus(1)}process gpu=0 pid=520 memory=1GB type=C share=0.5\n`);
    assert.equal(failures(unverified, 'unverified'), 1);
  });

  it('bounds the series of processes and loses nothing of their sum', () => {
    const metrics = read('shell', `${gpus(1)}process gpu=0 pid=9000 count=40 memory=64MB type=C share=0.01\n`, '--process-series=5');
    const rows = metrics.all_smi_process_memory_used_bytes;
    assert.equal(rows.length, 6);
    assert.equal(rows.filter((s) => s.labels.pid === 'other').length, 1);
    assert.equal(rows.reduce((sum, s) => sum + s.value, 0), 40 * 64 * 2 ** 20);
  });

  it('shows command lines only as far as asked, and of environments nothing', () => {
    const scenario = `${gpus(1)}process gpu=0 pid=530 memory=1GB type=C share=0.5\n`;
    const command = (...args) => read('docker-v2', scenario, ...args).all_smi_process_memory_used_bytes[0].labels.command;
    assert.equal(command(), undefined);
    assert.equal(command('--process-command=name'), 'python serve.py');
    assert.equal(command('--process-command=full'), 'python serve.py');
    assert.doesNotMatch(read('docker-v2', scenario, '--process-command=full').text, /secret|TOKEN/);
  });

  it('logs a line for each process that left its GPU, and one for each that is left when it stops', async () => {
    const dir = temporaryFolder();
    const file = path.join(dir, 'machine.scn');
    const log = path.join(dir, 'processes.jsonl');
    fs.writeFileSync(file, `${gpus(1)}process gpu=0 pid=560 memory=2GB type=C share=0.5\nprocess gpu=0 pid=9001 memory=1GB type=C share=0.1\n`);
    const worker = await Algalon.start({
      command: 'worker',
      args: ['--interval=200ms', '--hostname=node', `--nvml-library=${path.join(build, 'libnvml-sim-unloading.so')}`, `--path.procfs=${fixture('kubernetes-systemd')}/proc`, `--path.rootfs=${fixture('kubernetes-systemd')}/root`, `--process-log=${log}`],
      env: { ALGALON_NVML_SIM: file },
    });
    await until('both processes', 10, async () => (await (await fetch(`${worker.metrics}/metrics`)).text()).includes('pid="9001"'));
    const events = await fetch(`${worker.metrics}/events`);
    let told = '';
    const telling = (async () => {
      for await (const part of events.body.pipeThrough(new TextDecoderStream())) told += part;
    })().catch(() => {});
    await until('a first event', 10, () => told.includes('event: snapshot'));
    fs.writeFileSync(file, `${gpus(1)}process gpu=0 pid=560 memory=2GB type=C share=0.5\n`);
    // This simulator reads its file anew when the driver was let go and is opened again.
    worker.process.kill('SIGUSR1');
    await until('the driver is let go', 10, () => /GPUs are released/.test(worker.output));
    worker.process.kill('SIGUSR2');
    const ended = await until('the event of the one that ended', 15, () => /event: process_ended\ndata: (.*)\n/.exec(told)?.[1]);
    assert.deepEqual([JSON.parse(ended).event, JSON.parse(ended).pid], ['process_ended', 9001]);
    await worker.stop();
    await telling;
    const lines = fs.readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lines.map((l) => [l.event, l.pid, l.holder_kind, l.pod]), [['process_ended', 9001, 'unknown', undefined], ['process_left', 560, 'pod', 'llm-0']]);
    assert.equal(lines[1].devices[0].memory_peak_bytes, 2 * 2 ** 30);
    assert.equal(fs.statSync(log).mode & 0o777, 0o640);
    const refused = run(binary, ['worker', '--process-log=/nowhere/x', '--listen-metrics=127.0.0.1:0']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /log of processes \/nowhere\/x: No such file/);
  });

  it('puts pods on dcgm-exporter\'s series where they are alone, and gives each its share where they are not', () => {
    const alone = read('kubernetes-systemd', `${gpus(2)}process gpu=0 pid=560 memory=2GB type=C share=0.5\n`, '--schema=dcgm');
    const of = (metrics, name, gpu) => metrics[name].filter((s) => s.labels.gpu === String(gpu));
    for (const name of ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_GPU_UTIL', 'DCGM_FI_DEV_FB_USED']) {
      const [{ labels }] = of(alone, name, 0);
      assert.deepEqual([labels.namespace, labels.pod, labels.container], ['ml', 'llm-0', 'server'], name);
      assert.equal(of(alone, name, 1)[0].labels.pod, undefined);
    }
    const shared = read('kubernetes-systemd', `${gpus(1)}process gpu=0 pid=560 memory=2GB type=C share=0.5\nprocess gpu=0 pid=9000 memory=1GB type=C share=0.1\n`, '--schema=dcgm');
    assert.equal(of(shared, 'DCGM_FI_DEV_GPU_TEMP', 0)[0].labels.pod, undefined);
    const rows = of(shared, 'DCGM_FI_DEV_FB_USED', 0);
    assert.deepEqual(rows.map((s) => s.labels.pod), ['llm-0', undefined]);
    assert.equal(rows[0].value, 2048);
  });

  it('takes dcgm-exporter\'s folder of jobs', () => {
    const dir = temporaryFolder();
    fs.writeFileSync(path.join(dir, '1'), '4711\n');
    const metrics = read('shell', gpus(2), '--schema=all-smi,dcgm', `--hpc-job-mapping-dir=${dir}`);
    assert.deepEqual(metrics.DCGM_FI_DEV_GPU_TEMP.map((s) => s.labels.hpc_job), [undefined, '4711']);
    assert.deepEqual(metrics.algalon_holder_gpu_allocated.filter((s) => s.value === 1).map((s) => [s.labels.gpu_index, s.labels.holder_kind, s.labels.holder]), [['1', 'job', '4711']]);
  });

  it('is clean for promtool', () => {
    const { text } = read('kubernetes-systemd', `${gpus(2)}process gpu=0 pid=560 memory=2GB type=C share=0.5\nprocess gpu=1 pid=1 memory=1GB type=C share=0.5\n`);
    assert.doesNotMatch(run('promtool', ['check', 'metrics'], { input: text }).err, /error/i);
  });
});
