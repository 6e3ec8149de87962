// simulated.mjs - one simulated H100 for --simulated: what the simulator of NVML is told, and what the load would report.
import fs from 'node:fs';
import path from 'node:path';

// The same numbers stand in fake-smi.mjs, in nvidia-smi's words.
const FULL_FMA = ['gpm_3 value=98', 'gpm_10 value=1', 'gpm_12 value=95', 'gpm_13 value=0', 'gpm_5 value=0'];
const FULL_COPY = ['gpm_10 value=88', 'gpm_12 value=1', 'gpm_13 value=0', 'gpm_5 value=0'];

/** Seconds: five of the simulator's samples, so that their mean over a period is the duty cycle. */
export const SIMULATED_PERIOD = 0.833335;

const phases = {
  idle: { gpu: 'profile=constant high=0 memory=0MB', values: [] },
  load: { gpu: 'profile=constant high=1 processes=0 memory=1536MB', values: ['sample_memory_utilization value=2', ...FULL_FMA] },
  copy: { gpu: 'profile=constant high=1 processes=0 memory=1536MB', values: ['sample_memory_utilization value=77', ...FULL_COPY] },
  duty: { gpu: `profile=square period=${SIMULATED_PERIOD} duty=0.4 processes=0 memory=1536MB`, values: [] },
};

/** Writes the scenario of a phase to `dir`; `fault` is one more line for it, to be wrong on purpose. */
export function writeScenario(dir, phase, fault) {
  const file = path.join(dir, `${phase}.scn`);
  const { gpu, values } = phases[phase];
  fs.writeFileSync(file, [`# phase ${phase}`, `gpu 1 "NVIDIA H100 80GB HBM3" ${gpu}`, ...(fault ? [fault] : []), ...values.map((value) => `fault value gpu=0 field=${value}`), ''].join('\n'));
  return file;
}

/** What nvidia-load would print after its work in this phase. */
export function loadReport(phase) {
  const multiprocessors = 132, clock = 1935e6, bytes = 2 * 2619e6 * (5120 / 8);
  return {
    name: 'NVIDIA H100 80GB HBM3', pci_bus_id: '0000:17:00.0', busy_share: phase === 'duty' ? 0.4 : 1, compute_capability: '9.0',
    fma_per_second: phase === 'copy' ? 0 : 0.95 * multiprocessors * 128 * clock, bytes_per_second: phase === 'copy' ? 0.88 * bytes : 0,
    multiprocessors, memory_clock_khz: 2619e3, memory_bus_bits: 5120,
  };
}
