#!/usr/bin/env node
// verify.mjs - on a machine with a real NVIDIA GPU: does Algalon say what nvidia-smi says? See docs/hardware/README.md.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build as builtHere, temporaryFolder } from '../../lib/program.mjs';
import { checkDuty, checkEnergy, checkGpm, checkMemory, readAt, valueOf } from './checks.mjs';
import { compareField, isGood, table } from './compare.mjs';
import { fields } from './fields.mjs';
import { Load, Missing, Program, Smi, sleep } from './machine.mjs';
import { SIMULATED_PERIOD, loadReport, writeScenario } from './simulated.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const LOAD_MIB = 1024;
const PHASES = {
  idle: { title: 'without a load of ours' },
  load: { title: 'fp32 multiply-add on every multiprocessor', kernel: 'fma', options: ['--kernel=fma', `--memory=${LOAD_MIB}`] },
  copy: { title: 'copying device memory', kernel: 'copy', options: ['--kernel=copy', `--memory=${LOAD_MIB}`] },
  duty: { title: 'working 40 % of each two seconds', options: ['--kernel=fma', '--duty=40', '--period-ms=2000', `--memory=${LOAD_MIB}`] },
};
const USAGE = `Usage: tests/hardware/nvidia/verify.mjs [OPTION]...

Compares what algalon snapshot and algalon worker say of one NVIDIA GPU with nvidia-smi, idle and under known loads.

  --gpu=N                which GPU, as nvidia-smi counts [0]
  --phases=NAME,...      what to do: ${Object.keys(PHASES).join(', ')} [all]
  --seconds=S            length of the window of each phase, 3 to 600 [20]
  --build=DIR            where algalon and nvidia-load were built [build]
  --nvidia-smi=FILE      the program to compare with [nvidia-smi]
  --nvml-library=FILE    NVML library for algalon instead of the driver's
  --out=FILE             also write the output there, as Markdown
  --simulated            no GPU: NVML's simulator and an imitation of nvidia-smi; checks this script, not the hardware
  --simulated-fault=LINE one more line for the simulator's scenario, as: fault value gpu=0 field=pstate value=5
  --help                 print this

Exit codes: 0 everything agrees, 1 something differs, 2 it could not be checked.
`;

function options() {
  const names = { gpu: '0', phases: Object.keys(PHASES).join(','), seconds: undefined, build: builtHere, 'nvidia-smi': 'nvidia-smi', 'nvml-library': undefined, out: undefined, 'simulated-fault': undefined };
  let values;
  try {
    ({ values } = parseArgs({ options: { ...Object.fromEntries(Object.keys(names).map((name) => [name, { type: 'string' }])), simulated: { type: 'boolean' }, help: { type: 'boolean' } } }));
  } catch (error) {
    throw new Missing(`${error.message}; --help shows the options`);
  }
  const chosen = { ...names, ...values };
  chosen.phases = chosen.phases.split(',');
  const unknown = chosen.phases.find((name) => !Object.hasOwn(PHASES, name));
  if (unknown !== undefined) throw new Missing(`--phases=${unknown}: there are ${Object.keys(PHASES).join(', ')}`);
  if (!/^\d{1,3}$/.test(chosen.gpu)) throw new Missing(`--gpu=${chosen.gpu}: a number is wanted`);
  chosen.seconds = Number(chosen.seconds ?? (chosen.simulated ? 1 : 20));
  if (!(chosen.seconds >= (chosen.simulated ? 0.5 : 3) && chosen.seconds <= 600)) throw new Missing('--seconds is between 3 and 600');
  if (chosen['simulated-fault'] && !chosen.simulated) throw new Missing('--simulated-fault is for --simulated alone');
  return chosen;
}

