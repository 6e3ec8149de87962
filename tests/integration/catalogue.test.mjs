// catalogue.test.mjs - what the worker emits is what docs/metrics.md says: names, types, labels. With ALGALON_REFERENCE=DIR, a
// folder with all-smi-metrics.tsv and dcgm-fields.tsv, also what those exporters emit; it then prints what is missing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BOARDS, deviceTrees } from '../lib/by_platform.mjs';
import { Algalon, binary, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

const LABELS_MAX = 12;
const fixture = (name, part = '') => path.join(root, 'tests/fixtures', name, part);

// Every kind of board and fault that gives a family of its own. Process 530 stands in the fixture's /proc.
const MACHINE = `${BOARDS}
gpu 1 "NVIDIA H100 80GB HBM3" profile=training
fault code gpu=7 call=nvmlDeviceGetFieldValues code=3
`;
// Every field that the page lists; texts that become labels are few, so they are asked for in two files.
const LABEL_FIELDS = ['DCGM_FI_DRIVER_VERSION', 'DCGM_FI_DEV_BRAND', 'DCGM_FI_DEV_ECC_INFOROM_VER', 'DCGM_FI_DEV_INFOROM_IMAGE_VER', 'DCGM_FI_DEV_OEM_INFOROM_VER', 'DCGM_FI_DEV_POWER_INFOROM_VER', 'DCGM_FI_DEV_SERIAL', 'DCGM_FI_DEV_VBIOS_VERSION', 'DCGM_FI_NVML_VERSION'];

/** name -> {type, labels: [{name, optional}]} of docs/metrics.md. */
function documented() {
  const found = new Map();
  for (const line of fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8').split('\n')) {
    const match = /^\| `(\w+)`(?: \(\*\))? \| (\w+) \| [^|]* \| [^|]* \| `([^`]*)` \|/.exec(line);
    if (match) found.set(match[1], { type: match[2], labels: match[3].split(',').map((l) => ({ name: l.replace('?', ''), optional: l.endsWith('?') })) });
  }
  return found;
}

/** name -> {type, series: [[label names]]}; fails where a family stands twice. */
function parse(text, into = new Map()) {
  texts.push(text);
  const here = new Set();
  let type;
  for (const line of text.split('\n')) {
    const head = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (head) {
      assert.ok(!here.has(head[1]), `${head[1]} stands twice`);
      here.add(head[1]);
      type = head[2];
    }
    const sample = /^(\w+)\{(.*)\} \S+$/.exec(line);
    if (!sample) continue;
    assert.ok(here.has(sample[1]), `${sample[1]} without a TYPE`);
    const labels = [...sample[2].matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map((m) => m[1]);
    const family = into.get(sample[1]) ?? { type, series: [] };
    family.series.push(labels);
    into.set(sample[1], family);
  }
  return into;
}

const emitted = new Map();
const texts = []; // as they came
const catalogue = documented();

/** A machine whose board has a power meter, sensors of its air and fans. */
function boardSensors(dir) {
  const files = { 'hwmon0/name': 'power_meter', 'hwmon0/power1_average': '412500000', 'hwmon1/name': 'board', 'hwmon1/temp1_label': 'Inlet', 'hwmon1/temp1_input': '21000', 'hwmon1/temp2_label': 'Exhaust', 'hwmon1/temp2_input': '38000', 'hwmon1/fan1_input': '5400', 'hwmon1/fan2_input': '5300', 'hwmon1/fan2_label': 'Rear' };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(dir, 'class/hwmon', name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${text}\n`);
  }
  return dir;
}

function snapshot(args, scenario, more = {}) {
  const { code, out, err } = run(binary, ['snapshot', '--config=', '--format=prometheus', '--over=300ms', '--schema=all-smi,dcgm,algalon-v1', '--instance-label', '--process-command=full', ...args], { env: { ALGALON_NVML_SIM: scenario, KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAME: 'worker-x', POD_NAMESPACE: 'gpu', ...more } });
  assert.equal(code, 0, err);
  parse(out, emitted);
}

