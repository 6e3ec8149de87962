// interchange.test.mjs - the well-known programs work with our store as with their own: vmalert and promtool ask it, vmctl moves
// history into it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, freePorts, root, run, temporaryFolder, until } from '../lib/program.mjs';

const has = (program, flag = '--version') => run(program, [flag]).code === 0;
const hasVmctl = has('vmctl', '--help') && has('script');

/** What all-smi says of two GPUs: heads before every sample, families mixed, spaces between labels, its own instance, no hostname. */
const ALL_SMI = [0, 1].map((i) => {
  const labels = `gpu="NVIDIA H100 80GB HBM3", instance="node-1", gpu_uuid="GPU-a${i}", gpu_index="${i}"`;
  const values = { utilization: 40 + i, memory_used_bytes: 2 ** 33, memory_total_bytes: 85899345920, temperature_celsius: 60 + i, power_consumption_watts: 300.5, frequency_mhz: 1755 };
  return Object.entries(values).map(([name, value]) => `# HELP all_smi_gpu_${name} of the GPU\n# TYPE all_smi_gpu_${name} gauge\nall_smi_gpu_${name}{${labels}} ${value}\n`).join('');
}).join('');

/** What dcgm-exporter 4.5 says of two GPUs. */
const DCGM = Object.entries({ GPU_UTIL: [70, 71], GPU_TEMP: [64, 65], FB_USED: [8192, 16384], FB_FREE: [73000, 65000], POWER_USAGE: [412.25, 388.5], SM_CLOCK: [1980, 1755] }).map(([name, values]) =>
  `# HELP DCGM_FI_DEV_${name} of the GPU\n# TYPE DCGM_FI_DEV_${name} gauge\n${values.map((value, i) => `DCGM_FI_DEV_${name}{gpu="${i}",UUID="GPU-d${i}",pci_bus_id="00000000:3${i}:00.0",device="nvidia${i}",modelName="NVIDIA H100 80GB HBM3",Hostname="node-2",DCGM_FI_DRIVER_VERSION="580.95.05"} ${value}`).join('\n')}\n`).join('');

/** The queries of a dashboard with every variable at "all". */
function queriesOf(file) {
  const found = [];
  const walk = (value) => {
    if (!value || typeof value !== 'object') return;
    if (typeof value.expr === 'string') found.push(value.expr.replace(/\$\{?__(rate_)?interval(_ms)?\}?|\$\{?__range\}?/g, '1m').replace(/\$\{?\w+(:\w+)?\}?/g, '.*'));
    Object.values(value).forEach(walk);
  };
  walk(JSON.parse(fs.readFileSync(path.join(root, 'dashboards', file), 'utf8')).panels);
  return found;
}

/** vmctl wants a terminal for its progress: script(1) gives it one. */
function vmctl(...args) {
  const { code, out, err } = run('script', ['-qec', `vmctl ${args.map((arg) => `'${arg}'`).join(' ')}`, '/dev/null']);
  assert.equal(code, 0, out + err);
}

const RULES = `
groups:
- name: records
  interval: 1s
  rules:
  - {record: 'node:heat:sum', expr: 'sum by(node)(heat)'}
  - alert: Hot
    expr: heat > 50
    for: 1s
    labels: {severity: warning}
    annotations: {summary: 'GPU {{ $labels.gpu }} of {{ $labels.node }} is at {{ $value }}'}
  - {alert: Cold, expr: heat < -100}
`;

