// http_api_process.test.mjs - what a server says of itself over the HTTP API: status, targets, metadata, rules, alerts, lifecycle.
// The real Prometheus (2.x) and ours scrape the same target, evaluate the same rules and are asked the same questions.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ask, hasPrometheus, startOurs, startPrometheus, table, url } from '../lib/peers.mjs';
import { temporaryFolder, until } from '../lib/program.mjs';

const EXPOSITION = `# HELP hits_total How often.
# TYPE hits_total counter
hits_total{path="/"} 5
# HELP took_seconds How long "it" took.
# TYPE took_seconds histogram
took_seconds_bucket{le="1"} 3
took_seconds_bucket{le="+Inf"} 4
took_seconds_sum 7
took_seconds_count 4
# TYPE bare gauge
bare 1
`;

const RULES = `groups:
- name: first
  interval: 1s
  rules:
  - {record: 'job:hits:sum', expr: 'sum by (job) (hits_total)', labels: {team: a}}
  - {alert: Busy, expr: 'hits_total > 1', labels: {severity: page}, annotations: {summary: '{{ $labels.path }} {{ $value }}'}}
  - {alert: Waiting, expr: 'hits_total > 1', for: 1h}
- name: second
  interval: 1s
  rules:
  - {alert: Never, expr: 'hits_total > 1000'}
`;

/** The shape of a tree: keys and kinds of values, lists by their first item. */
function shape(tree) {
  if (Array.isArray(tree)) return tree.length ? [shape(tree[0])] : [];
  if (tree && typeof tree === 'object') return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, shape(value)]));
  return tree === null ? 'null' : typeof tree;
}

const bad = (error) => ({ status: 400, errorType: 'bad_data', error });
const rules = (parameters) => `GET ${url('/api/v1/rules', parameters)}`;
const ruleNames = (wanted) => (data) => assert.deepEqual(data.groups.map((group) => [group.name, group.rules.map((rule) => rule.name)]), wanted);
const ALL = [['first', ['job:hits:sum', 'Busy', 'Waiting']], ['second', ['Never']]];
const SINCE = 'this parameter came after Prometheus 2.42';

const STATUS = [
  { name: 'buildinfo: clients decide by the version', to: 'GET /api/v1/status/buildinfo', want: { status: 200, data: (data) => {
    for (const key of ['version', 'revision', 'branch', 'buildUser', 'buildDate', 'goVersion']) assert.equal(typeof data[key], 'string', key);
    assert.match(data.version, /^[23]\.\d+\.\d+/);
  } } },
  { name: 'runtimeinfo', to: 'GET /api/v1/status/runtimeinfo', want: { status: 200, data: (data) => {
    for (const [key, type] of Object.entries({ startTime: 'string', CWD: 'string', reloadConfigSuccess: 'boolean', lastConfigTime: 'string', corruptionCount: 'number', goroutineCount: 'number', GOMAXPROCS: 'number', GOGC: 'string', GODEBUG: 'string', storageRetention: 'string' })) assert.equal(typeof data[key], type, key);
    assert.ok(!Number.isNaN(Date.parse(data.startTime)));
  } } },
  { name: 'flags are texts', to: 'GET /api/v1/status/flags', want: { status: 200, data: (data) => assert.ok(Object.keys(data).length > 10 && Object.values(data).every((value) => typeof value === 'string')) } },
  { name: 'config is YAML without secrets', to: 'GET /api/v1/status/config', want: { status: 200, data: (data) => {
    assert.match(data.yaml, /job_name: shop/);
    assert.match(data.yaml, /password: <secret>/);
    assert.doesNotMatch(data.yaml, /geheim/);
  } } },
  { name: 'tsdb: cardinality', to: 'GET /api/v1/status/tsdb', want: { status: 200, data: (data) => {
    assert.deepEqual(Object.keys(data.headStats).sort(), ['chunkCount', 'maxTime', 'minTime', 'numLabelPairs', 'numSeries']);
    for (const key of ['seriesCountByMetricName', 'labelValueCountByLabelName', 'memoryInBytesByLabelName', 'seriesCountByLabelValuePair']) assert.deepEqual(shape(data[key]), [{ name: 'string', value: 'number' }], key);
  } } },
  { name: 'walreplay', to: 'GET /api/v1/status/walreplay', want: { status: 200, data: (data) => assert.deepEqual(Object.keys(data).sort(), ['current', 'max', 'min']) } },
  { name: 'healthy', to: 'GET /-/healthy', want: { status: 200, text: /is Healthy|is healthy/i } },
  { name: 'healthy, asked by HEAD', to: 'HEAD /-/healthy', want: { status: 200 } },
  { name: 'ready', to: 'GET /-/ready', want: { status: 200, text: /is ready/i } },
  { name: '/health as VictoriaMetrics has it', to: 'GET /health', want: {}, ours: { status: 200, text: /^OK$/ } },
  { name: 'its own metrics', to: 'GET /metrics', want: { status: 200, text: /^process_start_time_seconds /m, headers: { 'content-type': /^text\/plain/ } } },
];

