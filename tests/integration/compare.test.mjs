// compare.test.mjs - `algalon doctor --compare` beside a stand-in for nvidia-smi and beside another exporter.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, build, nvmlSimulator, run, temporaryFolder } from '../lib/program.mjs';

const smi = path.join(build, 'nvml-sim-smi');
const machine = 'gpu 1 "NVIDIA H100 80GB HBM3" profile=constant high=0.8\ngpu 1 "NVIDIA GeForce RTX 4090" profile=constant high=0.3\n';

async function compare(scenario, withWhat, { json = true, env = {} } = {}) {
  const file = path.join(temporaryFolder(), 'machine.scn');
  fs.writeFileSync(file, scenario);
  const { code, out, err } = run(binary, ['doctor', '--config=', `--nvml-library=${nvmlSimulator}`, `--compare=${withWhat}`, '--color=never', ...(json ? ['--json'] : [])], {
    env: { ALGALON_NVML_SIM: file, ALGALON_NVML_SIM_LIBRARY: nvmlSimulator, ...env },
  });
  return { code, out, err, report: out.startsWith('{') ? JSON.parse(out) : undefined };
}
const row = (report, gpu, field) => report.rows.find((r) => r.gpu === gpu && r.field === field);

describe('doctor --compare', () => {
  it('agrees with nvidia-smi on every value, in its units', async () => {
    const { code, report } = await compare(machine, smi);
    assert.equal(code, 0, JSON.stringify(report?.rows.filter((r) => !['agrees', 'neither'].includes(r.verdict))));
    assert.equal(report.rows.length, 40);
    assert.equal(report.summary.differs + report.summary.missing, 0);
    assert.ok(report.summary.agrees >= 32, `${report.summary.agrees} agree`);
    assert.equal(row(report, 0, 'memory.total').there, 81559);
    assert.equal(row(report, 0, 'memory.total').here_after, 81559);
    assert.equal(row(report, 0, 'utilization.gpu').there, 80);
    assert.equal(row(report, 0, 'fan.speed').verdict, 'neither');
    assert.equal(row(report, 1, 'fan.speed').verdict, 'agrees');
    assert.ok(report.span_ms < 10_000);
  });

  it('names the one value that differs, and fails', async () => {
    const { code, out } = await compare(machine, smi, { json: false, env: { ALGALON_SIM_SMI_WRONG: 'temperature.gpu' } });
    assert.equal(code, 1);
    const different = out.split('\n').filter((line) => /DIFFERS/.test(line));
    assert.equal(different.length, 2, out);
    assert.match(different[0], /^ {2}0 temperature\.gpu/);
    assert.match(out, /2 differ,\s+0\s+missing\s+here/);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('says what the other lacks without calling it wrong, and what we lack as missing', async () => {
    const absent = await compare(`${machine}fault value gpu=0 field=temperature value=4294967295\n`, smi);
    assert.equal(absent.code, 1);
    assert.equal(row(absent.report, 0, 'temperature.gpu').verdict, 'missing');
  });

  it('agrees with another exporter of either schema', async () => {
    // Both simulators count from one moment, as one board would; the other program has run for longer than ours.
    const machine = `start ${Math.floor(Date.now() / 1000) - 100}\ngpu 2 "NVIDIA L4" profile=constant high=0.6\n`;
    const file = path.join(temporaryFolder(), 'machine.scn');
    fs.writeFileSync(file, machine);
    const other = await Algalon.start({ command: 'worker', args: ['--interval=500ms', '--hostname=other', '--schema=all-smi,dcgm', `--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: file } });
    try {
      const { code, report } = await compare(machine, `${other.metrics}/metrics`);
      assert.equal(code, 0, JSON.stringify(report?.rows.filter((r) => r.verdict === 'differs')));
      assert.ok(row(report, 0, 'DCGM_FI_DEV_GPU_TEMP') && row(report, 1, 'all_smi_gpu_utilization'));
      assert.ok(report.summary.agrees > 100);
      assert.ok(['agrees', 'own_count'].includes(row(report, 0, 'algalon_gpu_busy_seconds_total').verdict));
    } finally {
      await other.stop();
    }
  });

  it('says plainly who did not answer', async () => {
    for (const [withWhat, env, words] of [
      ['/nowhere/nvidia-smi', {}, /cannot be started.*No such file/],
      [smi, { ALGALON_NVML_SIM_LIBRARY: '/nowhere' }, /ended with code 9.*couldn't communicate/],
      ['http://127.0.0.1:1/metrics', {}, /no answer/],
      ['ftp://127.0.0.1/metrics', {}, /--compare/],
    ]) {
      const { code, err: out } = await compare(machine, withWhat, { env });
      assert.equal(code, 1);
      assert.match(out, words);
    }
    const { code, err: out } = await compare('gpu 1 "NVIDIA L4"\nfault code call=nvmlInit* code=9\n', smi);
    assert.equal(code, 1);
    assert.match(out, /no GPU is found here|does not answer/);
  });
});
