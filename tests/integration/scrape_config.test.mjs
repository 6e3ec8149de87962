// scrape_config.test.mjs - scrape configurations as the real Prometheus takes them: the same verdict as promtool, the same
// targets with the same labels as prometheus, before and after relabelling; with files, HTTP, Docker and Kubernetes behind
// them. Everything on loopback.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, Child, freePorts, run, temporaryFolder, until } from '../lib/program.mjs';
import { docker, kubernetes } from '../lib/fake_apis.mjs';

const hasPrometheus = run('prometheus', ['--version']).code === 0 && run('promtool', ['--version']).code === 0;

/** One job around some of its keys, written as flow or block YAML. */
const job = (text) => `scrape_configs:\n- job_name: j\n${text.replace(/^/gm, '  ')}\n`;
const rule = (text) => job(`relabel_configs:\n- ${text}`);
const manager = (text) => `alerting:\n  alertmanagers:\n  - {${text}}\n`;
const receiver = (text) => `remote_write:\n- {url: "http://a", ${text}}\n`;

// [configuration, taken?]; `ours` where we differ on purpose, with the reason.
const VERDICTS = [
  [''],
  ['global: {scrape_interval: 5s}\n'],
  ['global: {scrape_interval: 5s, scrape_timeout: 6s}\n'],
  ['global: {scrape_interval: 5x}\n'],
  ['global: {external_labels: {a: b}}\n'],
  ['global: {external_labels: {"0a": b}}\n'],
  ['global: {evaluation_interval: 30s}\n'],
  ['global: {unknown: 1}\n'],
  ['unknown: 1\n'],
  ['scrape_configs: []\n'],
  ['scrape_configs:\n- {}\n'],
  [job('scrape_interval: 10s\nscrape_timeout: 11s')],
  [job('scrape_interval: 10s\nscrape_timeout: 10s')],
  [job('scheme: https')],
  [job('metrics_path: /x')],
  [job('params: {a: [b, c]}')],
  [job('params: {a: b}')],
  [job('honor_labels: true\nhonor_timestamps: false')],
  [job('honor_labels: maybe')],
  [job('sample_limit: 10\ntarget_limit: 2\nlabel_limit: 3\nlabel_name_length_limit: 4\nlabel_value_length_limit: 5\nbody_size_limit: 10MB')],
  [job('sample_limit: -1')],
  [job('body_size_limit: nope')],
  [job('follow_redirects: false\nenable_http2: false')],
  [job('basic_auth: {username: a, password: b}')],
  [job('basic_auth: {username: a, password: b, password_file: c}')],
  [job('basic_auth: {username: a}\nbearer_token: b')],
  [job('bearer_token: a\nbearer_token_file: b')],
  [job('authorization: {credentials: a}')],
  [job('authorization: {type: Basic, credentials: a}')],
  [job('authorization: {credentials: a}\nbasic_auth: {username: a}')],
  [job('authorization: {credentials: a, credentials_file: b}')],
  [job('tls_config: {insecure_skip_verify: true, server_name: x, min_version: TLS12}')],
  [job('tls_config: {min_version: TLS9}')],
  [job('proxy_url: http://proxy:3128')],
  [job('proxy_url: 7'), { ours: false }], // no proxy has such a URL: it is said when it is read
  [job('oauth2: {client_id: a, client_secret: b, token_url: "http://a"}')],
  [job('oauth2: {client_id: a, client_secret_file: b, token_url: "http://a", scopes: [x], endpoint_params: {p: q}, tls_config: {ca_file: x}}')],
  [job('oauth2: {client_id: a, client_secret: b, client_secret_file: c, token_url: "http://a"}')],
  [job('oauth2: {client_id: a, client_secret: b, token_url: "http://a", unknown: 1}')],
  [job('oauth2: {client_id: a, client_secret: b, token_url: "http://a"}\nbasic_auth: {username: a}')],
  [job('oauth2: {client_id: a, client_secret: b, token_url: "http://a"}\nauthorization: {credentials: a}')],
  [job('tls_config: {cert_file: a, key_file: b, ca_file: c}')],
  [job('tls_config: {key_file: b}')],
  [job('http_sd_configs: [{url: "http://a/b", refresh_interval: 5s, basic_auth: {username: a, password: b}}]')],
  [job('http_sd_configs: [{url: "http://a/b", unknown: 1}]')],
  [job('file_sd_configs: [{files: [a.json], refresh_interval: 5m}]')],
  [job('relabel_configs: [{source_labels: [a], regex: 5, target_label: b}]')],
  [job('honor_timestamps: 3')],
  [job('consul_sd_configs: [{server: "a:1"}]')],
  [job('tls_config: {cert_file: a}')],
  [job('static_configs: [{targets: [a, "b:1"], labels: {x: y}}]')],
  [job('static_configs: [{targets: ["http://a"]}]')],
  [job('static_configs: [{targets: ["http://a"]}]\nrelabel_configs: [{target_label: x, replacement: y}]'), { ours: true }], // what cannot be scraped is said when it is scraped
  [job('static_configs: [{target: [a]}]')],
  [job('static_configs: [{targets: [a], labels: {"a-b": c}}]')],
  [job('file_sd_configs: [{files: [a.json, "b/*.yml"]}]')],
  [job('file_sd_configs: [{files: [a.txt]}]')],
  [job('file_sd_configs: [{files: ["*/a.json"]}]')],
  [job('file_sd_configs: [{}]')],
  [job('http_sd_configs: [{url: "http://a/b"}]')],
  [job('http_sd_configs: [{url: "ftp://a/b"}]')],
  [job('http_sd_configs: [{}]')],
  [job('dns_sd_configs: [{names: [a.b]}]')],
  [job('dns_sd_configs: [{names: [a.b], type: A}]')],
  [job('dns_sd_configs: [{names: [a.b], type: aaaa, port: 1}]')],
  [job('dns_sd_configs: [{names: [a.b], type: MX, port: 1}]')],
  [job('dns_sd_configs: [{names: [a.b], type: TXT, port: 1}]')],
  [job('dns_sd_configs: [{}]')],
  [job('docker_sd_configs: [{host: "unix:///x", filters: [{name: a, values: [b]}]}]')],
  [job('docker_sd_configs: [{}]')],
  [job('kubernetes_sd_configs: [{role: pod}]'), { ours: true }], // Debian builds its Prometheus without Kubernetes
  [job('kubernetes_sd_configs: [{role: nope}]')],
  [job('kubernetes_sd_configs: [{}]')],
  [job('kubernetes_sd_configs: [{role: pod, api_server: "http://a", namespaces: {names: [x]}, selectors: [{role: pod, label: "a=b"}]}]'), { ours: true }],
  [job('kubernetes_sd_configs: [{role: pod, selectors: [{role: node, label: "a=b"}]}]')],
  [job('kubernetes_sd_configs: [{role: pod, bearer_token: x}]')],
  [job('kubernetes_sd_configs: [{role: pod, api_server: "http://a", namespaces: {own_namespace: true}}]')],
  ...['replace', 'keep', 'drop', 'keepequal', 'dropequal', 'hashmod', 'labelmap', 'labeldrop', 'labelkeep', 'lowercase', 'uppercase', 'Replace', 'nope'].flatMap((action) => [
    [rule(`{action: ${action}}`)],
    [rule(`{action: ${action}, source_labels: [a], target_label: b}`)],
    [rule(`{action: ${action}, source_labels: [a], target_label: b, modulus: 3}`)],
    [rule(`{action: ${action}, regex: "a(.*)"}`)],
    [rule(`{action: ${action}, regex: "a(.*)", replacement: "x$1"}`)],
    // Prometheus would make a label with a dollar in its name.
    [rule(`{action: ${action}, source_labels: [a], target_label: "b$1"}`), { ours: ['keepequal', 'dropequal', 'lowercase', 'uppercase'].includes(action) ? false : undefined }],
    [rule(`{action: ${action}, source_labels: [a], target_label: b, separator: "-"}`)],
    [rule(`{action: ${action}, source_labels: [a], target_label: b, replacement: "$1"}`)],
  ]),
  [rule('{target_label: "a-b"}')],
  [rule('{target_label: "${1}x", source_labels: [a]}')],
  [rule('{target_label: "${1", source_labels: [a]}')],
  [rule('{target_label: "1$1", source_labels: [a]}')],
  [rule('{target_label: a, regex: "("}')],
  [rule('{target_label: a, regex: "(?=a)"}')],
  [rule('{target_label: a, regex: "a{,3}"}')],
  [rule('{source_labels: [a-b], target_label: a}')],
  [rule('{action: labelmap, replacement: "a-b"}')],
  [job('metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: x}]')],
  ['remote_write: [{url: "http://a"}]\n'],
  ['alerting: {alertmanagers: []}\n'],
  ['rule_files: []\n'],
  // Newer than the Prometheus that Debian has: taken here.
  [job('keep_dropped_targets: 5'), { ours: true }],
  [job('track_timestamps_staleness: true'), { ours: true }],
  [job('http_headers: {X: {values: [a]}}'), { ours: true }],
  [job('scrape_protocols: [PrometheusText0.0.4]'), { ours: true }],
  [job('enable_compression: false'), { ours: true }],
  ['global: {sample_limit: 5}\n', { ours: true }],
  ['scrape_config_files: ["x/*.yml"]\n', { ours: true }],
  ['alerting:\n'],
  ['alerting: {alert_relabel_configs: [{action: labeldrop, regex: replica}]}\n'],
  ['alerting: {alert_relabel_configs: [{action: nope}]}\n'],
  ['alerting: {unknown: 1}\n'],
  ['alerting: {alertmanagers: {}}\n'],
  [manager('')],
  [manager('scheme: https, path_prefix: /am, timeout: 3s, api_version: v2')],
  [manager('api_version: v1'), { ours: false }], // gone from Alertmanager and from Prometheus 3
  [manager('api_version: v3')],
  [manager('timeout: x')],
  [manager('timeout: 5')],
  [manager('job_name: a')],
  [manager('static_configs: [{targets: ["a:1"]}]')],
  [manager('static_configs: [{targets: ["http://a"]}]')],
  [manager('file_sd_configs: [{files: [a.yml]}], relabel_configs: [{action: drop, source_labels: [a], regex: b}]')],
  [manager('dns_sd_configs: [{names: [a], type: A, port: 1}]')],
  [manager('dns_sd_configs: [{names: [a], type: A}]')],
  [manager('http_sd_configs: [{url: "http://a/"}]')],
  [manager('consul_sd_configs: [{server: "a:1"}]')],
  [manager('basic_auth: {username: a, password: b}')],
  [manager('basic_auth: {username: a}, bearer_token: b')],
  [manager('authorization: {credentials: a}, follow_redirects: false, enable_http2: false')],
  [manager('oauth2: {client_id: a, client_secret: b, token_url: "http://a"}, tls_config: {server_name: a, min_version: TLS13}')],
  [manager('tls_config: {cert_file: a}'), { ours: false }], // as everywhere else; promtool does not look here
  [manager('proxy_url: http://proxy:1')],
  [receiver('name: a, remote_timeout: 5s, headers: {X-A: b}')],
  [receiver('headers: {Authorization: b}')],
  [receiver('headers: {Content-Encoding: b}')],
  [receiver('headers: [a]')],
  [receiver('oauth2: {client_id: a, client_secret: b, token_url: "http://a"}')],
  [receiver('oauth2: {client_id: a, client_secret: b, token_url: "http://a"}, basic_auth: {username: a}')],
  [receiver('tls_config: {server_name: a, min_version: TLS12, ca_file: c}')],
  [receiver('proxy_url: "http://a:1", follow_redirects: false, enable_http2: false')],
  [receiver('write_relabel_configs: [{action: keep, source_labels: [a], regex: b}]')],
  [receiver('queue_config: {capacity: 1, max_shards: 2, min_shards: 1, max_samples_per_send: 3, batch_send_deadline: 5s, min_backoff: 1s, max_backoff: 2s, retry_on_http_429: true}')],
  [receiver('queue_config: {shards: 1}')],
  [receiver('queue_config: {capacity: a}')],
  [receiver('metadata_config: {send: false, send_interval: 1m, max_samples_per_send: 2}')],
  [receiver('metadata_config: {unknown: false}')],
  [receiver('metadata_config: {send: true}')],
  [receiver('send_exemplars: false, send_native_histograms: false')],
  [receiver('send_exemplars: true'), { ours: false }], // there are none
  [receiver('sigv4: {region: a}'), { ours: false }],
  [receiver('unknown: 1')],
  ['remote_write: [{}]\n'],
  ['global: {query_log_file: a}\n'],
  [job('scrape_interval: 5')],
  [job('native_histogram_bucket_limit: 5'), { ours: true }],
  ['storage: {tsdb: {out_of_order_time_window: 5m}}\n', { ours: false }], // an option says it
  ['storage: {tsdb: {out_of_order_time_window: 0s}}\n'],
  ['storage: {exemplars: {max_exemplars: 5}}\n', { ours: false }], // they are not kept
  ['storage: {unknown: 5}\n'],
  ['tracing: {endpoint: "a:1"}\n'],
  ['remote_read: [{url: "http://a"}]\n', { ours: false }], // queries would lack what is there
  // Not supported here, and said.
  [job('scrape_interval: 10ms\nscrape_timeout: 10ms'), { ours: false }], // shorter than 100 ms
];

