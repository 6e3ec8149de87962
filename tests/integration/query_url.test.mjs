// query_url.test.mjs - pages, API and rules over a real VictoriaMetrics in place of the embedded store (--query-url).
import assert from 'node:assert/strict';
import fs from 'node:fs';
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
