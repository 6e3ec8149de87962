// scrape.mjs - the cost of scraping and keeping: simulated targets, scraped by algalon host, by vmagent into victoria-metrics and
// by prometheus, one after the other in one run, for each number of targets. Prints figures and ratios; those of one run may be
// compared, no others.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, freePorts, run, temporaryFolder } from '../tests/lib/program.mjs';

const HELP = `bench/scrape.mjs [--targets=100,400,1000] [--series=1200] [--interval=5] [--seconds=60] [--warm=75] [--churn=0.02] [--gzip=1]
  --targets, --series   how many targets (several numbers: one after the other) of how many series
  --interval            seconds between two scrapes of a target
  --warm, --seconds     how long each program runs before and while it is measured
  --churn               share of a target's series that end and begin anew each 15 s, as processes do
  --gzip                1: targets compress for who asks for it, as exporters do; 0: they never do`;

const options = { targets: [100, 400, 1000], series: 1200, interval: 5, seconds: 60, warm: 75, churn: 0.02, gzip: 1 };
for (const argument of process.argv.slice(2)) {
  const [, name, value] = /^--(\w+)=([\d.,]+)$/.exec(argument) ?? [];
  if (!(name in options)) {
    console.log(HELP);
    process.exit(argument === '--help' ? 0 : 2);
  }
  options[name] = name === 'targets' ? value.split(',').map(Number) : Number(value);
}

/** A page of samples: gauges with two decimals and counters, of which the last ones belong to processes that change. */
function page(round, generation) {
  const lines = ['# TYPE gpu_value gauge\n'], gone = Math.round(options.series * options.churn);
  for (let i = 0; i < options.series; i++) {
    const pid = i < gone ? 1000 + generation * gone + i : i;
    lines.push(`gpu_value_${i % 60}{gpu="${Math.trunc(i / 60) % 8}",uuid="GPU-${i % 8}a1b2c3d4",pid="${pid}",name="a name of usual length"} ${i % 3 ? ((i * 7 + round * 13) % 10_000) / 100 : round * 1000 + i}\n`);
  }
  return lines.join('');
}

/** The address of loopback that is target `i`: each has its own, as machines have. */
const address = (i) => `127.1.${Math.trunc(i / 250)}.${1 + (i % 250)}`;

/** The targets: all say the same, in eight versions that follow each other. */
async function startTargets(count) {
  const state = { scrapes: 0, seen: new Set(), pages: [], generation: 0 };
  const render = () => (state.pages = Array.from({ length: 8 }, (_, round) => {
    const plain = Buffer.from(page(round + state.generation * 8, state.generation));
    return { plain, gzip: options.gzip ? zlib.gzipSync(plain) : undefined };
  }));
  render();
  state.timer = setInterval(() => {
    state.generation++;
    render();
  }, 15_000);
  state.port = (await freePorts(1))[0];
  const answer = (request, response) => {
    const { plain, gzip } = state.pages[state.scrapes++ % 8];
    const packed = gzip && /\bgzip\b/.test(request.headers['accept-encoding'] ?? ''), body = packed ? gzip : plain;
    state.seen.add(request.socket.localAddress);
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': body.length, ...(packed ? { 'Content-Encoding': 'gzip' } : {}) });
    response.end(body);
  };
  state.servers = Array.from({ length: count }, () => http.createServer({ keepAliveTimeout: 60_000 }, answer));
  await Promise.all(state.servers.map((server, i) => new Promise((resolve, reject) => server.once('error', reject).listen(state.port, address(i), resolve))));
  return state;
}

const ticks = Number(run('getconf', ['CLK_TCK']).out) || 100;

/** Processor seconds and resident bytes of a process. */
function cost(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const resident = Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
  return { cpu: (Number(fields[11]) + Number(fields[12])) / ticks, resident };
}

const sum = (pids) => pids.map(cost).reduce((a, b) => ({ cpu: a.cpu + b.cpu, resident: a.resident + b.resident }));
const diskUse = (dir) => Number(run('du', ['-sb', dir]).out.split('\t')[0]);

