// downsample.test.mjs - old days made coarser: queries over them answer as before.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, run, temporaryFolder, until } from '../lib/program.mjs';

const day = 86_400;

describe('downsampling', () => {
  it('changes no answer for ranges that are whole windows', { timeout: 120_000 }, async () => {
    const dataDir = path.join(temporaryFolder('algalon-downsample'), 'data');
    let ours = await Algalon.start({ command: 'host', dataDir, args: ['--retention=0'] });
    const begin = (Math.floor(Date.now() / 1000 / day) - 40) * day + 3600;
    const lines = [];
    for (let i = 0; i < 4 * 360; i++) {
      const at = (begin + 10 + i * 10) * 1000;
      lines.push(`load{n="1"} ${((i * 7919) % 1000) / 100} ${at}\n`, `work_total{n="1"} ${i * 3} ${at}\n`);
    }
    assert.equal((await ours.import(lines.join(''))).status, 204);
    const asked = ['min_over_time(load[1h])', 'max_over_time(load[1h])', 'avg_over_time(load[1h])', 'sum_over_time(load[1h])',
      'count_over_time(load[1h])', 'sum(count_over_time(load[30m]))', 'increase(work_total[1h])', 'max(rate(work_total[2h]))', 'load', 'last_over_time(work_total[1h])'];
    const answers = async () => Object.fromEntries(await Promise.all(asked.map(async (expr) =>
      [expr, (await ours.queryRange(expr, begin + 7200, begin + 4 * 3600, 3600)).result[0].values.map(([, v]) => Number(v))])));
    const before = await answers();
    const instant = await ours.value('load', { time: begin + 4 * 3600 });
    assert.equal(before['count_over_time(load[1h])'][0], 360);
    await ours.stop();

    ours = await Algalon.start({ command: 'host', dataDir, args: ['--retention=0', '--downsample=30d:5m'] });
    const coarse = async () => /^algalon_store_downsampled_days 1$/m.test(await (await fetch(`${ours.api}/metrics`)).text());
    await until('a day of windows', 60, coarse);
    const after = await answers();
    for (const expr of asked) {
      assert.equal(after[expr].length, before[expr].length, expr);
      for (let i = 0; i < before[expr].length; i++)
        assert.ok(Math.abs(after[expr][i] - before[expr][i]) <= 1e-9 * Math.abs(before[expr][i]), `${expr}: ${after[expr]} was ${before[expr]}`);
    }
    assert.equal(await ours.value('load', { time: begin + 4 * 3600 }), instant);
    assert.equal((await ours.query('load[4h]', { time: begin + 4 * 3600 })).result[0].values.length, 48);
    await ours.stop();
    const { code, out } = run(binary, ['check', dataDir]);
    assert.equal(code, 0, out);
  });

  it('is refused where it makes no sense', () => {
    for (const [value, words] of [['30d', /AGE:WINDOW/], ['1h:5m', /below 2d/], ['30d:7m', /a day/], ['30d:1h,60d:5m', /multiple/]]) {
      const { code, err } = run(binary, ['host', `--downsample=${value}`, `--data-dir=${temporaryFolder('algalon-downsample')}`, '--listen-api=127.0.0.1:0', '--listen-web=']);
      assert.notEqual(code, 0);
      assert.match(err, words);
    }
  });
});
