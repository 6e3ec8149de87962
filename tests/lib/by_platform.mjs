// by_platform.mjs - which families the program gives on each platform: over the trees of tests/fixtures, and over simulated NVML boards and
// machines of Apple's.
import fs from 'node:fs';
import path from 'node:path';
import { Algalon, binary, build, nvmlSimulator, root, run, temporaryFolder, until } from './program.mjs';

const fixtures = path.join(root, 'tests/fixtures');
const COMMON = ['--hostname=n1', '--process-command=full'];
const BOARD_SENSORS = { name: 'board', temp1_label: 'Inlet', temp1_input: '21000', temp2_label: 'Exhaust', temp2_input: '38000', fan1_input: '5400', fan2_input: '5300', fan2_label: 'Rear' };
const DEVICE_LABELS = /\b(?:gpu_index|npu_index|device_uuid)="/;

/** The columns: a name, which trees belong to it, and the collector of its devices. */
export const platforms = [
  { name: 'NVIDIA', collector: 'nvidia' }, // by simulated boards
  { name: 'Jetson', trees: /^jetson-/, collector: 'jetson' },
  { name: 'AMD', trees: /^amd-/, collector: 'amd' },
  { name: 'Intel', trees: /^intel-/, collector: 'intel' },
  { name: 'other DRM', trees: /^drm-/, collector: 'drm' },
  { name: 'accel', trees: /^accel-/, collector: 'accel' },
  { name: 'Gaudi', trees: /^npu-gaudi/, collector: 'gaudi' },
  { name: 'TPU', trees: /^(npu-)?tpu/, collector: 'tpu' },
  { name: 'Tenstorrent', trees: /^npu-tenstorrent/, collector: 'tenstorrent' },
  { name: 'Rebellions', trees: /^rebellions/, collector: 'rebellions' },
  { name: 'Furiosa', trees: /^furiosa/, collector: 'furiosa' },
  { name: 'Apple', models: ['m1', 'm3max', 'm5max'], collector: 'apple' }, // machines that tests/sim/apple plays
  { name: 'host', trees: /^(host|attribution)-/ },
];
const appleSimulator = path.join(build, 'libapple-sim.so');
const HOST = 'host-intel'; // the one that is made to move: what is counted over time needs two moments

// Boards of each kind, with what brings out the families that need an event: a fault, an instance, a virtual device, a process.
export const BOARDS = `
driver 580.95.05
confidential on
seed 9
gpu 1 "NVIDIA H100 80GB HBM3" profile=training numa=0
gpu 1 "NVIDIA H200" profile=training mig=on instances=3g.71gb,2g.35gb
gpu 1 "Tesla V100-SXM2-32GB" profile=training
gpu 1 "NVIDIA GeForce RTX 4090" profile=training
gpu 1 "NVIDIA GB200" profile=inference root=on accounting=on numa=0
gpu 1 "NVIDIA H200" profile=training virtualization=3 vgpus=2
gpu 1 "NVIDIA A100-SXM4-40GB" profile=training virtualization=2
process gpu=0 pid=530 memory=1GB share=0.5
fault value gpu=3 field=temperature value=4294967295
fault xid gpu=0 code=31
`;

/** What a platform gives: families of series, each with its last value. */
class Families extends Map {
  series = new Map();

  /** Takes in a text of /metrics: name -> whether a series of it belongs to a device. */
  collect(text) {
    for (const [, series, name, labels, value] of text.matchAll(/^((\w+)\{(.*)\}) (\S+)$/gm)) {
      this.set(name, this.get(name) || DEVICE_LABELS.test(labels));
      this.series.set(series, value);
    }
    return this;
  }
}

/** The folder of a tree's machine: the tree itself, or its first moment. */
const machine = (tree) => (fs.existsSync(path.join(fixtures, tree, '1')) ? path.join(fixtures, tree, '1') : path.join(fixtures, tree));

/** Paths as options; what `dir` has no folder for is an empty one, so that nothing is seen of the machine that tests. */
function paths(dir, empty) {
  const folder = (part) => (fs.existsSync(path.join(dir, part)) ? path.join(dir, part) : empty);
  return [`--path.procfs=${folder('proc')}`, `--path.sysfs=${folder('sys')}`, `--path.rootfs=${folder('root')}`, ...(folder('answers') === empty ? [] : [`--path.answers=${folder('answers')}`])];
}

/** Leaves one collector of devices, or none. */
const only = (collector) => `--disable-collectors=${platforms.map((p) => p.collector).filter((c) => c && c !== collector)}`;

const folders = () => fs.readdirSync(fixtures).filter((name) => fs.statSync(path.join(fixtures, name)).isDirectory());

/** Options to run the program over a tree. */
const over = (tree, collector, empty) => ({ args: [only(collector), ...paths(machine(tree), empty)], env: {} });

