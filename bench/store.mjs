// store.mjs - the store beside victoria-metrics and prometheus: the same samples by remote write into each, one after the other in one
// run; then disk, memory, a start after a kill, and dashboard queries, whose answers must be prometheus's. Prints figures and ratios;
// those of one run may be compared, no others. Ends with 1 when an answer differs.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, freePorts, run, temporaryFolder } from '../tests/lib/program.mjs';

const HELP = `bench/store.mjs [--nodes=2] [--hours=6] [--step=5] [--digits=2] [--rounds=5]
  --nodes    how many GPU nodes of 1,155 series
  --hours    of history, up to now
  --step     seconds between two samples of a series
  --digits   decimals of shares and watts: 2 as the worker prints them, 17 as programs do that do not round
  --rounds   how often each query is asked`;

const options = { nodes: 2, hours: 6, step: 5, digits: 2, rounds: 5 };
for (const argument of process.argv.slice(2)) {
  const [, name, value] = /^--(\w+)=([\d.]+)$/.exec(argument) ?? [];
  if (!(name in options)) {
    console.log(HELP);
    process.exit(argument === '--help' ? 0 : 2);
  }
  options[name] = Number(value);
}

// ---- samples ----

// Chris Doty-Humphrey's sfc32: a generator of short period repeats itself within a block, which no hardware does and a packer finds.
const state = new Uint32Array([1, 2, 3, 1]);

function bits32() {
  const [a, b, c, count] = state;
  state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + a + b + count, count + 1]);
  return (a + b + count) >>> 0;
}

for (let n = 0; n < 16; n++) bits32();
const uniform = () => ((bits32() >>> 5) * 67108864 + (bits32() >>> 6)) / 9007199254740992;
const normal = () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(6.283185307179586 * uniform());
const round = (value) => (options.digits > 15 ? value : Math.round(value * 10 ** options.digits) / 10 ** options.digits);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// What the series of a node do, and how many of them do it: as store_bench.c has it.
const kinds = [
  ['limit', 520, (s) => s.level],
  ['state', 120, (s) => (s.value += uniform() < 0.02 ? Math.round(4 * normal()) : 0)],
  ['percent', 70, (s) => Math.round((s.value = clamp(s.value + 3 * normal(), 0, 100)))],
  ['share', 90, (s) => round((s.value = clamp(s.value + 0.02 * normal(), 0, 1)))],
  ['watts', 60, (s) => round(s.level + 12 * normal())],
  ['bytes', 70, (s) => 4096 * Math.round((s.value = clamp(s.value + (uniform() < 0.3 ? 200 * normal() : 0), 0, 2e7)))],
  ['packets_total', 110, (s) => (s.value += uniform() < 0.3 ? 0 : Math.round(-s.level * Math.log(uniform() + 1e-12)))],
  ['energy_total', 15, (s) => (s.value += Math.round(s.level * (5000 + 60 * normal())))],
  ['cpu_seconds_total', 100, (s) => Math.round((s.value += s.level * uniform()) * 100) / 100],
];

const text = (number, value) => Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), Buffer.from(value)]);

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

const message = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);

function makeSeries() {
  const series = [];
  for (let node = 0; node < options.nodes; node++)
    for (const [kind, count, next] of kinds)
      for (let i = 0; i < count; i++) {
        const labels = { __name__: `bench_${kind}`, gpu: String(i % 8), instance: `gpu-node-${node}:9400`, job: 'bench', part: String(Math.floor(i / 8)) };
        const head = Buffer.concat(Object.entries(labels).map(([name, value]) => message(1, Buffer.concat([text(1, name), text(2, value)]))));
        series.push({ node, kind, head, next, level: Math.round(Math.exp(6 * uniform())), value: kind === 'share' ? uniform() : (kind.endsWith('_total') ? 1e9 : 0) + Math.round(Math.exp(10 * uniform())) });
      }
  return series;
}

