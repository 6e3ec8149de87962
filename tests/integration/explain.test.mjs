// explain.test.mjs - `algalon explain`: every metric in words.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binary, run } from '../lib/program.mjs';

const explain = (...args) => run(binary, ['explain', ...args]);

describe('algalon explain', () => {
  it('says type, unit, labels, source, period and absence of a metric', () => {
    const { code, out } = explain('all_smi_gpu_utilization');
    assert.equal(code, 0);
    assert.match(out, /^all_smi_gpu_utilization\n/);
    for (const part of [/^ {2}type {4}gauge$/m, /^ {2}unit {4}percent$/m, /^ {2}labels {2}hostname, gpu_index, /m, /^ {2}source {2}.*nvmlDeviceGetSamples/m, /^ {2}period {2}read every --interval/m, /^ {2}absent {2}/m])
      assert.match(out, part);
  });

  it('takes a series, several names, and the part of a name that only one has', () => {
    assert.match(explain('algalon_gpu_held{gpu_index="0"}').out, /^algalon_gpu_held\n/);
    assert.equal(explain('all_smi_up', 'algalon_load1').out.match(/^ {2}type /gm).length, 2);
    assert.match(explain('memory_unattributed').out, /^algalon_gpu_memory_unattributed_bytes\n/);
  });

  it('names what a part may mean, and says when there is no such metric', () => {
    const several = explain('gpu_power_limit');
    assert.equal(several.code, 1);
    assert.match(several.err, /may be one of\n {2}all_smi_gpu_power_limit_current_watts\n/);
    const none = explain('no_such_metric');
    assert.equal(none.code, 1);
    assert.match(none.err, /there is no metric 'no_such_metric'/);
    assert.equal(explain('--no-such-option').code, 2);
  });

  it('lists all, and each of them can be explained', () => {
    const { code, out } = explain();
    assert.equal(code, 0);
    const names = out.trim().split('\n').map((line) => line.split(' ')[0]);
    assert.ok(names.length > 100);
    const all = explain(...names);
    assert.equal(all.code, 0);
    assert.equal(all.out.match(/^ {2}absent {2}\S/gm).length, names.length);
  });
});