/** Options and environment for a model of Apple's. */
const onApple = (model, empty) => ({ args: [only('apple'), ...paths(empty, empty)], env: { LD_PRELOAD: appleSimulator, ALGALON_APPLE_SIM: model } });

/** The trees and models with devices, each with options and environment to run the program over it. */
export function deviceTrees() {
  const empty = temporaryFolder();
  const trees = platforms.filter((p) => p.trees && p.collector).flatMap((p) => folders().filter((tree) => p.trees.test(tree)).map((tree) => over(tree, p.collector, empty)));
  return [...trees, ...platforms.flatMap(({ models = [] }) => models.map((model) => onApple(model, empty)))];
}

function snapshot(what, { args, env }, to) {
  const { code, out, err } = run(binary, ['snapshot', '--config=', '--format=prometheus', '--over=300ms', '--timeout=30s', ...COMMON, ...args], { env });
  if (code !== 0) throw new Error(`${what}: ${err}`);
  to.collect(out);
}

/**
 * What a worker gives in time: until all of `wanted` were there, at most for a minute; without `wanted` for as long as anything new
 * comes. `step` is called between looks.
 */
async function worker(args, env, wanted, step = () => {}) {
  const seen = new Families();
  const child = await Algalon.start({ command: 'worker', args: ['--interval=1s', ...COMMON, ...args], env });
  try {
    let grew = Date.now();
    const end = grew + 60_000;
    await until('families of a worker', 90, async () => {
      const before = seen.size;
      step();
      seen.collect(await (await fetch(`${child.metrics}/metrics`)).text());
      if (seen.size > before) grew = Date.now();
      return wanted ? [...wanted].every((name) => seen.has(name)) || Date.now() > end : Date.now() - grew > 8000;
    });
  } finally {
    await child.stop();
  }
  return seen;
}

/** Simulated boards beside a recorded host. */
function boards(empty, wanted) {
  const scenario = path.join(temporaryFolder(), 'boards.scn');
  fs.writeFileSync(scenario, BOARDS);
  return worker([only('nvidia'), `--nvml-library=${nvmlSimulator}`, ...paths(machine('attribution-docker-v2'), empty)], { ALGALON_NVML_SIM: scenario }, wanted);
}

/** A host whose processors work on from the first moment of a tree, in a pod, with the sensors of a server's board. */
function movingHost(empty, wanted) {
  const dir = temporaryFolder();
  fs.cpSync(machine(HOST), dir, { recursive: true, verbatimSymlinks: true });
  for (const [name, text] of Object.entries(BOARD_SENSORS)) {
    const file = path.join(dir, 'sys/class/hwmon/hwmon90', name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${text}\n`);
  }
  const stat = path.join(dir, 'proc/stat');
  const lines = fs.readFileSync(stat, 'utf8').split('\n');
  let looks = 0;
  const step = () => {
    looks++; // ticks of user, nice, system, idle, iowait
    const moved = lines.map((line) => line.replace(/^(cpu\d* +)(\d+) (\d+) (\d+) (\d+) (\d+)/, (_, head, ...n) => head + [1, 0, 1, 3, 1].map((by, i) => Number(n[i]) + by * looks).join(' ')));
    fs.writeFileSync(stat, moved.join('\n')); // in place: the worker has it open
  };
  return worker([only(), ...paths(dir, empty)], { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAME: 'worker-x', POD_NAMESPACE: 'gpu' }, wanted, step);
}

/**
 * name of platform -> set of families. A device's platform has those that tell of devices, and what hosts alone never give.
 * `wanted`, of the same form, says what to wait for, since some families take a while to come. `scrapes` gets, by platform, its series
 * with their values, and those of the host.
 */
export async function familiesByPlatform(wanted, scrapes = new Map()) {
  const empty = temporaryFolder();
  const trees = folders();
  const found = new Map();
  for (const { name, trees: which, models = [], collector } of platforms) {
    const families = collector === 'nvidia' ? await boards(empty, wanted?.get(name)) : new Families();
    if (which) for (const tree of trees.filter((t) => which.test(t))) snapshot(tree, over(tree, collector, empty), families);
    for (const model of models) snapshot(model, onApple(model, empty), families);
    found.set(name, families);
  }
  const host = found.get('host');
  const missing = wanted && [...wanted.get('host')].filter((family) => !host.has(family));
  const moving = await movingHost(empty, missing);
  for (const [family, device] of moving) host.set(family, device);
  for (const [name, { series }] of found) scrapes.set(name, new Map([...series, ...moving.series]));
  return new Map([...found].map(([name, families]) => [name, new Set([...families].filter(([family, device]) => name === 'host' || device || !host.has(family)).map(([family]) => family))]));
}
