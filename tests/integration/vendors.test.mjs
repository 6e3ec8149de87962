// vendors.test.mjs - a machine with GPUs of three makers and NPUs of others at once: numbers that stay, and nobody who waits for another.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Child, binary, freePorts, nvmlSimulator, root, temporaryFolder, until } from '../lib/program.mjs';

const fixtures = path.join(root, 'tests/fixtures');

/** AMD's workstation, with the cards of another machine under free numbers and the NPUs of a third. */
function machine() {
  const dir = temporaryFolder();
  const copy = (from, to) => fs.cpSync(path.join(fixtures, from), path.join(dir, to), { recursive: true, verbatimSymlinks: true });
  copy('amd-workstation', '.');
  fs.rmSync(path.join(dir, 'sys/class/drm/card0'), { recursive: true });
  for (const [card, as] of [[0, 10], [1, 11]]) {
    copy(`intel-arc-xe/sys/class/drm/card${card}`, `sys/class/drm/card${as}`);
    const nodes = path.join(dir, `sys/class/drm/card${as}/device/drm`);
    fs.rmSync(nodes, { recursive: true });
    fs.mkdirSync(path.join(nodes, `renderD${140 + card}`), { recursive: true });
  }
  // Their addresses beside those of AMD's.
  for (const [card, from, to] of [[10, '0000:03:00.0', '0000:13:00.0'], [11, '0000:08:00.0', '0000:18:00.0']]) {
    const uevent = path.join(dir, `sys/class/drm/card${card}/device/uevent`);
    fs.writeFileSync(uevent, fs.readFileSync(uevent, 'utf8').replace(from, to));
  }
  copy('accel-mixed/sys/class/accel', 'sys/class/accel');
  fs.writeFileSync(path.join(dir, 'nvidia.scn'), 'gpu 2 L4 pci=0000:41:00.0\n');
  return dir;
}

