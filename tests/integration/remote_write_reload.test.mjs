// remote_write_reload.test.mjs - receivers exchanged while the program runs, what is known of families, and a queue that
// refuses; with the real Prometheus and VictoriaMetrics as receivers.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startPrometheus, startVictoriaMetrics } from '../lib/peers.mjs';
import { Algalon, Child, binary, freePorts, temporaryFolder, until } from '../lib/program.mjs';

/** A target whose series counts its scrapes; `noise` further series that no packing makes small. */
async function countingTarget({ noise = 0 } = {}) {
  let n = 0;
  const server = http.createServer((request, response) => {
    const more = Array.from({ length: noise }, (_, i) => `noise{i="${i}"} ${Math.random()}\n`).join('');
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(`# HELP scrapes How often it was asked.\n# TYPE scrapes counter\nscrapes{gpu="0"} ${++n}\n${more}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: `127.0.0.1:${server.address().port}`, count: () => n, close: () => (server.close(), server.closeAllConnections()) };
}

/** The values of `expr` in the last minutes, in order. */
async function values(base, expr) {
  const answer = await (await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: `${expr}[5m]` })}`)).json();
  assert.equal(answer.status, 'success', JSON.stringify(answer));
  return (answer.data.result[0]?.values ?? []).map(([, value]) => Number(value));
}

/** 4, 5, 6 ... without a gap. */
function assertWhole(list) {
  assert.deepEqual(list, list.map((_, i) => list[0] + i));
}

/** The program's own metric, the sum over its receivers unless `labels` names one. */
async function metric(api, name, labels = '') {
  const text = await (await fetch(`${api}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || (line.startsWith(`${name}{`) && line.includes(labels)));
  return lines.length ? lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0) : undefined;
}

describe('receivers are exchanged by a reload', () => {
  let target, prometheus, victoria, agent, api, file;
  const write = (receivers, jobs = `- {job_name: counting, static_configs: [{targets: ['${target.host}']}]}`) =>
    fs.writeFileSync(file, `global: {scrape_interval: 1s, external_labels: {site: here}}\nscrape_configs:\n${jobs}\n${receivers}`);
  const reload = async () => (await fetch(`${api}/-/reload`, { method: 'POST' })).status;
  const toPrometheus = (more = '') => `remote_write:\n- {url: '${prometheus.base}/api/v1/write', name: prom${more}}\n`;
  const inPrometheus = () => values(prometheus.base, 'scrapes{site="here"}');
  const inVictoria = () => values(victoria.base, 'scrapes{site="here"}');
  const scraped = async (what, more) => {
    const from = target.count();
    await until(what, 30, () => target.count() >= from + more);
  };

  before(async () => {
    target = await countingTarget();
    prometheus = await startPrometheus({ args: ['--web.enable-remote-write-receiver'], config: 'global: {}\n' });
    victoria = await startVictoriaMetrics();
    const dir = temporaryFolder('algalon-reload');
    const [port] = await freePorts(1);
    file = path.join(dir, 'scrape.yml');
    api = `http://127.0.0.1:${port}`;
    write('');
    agent = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${port}`, `--data-dir=${dir}/agent`, `--scrape-config=${file}`, `--remote-write=${victoria.base}/api/v1/write`]);
    await until('the agent is ready', 20, async () => (await fetch(`${api}/-/ready`)).ok);
  });
  after(async () => {
    await agent?.stop();
    await prometheus?.stop();
    await victoria?.stop();
    target?.close();
  });

  it('one more gets what comes from then on, the other notices nothing', { timeout: 90_000 }, async () => {
    await until('samples have come to VictoriaMetrics', 30, async () => (await inVictoria()).length >= 3);
    const before = await metric(api, 'algalon_forward_sent_samples_total', victoria.base);
    const known = target.count();
    write(toPrometheus());
    agent.process.kill('SIGHUP');
    await until('samples have come to Prometheus', 30, async () => (await inPrometheus()).length >= 3);
    const first = (await inPrometheus())[0];
    assert.ok(first > known - 1, `it began with scrape ${first}, the reload was after ${known}`);
    assertWhole(await inPrometheus());
    assertWhole(await inVictoria());
    assert.ok((await metric(api, 'algalon_forward_sent_samples_total', victoria.base)) > before, 'its counters went on');
    assert.equal(await metric(api, 'algalon_forward_failing'), 0);
  });

  it('what is wrong with a receiver or a job leaves all as it is', { timeout: 90_000 }, async () => {
    const wrong = [
      [toPrometheus(', write_relabel_configs: [{target_label: a, regex: "("}]')],
      [`remote_write:\n- {url: 'http://a b'}\n`],
      [`remote_write:\n- {url: '${victoria.base}/api/v1/write'}\n`], /* the one of the command line once more */
      ['', '- {job_name: counting, scrape_interval: never}'],
    ];
    for (const args of wrong) {
      write(...args);
      assert.notEqual(await reload(), 200, args[0]);
      assert.equal(await metric(api, 'algalon_config_last_reload_successful'), 0);
    }
    const had = [(await inPrometheus()).length, (await inVictoria()).length];
    await until('both go on', 30, async () => (await inPrometheus()).length > had[0] && (await inVictoria()).length > had[1]);
    assertWhole(await inPrometheus());
    assertWhole(await inVictoria());
  });

  it('one with other settings goes on where it was', { timeout: 90_000 }, async () => {
    write(toPrometheus(', write_relabel_configs: [{target_label: tier, replacement: cold}]'));
    const last = (await inPrometheus()).at(-1);
    assert.equal(await reload(), 200);
    const cold = await until('samples with the new label have come', 30, async () => {
      const list = await values(prometheus.base, 'scrapes{tier="cold"}');
      return list.length >= 3 && list;
    });
    const warm = await values(prometheus.base, 'scrapes{tier=""}');
    assert.ok(warm.at(-1) >= last);
    assertWhole([...warm, ...cold]);
  });

  it('one that is gone gets no more, and when it is back what comes then', { timeout: 90_000 }, async () => {
    write('');
    assert.equal(await reload(), 200);
    const gone = target.count();
    await scraped('scrapes without it', 4);
    assert.equal(await metric(api, 'algalon_forward_failing', 'prom'), undefined);
    write(toPrometheus());
    assert.equal(await reload(), 200);
    const back = target.count();
    await until('samples come again', 30, async () => (await inPrometheus()).at(-1) > back + 1);
    const missing = [];
    const had = new Set([...(await inPrometheus()), ...(await values(prometheus.base, 'scrapes{tier="cold"}'))]);
    for (let n = gone - 1; n <= back + 1; n++) if (!had.has(n)) missing.push(n);
    assert.ok(missing.includes(gone + 2), `of ${gone} to ${back} are missing: ${missing}`);
    assert.ok(!missing.includes(back + 1));
    assertWhole(await inVictoria());
  });

  it('the last one may not go: there is nowhere else for an agent to send to', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-reload');
    const [port] = await freePorts(1);
    const own = path.join(dir, 'scrape.yml');
    fs.writeFileSync(own, `scrape_configs: []\n${toPrometheus()}`);
    const child = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${port}`, `--data-dir=${dir}/agent`, `--scrape-config=${own}`]);
    try {
      await until('the agent is ready', 20, async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);
      fs.writeFileSync(own, 'scrape_configs: []\n');
      const answer = await fetch(`http://127.0.0.1:${port}/-/reload`, { method: 'POST' });
      assert.notEqual(answer.status, 200);
      assert.match(await answer.text(), /--remote-write/);
    } finally {
      await child.stop();
    }
  });

  it('a host that only kept begins to send, with every series it has', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-reload');
    const own = path.join(dir, 'scrape.yml');
    const jobs = `global: {scrape_interval: 1s}\nscrape_configs:\n- {job_name: late, static_configs: [{targets: ['${target.host}']}]}\n`;
    fs.writeFileSync(own, jobs);
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${own}`] });
    try {
      await until('it scrapes', 30, async () => (await values(host.api, 'scrapes{job="late"}')).length >= 2);
      assert.equal(await metric(host.api, 'algalon_forward_queue_bytes'), 0);
      fs.writeFileSync(own, `${jobs}remote_write: [{url: '${victoria.base}/api/v1/write', name: late}]\n`);
      assert.equal((await fetch(`${host.api}/-/reload`, { method: 'POST' })).status, 200);
      await until('samples have come', 30, async () => (await values(victoria.base, 'scrapes{job="late",gpu="0"}')).length >= 3);
      await until('and the scrape its own', 30, async () => (await values(victoria.base, 'up{job="late"}')).length >= 3);
      const here = await values(host.api, 'scrapes{job="late"}');
      for (const value of await values(victoria.base, 'scrapes{job="late"}')) assert.ok(here.includes(value) || value > here.at(-1));
    } finally {
      await host.stop();
    }
  });
});

describe('what is known of families is sent', () => {
  it('to a store that keeps it, and to one that does not', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-metadata');
    const target = await countingTarget();
    const prometheus = await startPrometheus({ args: ['--web.enable-remote-write-receiver'], config: 'global: {}\n' });
    const [told, untold] = [await Algalon.start({ command: 'host' }), await Algalon.start({ command: 'host' })];
    const [port] = await freePorts(1);
    const file = path.join(dir, 'scrape.yml');
    fs.writeFileSync(file, `global: {scrape_interval: 1s}
scrape_configs: [{job_name: counting, static_configs: [{targets: ['${target.host}']}]}]
remote_write:
- {url: '${told.api}/api/v1/write', name: told, metadata_config: {send_interval: 1s, max_samples_per_send: 1}}
- {url: '${untold.api}/api/v1/write', name: untold, metadata_config: {send: false}}
- {url: '${prometheus.base}/api/v1/write', name: prom, metadata_config: {send_interval: 1s}}
`);
    const agent = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${port}`, `--data-dir=${dir}/agent`, `--scrape-config=${file}`]);
    const known = async (base) => (await (await fetch(`${base}/api/v1/metadata?metric=scrapes`)).json()).data;
    try {
      await until('the store knows the family', 40, async () => (await known(told.api)).scrapes);
      assert.deepEqual(await known(told.api), { scrapes: [{ type: 'counter', unit: '', help: 'How often it was asked.' }] });
      await until('samples have come to all', 40, async () =>
        (await Promise.all([told.api, untold.api, prometheus.base].map((base) => values(base, 'scrapes')))).every((list) => list.length >= 3));
      assert.deepEqual(await known(untold.api), {});
      const api = `http://127.0.0.1:${port}`;
      await until('Prometheus has heard it', 30, async () => (await metric(api, 'algalon_forward_metadata_total', '"prom"')) > 0);
      assert.equal(await metric(api, 'algalon_forward_metadata_failures_total'), 0);
      assert.equal(await metric(api, 'algalon_forward_metadata_total', '"untold"'), 0);
    } finally {
      await agent.stop();
      await told.stop();
      await untold.stop();
      await prometheus.stop();
      target.close();
    }
    assert.doesNotMatch(agent.output, /level=(warn|error)/);
    assert.doesNotMatch(prometheus.output, /level=error/);
  });
});