/** A Snappy block that holds `bytes` as literals of up to 64 KB. */
function snappy(bytes) {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65536) {
    const part = bytes.subarray(at, at + 65536);
    parts.push(Buffer.from([61 << 2, (part.length - 1) & 255, (part.length - 1) >> 8]), part);
  }
  return Buffer.concat(parts);
}

/** Requests in order of time: 60 samples of each series of one node. No sample stands on a whole second: a range that ends there takes
 * it in or not as versions of PromQL have it. */
function makeRequests(end) {
  const series = makeSeries(), rows = Math.floor((options.hours * 3600) / options.step), requests = [];
  const kept = series.filter((s, i) => s.kind === 'share' && series[i - 1].kind !== 'share').map((s) => ({ s, node: s.node, values: [] }));
  for (let from = 0; from < rows; from += 60)
    for (let node = 0; node < options.nodes; node++) {
      const parts = [];
      for (const s of series.filter((one) => one.node === node)) {
        const samples = Buffer.alloc(18 * Math.min(60, rows - from));
        for (let at = 0, row = from; at < samples.length; at += 18, row++) {
          samples.set([0x12, 16, 0x09], at);
          const value = s.next(s), ms = end - 1234 - (rows - 1 - row) * options.step * 1000;
          samples.writeDoubleLE(value, at + 3);
          samples[at + 11] = 0x10;
          varint(ms).copy(samples, at + 12);
          kept.find((one) => one.s === s)?.values.push([ms, value]);
        }
        parts.push(message(1, Buffer.concat([s.head, samples])));
      }
      requests.push(snappy(Buffer.concat(parts)));
    }
  return { requests, kept, series: series.length, samples: series.length * rows };
}

// ---- programs ----

const ticks = Number(run('getconf', ['CLK_TCK']).out) || 100;

function cost(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const resident = Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
  return { cpu: (Number(fields[11]) + Number(fields[12])) / ticks, resident };
}

/** Bytes on disk, less what can be made again. */
const diskUse = (dir) => Number(run('du', ['-s', '--block-size=1', '--exclude=cache', dir]).out.split('\t')[0]);

async function start(system) {
  const child = spawn(system.command[0], system.command.slice(1), { stdio: 'ignore' });
  const begun = performance.now();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${system.name} ended with ${child.exitCode}`);
    try {
      if ((await fetch(`${system.base}${system.ready}`)).status === 200) return { child, ms: performance.now() - begun };
    } catch {
      // not listening yet
    }
    if (performance.now() - begun > 60_000) throw new Error(`${system.name} is not ready within a minute`);
    await sleep(2);
  }
}

async function stop(child, signal) {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill(signal);
  await ended;
}

async function write(system, requests) {
  for (const body of requests) {
    const response = await fetch(`${system.base}/api/v1/write`, {
      method: 'POST', body,
      headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy', 'X-Prometheus-Remote-Write-Version': '0.1.0' },
    });
    if (response.status >= 300) throw new Error(`${system.name}: ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
}

const expressions = [
  'bench_percent{gpu="0"}', 'avg by (instance) (bench_share)', 'max by (gpu) (bench_watts)', 'sum(bench_bytes)', 'topk(5, bench_watts)',
  'sum by (instance) (rate(bench_packets_total[5m]))', 'rate(bench_energy_total[5m])', 'avg(rate(bench_cpu_seconds_total[2m])) by (gpu)', 'max_over_time(bench_percent{gpu="1"}[10m])',
  'avg_over_time(bench_share{gpu="2"}[10m])', 'count by (job) (bench_state)', 'quantile(0.9, bench_watts)', 'bench_limit{part="3"}',
  'sum(increase(bench_packets_total[15m])) / sum(increase(bench_cpu_seconds_total[15m]))', 'count(bench_percent > 50)', 'changes(bench_state{gpu="3"}[15m])',
];