const TARGETS = [
  { name: 'targets: active, dropped and counts', to: 'GET /api/v1/targets?scrapePool=shop', want: { status: 200, data: (data) => {
    const { lastSamplesScraped, ...target } = data.activeTargets[0]; // which is vmagent's
    assert.deepEqual(shape(target), { discoveredLabels: target.discoveredLabels && shape(target.discoveredLabels), labels: { instance: 'string', job: 'string' }, scrapePool: 'string', scrapeUrl: 'string', globalUrl: 'string', lastError: 'string', lastScrape: 'string', lastScrapeDuration: 'number', health: 'string', scrapeInterval: 'string', scrapeTimeout: 'string' });
    assert.deepEqual([target.health, target.labels.job, target.scrapeInterval, target.lastError], ['up', 'shop', '1s', '']);
    assert.deepEqual([target.discoveredLabels.__scheme__, target.discoveredLabels.__metrics_path__, target.discoveredLabels.job], ['http', '/metrics', 'shop']);
    assert.equal(data.droppedTargets[0].discoveredLabels.__address__, 'dropped:1');
  } } },
  { name: 'only active ones', to: 'GET /api/v1/targets?scrapePool=shop&state=active', want: { data: (data) => assert.deepEqual([data.activeTargets.length, data.droppedTargets.length], [1, 0]) } },
  { name: 'only dropped ones', to: 'GET /api/v1/targets?scrapePool=shop&state=dropped', want: { data: (data) => assert.deepEqual([data.activeTargets.length, data.droppedTargets.length], [0, 1]) } },
  { name: 'any', to: 'GET /api/v1/targets?scrapePool=shop&state=any', want: { data: (data) => assert.deepEqual([data.activeTargets.length, data.droppedTargets.length], [1, 1]) } },
  { name: 'of an unknown pool', to: 'GET /api/v1/targets?scrapePool=none', want: { status: 200, data: (data) => assert.deepEqual(data.activeTargets, []) } },
  { name: 'scrape pools', to: 'GET /api/v1/scrape_pools', same: true, want: { data: { scrapePools: ['shop'] } } },
  { name: 'metadata of targets', to: `GET ${url('/api/v1/targets/metadata', { match_target: '{job="shop"}' })}`, want: { status: 200, data: (data) => {
    const of = (metric) => data.filter((entry) => entry.metric === metric).map(({ type, help, unit }) => ({ type, help, unit }));
    assert.deepEqual(of('hits_total'), [{ type: 'counter', help: 'How often.', unit: '' }]);
    assert.deepEqual(of('took_seconds'), [{ type: 'histogram', help: 'How long "it" took.', unit: '' }]);
    assert.deepEqual(of('bare'), [{ type: 'gauge', help: '', unit: '' }]);
    assert.equal(data[0].target.job, 'shop');
  } } },
  { name: 'metadata of one metric', to: `GET ${url('/api/v1/targets/metadata', { metric: 'hits_total' })}`, want: { data: (data) => assert.deepEqual(data.map((entry) => Object.keys(entry).sort()), [['help', 'target', 'type', 'unit']]) } },
  { name: 'metadata of so many targets', to: `GET ${url('/api/v1/targets/metadata', { limit: 0 })}`, same: true, want: { data: [] } },
  { name: 'a limit that is no number', to: 'GET /api/v1/targets/metadata?limit=x', same: true, want: bad(/limit must be a number/) },
  { name: 'metadata of nothing', to: 'GET /api/v1/targets/metadata?metric=nothing', same: true, want: { status: 200, data: [] } },
  { name: 'a selector of targets that does not parse', to: `GET ${url('/api/v1/targets/metadata', { match_target: '{job=' })}`, want: bad(/parse error/) },
  { name: 'metadata', to: 'GET /api/v1/metadata?metric=took_seconds', same: true, want: { data: { took_seconds: [{ type: 'histogram', help: 'How long "it" took.', unit: '' }] } } },
  { name: 'metadata of an unknown metric', to: 'GET /api/v1/metadata?metric=nothing', same: true, want: { data: {} } },
  { name: 'metadata of so many', to: 'GET /api/v1/metadata?limit=2', want: { data: (data) => assert.equal(Object.keys(data).length, 2) } },
  { name: 'metadata of none', to: 'GET /api/v1/metadata?limit=0', same: true, want: { data: {} } },
  { name: 'metadata, so many per metric', to: 'GET /api/v1/metadata?metric=bare&limit_per_metric=1', want: {}, ours: { data: { bare: [{ type: 'gauge', help: '', unit: '' }] } }, why: SINCE },
  { name: 'a limit of metadata that is no number', to: 'GET /api/v1/metadata?limit=x', same: true, want: bad(/limit must be a number/) },
];

