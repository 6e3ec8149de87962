// scrape_hostile.test.mjs - targets that hang, drip, never end or come and go do not hold up the others, and memory stays bounded.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import { Algalon, Child, freePorts, sleep, temporaryFolder, until } from '../lib/program.mjs';

const GOOD = 100, HANGING = 400, DRIPPING = 50, ENDLESS = 10;

/** Good targets, in a process of their own: what the others do to their server is not what is measured. */
async function startGood() {
  const text = Array.from({ length: 20 }, (_, i) => `heat{gpu="${i}"} ${i}\n`).join('');
  const child = new Child(process.execPath, ['-e', `const s = require("http").createServer((q, a) => a.end(${JSON.stringify(text)})); s.listen(0, "127.0.0.1", () => console.log(s.address().port))`]);
  await until('the good targets listen', 20, () => /\d+\n/.test(child.output));
  child.host = `127.0.0.1:${child.output.trim()}`;
  return child;
}

/** Answers by the first part of the path. */
function startTargets() {
  const chunk = Array.from({ length: 500 }, (_, i) => `endless{i="${i}"} 1\n`).join('');
  const server = http.createServer((request, response) => {
    const kind = request.url.split('/')[1];
    if (kind === 'hanging') return undefined;
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    if (kind === 'dripping') {
      const timer = setInterval(() => response.write('#'), 200);
      response.on('close', () => clearInterval(timer));
      return undefined;
    }
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    return more();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const memory = async (algalon) => Number(/^process_resident_memory_bytes (\S+)$/m.exec(await (await fetch(`${algalon.api}/metrics`)).text())[1]);

/** One that scrapes DIR/p.yml, and one that scrapes nothing but DIR/good.json. */
function startBoth(dir) {
  fs.writeFileSync(path.join(dir, 'alone.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 900ms}
scrape_configs: [{job_name: good, file_sd_configs: [{files: [good.json]}]}]
`);
  return Promise.all(['p.yml', 'alone.yml'].map((file) => Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/${file}`] })));
}

/**
 * The good targets of `algalon` were scraped about as often as those of a second one that scrapes nothing else: what a busy
 * machine costs, it costs both.
 */
async function assertOnTime(algalon, alone) {
  const fewest = (of) => of.value('min(count_over_time(heat{gpu="0"}[8s]))');
  const [ours, theirs] = await Promise.all([fewest(algalon), fewest(alone)]);
  assert.ok(ours >= theirs - 2, `one of the good targets was scraped ${ours} times in 8 s, ${theirs} times without the others`);
  const [up, upAlone] = await Promise.all([algalon, alone].map((of) => of.value('avg(avg_over_time(up{job="good"}[8s]))')));
  assert.ok(up >= upAlone - 0.01, `the good targets were up for ${up} of the time, ${upAlone} without the others`);
}

