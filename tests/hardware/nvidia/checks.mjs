// checks.mjs - what a load of known size must look like: duty cycle, GPM, energy, memory.
import { compareNumber } from './compare.mjs';

const LANES = 128; // fp32 units of a multiprocessor, of every architecture that has GPM

const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : undefined);

/** The value of a series of the GPU in one scrape. */
export function valueOf(scrape, uuid, name, labels = {}) {
  return scrape.find((s) => s.name === name && s.labels.gpu_uuid === uuid && Object.entries(labels).every(([key, value]) => s.labels[key] === value))?.value;
}

/** When the worker read the GPUs that a scrape shows, seconds of Unix time. */
export const readAt = (scrape) => scrape.find((s) => s.name === 'algalon_collector_last_success_timestamp_seconds' && s.labels.collector === 'nvidia')?.value;

/** How long that reading took: the counter was asked within that time before it. */
const tookSeconds = (scrape) => scrape.find((s) => s.name === 'algalon_collector_duration_seconds' && s.labels.collector === 'nvidia')?.value ?? 0;

/** Growth of a counter per second between the first and the last scrape, by the times of the readings. */
function growth(scrapes, uuid, name) {
  const [first, last] = [scrapes[0], scrapes.at(-1)];
  const [from, to] = [valueOf(first, uuid, name), valueOf(last, uuid, name)];
  const seconds = readAt(last) - readAt(first);
  return from === undefined || to === undefined || !(seconds > 0) ? { seconds } : { seconds, grown: to - from, rate: (to - from) / seconds };
}

/** The longest part of the window, from its begin, that is nearest to whole periods: a part of one would show as an error. */
function wholePeriods(scrapes, period) {
  const off = (s) => {
    const span = readAt(s) - readAt(scrapes[0]);
    const periods = Math.round(span / period);
    return periods < 1 ? Infinity : Math.abs(span - periods * period) / span;
  };
  let best = 0;
  scrapes.forEach((s, i) => {
    if (i > 0 && (best === 0 || off(s) <= off(scrapes[best]))) best = i;
  });
  return scrapes.slice(0, best + 1);
}

/** How many readings of the GPUs a scrape has behind it. */
const readings = (scrape) => scrape.find((s) => s.name === 'algalon_collector_readings_total' && s.labels.collector === 'nvidia')?.value;

/** Interval means under a known duty cycle: neither the last sample nor luck may show. */
export function checkDuty({ scrapes: all, uuid, report, period }) {
  const scrapes = wholePeriods(all, period);
  const expected = 100 * Number(report.busy_share);
  const edges = 6; // points
  const { rate, seconds } = growth(scrapes, uuid, 'algalon_gpu_busy_seconds_total');
  // Each reading speaks of the time since the one before it: of one that no scrape saw nothing is known.
  const spans = scrapes.slice(1).map((s, i) => [s, scrapes[i]]).filter(([s, before]) => readings(s) - readings(before) === 1)
    .map(([s, before]) => [readAt(s) - readAt(before), valueOf(s, uuid, 'all_smi_gpu_utilization')]).filter(([, v]) => v !== undefined);
  const covered = spans.reduce((sum, [span]) => sum + span, 0);
  const missed = seconds > 0 ? Math.max(0, 1 - covered / seconds) : 0;
  const tolerance = { absolute: edges, why: `${edges} points: the samples' edges` };
  const seen = missed < 0.001 ? tolerance : { absolute: edges + 100 * missed, why: `${edges} points: the samples' edges; ${(100 * missed).toFixed(0)} % of the time lies in readings that no scrape saw` };
  return [
    compareNumber({ field: 'duty cycle: busy seconds', source: 'worker', ours: rate === undefined ? undefined : 100 * rate, expected, unit: '%', tolerance }),
    compareNumber({ field: 'duty cycle: mean utilisation', source: 'worker', ours: covered > 0 ? spans.reduce((sum, [span, v]) => sum + span * v, 0) / covered : undefined, expected, unit: '%', tolerance: seen }),
  ];
}

/** The energy counter against the power that nvidia-smi showed meanwhile. */
export function checkEnergy({ scrapes, uuid, power }) {
  const { seconds, grown } = growth(scrapes, uuid, 'all_smi_energy_consumed_joules_total');
  const begin = readAt(scrapes[0]), end = begin + seconds;
  const notes = power.filter(([at, watts]) => at >= begin && at <= end && Number.isFinite(watts));
  let joules = 0, covered = 0;
  for (let i = 1; i < notes.length; i++) {
    const step = notes[i][0] - notes[i - 1][0];
    joules += ((notes[i][1] + notes[i - 1][1]) / 2) * step;
    covered += step;
  }
  // What lies before the first note and after the last counts with the mean of the rest.
  const expected = covered > 0.5 * seconds ? (joules * seconds) / covered : NaN;
  const slack = ((0.1 + tookSeconds(scrapes[0]) + tookSeconds(scrapes.at(-1))) * expected) / seconds;
  return [compareNumber({ field: 'energy over the window', source: 'worker', ours: grown, expected, unit: 'J', tolerance: { absolute: 0.05 * expected + slack, why: '5 %, what 100 ms use, for power is noted that often, and how long the readings took' } })];
}

/** The load's memory shows as growth; its context takes some more. */
export function checkMemory({ scrapes, uuid, idleBytes, loadMib }) {
  const used = valueOf(scrapes.at(-1), uuid, 'all_smi_gpu_memory_used_bytes');
  const room = 512;
  return [compareNumber({
    field: 'memory that the load took', source: 'worker', ours: used === undefined || idleBytes === undefined ? undefined : (used - idleBytes) / 2 ** 20,
    expected: loadMib + room, unit: 'MiB', tolerance: { absolute: room, why: `${loadMib} MiB and up to ${2 * room} for the context` },
  })];
}

/** GPM against what the kernel really did in that time. `clocks` are nvidia-smi's SM clocks, MHz. */
export function checkGpm({ scrapes, uuid, report, clocks, kernel }) {
  const gpm = (name) => mean(scrapes.map((s) => valueOf(s, uuid, `algalon_gpu_prof_${name}`)).filter((v) => v !== undefined));
  const row = (name, expected, absolute, why) => compareNumber({ field: `GPM ${name} (${kernel})`, source: 'worker', ours: gpm(name), expected, tolerance: { absolute, why } });
  const busy = Number(report.busy_share);
  const small = [0.05, '0.05: next to nothing'];
  const rows = [row('graphics_active', busy, 0.05, '0.05: gaps between kernels'), row('sm_active', busy, 0.1, '0.1: gaps, and the last blocks of a kernel')];
  if (kernel === 'fma') {
    const most = Number(report.multiprocessors) * LANES * mean(clocks) * 1e6;
    rows.push(
      row('sm_occupancy', busy, 0.15, '0.15: every warp slot is filled'),
      row('fp32_active', Number(report.fma_per_second) / most, 0.1, '0.1: of FMAs done / (SMs x 128 x SM clock)'),
      row('dram_active', 0, ...small),
    );
  } else {
    const most = 2 * Number(report.memory_clock_khz) * 1e3 * (Number(report.memory_bus_bits) / 8);
    rows.push(row('dram_active', Number(report.bytes_per_second) / most, 0.1, '0.1: of bytes moved / (2 x memory clock x bus)'), row('fp32_active', 0, ...small));
  }
  return [...rows, row('tensor_active', 0, ...small), row('fp64_active', 0, ...small), row('fp16_active', 0, ...small)];
}