// Keys that Debian's promtool does not know yet, and vmagent's: taken, or refused in these words, always with file and line.
const NEWER = [
  ['global: {scrape_native_histograms: true}\n', 'native histograms are not supported'],
  ['global: {convert_classic_histograms_to_nhcb: true}\n', 'native histograms are not supported'],
  ['global: {always_scrape_classic_histograms: true, metric_name_validation_scheme: utf8, metric_name_escaping_scheme: allow-utf-8, extra_scrape_metrics: true, keep_dropped_targets: 3, label_limit: 4, body_size_limit: 1MB, scrape_failure_log_file: a}\n'],
  ['global: {metric_name_validation_scheme: legacy}\n', 'legacy is not supported'],
  ['global: {metric_name_validation_scheme: x}\n', 'metric_name_validation_scheme is utf8'],
  ['global: {metric_name_escaping_scheme: dots}\n', 'allow-utf-8 alone is supported'],
  ['global: {rule_query_offset: 1m}\n'],
  ['global: {rule_query_offset: soon}\n', "'soon' is not a duration"],
  ['scrape_configs: []\nruntime: {gogc: 75}\notlp: {promote_resource_attributes: [a]}\n'],
  [job('scrape_classic_histograms: true\nfallback_scrape_protocol: PrometheusText0.0.4\nscrape_failure_log_file: a\nextra_scrape_metrics: false\nmetric_name_validation_scheme: utf8')],
  [job('fallback_scrape_protocol: PrometheusProto'), 'PrometheusProto is not supported'],
  [job('basic_auth: {username_file: a, password_file: b}')],
  [job('scrape_native_histograms: true'), 'native histograms are not supported'],
  [manager('sigv4: {region: a}'), 'sigv4 is not supported'],
  [receiver('azuread: {cloud: a}'), 'azuread is not supported'],
  [receiver('google_iam: {credentials_file: a}'), 'google_iam is not supported'],
  [receiver('round_robin_dns: true'), 'round_robin_dns is not supported'],
  [receiver('protobuf_message: io.prometheus.write.v2.Request'), 'prometheus.WriteRequest'],
  [receiver('protobuf_message: prometheus.WriteRequest, round_robin_dns: false, http_headers: {X: {values: [a]}}, proxy_from_environment: true')],
  [receiver('queue_config: {sample_age_limit: 1h}'), 'sample_age_limit is not supported'],
  [receiver('queue_config: {sample_age_limit: 0s}')],
  ['storage: {tsdb: {retention: {time: 30d}}}\n', 'retention is not supported'],
  [manager('alert_relabel_configs: [{target_label: a, replacement: b}], http_headers: {X: {secrets: [a]}}, proxy_from_environment: true')],
  // vmagent's
  [job('stream_parse: true\nmax_scrape_size: 5MB\ndisable_compression: true\ndisable_keepalive: true\nheaders: ["X-A: b"]\nrelabel_debug: true')],
  [job('scrape_interval: 10s\nscrape_align_interval: 5s\nscrape_offset: 3s')],
  [job('scrape_interval: 10s\nscrape_align_interval: 1m')],
  [job('scrape_interval: 10s\nscrape_align_interval: 7s'), 'no multiple or part of'],
  [job('series_limit: 5'), 'series_limit is not supported'],
  [job('series_limit: 0\nno_stale_markers: false')],
  [job('no_stale_markers: true'), 'no_stale_markers is not supported'],
  [job('proxy_bearer_token: a'), "key 'proxy_bearer_token'"],
];