async function worker(args, scenario, enough) {
  const child = await Algalon.start({ command: 'worker', args: ['--interval=1s', '--instance-label', `--nvml-library=${nvmlSimulator}`, ...args], env: { ALGALON_NVML_SIM: scenario } });
  try {
    const read = async () => (await fetch(`${child.metrics}/metrics`)).text();
    const text = await until('all kinds of values', 20, async () => {
      const text = await read();
      const missing = enough.filter((name) => !text.includes(`${name}{`));
      if (missing.length) throw new Error(`without ${missing}`);
      return text;
    });
    parse(text, emitted);
  } finally {
    await child.stop();
  }
}

before(async () => {
  const dir = temporaryFolder();
  const scenario = path.join(dir, 'machine.scn');
  fs.writeFileSync(scenario, MACHINE);
  const rows = [...catalogue].filter(([name]) => name.startsWith('DCGM_')).map(([name, { type }]) => `${name}, ${type}, x\n`).join('');
  const plain = rows.split('\n').filter((l) => /GPU_TEMP/.test(l)).join('\n');
  const file = (name, labels, fields) => {
    fs.writeFileSync(path.join(dir, name), labels.map((l) => `${l}, label, x\n`).join('') + fields);
    return `--dcgm.collectors=${path.join(dir, name)}`;
  };
  const nvml = `--nvml-library=${nvmlSimulator}`;
  await worker(['--schema=all-smi,dcgm,algalon-v1', file('all.csv', LABEL_FIELDS.slice(0, 1), rows)], scenario, ['DCGM_FI_PROF_PIPE_TENSOR_ACTIVE', 'DCGM_FI_DEV_XID_ERRORS', 'algalon_mig_instance_prof_tensor_active', 'algalon_readings_rejected_total']);
  snapshot([nvml, file('a.csv', LABEL_FIELDS.slice(1, 5), plain)], scenario);
  snapshot([nvml, file('b.csv', LABEL_FIELDS.slice(5), plain)], scenario);
  const contained = path.join(dir, 'contained');
  fs.cpSync(fixture('host-docker-v1', 'proc'), contained, { recursive: true });
  fs.writeFileSync(path.join(contained, 'self/cgroup'), `4:memory:/docker/${'0123456789abcdef'.repeat(4)}\n`);
  snapshot([`--path.procfs=${contained}`, `--path.sysfs=${fixture('host-docker-v1', 'sys')}`, '--disable-collectors=disk,nvidia'], scenario);
  snapshot([nvml, `--path.procfs=${fixture('host-epyc', 'proc')}`, `--path.sysfs=${boardSensors(path.join(dir, 'sys'))}`, '--disable-collectors=disk'], scenario);
  for (const host of ['attribution-docker-v2', 'host-epyc', 'host-hybrid', 'host-grace', 'host-lxc', 'host-docker-v1', 'host-docker-v2', 'jetson-orin-jp6', 'jetson-xavier-jp4'])
    snapshot([`--path.procfs=${fixture(host, 'proc')}`, `--path.sysfs=${fixture(host, 'sys')}`, `--path.rootfs=${fs.existsSync(fixture(host, 'root')) ? fixture(host, 'root') : '/'}`, '--disable-collectors=disk', nvml], scenario);
  for (const { args, env } of deviceTrees()) snapshot(args, scenario, env);
});