const ALERTS = [
  { name: 'rules', to: rules(), want: { status: 200, data: (data) => {
    ruleNames(ALL)(data);
    const [record, alert] = data.groups[0].rules;
    assert.deepEqual(Object.keys(data.groups[0]).sort(), ['evaluationTime', 'file', 'interval', 'lastEvaluation', 'limit', 'name', 'rules']);
    for (const [key, type] of Object.entries({ name: 'string', query: 'string', health: 'string', evaluationTime: 'number', lastEvaluation: 'string', type: 'string' })) assert.equal(typeof record[key], type, key);
    assert.deepEqual([record.type, record.query, record.labels], ['recording', 'sum by (job) (hits_total)', { team: 'a' }]);
    assert.deepEqual([alert.type, alert.state, alert.duration, alert.labels, alert.annotations], ['alerting', 'firing', 0, { severity: 'page' }, { summary: '{{ $labels.path }} {{ $value }}' }]);
    assert.deepEqual([alert.alerts[0].state, alert.alerts[0].annotations, alert.alerts[0].value], ['firing', { summary: '/ 5' }, '5e+00']);
  } } },
  { name: 'rules that record', to: rules({ type: 'record' }), want: { data: (data) => assert.deepEqual(data.groups[0].rules.map((rule) => rule.name), ['job:hits:sum']) } },
  { name: 'rules that alert', to: rules({ type: 'alert' }), want: { data: ruleNames([['first', ['Busy', 'Waiting']], ['second', ['Never']]]) } },
  { name: 'rules of an unknown type', to: rules({ type: 'x' }), want: bad(/not supported value "x"/) },
  { name: 'rules by name', to: rules({ 'rule_name[]': ['Busy', 'Never'] }), want: {}, theirs: { data: ruleNames(ALL) }, ours: { data: ruleNames([['first', ['Busy']], ['second', ['Never']]]) }, why: SINCE },
  { name: 'rules by group', to: rules({ 'rule_group[]': 'second' }), want: {}, ours: { data: ruleNames([['second', ['Never']]]) }, why: SINCE },
  { name: 'rules by file', to: rules({ 'file[]': '/nowhere' }), want: {}, ours: { data: ruleNames([]) }, why: SINCE },
  { name: 'rules by their labels', to: rules({ 'match[]': '{team="a"}' }), want: {}, ours: { data: ruleNames([['first', ['job:hits:sum']]]) }, why: SINCE },
  { name: 'rules without their alerts', to: rules({ exclude_alerts: 'true', 'rule_name[]': 'Busy' }), want: {}, ours: { data: (data) => assert.equal('alerts' in data.groups[0].rules[0], false) }, why: SINCE },
  { name: 'a truth that is none', to: rules({ exclude_alerts: 'maybe' }), want: {}, ours: bad(/exclude_alerts/), why: SINCE },
  { name: 'the first page of groups', to: rules({ group_limit: 1 }), want: {}, ours: { data: (data) => {
    ruleNames([ALL[0]])(data);
    assert.match(data.groupNextToken, /^[0-9a-f]+$/);
  } }, why: SINCE },
  { name: 'a token of no group', to: rules({ group_limit: 1, group_next_token: 'x' }), want: {}, ours: bad(/group_next_token/), why: SINCE },
  { name: 'a token without a limit', to: rules({ group_next_token: 'x' }), want: {}, ours: bad(/group_limit/), why: SINCE },
  { name: 'alerts', to: 'GET /api/v1/alerts', want: { status: 200, data: (data) => {
    const busy = data.alerts.find((alert) => alert.labels.alertname === 'Busy'), waiting = data.alerts.find((alert) => alert.labels.alertname === 'Waiting');
    assert.deepEqual(shape(waiting), { labels: { alertname: 'string', instance: 'string', job: 'string', path: 'string' }, annotations: {}, state: 'string', activeAt: 'string', value: 'string' });
    assert.deepEqual([busy.state, busy.labels.severity, busy.value, waiting.state], ['firing', 'page', '5e+00', 'pending']);
  } } },
  { name: 'alertmanagers', to: 'GET /api/v1/alertmanagers', same: true, want: { data: { activeAlertmanagers: [], droppedAlertmanagers: [] } } },
];

