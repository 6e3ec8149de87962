// peers.mjs - the real Prometheus and VictoriaMetrics beside our store, with the same samples in each, and tables of questions
// put to all of them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { it } from 'node:test';
import { Algalon, Child, freePorts, run, temporaryFolder, until } from './program.mjs';

export const hasPrometheus = run('prometheus', ['--version']).code === 0 && run('promtool', ['--version']).code === 0;
export const hasVictoriaMetrics = run('victoria-metrics', ['-version']).code === 0;

/** Waits for GET `url` to answer 200; fails at once when the child has ended. */
async function ready(what, child, url) {
  try {
    await until(`${what} is ready`, 60, async () => {
      if (!child.alive) throw new Error(`it ended: ${child.output}`);
      return (await fetch(url)).status === 200;
    });
  } catch (error) {
    await child.stop('SIGKILL');
    throw error;
  }
}

/** Prometheus on a free port over blocks made from `text` (lines of the text format, times in ms); `.base` is its address. */
export async function startPrometheus({ text = '', args = [], config = '' } = {}) {
  const dir = temporaryFolder('algalon-prometheus');
  const [port] = await freePorts(1);
  const data = path.join(dir, 'data');
  fs.writeFileSync(path.join(dir, 'prometheus.yml'), config);
  if (text) {
    const seconds = text.replace(/ (\d+)$/gm, (_, ms) => ` ${Number(ms) / 1000}`);
    fs.writeFileSync(path.join(dir, 'samples.om'), `${seconds}# EOF\n`);
    const made = run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', path.join(dir, 'samples.om'), data]);
    assert.equal(made.code, 0, made.err);
  }
  const child = new Child('prometheus', [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y', `--web.listen-address=127.0.0.1:${port}`, ...args]);
  child.base = `http://127.0.0.1:${port}`;
  child.dir = dir;
  await ready('prometheus', child, `${child.base}/-/ready`);
  return child;
}

/** VictoriaMetrics on free ports, keeping samples for ever; `.base` is its address. */
export async function startVictoriaMetrics({ text = '', args = [] } = {}) {
  const dir = temporaryFolder('algalon-victoria');
  const [port] = await freePorts(1);
  const child = new Child('victoria-metrics', [`-storageDataPath=${dir}/data`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y', '-search.latencyOffset=0s', '-search.disableCache', ...args]);
  child.base = `http://127.0.0.1:${port}`;
  await ready('victoria-metrics', child, `${child.base}/health`);
  if (text) {
    assert.equal((await fetch(`${child.base}/api/v1/import/prometheus`, { method: 'POST', body: text })).status, 204);
    await fetch(`${child.base}/internal/force_flush`);
  }
  return child;
}

/** Our host with the same samples, of any age unless `retention` says otherwise; `.base` as the others have it. */
export async function startOurs({ text = '', args = [], retention = '0' } = {}) {
  const child = await Algalon.start({ command: 'host', args: [`--retention=${retention}`, ...args] });
  child.base = child.api;
  if (text) assert.equal((await child.import(text)).status, 204);
  return child;
}

/**
 * Sends one request: "GET /path?query", or with a body. `form` makes a form body; `gzip` packs the body. Gives status, headers,
 * the text and, where it is JSON, the tree.
 */
export async function ask(base, { to, form, body, headers = {}, gzip = false }) {
  const [, method, target] = /^(\S+) (\S+)$/.exec(to);
  const sent = form ? new URLSearchParams(form).toString() : body;
  const response = await fetch(base + target, {
    method,
    headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...(gzip && { 'content-encoding': 'gzip' }), ...headers },
    body: gzip ? zlib.gzipSync(sent) : sent,
    redirect: 'manual',
  });
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** `path` of the API with parameters; a list gives a parameter several times. */
export function url(path_, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) for (const one of [value].flat()) query.append(name, one);
  return query.size ? `${path_}?${query}` : path_;
}

/** Holds one answer against what is wanted of it: each key that `want` has. */
export function assertAnswer(answer, want, who) {
  const seen = `${who} answered ${answer.status}: ${answer.text.slice(0, 600)}`;
  if ('status' in want) assert.equal(answer.status, want.status, seen);
  if ('errorType' in want) {
    assert.equal(answer.json?.status, 'error', seen);
    assert.equal(answer.json.errorType, want.errorType, seen);
  }
  if ('error' in want) assert.match(answer.json?.error ?? '', want.error, seen);
  if ('text' in want) assert.match(answer.text, want.text, seen);
  if ('data' in want) {
    assert.equal(answer.json?.status, 'success', seen);
    if (typeof want.data === 'function') want.data(answer.json.data, answer);
    else assert.deepEqual(answer.json.data, want.data, seen);
  }
  if ('warnings' in want) assert.deepEqual(answer.json?.warnings ?? [], want.warnings, seen);
  for (const [name, value] of Object.entries(want.headers ?? {})) {
    const got = answer.headers.get(name);
    if (value instanceof RegExp) assert.match(got ?? '', value, `${name}: ${seen}`);
    else assert.equal(got, value, `${name}: ${seen}`);
  }
}

/**
 * One test per row. A row is { name, to, form, body, ... as ask() takes it; want: what both answer }. `theirs` and `ours` replace
 * keys of `want` where one differs, `why` says why it does. `same: true` wants equal statuses and equal JSON.
 * `peers` gives { name: base } when the test runs; the one called "ours" is ours.
 */
export function table(rows, peers) {
  for (const row of rows)
    it(row.name, { timeout: 60_000 }, async () => {
      const answers = {};
      for (const [who, base] of Object.entries(peers())) {
        answers[who] = await ask(base, row);
        assertAnswer(answers[who], { ...row.want, ...(who === 'ours' ? row.ours : row.theirs) }, who);
      }
      if (!row.same) return;
      const { ours, ...others } = answers;
      for (const [who, theirs] of Object.entries(others)) {
        assert.equal(ours.status, theirs.status, `${who}: ${theirs.text.slice(0, 400)}\nours: ${ours.text.slice(0, 400)}`);
        assert.deepEqual(ours.json, theirs.json, `${who} answers otherwise`);
      }
    });
}