const RELABELLED = `
- {source_labels: [__meta_a, __meta_b], separator: "-", target_label: joined}
- {source_labels: [__meta_a], regex: "(.)(.*)", target_label: "made_\${1}", replacement: "$2"}
- {source_labels: [__meta_a], regex: "nomatch", target_label: never}
- {source_labels: [__meta_a], regex: ".*", target_label: team, replacement: ""}
- {source_labels: [__meta_a], modulus: 7, target_label: shard, action: hashmod}
- {regex: "__meta_map_(.+)", action: labelmap}
- {regex: "__meta_map_(.+)", replacement: "m_$1", action: labelmap}
- {source_labels: [__meta_case], target_label: low, action: lowercase}
- {source_labels: [__meta_case], target_label: up, action: uppercase}
- {source_labels: [__meta_b], regex: "dropme", action: drop}
- {source_labels: [__meta_c], regex: "keep|", action: keep}
- {source_labels: [__meta_a], target_label: __meta_equal, action: dropequal}
- {regex: "gone.*", action: labeldrop}
- {source_labels: [__meta_path], regex: "(.+)", target_label: __metrics_path__}
- {source_labels: [__meta_param], regex: "(.+)", target_label: __param_x}
- {source_labels: [__meta_interval], regex: "(.+)", target_label: __scrape_interval__}
- {source_labels: [__meta_timeout], regex: "(.+)", target_label: __scrape_timeout__}
`;
const TARGETS = [
  { targets: ['127.0.0.1:1'], labels: { __meta_a: 'alpha', __meta_b: 'beta', gone_x: '1', team: 'x', rack: 'r' } },
  { targets: ['127.0.0.1:2'], labels: { __meta_map_x: '1', __meta_map_y_z: '2', __meta_case: 'ÄbCß éÉ' } },
  { targets: ['127.0.0.1:3'], labels: { __meta_b: 'dropme' } },
  { targets: ['127.0.0.1:4'], labels: { __meta_c: 'other' } },
  { targets: ['127.0.0.1:5'], labels: { __meta_a: 'same', __meta_equal: 'same' } },
  { targets: ['127.0.0.1:6'], labels: { __meta_path: '/p', __meta_param: 'a b&c', job: 'mine', instance: 'me' } },
  { targets: ['127.0.0.1:7'], labels: { __meta_interval: '47s', __meta_timeout: '9s', __meta_a: 'line end' } },
  { targets: ['127.0.0.1:8', '127.0.0.1:9'], labels: { __meta_a: '$1', __meta_b: 'ü' } },
];

