// doctor.test.mjs - `algalon doctor` on simulated machines: what is wrong, and what to do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { binary, nvmlSimulator, run, temporaryFolder } from '../lib/program.mjs';

/** Files of a machine below a folder, and the options that have it read there. */
function machine(files, links = {}) {
  const dir = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
  for (const [name, target] of Object.entries(links)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.symlinkSync(target, path.join(dir, name));
  }
  return { dir, args: [`--path.procfs=${dir}/proc`, `--path.sysfs=${dir}/sys`, `--path.rootfs=${dir}/root`] };
}

/** A GPU on the bus, bound to NVIDIA's driver. */
function slot(bus, status) {
  const at = `sys/bus/pci/devices/${bus}`;
  return { files: { [`${at}/vendor`]: '0x10de\n', [`${at}/class`]: '0x030000\n', [`${at}/power/runtime_status`]: `${status}\n` }, links: { [`${at}/driver`]: '../../../../bus/pci/drivers/nvidia' } };
}

function doctor(scenario, args = []) {
  const file = path.join(temporaryFolder(), 'machine.scn');
  if (scenario) fs.writeFileSync(file, scenario);
  return run(binary, ['doctor', '--config=', '--color=never', ...(scenario ? [`--nvml-library=${nvmlSimulator}`] : []), ...args], {
    env: { ALGALON_NVML_SIM: file },
  });
}

/** The findings of one topic, each with its advice. */
function findings(out, topic) {
  return out.split(/\n(?=ok |note |warning |error )/).filter((text) => new RegExp(`^(ok|note|warning|error)\\s+${topic}`).test(text)).map((text) => text.replace(/\s+/g, ' '));
}

