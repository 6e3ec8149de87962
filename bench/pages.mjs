// pages.mjs - what the pages cost in a real Chromium, asked of a real `algalon host` with a simulated fleet in its store: when the
// first chart is there, how long 64 GPUs over six hours take to draw, whether a thousand tiles drop frames, what a refresh
// fetches, whether anything moves. Prints figures, judges nothing. CPU is that of the page's main thread, drawing included: on a
// machine that does other work too it says more than the time that passed.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, newPage, settled } from '../tests/browser/browser.mjs';
import { Algalon } from '../tests/lib/program.mjs';

const HELP = `bench/pages.mjs [--loads=10] [--seconds=60] [--nodes=125]
  --loads      how often each page is loaded; medians are printed
  --seconds    how long the tiles are watched
  --nodes      machines with 8 GPUs each in the fleet of tiles`;

const options = { loads: 10, seconds: 60, nodes: 125 };
for (const argument of process.argv.slice(2)) {
  const [, name, value] = /^--(\w+)=(\d+)$/.exec(argument) ?? [];
  if (!(name in options)) {
    console.log(HELP);
    process.exit(argument === '--help' ? 0 : 2);
  }
  options[name] = Number(value);
}

const GPUS = 8, STEP_MS = 15_000, HISTORY_MS = 6 * 3600_000, LINES_A_PUSH = 50_000, REFRESH_MS = 5000;
const CHARTED_NODES = 8; // of 8 GPUs: these have six hours of history
const TOTAL_BYTES = 80 * 1024 ** 3;

const wave = (seed, t) => 50 + 45 * Math.sin(t / 300_000 + seed) + 4 * Math.sin(t / 7000 + 3 * seed);

/** One moment of one machine, as an exposition with times. */
function moment(node, t, out) {
  const host = `hostname="node-${String(node).padStart(3, '0')}"`;
  const put = (name, labels, value) => out.push(`${name}{${labels}} ${value} ${t}\n`);
  put('all_smi_up', host, 1);
  put('all_smi_cpu_utilization', host, wave(node, t).toFixed(2));
  put('all_smi_memory_utilization', host, wave(node + 7, t).toFixed(2));
  for (let i = 0; i < GPUS; i++) {
    const use = wave(node * GPUS + i, t);
    const labels = `${host},gpu_index="${i}",gpu_uuid="GPU-${node}-${i}",gpu="NVIDIA H100 80GB HBM3"`;
    put('algalon_gpu_up', labels, 1);
    put('all_smi_gpu_info', labels, 1);
    put('all_smi_gpu_utilization', labels, use.toFixed(2));
    put('all_smi_gpu_memory_used_bytes', labels, Math.round((TOTAL_BYTES * use) / 120));
    put('all_smi_gpu_memory_total_bytes', labels, TOTAL_BYTES);
    put('all_smi_gpu_temperature_celsius', labels, (35 + use / 2.5).toFixed(0));
    put('all_smi_gpu_power_consumption_watts', labels, (90 + use * 6).toFixed(2));
    put('all_smi_gpu_power_limit_current_watts', labels, 700);
  }
}

async function push(host, lines) {
  const answer = await host.import(lines.join(''));
  if (answer.status >= 300) throw new Error(`the store refused samples: ${await answer.text()}`);
}

async function fill(host) {
  const now = Date.now(), lines = [];
  for (let t = now - HISTORY_MS; t <= now; t += STEP_MS) {
    for (let node = 0; node < CHARTED_NODES; node++) moment(node, t, lines);
    if (lines.length > LINES_A_PUSH) await push(host, lines.splice(0));
  }
  await push(host, lines);
}

/** Keeps all machines reporting until `signal` says stop. */
async function report(host, signal) {
  while (!signal.aborted) {
    const lines = [], t = Date.now();
    for (let node = 0; node < options.nodes; node++) moment(node, t, lines);
    await push(host, lines);
    await sleep(REFRESH_MS, null, { signal }).catch(() => {});
  }
}

