// export.test.mjs - series as JSON lines, to the real VictoriaMetrics and back.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, Child, binary, freePorts, run, temporaryFolder, until } from '../lib/program.mjs';

/** Series of JSON lines; a long one has several lines, in order of time. */
function lines(text) {
  const found = new Map();
  for (const line of text.trim().split('\n').filter(Boolean)) {
    const { metric, values, timestamps } = JSON.parse(line);
    const key = JSON.stringify(Object.entries(metric).sort());
    const series = found.get(key) ?? { metric, values: [], timestamps: [] };
    series.values.push(...values);
    series.timestamps.push(...timestamps);
    found.set(key, series);
  }
  return [...found.values()];
}
const sorted = (text) => lines(text).map((line) => JSON.stringify({ metric: Object.fromEntries(Object.entries(line.metric).sort()), values: line.values, timestamps: line.timestamps })).sort();

describe('/api/v1/export and /api/v1/import', () => {
  it('carry history to VictoriaMetrics and back without a difference', { timeout: 60_000 }, async () => {
    const [port] = await freePorts(1);
    const dir = temporaryFolder('algalon-export');
    const victoria = new Child('victoria-metrics', [`-storageDataPath=${dir}/vm`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=10y', '-search.latencyOffset=0s']);
    const first = await Algalon.start({ command: 'host' });
    const second = await Algalon.start({ command: 'host' });
    const match = `match[]=${encodeURIComponent('{job="history"}')}`;
    try {
      const now = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
      let text = '';
      for (let series = 0; series < 20; series++)
        for (let i = 0; i < 50; i++) text += `moved_total{job="history",gpu_index="${series}",name="a \\"b\\" ü"} ${series * 1000.25 + i} ${now + i * 5000}\n`;
      assert.equal((await first.import(text)).status, 204);
      const out = await (await fetch(`${first.api}/api/v1/export?${match}`)).text();
      assert.equal(lines(out).length, 20);
      assert.equal(lines(out)[0].values.length, 50);

      await until('victoria-metrics answers', 20, async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok);
      assert.equal((await fetch(`http://127.0.0.1:${port}/api/v1/import`, { method: 'POST', body: out })).status, 204);
      const back = await until('victoria-metrics has it', 20, async () => {
        await fetch(`http://127.0.0.1:${port}/internal/force_flush`);
        const answer = await (await fetch(`http://127.0.0.1:${port}/api/v1/export?${match}`)).text();
        return lines(answer).length === 20 && answer;
      });
      assert.deepEqual(sorted(back), sorted(out));
      assert.equal((await fetch(`${second.api}/api/v1/import`, { method: 'POST', body: back })).status, 204);
      assert.deepEqual(sorted(await (await fetch(`${second.api}/api/v1/export?${match}`)).text()), sorted(out));

      const part = await (await fetch(`${first.api}/api/v1/export?${match}&start=${now / 1000}&end=${now / 1000 + 20}`)).text();
      assert.ok(lines(part).every(({ values }) => values.length === 5));
    } finally {
      for (const child of [victoria, first, second]) await child.stop();
    }
  });

  it('are moved by `algalon migrate data`, which goes on where it was', { timeout: 60_000 }, async () => {
    const [port] = await freePorts(1);
    const dir = temporaryFolder('algalon-move');
    const victoria = new Child('victoria-metrics', [`-storageDataPath=${dir}/vm`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=10y', '-search.latencyOffset=0s']);
    const first = await Algalon.start({ command: 'host' });
    const second = await Algalon.start({ command: 'host' });
    const there = `http://127.0.0.1:${port}`;
    const move = (...args) => run(binary, ['migrate', 'data', '--since=2h', '--chunk=5m', '--match={__name__="history"}', ...args]);
    try {
      let text = '';
      const now = Math.floor(Date.now() / 1000) * 1000;
      for (let i = 0; i < 600; i++) text += `history{gpu="a&b=c"} ${i} ${now - 6_600_000 + i * 10_000}\n`;
      assert.equal((await first.import(text)).status, 204);
      const state = path.join(dir, 'move.state');
      const broken = move(`--from=${first.api}`, `--into=${there}1`, `--state=${state}`);
      assert.equal(broken.code, 1, 'nobody takes it');
      assert.match(broken.err, /algalon migrate: http/);
      fs.rmSync(state, { force: true });
      await until('victoria-metrics answers', 20, async () => (await fetch(`${there}/health`)).ok);
      const moved = move(`--from=${first.api}`, `--into=${there}`, `--state=${state}`);
      assert.equal(moved.code, 0, moved.err);
      assert.match(moved.err, /100 %/);
      const [, , , , at] = fs.readFileSync(state, 'utf8').trim().split('\n');
      assert.ok(Math.abs(Number(at) - Date.now()) < 30_000, 'it came to the present');
      assert.equal(move(`--from=${second.api}`, `--into=${there}`, `--state=${state}`).code, 1, 'the state of another move');

      // An interrupted move: the state says that the first hour is there already.
      fs.writeFileSync(path.join(dir, 'back.state'), `algalon move 1\n${there}\n${second.api}\n{__name__="history"}\n${now - 3_600_000}\n`);
      await fetch(`${there}/internal/force_flush`);
      assert.equal(move(`--from=${there}`, `--into=${second.api}`, `--state=${path.join(dir, 'back.state')}`).code, 0);
      const [{ timestamps }] = lines(await (await fetch(`${second.api}/api/v1/export?match[]=history`)).text());
      assert.equal(timestamps[0], now - 3_600_000);
      assert.equal(timestamps.length, 300, 'each sample once');
      assert.equal(move(`--from=${there}`, `--into=${second.api}`).code, 0, 'the whole of it, over what is there');
      const [whole] = lines(await (await fetch(`${second.api}/api/v1/export?match[]=history`)).text());
      assert.deepEqual(whole.values, Array.from({ length: 600 }, (_, i) => i));
      assert.equal(run(binary, ['migrate', 'data']).code, 2);
    } finally {
      for (const child of [victoria, first, second]) await child.stop();
    }
  });

  it('give and take what is larger than memory', { timeout: 120_000 }, async () => {
    const first = await Algalon.start({ command: 'host' });
    const second = await Algalon.start({ command: 'host' });
    const day = 86_400_000, begun = (Math.floor(Date.now() / day) - 20) * day;
    const COUNT = 60_000, SERIES = 20;
    const proc = (name) => `/proc/${first.process.pid}/${name}`;
    const peak = () => Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(proc('status'), 'utf8'))[1]) / 1024;
    try {
      // Two stretches with a gap of two weeks between them; values of 17 digits.
      const timestamps = Array.from({ length: COUNT }, (_, i) => begun + i * 5000 + (i >= COUNT / 2 ? 14 * day : 0));
      for (let series = 0; series < SERIES; series++) {
        const body = `${JSON.stringify({ metric: { __name__: 'long', gpu: `${series}` }, values: timestamps.map((_, i) => Math.sin(i + series)), timestamps })}\n`;
        assert.equal((await fetch(`${first.api}/api/v1/import`, { method: 'POST', body })).status, 204);
      }
      const bounded = fs.existsSync(proc('clear_refs')); // else no peak is told
      if (bounded) fs.writeFileSync(proc('clear_refs'), '5'); // it counts from here on
      const before = bounded && peak();
      const answer = await fetch(`${first.api}/api/v1/export?match[]=long`);
      const text = await answer.text();
      assert.ok(text.length > 35e6, `${text.length} bytes`);
      assert.ok(!bounded || peak() - before < 24, `${before} MiB, at most ${peak()} MiB while ${text.length >> 20} MiB were sent`);
      const all = lines(text);
      assert.equal(all.length, SERIES);
      for (const { metric, values, timestamps: got } of all) {
        assert.deepEqual(got, timestamps);
        assert.equal(values[COUNT - 1], Math.sin(COUNT - 1 + Number(metric.gpu)));
      }
      assert.ok(text.split('\n').every((line) => line.length < 4e6), 'no line is too long for those who read lines');

      const moved = run(binary, ['migrate', 'data', '--since=25d', '--chunk=25d', '--match=long', `--from=${first.api}`, `--into=${second.api}`], { timeout: 100_000 });
      assert.equal(moved.code, 0, moved.err);
      assert.equal(await second.value(`sum(count_over_time(long[30d]))`), COUNT * SERIES);
    } finally {
      for (const child of [first, second]) await child.stop();
    }
  });

  it('are moved again where the answer of the source was not whole', { timeout: 60_000 }, async () => {
    const into = await Algalon.start({ command: 'host' });
    const state = path.join(temporaryFolder('algalon-torn'), 'move.state');
    const at = Date.now() - 1_800_000;
    const line = `{"metric":{"__name__":"torn"},"values":[1],"timestamps":[${at}]}\n`;
    let whole = false;
    const source = http.createServer((request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/stream+json' });
      response.write(line, () => (whole ? response.end() : response.destroy()));
    });
    await new Promise((resolve) => source.listen(0, '127.0.0.1', resolve));
    const move = async () => {
      const child = new Child(binary, ['migrate', 'data', '--since=1h', '--chunk=1h', '--match=torn', `--from=http://127.0.0.1:${source.address().port}`, `--into=${into.api}`, `--state=${state}`]);
      return { ...(await child.ended), output: child.output };
    };
    try {
      const torn = await move();
      assert.equal(torn.code, 1, torn.output);
      assert.ok(!fs.existsSync(state), 'nothing counts as moved');
      whole = true;
      assert.equal((await move()).code, 0);
      assert.equal(await into.value('count_over_time(torn[2h])'), 1);
    } finally {
      source.close();
      await into.stop();
    }
  });

  it('say what is wrong with a line and keep the others', { timeout: 30_000 }, async () => {
    const host = await Algalon.start({ command: 'host' });
    const send = (body) => fetch(`${host.api}/api/v1/import`, { method: 'POST', body });
    const at = Date.now() - 60_000;
    try {
      for (const [body, words] of [
        ['{"metric":{"__name__":"x"},"values":[1]}', /one length/],
        ['{"metric":{"__name__":1},"values":[1],"timestamps":[1]}', /object of texts/],
        ['{"metric":{"job":"x"},"values":[1],"timestamps":[1]}', /__name__/],
        [`{"metric":{"__name__":"x"},"values":["1"],"timestamps":[${at}]}`, /a value is a number/],
        ['nonsense', /line 1/],
      ]) {
        const answer = await send(body);
        assert.equal(answer.status, 400, body);
        assert.match((await answer.json()).error, words);
      }
      assert.equal((await send(`nonsense\n{"metric":{"__name__":"good"},"values":[1,"Infinity",null],"timestamps":[${at},${at + 1},${at + 2}]}\n`)).status, 204);
      const out = await (await fetch(`${host.api}/api/v1/export?match[]=good`)).text();
      assert.deepEqual(lines(out)[0].values, [1, 'Infinity', null]);
      assert.equal((await fetch(`${host.api}/api/v1/export`)).status, 400, 'match[] is wanted');
    } finally {
      await host.stop();
    }
  });
});
