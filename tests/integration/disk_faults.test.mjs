// disk_faults.test.mjs - the running program on a disk that fails and with a clock that jumps (tests/sim/disk): it says so where an
// operator looks, goes on answering queries, and afterwards has all it acknowledged.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, build, temporaryFolder, until } from '../lib/program.mjs';

const library = path.join(build, 'libdisk-sim.so');
const EIO = 5, ENOSPC = 28, EROFS = 30, EDQUOT = 122;
const OPEN = 1, WRITE = 2, SYNC = 4, SIZE = 8, NAME = 16;
const STAYS = 2;
const HOUR = 3_600_000;

/** What the library is told, through a file that it maps: struct disk_control. */
class Disk {
  constructor(dataDir) {
    this.file = path.join(temporaryFolder('algalon-disk'), 'control');
    fs.writeFileSync(this.file, Buffer.alloc(32));
    this.env = { LD_PRELOAD: library, ALGALON_DISK_DIR: fs.realpathSync(path.dirname(dataDir)), ALGALON_DISK_CONTROL: this.file };
  }

  #write(buffer, at) {
    const fd = fs.openSync(this.file, 'r+');
    fs.writeSync(fd, buffer, 0, buffer.length, at);
    fs.closeSync(fd);
  }

  /** From now on all calls in `ops` fail. */
  fail(ops, error) {
    const told = Buffer.alloc(24);
    [ops, STAYS, error, 1, 0, 0].forEach((value, i) => told.writeUInt32LE(value, i * 4));
    this.#write(told.subarray(4), 4);
    this.#write(told.subarray(0, 4), 0);
  }

  mend() {
    this.#write(Buffer.alloc(4), 0);
  }

  shiftClock(ms) {
    const told = Buffer.alloc(8);
    told.writeBigInt64LE(BigInt(ms));
    this.#write(told, 24);
  }
}

const folder = () => path.join(temporaryFolder('algalon-disk'), 'data');
const ready = async (algalon) => {
  const response = await fetch(`${algalon.api}/-/ready`);
  return { status: response.status, text: await response.text() };
};
const metric = async (algalon, name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${algalon.api}/metrics`)).text())[1]);

/** Pushes numbered samples, one request each; notes which were acknowledged. */
class Pushing {
  acknowledged = [];
  #base = Date.now() - HOUR;
  #next = 0;

  async once(algalon) {
    const n = this.#next++;
    const response = await algalon.import(`faulty ${n} ${this.#base + n * 10}\n`);
    const text = await response.text();
    if (response.status === 204) this.acknowledged.push(n);
    return { status: response.status, text };
  }

  async check(algalon) {
    const found = new Map(((await algalon.query('faulty[3h]')).result[0]?.values ?? []).map(([t, v]) => [Math.round(t * 1000), Number(v)]));
    for (const n of this.acknowledged) assert.equal(found.get(this.#base + n * 10), n, `request ${n} was acknowledged and is lost`);
  }
}

describe('a disk that fails under the running program', { skip: !fs.existsSync(library) && 'the disk simulator is not built' }, () => {
  for (const [what, ops, error, restart] of [
    ['cannot sync', SYNC, EIO, true],
    ['cannot write', WRITE, EIO, true],
    ['is full', WRITE | SIZE, ENOSPC, false],
    ['is over the quota', WRITE | SIZE, EDQUOT, false],
    ['became read-only', OPEN | WRITE | SYNC | SIZE | NAME, EROFS, true],
  ])
    it(`that ${what}: it says so and loses nothing`, { timeout: 120_000 }, async () => {
      const dataDir = folder(), disk = new Disk(dataDir), pushing = new Pushing();
      let algalon = await Algalon.start({ command: 'host', dataDir, env: disk.env });
      try {
        for (let i = 0; i < 20; i++) assert.equal((await pushing.once(algalon)).status, 204);
        disk.fail(ops, error);
        const answer = await until('a push is refused', 30, async () => {
          const pushed = await pushing.once(algalon);
          return pushed.status !== 204 && pushed;
        });
        assert.ok(answer.status >= 500, `${answer.status}: ${answer.text}`);
        const state = await until('it is not ready', 30, async () => {
          const now = await ready(algalon);
          return now.status === 503 && now;
        });
        assert.match(state.text, /^Algalon is not ready\.\nThe store keeps nothing new: .{10}/);
        assert.equal(await metric(algalon, 'algalon_store_read_only'), 1);
        assert.equal((await fetch(`${algalon.api}/-/healthy`)).status, 200);
        await pushing.check(algalon);
        disk.mend();
        if (restart) {
          await algalon.stop('SIGTERM');
          algalon = await Algalon.start({ command: 'host', dataDir });
        }
        await until('it takes samples again', 30, async () => (await pushing.once(algalon)).status === 204);
        await until('it is ready', 30, async () => (await ready(algalon)).status === 200);
        assert.equal(await metric(algalon, 'algalon_store_read_only'), 0);
        await pushing.check(algalon);
        await algalon.stop('SIGKILL');
        algalon = await Algalon.start({ command: 'host', dataDir });
        assert.doesNotMatch(algalon.output, /level=error/);
        await pushing.check(algalon);
      } finally {
        await algalon.stop();
      }
    });

  it('refuses to start on a disk that cannot be written, and says why', { timeout: 60_000 }, async () => {
    const dataDir = folder(), disk = new Disk(dataDir), pushing = new Pushing();
    let algalon = await Algalon.start({ command: 'host', dataDir });
    for (let i = 0; i < 5; i++) assert.equal((await pushing.once(algalon)).status, 204);
    await algalon.stop('SIGKILL');
    disk.fail(OPEN | WRITE | SYNC | SIZE | NAME, EROFS);
    const refused = await Algalon.start({ command: 'host', dataDir, env: disk.env, waitReady: false });
    assert.equal((await refused.ended).code, 1);
    assert.match(refused.output, /[Rr]ead-only file system/);
    algalon = await Algalon.start({ command: 'host', dataDir });
    await pushing.check(algalon);
    await algalon.stop();
  });
});

describe('a clock that jumps', { skip: !fs.existsSync(library) && 'the disk simulator is not built' }, () => {
  for (const hours of [6, -6])
    it(`by ${hours} hours and back: samples go on, none is lost`, { timeout: 120_000 }, async () => {
      const dataDir = folder(), disk = new Disk(dataDir);
      const algalon = await Algalon.start({ dataDir, env: disk.env, args: ['--interval=200ms', '--retention=2d'] });
      const start = Date.now();
      const times = async () => (await algalon.query('all_smi_up[1d]', { time: Date.now() / 1000 + 8 * 3600 })).result.flatMap(({ values }) => values.map(([t]) => t * 1000));
      const between = (all, from, to) => all.filter((t) => t >= from && t <= to).length;
      try {
        await until('samples come', 30, async () => (await times()).length >= 5);
        disk.shiftClock(hours * HOUR);
        await until('samples come at the new time', 30, async () => between(await times(), start + hours * HOUR - 60_000, start + hours * HOUR + 120_000) >= 5);
        disk.shiftClock(0);
        const back = Date.now();
        await until('samples come at the old time again', 30, async () => between(await times(), back + 200, Date.now() + 1000) >= 5);
        const all = await times();
        assert.ok(between(all, start - 60_000, back) >= 5, 'what was there before the jump is there');
        assert.ok(between(all, start + hours * HOUR - 60_000, start + hours * HOUR + 120_000) >= 5, 'what came meanwhile is there');
        assert.doesNotMatch(algalon.output, /level=error|old day dropped/);
      } finally {
        await algalon.stop();
      }
    });
});
