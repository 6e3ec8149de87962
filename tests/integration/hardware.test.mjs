// hardware.test.mjs - the worker above simulated GPUs that misbehave: true numbers or none, and it stays up.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, nvmlSimulator, run, sleep, temporaryFolder, until } from '../lib/program.mjs';

async function withWorker(scenario, use, { command = 'worker', args = [] } = {}) {
  const file = path.join(temporaryFolder(), 'machine.scn');
  fs.writeFileSync(file, scenario);
  const worker = await Algalon.start({ command, args: ['--interval=500ms', '--hostname=node', `--nvml-library=${nvmlSimulator}`, ...args], env: { ALGALON_NVML_SIM: file } });
  try {
    await use(worker, () => scrape(worker));
  } finally {
    await worker.stop();
  }
}

/** name -> [{labels, value}] of /metrics. */
async function scrape(worker) {
  const found = {};
  for (const line of (await (await fetch(`${worker.metrics}/metrics`)).text()).split('\n')) {
    const match = /^([a-z_0-9]+)\{(.*)\} (\S+)$/.exec(line);
    if (!match) continue;
    const labels = Object.fromEntries([...match[2].matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]]));
    (found[match[1]] ??= []).push({ labels, value: Number(match[3]) });
  }
  return found;
}
const of = (metrics, name, gpu) => metrics[name]?.find((s) => s.labels.gpu_index === String(gpu))?.value;