describe('bad neighbours', () => {
  it('hold up nobody', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-hostile');
    const server = await startTargets();
    const good = await startGood();
    const host = `127.0.0.1:${server.address().port}`;
    const list = (kind, n) => JSON.stringify(Array.from({ length: n }, (_, i) => ({ targets: [kind === 'good' ? good.host : host], labels: { __metrics_path__: `/${kind}/${i}`, n: `${i}` } })));
    const kinds = { good: GOOD, hanging: HANGING, dripping: DRIPPING, endless: ENDLESS };
    for (const [kind, n] of Object.entries(kinds)) fs.writeFileSync(path.join(dir, `${kind}.json`), list(kind, n));
    const flapping = path.join(dir, 'flapping.json');
    fs.writeFileSync(flapping, '[]');
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 900ms}
scrape_configs:
${[...Object.keys(kinds), 'flapping'].map((kind) => `- {job_name: ${kind}, file_sd_configs: [{files: [${kind}.json]}]${kind === 'endless' ? ', body_size_limit: 1MB' : ''}${kind === 'flapping' ? ', scrape_interval: 1h' : ''}}`).join('\n')}
`);
    const [algalon, alone] = await startBoth(dir);
    try {
      for (const one of [algalon, alone]) await until('the good ones are up', 30, async () => (await one.value('sum(up{job="good"})')) === GOOD);
      const before = await memory(algalon);
      // Ten thousand targets that come and go meanwhile.
      for (let i = 0; i < 4; i++) {
        fs.writeFileSync(flapping, i % 2 ? '[]' : JSON.stringify([{ targets: Array.from({ length: 10_000 }, (_, k) => `127.0.0.1:${20_000 + k}`) }]));
        await sleep(2500);
      }
      await until('the flapping ones are gone', 10, async () => {
        const data = (await (await fetch(`${algalon.api}/api/v1/targets?scrapePool=flapping`)).json()).data;
        return data.activeTargets.length === 0;
      });
      await assertOnTime(algalon, alone);
      assert.equal(await algalon.value('sum(up{job=~"hanging|dripping|endless"})'), 0);
      assert.equal(await algalon.value('count(endless)'), undefined);
      const down = (await (await fetch(`${algalon.api}/api/v1/targets?scrapePool=endless`)).json()).data.activeTargets;
      assert.match(down[0].lastError, /more than 1048576 bytes/);
      const grown = (await memory(algalon)) - before;
      assert.ok(grown < 100e6, `memory grew by ${grown} bytes`);
    } finally {
      await algalon.stop();
      await alone.stop();
      await good.stop();
      server.closeAllConnections();
      server.close();
    }
  });

  it('hold up nobody below HTTP either', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-hostile');
    const good = await startGood();
    /* Heads that never end, and bodies that are small on the wire only. */
    const line = Buffer.from(`X-Head: ${'h'.repeat(8000)}\r\n`.repeat(8));
    const bomb = zlib.gzipSync(Buffer.from('bomb 1\n'.repeat(8 << 20)));
    const sockets = new Set();
    const raw = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.once('data', (request) => {
        const kind = /^GET \/(\w+)/.exec(request)?.[1];
        if (kind === 'bomb') return socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`), bomb]));
        if (kind === 'silent') return undefined;
        socket.write('HTTP/1.1 200 OK\r\n');
        const more = () => {
          while (!socket.destroyed && socket.write(line));
        };
        socket.on('drain', more);
        return more();
      });
    });
    await new Promise((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const hostile = `127.0.0.1:${raw.address().port}`;
    /* A program that stands still: its system takes connections until the backlog is full, then drops the first packet. */
    const still = new Child(process.execPath, ['-e', 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", 1, () => console.log(s.address().port))']);
    await until('the program listens', 20, () => /\d+\n/.test(still.output));
    still.process.kill('SIGSTOP');
    const [closed] = await freePorts(1);
    const addresses = { good: good.host, heads: hostile, bomb: hostile, silent: hostile, backlog: `127.0.0.1:${still.output.trim()}`, flapping: `127.0.0.1:${closed}` };
    const list = (kind, n) => JSON.stringify(Array.from({ length: n }, (_, i) => ({ targets: [addresses[kind]], labels: { __metrics_path__: `/${kind}/${i}`, n: `${i}` } })));
    const kinds = { good: GOOD, heads: 20, bomb: 20, silent: 200, backlog: 200, flapping: 0 };
    for (const [kind, n] of Object.entries(kinds)) fs.writeFileSync(path.join(dir, `${kind}.json`), list(kind, n));
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 900ms, body_size_limit: 1MB}
scrape_configs:
${Object.keys(kinds).map((kind) => `- {job_name: ${kind}, file_sd_configs: [{files: [${kind}.json]}]${kind === 'flapping' ? ', scrape_interval: 10s' : ''}}`).join('\n')}
`);
    const [algalon, alone] = await startBoth(dir);
    try {
      for (const one of [algalon, alone]) await until('the good ones are up', 30, async () => (await one.value('sum(up{job="good"})')) === GOOD);
      const before = await memory(algalon);
      /* Ten thousand targets that are scraped, refuse, and are gone again, all of them at once. */
      const flapping = JSON.stringify([{ targets: Array.from({ length: 10_000 }, (_, i) => `127.${1 + (i >> 8)}.${i & 255}.1:${closed}`) }]);
      for (let i = 0; i < 6; i++) {
        fs.writeFileSync(path.join(dir, 'flapping.json'), i % 2 ? '[]' : flapping);
        await sleep(2500);
      }
      await until('the flapping ones are gone', 10, async () => (await (await fetch(`${algalon.api}/api/v1/targets?scrapePool=flapping`)).json()).data.activeTargets.length === 0);
      await assertOnTime(algalon, alone);
      assert.equal(await algalon.value('sum(up{job=~"heads|bomb|silent|backlog"})'), 0);
      assert.ok((await algalon.value('count(count_over_time(up{job="flapping"}[1m]))')) > 1000, 'the flapping ones were scraped');
      assert.equal(await algalon.value('count({__name__="bomb"})'), undefined);
      const error = async (kind) => (await (await fetch(`${algalon.api}/api/v1/targets?scrapePool=${kind}`)).json()).data.activeTargets.map((target) => target.lastError);
      for (const [kind, wanted] of [['heads', /head of the answer does not end/], ['bomb', /more than 1048576 bytes/], ['silent', /timed out/], ['backlog', /timed out/]]) {
        for (const text of await error(kind)) assert.match(text, wanted, kind);
      }
      const grown = (await memory(algalon)) - before;
      assert.ok(grown < 200e6, `memory grew by ${grown} bytes`);
    } finally {
      await algalon.stop();
      await alone.stop();
      await good.stop();
      still.process.kill('SIGCONT');
      await still.stop();
      for (const socket of sockets) socket.destroy();
      raw.close();
    }
  });
});
