// remote_write.test.mjs - remote write both ways, with the real Prometheus, vmagent and VictoriaMetrics.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, binary, freePorts, nvmlSimulator, root, sleep, temporaryFolder, until } from '../lib/program.mjs';

/** A target whose one series counts its scrapes: a missing sample shows as a gap. */
async function countingTarget() {
  let n = 0;
  const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(`# TYPE scrapes counter\nscrapes{gpu="0"} ${++n}\nconstant 42.5\n`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: `127.0.0.1:${server.address().port}`, count: () => n, close: () => server.close() };
}

function scrapeConfig(dir, host, more = '') {
  const file = path.join(dir, 'scrape.yml');
  fs.writeFileSync(file, `global: {scrape_interval: 1s, external_labels: {site: here}}
scrape_configs:
  - job_name: counting
    static_configs: [{targets: ['${host}']}]
${more}`);
  return file;
}

async function ask(base, what, parameters) {
  const response = await fetch(`${base}/api/v1/${what}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  assert.equal(answer.status, 'success', JSON.stringify(answer));
  return answer.data.result;
}

/** Every sample of `expr` in the last minutes as [time, value]. */
async function samples(base, expr) {
  const result = await ask(base, 'query', { query: `${expr}[5m]` });
  return result.length ? result[0].values.map(([time, value]) => [time, Number(value)]) : [];
}

/** The values 1, 2, 3 ... without a gap. */
function assertWhole(list) {
  assert.deepEqual(list.map(([, value]) => value), list.map((_, i) => list[0][1] + i));
}

describe('remote write into the store', () => {
  let target, algalon;
  before(async () => {
    target = await countingTarget();
    algalon = await Algalon.start({ command: 'host' });
  });
  after(async () => {
    await algalon?.stop();
    target?.close();
  });

  it('by prometheus: a range query gives the same from both', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-write');
    const [port] = await freePorts(1);
    const config = scrapeConfig(dir, target.host, `remote_write: [{url: '${algalon.api}/api/v1/write', queue_config: {batch_send_deadline: 500ms}, metadata_config: {send_interval: 1s}}]\n`);
    const prometheus = new Child('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`]);
    const base = `http://127.0.0.1:${port}`;
    try {
      await until('ten samples have come', 60, async () => (await samples(algalon.api, 'scrapes{site="here"}')).length >= 10);
      const theirs = await samples(base, 'scrapes');
      const [from, to] = [theirs[1][0], theirs[8][0]];
      const range = { start: from, end: to, step: 0.5 };
      const [mine] = await ask(algalon.api, 'query_range', { query: 'scrapes{site="here"}', ...range });
      const [real] = await ask(base, 'query_range', { query: 'scrapes', ...range });
      assert.ok(real.values.length > 10);
      assert.deepEqual(mine.values, real.values);
      assert.deepEqual(mine.metric, { ...real.metric, site: 'here' });
      await until('metadata has come', 70, async () => (await (await fetch(`${algalon.api}/api/v1/metadata?metric=scrapes`)).json()).data.scrapes);
    } finally {
      await prometheus.stop();
    }
    assert.doesNotMatch(prometheus.output, /non-recoverable error|Failed to send batch/);
  });

  it('by vmagent, of what it scrapes from our worker', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-write');
    const [port] = await freePorts(1);
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s', '--hostname=node-w', `--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: path.join(root, 'tests/sim/nvml/scenarios/fleet-node.scn') } });
    const agent = new Child('vmagent', [`-promscrape.config=${scrapeConfig(dir, new URL(worker.metrics).host, '    honor_labels: true\n')}`, `-remoteWrite.url=${algalon.api}/api/v1/write`, `-remoteWrite.tmpDataPath=${dir}/queue`, `-httpListenAddr=127.0.0.1:${port}`]);
    try {
      const shown = async () => (await (await fetch(`${worker.metrics}/metrics`)).text()).split('\n').filter((line) => line.startsWith('all_smi_gpu_temperature_celsius{')).length;
      const gpus = await until('the worker shows its GPUs', 20, shown);
      await until('all of them are in the store', 40, async () => (await algalon.value('count(all_smi_gpu_temperature_celsius{hostname="node-w",site="here"})')) === gpus);
      assert.equal(await algalon.value('up{job="counting",instance=~".+"} == 1 and on () vector(1)'), 1);
      assert.equal(await algalon.value('count({__name__=~".+",exported_hostname!=""})'), undefined);
    } finally {
      await agent.stop();
      await worker.stop();
    }
    assert.doesNotMatch(agent.output, /unexpected status code/);
  });

  it('by vmagent', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-write');
    const [port] = await freePorts(1);
    const config = scrapeConfig(dir, target.host);
    const agent = new Child('vmagent', [`-promscrape.config=${config}`, `-remoteWrite.url=${algalon.api}/api/v1/write`, `-remoteWrite.tmpDataPath=${dir}/queue`, `-remoteWrite.label=by=vmagent`, `-httpListenAddr=127.0.0.1:${port}`]);
    try {
      await until('samples of vmagent have come', 40, async () => (await samples(algalon.api, 'scrapes{by="vmagent"}')).length >= 5);
      assert.equal(await algalon.value('constant{by="vmagent",site="here"}'), 42.5);
    } finally {
      await agent.stop();
    }
    assert.doesNotMatch(agent.output, /unexpected status code/);
  });
});