describe('what the worker emits', () => {
  it('is what docs/metrics.md says: names, types, labels', () => {
    const extra = ['instance', 'host', 'gpu_name', 'cpu_id', 'rocm_version', ...LABEL_FIELDS];
    for (const [name, { type, series }] of emitted) {
      const row = catalogue.get(name);
      assert.ok(row, `${name} is not documented`);
      assert.equal(type, row.type, name);
      for (const labels of series) {
        for (const { name: label, optional } of row.labels) if (!optional) assert.ok(labels.includes(label), `${name} lacks ${label}`);
        for (const label of labels) assert.ok(extra.includes(label) || row.labels.some((l) => l.name === label), `${name} says ${label}`);
      }
    }
    assert.ok(emitted.size > 200, `${emitted.size} families`);
  });

  it('has no series with more than twelve labels, whatever is switched on', () => {
    for (const [name, { series }] of emitted)
      for (const labels of series) {
        assert.ok(labels.length <= LABELS_MAX, `${name}: ${labels}`);
        assert.equal(new Set(labels).size, labels.length, name);
      }
  });

  it('is clean for promtool, but for names that are NVIDIA\'s, all-smi\'s or only aliases', () => {
    const allowed = /^(all_smi_cpu_((gpu_|[spe]_)?core|socket|thread)_count|all_smi_cpu_s_(core_utilization|cluster_frequency_mhz)|all_smi_tpu_(tensor)?core_count|all_smi_(gpu_memory_total|disk_total)|all_smi_tenstorrent_heartbeat|all_smi_tpu_hlo_exec_\w+_microseconds) /; // promtool: not these endings on gauges, another on a counter, seconds
    for (const text of texts) {
      const own = text.split('\n').filter((line) => !/^(# (HELP|TYPE) )?DCGM_/.test(line)).join('\n');
      const { out, err } = run('promtool', ['check', 'metrics'], { input: own });
      assert.deepEqual(`${out}${err}`.split('\n').filter((line) => line && !allowed.test(line)), []);
    }
  });

  it('leaves few families untried', () => {
    const untried = [...catalogue.keys()].filter((name) => !emitted.has(name));
    assert.ok(untried.length <= catalogue.size * 0.12, `${untried.length} of ${catalogue.size}: ${untried.join(' ')}`);
  });
});

describe('what other exporters emit', { skip: process.env.ALGALON_REFERENCE ? false : 'ALGALON_REFERENCE names no folder' }, () => {
  const rows = (file) => {
    const [head, ...lines] = fs.readFileSync(path.join(process.env.ALGALON_REFERENCE, file), 'utf8').trim().split('\n').map((l) => l.split('\t'));
    return lines.map((cells) => Object.fromEntries(head.map((key, i) => [key, cells[i]])));
  };
  const names = (text) => text.split(',').filter((l) => l !== '*').map((l) => ({ alternatives: l.replace('?', '').split('|'), optional: l.endsWith('?') }));
  const check = (name, type, labels) => {
    const family = emitted.get(name);
    if (!family) return 'not emitted';
    if (family.type !== type) return `a ${family.type}, not a ${type}`;
    for (const series of family.series) {
      const lacks = labels.find((l) => !l.optional && !l.alternatives.some((a) => series.includes(a)));
      if (!lacks) return '';
    }
    return `no series with ${labels.map((l) => l.alternatives.join('|')).join(',')}: ${family.series[0]}`;
  };
  const report = (what, results) => {
    const bad = results.filter(([, why]) => why);
    console.log(`${what}: ${results.length - bad.length} of ${results.length} (${((100 * (results.length - bad.length)) / results.length).toFixed(1)} %)`);
    for (const [name, why] of bad) console.log(`  ${name}: ${why}`);
    return bad.map(([name]) => name).sort();
  };

  it('all-smi: names, types and labels', () => {
    const others = /^(tpu|tenstorrent|furiosa)(,|$)/; // docs/metrics-by-platform.md says which of theirs have no value, and why
    const concerned = rows('all-smi-metrics.tsv').filter((r) => !others.test(r.platforms));
    const bad = report('all-smi', concerned.map((r) => [r.name, check(r.name, r.type, names(r.labels))]));
    // What all-smi makes up or never sets, of Apple's Neural Engine, and the load of Jetson's DLA, of which the kernel tells on and off only.
    assert.deepEqual(bad, ['all_smi_ane_utilization', 'all_smi_cpu_ane_ops_per_second', 'all_smi_dla_utilization']);
  });

  it('dcgm-exporter: names, types and labels', () => {
    const fields = rows('dcgm-fields.tsv');
    const result = fields.map((r) => {
      if (r.type === 'label') return [r.field, [...emitted.values()].some(({ series }) => series.some((s) => s.includes(r.field))) ? '' : 'on no series'];
      const optional = ['err_msg', 'clock_event', 'xid', 'DCGM_FI_DRIVER_VERSION'];
      return [r.field, check(r.field, r.type, names(r.labels_device).map((l) => ({ ...l, optional: l.optional || optional.includes(l.alternatives[0]) })))];
    });
    // DCGM's own health checks, which no library of the driver has; and rates that dcgm-exporter calls counters, which they are not.
    assert.deepEqual(report('dcgm-exporter', result), ['DCGM_EXP_GPU_HEALTH_STATUS', 'DCGM_FI_DEV_NVLINK_BANDWIDTH_L0', 'DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL']);
  });
});