/** What a phase is made of: nvidia-smi, algalon and the load, real or simulated. */
function machineOf(chosen, phase, dir) {
  if (!chosen.simulated) {
    const args = chosen['nvml-library'] ? [`--nvml-library=${chosen['nvml-library']}`] : [];
    return {
      settleMs: 4000,
      period: 2,
      smi: new Smi({ command: chosen['nvidia-smi'], gpu: chosen.gpu }),
      program: new Program({ build: chosen.build, args, interval: '1s', over: '1s' }),
      startLoad: () => Load.start({ build: chosen.build, gpu: chosen.gpu, options: PHASES[phase].options }),
    };
  }
  const library = path.join(chosen.build, 'libnvml-sim.so');
  if (!fs.existsSync(library)) throw new Missing(`there is no ${library}: it is built with -DALGALON_TESTS=ON`);
  const env = { ALGALON_NVML_SIM: writeScenario(dir, phase, chosen['simulated-fault']) };
  return {
    settleMs: 500,
    period: SIMULATED_PERIOD,
    smi: new Smi({ command: process.execPath, before: [path.join(here, 'fake-smi.mjs')], gpu: 0, env }),
    program: new Program({ build: chosen.build, args: [`--nvml-library=${library}`], env, interval: '250ms', over: '300ms' }),
    startLoad: async () => ({ stop: async () => loadReport(phase) }),
  };
}

/** Ours of a field, from a scrape. */
function fromScrape(field, scrape, uuid) {
  const found = scrape.find((s) => s.name === field.metric && s.labels.gpu_uuid === uuid && Object.entries(field.labels ?? {}).every(([key, value]) => s.labels[key] === value));
  return field.label ? found?.labels[field.label] : found?.value;
}

/** Ours of a field, from the JSON of a snapshot: null is unknown, and truth is 1. */
function fromSnapshot(field, gpu) {
  const value = gpu[field.snapshot] ?? undefined;
  return typeof value === 'boolean' ? Number(value) : field.read === String && value !== undefined ? String(value) : value;
}

const smiNames = [...new Set(fields.flatMap((field) => field.smi))];
const bracket = (field, before, after) => {
  const name = field.smi.find((candidate) => candidate in before);
  return name ? [before[name], after[name] ?? before[name]] : [];
};

/** Each field in three ways within a moment: nvidia-smi, ours, nvidia-smi again. */
async function compareAll(machine, worker, uuid) {
  const before = machine.smi.read(smiNames);
  const scrape = await worker.scrape();
  const between = machine.smi.read(smiNames);
  const gpu = machine.program.snapshot(uuid);
  const after = machine.smi.read(smiNames);
  if (!gpu) throw new Missing(`algalon snapshot does not show the GPU ${uuid}`);
  return fields.flatMap((field) => [
    compareField(field, { source: 'worker', ours: fromScrape(field, scrape, uuid), theirs: bracket(field, before, between) }),
    ...(field.snapshot ? [compareField(field, { source: 'snapshot', ours: fromSnapshot(field, gpu), theirs: bracket(field, between, after) })] : []),
  ]);
}

/** Scrapes through the window, with nvidia-smi's power and SM clock noted meanwhile. */
async function watch(machine, worker, seconds) {
  const powerField = 'power.draw.instant' in machine.smi.read(['power.draw.instant']) ? 'power.draw.instant' : 'power.draw';
  const recording = machine.smi.record([powerField, 'clocks.sm']);
  const scrapes = [];
  const { notes: noted } = recording;
  const patience = Date.now() + 30_000; // nvidia-smi takes a moment to begin, and some more on a busy machine
  while (!noted.length && Date.now() < patience) await sleep(20);
  const end = Date.now() + seconds * 1000;
  const covered = () => noted.length > 1 && noted.at(-1)[0] - Math.max(noted[0][0], readAt(scrapes[0] ?? []) ?? 0) >= 0.9 * seconds;
  do {
    const scrape = await worker.scrape();
    if (readAt(scrape) !== readAt(scrapes.at(-1) ?? [])) scrapes.push(scrape); // each reading once
    await sleep(machine.settleMs / 10);
  } while (Date.now() < end || (!covered() && Date.now() < end + 30_000));
  const notes = await recording.stop();
  return { scrapes, power: notes, clocks: notes.map((note) => note[2]).filter(Number.isFinite) };
}

async function runPhase(chosen, name, dir, kept) {
  const phase = PHASES[name];
  const machine = machineOf(chosen, name, dir);
  const identity = machine.smi.read(['uuid', 'name', 'driver_version', 'pci.bus_id', 'mig.mode.current', 'compute_cap']);
  const uuid = identity.uuid;
  kept.identity = identity;
  const worker = await machine.program.start();
  let load;
  try {
    load = name === 'idle' ? undefined : await machine.startLoad();
    await sleep(machine.settleMs);
    const rows = name === 'duty' ? [] : await compareAll(machine, worker, uuid);
    const seen = await watch(machine, worker, name === 'duty' ? Math.max(chosen.seconds, 3.5 * machine.period) : chosen.seconds);
    const report = await load?.stop();
    load = undefined;
    rows.push(...derived(name, { ...seen, uuid, report, kernel: phase.kernel }, kept, machine));
    return { name, title: phase.title, rows, report };
  } finally {
    await load?.stop().catch(() => {});
    await worker.stop();
  }
}

