// rules.test.mjs - rule files evaluated by us and by the real Prometheus over the same targets agree.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, Child, freePorts, root, run, temporaryFolder, until } from '../lib/program.mjs';

const has = (program) => run(program, ['--version']).code === 0;

const RULES = `
groups:
- name: records
  interval: 1s
  rules:
  - {record: 'job:heat:sum', expr: 'sum by(job)(heat)', labels: {kind: sum}}
  - {record: 'heat:hot', expr: 'heat{gpu=~"0|1"}>50 and on() vector(1)'}
  - {record: 'twice', expr: '2*job:heat:sum'}
  - {record: 'wrong', expr: 'heat * on() group_left() heat'}
- name: alerts
  interval: 1s
  limit: 5
  rules:
  - alert: Hot
    expr: heat > 50
    for: 2s
    labels: {severity: warning, level: '{{ $value | humanize }}', gone: ''}
    annotations:
      summary: 'GPU {{ $labels.gpu }} of {{ .Labels.job }} at {{ $value }}'
      numbers: '{{ humanize1024 $value }} {{ $value | humanizePercentage }} {{ $value | humanizeDuration }} {{ printf "%.2f|%v|%g|%e" $value $value $value $value }}'
  - alert: Waits
    expr: heat{gpu="0"} < 100
    for: 1h
    keep_firing_for: 5m
    annotations:
      trimmed: "a  {{- $value -}}  b"
      names: '{{ $labels.instance | stripPort }} {{ $labels.instance | stripDomain }} {{ "gpu-01.example.com:9400" | stripDomain }} {{ "[::1]:9" | stripPort }} {{ "[::1]:9" | stripDomain }} {{ "a b_c-d" | title }}'
      time: '{{ $value | humanizeTimestamp }}'
  - {alert: Quiet, expr: heat > 1e9}
- name: limited
  interval: 1s
  limit: 1
  rules:
  - {alert: TwoOfThem, expr: 'label_replace(vector(1), "n", "a", "", "") or vector(2)', keep_firing_for: 1m}
  - {record: 'heat:two', expr: 'label_replace(vector(1), "n", "a", "", "") or vector(2)'}
`;

/** A target whose text the test changes. */
async function startTarget() {
  const target = { text: '' };
  target.server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(target.text);
  });
  await new Promise((resolve) => target.server.listen(0, '127.0.0.1', resolve));
  target.host = `127.0.0.1:${target.server.address().port}`;
  return target;
}

const order = (a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b));

/** What must agree of an answer: times and durations of evaluation left out, but their form kept. */
function comparable(value, key = '') {
  if (Array.isArray(value)) return key === 'alerts' ? value.map((item) => comparable(item)).sort(order) : value.map((item) => comparable(item));
  if (value && typeof value === 'object') return Object.fromEntries(Object.keys(value).sort().map((name) => [name, comparable(value[name], name)]));
  if (['lastEvaluation', 'activeAt'].includes(key)) return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) ? 'a time' : value;
  if (key === 'evaluationTime') return typeof value;
  if (key === 'lastError') return 'an error';
  return value;
}

