// bundle.test.mjs - `algalon doctor --bundle`: what is in it, what is not, and that it replays.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { binary, nvmlSimulator, root, run, temporaryFolder } from '../lib/program.mjs';

const secrets = {
  host: 'gpu07', domain: 'lab.example.org', user: 'ada', other: 'brunhilde', pod: 'llm-0', container: 'server-x', namespace: 'genomics',
  command: 'hunter2', environment: 'swordfish', address: '10.20.30.40', mac: '02:42:ac:11:00:02', server: 'nas7', folder: 'private-dataset',
  serial: '1654899001', uuid: '6f1b2c3d-0a1b-4c5d-8e9f-001122334455', gpu: 'aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb',
  id: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
};

function put(dir, files) {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
}

/** A machine with two GPUs in a Kubernetes cluster, and everything on it that must not leave it. */
function machine() {
  const dir = temporaryFolder();
  const s = secrets;
  const uid = s.uuid.replaceAll('-', '_');
  put(dir, {
    'proc/stat': 'cpu  100 0 100 1000 0 0 0 0 0 0\ncpu0 100 0 100 1000 0 0 0 0 0 0\nbtime 1700000000\n',
    'proc/meminfo': 'MemTotal: 16000000 kB\nMemFree: 9000000 kB\nMemAvailable: 12000000 kB\n',
    'proc/loadavg': '0.50 0.40 0.30 1/200 999\n',
    'proc/uptime': '5000.0 4000.0\n',
    'proc/sys/kernel/hostname': `${s.host}\n`,
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': `25 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 25 0:40 / /home/${s.user}/data rw - nfs4 ${s.server}:/export/home/${s.other} rw,addr=${s.address}\n`,
    'proc/1/stat': '1 (systemd) S 0 1 1 0 -1 4194560 10 0 0 0 1 1 0 0 20 0 1 0 10 10000000 500 0\n',
    'proc/1/status': 'Name:\tsystemd\nUid:\t0\t0\t0\t0\n',
    'proc/560/stat': '560 (python) S 1 560 560 0 -1 4194304 10 0 0 0 1000 0 0 0 20 0 1 0 5000 10000000 500 0\n',
    'proc/560/status': 'Name:\tpython\nState:\tS\nUid:\t1000\t1000\t1000\t1000\n',
    'proc/560/cgroup': `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid}.slice/cri-containerd-${s.id}.scope\n`,
    'proc/560/cmdline': `python\0--token=${s.command}\0/home/${s.user}/train.py\0`,
    'proc/560/environ': `SECRET=${s.environment}\0NVIDIA_VISIBLE_DEVICES=GPU-${s.gpu}\0`,
    'proc/561/stat': '561 (sshd) S 1 561 561 0 -1 4194304 10 0 0 0 1 0 0 0 20 0 1 0 5000 10000000 500 0\n',
    'proc/561/status': `Name:\tsshd: ${s.other}\nUid:\t1001\t1001\t1001\t1001\n`,
    'proc/561/cgroup': `0::/user.slice/user-1001.slice/session-5.scope\n`,
    'proc/561/cmdline': `sshd: ${s.other}@pts/0\0`,
    'proc/driver/nvidia/version': 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 2025\n',
    'proc/driver/nvidia/gpus/0000:17:00.0/information': `Model: NVIDIA H100 80GB HBM3\nGPU UUID: \t GPU-${s.gpu}\nDevice Minor: \t 0\n`,
    'sys/bus/pci/devices/0000:17:00.0/vendor': '0x10de\n',
    'sys/bus/pci/devices/0000:17:00.0/class': '0x030200\n',
    'sys/bus/pci/devices/0000:17:00.0/numa_node': '0\n',
    'sys/class/dmi/id/sys_vendor': 'Supermicro\n',
    'sys/class/dmi/id/product_serial': `${s.serial}\n`,
    'root/etc/passwd': `root:x:0:0:root:/root:/bin/bash\n${s.user}:x:1000:1000:Ada L,,,:/home/${s.user}:/bin/zsh\n${s.other}:x:1001:1001::/home/${s.other}:/bin/sh\n`,
    'root/etc/hostname': `${s.host}.${s.domain}\n`,
    [`root/var/log/pods/${s.namespace}_${s.pod}_${s.uuid}/${s.container}/0.log`]: `token ${s.command}\n`,
    'root/var/log/containers/.keep': '',
    'machine.scn': [
      'driver 580.95.05', 'cuda 13.0',
      `gpu 1 "NVIDIA H100 80GB HBM3" profile=constant high=0.8 processes=0 pci=0000:17:00.0 uuid=GPU-${s.gpu} serial=${s.serial}`,
      'gpu 1 "NVIDIA H200" profile=constant high=0.3 processes=0',
      'process gpu=0 pid=560 memory=40GB share=1', '',
    ].join('\n'),
  });
  fs.symlinkSync(`/var/log/pods/${s.namespace}_${s.pod}_${s.uuid}/${s.container}/0.log`, path.join(dir, `root/var/log/containers/${s.pod}_${s.namespace}_${s.container}-${s.id}.log`));
  fs.symlinkSync('../../../../bus/pci/drivers/nvidia', path.join(dir, 'sys/bus/pci/devices/0000:17:00.0/driver'));
  fs.mkdirSync(path.join(dir, 'proc/560/fd'));
  fs.symlinkSync('/dev/nvidia0', path.join(dir, 'proc/560/fd/3'));
  fs.symlinkSync(`/home/${s.user}/${s.folder}`, path.join(dir, 'proc/560/fd/4'));
  return dir;
}

