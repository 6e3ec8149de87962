// notify.test.mjs - alerts reach a real Alertmanager and a webhook: their beginning, their end, and after an outage.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, freePorts, run, temporaryFolder, until } from '../lib/program.mjs';

const ALERTMANAGER = 'prometheus-alertmanager';
const has = (program) => run(program, ['--version']).code === 0;

const RULES = `
groups:
- name: gpus
  interval: 200ms
  rules:
  - alert: Hot
    expr: heat > 50
    labels: {severity: warning}
    annotations: {summary: 'GPU {{ $labels.gpu }} is at {{ $value }} "degrees"'}
  - {alert: Waits, expr: heat > 50, for: 1h}
`;

/** A webhook that keeps what it is told and answers with `status`. */
async function startWebhook() {
  const hook = { status: 200, messages: [], refused: 0 };
  hook.server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      if (hook.status === 200) hook.messages.push({ path: request.url, type: request.headers['content-type'], ...JSON.parse(body) });
      else hook.refused++;
      response.statusCode = hook.status;
      response.end('"no"');
    });
  });
  await new Promise((resolve) => hook.server.listen(0, '127.0.0.1', resolve));
  hook.url = `http://127.0.0.1:${hook.server.address().port}/services/T0/token-of-the-hook?a=b`;
  return hook;
}