describe('simulated GPUs', () => {
  it('are numbered 0, 1, 2 and give every basic value, clean for promtool', () =>
    withWorker('gpu 2 "NVIDIA H100 80GB HBM3" profile=training processes=2\ngpu 1 "NVIDIA L4" profile=inference processes=1\n', async (worker, read) => {
      await sleep(1500);
      const metrics = await read();
      assert.deepEqual(metrics.all_smi_gpu_info.map((s) => s.labels.gpu_index), ['0', '1', '2']);
      assert.equal(metrics.all_smi_gpu_info[2].labels.gpu, 'NVIDIA L4');
      for (const name of ['all_smi_gpu_utilization', 'all_smi_gpu_memory_used_bytes', 'all_smi_gpu_memory_total_bytes', 'all_smi_gpu_temperature_celsius', 'all_smi_gpu_power_consumption_watts', 'all_smi_gpu_power_limit_current_watts', 'all_smi_gpu_frequency_mhz', 'all_smi_gpu_performance_state', 'algalon_gpu_clock_memory_mhz', 'algalon_gpu_ecc_mode', 'all_smi_energy_consumed_joules_total', 'algalon_gpu_up'])
        assert.equal(metrics[name]?.length, 3, name);
      assert.equal(metrics.all_smi_process_memory_used_bytes.length, 5);
      for (const series of Object.values(metrics).flat()) {
        assert.equal(series.labels.hostname, 'node');
        assert.ok(Object.keys(series.labels).length <= 12);
      }
      const text = await (await fetch(`${worker.metrics}/metrics`)).text();
      assert.doesNotMatch(run('promtool', ['check', 'metrics'], { input: text }).err, /error/i);
    }));

  it('a GPU that falls off the bus stays visible as lost, the others go on', () =>
    withWorker('gpu 3 "NVIDIA H100 80GB HBM3" profile=training\nfault lost gpu=1 from=3 back=never\n', async (worker, read) => {
      assert.equal(of(await read(), 'algalon_gpu_up', 1), 1);
      await until('GPU 1 is lost', 15, async () => of(await read(), 'algalon_gpu_up', 1) === 0);
      const metrics = await read();
      assert.equal(of(metrics, 'all_smi_gpu_utilization', 1), undefined, 'no value of a lost GPU');
      assert.equal(metrics.algalon_gpu_up.length, 3);
      assert.equal(of(metrics, 'algalon_gpu_up', 2), 1);
      assert.ok(of(metrics, 'all_smi_gpu_temperature_celsius', 2) > 0);
    }));

  it('a GPU lost before a restart is missed after it, and others of the bus are named', async () => {
    const dir = temporaryFolder();
    const sysfs = path.join(dir, 'sys');
    const place = (bus, driver) => {
      const device = path.join(sysfs, 'bus/pci/devices', bus);
      fs.mkdirSync(device, { recursive: true });
      fs.writeFileSync(path.join(device, 'vendor'), '0x10de\n');
      fs.writeFileSync(path.join(device, 'class'), '0x030200\n');
      fs.symlinkSync(`../../../../bus/pci/drivers/${driver}`, path.join(device, 'driver'));
    };
    const states = (metrics) => Object.fromEntries((metrics.algalon_gpu_presence ?? []).map((s) => [s.labels.pci_bus_id, s.labels.state]));
    const args = [`--path.sysfs=${sysfs}`, `--gpu-inventory=${path.join(dir, 'gpus.tsv')}`];
    place('0000:17:00.0', 'nvidia');
    place('0000:3b:00.0', 'nvidia');
    place('0000:5d:00.0', 'vfio-pci');
    await withWorker('seed 3\ngpu 2 "NVIDIA L4"\n', async (worker, read) => {
      await until('both are there', 15, async () => Object.keys(states(await read())).length === 3);
      const metrics = await read();
      assert.deepEqual(states(metrics), { '0000:17:00.0': 'present', '0000:3b:00.0': 'present', '0000:5d:00.0': 'vfio' });
      assert.equal(metrics.algalon_gpu_index_changes_total[0].value, 0);
    }, { args });
    fs.rmSync(path.join(sysfs, 'bus/pci/devices/0000:3b:00.0'), { recursive: true });
    const { out } = run(binary, ['doctor', '--config=', '--color=never', ...args, '--disable-collectors=nvidia']);
    assert.match(out.replace(/\s+/g, ' '), /error gpus GPU 1 \(NVIDIA L4, 0000:3b:00\.0, GPU-[0-9a-f-]+\) was here and has fallen off the bus/);
    await withWorker('seed 3\ngpu 1 "NVIDIA L4"\n', async (worker, read) => {
      await until('the lost one is missed', 15, async () => states(await read())['0000:3b:00.0'] === 'off_bus');
      const lost = (await read()).algalon_gpu_presence.find((s) => s.labels.state === 'off_bus').labels;
      assert.equal(lost.gpu, 'NVIDIA L4');
      assert.match(lost.gpu_uuid, /^GPU-/);
      assert.equal(lost.gpu_index, undefined);
    }, { args });
  });

  it('garbage is withdrawn and counted, never shown', () =>
    withWorker('gpu 2 "NVIDIA H200" profile=training\nfault value gpu=0 field=sample_utilization value=218322032\nfault value gpu=0 field=temperature value=4294967295\n', async (worker, read) => {
      await sleep(1500);
      const metrics = await read();
      assert.equal(of(metrics, 'all_smi_gpu_temperature_celsius', 0), undefined);
      const utilization = of(metrics, 'all_smi_gpu_utilization', 0);
      assert.ok(utilization === undefined || (utilization >= 0 && utilization <= 100));
      assert.ok(of(metrics, 'all_smi_gpu_temperature_celsius', 1) > 0);
      assert.ok(metrics.algalon_readings_rejected_total.some((s) => /temperature/.test(s.labels.field) && s.value > 0));
    }));

  it('a call that hangs keeps neither the scrape nor the other readings waiting, and the kernel tells why', () => {
    const root = temporaryFolder();
    fs.mkdirSync(path.join(root, 'dev'));
    fs.writeFileSync(path.join(root, 'dev/kmsg'), '6,1,1000000,-;NVRM: loading NVIDIA UNIX Open Kernel Module\n');
    return withWorker('gpu 1 "NVIDIA L4" profile=training\nfault hang call=nvmlDeviceGetTemperature* seconds=600 from=3\n', async (worker, read) => {
      const before = await read();
      assert.ok(of(before, 'algalon_gpu_up', 0) === 1);
      assert.equal(of(before, 'algalon_gpu_xid_events_total', 0), 0);
      fs.appendFileSync(path.join(root, 'dev/kmsg'), '3,2,9000000,-;NVRM: Xid (PCI:0000:17:00): 119, pid=7, name=python3, Timeout after 6s of waiting for RPC response from GPU0 GSP!\n');
      await until('the old reading is withdrawn', 20, async () => {
        const began = Date.now();
        const metrics = await read();
        assert.ok(Date.now() - began < 1000, 'a scrape never waits for hardware');
        const up = metrics.algalon_collector_up.find((s) => s.labels.collector === 'nvidia')?.value;
        return up === 0 && of(metrics, 'all_smi_gpu_utilization', 0) === undefined;
      });
      const metrics = await read();
      assert.ok(metrics.all_smi_cpu_utilization[0].value >= 0);
      const age = (collector) => Date.now() / 1000 - metrics.algalon_collector_last_success_timestamp_seconds.find((s) => s.labels.collector === collector).value;
      assert.ok(age('nvidia') > 1.5 && age('cpu') < 1.5, 'each reading has an age of its own');
      assert.deepEqual(metrics.algalon_gpu_xid_errors_total.map((s) => [s.labels.gpu_index, s.labels.xid, s.value]), [['0', '119', 1]]);
      assert.equal(of(metrics, 'algalon_gpu_xid_events_total', 0), 1);
      assert.equal(of(metrics, 'algalon_gpu_up', 0), 0);
    }, { args: [`--path.rootfs=${root}`, '--disable-collectors=disk'] });
  });

  it('a GPU of which the driver keeps no samples is sampled by the worker, unless that is not wanted', async () => {
    const scenario = 'gpu 1 "NVIDIA H100 80GB HBM3" profile=square period=1 duty=0.5\nfault code call=nvmlDeviceGetSamples code=3\n';
    await withWorker(scenario, async (worker, read) => {
      await until('a burst and a pause of one interval are seen', 20, async () => {
        const metrics = await read();
        return of(metrics, 'algalon_gpu_utilization_max', 0) > of(metrics, 'algalon_gpu_utilization_min', 0);
      });
      assert.match(worker.output, /the driver keeps no samples of this GPU.*gpu=0/);
    }, { args: ['--interval=2s'] });
    await withWorker(scenario, async (worker, read) => {
      const readings = (metrics) => metrics.algalon_collector_readings_total.find((s) => s.labels.collector === 'nvidia').value;
      await until('some readings', 20, async () => readings(await read()) > 4);
      assert.equal(of(await read(), 'algalon_gpu_utilization_min', 0), undefined);
    }, { args: ['--own-samples=false'] });
  });

  it('a driver that never answers does not hold the snapshot command: it prints the rest and says so', () => {
    const file = path.join(temporaryFolder(), 'machine.scn');
    fs.writeFileSync(file, 'gpu 1 "NVIDIA L4"\nfault hang call=nvmlInit* seconds=3600\n');
    const began = Date.now();
    const result = run(binary, ['snapshot', '--config=', '--over=100ms', '--timeout=1s', `--nvml-library=${nvmlSimulator}`], { env: { ALGALON_NVML_SIM: file } });
    assert.ok(Date.now() - began < 6000, 'bounded');
    assert.equal(result.code, 1);
    assert.match(result.err, /a driver does not answer.*collectors=nvidia/);
    const { memory, gpus, collectors } = JSON.parse(result.out);
    assert.ok(memory[0].total_bytes > 0);
    assert.deepEqual(gpus, []);
    assert.equal(collectors.find((c) => c.name === 'nvidia').up, false);
  });

  it('a driver that is reloaded comes back by itself', () =>
    withWorker('gpu 2 "NVIDIA A100-SXM4-80GB" profile=training\nfault reload from=3 driver=999.1.2\n', async (worker, read) => {
      await until('the new driver version', 45, async () => (await read()).all_smi_gpu_info?.[0].labels.driver_version === '999.1.2');
      assert.equal(of(await read(), 'algalon_gpu_up', 1), 1);
    }));

  it('reach the store of the same process, with what vanished marked as ended', () =>
    withWorker('gpu 2 "NVIDIA L4" profile=training\nfault lost gpu=1 from=4 back=never\n', async (algalon) => {
      await until('both GPUs in the store', 15, async () => (await algalon.value('count(all_smi_gpu_utilization)')) === 2);
      await until('the lost one is stale at once', 15, async () => (await algalon.value('count(all_smi_gpu_utilization)')) === 1);
      assert.equal(await algalon.value('algalon_gpu_up{gpu_index="1"}'), 0);
    }, { command: 'all' }));
});
