// collectors.test.mjs - dcgm-exporter's collectors file: what it chooses, its mistakes, and another one while the worker runs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, nvmlSimulator, run, temporaryFolder, until } from '../lib/program.mjs';

const dir = temporaryFolder();
const scenario = path.join(dir, 'machine.scn');
const env = { ALGALON_NVML_SIM: scenario };
fs.writeFileSync(scenario, 'gpu 1 "NVIDIA H100 80GB HBM3" profile=training\n');
const file = (text) => {
  const at = path.join(dir, 'counters.csv');
  fs.writeFileSync(at, text);
  return at;
};
const families = (text) => [...text.matchAll(/^# TYPE (\S+) /gm)].map((m) => m[1]);
const snapshot = (...args) => run(binary, ['snapshot', '--config=', '--format=prometheus', '--over=100ms', '--schema=dcgm', `--nvml-library=${nvmlSimulator}`, ...args], { env });

describe('--dcgm.collectors', () => {
  it('chooses fields, with their help and type, and texts as labels', () => {
    const { code, out, err } = snapshot(`--dcgm.collectors=${file('# Format\nDCGM_FI_DEV_POWER_VIOLATION, counter,"Time lost, in ""ns"""\nDCGM_FI_DEV_GPU_TEMP, gauge, heat\nDCGM_FI_DEV_SERIAL, label, serial\nDCGM_FI_DEV_MOON, gauge, x\n')}`);
    assert.equal(code, 0, err);
    assert.deepEqual(families(out).sort(), ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_POWER_VIOLATION']);
    assert.match(out, /^# HELP DCGM_FI_DEV_POWER_VIOLATION Time lost, in "ns"$/m);
    assert.match(out, /^# TYPE DCGM_FI_DEV_POWER_VIOLATION counter$/m);
    assert.match(out, /^DCGM_FI_DEV_GPU_TEMP\{.*,Hostname="[^"]+",DCGM_FI_DEV_SERIAL="\d+"\} \d/m);
    assert.doesNotMatch(out, /DCGM_FI_DRIVER_VERSION/);
    assert.match(err, /fields that this worker does not give.*DCGM_FI_DEV_MOON \(line 5\)/);
  });

  it('is dcgm-exporter\'s default set without a file', () => {
    const { out } = snapshot();
    assert.match(out, /^DCGM_FI_DEV_GPU_UTIL\{.*Hostname="[^"]+",DCGM_FI_DRIVER_VERSION="[\d.]+"\}/m);
    assert.doesNotMatch(out, /DCGM_EXP_|_VIOLATION|DCGM_FI_DEV_ECC/);
  });

  it('renames Hostname, or leaves it out', () => {
    assert.match(snapshot('--dcgm.hostname-label=hostname', '--hostname=n1').out, /,hostname="n1",/);
    assert.doesNotMatch(snapshot('--dcgm.hostname-label=none').out, /ostname=/);
  });

  it('says which line is wrong, and refuses what would do nothing', () => {
    const bad = snapshot(`--dcgm.collectors=${file('DCGM_FI_DEV_GPU_TEMP, gauge, heat\n\nDCGM_FI_DEV_FB_USED, gauge\n')}`);
    assert.equal(bad.code, 2);
    assert.match(bad.err, /--dcgm\.collectors: .*counters\.csv: line 3: 2 columns, not three/);
    const idle = snapshot('--schema=all-smi', `--dcgm.collectors=${file('DCGM_FI_DEV_GPU_TEMP, gauge, heat\n')}`);
    assert.equal(idle.code, 2);
    assert.match(idle.err, /does nothing without --schema=dcgm/);
    assert.equal(snapshot('--dcgm.collectors=/no/such/file').code, 2);
  });

  it('is read again on SIGHUP; a file with a mistake leaves the old choice in force', async () => {
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=300ms', '--schema=dcgm', `--nvml-library=${nvmlSimulator}`, `--dcgm.collectors=${file('DCGM_FI_DEV_GPU_TEMP, gauge, heat\n')}`], env });
    try {
      const given = async () => families(await (await fetch(`${worker.metrics}/metrics`)).text()).join();
      await until('the first choice', 10, async () => (await given()) === 'DCGM_FI_DEV_GPU_TEMP');
      file('DCGM_FI_DEV_FB_USED, gauge, memory\nDCGM_FI_DRIVER_VERSION, label, x\n');
      worker.process.kill('SIGHUP');
      await until('the second choice', 10, async () => (await given()) === 'DCGM_FI_DEV_FB_USED');
      assert.match(await (await fetch(`${worker.metrics}/metrics`)).text(), /DCGM_FI_DRIVER_VERSION="/);
      file('DCGM_FI_DEV_FB_USED, gauge\n');
      worker.process.kill('SIGHUP');
      await until('the mistake is told', 10, () => /line 1: 2 columns/.test(worker.output));
      assert.equal(await given(), 'DCGM_FI_DEV_FB_USED');
    } finally {
      await worker.stop();
    }
  });
});
