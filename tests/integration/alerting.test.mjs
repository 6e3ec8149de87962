// alerting.test.mjs - `alerting` of a Prometheus configuration: a real Alertmanager behind TLS and a password, others that
// discoveries find, relabelling of alerts, and reloads that take all or nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, freePorts, root, run, temporaryFolder, until } from '../lib/program.mjs';

const ALERTMANAGER = 'prometheus-alertmanager';
const hasAlertmanager = run(ALERTMANAGER, ['--version']).code === 0;
const tls = (name) => path.join(root, 'tests/fixtures/tls', name);
const WORD_HASH = '$2b$04$/Q9lvMpBMMq1gRRIO.OlCOg.jl1XQThPxjlA4Lr6ZzlpQQmDJfeAq'; // of the password "word"

const RULES = `
groups:
- name: gpus
  interval: 200ms
  rules:
  - {alert: Hot, expr: heat > 50, labels: {severity: warning, replica: a}}
  - {alert: Quiet, expr: heat > 50}
`;

/** A stand-in for an Alertmanager that keeps what it is sent. */
async function startManager(options) {
  const manager = { alerts: [], requests: [] };
  const take = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    manager.requests.push({ method: request.method, url: request.url, headers: request.headers });
    manager.alerts.push(...JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  };
  manager.server = options ? https.createServer(options, take) : http.createServer(take);
  await new Promise((resolve) => manager.server.listen(0, '127.0.0.1', resolve));
  manager.address = `127.0.0.1:${manager.server.address().port}`;
  manager.close = () => {
    manager.server.closeAllConnections();
    manager.server.close();
  };
  return manager;
}