/** The checks of a phase beyond single fields. */
function derived(name, seen, kept, machine) {
  if (name === 'idle') {
    kept.idleBytes = valueOf(seen.scrapes.at(-1), seen.uuid, 'all_smi_gpu_memory_used_bytes');
    return checkEnergy(seen);
  }
  const busId = kept.identity['pci.bus_id'].toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');
  if (seen.report.pci_bus_id.toLowerCase() !== busId) throw new Missing(`the load ran on the GPU at ${seen.report.pci_bus_id}, nvidia-smi speaks of ${busId}: is CUDA_VISIBLE_DEVICES set?`);
  if (name === 'duty') return checkDuty({ ...seen, period: machine.period });
  const rows = [...checkEnergy(seen)];
  if (kept.idleBytes !== undefined) rows.push(...checkMemory({ ...seen, idleBytes: kept.idleBytes, loadMib: LOAD_MIB }));
  if (kept.identity['mig.mode.current'] === 'Enabled') kept.notes.add('GPM was not checked: the GPU is split into instances (MIG).');
  else if (Number(seen.report.compute_capability) < 9) kept.notes.add(`GPM was not checked: it begins with Hopper (9.0), this GPU has ${seen.report.compute_capability}.`);
  else rows.push(...checkGpm(seen));
  for (const field of machine.smi.unknown) if (field !== 'compute_cap') kept.unknown.add(field);
  return rows;
}

function render(chosen, results, kept, version) {
  const all = results.flatMap((r) => r.rows);
  const bad = results.flatMap((r) => r.rows.filter((row) => !isGood(row)).map((row) => `${r.name}: ${row.field} (${row.source}): ${row.verdict}, ours ${row.ours}, nvidia-smi or expected ${row.theirs}`));
  const lines = [`# ${chosen.simulated ? 'SIMULATED: ' : ''}${kept.identity.name}, driver ${kept.identity.driver_version}`, ''];
  if (chosen.simulated) lines.push('**Simulated: no GPU was read. This shows that the script works, and nothing about hardware.**', '');
  lines.push(`- ${new Date().toISOString()}, ${version}, Linux ${os.release()} ${os.arch()}`, `- GPU ${chosen.gpu}, ${kept.identity['pci.bus_id']}, window ${chosen.seconds} s`, '');
  for (const { name, title, rows, report } of results) {
    lines.push(`## ${name}: ${title}`, '');
    if (report) lines.push(`The load: ${Object.entries(report).map(([key, value]) => `${key} ${value}`).join(', ')}`, '');
    lines.push(table(rows), '');
  }
  if (kept.unknown.size) lines.push(`This nvidia-smi does not know: ${[...kept.unknown].join(', ')}`, '');
  for (const note of kept.notes) lines.push(note, '');
  lines.push('## Verdict', '', ...bad.map((text) => `- ${text}`), ...(bad.length ? [''] : []));
  lines.push(`${chosen.simulated ? 'Simulated: ' : ''}${all.length - bad.length} of ${all.length} values agree${bad.length ? `, ${bad.length} do not` : ''}.`, '');
  return { text: lines.join('\n'), bad };
}

async function main() {
  const chosen = options();
  if (chosen.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const dir = temporaryFolder('algalon-verify');
  const kept = { notes: new Set(), unknown: new Set() };
  const results = [];
  for (const name of chosen.phases) {
    process.stderr.write(`${chosen.simulated ? 'simulated ' : ''}${name}: ${PHASES[name].title} ...\n`);
    results.push(await runPhase(chosen, name, dir, kept));
  }
  const { text, bad } = render(chosen, results, kept, new Program({ build: chosen.build }).version());
  process.stdout.write(text);
  if (chosen.out) fs.writeFileSync(chosen.out, text);
  return bad.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => {
  process.stderr.write(`verify: ${error instanceof Missing ? error.message : error.stack}\n`);
  process.exit(2);
});
