#!/usr/bin/env node
// fake-smi.mjs - answers as nvidia-smi would on the simulated machine of simulated.mjs. Only for --simulated: it knows one board.
import fs from 'node:fs';

const scenario = fs.readFileSync(process.env.ALGALON_NVML_SIM, 'utf8');
const phase = /^# phase (\w+)$/m.exec(scenario)[1];
const busy = phase !== 'idle';
const value = (idle, load, copy = load) => (phase === 'copy' ? copy : busy ? load : idle);

const values = {
  index: '0', uuid: 'GPU-26f2a114-8cf5-2011-934f-9aec6e5d7d20', name: 'NVIDIA H100 80GB HBM3', 'pci.bus_id': '00000000:17:00.0',
  serial: '1654600000977', vbios_version: '8F.00.61.00.97', driver_version: '580.95.05', 'mig.mode.current': 'Disabled',
  'utilization.gpu': value('0', '100'), 'utilization.memory': value('0', '2', '77'), 'utilization.encoder': '0', 'utilization.decoder': '0',
  'encoder.stats.sessionCount': '0', 'memory.total': '81559', 'memory.reserved': '551', 'memory.used': value('0', '1536'), 'memory.free': value('81008', '79472'),
  'temperature.gpu': value('30', '73'), 'temperature.memory': value('36', '79'),
  'power.draw': value('70', '672'), 'power.draw.average': value('70.1', '672.3'), 'power.draw.instant': value('70.2', '671.8'),
  'enforced.power.limit': '700.00', 'power.limit': '700.00', 'power.default_limit': '700.00', 'power.min_limit': '200.00', 'power.max_limit': '700.00',
  'clocks.gr': value('345', '1935'), 'clocks.sm': value('345', '1935'), 'clocks.mem': '2619', 'clocks.max.gr': '1980', 'clocks.max.mem': '2619',
  'fan.speed': '[N/A]', pstate: 'P0', 'pcie.link.gen.current': '5', 'pcie.link.gen.max': '5', 'pcie.link.width.current': '16', 'pcie.link.width.max': '16',
  'ecc.mode.current': 'Enabled', 'ecc.errors.corrected.volatile.total': '0', 'ecc.errors.uncorrected.volatile.total': '0',
  'ecc.errors.corrected.aggregate.total': '3', 'ecc.errors.uncorrected.aggregate.total': '0',
  'retired_pages.single_bit_ecc.count': '[N/A]', 'retired_pages.double_bit.count': '[N/A]', 'retired_pages.pending': '[N/A]',
  'remapped_rows.correctable': '0', 'remapped_rows.uncorrectable': '0', 'remapped_rows.pending': 'No', 'remapped_rows.failure': 'No',
  persistence_mode: 'Enabled', compute_mode: 'Default',
};

const query = process.argv.map((word) => /^--query-(gpu|remapped-rows)=(.+)$/.exec(word)).find(Boolean);
const loop = process.argv.map((word) => /^--loop-ms=(\d+)$/.exec(word)).find(Boolean);
if (!query) {
  console.error('fake-smi: only --query-gpu=... and --query-remapped-rows=... are answered');
  process.exit(2);
}
const names = query[2].split(',');
const unknown = names.find((name) => !(name in values) || name.startsWith('remapped_rows.') !== (query[1] === 'remapped-rows'));
if (unknown) {
  console.log(`Field "${unknown}" is not a valid field to query.\n`);
  process.exit(2);
}
const print = () => console.log(names.map((name) => values[name]).join(', '));
print();
if (loop) setInterval(print, Number(loop[1]));
