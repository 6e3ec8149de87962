// settle.test.mjs - days packed anew on request: the same answers, fewer blocks; also those of an earlier version.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, root, run, temporaryFolder, until } from '../lib/program.mjs';

const metric = async (ours, name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${ours.api}/metrics`)).text())[1]);

describe('/internal/force_merge', () => {
  it('packs days into long blocks and changes no answer', { timeout: 120_000 }, async () => {
    const dataDir = path.join(temporaryFolder('algalon-settle'), 'data');
    const begin = Math.floor(Date.now() / 1000) - 3 * 86_400;
    let ours;
    for (let part = 0; part < 4; part++) { // a clean stop writes out what is there, in blocks of its own
      ours = await Algalon.start({ command: 'host', dataDir });
      const lines = Array.from({ length: 200 }, (_, i) => `load{n="1"} ${Math.sin(part * 200 + i)} ${(begin + (part * 200 + i) * 15) * 1000}\n`);
      assert.equal((await ours.import(lines.join(''))).status, 204);
      await ours.stop();
    }
    ours = await Algalon.start({ command: 'host', dataDir, args: ['--web.enable-admin-api'] });
    try {
      const all = async () => (await ours.query('load[2d]', { time: begin + 86_400 })).result[0].values;
      const before = await all();
      assert.equal(before.length, 800);
      assert.equal((await fetch(`${ours.api}/internal/force_merge`)).status, 200);
      await until('days are packed', 60, async () => (await metric(ours, 'algalon_store_settle_requested')) === 0);
      assert.deepEqual(await all(), before);
      assert.equal(await metric(ours, 'algalon_store_settle_errors_total'), 0);
      assert.equal(await metric(ours, 'algalon_store_settled_days'), await metric(ours, 'algalon_store_partitions'));
    } finally {
      await ours.stop();
    }
    const { code, out } = run(binary, ['check', dataDir]);
    assert.equal(code, 0, out);
    ours = await Algalon.start({ command: 'host', dataDir });
    try {
      assert.equal((await fetch(`${ours.api}/internal/force_merge`)).status, 403);
      assert.equal((await ours.query('load[2d]', { time: begin + 86_400 })).result[0].values.length, 800);
    } finally {
      await ours.stop();
    }
  });
});

// What the folder in tests/fixtures/store holds: 500 samples of each, 30 s apart over the end of a day, written in five runs by a
// version that knew days of formats 1 and 2 only; the last run was killed, so that its part is in the log.
const kept = {
  begin: 1704067200 + 80_000, step: 30, samples: 500,
  series: {
    load: (i) => ((i * 7919) % 1000) / 100, used: (i) => ((i * i) % 4096) * 1048576, free: (i) => (4096 - ((i * i) % 4096)) * 1048576, ratio: (i) => 1 / (i + 3),
    odd: (i) => (i % 50 === 7 ? NaN : i % 50 === 8 ? Infinity : i % 50 === 9 ? -0 : i % 3), constant: () => 5,
  },
};

async function holdsWhatWasKept(ours) {
  for (const [name, value] of Object.entries(kept.series)) {
    const { values } = (await ours.query(`${name}{node="n"}[1d]`, { time: kept.begin + kept.step * kept.samples })).result[0];
    assert.equal(values.length, kept.samples, name);
    for (let i = 0; i < kept.samples; i++)
      assert.ok(values[i][0] === kept.begin + i * kept.step && Object.is(Number(values[i][1].replace('+Inf', 'Infinity')), value(i)), `${name} ${i}: ${values[i]}`);
  }
}

describe('a folder of an earlier version', () => {
  it('is read, packed anew, and read again', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder('algalon-earlier'), dataDir = path.join(folder, 'format-1');
    assert.equal(run('tar', ['xzf', path.join(root, 'tests/fixtures/store/format-1.tar.gz'), '-C', folder]).code, 0);
    assert.equal(run(binary, ['check', dataDir]).code, 0);
    let ours = await Algalon.start({ command: 'host', dataDir, args: ['--retention=0', '--web.enable-admin-api'] });
    try {
      await holdsWhatWasKept(ours);
      assert.equal((await fetch(`${ours.api}/internal/force_merge`)).status, 200);
      await until('days are packed', 60, async () => (await metric(ours, 'algalon_store_settle_requested')) === 0);
      assert.equal(await metric(ours, 'algalon_store_settle_errors_total'), 0);
      await holdsWhatWasKept(ours);
    } finally {
      await ours.stop();
    }
    const { code, out } = run(binary, ['check', dataDir]);
    assert.equal(code, 0, out);
    ours = await Algalon.start({ command: 'host', dataDir, args: ['--retention=0'] });
    try {
      await holdsWhatWasKept(ours);
    } finally {
      await ours.stop();
    }
  });
});
