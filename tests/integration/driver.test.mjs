// driver.test.mjs - the worker while its driver comes late, is upgraded, is wanted by the operator, or has very much to tell.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, build, nvmlSimulator, run, sleep, temporaryFolder, until } from '../lib/program.mjs';

const unloadingSimulator = path.join(build, 'libnvml-sim-unloading.so');

/** A worker above `scenario` in a folder of its own, where its library and its device file lie too. */
async function withWorker(scenario, use, { ownLibrary = false, device = true, args = [] } = {}) {
  const folder = temporaryFolder();
  const at = (name) => path.join(folder, name);
  fs.mkdirSync(at('dev'));
  if (device) fs.writeFileSync(at('dev/nvidiactl'), '');
  fs.writeFileSync(at('machine.scn'), scenario);
  if (ownLibrary) fs.copyFileSync(unloadingSimulator, at('libnvidia-ml.so.1'));
  const worker = await Algalon.start({
    command: 'worker',
    args: ['--interval=500ms', '--hostname=node', `--nvml-library=${ownLibrary ? at('libnvidia-ml.so.1') : nvmlSimulator}`, ...args],
    env: { ALGALON_NVML_SIM: at('machine.scn'), ALGALON_NVML_SIM_DEVICE: at('dev/nvidiactl') },
  });
  try {
    await use(worker, at);
  } finally {
    await worker.stop();
  }
}

/** Value of the first series of that name whose labels match; undefined when there is none. */
async function value(worker, name, labels = '') {
  const text = await (await fetch(`${worker.metrics}/metrics`)).text();
  const line = text.split('\n').find((l) => l.startsWith(`${name}{`) && l.includes(labels));
  return line && Number(line.slice(line.lastIndexOf(' ') + 1));
}