/** Every question over 15 minutes, then over all hours; the first answers, all times and the processor's, in ms. */
async function ask(system, pid, end) {
  const told = { answers: [] };
  for (const [span, hours, step] of [['short', 0.25, 15], ['long', options.hours, 60]]) {
    const times = [], before = cost(pid).cpu, last = Math.floor(end / 1000);
    for (let n = 0; n < options.rounds; n++)
      for (const expr of expressions) {
        const begun = performance.now();
        const response = await fetch(`${system.base}/api/v1/query_range`, { method: 'POST', body: new URLSearchParams({ query: expr, start: last - hours * 3600, end: last, step }) });
        const body = await response.json();
        times.push(performance.now() - begun);
        if (n === 0) told.answers.push([`${expr} over ${hours} h`, body]);
      }
    told[span] = { times, cpu: ((cost(pid).cpu - before) * 1000) / times.length };
  }
  return told;
}

function differs(a, b) {
  if (a.status !== 'success' || b.status !== 'success') return `${a.error ?? 'answered'} / ${b.error ?? 'answered'}`;
  const other = new Map(b.data.result.map((r) => [JSON.stringify(Object.entries(r.metric).sort()), r.values]));
  if (other.size !== a.data.result.length) return `${a.data.result.length} / ${other.size} series`;
  for (const { metric, values } of a.data.result) {
    const want = other.get(JSON.stringify(Object.entries(metric).sort()));
    if (!want || want.length !== values.length) return `${JSON.stringify(metric)}: ${values.length} / ${want?.length} values`;
    for (let i = 0; i < values.length; i++)
      if (values[i][0] !== want[i][0] || Math.abs(values[i][1] - want[i][1]) > 1e-9 * Math.max(Math.abs(want[i][1]), 1e-9))
        return `${JSON.stringify(metric)} at ${values[i][0]}: ${values[i][1]} / ${want[i][1]}`;
  }
  return undefined;
}

const percentile = (all, p) => [...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * p))];

/** Has the program merge what it keeps, and waits until it did. */
async function settle(system) {
  for (const what of system.settle ?? []) {
    const response = await fetch(`${system.base}${what}`);
    if (response.status !== 200) throw new Error(`${system.name}: ${what}: ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
  if (!system.settling) return;
  const begun = performance.now();
  do {
    if (performance.now() - begun > 300_000) throw new Error(`${system.name} is not settled within five minutes`);
    await sleep(500);
  } while (system.settling.test(await (await fetch(`${system.base}/metrics`)).text()));
}

/** The series that an instant query gives. */
async function instant(system, query, end) {
  const response = await fetch(`${system.base}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query, time: end / 1000 }) });
  const answer = await response.json();
  if (answer.status !== 'success') throw new Error(`${system.name}: ${query}: ${answer.error}`);
  return answer.data.result;
}

/** How many samples there are. */
async function count(system, end) {
  let all = 0;
  for (const [kind] of kinds) all += Number((await instant(system, `sum(count_over_time(bench_${kind}[${options.hours + 1}h]))`, end))[0]?.value[1] ?? 0);
  return all;
}

/** How many of the samples of the first share of each node come back as they were written, in percent. */
async function exact(system, load, end) {
  let same = 0, all = 0;
  for (const { node, values } of load.kept) {
    const query = `bench_share{instance="gpu-node-${node}:9400",gpu="0",part="0"}[${options.hours + 1}h]`;
    const got = new Map((await instant(system, query, end))[0]?.values ?? []);
    for (const [ms, value] of values) {
      all++;
      same += Number(got.get(ms / 1000)) === value;
    }
  }
  return (100 * same) / all;
}

