// interchange.test.mjs - the well-known programs work with our store as with their own: vmalert and promtool ask it, vmctl moves
// history into it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, freePorts, root, run, temporaryFolder, until } from '../lib/program.mjs';

const has = (program, flag = '--version') => run(program, [flag]).code === 0;

const RULES = `
groups:
- name: records
  interval: 1s
  rules:
  - {record: 'node:heat:sum', expr: 'sum by(node)(heat)'}
  - alert: Hot
    expr: heat > 50
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
      await theirs.stop();
      theirs = start();
      const restored = await until('the alert fires again', 40, async () => (await status()).rules[1].alerts?.find((alert) => alert.state === 'firing'));
      assert.ok(Math.abs(Date.parse(restored.activeAt) - since) < 2000, `${restored.activeAt}, before ${new Date(since).toISOString()}`);
      for (const name of fs.readdirSync(path.join(root, 'rules')).filter((file) => !file.includes('_test')))
        assert.equal(run('vmalert', ['-dryRun', `-rule=${root}/rules/${name}`]).code, 0, name);
      assert.equal(told[0].labels.alertname, 'Hot');
      assert.doesNotMatch(theirs.output, /\t(error|fatal|panic)\t/);
    } finally {
      await theirs.stop();
      notified.close();
    }
  });

  it('takes the history of a real Prometheus from vmctl, sample by sample', { timeout: 90_000, skip: !(has('vmctl', '--help') && has('prometheus') && has('script')) && 'vmctl, prometheus or script is not installed' }, async () => {
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
      // vmctl wants a terminal for its progress: script(1) gives it one.
      const moved = run('script', ['-qec', `vmctl prometheus -s --prom-snapshot=${data}/snapshots/${name} --vm-addr=${ours.api} --vm-extra-label=from=prometheus`, '/dev/null']);
      assert.equal(moved.code, 0, moved.out + moved.err);
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