describe('five makers on one machine', () => {
  const dir = machine();
  let port, worker;
  const start = (scenario = 'nvidia.scn') => new Child(binary, [
    'worker', `--listen-metrics=127.0.0.1:${port}`, '--interval=1s', `--nvml-library=${nvmlSimulator}`,
    `--path.procfs=${dir}/proc`, `--path.sysfs=${dir}/sys`, `--path.rootfs=${dir}/root`, '--hostname=many',
  ], { env: { ALGALON_NVML_SIM: path.join(dir, scenario) } });
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const numbers = (text) => Object.fromEntries(
    [...text.matchAll(/^algalon_gpu_up\{[^}]*gpu_index="(\d+)",gpu_uuid="([^"]*)"/gm)].map((m) => [m[2], Number(m[1])]));
  const listed = (n) => until(`${n} devices`, 60, async () => {
    const text = await metrics();
    return Object.keys(numbers(text)).length === n && text;
  });
  let first;

  before(async () => {
    [port] = await freePorts(1);
    worker = start();
  });
  after(() => worker.stop());

  it('numbers them maker by maker, each along the bus', async () => {
    const text = await listed(10);
    first = numbers(text);
    const order = Object.entries(first).sort((a, b) => a[1] - b[1]).map(([uuid]) => uuid);
    assert.deepEqual(order.map((uuid) => first[uuid]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(order.slice(2), [
      'GPU-4d0d7f2b0b9a6f6d', order[3], 'GPU-0000:13:00.0', 'GPU-0000:18:00.0', 'NPU-0000:00:0b.0', 'NPU-0000:21:00.0', 'NPU-0000:81:00.0', 'HL-0000:33:00.0']);
    assert.match(text, /all_smi_gpu_info\{[^}]*gpu_index="6"[^}]*type="NPU"/);
    // One query over all of them.
    const heat = [...text.matchAll(/^all_smi_gpu_temperature_celsius\{[^}]*gpu_index="(\d+)"/gm)].map((m) => Number(m[1]));
    for (const gpu of [0, 1, 2, 4]) assert.ok(heat.includes(gpu), `temperature of ${gpu}`);
  });

  it('gives the same numbers after a restart', async () => {
    await worker.stop();
    worker = start();
    assert.deepEqual(numbers(await listed(10)), first);
  });

  it('moves nobody when one comes or goes', async () => {
    const card = path.join(dir, 'sys/class/drm/card2/device');
    fs.mkdirSync(card, { recursive: true });
    fs.writeFileSync(path.join(card, 'device'), '0xe20c\n');
    fs.writeFileSync(path.join(card, 'uevent'), 'DRIVER=xe\nPCI_SLOT_NAME=0000:05:00.0\n');
    assert.deepEqual(numbers(await listed(11)), { ...first, 'GPU-0000:05:00.0': 10 });
    fs.renameSync(path.join(dir, 'sys/class/drm/card10'), path.join(dir, 'gone'));
    await until('a lost card', 30, async () => /^algalon_gpu_up\{[^}]*gpu_uuid="GPU-0000:13:00\.0"[^}]*\} 0$/m.test(await metrics()));
    assert.deepEqual(numbers(await metrics()), { ...first, 'GPU-0000:05:00.0': 10 });
    fs.renameSync(path.join(dir, 'gone'), path.join(dir, 'sys/class/drm/card12')); // under another number of the kernel
    await until('the card again', 60, async () => /^algalon_gpu_up\{[^}]*gpu_uuid="GPU-0000:13:00\.0"[^}]*\} 1$/m.test(await metrics()));
    assert.deepEqual(numbers(await metrics()), { ...first, 'GPU-0000:05:00.0': 10 });
  });

  it('moves nobody when the driver of a maker is loaded anew', async () => {
    const class_ = path.join(dir, 'sys/class/drm'), aside = path.join(dir, 'aside');
    const cards = fs.readdirSync(class_).filter((card) => /^card\d+$/.test(card) && /^DRIVER=xe$/m.test(fs.readFileSync(path.join(class_, card, 'device/uevent'), 'utf8')));
    assert.equal(cards.length, 3);
    const up = async () => Object.fromEntries([...(await metrics()).matchAll(/^algalon_gpu_up\{[^}]*gpu_uuid="([^"]*)"[^}]*\} (\d)$/gm)].map((m) => [m[1], m[2]]));
    const intel = ['GPU-0000:13:00.0', 'GPU-0000:18:00.0', 'GPU-0000:05:00.0'], all = { ...first, 'GPU-0000:05:00.0': 10 };
    const are = (value, of) => Object.entries(of).every(([uuid, now]) => now === (intel.includes(uuid) ? value : '1'));
    fs.mkdirSync(aside);
    for (const card of cards) fs.renameSync(path.join(class_, card), path.join(aside, card));
    await until('the cards of a driver that is away', 60, async () => are('0', await up()));
    assert.deepEqual(numbers(await metrics()), all);
    // The kernel numbers them in another order than before.
    cards.sort().reverse().forEach((card, i) => fs.renameSync(path.join(aside, card), path.join(class_, `card${30 + i}`)));
    await until('the cards again', 60, async () => are('1', await up()));
    assert.deepEqual(numbers(await metrics()), all);
  });

  it('lets nobody wait for a driver that hangs', async () => {
    await worker.stop();
    fs.writeFileSync(path.join(dir, 'hang.scn'), 'gpu 2 L4\nfault hang call=nvmlInit* seconds=600\n');
    worker = start('hang.scn');
    await listed(9); // all but NVIDIA's two; the new one of Intel's is in its place now
    const readings = async () => Object.fromEntries(
      [...(await metrics()).matchAll(/^algalon_collector_readings_total\{[^}]*collector="(\w+)"\} (\d+)$/gm)].map((m) => [m[1], Number(m[2])]));
    const before = await readings();
    for (const name of ['amd', 'intel', 'accel', 'gaudi']) {
      assert.ok(before[name] >= 1, name);
      await until(`further readings of ${name}`, 30, async () => (await readings())[name] >= before[name] + 3);
    }
    assert.equal((await readings()).nvidia ?? 0, 0);
  });
});