describe('alerting of the configuration', () => {
  const dir = temporaryFolder('algalon-alerting');
  const file = path.join(dir, 'p.yml');
  const managers = [];
  let ours, list, first, second, third;
  const heat = (gpu, value = 61) => ours.import(`heat{gpu="${gpu}"} ${value}\n`);
  const known = async () => (await (await fetch(`${ours.api}/api/v1/alertmanagers`)).json()).data;
  const url = (manager, rest = '/api/v2/alerts') => `http://${manager.address}${rest}`;
  const isTold = (manager, gpu) => until(`of gpu ${gpu}`, 30, () => manager.alerts.find((alert) => alert.labels.gpu === String(gpu)));
  const reload = () => fetch(`${ours.api}/-/reload`, { method: 'POST' });
  const write = (managersText, more = '') => fs.writeFileSync(file, `global: {external_labels: {site: north, replica: b}}\nrule_files: [rules.yml]\n${more}alerting:\n  alert_relabel_configs:\n  - {action: labeldrop, regex: replica}\n  - {action: drop, source_labels: [alertname], regex: Quiet}\n  alertmanagers:\n${managersText}`);

  before(async () => {
    for (let i = 0; i < 3; i++) managers.push(await startManager());
    [first, second, third] = managers;
    list = http.createServer((request, response) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify([{ targets: [third.address], labels: { zone: 'east' } }])));
    await new Promise((resolve) => list.listen(0, '127.0.0.1', resolve));
    fs.writeFileSync(path.join(dir, 'rules.yml'), RULES);
    fs.writeFileSync(path.join(dir, 'credential'), 'word\n');
    fs.writeFileSync(path.join(dir, 'am.yml'), '[]');
    write(`
  - static_configs: [{targets: ['${first.address}']}]
    path_prefix: /one/
    authorization: {type: Token, credentials_file: credential}
    http_headers: {X-Scope: {values: [gpus]}}
    alert_relabel_configs: [{target_label: to, replacement: first}]
  - file_sd_configs: [{files: [am.yml]}]
    relabel_configs: [{action: drop, source_labels: [zone], regex: west}]
  - http_sd_configs: [{url: 'http://127.0.0.1:${list.address().port}/'}]
    relabel_configs: [{source_labels: [zone], target_label: __alerts_path__, replacement: /$1/alerts}]
`);
    ours = await Algalon.start({ command: 'host', args: [`--scrape-config=${file}`] });
  });
  after(async () => {
    await ours?.stop();
    for (const manager of managers) manager.close();
    list?.close();
  });

  it('tells each Alertmanager of every alert, with the labels that its rules make', { timeout: 60_000 }, async () => {
    await heat(0);
    const alert = await isTold(first, 0);
    assert.deepEqual(alert.labels, { alertname: 'Hot', gpu: '0', severity: 'warning', site: 'north', to: 'first' });
    assert.equal(first.requests[0].url, '/one/api/v2/alerts');
    assert.equal(first.requests[0].method, 'POST');
    assert.equal(first.requests[0].headers.authorization, 'Token word');
    assert.equal(first.requests[0].headers['x-scope'], 'gpus');
    const other = await isTold(third, 0);
    assert.deepEqual(other.labels, { alertname: 'Hot', gpu: '0', severity: 'warning', site: 'north' });
    assert.equal(third.requests[0].url, '/east/alerts');
    const { discoveries } = (await (await fetch(`${ours.api}/api/v1/targets/discoveries?scrapePool=alertmanagers`)).json()).data;
    assert.deepEqual(discoveries.map(({ kind, found, lastError }) => [kind, found, lastError]), [['static', 1, ''], ['file', 0, ''], ['http', 1, '']]);
    assert.ok(![...first.alerts, ...third.alerts].some((one) => one.labels.alertname === 'Quiet'));
    assert.deepEqual((await known()).activeAlertmanagers.map((one) => one.url).sort(), [url(first, '/one/api/v2/alerts'), url(third, '/east/alerts')].sort());
  });

  it('follows a file of Alertmanagers, and shows those that relabelling drops', { timeout: 60_000 }, async () => {
    assert.equal(second.alerts.length, 0);
    fs.writeFileSync(path.join(dir, 'am.yml'), `- {targets: ['${second.address}']}\n- {targets: ['gone.invalid:9093'], labels: {zone: west}}\n`);
    await isTold(second, 0);
    const { activeAlertmanagers, droppedAlertmanagers } = await known();
    assert.ok(activeAlertmanagers.some((one) => one.url === url(second)), JSON.stringify(activeAlertmanagers));
    assert.deepEqual(droppedAlertmanagers, [{ url: 'http://gone.invalid:9093/api/v2/alerts' }]);
    fs.writeFileSync(path.join(dir, 'am.yml'), '[]');
    await until('it is let go', 20, async () => !(await known()).activeAlertmanagers.some((one) => one.url === url(second)));
  });

  it('changes nothing when a reload finds a mistake, and all when it finds none', { timeout: 60_000 }, async () => {
    const good = fs.readFileSync(file, 'utf8');
    const before = await known();
    for (const [text, words] of [
      ["  - api_version: v1\n", /p\.yml:\d+: api_version v1 is gone/],
      ["  - static_configs: [{targets: ['http://a']}]\n", /p\.yml:\d+: .*not an address/],
      ["  - timeout: 1\n", /p\.yml:\d+: /],
    ]) {
      fs.writeFileSync(file, good + text);
      const answer = await reload();
      assert.equal(answer.status, 500);
      assert.match(await answer.text(), words);
      assert.deepEqual(await known(), before);
    }
    write(`  - static_configs: [{targets: ['${second.address}']}]\n    timeout: 3s\n`);
    assert.equal((await reload()).status, 200);
    assert.deepEqual((await known()).activeAlertmanagers, [{ url: url(second) }]);
    const requests = first.requests.length;
    await heat(1);
    await isTold(second, 1);
    assert.equal(first.requests.length, requests, 'who is named no more hears no more');
    fs.writeFileSync(file, 'rule_files: [rules.yml]\n');
    assert.equal((await reload()).status, 200);
    assert.deepEqual(await known(), { activeAlertmanagers: [], droppedAlertmanagers: [] });
  });

  it('keeps what waits for an Alertmanager over a reload that leaves its settings as they are', { timeout: 60_000 }, async () => {
    const [port] = await freePorts(1);
    const entry = `  - static_configs: [{targets: ['127.0.0.1:${port}']}]\n`;
    const failures = async () => Number(/^algalon_notify_failures_total\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${ours.api}/metrics`)).text())?.[1] ?? 0);
    write(entry);
    assert.equal((await reload()).status, 200);
    await heat(2);
    await until('it was tried', 30, async () => (await failures()) > 0);
    write(entry, 'scrape_configs: []\n');
    assert.equal((await reload()).status, 200);
    assert.ok((await failures()) > 0, 'the same receiver with its counters');
  });

  it('is read again with its password by TLS from a real Alertmanager', { timeout: 90_000, skip: !hasAlertmanager && `${ALERTMANAGER} is not installed` }, async () => {
    const [port] = await freePorts(1);
    fs.writeFileSync(path.join(dir, 'alertmanager.yml'), 'route: {receiver: none}\nreceivers: [{name: none}]\n');
    fs.writeFileSync(path.join(dir, 'web.yml'), `tls_server_config: {cert_file: '${tls('old-cert.pem')}', key_file: '${tls('old-key.pem')}'}\nbasic_auth_users: {me: '${WORD_HASH}'}\n`);
    const theirs = new Child(ALERTMANAGER, [`--config.file=${dir}/alertmanager.yml`, `--storage.path=${dir}/am`, `--web.listen-address=127.0.0.1:${port}`, `--web.config.file=${dir}/web.yml`, '--web.route-prefix=/am', '--cluster.listen-address=']);
    const ask = () => new Promise((resolve, reject) => {
      const request = https.get({ host: '127.0.0.1', port, path: '/am/api/v2/alerts', auth: 'me:word', ca: fs.readFileSync(tls('old-cert.pem')), servername: 'localhost', checkServerIdentity: () => undefined, agent: false }, async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()));
        else reject(new Error(`${response.statusCode}`));
      });
      request.on('error', reject);
    });
    const entry = (password, ca) => `
  - scheme: https
    path_prefix: am
    static_configs: [{targets: ['127.0.0.1:${port}']}]
    basic_auth: {username: me, ${password}}
    tls_config: {ca_file: '${tls(ca)}', server_name: localhost, min_version: TLS12}
`;
    const failing = async (words) => until(`it says ${words}`, 40, async () => words.test(ours.output) && /^algalon_notify_failing\{[^}]*\} 1$/m.test(await (await fetch(`${ours.api}/metrics`)).text()));
    try {
      await until('alertmanager is ready', 30, ask);
      write(entry('password: wrong', 'old-cert.pem'));
      assert.equal((await reload()).status, 200);
      await heat(7, 77);
      await failing(/alerts cannot be sent and wait.*401/);
      write(entry('password_file: credential', 'new-cert.pem'));
      assert.equal((await reload()).status, 200);
      await failing(/alerts cannot be sent and wait.*certificate/i);
      assert.deepEqual(await ask(), []);
      write(entry('password_file: credential', 'old-cert.pem'));
      assert.equal((await reload()).status, 200);
      const alerts = await until('it has the alerts', 60, async () => {
        const all = await ask();
        return all.some((one) => one.labels.gpu === '7') && all;
      });
      assert.deepEqual(alerts.find((one) => one.labels.gpu === '7').labels, { alertname: 'Hot', gpu: '7', severity: 'warning', site: 'north' });
      assert.deepEqual((await known()).activeAlertmanagers, [{ url: `https://127.0.0.1:${port}/am/api/v2/alerts` }]);
    } finally {
      await theirs.stop();
    }
    for (const text of [ours.output, await (await fetch(`${ours.api}/metrics`)).text(), await (await fetch(`${ours.api}/api/v1/status/config`)).text()]) assert.doesNotMatch(text, /\bwrong\b|\bword\b/, 'no secret is told');
  });
});