const targets = async (base) => (await (await fetch(`${base}/api/v1/targets`)).json()).data;

/** The targets at `base` once every job has some. */
async function get(base, jobs) {
  let missing = jobs;
  return until(`${base} has targets of every job`, 30, async () => {
    const data = await targets(base);
    missing = jobs.filter((name) => !data.activeTargets.some((t) => t.scrapePool === name));
    return missing.length === 0 && data;
  }).catch((error) => {
    throw new Error(`${error.message}; missing: ${missing}`);
  });
}

const inOrder = (list) => list.sort((a, b) => JSON.stringify(Object.entries(a.discoveredLabels).sort()).localeCompare(JSON.stringify(Object.entries(b.discoveredLabels).sort())));

/** What a discovery found. Prometheus 2.42 shows what relabelling sets among it: that is left out. */
const found = (labels) => Object.fromEntries(Object.entries(labels).filter(([label]) => /^__meta_|^__address__$/.test(label)).sort());

/** What must agree of a job's targets. */
const targetsOf = (data, name) => inOrder(data.activeTargets.filter((t) => t.scrapePool === name)
  .map(({ discoveredLabels, labels, scrapeUrl, scrapeInterval, scrapeTimeout }) => ({ discoveredLabels: found(discoveredLabels), labels, scrapeUrl: decodeURIComponent(scrapeUrl.replaceAll('+', '%20')), scrapeInterval, scrapeTimeout })));