/** Runs in the page before its scripts: notes answers, strokes on canvases, long tasks, shifts, frames. */
function watch() {
  const seen = { answer: 0, stroke: 0, painted: 0, firstChart: 0, shift: 0, longTasks: [], gaps: [], frames: 0 };
  window.seen = seen;
  const { text } = Response.prototype;
  Response.prototype.text = async function () {
    const got = await text.call(this);
    if (this.url.endsWith('/query_range')) seen.answer = performance.now();
    return got;
  };
  const { stroke } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.stroke = function (...args) {
    stroke.apply(this, args);
    if (seen.stroke <= seen.painted) requestAnimationFrame(() => setTimeout(() => (seen.painted = performance.now())));
    seen.stroke = performance.now();
  };
  new MutationObserver((_, self) => {
    if (!document.querySelector('.chart canvas')) return;
    self.disconnect();
    requestAnimationFrame(() => setTimeout(() => (seen.firstChart = performance.now()))); // painted
  }).observe(document, { childList: true, subtree: true });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => (seen.shift += e.hadRecentInput ? 0 : e.value))).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => seen.longTasks.push(e.duration))).observe({ type: 'longtask', buffered: true });
  let last = 0;
  const frame = (now) => {
    if (last) seen.gaps.push(now - last);
    last = now;
    seen.frames++;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const ms = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

async function watched(browser, look) {
  const tab = await newPage(browser, look);
  await tab.page.addInitScript(watch);
  const session = await tab.context.newCDPSession(tab.page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  tab.cpu = async () => (await session.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value * 1000;
  return tab;
}

const seenOf = (page) => page.evaluate(() => window.seen);

/** Loads a page into a browser that knows nothing of it, and once more with what it then has. */
async function firstCharts(browser, url) {
  const cold = [], warm = [], shifts = [], cpus = [];
  for (let i = 0; i < options.loads; i++) {
    const { page, context, cpu } = await watched(browser);
    for (const to of [cold, warm]) {
      const before = await cpu();
      await page.goto(url, { waitUntil: 'commit' });
      await page.waitForFunction(() => window.seen?.firstChart > 0);
      to.push((await seenOf(page)).firstChart);
      if (to === warm) cpus.push((await cpu()) - before);
      await settled(page);
      shifts.push((await seenOf(page)).shift);
    }
    await context.close();
  }
  return { cold: median(cold), warm: median(warm), cpu: median(cpus), shift: Math.max(...shifts) };
}

/** From the answer's text to the frame after the last stroke, when everything is asked and drawn anew. */
async function bigChart(browser, url) {
  const { page, context, cpu } = await watched(browser);
  await page.goto(url);
  await settled(page);
  const times = [], cpus = [];
  for (let i = 0; i < options.loads; i++) {
    const before = (await seenOf(page)).answer, spent = await cpu();
    await page.keyboard.press('r');
    await page.waitForFunction((t) => window.seen.answer > t && window.seen.painted > window.seen.answer, before);
    await settled(page);
    await page.waitForTimeout(200);
    const { answer, painted } = await seenOf(page);
    times.push(painted - answer);
    cpus.push((await cpu()) - spent);
  }
  await context.close();
  return { time: median(times), cpu: median(cpus) };
}

/** What crosses the wire for the first view and for each refresh after it. */
async function refreshBytes(browser, url) {
  const { page, context } = await watched(browser);
  let bytes = 0, requests = 0;
  page.on('requestfinished', async (request) => {
    if (!/\/api\/v1\//.test(request.url())) return;
    requests++;
    const { responseBodySize } = await request.sizes();
    bytes += responseBodySize;
  });
  await page.goto(url.replace('refresh=off', 'refresh=5s'));
  await settled(page);
  await page.waitForTimeout(1000);
  const first = { bytes, requests };
  bytes = requests = 0;
  await page.waitForTimeout(4 * REFRESH_MS);
  await context.close();
  return { first, each: { bytes: bytes / 4, requests: requests / 4 } };
}

async function tiles(browser, url) {
  const { page, context, cpu } = await watched(browser);
  await page.goto(url.replace('refresh=off', 'refresh=5s'));
  await settled(page);
  await page.waitForTimeout(2 * REFRESH_MS);
  await page.evaluate(() => Object.assign(window.seen, { longTasks: [], gaps: [], frames: 0, shift: 0 }));
  const before = await cpu();
  await page.waitForTimeout(options.seconds * 1000);
  const spent = await cpu();
  const seen = await seenOf(page);
  const count = await page.locator('.stat-tile').count();
  await context.close();
  return { ...seen, count, cpu: ((spent - before) * REFRESH_MS) / (options.seconds * 1000) };
}

const host = await Algalon.start({ command: 'host', args: ['--query.timeout=1m', '--log-level=error'] });
const browser = await launch();
const stop = new AbortController();
let reporting;
try {
  await fill(host);
  reporting = report(host, stop.signal);
  const at = (uid, query) => `${host.web}/d/${uid}?refresh=off&to=now&${query}`;
  row('what', 'figure');
  row('---', '---');
  const gpu = await firstCharts(browser, at('algalon-gpu', 'from=now-15m&var-hostname=node-000'));
  row('first chart of 8 GPUs, nothing in the cache / all of it', `${ms(gpu.cold)} / ${ms(gpu.warm)}`);
  const fleet = await firstCharts(browser, at('algalon-overview', 'from=now-15m'));
  row(`first chart of the fleet page, ${options.nodes * GPUS} GPUs`, `${ms(fleet.cold)} / ${ms(fleet.warm)}`);
  row('CPU until then, with all in the cache: 8 GPUs / the fleet', `${ms(gpu.cpu)} / ${ms(fleet.cpu)}`);
  row('layout shift of both, at most', Math.max(gpu.shift, fleet.shift).toFixed(4));
  const charted = `from=now-6h&${Array.from({ length: CHARTED_NODES }, (_, i) => `var-hostname=node-00${i}`).join('&')}`;
  const big = await bigChart(browser, at('algalon-gpu', `${charted}&viewPanel=5`));
  row(`${CHARTED_NODES * GPUS} GPUs over 6 h in one chart, from the answer to the frame that shows it`, ms(big.time));
  row('CPU of asking for and drawing it anew', ms(big.cpu));
  const wire = await refreshBytes(browser, at('algalon-gpu', charted));
  row(`the GPU page of ${CHARTED_NODES * GPUS} GPUs over 6 h: first view`, `${kb(wire.first.bytes)}, ${wire.first.requests} requests`);
  row('the same, each refresh after it', `${kb(wire.each.bytes)}, ${wire.each.requests.toFixed(1)} requests`);
  const seen = await tiles(browser, at('algalon-overview', 'from=now-15m'));
  const slow = seen.gaps.filter((gap) => gap > 50).length;
  row(`${seen.count} tiles at 5 s for ${options.seconds} s: frames, of which later than 50 ms, the latest`, `${seen.frames}, ${slow}, ${ms(Math.max(...seen.gaps))}`);
  row('CPU a refresh', ms(seen.cpu));
  row('tasks above 50 ms in that time, the longest', `${seen.longTasks.length}, ${ms(Math.max(0, ...seen.longTasks))}`);
  row('layout shift in that time', seen.shift.toFixed(4));
} finally {
  stop.abort();
  await browser.close();
  await reporting?.catch(() => {});
  await host.stop();
}