/** `commands` while they scrape `targets`. New series: what it took until each target was scraped once. */
async function measure(name, commands, targets, dir) {
  const count = targets.servers.length;
  fs.mkdirSync(dir, { recursive: true });
  const children = commands.map(([command, ...args]) => spawn(command, args, { stdio: 'ignore', cwd: dir }));
  try {
    const pids = children.map((child) => child.pid);
    const warm = Date.now() + options.warm * 1000;
    while (targets.seen.size < count && Date.now() < warm + 60_000) await sleep(50);
    await sleep(500); // what was fetched is taken
    const fresh = (sum(pids).cpu / (count * options.series)) * 1e6;
    await sleep(Math.max(0, warm - Date.now()));
    const before = sum(pids), scrapes = targets.scrapes;
    await sleep(options.seconds * 1000);
    const after = sum(pids), taken = targets.scrapes - scrapes;
    const samples = taken * options.series;
    return {
      name, scrapes: taken, wanted: Math.round((count * options.seconds) / options.interval), fresh,
      cpu: ((after.cpu - before.cpu) / samples) * 1e6, resident: after.resident / (count * options.series),
      disk: diskUse(dir) / (targets.scrapes - scrapes + (scrapes - targets.first)) / options.series,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once('close', resolve))));
  }
}

const version = (program, flag) => (run(program, [flag]).out + run(program, [flag]).err).trim().split('\n')[0];

/** All programs with so many targets, one after the other. */
async function compare(count) {
  const dir = temporaryFolder('algalon-bench'), targets = await startTargets(count), ports = await freePorts(5);
  const config = path.join(dir, 'prometheus.yml'), at = (i) => `127.0.0.1:${ports[i]}`;
  fs.writeFileSync(config, `
global: {scrape_interval: ${options.interval}s, scrape_timeout: ${Math.min(options.interval, 10)}s}
scrape_configs:
- job_name: bench
  static_configs:
  - targets: [${Array.from({ length: count }, (_, i) => `'${address(i)}:${targets.port}'`).join(', ')}]
`);
  const systems = [['algalon host', [[binary, 'host', '--config=', `--data-dir=${dir}/algalon`, `--scrape-config=${config}`, `--listen-api=${at(0)}`, '--listen-web=']], 'algalon']];
  if (run('vmagent', ['-version']).code === 0 && run('victoria-metrics', ['-version']).code === 0) {
    const store = (folder, port) => ['victoria-metrics', `-storageDataPath=${dir}/${folder}/store`, `-httpListenAddr=${at(port)}`];
    systems.push(['vmagent + victoria-metrics', [
      store('vm', 1),
      ['vmagent', `-promscrape.config=${config}`, `-httpListenAddr=${at(2)}`, `-remoteWrite.tmpDataPath=${dir}/vm/queue`, `-remoteWrite.url=http://${at(1)}/api/v1/write`, '-promscrape.suppressScrapeErrors'],
    ], 'vm']);
    systems.push(['victoria-metrics', [[...store('alone', 4), `-promscrape.config=${config}`, '-promscrape.suppressScrapeErrors']], 'alone']);
  }
  if (run('prometheus', ['--version']).code === 0)
    systems.push(['prometheus', [['prometheus', `--config.file=${config}`, `--storage.tsdb.path=${dir}/prometheus`, `--web.listen-address=${at(3)}`, '--log.level=error']], 'prometheus']);
  const results = [];
  for (const [name, commands, folder] of systems) {
    targets.first = targets.scrapes;
    targets.seen.clear();
    results.push(await measure(name, commands, targets, path.join(dir, folder)));
  }
  clearInterval(targets.timer);
  for (const server of targets.servers) {
    server.closeAllConnections();
    server.close();
  }
  fs.rmSync(dir, { recursive: true, force: true });
  return results;
}

function print(count, results) {
  const [own] = results, cell = (value, ours, digits) => `${value.toFixed(digits)}${value === ours ? '' : ` (${(value / ours).toFixed(1)} x)`}`;
  console.log(`\n${count} targets of ${options.series} series every ${options.interval} s, ${options.churn * 100} % of them new each 15 s, ${options.gzip ? 'gzip where asked for' : 'plain'}; ${options.seconds} s after ${options.warm} s`);
  console.log('program                        scrapes (wanted)   CPU s per million samples   a million new series, CPU s   resident bytes per series   disk bytes per sample');
  for (const r of results)
    console.log(`${r.name.padEnd(30)} ${`${r.scrapes} (${r.wanted})`.padEnd(18)} ${cell(r.cpu, own.cpu, 2).padEnd(27)} ${cell(r.fresh, own.fresh, 1).padEnd(28)} ${cell(r.resident, own.resident, 0).padEnd(27)} ${cell(r.disk, own.disk, 2)}`);
}

for (const [program, flag] of [['vmagent', '-version'], ['victoria-metrics', '-version'], ['prometheus', '--version']])
  console.log(run(program, [flag]).code === 0 ? version(program, flag) || `${program} tells no version` : `${program} is not installed: left out`);
for (const count of options.targets) print(count, await compare(count));