describe('scrape configuration', { skip: !hasPrometheus && 'no prometheus here' }, () => {
  it('is taken or refused as by promtool', { timeout: 60_000 }, () => {
    const dir = temporaryFolder('algalon-verdicts');
    const wrong = [];
    const files = VERDICTS.map(([text], i) => {
      const file = path.join(dir, `${i}.yml`);
      fs.writeFileSync(file, text);
      return file;
    });
    for (const name of ['b', 'c']) fs.writeFileSync(path.join(dir, name), 'x'); // promtool looks for files of secrets
    // Many processes: each is short. promtool checks several files in one run and names each.
    const told = run('promtool', ['check', 'config', '--syntax-only', ...files]);
    const theirs = files.map((file) => new RegExp(`Checking ${file.replaceAll('.', '\\.')}\\n\\s*SUCCESS`).test(told.out + told.err));
    for (const [i, [text, options = {}]] of VERDICTS.entries()) {
      const ours = run(binary, ['host', '--config=', `--data-dir=${dir}/data`, `--scrape-config=${files[i]}`, '--listen-api=', '--listen-web=', '--rules=/nowhere/at/all.yml']);
      // It ends at the missing rule file, which is read after the scrape configuration.
      const taken = !new RegExp(`cannot start" error="${files[i].replaceAll('.', '\\.')}(:\\d+)?: `).test(ours.err);
      const wanted = options.ours ?? theirs[i];
      if (options.ours !== undefined && options.ours === theirs[i]) wrong.push(`no longer different:\n${text}`);
      if (taken !== wanted) wrong.push(`promtool ${theirs[i] ? 'takes' : 'refuses'}, algalon ${taken ? 'takes' : 'refuses'}:\n${text}${ours.err}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('is taken or refused with file and line where its keys are newer than promtool', { timeout: 60_000 }, () => {
    const dir = temporaryFolder('algalon-newer');
    const file = path.join(dir, 'p.yml');
    for (const [text, words] of NEWER) {
      fs.writeFileSync(file, text);
      const { code, out, err } = run(binary, ['check', file]);
      if (!words) assert.equal(code, 0, `${text}${out}${err}`);
      else assert.ok(code !== 0 && new RegExp(`p\\.yml:[1-9]\\d*: `).test(out + err) && (out + err).includes(words), `${text}${out}${err}`);
    }
  });

  it('gives the same targets with the same labels as prometheus', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-targets');
    fs.writeFileSync(path.join(dir, 'files.json'), JSON.stringify(TARGETS));
    const lists = http.createServer((request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify([{ targets: ['127.0.0.1:1', '127.0.0.1:2'], labels: { from: 'http', agent: request.headers['x-prometheus-refresh-interval-seconds'] } }]));
    });
    await new Promise((resolve) => lists.listen(0, '127.0.0.1', resolve));
    const daemon = await docker();
    const config = path.join(dir, 'prometheus.yml');
    fs.writeFileSync(config, `
global: {scrape_interval: 1h, scrape_timeout: 10s, external_labels: {site: here}}
scrape_configs:
- job_name: files
  scheme: https
  params: {x: [one, two], y: [three]}
  file_sd_configs: [{files: [files.json]}]
  relabel_configs: ${RELABELLED.replace(/^/gm, '  ')}
- job_name: http
  http_sd_configs: [{url: 'http://127.0.0.1:${lists.address().port}/sd'}]
- job_name: docker
  docker_sd_configs: [{host: '${daemon.url.replace('http', 'tcp')}', port: 8080, host_networking_host: 'localhost:99', filters: [{name: status, values: [running]}]}]
`);
    const [port] = await freePorts(1);
    const prometheus = new Child('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`]);
    const algalon = await Algalon.start({ command: 'host', args: [`--scrape-config=${config}`] });
    try {
      const jobs = ['files', 'http', 'docker'];
      const own = await get(algalon.api, jobs);
      const theirs = await get(`http://127.0.0.1:${port}`, jobs);
      for (const name of jobs) assert.deepEqual(targetsOf(own, name), targetsOf(theirs, name), name);
      const dropped = (data) => data.droppedTargets.map((t) => t.discoveredLabels.__address__).sort();
      assert.deepEqual(dropped(own), dropped(theirs));
      assert.equal(own.droppedTargetCounts.files, dropped(theirs).length);
      // Which rule does what to one target.
      const steps = (await (await fetch(`${algalon.api}/api/v1/targets/relabel_steps?scrapePool=files&labels=${encodeURIComponent(JSON.stringify({ __meta_a: 'alpha', __meta_b: 'dropme' }))}`)).json()).data.steps;
      assert.equal(steps.length, 10);
      assert.deepEqual(steps[0].output, { __meta_a: 'alpha', __meta_b: 'dropme', joined: 'alpha-dropme' });
      assert.equal(steps[9].rule.action, 'drop');
      assert.equal(steps[9].keep, false);
      const discoveries = (await (await fetch(`${algalon.api}/api/v1/targets/discoveries`)).json()).data.discoveries;
      assert.deepEqual(discoveries.filter((d) => d.lastError || !d.found), []);
      // A new line in the file is there within two seconds.
      fs.writeFileSync(path.join(dir, 'files.json'), JSON.stringify([...TARGETS, { targets: ['127.0.0.1:77'], labels: { __meta_a: 'new' } }]));
      await until('the new target is there', 2, async () => (await targets(algalon.api)).activeTargets.some((t) => t.labels.instance === '127.0.0.1:77'));
      // A reload keeps what was discovered, and one that fails changes nothing.
      const before = (await targets(algalon.api)).activeTargets.length;
      assert.equal((await fetch(`${algalon.api}/-/reload`, { method: 'POST' })).status, 200);
      assert.equal((await targets(algalon.api)).activeTargets.length, before);
      fs.appendFileSync(config, '- nonsense: 1\n');
      assert.notEqual((await fetch(`${algalon.api}/-/reload`, { method: 'POST' })).status, 200);
      assert.equal((await targets(algalon.api)).activeTargets.length, before);
      assert.match(await (await fetch(`${algalon.api}/metrics`)).text(), /^algalon_config_last_reload_successful 0$/m);
    } finally {
      await algalon.stop();
      await prometheus.stop();
      for (const server of [lists, daemon.server]) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});

const hasAgent = run('vmagent', ['-version']).code === 0;

describe('a cluster of Kubernetes', { skip: !hasAgent && 'no vmagent here' }, () => {
  it('gives the same targets with the same labels as to vmagent', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-cluster');
    const cluster = await kubernetes();
    const roles = ['node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress'];
    const clusterConfig = path.join(dir, 'cluster.yml');
    fs.writeFileSync(clusterConfig, `
global: {scrape_interval: 1h}
scrape_configs:
${roles.map((role) => `
- job_name: kube-${role}
  kubernetes_sd_configs:
  - {role: ${role}, api_server: '${cluster.url}', bearer_token: secret${['pod', 'endpoints', 'endpointslice'].includes(role) ? ', attach_metadata: {node: true}' : ''}}`).join('')}
- job_name: kube-one
  kubernetes_sd_configs:
  - {role: pod, api_server: '${cluster.url}', bearer_token: secret, namespaces: {names: [other]}, selectors: [{role: pod, label: 'app=x'}]}
`);
    const [port] = await freePorts(1);
    const agent = new Child('vmagent', [`-promscrape.config=${clusterConfig}`, `-httpListenAddr=127.0.0.1:${port}`, `-remoteWrite.tmpDataPath=${dir}/agent`, '-remoteWrite.url=http://127.0.0.1:9/', '-promscrape.suppressScrapeErrors']);
    const algalon = await Algalon.start({ command: 'host', args: [`--scrape-config=${clusterConfig}`] });
    try {
      const jobs = ['kube-one', ...roles.map((role) => `kube-${role}`)];
      const own = await get(algalon.api, jobs);
      const theirs = await get(`http://127.0.0.1:${port}`, jobs);
      // Debian's vmagent is older than these labels, or has some that Prometheus has not.
      const unknown = /^__meta_kubernetes_(pod_container_(id|image)|service_port_number|endpointslice_endpoint_(conditions_(serving|terminating)|node_name|zone|topology_.*))$/;
      const behind = /^__meta_kubernetes_(pod_container_init|service_(cluster_ip|type))$/;
      // Further ports of pods behind a service: Prometheus gives them the labels of the service's object too, and not the node's.
      const further = /^__meta_kubernetes_(node_.*|endpoints_.*|endpointslice_.*)$/;
      const comparable = (data, name) => inOrder(targetsOf(data, name)
        .filter((t) => !name.startsWith('kube-endpoint') || t.discoveredLabels.__meta_kubernetes_pod_container_name !== 'first')
        .map(({ discoveredLabels: l }) => {
          const isFurther = name.startsWith('kube-endpoint') && !l.__meta_kubernetes_endpoint_port_name && !l.__meta_kubernetes_endpointslice_port;
          return { discoveredLabels: Object.fromEntries(Object.entries(l).filter(([label, value]) => value && !unknown.test(label) && !(name.startsWith('kube-endpoint') && behind.test(label)) && !(isFurther && further.test(label)))) };
        }));
      for (const name of jobs) assert.deepEqual(comparable(own, name), comparable(theirs, name), name);
      // What vmagent cannot tell, as Prometheus's manual has it.
      const labels = (name, address) => own.activeTargets.find((t) => t.scrapePool === name && t.discoveredLabels.__address__ === address).discoveredLabels;
      const prefix = '__meta_kubernetes_';
      const main = labels('kube-pod', '10.1.0.1:8080');
      assert.deepEqual([main[`${prefix}pod_container_id`], main[`${prefix}pod_container_image`], main[`${prefix}pod_container_init`]], ['containerd://one-main', 'image:1', 'false']);
      assert.equal(labels('kube-pod', '10.1.0.1:7070')[`${prefix}pod_container_init`], 'true');
      assert.equal(labels('kube-service', 'svc.default.svc:80')[`${prefix}service_port_number`], '80');
      const slice = labels('kube-endpointslice', '10.1.0.1:8080');
      assert.deepEqual(['conditions_serving', 'conditions_terminating', 'node_name', 'zone'].map((name) => slice[`${prefix}endpointslice_endpoint_${name}`]), ['true', 'false', 'node-a', 'z1']);
      const rest = labels('kube-endpoints', '10.1.0.1:9090');
      assert.deepEqual([rest[`${prefix}endpoints_name`], rest[`${prefix}service_name`], rest[`${prefix}pod_container_port_protocol`]], ['svc', 'svc', 'UDP']);
    } finally {
      await algalon.stop();
      await agent.stop();
      cluster.server.closeAllConnections();
      cluster.server.close();
    }
  });
});
