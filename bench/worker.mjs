// worker.mjs - what the worker costs: CPU and memory at its usual 5 s, and what one scrape of it takes.
//   node bench/worker.mjs [SECONDS]     default 60
// Prints one table; prometheus-node-exporter, when installed, is measured beside it in the same run (it reads its
// values at each scrape, ours are read once per interval: so both are scraped every 5 s).
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Algalon, Child, freePorts, nvmlSimulator, sleep, temporaryFolder, until } from '../tests/lib/program.mjs';

const seconds = Number(process.argv[2] ?? 60);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const cpuSeconds = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const rssMb = (pid, field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** One GET; resolves to how long it took in ms and what came. */
function scrape(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    http.get(url, { agent, headers }, (response) => {
      let bytes = 0;
      let lines = 0;
      response.on('data', (data) => {
        bytes += data.length;
        if (!headers['accept-encoding']) for (const byte of data) lines += byte === 10;
      });
      response.on('end', () => resolve({ ms: Number(process.hrtime.bigint() - began) / 1e6, bytes, lines }));
    }).on('error', reject);
  });
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
  const share = (100 * (cpuSeconds(pid) - before)) / elapsed;
  const atRest = rssMb(pid, 'VmRSS');
  const burst = 2000;
  const cpuBefore = cpuSeconds(pid);
  const times = [];
  let last;
  for (let i = 0; i < burst; i++) {
    last = await scrape(url);
    times.push(last.ms);
  }
  times.sort((a, b) => a - b);
  const perScrape = (1000 * (cpuSeconds(pid) - cpuBefore)) / burst;
  const body = (await scrape(url)).lines;
  console.log(`${name.padEnd(22)} ${share.toFixed(3).padStart(8)} ${atRest.toFixed(1).padStart(8)} ${times[burst / 2].toFixed(3).padStart(10)} ${times[Math.floor(burst * 0.99)].toFixed(3).padStart(10)} ${perScrape.toFixed(3).padStart(10)} ${String(body).padStart(7)} ${String(last.bytes).padStart(9)}`);
}

const scenario = (gpus) => {
  const file = path.join(temporaryFolder('algalon-bench'), 'bench.scn');
  fs.writeFileSync(file, fs.readFileSync(new URL(`./worker-${gpus}.scn`, import.meta.url)));
  return file;
};

console.log(`${seconds} s each, scraped every 5 s, then 2,000 scrapes in a row on one connection`);
console.log(`${'program'.padEnd(22)} ${'CPU %'.padStart(8)} ${'RSS MB'.padStart(8)} ${'median ms'.padStart(10)} ${'p99 ms'.padStart(10)} ${'CPU ms per'.padStart(10)} ${'lines'.padStart(7)} ${'bytes'.padStart(9)}`);
for (const gpus of [8, 16]) {
  const worker = await Algalon.start({ command: 'worker', args: [`--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: scenario(gpus) } });
  await measure(`algalon, ${gpus} GPUs`, worker.process.pid, `${worker.metrics}/metrics`);
  await worker.stop();
}
if (fs.existsSync('/usr/bin/prometheus-node-exporter')) {
  const [port] = await freePorts(1);
  const peer = new Child('/usr/bin/prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`]);
  await until('node exporter answers', 10, async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).ok);
  await measure('node exporter', peer.process.pid, `http://127.0.0.1:${port}/metrics`);
  await peer.stop();
} else {
  console.log('prometheus-node-exporter is not installed: nothing beside it');
}
agent.destroy();