const LIFECYCLE = [
  { name: 'reload by GET is refused', to: 'GET /-/reload', want: { status: 405 }, theirs: { status: 405 } },
  { name: 'reload', to: 'POST /-/reload', want: {}, theirs: { status: 403 }, ours: { status: 200 }, why: 'ours reloads without a switch: it only reads again what its operator wrote' },
  { name: 'quit is off unless enabled', to: 'POST /-/quit', want: { status: 403, text: /Lifecycle API is not enabled/ } },
  { name: 'the admin API is off unless enabled', to: 'POST /api/v1/admin/tsdb/snapshot', want: { errorType: 'unavailable', error: /admin API/ }, theirs: { status: 500 }, ours: { status: 403 }, why: 'what is forbidden does not become available by waiting' },
];

describe('what a server says of itself, beside the real Prometheus', { skip: !hasPrometheus && 'prometheus is not installed' }, () => {
  let theirs, ours, target, config;
  before(async () => {
    target = http.createServer((request, response) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(EXPOSITION));
    await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
    const dir = temporaryFolder('algalon-http-api');
    fs.writeFileSync(path.join(dir, 'rules.yml'), RULES);
    config = `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ['${dir}/rules.yml']
scrape_configs:
- job_name: shop
  basic_auth: {username: u, password: geheim}
  static_configs: [{targets: ['127.0.0.1:${target.address().port}', 'dropped:1']}]
  relabel_configs: [{source_labels: [__address__], regex: 'dropped:1', action: drop}]
`;
    fs.writeFileSync(path.join(dir, 'scrape.yml'), config);
    theirs = await startPrometheus({ config });
    ours = await startOurs({ args: [`--scrape-config=${dir}/scrape.yml`] });
    for (const base of [theirs.base, ours.base])
      await until(`${base} scraped and evaluated`, 60, async () => {
        const { json } = await ask(base, { to: 'GET /api/v1/rules' });
        const found = json.data.groups.flatMap((group) => group.rules);
        return found.length === 4 && found.every((rule) => rule.health === 'ok') && found[1].alerts.length && found[2].alerts.length;
      });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
    target?.close();
  });
  const peers = () => ({ prometheus: theirs.base, ours: ours.base });
  describe('status', () => table(STATUS, peers));
  describe('targets and metadata', () => table(TARGETS, peers));
  describe('rules and alerts', () => table(ALERTS, peers));
  describe('lifecycle', () => table(LIFECYCLE, peers));

  it('gives groups page by page', async () => {
    const seen = [];
    let token;
    do {
      const { json } = await ask(ours.base, { to: rules({ group_limit: 1, ...(token && { group_next_token: token }) }) });
      seen.push(...json.data.groups.map((group) => group.name));
      token = json.data.groupNextToken;
    } while (token && seen.length < 10);
    assert.deepEqual(seen, ['first', 'second']);
  });
});

describe('with --web.enable-lifecycle', { skip: !hasPrometheus && 'prometheus is not installed' }, () => {
  it('/-/quit ends both in good order', { timeout: 60_000 }, async () => {
    const both = [await startPrometheus({ args: ['--web.enable-lifecycle'] }), await startOurs({ args: ['--web.enable-lifecycle'] })];
    for (const child of both) {
      assert.equal((await ask(child.base, { to: 'GET /-/quit' })).status, 405);
      const answer = await ask(child.base, { to: 'POST /-/quit' });
      assert.equal(answer.status, 200);
      assert.match(answer.text, /Requesting termination/);
      assert.deepEqual(await child.ended, { code: 0, signal: null });
    }
  });
});
