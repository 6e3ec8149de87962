// worker.mjs - what the worker costs: CPU and memory at its usual 5 s, and what one scrape of it takes.
//   node bench/worker.mjs [SECONDS]     default 60
// Prints one table, and the ratios to prometheus-node-exporter, which is measured in the same run when it is installed
// (it reads its values at each scrape, ours are read once per interval: so both are scraped every 5 s).
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Algalon, Child, freePorts, nvmlSimulator, sleep, temporaryFolder, until } from '../tests/lib/program.mjs';

const seconds = Number(process.argv[2] ?? 60);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** CPU time of all threads alive, by the scheduler's own count in nanoseconds: ticks of 10 ms are too coarse here. */
const cpuSeconds = (pid) => fs.readdirSync(`/proc/${pid}/task`)
  .reduce((sum, task) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0) / 1e9;
const rssMb = (pid, field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** One GET; resolves to how long it took in ms and how many bytes came. */
function scrape(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    http.get(url, { agent, headers }, (response) => {
      let bytes = 0;
      response.on('data', (data) => (bytes += data.length));
      response.on('end', () => resolve({ ms: Number(process.hrtime.bigint() - began) / 1e6, bytes }));
    }).on('error', reject);
  });
}

/** Many scrapes in a row: median and p99 in ms, CPU of the server for each. */
async function burst(pid, url, headers) {
  const count = 2000;
  const cpu = cpuSeconds(pid);
  const times = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const one = await scrape(url, headers);
    times.push(one.ms);
    bytes = one.bytes;
  }
  times.sort((a, b) => a - b);
  return { median: times[count / 2], p99: times[Math.floor(count * 0.99)], cpu: (1000 * (cpuSeconds(pid) - cpu)) / count, bytes };
}

function row([name, ...cells]) {
  console.log(name.padEnd(24) + cells.map((cell) => String(cell).padStart(11)).join(''));
}

async function measure(name, pid, url) {
  await sleep(6000);
  const before = cpuSeconds(pid);
  const began = Date.now();
  while (Date.now() - began < seconds * 1000) {
    await scrape(url);
    await sleep(5000);
  }
  const elapsed = (Date.now() - began) / 1000;
  const share = (100 * (cpuSeconds(pid) - before)) / elapsed; // of one core: reading, rendering and the scrapes
  const atRest = rssMb(pid, 'VmRSS');
  const samples = (await (await fetch(url)).text()).split('\n').filter((line) => line && line[0] !== '#').length;
  const found = { name, rss: atRest, share, samples };
  for (const [form, headers] of [['plain', {}], ['gzip', { 'accept-encoding': 'gzip' }]]) {
    const { median, p99, cpu, bytes } = await burst(pid, url, headers);
    row([`${name}, ${form}`, share.toFixed(3), atRest.toFixed(1), median.toFixed(3), p99.toFixed(3), cpu.toFixed(3), samples, bytes]);
    found[form] = cpu;
  }
  return found;
}

/** A line of how much of what the peer takes ours takes. */
function compare(ours, peer) {
  const ratio = (a, b) => (a / b).toFixed(a / b < 0.1 ? 3 : 2);
  console.log(`${ours.name}, as a share of ${peer.name}: resident memory ${ratio(ours.rss, peer.rss)} (per sample ${ratio(ours.rss / ours.samples, peer.rss / peer.samples)}), ` +
    `CPU of a plain scrape ${ratio(ours.plain, peer.plain)} (per sample ${ratio(ours.plain / ours.samples, peer.plain / peer.samples)}), of a gzip scrape ${ratio(ours.gzip, peer.gzip)}, ` +
    `CPU at one scrape in 5 s, reading included, ${ratio(ours.share, peer.share)} (per sample ${ratio(ours.share / ours.samples, peer.share / peer.samples)})`);
}

const scenario = (gpus) => {
  const file = path.join(temporaryFolder('algalon-bench'), 'bench.scn');
  fs.writeFileSync(file, fs.readFileSync(new URL(`./worker-${gpus}.scn`, import.meta.url)));
  return file;
};

console.log(`${seconds} s each, scraped every 5 s, then 2,000 scrapes in a row on one connection`);
row(['program', 'CPU %', 'RSS MB', 'median ms', 'p99 ms', 'CPU ms per', 'samples', 'bytes']);
const ours = [];
for (const gpus of [8, 16]) {
  const worker = await Algalon.start({ command: 'worker', args: [`--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: scenario(gpus) } });
  ours.push(await measure(`algalon, ${gpus} GPUs`, worker.process.pid, `${worker.metrics}/metrics`));
  await worker.stop();
}
if (fs.existsSync('/usr/bin/prometheus-node-exporter')) {
  const [port] = await freePorts(1);
  const peer = new Child('/usr/bin/prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`]);
  await until('node exporter answers', 10, async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).ok);
  const theirs = await measure('node exporter', peer.process.pid, `http://127.0.0.1:${port}/metrics`);
  await peer.stop();
  console.log();
  for (const one of ours) compare(one, theirs);
} else {
  console.log('prometheus-node-exporter is not installed: nothing beside it');
}
agent.destroy();