describe('alerts', () => {
  let hook, ours;
  const dir = temporaryFolder('algalon-notify');
  const heat = (values) => ours.import(Object.entries(values).map(([gpu, value]) => `heat{gpu="${gpu}"} ${value}\n`).join(''));
  const metric = async (name) => {
    const line = (await (await fetch(`${ours.api}/metrics`)).text()).split('\n').find((text) => text.startsWith(`${name}{`) && text.includes('127.0.0.1'));
    return Number(line?.split(' ').pop());
  };

  before(async () => {
    hook = await startWebhook();
    fs.writeFileSync(path.join(dir, 'rules.yml'), RULES);
    fs.writeFileSync(path.join(dir, 'scrape.yml'), 'global: {external_labels: {site: north}}\nscrape_configs: []\n');
    ours = await Algalon.start({
      command: 'host',
      args: [`--rules=${dir}/rules.yml`, `--scrape-config=${dir}/scrape.yml`, `--webhook=${hook.url}`, '--external-url=https://gpus.example/'],
    });
  });
  after(async () => {
    await ours?.stop();
    hook?.server.close();
  });

  it('are told to a webhook when they begin and when they end, once each', { timeout: 60_000 }, async () => {
    await heat({ 0: 61, 1: 62, 2: 10 });
    await until('both are told of', 20, () => hook.messages.flatMap((message) => message.alerts).length >= 2);
    const [first] = hook.messages;
    assert.equal(first.version, '4');
    assert.equal(first.status, 'firing');
    assert.equal(first.type, 'application/json');
    assert.match(first.path, /^\/services\/T0\/token-of-the-hook\?a=b$/);
    assert.equal(first.groupLabels.alertname, 'Hot');
    assert.equal(first.commonLabels.site, 'north');
    assert.equal(first.externalURL, 'https://gpus.example');
    const alert = hook.messages.flatMap((message) => message.alerts).find((item) => item.labels.gpu === '0');
    assert.deepEqual(alert.labels, { alertname: 'Hot', gpu: '0', severity: 'warning', site: 'north' });
    assert.deepEqual(alert.annotations, { summary: 'GPU 0 is at 61 "degrees"' });
    assert.ok(Math.abs(Date.parse(alert.startsAt) - Date.now()) < 60_000, alert.startsAt);
    assert.equal(alert.endsAt, '0001-01-01T00:00:00Z');
    assert.match(alert.generatorURL, /^https:\/\/gpus\.example\/explore\?expr=heat%20%3E%2050$/);

    await heat({ 0: 20, 1: 63 });
    await until('the end is told of', 20, () => hook.messages.some((message) => message.status === 'resolved'));
    const ends = hook.messages.filter((message) => message.status === 'resolved').flatMap((message) => message.alerts);
    assert.deepEqual(ends.map((item) => item.labels.gpu), ['0']);
    assert.ok(Date.parse(ends[0].endsAt) >= Date.parse(ends[0].startsAt));
    const turns = async () => Number(/^algalon_rules_evaluations_total (\d+)$/m.exec(await (await fetch(`${ours.api}/metrics`)).text())[1]);
    const seen = await turns();
    await until('some more turns have passed', 20, async () => (await turns()) > seen + 6);
    const told = hook.messages.flatMap((message) => message.alerts.map((item) => `${item.labels.alertname} ${item.labels.gpu} ${item.status}`));
    assert.deepEqual(told.sort(), ['Hot 0 firing', 'Hot 0 resolved', 'Hot 1 firing']);
  });

  it('wait while the webhook is away: what is true then is told', { timeout: 60_000 }, async () => {
    hook.messages.length = 0;
    hook.status = 503;
    await heat({ 3: 90, 4: 91 });
    await until('it was tried, and failed', 20, async () => hook.refused > 0 && (await metric('algalon_notify_failing')) === 1);
    assert.ok((await metric('algalon_notify_waiting_alerts')) >= 1);
    hook.status = 200;
    await until('both are told of', 30, () => ['3', '4'].every((gpu) => hook.messages.some((message) => message.alerts.some((item) => item.labels.gpu === gpu))));
    await until('it works again', 10, async () => (await metric('algalon_notify_failing')) === 0);
    assert.match(ours.output, /alerts cannot be sent and wait.*503/);
  });

  it('that are refused for good are counted and not told again', { timeout: 60_000 }, async () => {
    hook.status = 400;
    const before = hook.refused;
    await heat({ 5: 99 });
    await until('it was refused', 20, async () => (await metric('algalon_notify_dropped_alerts_total')) === 1);
    await until('a turn has passed', 20, async () => (await ours.query('ALERTS{gpu="5"}')).result.length > 0);
    assert.equal(hook.refused, before + 1);
    hook.status = 200;
  });

  it('end when a reload takes their rule away', { timeout: 60_000 }, async () => {
    const file = path.join(dir, 'rules.yml');
    hook.messages.length = 0;
    fs.writeFileSync(file, 'groups: []\n');
    assert.ok((await fetch(`${ours.api}/-/reload`, { method: 'POST' })).ok);
    await until('their end is told', 20, () => ['3', '4'].every((gpu) => hook.messages.some((message) => message.alerts.some((item) => item.labels.gpu === gpu && item.status === 'resolved'))));
    fs.writeFileSync(file, RULES);
  });

  it('leave no secret of a webhook in metrics, logs and flags', async () => {
    const texts = [await (await fetch(`${ours.api}/metrics`)).text(), await (await fetch(`${ours.api}/api/v1/status/flags`)).text(), ours.output];
    for (const text of texts) assert.ok(!/token-of-the-hook/.test(text), text.slice(0, 2000));
    assert.match(texts[0], /algalon_notify_sent_alerts_total\{receiver="http:\/\/127\.0\.0\.1:\d+"\} [1-9]/);
  });

  it('reach a real Alertmanager, and end there', { timeout: 90_000, skip: !has(ALERTMANAGER) && `${ALERTMANAGER} is not installed` }, async () => {
    const [port] = await freePorts(1);
    const manager = `http://127.0.0.1:${port}`;
    fs.writeFileSync(path.join(dir, 'alertmanager.yml'), "route: {receiver: none}\nreceivers: [{name: none}]\n");
    const theirs = new Child(ALERTMANAGER, [`--config.file=${dir}/alertmanager.yml`, `--storage.path=${dir}/am`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=']);
    const second = await Algalon.start({ command: 'host', args: [`--rules=${dir}/rules.yml`, `--alertmanager=${manager}/`] });
    const alerts = async (query = '') => (await fetch(`${manager}/api/v2/alerts${query}`)).json();
    try {
      await until('alertmanager is ready', 30, async () => (await fetch(`${manager}/-/ready`)).status === 200);
      await second.import('heat{gpu="7"} 77\n');
      const [alert] = await until('it has the alert', 60, async () => {
        const list = await alerts();
        return list.length && list;
      });
      assert.deepEqual(alert.labels, { alertname: 'Hot', gpu: '7', severity: 'warning' });
      assert.equal(alert.annotations.summary, 'GPU 7 is at 77 "degrees"');
      assert.equal(alert.status.state, 'active');
      assert.ok(Date.parse(alert.endsAt) > Date.now() + 60_000, alert.endsAt);
      const known = (await (await fetch(`${second.api}/api/v1/alertmanagers`)).json()).data;
      assert.deepEqual(known, { activeAlertmanagers: [{ url: `${manager}/api/v2/alerts` }], droppedAlertmanagers: [] });
      await second.import('heat{gpu="7"} 7\n');
      await until('it ended there', 30, async () => (await alerts('?active=true')).length === 0);
    } finally {
      await second.stop();
      await theirs.stop();
    }
  });

  it('want URLs: a wrong one is refused at the start, by its option', async () => {
    for (const option of ['--webhook=ftp://a/', '--alertmanager=localhost:9093', '--notify-repeat=5s']) {
      const child = await Algalon.start({ command: 'host', args: [option], waitReady: false });
      const { code } = await child.ended;
      assert.equal(code, 2, `${option}: ${child.output}`);
      assert.ok(child.output.includes(option.split('=')[0]), child.output);
    }
  });
});