const residentMb = (worker) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${worker.process.pid}/status`, 'utf8'))[1]) / 1024;

const holdsDriver = (worker) => fs.readdirSync(`/proc/${worker.process.pid}/fd`).some((fd) => {
  try {
    return fs.readlinkSync(`/proc/${worker.process.pid}/fd/${fd}`).includes('/dev/nvidia');
  } catch {
    return false;
  }
});

const release = (worker, ...args) => run(binary, ['release', '--config=', `--pid=${worker.process.pid}`, ...args]);

describe('a driver', { concurrency: 3 }, () => {
  it('is released for a while at the operator\'s word, and taken back by itself', () =>
    withWorker('gpu 2 "NVIDIA H200" profile=training\n', async (worker) => {
      assert.ok(holdsDriver(worker));
      assert.equal(await value(worker, 'algalon_collector_released', 'nvidia'), 0);
      const result = release(worker, '--for=4s');
      assert.equal(result.code, 0, result.err);
      assert.match(result.out, /has released the GPUs for 4 s/);
      assert.ok(!holdsDriver(worker), 'when the command returns the driver can be unloaded');
      await until('the metrics say so', 2, async () => (await value(worker, 'algalon_collector_released', 'nvidia')) === 1);
      assert.equal(await value(worker, 'algalon_gpu_state', 'gpu_index="1"'), 4);
      assert.equal(await value(worker, 'algalon_gpu_up', 'gpu_index="1"'), 1);
      assert.equal(await value(worker, 'all_smi_gpu_utilization'), undefined);
      assert.ok((await value(worker, 'all_smi_memory_used_bytes')) > 0, 'the rest goes on');
      for (const page of ['healthy', 'ready']) assert.match(await (await fetch(`${worker.metrics}/-/${page}`)).text(), new RegExp(`Algalon is ${page}.\nGPUs are released by the operator for another \\d s.`));
      await until('it is read again', 8, async () => (await value(worker, 'algalon_gpu_state', 'gpu_index="1"')) === 0);
      assert.ok(holdsDriver(worker));
      assert.doesNotMatch(await (await fetch(`${worker.metrics}/-/ready`)).text(), /released/);
      await until('the log tells it', 3, () => /GPUs are released: no driver is held open[\s\S]*GPUs are read again/.test(worker.output));
    }));

  it('is released by SIGUSR1 alone and taken back by `release --end`', () =>
    withWorker('gpu 1 "NVIDIA L4"\n', async (worker) => {
      worker.process.kill('SIGUSR1');
      await until('it is let go', 3, () => !holdsDriver(worker));
      await until('the log tells it', 3, () => /GPUs are to be released" seconds=600/.test(worker.output));
      assert.equal(release(worker, '--end').code, 0);
      await until('it is open again', 3, () => holdsDriver(worker));
    }));

  it('that is taken away from a container for good ends the worker, where that is wanted', async () => {
    const scenario = 'gpu 2 "NVIDIA L4"\nfault code call=nvmlDevice* code=17 from=2\n';
    await withWorker(scenario, async (worker) => {
      const began = Date.now();
      const code = await new Promise((resolve) => worker.process.once('exit', resolve));
      assert.equal(code, 1, worker.output);
      assert.ok(Date.now() - began > 15_000, 'not at once: rights may be moved');
      assert.match(worker.output, /GPUs that were read may not be opened any more: this program ends/);
    }, { args: ['--exit-when-withdrawn'] });
  });

  it('that was never given to a container does not end the worker', () =>
    withWorker('gpu 1 "NVIDIA L4"\nfault code call=nvmlDeviceGetHandleByIndex_v2 code=17\n', async (worker) => {
      await sleep(23_000);
      assert.equal(worker.process.exitCode, null);
      assert.equal(await value(worker, 'algalon_gpu_state'), 2);
    }, { args: ['--exit-when-withdrawn'] }));

  it('whose call hangs is not said to be released', () =>
    withWorker('gpu 1 "NVIDIA L4"\nfault hang call=nvmlDeviceGetTemperature* seconds=12 calls=1 from=2\n', async (worker) => {
      await until('the call hangs', 30, async () => Date.now() / 1000 - (await value(worker, 'algalon_collector_last_success_timestamp_seconds', 'nvidia')) > 3);
      const result = release(worker, '--for=1m', '--timeout=500ms');
      assert.equal(result.code, 1);
      assert.match(result.err, /still has the driver open .* a call does not end/);
      await until('it is let go when the call ends after all', 20, () => !holdsDriver(worker));
    }));

  it('is not asked for by a command that finds no worker', () => {
    const other = run(binary, ['release', '--config=', `--pid=${process.pid}`]);
    assert.equal(other.code, 1);
    assert.match(other.err, /is no running algalon that could release GPUs/);
    assert.equal(run(binary, ['release', '--config=', '--for=2d']).code, 2);
  });

  it('that is upgraded under the worker is loaded anew from its new file', () =>
    withWorker('driver 570.133.07\ngpu 2 "NVIDIA A100-SXM4-80GB" profile=training\nfault reload from=2\n', async (worker, at) => {
      assert.equal(await value(worker, 'algalon_gpu_up'), 1);
      const library = at('libnvidia-ml.so.1');
      // As a package does it: new files beside the old, renamed over them while they are in use.
      fs.copyFileSync(unloadingSimulator, `${library}.new`);
      fs.renameSync(`${library}.new`, library);
      fs.writeFileSync(at('machine.scn'), 'driver 580.95.05\ngpu 2 "NVIDIA A100-SXM4-80GB" profile=training\n');
      await until('the new version', 20, async () => (await value(worker, 'all_smi_gpu_info', 'driver_version="580.95.05"')) === 1);
      const maps = fs.readFileSync(`/proc/${worker.process.pid}/maps`, 'utf8').split('\n').filter((line) => line.includes(library));
      assert.ok(maps.length > 0 && maps.every((line) => !line.includes('(deleted)') && line.includes(` ${fs.statSync(library).ino} `)), maps.join('\n'));
      assert.match(worker.output, /NVIDIA driver changed" from=570.133.07 to=580.95.05/);
    }, { ownLibrary: true }));

  it('that comes after the worker is found, and until then said to be missing', () =>
    withWorker('gpu 1 "NVIDIA L4" profile=training\n', async (worker, at) => {
      assert.equal(await value(worker, 'algalon_gpu_up'), undefined);
      assert.ok((await value(worker, 'all_smi_memory_used_bytes')) > 0);
      await until('it is said once', 3, () => /cannot open its hardware.*driver not loaded/.test(worker.output));
      assert.equal(await value(worker, 'algalon_collector_up', 'nvidia'), 0);
      fs.writeFileSync(at('dev/nvidiactl'), ''); // modprobe nvidia
      await until('the GPU', 15, async () => (await value(worker, 'algalon_gpu_up')) === 1);
      assert.equal(await value(worker, 'algalon_collector_up', 'nvidia'), 1);
    }, { device: false }));

  it('is read on under a bomb of processes, whose memory stays within --memory-limit', async () => {
    const proc = path.join(temporaryFolder(), 'proc');
    for (const name of ['stat', 'meminfo', 'cpuinfo', 'loadavg', 'uptime']) {
      fs.mkdirSync(proc, { recursive: true });
      fs.copyFileSync(`/proc/${name}`, path.join(proc, name));
    }
    for (let pid = 100_000; pid < 104_000; pid++) {
      const at = path.join(proc, String(pid));
      const id = pid.toString(16).padStart(64, 'a');
      fs.mkdirSync(at);
      fs.writeFileSync(path.join(at, 'stat'), `${pid} (bomb) S 1 ${pid} ${pid} 0 -1 4194304 10 0 0 0 ${pid % 1000} 0 0 0 20 0 1 0 5000 10000000 500 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n`);
      fs.writeFileSync(path.join(at, 'status'), `Name:\tbomb\nState:\tS\nUid:\t${pid}\t${pid}\t${pid}\t${pid}\n`);
      fs.writeFileSync(path.join(at, 'cgroup'), `0::/system.slice/docker-${id}.scope\n`);
      fs.writeFileSync(path.join(at, 'cmdline'), `/usr/bin/bomb\0${'x'.repeat(200)}\0`);
    }
    await withWorker('gpu 1 "NVIDIA L4" processes=0\nprocess gpu=0 pid=100000 count=2000 memory=1MB share=0.0005\n', async (worker) => {
      const before = residentMb(worker);
      await sleep(5000);
      assert.ok(residentMb(worker) < 10 + 16, `${before} MB at first, ${residentMb(worker)} MB`);
      const left = {};
      for (const what of ['processes', 'device_processes', 'series']) left[what] = await value(worker, 'algalon_memory_limit_left_out', `"${what}"`);
      assert.ok(left.processes > 1000 && left.device_processes > 500 && left.series > 100, JSON.stringify(left));
      assert.equal(await value(worker, 'algalon_gpu_up'), 1);
      assert.ok((await value(worker, 'all_smi_gpu_temperature_celsius')) > 0);
      assert.equal(worker.output.match(/--memory-limit is reached/g).length, 1, 'said once');
    }, { args: [`--path.procfs=${proc}`, '--memory-limit=16MB', '--process-series=10000', '--processes=10000'] });
  });

  it('with 16 GPUs cut into seven each, and 500 processes on another machine, is told in full', async () => {
    const seven = Array(7).fill('1g.10gb').join(',');
    await withWorker(`gpu 16 "NVIDIA H100 80GB HBM3" profile=training processes=0 mig=on instances=${seven}\n`, async (worker) => {
      const text = await (await fetch(`${worker.metrics}/metrics`)).text();
      const uuids = new Set([...text.matchAll(/^all_smi_mig_instance_memory_total_bytes\{.*mig_uuid="([^"]+)"/gm)].map((m) => m[1]));
      assert.equal(uuids.size, 112);
    });
    await withWorker('gpu 1 "NVIDIA H100 80GB HBM3" processes=0\nprocess gpu=0 pid=200000 count=500 memory=64MB share=0.002\n', async (worker) => {
      const text = await (await fetch(`${worker.metrics}/metrics`)).text();
      assert.equal(text.match(/^all_smi_process_memory_used_bytes\{/gm).length, 500);
      assert.equal(await value(worker, 'algalon_gpu_processes'), 500);
    });
  });
});