describe('rules', () => {
  it('give what the real Prometheus gives: rules, alerts and series', { timeout: 120_000, skip: !has('prometheus') && 'prometheus is not installed' }, async () => {
    const target = await startTarget();
    const dir = temporaryFolder('algalon-rules');
    const [port] = await freePorts(1);
    const rules = path.join(dir, 'rules.yml');
    const scrape = `global: {scrape_interval: 1s}\nscrape_configs:\n- {job_name: gpus, static_configs: [{targets: ['${target.host}']}]}\n`;
    target.text = 'heat{gpu="0"} 61.5\nheat{gpu="1"} 1.2345678e6\nheat{gpu="2"} 20\n';
    fs.writeFileSync(rules, RULES);
    fs.writeFileSync(path.join(dir, 'ours.yml'), scrape);
    fs.writeFileSync(path.join(dir, 'theirs.yml'), `${scrape}rule_files: ['${rules}']\n`);
    const ours = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/ours.yml`, `--rules=${rules}`] });
    const theirs = new Child('prometheus', [`--config.file=${dir}/theirs.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`]);
    const ask = async (base, what) => (await (await fetch(`${base}/api/v1/${what}`)).json()).data;
    const bases = [ours.api, `http://127.0.0.1:${port}`];
    const series = async (base, expr) =>
      (await ask(base, `query?query=${encodeURIComponent(expr)}`)).result.map(({ metric, value }) => comparable({ ...metric, value: value[1] })).sort(order);
    const failing = async (base) => (await ask(base, 'rules')).groups.flatMap(({ rules: list }) => list).filter(({ health }) => health === 'err').map(({ name }) => name).sort().join();
    const agree = async (what, ready) => {
      for (const base of bases) await until(`${base} has ${what}`, 40, () => ready(base));
      for (const name of ['rules', 'alerts', 'rules?type=alert', 'rules?type=record'])
        assert.deepEqual(comparable(await ask(bases[0], name)), comparable(await ask(bases[1], name)), `${what}: ${name}`);
      for (const expr of ['ALERTS', '{__name__=~"job:.*|heat:.*|twice|wrong"}', 'count by (alertname, gpu) (ALERTS_FOR_STATE)'])
        assert.deepEqual(await series(bases[0], expr), await series(bases[1], expr), `${what}: ${expr}`);
    };
    try {
      const state = (names) => async (base) => {
        const { alerts } = await ask(base, 'alerts');
        return alerts.map(({ labels, state: s }) => `${labels.alertname}${labels.gpu}${s}`).sort().join() === names;
      };
      await agree('two hot GPUs', async (base) =>
        (await state('Hot0firing,Hot1firing,Waits0pending')(base)) && (await failing(base)) === 'TwoOfThem,heat:two,wrong');
      assert.equal((await series(bases[0], 'twice'))[0].value, String(2 * 1234649.3));
      target.text = 'heat{gpu="0"} 61.5\n';
      await agree('one GPU gone', async (base) => (await state('Hot0firing,Waits0pending')(base)) && (await failing(base)) === 'TwoOfThem,heat:two' && (await series(base, 'job:heat:sum'))[0]?.value === '61.5');
    } finally {
      await theirs.stop();
      await ours.stop();
      target.server.close();
    }
  });

  it('are reloaded with the scrape configuration, both or neither', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-rules');
    const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
    const rules = (name) => `groups: [{name: g, interval: 1s, rules: [{record: ${name}, expr: '1'}]}]\n`;
    const scrape = (job, more = '') => `rule_files: [rules.yml]\nscrape_configs: [{job_name: ${job}, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:1']}]${more}}]\n`;
    write('rules.yml', rules('first'));
    write('scrape.yml', scrape('first'));
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/scrape.yml`] });
    const reload = async () => (await fetch(`${host.api}/-/reload`, { method: 'POST' })).status;
    const inForce = async () => {
      const pools = (await (await fetch(`${host.api}/api/v1/scrape_pools`)).json()).data.scrapePools;
      const groups = (await (await fetch(`${host.api}/api/v1/rules`)).json()).data.groups;
      return [pools.find((name) => name !== 'algalon'), groups[0].rules[0].name];
    };
    const successful = async () => /^algalon_config_last_reload_successful (\d)$/m.exec(await (await fetch(`${host.api}/metrics`)).text())[1];
    try {
      assert.deepEqual(await inForce(), ['first', 'first']);
      write('scrape.yml', scrape('second'));
      write('rules.yml', `${rules('second')}wrong: 1\n`);
      assert.equal(await reload(), 500);
      assert.deepEqual(await inForce(), ['first', 'first']);
      assert.equal(await successful(), '0');
      write('rules.yml', rules('second'));
      write('scrape.yml', scrape('second', ', wrong: 1'));
      assert.equal(await reload(), 500);
      assert.deepEqual(await inForce(), ['first', 'first']);
      write('scrape.yml', scrape('second'));
      assert.equal(await reload(), 200);
      assert.deepEqual(await inForce(), ['second', 'second']);
      assert.equal(await successful(), '1');
    } finally {
      await host.stop();
    }
  });

  it('look back by rule_query_offset where their group has no query_offset, over a reload too', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-rules');
    const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
    write('rules.yml', `groups:\n- {name: late, rules: [{record: late, expr: '1'}]}\n- {name: soon, query_offset: 0s, rules: [{record: soon, expr: '1'}]}\n`);
    const scrape = (offset) => write('scrape.yml', `global: {evaluation_interval: 1s, rule_query_offset: ${offset}}\nrule_files: [rules.yml]\nscrape_configs: []\n`);
    scrape('1h');
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/scrape.yml`] });
    const seen = async (expr) => (await host.query(expr)).result.length > 0;
    try {
      await until('both were written', 20, async () => (await seen('soon')) && (await seen('late offset 1h')));
      assert.equal(await seen('late'), false, 'an hour ago, not now');
      scrape('0s');
      assert.equal((await fetch(`${host.api}/-/reload`, { method: 'POST' })).status, 200);
      await until('it is written now', 20, () => seen('late'));
    } finally {
      await host.stop();
    }
  });

  it('go on after a restart, and a reload with a wrong file changes nothing', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-rules');
    const file = path.join(dir, 'rules.yml');
    const good = 'groups:\n- name: g\n  interval: 1s\n  rules:\n  - {alert: Always, expr: vector(1), for: 2s}\n';
    fs.writeFileSync(file, good);
    const start = () => Algalon.start({ command: 'host', args: [`--rules=${dir}/*.yml`], dataDir: path.join(dir, 'data') });
    let host = await start();
    const alert = async () => (await (await fetch(`${host.api}/api/v1/alerts`)).json()).data.alerts[0];
    try {
      const before = await until('it fires', 20, async () => (await alert())?.state === 'firing' && alert());
      fs.writeFileSync(file, `${good}  - {alert: Wrong, expr: up, fore: 2s}\n`);
      const refused = await fetch(`${host.api}/-/reload`, { method: 'POST' });
      assert.equal(refused.status, 500);
      assert.match(await refused.text(), /rules\.yml:6: unknown key 'fore'/);
      assert.equal((await alert()).activeAt, before.activeAt);
      fs.writeFileSync(file, `${good}  - {record: one, expr: '1'}\n`);
      assert.equal((await fetch(`${host.api}/-/reload`, { method: 'POST' })).status, 200);
      assert.equal((await alert()).activeAt, before.activeAt, 'a rule that is as before keeps its alerts');
      await until('the new rule gives its series', 10, () => host.value('one'));
      await host.stop();
      host = await start();
      const again = await until('it fires again', 20, async () => (await alert()) && alert());
      assert.equal(again.state, 'firing', 'at once, without a new wait');
      assert.equal(Math.floor(Date.parse(again.activeAt) / 1000), Math.floor(Date.parse(before.activeAt) / 1000));
      const metrics = await (await fetch(`${host.api}/metrics`)).text();
      assert.match(metrics, /^algalon_rules_alerts\{state="firing"\} 1$/m);
    } finally {
      await host.stop();
    }
  });

  it('that are wrong end the start with file and line', () => {
    const dir = temporaryFolder('algalon-rules');
    const file = path.join(dir, 'rules.yml');
    fs.writeFileSync(file, 'groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n');
    const end = run(binary, ['host', '--config=', `--rules=${file}`, '--listen-api=127.0.0.1:0', '--listen-web=', `--data-dir=${dir}/data`]);
    assert.equal(end.code, 2);
    assert.match(end.err, /rules\.yml:5: expr: /);
  });
});