/** Options to read the machine below `dir`; of what it has no folder nothing is seen of the machine that tests. */
function paths(dir) {
  const answers = path.join(dir, 'answers');
  return [`--path.procfs=${dir}/proc`, `--path.sysfs=${dir}/sys`, `--path.rootfs=${dir}/root`, '--config=', ...(fs.existsSync(answers) ? [`--path.answers=${answers}`] : [])];
}

/** Makes a bundle of the machine in `dir` and unpacks it. */
function bundle(dir, { args = [], env = {} } = {}) {
  const out = temporaryFolder();
  const file = path.join(out, 'bundle.tar.gz');
  const result = run(binary, ['doctor', `--bundle=${file}`, '--color=never', ...paths(dir), ...args], { env });
  const unpacked = path.join(out, 'unpacked');
  fs.mkdirSync(unpacked);
  if (result.code === 0) assert.equal(spawnSync('tar', ['-xzf', file, '-C', unpacked]).status, 0);
  return { ...result, file, dir: unpacked };
}

/** Every file and link below a folder: its name and what is in it. */
function all(dir) {
  return fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((e) => !e.isDirectory()).map((e) => {
    const full = path.join(e.parentPath ?? e.path, e.name);
    return { name: path.relative(dir, full), text: e.isSymbolicLink() ? fs.readlinkSync(full) : fs.readFileSync(full, 'latin1') };
  });
}

/** Series of an exposition by name and labels; what differs between two runs and two machines is left out of the labels. */
function series(text) {
  const found = new Map();
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match) found.set(`${match[1]}{${(match[2] ?? '').replace(/(hostname|Hostname|user)="[^"]*",?/g, '')}}`, Number(match[3]));
  }
  return found;
}
const names = (text) => [...new Set([...series(text).keys()].map((key) => key.split('{')[0]))].sort();

const execute = promisify(execFile);
const options = { timeout: 60_000, maxBuffer: 64 << 20 };

