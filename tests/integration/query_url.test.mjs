// query_url.test.mjs - pages, API and rules over a real VictoriaMetrics in place of the embedded store (--query-url).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, freePorts, run, temporaryFolder, until } from '../lib/program.mjs';

const VM = 'victoria-metrics';
const installed = run(VM, ['-version']).code === 0;

const RULES = `
groups:
- name: seen
  interval: 500ms
  rules:
  - {record: 'cpu:seen', expr: 'count(all_smi_cpu_utilization)', labels: {kind: count}}
  - {alert: CpuSeen, expr: 'all_smi_cpu_utilization >= 0', annotations: {summary: 'of {{ $labels.hostname }}'}}
  - {record: 'wrong', expr: 'up * on() group_left() {__name__=~".+"}'}
`;

describe('--query-url', { skip: !installed && `${VM} is not installed` }, () => {
  const dir = temporaryFolder('algalon-query-url');
  let theirs, vm, vmPort, ours;
  const startVm = async () => {
    theirs = new Child(VM, [`-storageDataPath=${dir}/vm`, `-httpListenAddr=127.0.0.1:${vmPort}`, '-search.latencyOffset=0s', '-search.disableCache']);
    await until('victoria-metrics is up', 30, async () => (await fetch(`${vm}/health`)).ok);
  };

  before(async () => {
    [vmPort] = await freePorts(1);
    vm = `http://127.0.0.1:${vmPort}`;
    fs.writeFileSync(path.join(dir, 'rules.yml'), RULES);
    await startVm();
    ours = await Algalon.start({ args: [`--query-url=${vm}/`, `--remote-write=${vm}/api/v1/write`, `--rules=${dir}/rules.yml`, '--interval=1s', '--hostname=node-a'] });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  it('answers what the other store has, and keeps no store of its own', { timeout: 60_000 }, async () => {
    await until('the worker is there', 30, async () => (await ours.value('count(all_smi_cpu_utilization{hostname="node-a"})')) === 1);
    await fetch(`${vm}/api/v1/import/prometheus`, { method: 'POST', body: 'brought_from_elsewhere{a="b"} 7\n' });
    await until('what others brought is seen', 30, async () => (await ours.value('brought_from_elsewhere')) === 7);
    for (const base of [ours.api, ours.web]) {
      const names = await (await fetch(`${base}/api/v1/label/hostname/values?match[]=${encodeURIComponent('all_smi_cpu_utilization{hostname=~"n.*"}')}`)).json();
      assert.deepEqual(names.data, ['node-a']);
    }
    const exported = '/api/v1/export?match[]=brought_from_elsewhere';
    assert.equal(await (await fetch(`${ours.api}${exported}`)).text(), await (await fetch(`${vm}${exported}`)).text());
    const now = Date.now() / 1000;
    const range = await ours.queryRange('all_smi_cpu_utilization', now - 60, now, 5);
    assert.ok(range.result[0].values.length > 0);
    const wrong = await fetch(`${ours.api}/api/v1/query?query=sum(`);
    assert.ok(wrong.status >= 400 && wrong.status < 500);
    assert.equal((await wrong.json()).status, 'error');
    const kept = fs.readdirSync(ours.process.spawnargs.find((text) => text.startsWith('--data-dir=')).slice('--data-dir='.length));
    assert.ok(kept.includes('forward') && !kept.includes('STORE'), `${kept}`);
  });

  it('serves the pages', async () => {
    const page = await fetch(`${ours.web}/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>/);
  });

  it('evaluates rules over it and writes what they record to it', { timeout: 60_000 }, async () => {
    await until('the alert fires', 30, async () => (await (await fetch(`${ours.api}/api/v1/alerts`)).json()).data.alerts.some((alert) => alert.state === 'firing' && alert.annotations.summary === 'of node-a'));
    await until('the record is there', 30, async () => (await ours.value('{__name__="cpu:seen",kind="count"}')) === 1);
    await until('the alert is a series', 30, async () => (await ours.value('ALERTS{alertname="CpuSeen",alertstate="firing"}')) === 1);
    const { groups } = (await (await fetch(`${ours.api}/api/v1/rules`)).json()).data;
    const wrong = groups[0].rules.find((rule) => rule.name === 'wrong');
    assert.equal(wrong.health, 'err');
    assert.match(wrong.lastError, /127\.0\.0\.1/);
  });

  it('says so while the other store is away, and goes on when it is back', { timeout: 90_000 }, async () => {
    const { activeAt } = (await (await fetch(`${ours.api}/api/v1/alerts`)).json()).data.alerts[0];
    await theirs.stop();
    const response = await fetch(`${ours.api}/api/v1/query?query=up`);
    assert.equal(response.status, 502);
    assert.match((await response.json()).error, /--query-url.*does not answer/);
    await until('rules fail', 20, async () => (await (await fetch(`${ours.api}/api/v1/rules`)).json()).data.groups[0].rules.every((rule) => rule.health === 'err'));
    await startVm();
    await until('rules work again', 30, async () => (await (await fetch(`${ours.api}/api/v1/rules`)).json()).data.groups[0].rules[0].health === 'ok');
    const [alert] = (await (await fetch(`${ours.api}/api/v1/alerts`)).json()).data.alerts;
    assert.equal(alert.activeAt, activeAt, 'an alert outlives an outage of the store');
    await until('what was read meanwhile arrives', 30, async () => (await ours.value('count_over_time(all_smi_cpu_utilization[30s])')) > 5);
  });

  it('wants to know where to send what it reads', async () => {
    const child = await Algalon.start({ args: [`--query-url=${vm}`], waitReady: false });
    const { code } = await child.ended;
    assert.equal(code, 2, child.output);
    assert.match(child.output, /--remote-write=URL/);
    const other = await Algalon.start({ command: 'host', args: ['--query-url=victoria:8428'], waitReady: false });
    assert.equal((await other.ended).code, 2, other.output);
    assert.match(other.output, /--query-url wants a URL/);
  });

  it('shows pages alone where nothing is scraped', { timeout: 30_000 }, async () => {
    const pages = await Algalon.start({ command: 'host', args: [`--query-url=${vm}`] });
    try {
      assert.equal(await pages.value('last_over_time(brought_from_elsewhere[1h])'), 7);
    } finally {
      await pages.stop();
    }
  });
});

describe('--query-url of a cluster', { skip: !installed && `${VM} is not installed` }, () => {
  // vminsert and vmselect speak as a single node does, below paths of their own: one program each here, before a real VictoriaMetrics.
  it('asks and writes below the paths of vmselect and vminsert, and nowhere else', { timeout: 90_000 }, async () => {
    const [port] = await freePorts(1);
    const store = new Child(VM, [`-storageDataPath=${temporaryFolder('algalon-cluster')}/vm`, `-httpListenAddr=127.0.0.1:${port}`, '-search.latencyOffset=0s', '-search.disableCache']);
    const astray = [];
    const part = async (prefix) => {
      const server = http.createServer((request, response) => {
        if (!request.url.startsWith(prefix)) {
          astray.push(request.url);
          response.writeHead(400).end(`unsupported path ${request.url}`);
          return;
        }
        const on = http.request({ port, host: '127.0.0.1', path: request.url.slice(prefix.length), method: request.method, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode, answer.headers);
          answer.pipe(response);
        });
        on.on('error', () => response.destroy());
        request.pipe(on);
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { server, url: `http://127.0.0.1:${server.address().port}${prefix}` };
    };
    const [vmselect, vminsert] = await Promise.all([part('/select/0/prometheus'), part('/insert/0/prometheus')]);
    let one;
    try {
      await until('victoria-metrics is up', 30, async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok);
      const dir = temporaryFolder('algalon-cluster-rules');
      fs.writeFileSync(path.join(dir, 'rules.yml'), RULES);
      one = await Algalon.start({ args: [`--query-url=${vmselect.url}`, `--remote-write=${vminsert.url}/api/v1/write`, `--rules=${dir}/rules.yml`, '--interval=1s', '--hostname=node-c'] });
      await until('what was written is read', 30, async () => (await one.value('count(all_smi_cpu_utilization{hostname="node-c"})')) === 1);
      await until('what a rule records is there', 30, async () => (await one.value('{__name__="cpu:seen",kind="count"}')) === 1);
      for (const base of [one.api, one.web]) assert.deepEqual((await (await fetch(`${base}/api/v1/label/hostname/values`)).json()).data, ['node-c']);
      assert.match(await (await fetch(`${one.api}/api/v1/export?match[]=all_smi_cpu_utilization`)).text(), /"hostname":"node-c"/);
      assert.match(await (await fetch(`${one.api}/federate?match[]=all_smi_cpu_utilization`)).text(), /hostname="node-c"/);
      assert.deepEqual(astray, []);
    } finally {
      await one?.stop();
      await store.stop();
      for (const { server } of [vmselect, vminsert]) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});

describe('exports over --query-url', () => {
  const LINE = `${JSON.stringify({ metric: { __name__: 'much' }, values: [1], timestamps: [1] })}\n`.repeat(512);
  let store, ours;
  /** What the store does with an export; requests that ended before their answer did. */
  let answer, left = 0;
  before(async () => {
    store = http.createServer((request, response) => {
      response.on('close', () => (left += !response.writableFinished));
      answer(request, response);
    });
    await new Promise((resolve) => store.listen(0, '127.0.0.1', resolve));
    ours = await Algalon.start({ command: 'host', args: [`--query-url=http://127.0.0.1:${store.address().port}/under`, '--query.max-memory=16MB'] });
  });
  after(async () => {
    await ours?.stop();
    store?.closeAllConnections();
    store?.close();
  });

  /** Writes `pieces` of LINE as fast as they are taken; then `end`. */
  const many = (pieces, end) => (request, response) => {
    let written = 0;
    response.writeHead(200, { 'Content-Type': 'application/stream+json' });
    const go = () => {
      while (written < pieces) {
        written += 1;
        if (response.destroyed || !response.write(LINE)) return;
      }
      end(response);
    };
    response.on('drain', go);
    go();
  };
  const peak = () => Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${ours.process.pid}/status`, 'utf8'))[1]) * 1024;

  it('pass through, whole and in bounded memory, however large they are', { timeout: 120_000 }, async () => {
    const pieces = Math.ceil((96 << 20) / LINE.length);
    let target, method, body = '';
    answer = (request, response) => {
      ({ url: target, method } = request);
      request.on('data', (data) => (body += data));
      many(pieces, (r) => r.end())(request, response);
    };
    const before = peak();
    const response = await fetch(`${ours.api}/api/v1/export?match%5B%5D=much`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/stream+json');
    let bytes = 0;
    for await (const chunk of response.body) bytes += chunk.length;
    assert.equal(bytes, pieces * LINE.length);
    assert.deepEqual([method, target], ['GET', '/under/api/v1/export?match%5B%5D=much']);
    assert.ok(peak() - before < 32 << 20, `${(peak() - before) / 2 ** 20} MiB more for 96`);
    answer = (request, r) => {
      ({ url: target, method } = request);
      request.on('data', (data) => (body += data)).on('end', () => r.end('native'));
    };
    const posted = await fetch(`${ours.api}/api/v1/export/native`, { method: 'POST', body: new URLSearchParams({ 'match[]': 'much' }) });
    assert.equal(await posted.text(), 'native');
    assert.deepEqual([method, target, body], ['POST', '/under/api/v1/export/native', 'match%5B%5D=much']);
  });

  it('are broken off where the store breaks off, and its refusals are passed on', { timeout: 60_000 }, async () => {
    answer = many(64, (r) => r.destroy());
    const response = await fetch(`${ours.api}/api/v1/export?match[]=much`);
    await assert.rejects(response.text());
    await until('it is said', 20, () => ours.output.includes('an export is not whole'));
    answer = (request, r) => r.writeHead(422, { 'Content-Type': 'text/plain' }).end('not like this');
    const refused = await fetch(`${ours.api}/api/v1/export?match[]=much`);
    assert.deepEqual([refused.status, await refused.text()], [422, 'not like this']);
    answer = (request, r) => r.socket.destroy();
    const away = await fetch(`${ours.api}/api/v1/export?match[]=much`);
    assert.equal(away.status, 502);
    assert.match((await away.json()).error, /--query-url.*does not answer/);
  });

  it('end when the client leaves, and a client that does not read holds nothing up', { timeout: 60_000 }, async () => {
    answer = many(Infinity, () => {});
    const idle = await fetch(`${ours.api}/api/v1/export?match[]=much`);
    const before = left, control = new AbortController();
    const response = await fetch(`${ours.api}/api/v1/export?match[]=much`, { signal: control.signal });
    const reader = response.body.getReader();
    await reader.read();
    const at = peak();
    control.abort();
    await until('the store is left too', 30, () => left > before);
    assert.equal((await fetch(`${ours.api}/-/ready`)).status, 200);
    assert.ok(peak() - at < 32 << 20);
    await idle.body.cancel();
  });
});