describe('our store', () => {
  const dir = temporaryFolder('algalon-interchange');
  let ours;
  const begun = Math.floor(Date.now() / 1000) - 600;

  before(async () => {
    fs.writeFileSync(path.join(dir, 'rules.yml'), RULES);
    ours = await Algalon.start({ command: 'host' });
    const lines = [];
    for (let t = begun; t < begun + 600; t += 15) lines.push(`heat{node="a",gpu="0"} ${t - begun} ${t * 1000}`, `heat{node="a",gpu="1"} 20 ${t * 1000}`);
    assert.equal((await ours.import(`${lines.join('\n')}\n`)).status, 204);
  });
  after(async () => ours?.stop());

  it('is asked and written by vmalert: records, alerts, and the state after a restart', { timeout: 90_000, skip: !has('vmalert', '-version') && 'vmalert is not installed' }, async () => {
    const [port] = await freePorts(1);
    const told = [];
    const notified = http.createServer((request, response) => {
      let body = '';
      request.on('data', (data) => (body += data));
      request.on('end', () => told.push(...JSON.parse(body)) && response.end());
    });
    await new Promise((resolve) => notified.listen(0, '127.0.0.1', resolve));
    const start = () => new Child('vmalert', [`-rule=${dir}/rules.yml`, `-datasource.url=${ours.api}`, `-remoteWrite.url=${ours.api}`, `-remoteRead.url=${ours.api}`, '-remoteWrite.flushInterval=1s', `-notifier.url=http://127.0.0.1:${notified.address().port}`, `-httpListenAddr=127.0.0.1:${port}`]);
    const status = async () => (await (await fetch(`http://127.0.0.1:${port}/api/v1/rules`)).json()).data.groups[0];
    let theirs = start();
    try {
      await until('the record is in our store', 40, async () => (await ours.query('node:heat:sum')).result.length === 1);
      const record = (await ours.query('node:heat:sum')).result[0];
      assert.equal(record.metric.node, 'a');
      assert.ok(Number(record.value[1]) > 500);
      await until('the alert is in our store', 40, async () => (await ours.value('count(ALERTS{alertname="Hot",gpu="0",alertstate="firing"})')) === 1);
      assert.equal(await ours.value('count(ALERTS{alertname="Hot",gpu="1"})'), undefined);
      const group = await status();
      assert.deepEqual(group.rules.map((rule) => [rule.name, rule.health]), [['node:heat:sum', 'ok'], ['Hot', 'ok'], ['Cold', 'ok']]);
      const since = Date.parse(group.rules[1].alerts[0].activeAt);
      await until('so is since when', 40, async () => (await ours.value('ALERTS_FOR_STATE{alertname="Hot",gpu="0"}')) === Math.floor(since / 1000));
      await theirs.stop();
      await new Promise((resolve) => setTimeout(resolve, 1500)); // a new alert would be younger by this much at least
      theirs = start();
      const restored = await until('the alert fires again', 40, async () => (await status()).rules[1].alerts?.find((alert) => alert.state === 'firing'));
      assert.ok(Math.abs(Date.parse(restored.activeAt) - since) < 1000, `${restored.activeAt}, before ${new Date(since).toISOString()}`);
      for (const name of fs.readdirSync(path.join(root, 'rules')).filter((file) => !file.includes('_test')))
        assert.equal(run('vmalert', ['-dryRun', `-rule=${root}/rules/${name}`]).code, 0, name);
      assert.equal(told[0].labels.alertname, 'Hot');
      assert.doesNotMatch(theirs.output, /\t(error|fatal|panic)\t/);
    } finally {
      await theirs.stop();
      notified.close();
    }
  });

  it('takes the history of a real Prometheus from vmctl, sample by sample', { timeout: 90_000, skip: !(hasVmctl && has('prometheus')) && 'vmctl or prometheus is not installed' }, async () => {
    const [port] = await freePorts(1);
    const data = path.join(dir, 'prometheus');
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s', '--hostname=here'] });
    fs.writeFileSync(path.join(dir, 'prometheus.yml'), `scrape_configs:\n- {job_name: moved, scrape_interval: 1s, honor_labels: true, static_configs: [{targets: ['${new URL(worker.metrics).host}'], labels: {instance: w}}]}\n`);
    const prometheus = new Child('prometheus', [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-admin-api', '--log.level=error']);
    const matrix = async (base) => {
      const { data: answer } = await (await fetch(`${base}/api/v1/query?query=${encodeURIComponent('{job="moved"}[1h]')}`)).json();
      return new Map(answer.result.map(({ metric: { from, ...metric }, values }) => [JSON.stringify(Object.entries(metric).sort()), JSON.stringify(values)]));
    };
    try {
      const theirs = `http://127.0.0.1:${port}`;
      await until('some scrapes are kept', 40, async () => (await (await fetch(`${theirs}/api/v1/query?query=count_over_time(up[1h])`)).json()).data.result[0]?.value[1] >= 4);
      await worker.stop();
      const { name } = (await (await fetch(`${theirs}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })).json()).data;
      vmctl('prometheus', '-s', `--prom-snapshot=${data}/snapshots/${name}`, `--vm-addr=${ours.api}`, '--vm-extra-label=from=prometheus');
      const series = await ours.query('count by (from) ({job="moved"})');
      assert.deepEqual(series.result.map(({ metric }) => metric), [{ from: 'prometheus' }], 'the label that vmctl was told to add');
      const [before, after] = [await matrix(theirs), await matrix(ours.api)];
      assert.ok(after.size > 50, `${after.size} series`);
      for (const [labels, values] of after) {
        // What Prometheus scraped after the snapshot is not in it; its mark for the end of a series is NaN in JSON.
        const wanted = JSON.parse(before.get(labels)), got = JSON.parse(values).filter(([, value]) => value !== 'NaN');
        assert.ok(got.length >= (labels.includes('"up"') ? 4 : 1), labels);
        assert.deepEqual(got.map(([at, value]) => [at, Number(value)]), wanted.slice(0, got.length).map(([at, value]) => [at, Number(value)]), labels);
      }
    } finally {
      await worker.stop();
      await prometheus.stop();
    }
  });

  it('takes the history of a real VictoriaMetrics from vmctl in the native format, and hands on its own', { timeout: 90_000, skip: !(hasVmctl && has('victoria-metrics', '-version')) && 'vmctl or victoria-metrics is not installed' }, async () => {
    const [port] = await freePorts(1);
    const theirs = `http://127.0.0.1:${port}`;
    const second = await Algalon.start({ command: 'host' });
    const third = await Algalon.start({ command: 'host' });
    const victoria = new Child('victoria-metrics', [`-storageDataPath=${dir}/vm`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=10y', '-search.latencyOffset=0s']);
    const match = '{__name__=~"native_.*"}';
    const move = (from, to) => vmctl('vm-native', `--vm-native-src-addr=${from}`, `--vm-native-dst-addr=${to}`, `--vm-native-filter-match=${match}`);
    /** Series of an export in lines, whatever they are cut into. */
    const exported = async (base) => {
      const found = new Map();
      for (const line of (await (await fetch(`${base}/api/v1/export?match[]=${encodeURIComponent(match)}`)).text()).split('\n').filter(Boolean)) {
        const { metric, values, timestamps } = JSON.parse(line);
        const key = JSON.stringify(Object.entries(metric).sort());
        found.set(key, [...(found.get(key) ?? []), ...timestamps.map((at, i) => [at, values[i]])]);
      }
      return [...found].sort();
    };
    try {
      const at = Math.floor(Date.now() / 1000) * 1000 - 86_400_000 * 3;
      const shapes = { constant: () => 7, counter: (i) => i * 1500, gauge: (i) => ((i * 7919) % 10_000) / 100, tiny: (i) => (i % 9) / 1e7, large: (i) => 2 ** 40 + i, mixed: (i) => (i % 50 ? -i / 8 : 1e15) };
      const lines = Object.entries(shapes).map(([name, shape]) => {
        const timestamps = Array.from({ length: 20_000 }, (_, i) => at + i * 5000 + (name === 'gauge' ? (i * i) % 90 : 0));
        return JSON.stringify({ metric: { __name__: `native_${name}`, text: 'a "b" ü' }, values: timestamps.map((_, i) => shape(i)), timestamps });
      });
      assert.equal((await fetch(`${ours.api}/api/v1/import`, { method: 'POST', body: `${lines.join('\n')}\n` })).status, 204);
      await until('victoria-metrics answers', 20, async () => (await fetch(`${theirs}/health`)).ok);
      const wanted = await exported(ours.api);
      assert.equal(wanted.reduce((sum, [, samples]) => sum + samples.length, 0), 20_000 * lines.length);
      assert.equal((await fetch(`${theirs}/api/v1/import`, { method: 'POST', body: await (await fetch(`${ours.api}/api/v1/export?match[]=${encodeURIComponent(match)}`)).text() })).status, 204);
      await until('victoria-metrics has all of it', 30, async () => {
        await fetch(`${theirs}/internal/force_flush`);
        return (await exported(theirs)).reduce((sum, [, samples]) => sum + samples.length, 0) === 20_000 * lines.length;
      });
      assert.deepEqual(await exported(theirs), wanted);
      move(theirs, second.api);
      assert.deepEqual(await exported(second.api), wanted);
      // What this release's form of the format was before, ours is no longer: so our own blocks go to ourselves.
      move(ours.api, third.api);
      assert.deepEqual(await exported(third.api), wanted);
      const torn = await fetch(`${third.api}/api/v1/import/native`, { method: 'POST', body: 'no stream of blocks at all' });
      assert.equal(torn.status, 400);
      assert.match((await torn.json()).error, /block 1: .*no native stream/);
    } finally {
      for (const child of [victoria, second, third]) await child.stop();
    }
  });

  it('is fed by all-smi and by dcgm-exporter as they are, and both are drawn', { timeout: 60_000 }, async () => {
    const exporter = http.createServer(({ url }, response) => {
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      response.end(url.includes('dcgm') ? DCGM : ALL_SMI);
    });
    await new Promise((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    const job = (name, more) => `- {job_name: ${name}, metrics_path: /${name}, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['127.0.0.1:${exporter.address().port}']}], ${more}}\n`;
    fs.writeFileSync(path.join(dir, 'both.yml'), `scrape_configs:\n${job('all-smi', "honor_labels: true, relabel_configs: [{target_label: hostname, replacement: node-1}]")}${job('dcgm', 'honor_labels: false')}`);
    fs.writeFileSync(path.join(dir, 'bridge.yml'), fs.readFileSync(path.join(root, 'rules/bridge-all-smi.yml'), 'utf8').replace('interval: 15s', 'interval: 1s'));
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/both.yml`, `--rules=${dir}/bridge.yml`] });
    try {
      await until('all four GPUs are there under one name', 30, async () => (await host.value('count(count by (hostname, gpu_index, gpu_uuid) (all_smi_gpu_utilization))')) === 4);
      await until('so is what the bridge makes last', 30, async () => (await host.value('count(all_smi_gpu_power_consumption_watts)')) === 4);
      assert.equal(await host.value('all_smi_gpu_memory_used_bytes{hostname="node-2",gpu_index="1"}'), 16384 * 2 ** 20);
      assert.equal(await host.value('all_smi_gpu_utilization{hostname="node-1",gpu_index="1",instance="node-1"}'), 41);
      const names = new Set((await (await fetch(`${host.api}/api/v1/label/__name__/values`)).json()).data);
      let drawn = 0;
      for (const expr of ['overview.json', 'gpu.json'].flatMap(queriesOf)) {
        const asked = expr.match(/\b(all_smi|algalon)_\w+/g) ?? [];
        if (!asked.length || !asked.every((name) => names.has(name))) continue;
        const { result } = await host.query(expr);
        assert.ok(result.length, expr);
        drawn++;
      }
      assert.ok(drawn >= 10, `${drawn} queries of our dashboards`);
    } finally {
      await host.stop();
      exporter.close();
    }
  });

  it('is asked by promtool: instant, range, series and labels', { skip: !has('promtool') && 'promtool is not installed' }, () => {
    const end = begun + 585;
    const ask = (...args) => {
      const answer = run('promtool', ['query', ...args]);
      assert.equal(answer.code, 0, answer.err);
      return answer.out.trim();
    };
    assert.equal(ask('instant', `--time=${end}`, ours.api, 'sum(heat{gpu="1"})'), `{} => 20 @[${end}]`);
    assert.match(ask('range', `--start=${begun}`, `--end=${end}`, '--step=1m', ours.api, 'heat{gpu="0"}'), /^heat\{gpu="0", node="a"\} =>\n0 @\[\d+\]\n60 @\[\d+\]/);
    assert.match(ask('series', `--start=${begun}`, `--end=${end}`, '--match=heat{gpu="1"}', ours.api), /gpu="1"/);
    assert.deepEqual(ask('labels', ours.api, 'gpu').split('\n'), ['0', '1']);
    assert.equal(JSON.parse(ask('instant', '--format=json', `--time=${end}`, ours.api, 'vector(1)'))[0].value[1], '1');
    const wrong = run('promtool', ['query', 'instant', ours.api, 'sum(']);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.err, /parse error/);
  });
});