/** What of a reading is the reader's: its disks, its own work, how long the reading took; and what is added up over time. */
const READERS = /^(algalon_(worker|collector|build|readings|snapshot|process_(cpu|resident))|(all_smi|algalon)_disk|process_|DCGM_EXPORTER)/;
const MOVES = /seconds|joules|_total\{|timestamp|holder_energy/;
/** Labels whose words a bundle replaces. */
const REPLACED = /(?<=[{,])(hostname|Hostname|user|holder|container_id|\w*uuid|UUID|\w*serial\w*|sid|pod|namespace|container|\w*_id|device|job\w*|unit|session|slurm_\w+)="[^"]*",?/g;

/** Family and labels, without words that are replaced -> its values in order. */
function comparable(text, tree) {
  const found = new Map();
  for (const [, name, labels, value] of text.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)) {
    // That a container is LXC's stands in the environment of its first process alone, and its limits follow from that.
    // Threads of the kernel and names that stand in command lines are left out of bundles.
    if (READERS.test(name) || (tree.startsWith('host') && name.startsWith('algalon_process')) || (tree === 'host-lxc' && /runtime|limit|memory|cpu|process/.test(name))) continue;
    const key = `${name}{${labels.replace(REPLACED, '')}}`;
    found.set(key, [...(found.get(key) ?? []), Number(value)].sort((a, b) => a - b));
  }
  return found;
}

/** The folder of a recorded machine, or of its first moment. */
const machineOf = (dir) => (fs.existsSync(path.join(dir, '1')) ? path.join(dir, '1') : dir);

function snapshot(dir, args = [], env = {}) {
  const { code, out, err } = run(binary, ['snapshot', '--over=500ms', '--format=prometheus', ...paths(dir), ...args], { env });
  assert.equal(code, 0, err);
  return out;
}