describe('doctor', () => {
  it('on this machine names the host, its CPU and its memory', () => {
    const { code, out } = doctor(null);
    assert.ok(code === 0 || code === 1);
    assert.match(findings(out, 'memory').join(), /GiB/);
    assert.equal(findings(out, 'cpu\\s{2,}').length, 1);
    assert.match(out, /\d+ ok, \d+ to note, (1 warning|(0|[2-9]|\d\d+) warnings), (1 error|(0|[2-9]|\d\d+) errors)\n$/);
  });

  it('without a driver says how to load one', () => {
    const { code, out } = doctor('gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=9\n');
    assert.equal(code, 1);
    const [finding] = findings(out, 'nvidia driver');
    assert.match(finding, /^error.*not loaded.*modprobe nvidia/);
  });

  it('with a driver it may not use names files and the line for each kind of container', () => {
    const { out } = doctor('gpu 2 "NVIDIA A100-SXM4-80GB"\nfault code call=nvmlDeviceGetHandleByIndex* code=4\n');
    const text = findings(out, 'nvidia').join('\n');
    assert.match(text, /(warning|error).*may not be opened.*\/dev\/nvidia/);
    assert.match(text, /Docker.*Kubernetes.*systemd/);
  });

  it('with two versions of the driver says that they differ', () => {
    const { code, out } = doctor('gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=18\n');
    assert.equal(code, 1);
    assert.match(findings(out, 'nvidia').join(), /different versions \(580\.95\.05 and /);
    assert.match(findings(out, 'nvidia').join(), /error.*version/);
  });

  it('on a healthy machine counts the GPUs and finds nothing wrong with them', () => {
    const { out } = doctor('driver 580.95.05\ncuda 13.0\ngpu 8 "NVIDIA H100 80GB HBM3" profile=idle\n');
    assert.match(findings(out, 'nvidia driver').join(), /^ok nvidia driver 8 GPUs, driver 580\.95\.05, CUDA 13\.0/);
    assert.equal(findings(out, 'nvidia').filter((text) => !text.startsWith('ok')).length, 0);
  });

  it('with one GPU off the bus says which and what to do', () => {
    const { code, out } = doctor('gpu 4 "NVIDIA H100 80GB HBM3" profile=training\nfault lost gpu=2 from=0 back=never\n');
    const text = findings(out, 'nvidia').filter((f) => f.startsWith('error')).join('\n');
    assert.equal(code, 1);
    assert.match(text, /GPU 2/);
    assert.match(text, /->/);
  });

  it('names each right, whether it is held, and the line that grants it', () => {
    const { out } = doctor(null, ['--json', '--path.rootfs=/nowhere-at-all']);
    const report = JSON.parse(out);
    assert.equal(report.summary.error, report.findings.filter((f) => f.level === 'error').length);
    assert.ok(report.rights.length >= 10);
    for (const right of report.rights) {
      assert.match(right.state, /^(held|lacked|not_known|not_needed)$/);
      assert.ok(right.values && right.needs && right.found && right.compose && right.kubernetes);
    }
    assert.equal(report.summary.rights_lacked, report.rights.filter((r) => r.state === 'lacked').length);
    const text = doctor(null).out;
    for (const right of JSON.parse(doctor(null, ['--json']).out).rights) {
      const [word] = right.values.split(',');
      assert.match(text.replace(/\s+/g, ' '), new RegExp(`${right.state.replace('_', ' ')} ${word.slice(0, 20)}`));
      if (right.state === 'lacked') assert.ok(text.replace(/\s+/g, '').includes(right.compose.replace(/\s+/g, '')), right.compose);
    }
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('tells how long the buffers of the driver are', () => {
    const scenario = 'gpu 2 "NVIDIA L4" profile=constant\n';
    const { code, out } = doctor(scenario, ['--buffers', '--json']);
    assert.equal(code, 0);
    const power = JSON.parse(out).buffers.filter((b) => b.samples === 'power');
    assert.deepEqual(power.map((b) => b.gpu), [0, 1]);
    for (const b of power) assert.ok(b.held > 1 && b.held <= b.capacity && b.span_seconds > 1 && b.spacing_seconds > 0);
    const text = doctor(scenario, ['--buffers']).out;
    assert.match(text, /shortest is full after \d/);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
    assert.equal(doctor('gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=9\n', ['--buffers']).code, 1);
  });

  it('leaves GPUs asleep that sleep when it measures the buffers', () => {
    const [awake, asleep] = [slot('0000:17:00.0', 'active'), slot('0000:3b:00.0', 'suspended')];
    const { args } = machine({ ...awake.files, ...asleep.files, 'proc/stat': 'cpu 1 2 3 4 5 6 7 8 9 10\n' }, { ...awake.links, ...asleep.links });
    // Whoever asks the second anything wakes it, and is refused.
    const scenario = 'gpu 2 "NVIDIA GeForce RTX 4090" profile=constant\nfault code gpu=1 call=nvmlDevice* code=999\n';
    const { code, out, err } = doctor(scenario, ['--buffers', '--json', ...args]);
    assert.equal(code, 0, err);
    const { buffers } = JSON.parse(out);
    assert.ok(buffers.length >= 5);
    for (const b of buffers) assert.equal(b.pci_bus_id, '0000:17:00.0');
    const all = doctor(scenario, ['--json', ...args]);
    assert.doesNotMatch(all.out, /999/);
  });

  it('does not wait for a driver that hangs while its buffers are measured', () => {
    const began = Date.now();
    const { code, out, err } = doctor('gpu 1 "NVIDIA L4"\nfault hang call=nvmlDeviceGetSamples seconds=600\n', ['--buffers']);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /cannot look at the driver's buffers.*did not answer within 5000 ms/);
    assert.ok(Date.now() - began < 25_000);
  });

  it('says of boards without buffers that there are none, and of a missing driver why', () => {
    const none = doctor('gpu 1 "NVIDIA L4"\nfault missing call=nvmlDeviceGetSamples\n', ['--buffers']);
    assert.equal(none.code, 0);
    assert.match(none.out, /No GPU here has a buffer/);
    const absent = doctor(null, ['--buffers', '--nvml-library=/nowhere/libnvidia-ml.so.1']);
    assert.equal(absent.code, 1);
    assert.match(absent.err, /\/nowhere\/libnvidia-ml\.so\.1/);
  });

  it('finds the library where an operator keeps the driver below the host\'s root', () => {
    const { dir, args } = machine(
      { 'proc/stat': 'cpu 1 2 3 4 5 6 7 8 9 10\n', 'proc/driver/nvidia/version': 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 2025\n', 'machine.scn': 'gpu 1 "NVIDIA L4"\n' },
      { 'root/run/nvidia/driver/usr/lib64/libnvidia-ml.so.1': nvmlSimulator },
    );
    const found = run(binary, ['doctor', '--config=', '--color=never', ...args], { env: { ALGALON_NVML_SIM: `${dir}/machine.scn` } });
    assert.match(findings(found.out, 'nvidia driver').join(), /^ok nvidia driver 1 GPU, driver 580\.95\.05/);
    fs.rmSync(path.join(dir, 'root/run'), { recursive: true });
    const lost = run(binary, ['doctor', '--config=', '--color=never', ...args]);
    assert.equal(lost.code, 1);
    assert.match(findings(lost.out, 'nvidia driver').join(), /^error nvidia driver driver 580\.95\.05 is loaded, but NVML is not found.*runtimeClassName: nvidia.*libnvidia-ml1/);
  });

  it('names what takes GPUs away from a container that had them', () => {
    const { args } = machine({ 'proc/stat': 'cpu 1 2 3 4 5 6 7 8 9 10\n', 'root/dev/nvidiactl': '', 'root/dev/nvidia0': '' });
    for (const [code, words] of [[999, /NVML cannot be initialised: unknown error \(code 999\); the device files are open, so a device cgroup refuses.*daemon-reload/], [17, /no permission to open the GPUs: the device files are open, so a device cgroup refuses.*recreate the container/], [4, /no permission to open the GPUs.*DeviceAllow=\/dev\/nvidiactl rw/]]) {
      const { code: exit, out } = doctor(`gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=${code}\n`, args);
      assert.equal(exit, 1);
      assert.match(findings(out, 'nvidia').join(' '), words);
    }
  });

  it('tells a driver that is still being installed from one that is broken', () => {
    const { args } = machine({ 'proc/stat': 'cpu 1 2 3 4 5 6 7 8 9 10\n', 'proc/driver/nvidia/version': 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 2025\n' });
    const loaded = doctor('gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=9\n', args);
    assert.match(findings(loaded.out, 'nvidia driver').join(), /cannot reach the loaded driver.*give it the GPUs/);
    const away = doctor('gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=9\n', machine({ 'proc/stat': 'cpu 1 2 3 4 5 6 7 8 9 10\n' }).args);
    assert.match(findings(away.out, 'nvidia driver').join(), /the driver is not loaded.*modprobe nvidia/);
  });

  it('does not wait for a driver that hangs', () => {
    const began = Date.now();
    const { code, out } = doctor('gpu 1 "NVIDIA L4"\nfault hang call=nvmlInit* seconds=60\n');
    assert.equal(code, 1);
    assert.match(findings(out, 'nvidia').join(), /error.*(answer|hang)/);
    assert.ok(Date.now() - began < 20_000);
  });
});
