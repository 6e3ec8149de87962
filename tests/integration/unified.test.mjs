// unified.test.mjs - boards whose GPU shares the memory of the machine, through the real program.
import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { binary, nvmlSimulator, run } from '../lib/program.mjs';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const scenarios = fileURLToPath(new URL('../sim/nvml/scenarios', import.meta.url));

function snapshot(tree, format, args = [], env = {}) {
  const below = (part) => path.join(fixtures, tree, part);
  const paths = [`--path.procfs=${below('proc')}`, `--path.sysfs=${below('sys')}`, `--path.rootfs=${below('root')}`];
  const { code, out, err } = run(binary, ['snapshot', '--config=', '--hostname=node', '--over=300ms', `--format=${format}`, ...paths, ...args], { timeout: 20_000, env: { ...process.env, ...env } });
  assert.equal(code, 0, err);
  return out;
}

describe('Jetson', () => {
  it("gives all-smi's rows for its GPU, and its rails, zones and engines, clean for promtool", () => {
    const text = snapshot('jetson-orin-jp6', 'prometheus');
    const gpu = 'hostname="node",gpu_index="0",gpu_uuid="JetsonGPU",gpu="NVIDIA Jetson AGX Orin Developer Kit"';
    for (const line of [
      `all_smi_gpu_utilization{${gpu}} 57.3`, `all_smi_gpu_temperature_celsius{${gpu}} 45.093`, `all_smi_gpu_power_consumption_watts{${gpu}} 3.99`,
      `all_smi_gpu_frequency_mhz{${gpu}} 918`, `all_smi_gpu_memory_total_bytes{${gpu}} ${31433880 * 1024}`, `algalon_gpu_memory_shared{${gpu}} 1`,
      'algalon_rail_power_watts{hostname="node",rail="VDD_GPU_SOC"} 3.99', 'algalon_zone_temperature_celsius{hostname="node",zone="tj-thermal"} 47.312',
      'algalon_engine_running{hostname="node",engine="nvdec"} 1', 'algalon_engine_running{hostname="node",engine="nvenc"} 0',
      'algalon_board_memory_controller_utilization{hostname="node"} 3',
      'algalon_board_info{hostname="node",model="NVIDIA Jetson AGX Orin Developer Kit",soc="tegra234",l4t_version="36.4.3",jetpack_version="6.2",power_mode="MAXN",power_mode_id="0"} 1',
    ])
      assert.ok(text.includes(`${line}\n`), line);
    assert.match(text, /^algalon_gpu_processes\{.*\} 2$/m);
    assert.doesNotMatch(text, /^algalon_gpu_memory_unattributed_bytes/m, 'the rest of the memory is the machine\'s');
    assert.match(text, /all_smi_gpu_info\{[^}]*driver_version="36\.4\.3",cuda_version="12\.6\.11",lib_name="CUDA",lib_version="12\.6\.11",architecture="Ampere"/);
    assert.match(text, /all_smi_process_memory_used_bytes\{hostname="node",pid="2210",.*gpu_index="0",device_uuid="JetsonGPU"\} 4296015872\n/);
    assert.doesNotMatch(run('promtool', ['check', 'metrics'], { input: text }).err, /error/i);
  });

  it('says in JSON what it is, and null for what it does not tell', () => {
    const board = JSON.parse(snapshot('jetson-orin-nx-jp5', 'json'));
    assert.equal(board.gpus.length, 1);
    assert.equal(board.gpus[0].memory_shared, true);
    assert.equal(board.gpus[0].power_watts, null);
    assert.equal(board.gpus[0].processes, null, 'debugfs is closed: nobody tells');
    assert.deepEqual(board.presence.map(({ state, uuid }) => [state, uuid]), [['present', 'JetsonGPU']]);
    assert.deepEqual(board.doubtful, []);
    assert.equal(board.boards[0].power_mode, '25W');
    assert.deepEqual(board.boards[0].rails.map((r) => r.name), ['VDD_IN', 'VDD_CPU_GPU_CV', 'VDD_SOC']);
    assert.equal(board.boards[0].memory_clock_mhz, null);
    assert.deepEqual(JSON.parse(snapshot('host-epyc', 'json')).boards, []);
  });

  it('is not read twice where NVML has its GPU', () => {
    const text = snapshot('jetson-thor-jp7', 'prometheus', [`--nvml-library=${nvmlSimulator}`], { ALGALON_NVML_SIM: path.join(scenarios, 'spark.scn') });
    assert.equal(text.match(/^algalon_gpu_up\{/gm).length, 1);
    assert.match(text, /^algalon_gpu_memory_shared\{[^}]*gpu="NVIDIA GB10"\} 1$/m);
    assert.match(text, /^algalon_rail_power_watts\{hostname="node",rail="VDD_GPU"\} 10\.8$/m);
  });
});

describe('other machines with one memory', () => {
  it('DGX Spark shows the memory of the host, and no link', () => {
    const text = snapshot('host-epyc', 'prometheus', [`--nvml-library=${nvmlSimulator}`], { ALGALON_NVML_SIM: path.join(scenarios, 'spark.scn') });
    const of = (name) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
    assert.equal(of('algalon_gpu_memory_shared'), 1);
    assert.equal(of('all_smi_gpu_memory_total_bytes'), of('all_smi_memory_total_bytes'));
    assert.doesNotMatch(text, /^all_smi_gpu_pcie_/m);
  });

  it("Grace keeps the GPU's memory and the machine's apart", () => {
    const text = snapshot('host-grace', 'prometheus', [`--nvml-library=${nvmlSimulator}`], { ALGALON_NVML_SIM: path.join(scenarios, 'grace.scn') });
    assert.match(text, /^algalon_gpu_memory_shared\{.*\} 0$/m);
    assert.match(text, /^all_smi_gpu_numa_node_id\{.*\} 1$/m);
    assert.match(text, /^algalon_gpu_c2c_links\{.*\} 5$/m);
  });
});