describe('doctor --bundle', () => {
  let made;
  before(() => {
    const dir = machine();
    made = bundle(dir, {
      args: [`--nvml-library=${nvmlSimulator}`, `--hostname=${secrets.host}.${secrets.domain}`, '--process-command=full'],
      env: { ALGALON_NVML_SIM: path.join(dir, 'machine.scn') },
    });
    made.machine = dir;
    assert.equal(made.code, 0, made.err);
  });

  it('writes an archive for its owner alone, and never over another file', () => {
    assert.equal(fs.statSync(made.file).mode & 0o777, 0o600);
    const { code, err } = run(binary, ['doctor', `--bundle=${made.file}`, ...paths(made.machine), '--disable-collectors=nvidia']);
    assert.equal(code, 1);
    assert.match(err, /is there already; name another/);
    const dir = temporaryFolder();
    assert.equal(run(binary, ['doctor', '--bundle', ...paths(made.machine)], { cwd: dir }).code, 0);
    assert.match(fs.readdirSync(dir).join(), /^algalon-bundle-\d{8}T\d{6}Z\.tar\.gz$/);
    assert.equal(run(binary, ['doctor', '--bundle=/nowhere/at/all.tar.gz', '--config=']).code, 1);
  });

  it('says what is in it and asks to look before it is sent', () => {
    for (const name of ['doctor.txt', 'doctor.json', 'settings.txt', 'metrics.txt', 'snapshot.json', 'nvml.scn']) {
      assert.ok(fs.statSync(path.join(made.dir, name)).size > 0, name);
      assert.ok(made.out.includes(name), name);
    }
    assert.match(made.out, /Look into it before you send it/);
    for (const kind of ['host names', 'user names', 'names of pods', 'serial numbers', 'UUIDs', 'ids of containers', 'IP addresses']) assert.match(made.out, new RegExp(`\\d ${kind}`));
    for (const line of made.out.split('\n').slice(1)) assert.ok(line.length <= 80 || line.includes(made.file), line);
    const readme = fs.readFileSync(path.join(made.dir, 'README.txt'), 'utf8');
    assert.match(readme, /ALGALON_NVML_SIM=nvml\.scn/);
    assert.match(readme, /environments of processes/);
    JSON.parse(fs.readFileSync(path.join(made.dir, 'doctor.json'), 'utf8'));
    assert.equal(JSON.parse(fs.readFileSync(path.join(made.dir, 'snapshot.json'), 'utf8')).gpus.length, 2);
    const settings = fs.readFileSync(path.join(made.dir, 'settings.txt'), 'utf8');
    assert.match(settings, /^algalon \d/);
    assert.match(settings, /^process-command="full"$/m);
    const metrics = names(fs.readFileSync(path.join(made.dir, 'metrics.txt'), 'utf8'));
    for (const name of ['DCGM_FI_DEV_GPU_UTIL', 'all_smi_gpu_utilization', 'algalon_collector_up']) assert.ok(metrics.includes(name), name);
  });

  it('holds none of the names, addresses and lines that people would mind', () => {
    for (const { name, text } of all(made.dir)) {
      assert.ok(!/(^|\/)(cmdline|environ)$/.test(name), name);
      for (const [what, secret] of Object.entries(secrets)) {
        for (const form of [secret, secret.replaceAll('-', '_')]) {
          const word = new RegExp(`(?<![A-Za-z0-9])${form.replaceAll('.', '\\.')}(?![A-Za-z0-9])`, 'i');
          assert.ok(!word.test(name), `${what} in the name ${name}`);
          assert.ok(!word.test(text), `${what} in ${name}: ${word.exec(text) && text.slice(Math.max(0, word.exec(text).index - 60), word.exec(text).index + 60)}`);
        }
      }
    }
    const passwd = fs.readFileSync(path.join(made.dir, 'root/etc/passwd'), 'utf8');
    assert.match(passwd, /^root:x:0:$/m);
    assert.match(passwd, /^user-\d+:x:1000:$/m);
  });

  it('has one word for one thing: its joins hold', () => {
    const text = fs.readFileSync(path.join(made.dir, 'metrics.txt'), 'utf8');
    const uuid = /uuid="GPU-([-0-9a-f]+)"/.exec(fs.readFileSync(path.join(made.dir, 'nvml.scn'), 'utf8'))[1];
    assert.ok(text.includes(`gpu_uuid="GPU-${uuid}"`));
    assert.ok(fs.readFileSync(path.join(made.dir, 'proc/driver/nvidia/gpus/0000:17:00.0/information'), 'utf8').includes(`GPU-${uuid}`));
    const [, pod] = /pod="(name-\d+)"/.exec(text);
    const [folder] = fs.readdirSync(path.join(made.dir, 'root/var/log/pods'));
    assert.equal(folder.split('_')[1], pod);
  });

  it('replays: the same metrics, and the same GPUs', () => {
    const args = [`--nvml-library=${nvmlSimulator}`, '--schema=all-smi,dcgm'];
    const first = snapshot(made.machine, args, { ALGALON_NVML_SIM: path.join(made.machine, 'machine.scn') });
    const again = snapshot(made.dir, args, { ALGALON_NVML_SIM: path.join(made.dir, 'nvml.scn') });
    // File systems are those of the machine that replays; of the environment nothing is kept.
    const expected = names(first).filter((name) => !/disk|holder_gpu_allocated/.test(name));
    const got = new Set(names(again));
    assert.deepEqual(expected.filter((name) => !got.has(name)), []);
    const one = (text, name, gpu) => [...series(text)].find(([key]) => key.startsWith(`${name}{`) && key.includes(`gpu_index="${gpu}"`))?.[1];
    for (const name of [
      'all_smi_gpu_utilization', 'all_smi_gpu_memory_used_bytes', 'all_smi_gpu_memory_total_bytes', 'all_smi_gpu_temperature_celsius',
      'all_smi_gpu_power_consumption_watts', 'all_smi_gpu_frequency_mhz', 'algalon_gpu_clock_sm_mhz', 'all_smi_gpu_power_limit_current_watts',
      'algalon_gpu_processes', 'all_smi_process_memory_used_bytes',
    ]) {
      for (const gpu of [0, 1]) {
        const was = one(first, name, gpu), is = one(again, name, gpu);
        if (was === undefined) continue;
        assert.ok(Math.abs(was - is) <= 0.08 * Math.abs(was) + 2, `${name} of GPU ${gpu}: ${was} and ${is}`);
      }
    }
    assert.match(again, /algalon_holder_gpu_memory_used_bytes\{[^}]*holder="name-\d+\/name-\d+"/);
  });

  it('replays every recorded machine with the series and values that it has', async () => {
    const fixtures = path.join(root, 'tests/fixtures');
    const trees = fs.readdirSync(fixtures).filter((f) => /^(accel|amd|drm|furiosa|host|intel|jetson|npu|rebellions)/.test(f) && fs.statSync(path.join(fixtures, f)).isDirectory());
    assert.ok(trees.length > 30);
    const common = ['--disable-collectors=nvidia', '--config='], wrong = [];
    const read = async (dir) => (await execute(binary, ['snapshot', '--over=50ms', '--format=prometheus', '--schema=all-smi,dcgm', ...common, ...paths(dir)], options)).stdout;
    const replay = async (tree) => {
      const from = machineOf(path.join(fixtures, tree)), out = temporaryFolder();
      await execute(binary, ['doctor', `--bundle=${out}/bundle.tar.gz`, ...common, ...paths(from)], options);
      assert.equal(spawnSync('tar', ['-xzf', `${out}/bundle.tar.gz`, '-C', out]).status, 0);
      const live = comparable(await read(from), tree), replayed = comparable(await read(out), tree);
      for (const key of new Set([...live.keys(), ...replayed.keys()])) {
        const was = live.get(key) ?? [], is = replayed.get(key) ?? [];
        if (was.length !== is.length || (!MOVES.test(key) && was.join() !== is.join())) wrong.push(`${tree}: ${key} ${was} was replayed as ${is}`);
      }
    };
    // Most of it is waiting, a second a bundle.
    await Promise.all(Array.from({ length: 6 }, async () => {
      for (let tree; (tree = trees.shift()); ) await replay(tree);
    }));
    assert.deepEqual(wrong, []);
  });

  it('is made all the same where the driver hangs, is not loaded, or is not there', () => {
    const dir = temporaryFolder();
    const began = Date.now();
    put(dir, { 'hang.scn': 'gpu 1 L4\nfault hang call=nvmlInit* seconds=600\n', 'dead.scn': 'gpu 1 L4\nfault code call=nvmlInit* code=9\n' });
    const hung = bundle(made.machine, { args: [`--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: path.join(dir, 'hang.scn') } });
    assert.equal(hung.code, 0, hung.err);
    assert.ok(Date.now() - began < 45_000);
    assert.match(hung.out, /nvml\.scn: NVIDIA's driver did not answer/);
    assert.match(hung.out, /did not answer in time: nvidia/);
    assert.match(fs.readFileSync(path.join(hung.dir, 'README.txt'), 'utf8'), /did not answer/);
    assert.ok(fs.existsSync(path.join(hung.dir, 'proc/560/stat')));
    const dead = bundle(made.machine, { args: [`--nvml-library=${nvmlSimulator}`], env: { ALGALON_NVML_SIM: path.join(dir, 'dead.scn') } });
    assert.match(fs.readFileSync(path.join(dead.dir, 'nvml.scn'), 'utf8'), /fault code call=nvmlInit\* code=9/);
    const absent = bundle(made.machine, { args: ['--nvml-library=/nowhere/libnvidia-ml.so.1', '--json'] });
    const report = JSON.parse(absent.out);
    assert.match(report.left_out.join(), /nvml\.scn: .*nowhere/);
    assert.equal(report.file, absent.file);
    assert.ok(report.files > 20 && report.bytes > 1000 && report.replaced['host names'] > 0);
  });
});
