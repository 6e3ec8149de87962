// hardware_script.test.mjs - the script that compares Algalon with nvidia-smi on real GPUs, tried on simulated ones.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compareField, compareNumber, isGood, table, verdicts } from '../hardware/nvidia/compare.mjs';
import { fields, isUnknown } from '../hardware/nvidia/fields.mjs';
import { build, root, run, temporaryFolder } from '../lib/program.mjs';

const script = path.join(root, 'tests/hardware/nvidia/verify.mjs');

function verify(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { timeout: 60_000 });
    let out = '', err = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
const field = (smi) => fields.find((f) => f.smi.includes(smi));
const verdict = (smi, ours, ...theirs) => compareField(field(smi), { source: 'worker', ours, theirs }).verdict;

describe('values beside nvidia-smi\'s', { concurrency: 2 }, () => {
  it('a consistent machine agrees in every phase, and says that it is simulated', async () => {
    const out = path.join(temporaryFolder(), 'h100.md');
    const [first, second, third] = await Promise.all([verify('--simulated', '--phases=idle,load', `--out=${out}`), verify('--simulated', '--phases=copy'), verify('--simulated', '--phases=duty')]);
    for (const { code, out: text, err } of [first, second, third]) {
      assert.equal(code, 0, text + err);
      assert.match(text, /^# SIMULATED: NVIDIA H100/);
      assert.match(text, /Simulated: (\d+) of \1 values agree\.\n$/);
    }
    assert.equal(fs.readFileSync(out, 'utf8'), first.out, 'the file holds what was printed');
    for (const known of ['uuid', 'serial', 'vbios_version', 'memory.reserved', 'temperature.memory', 'pstate', 'remapped_rows.pending', 'energy over the window', 'memory that the load took', 'GPM fp32_active (fma)'])
      assert.match(first.out, new RegExp(`^\\| ${known.replace(/[.()]/g, '\\$&')} +\\| worker .*\\| agrees`, 'm'));
    assert.match(first.out, /^\| fan\.speed .*\| absent in both/m);
    assert.match(second.out, /^\| GPM dram_active \(copy\) .* 0\.88 .*\| agrees/m);
    assert.match(third.out, /^\| duty cycle: busy seconds .* 40 % .*\| agrees/m);
  });

  it('a wrong value ends it with 1 and is named, and nothing else is', async () => {
    const { code, out } = await verify('--simulated', '--phases=idle', '--simulated-fault=fault value gpu=0 field=pcie_width value=8');
    assert.equal(code, 1, out);
    assert.deepEqual(out.split('\n').filter((line) => line.startsWith('- idle:')), ['worker', 'snapshot'].map((of) => `- idle: pcie.link.width.current (${of}): DIFFERS, ours 8, nvidia-smi or expected 16`));
  });

  it('what is missing is said in plain words, with 2', async () => {
    const empty = temporaryFolder();
    const said = async (pattern, ...args) => {
      const { code, err } = await verify(...args);
      assert.equal(code, 2, err);
      assert.match(err, pattern);
    };
    await said(/there is no .*algalon: build it first/, `--build=${empty}`);
    await said(/there is no .*libnvml-sim\.so: it is built with/, '--simulated', `--build=${empty}`);
    await said(/no-smi cannot be run.*NVIDIA's driver/, '--nvidia-smi=/no-smi', '--phases=idle');
    await said(/fails \(exit code 1\).*Is the driver loaded/, '--nvidia-smi=false', '--phases=idle');
    await said(/--phases=nap: there are idle, load/, '--phases=nap');
    await said(/--help shows the options/, '--what');
  });
});

describe('verdicts', () => {
  it('take nvidia-smi\'s words and units', () => {
    assert.equal(verdict('memory.used', 3 * 2 ** 20, '3', '3'), verdicts.agrees);
    assert.equal(verdict('memory.used', 3, '3', '3'), verdicts.differs, 'MiB are not bytes');
    assert.equal(verdict('pstate', 8, 'P8', 'P8'), verdicts.agrees);
    assert.equal(verdict('persistence_mode', 1, 'Disabled', 'Disabled'), verdicts.differs);
    assert.equal(verdict('compute_mode', 3, 'Exclusive_Process', 'Exclusive_Process'), verdicts.agrees);
    assert.equal(verdict('compute_mode', 3, 'Sometimes', 'Sometimes'), verdicts.unread);
    assert.equal(verdict('pci.bus_id', '0000:17:00.0', '00000000:17:00.0', '00000000:17:00.0'), verdicts.agrees);
    assert.equal(verdict('uuid', 'GPU-1', 'GPU-2', 'GPU-2'), verdicts.differs);
    for (const text of ['[N/A]', 'N/A', '[Not Supported]', '[Unknown Error]', '[GPU requires reset]']) assert.ok(isUnknown(text), text);
    assert.ok(!isUnknown('0'));
  });

  it('allow what lies between two readings, and the tolerance beyond', () => {
    assert.equal(verdict('temperature.gpu', 45, '40', '50'), verdicts.agrees);
    assert.equal(verdict('temperature.gpu', 53, '40', '50'), verdicts.agrees);
    assert.equal(verdict('temperature.gpu', 54, '40', '50'), verdicts.differs);
    assert.equal(verdict('power.draw', 637, '600', '600'), verdicts.differs);
    assert.equal(verdict('power.draw', 635, '600', '600'), verdicts.agrees, '6 %');
    assert.equal(verdict('power.draw', 14, '10', '10'), verdicts.agrees, '5 W');
  });

  it('unknown is not 0, on either side', () => {
    assert.equal(verdict('fan.speed', undefined, '[N/A]', '[N/A]'), verdicts.absent);
    assert.equal(verdict('fan.speed', 0, '[N/A]', '[N/A]'), verdicts.extra);
    assert.equal(verdict('fan.speed', undefined, '0', '0'), verdicts.missing);
    assert.equal(verdict('fan.speed', 0), verdicts.unasked);
    const number = (ours, expected) => compareNumber({ field: 'x', source: 'worker', ours, expected, tolerance: { absolute: 1, why: '1' } });
    assert.ok(isGood(number(2, 1)));
    for (const row of [number(undefined, 1), number(2.1, 1), number(1, NaN)]) assert.ok(!isGood(row));
    assert.match(table([number(2, 1)]), /\| x .*\| agrees +\|$/);
  });
});

describe('the load', () => {
  const load = path.join(build, 'nvidia-load');

  it('says what is missing and what is wrong', () => {
    const without = run(load, ['--cuda-library=libnothing-here.so']);
    assert.equal(without.code, 3);
    assert.match(without.err, /libnothing-here\.so cannot be opened.*comes with NVIDIA's driver/);
    const other = run(load, ['--cuda-library=libc.so.6']);
    assert.equal(other.code, 3);
    assert.match(other.err, /has no cuInit/);
    for (const wrong of ['--duty=101', '--duty=', '--duty=nan', '--period-ms=1', '--seconds=0', '--memory=4', '--gpu=-1', '--kernel=sleep', 'fast']) assert.equal(run(load, [wrong]).code, 2, wrong);
    assert.match(run(load, ['--help']).out, /--duty=PERCENT/);
  });
});