describe('the rules that are shipped', () => {
  const file = (name) => path.join(root, 'rules', name);
  const texts = ['gpu.yml', 'algalon.yml'].map((name) => fs.readFileSync(file(name), 'utf8'));
  const text = texts[0];
  const alerts = [...texts.join('').matchAll(/alert: (\w+)/g)].map((match) => match[1]);
  const records = [...text.matchAll(/record: ([\w:]+)/g)].map((match) => match[1]);

  it('pass their unit tests by the real promtool', { skip: !has('promtool') && 'promtool is not installed' }, () => {
    const files = fs.readdirSync(file('')).filter((name) => name.endsWith('_test.yml'));
    const { code, out, err } = run('promtool', ['test', 'rules', ...files], { cwd: file(''), timeout: 60_000 });
    assert.equal(code, 0, out + err);
    const tests = files.map((name) => fs.readFileSync(file(name), 'utf8')).join('');
    for (const alert of alerts) assert.match(tests, new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n`), `${alert} is seen firing`);
  });

  it('are evaluated by us without a failure', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-rules');
    texts.forEach((rules, i) => fs.writeFileSync(path.join(dir, `${i}.yml`), rules.replace(/interval: (15s|1m|5m)/g, 'interval: 1s')));
    const host = await Algalon.start({ command: 'host', args: [`--rules=${dir}/*.yml`] });
    try {
      const rules = async () => (await (await fetch(`${host.api}/api/v1/rules`)).json()).data.groups.flatMap((group) => group.rules);
      const done = await until('all are evaluated', 20, async () => (await rules()).every(({ health }) => health !== 'unknown') && rules());
      assert.deepEqual(done.map(({ name }) => name).sort(), [...alerts, ...records].sort());
      assert.deepEqual(done.filter(({ health }) => health !== 'ok'), []);
    } finally {
      await host.stop();
    }
  });

  it('find by our engine what they find by the real one: the warm GPU, the slow rank, the odd driver', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-rules');
    fs.writeFileSync(path.join(dir, 'gpu.yml'), text.replace(/interval: (15s|1m|5m)/g, 'interval: 1s'));
    const host = await Algalon.start({ command: 'host', args: [`--rules=${dir}/gpu.yml`] });
    const powers = [200, 250, 300, 350, 400, 450, 500, 550, 400];
    const lines = powers.flatMap((power, i) => {
      const labels = `hostname="h${i}",gpu_index="0",gpu="H200",gpu_uuid="u${i}"`;
      return [
        `all_smi_gpu_temperature_celsius{${labels}} ${30 + 0.06 * power + (i === 8 ? 25 : 0)}`,
        `all_smi_gpu_power_consumption_watts{${labels}} ${power}`,
        `algalon_gpu_clock_sm_mhz{${labels}} ${i === 2 ? 1200 : 1900}`,
        `algalon_holder_gpu_processes{${labels},holder_kind="job",holder="7",slurm_job="7"} 1`,
        `all_smi_gpu_info{${labels},driver_version="${i === 3 ? '580.82' : '580.95'}"} 1`,
      ];
    });
    const query = async (expr) => (await (await fetch(`${host.api}/api/v1/query?query=${encodeURIComponent(expr)}`)).json()).data.result;
    try {
      const pushed = await fetch(`${host.api}/api/v1/import/prometheus`, { method: 'POST', body: `${lines.join('\n')}\n` });
      assert.ok(pushed.ok, await pushed.text());
      const warm = await until('the residuals are there', 20, async () => ((await query('round(gpu:cooling_residual_celsius, 0.01)')).length === 9 ? query('round(gpu:cooling_residual_celsius, 0.01) > 12') : null));
      assert.deepEqual(warm.map(({ metric, value }) => [metric.hostname, Number(value[1])]), [['h8', 22.12]]);
      const slow = await until('the medians are there', 20, async () => ((await query('job_gpu:clock_sm:of_median')).length === 9 ? query('round(job_gpu:clock_sm:of_median < 0.9, 0.001)') : null));
      assert.deepEqual(slow.map(({ metric, value }) => [metric.hostname, metric.slurm_job, Number(value[1])]), [['h2', '7', 0.632]]);
      const odd = await until('the odd driver is there', 20, async () => ((await query('host:driver_odd')).length ? query('host:driver_odd') : null));
      assert.deepEqual(odd.map(({ metric }) => [metric.hostname, metric.driver_version]), [['h3', '580.82']]);
      const drift = await until('the alert says what the others have', 20, async () => (await (await fetch(`${host.api}/api/v1/alerts`)).json()).data.alerts.find(({ labels }) => labels.alertname === 'GpuDriverDrift'));
      assert.equal(drift.annotations.summary, 'h3 has driver 580.82 for H200, most others have 580.95');
      assert.match(await (await fetch(`${host.api}/metrics`)).text(), /^algalon_rules_template_failures_total 0$/m);
    } finally {
      await host.stop();
    }
  });

  it('ask for metrics that exist, and have a runbook each', () => {
    const metrics = fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8');
    for (const [name] of text.matchAll(/\b(algalon|all_smi)_\w+/g)) assert.ok(metrics.includes(`| \`${name}\` |`), `${name} is in docs/metrics.md`);
    const own = fs.readFileSync(path.join(root, 'src/api/self.c'), 'utf8');
    for (const [name] of texts[1].matchAll(/\balgalon_\w+/g)) assert.ok(own.includes(`"${name}"`), `${name} is given`);
    const runbooks = fs.readFileSync(path.join(root, 'docs/runbooks.md'), 'utf8');
    for (const alert of alerts) {
      assert.ok(runbooks.includes(`\n## ${alert}\n`), `${alert} has a runbook`);
      assert.ok(texts.join('').includes(`runbook: docs/runbooks.md#${alert.toLowerCase()}\n`), `${alert} names its runbook`);
    }
  });
});