describe('--remote-write-queue-full=refuse', () => {
  it('keeps the oldest: what is scraped while nobody takes it is refused, and nothing that was taken is lost', { timeout: 120_000 }, async () => {
    const dir = temporaryFolder('algalon-refuse');
    const target = await countingTarget({ noise: 2000 });
    const store = await Algalon.start({ command: 'host' });
    let open = false;
    const door = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      if (!open) return response.writeHead(503).end('closed');
      const answer = await fetch(`${store.api}${request.url}`, { method: 'POST', headers: { 'content-encoding': request.headers['content-encoding'], 'content-type': 'application/x-protobuf' }, body: Buffer.concat(chunks) });
      return response.writeHead(answer.status).end(await answer.text());
    });
    await new Promise((resolve) => door.listen(0, '127.0.0.1', resolve));
    const [port] = await freePorts(1);
    const api = `http://127.0.0.1:${port}`;
    const file = path.join(dir, 'scrape.yml');
    fs.writeFileSync(file, `global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs: [{job_name: noisy, static_configs: [{targets: ['${target.host}']}]}]\n`);
    const agent = new Child(binary, ['agent', '--config=', `--listen-api=127.0.0.1:${port}`, `--data-dir=${dir}/agent`, `--scrape-config=${file}`, '--remote-write-compression=snappy',
      '--remote-write-queue-size=1MB', '--remote-write-queue-full=refuse', `--remote-write=http://127.0.0.1:${door.address().port}/api/v1/write`]);
    try {
      await until('samples are refused', 60, async () => (await metric(api, 'algalon_forward_refused_samples_total')) > 4000);
      assert.equal(await metric(api, 'algalon_forward_queue_full'), 1);
      assert.equal(await metric(api, 'algalon_forward_dropped_samples_total'), 0);
      assert.ok((await metric(api, 'algalon_forward_queue_bytes')) < 2 << 20);
      assert.match(agent.output, /scraped samples are not kept.*queue of samples to be sent is full.*--remote-write-queue-full/);
      open = true;
      const reopened = target.count();
      await until('scrapes come again', 60, async () => (await values(store.api, 'scrapes')).at(-1) > reopened);
      assert.equal(await metric(api, 'algalon_forward_queue_full'), 0);
      const list = await values(store.api, 'scrapes');
      const gap = list.findIndex((value, i) => i && value !== list[i - 1] + 1);
      assert.ok(gap > 3, `the gap is behind ${list[gap - 1]}`);
      assert.ok(list[0] <= 2, 'the oldest are kept');
      assertWhole(list.slice(0, gap));
      assert.equal(await metric(api, 'algalon_forward_dropped_samples_total'), 0);
      assert.equal(await metric(api, 'algalon_forward_lost_samples_total'), 0);
    } finally {
      await agent.stop();
      await store.stop();
      door.close();
      door.closeAllConnections();
      target.close();
    }
  });
});
