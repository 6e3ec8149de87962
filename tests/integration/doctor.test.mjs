// doctor.test.mjs - `algalon doctor` on simulated machines: what is wrong, and what to do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { binary, nvmlSimulator, run, temporaryFolder } from '../lib/program.mjs';

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

  it('does not wait for a driver that hangs', () => {
    const began = Date.now();
    const { code, out } = doctor('gpu 1 "NVIDIA L4"\nfault hang call=nvmlInit* seconds=60\n');
    assert.equal(code, 1);
    assert.match(findings(out, 'nvidia').join(), /error.*(answer|hang)/);
    assert.ok(Date.now() - began < 20_000);
  });
});