describe('algalon agent', () => {
  it('needs to be told where to send', async () => {
    const child = new Child(binary, ['agent', '--config=', '--listen-api=', `--data-dir=${temporaryFolder()}`]);
    const { code } = await child.ended;
    assert.equal(code, 2);
    assert.match(child.output, /--remote-write/);
  });

  it('sends to VictoriaMetrics and loses nothing while it is away', { timeout: 120_000 }, async () => {
    const dir = temporaryFolder('algalon-agent');
    const target = await countingTarget();
    const [vmPort, apiPort] = await freePorts(2);
    const vm = `http://127.0.0.1:${vmPort}`;
    const api = `http://127.0.0.1:${apiPort}`;
    const startVm = async () => {
      const child = new Child('victoria-metrics', [`-storageDataPath=${dir}/vm`, `-httpListenAddr=127.0.0.1:${vmPort}`, '-search.latencyOffset=0s', '-search.disableCache']);
      await until('victoria-metrics is up', 30, async () => (await fetch(`${vm}/health`)).ok);
      return child;
    };
    const startAgent = async () => {
      const child = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${apiPort}`, `--data-dir=${dir}/agent`, `--scrape-config=${scrapeConfig(dir, target.host)}`, `--remote-write=${vm}/api/v1/write`]);
      await until('the agent is ready', 20, async () => (await fetch(`${api}/-/ready`)).ok);
      return child;
    };
    const stored = () => samples(vm, 'scrapes{site="here"}');
    let database = await startVm();
    let agent = await startAgent();
    try {
      await until('samples have come', 30, async () => (await stored()).length >= 3);
      const targets = await (await fetch(`${api}/api/v1/targets`)).json();
      assert.equal(targets.data.activeTargets[0].health, 'up');
      assert.equal((await fetch(`${api}/api/v1/query?query=up`)).status, 404);

      await database.stop();
      const away = target.count();
      await until('some scrapes have passed', 20, async () => target.count() >= away + 5);
      assert.match(await (await fetch(`${api}/metrics`)).text(), /^algalon_forward_failing\{receiver="[^"]*"\} 1$/m);
      database = await startVm();
      const last = target.count();
      await until('what waited has come', 60, async () => (await stored()).some(([, value]) => value >= last));
      assertWhole(await stored());

      await database.stop();
      await until('some scrapes have passed', 20, async () => target.count() >= last + 4);
      await sleep(1500); /* what is older than a second is in the queue */
      const kept = target.count() - 2;
      await agent.stop('SIGKILL');
      database = await startVm();
      agent = await startAgent();
      await until('what was queued before the kill has come', 60, async () => (await stored()).some(([, value]) => value >= kept + 3));
      const values = (await stored()).map(([, value]) => value);
      for (let n = values[0]; n <= kept; n++) assert.ok(values.includes(n), `scrape ${n} is lost`);
    } finally {
      await agent.stop();
      await database.stop();
      target.close();
    }
    assert.doesNotMatch(agent.output, /level=error/);
  });

  it('keeps the queue within its bound while a receiver is away, and counts what that costs', { timeout: 120_000 }, async () => {
    const dir = temporaryFolder('algalon-outage');
    /* Values that no packing makes small: the bound is passed within seconds. */
    const SERIES = 3000;
    let scrapes = 0;
    const target = http.createServer((request, response) => {
      scrapes++;
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end(`scrapes ${scrapes}\n${Array.from({ length: SERIES }, (_, i) => `noise{i="${i}"} ${Math.random()}\n`).join('')}`);
    });
    await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
    /* The real store behind a door that is shut for a while: a connection is refused with 503. */
    const store = await Algalon.start({ command: 'host' });
    let open = false, tries = 0;
    const door = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      tries++;
      if (!open) return response.writeHead(503).end('closed');
      const answer = await fetch(`${store.api}${request.url}`, { method: 'POST', headers: { 'content-encoding': request.headers['content-encoding'], 'content-type': 'application/x-protobuf' }, body: Buffer.concat(chunks) });
      return response.writeHead(answer.status).end(await answer.text());
    });
    await new Promise((resolve) => door.listen(0, '127.0.0.1', resolve));
    const config = path.join(dir, 'scrape.yml');
    fs.writeFileSync(config, `global: {scrape_interval: 250ms, scrape_timeout: 250ms}
scrape_configs: [{job_name: noisy, static_configs: [{targets: ['127.0.0.1:${target.address().port}']}]}]
`);
    const [port] = await freePorts(1);
    const bound = 1 << 20;
    const agent = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${port}`, `--data-dir=${dir}/agent`, `--scrape-config=${config}`, '--remote-write-compression=snappy', '--remote-write-queue-size=1MB',
      `--remote-write=http://127.0.0.1:${door.address().port}/api/v1/write`]);
    const metrics = async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return (name) => Number(new RegExp(`^algalon_forward_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)[1]);
    };
    const files = () => fs.readdirSync(`${dir}/agent/forward`).filter((name) => name.endsWith('.queue')).map((name) => fs.statSync(`${dir}/agent/forward/${name}`).size).reduce((a, b) => a + b, 0);
    try {
      let largest = 0;
      await until('much more than the bound has passed', 60, async () => {
        largest = Math.max(largest, files());
        return (await metrics())('dropped_samples_total') > 20 * SERIES;
      });
      assert.ok(largest <= bound * 1.5, `the queue had ${largest} bytes`); /* a block may just have been written */
      assert.equal((await metrics())('failing'), 1);
      assert.ok((await metrics())('behind_seconds') > 0);
      assert.ok(tries < 40, `tried ${tries} times`);
      open = true;
      const last = scrapes;
      await until('what waited has come', 60, async () => (await store.value('max_over_time(scrapes[10m])')) > last);
      fs.writeFileSync(config, 'scrape_configs: []\n');
      assert.equal((await fetch(`http://127.0.0.1:${port}/-/reload`, { method: 'POST' })).status, 200);
      const whole = await until('the queue is empty and all is accounted for', 30, async () => {
        const m = await metrics();
        const accounted = m('sent_samples_total') + m('dropped_samples_total');
        return m('samples_total') === accounted && m('behind_seconds') === 0 && m;
      });
      assert.equal(whole('lost_samples_total'), 0);
      assert.equal(whole('rejected_samples_total'), 0);
      /* What was not dropped is there in its order, in one piece behind the request that was in hand while older ones were dropped. */
      const stored = await samples(store.api, 'scrapes');
      const values = stored.map(([, value]) => Number(value));
      assert.ok(values.every((value, i) => i === 0 || value > values[i - 1]), `in order: ${values}`);
      const gaps = values.flatMap((value, i) => (i > 0 && value !== values[i - 1] + 1 ? [i] : []));
      assert.ok(gaps.length <= 1, `in one piece: ${values}`);
      const piece = stored.slice(gaps[0] ?? 0);
      assert.ok(piece[0][1] > 20, 'the oldest are what was dropped');
      assertWhole(piece);
    } finally {
      await agent.stop();
      await store.stop();
      door.close();
      target.close();
      target.closeAllConnections();
    }
  });

  it('gives each receiver its own labels, credentials and packing', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-receivers');
    const target = await countingTarget();
    const [vmPort] = await freePorts(1);
    const vm = `http://127.0.0.1:${vmPort}`;
    const database = new Child('victoria-metrics', [`-storageDataPath=${dir}/vm`, `-httpListenAddr=127.0.0.1:${vmPort}`, '-search.latencyOffset=0s', '-search.disableCache']);
    /* Before it: a witness of what passes, which wants a token. */
    const seen = [];
    const witness = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      seen.push({ method: request.method, ...request.headers });
      const allowed = request.headers.authorization === `Bearer ${fs.readFileSync(`${dir}/token`, 'utf8').trim()}`;
      if (!allowed) return response.writeHead(503).end();
      const answer = await fetch(`${ours.api}${request.url}`, { method: request.method, headers: { 'content-encoding': request.headers['content-encoding'] ?? '', 'content-type': 'application/x-protobuf' }, body: request.method === 'POST' ? Buffer.concat(chunks) : undefined });
      response.writeHead(answer.status).end(await answer.text());
    });
    const ours = await Algalon.start({ command: 'host' });
    await new Promise((resolve) => witness.listen(0, '127.0.0.1', resolve));
    fs.writeFileSync(`${dir}/token`, 'first\n');
    const config = scrapeConfig(dir, target.host);
    fs.appendFileSync(config, `remote_write:
- url: http://127.0.0.1:${witness.address().port}/api/v1/write
  name: long-term
  authorization: {credentials_file: token}
  headers: {X-Scope-OrgID: team}
  write_relabel_configs:
  - {source_labels: [__name__], regex: 'scrapes|up', action: keep}
  - {target_label: tier, replacement: cold}
  - {regex: site, action: labeldrop}
`);
    const api = (await freePorts(1))[0];
    const agent = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${api}`, `--data-dir=${dir}/agent`, `--scrape-config=${config}`, `--remote-write=${vm}/api/v1/write`]);
    const count = async (base, expr) => Number((await (await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expr)}`)).json()).data.result[0]?.value[1] ?? 0);
    try {
      await until('samples have come to both', 40, async () => (await count(ours.api, 'count_over_time(scrapes{tier="cold"}[1m])')) >= 3 && (await count(vm, 'count_over_time(scrapes{site="here"}[1m])')) >= 3);
      assert.equal(await count(ours.api, 'count({site!=""})'), 0);
      assert.equal(await count(ours.api, 'count(scrape_duration_seconds{tier="cold"})'), 0);
      assert.ok((await count(vm, 'count(scrape_duration_seconds{site="here"})')) >= 1);
      assert.equal(await count(vm, 'count({tier="cold"})'), 0);
      const posts = seen.filter(({ method }) => method === 'POST');
      assert.equal(posts[0]['content-encoding'], 'zstd');
      assert.equal(posts[0]['x-scope-orgid'], 'team');
      const metrics = await (await fetch(`http://127.0.0.1:${api}/metrics`)).text();
      assert.match(metrics, /algalon_forward_sent_samples_total\{receiver="long-term"\} [1-9]/);
      assert.match(metrics, /algalon_forward_left_samples_total\{receiver="long-term"\} [1-9]/);

      /* A token that is exchanged is read again: what waited is sent with the new one. */
      fs.writeFileSync(`${dir}/token`, 'second\n');
      const before = target.count();
      await until('scrapes after the exchange have come', 40, async () => (await count(ours.api, 'last_over_time(scrapes{tier="cold"}[1m])')) > before + 1);
      assert.ok(seen.some(({ authorization }) => authorization === 'Bearer second'));
    } finally {
      await agent.stop();
      await ours.stop();
      await database.stop();
      witness.close();
      target.close();
    }
    assert.doesNotMatch(agent.output, /level=error/);
  });
});