async function measure(system, load, end) {
  let { child } = await start(system);
  try {
    const before = cost(child.pid).cpu;
    await write(system, load.requests);
    await sleep(2000); // what was put off
    const after = cost(child.pid);
    const { answers, short, long } = await ask(system, child.pid, end);
    const unchanged = await exact(system, load, end);
    await stop(child, 'SIGKILL');
    const again = await start(system);
    child = again.child;
    await settle(system);
    const left = await count(system, end);
    await stop(child, 'SIGTERM');
    return {
      name: system.name, answers,
      figures: [
        ['backfill, CPU s per million samples', ((after.cpu - before) / load.samples) * 1e6], ['resident bytes per series', after.resident / load.series],
        ['lost by the kill, % of the samples', 100 * (1 - left / load.samples)],
        ['disk bytes per sample left, settled', diskUse(system.dir) / left], ['start to ready after a kill, ms', again.ms],
        ['shares that come back bit for bit, %', unchanged],
        ['query over 15 min: CPU ms', short.cpu], ['  ms, median', percentile(short.times, 0.5)], ['  ms, p99', percentile(short.times, 0.99)],
        [`query over ${options.hours} h: CPU ms`, long.cpu], ['  ms, median', percentile(long.times, 0.5)], ['  ms, p99', percentile(long.times, 0.99)],
      ],
    };
  } finally {
    if (child.exitCode === null && child.signalCode === null) await stop(child, 'SIGKILL');
  }
}

const dir = temporaryFolder('algalon-bench');
const ports = await freePorts(3);
const systems = [['algalon', 0], ['victoria-metrics', 1], ['prometheus', 2]].map(([name, i]) => ({ name, dir: path.join(dir, name), at: `127.0.0.1:${ports[i]}`, base: `http://127.0.0.1:${ports[i]}` }));
const [ours, victoria, prometheus] = systems;
Object.assign(ours, { ready: '/-/ready', settle: ['/internal/force_merge'], settling: /^algalon_store_settle_requested 1$/m, command: [binary, 'host', '--config=', '--web.enable-admin-api', `--data-dir=${ours.dir}`, `--listen-api=${ours.at}`, '--listen-web='] });
Object.assign(victoria, { ready: '/health', settle: ['/internal/force_flush', '/internal/force_merge'], settling: /^vm_active_force_merges [1-9]|^vm_active_merges{[^}]*} [1-9]/m, command: ['victoria-metrics', `-storageDataPath=${victoria.dir}`, `-httpListenAddr=${victoria.at}`, '-search.disableCache', '-search.latencyOffset=0s'] });
fs.writeFileSync(path.join(dir, 'prometheus.yml'), '');
Object.assign(prometheus, { ready: '/-/ready', command: ['prometheus', `--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${prometheus.dir}`, `--web.listen-address=${prometheus.at}`, '--web.enable-remote-write-receiver', '--log.level=error'] });
const version = { 'victoria-metrics': ['-version'], prometheus: ['--version'] };

const end = Math.floor(Date.now() / 60_000) * 60_000;
const load = makeRequests(end);
console.log(`${options.nodes} nodes, ${load.series} series, ${options.hours} h at ${options.step} s: ${load.samples} samples; shares with ${options.digits} decimals`);
const results = [];
for (const system of systems) {
  const told = version[system.name] && run(system.command[0], version[system.name]);
  if (told && told.code !== 0) {
    console.log(`${system.name} is not installed: left out`);
    continue;
  }
  results.push(await measure(system, load, end));
  if (told) console.log(`${system.name}: ${(told.out + told.err).trim().split('\n')[0] || 'tells no version'}`);
}
console.log(`${''.padEnd(38)}${results.map((r) => r.name.padEnd(26)).join('')}`);
results[0].figures.forEach(([what, own], i) => {
  const cells = results.map((r) => r.figures[i][1]).map((value, k) => `${value.toPrecision(3)}${k && own ? ` (${(value / own).toFixed(2)} x)` : ''}`.padEnd(26));
  console.log(`${what.padEnd(38)}${cells.join('')}`);
});
const peer = results.find((r) => r.name === 'prometheus');
let wrong = 0;
results[0].answers.forEach(([what, answer], i) => {
  const why = peer && differs(answer, peer.answers[i][1]);
  if (!why) return;
  wrong++;
  console.log(`differs from prometheus: ${what}: ${why}`);
});
if (peer && !wrong) console.log(`all ${peer.answers.length} answers are prometheus's`);
process.exitCode = wrong ? 1 : 0;
