// fields.mjs - what nvidia-smi calls a value, what Algalon calls it, and how far the two may lie apart.

const MIB = 1024 * 1024;
const YES = { Enabled: 1, Disabled: 0, Yes: 1, No: 0 };
const COMPUTE_MODES = { Default: 0, Exclusive_Thread: 1, Prohibited: 2, Exclusive_Process: 3 };

const number = (text) => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined);
const mib = (text) => (number(text) === undefined ? undefined : number(text) * MIB);
const word = (words) => (text) => words[text];
const busId = (text) => text.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');

/** nvidia-smi's ways of saying that it has no value. */
export const isUnknown = (text) => /^\[?(n\/a|not supported|not available|unknown error|insufficient permissions|gpu requires reset|gpu is lost)\]?$/i.test(text.trim());

const exact = { absolute: 0, why: 'the same' };
const rounding = { absolute: 2 * MIB, why: '2 MiB: nvidia-smi rounds to MiB' };
const percent = { absolute: 6, why: '6 points: the driver\'s last sample beside the mean of the interval' };
const celsius = { absolute: 3, why: '3 °C: two readings within a second' };
const clock = { absolute: 60, why: '60 MHz: four steps of a clock' };
const watts = { absolute: 5, relative: 0.06, why: '5 W or 6 %: means over different times' };
const limit = { absolute: 0.01, why: '0.01 W: nvidia-smi prints two places' };
const counted = { absolute: 0, why: 'the same count' };
const throttled = { absolute: 1.5, why: '1.5 s: counters that may run between two readings' };
const micros = (text) => (number(text.replace(/ us$/, '')) === undefined ? undefined : number(text.replace(/ us$/, '')) / 1e6);

/**
 * smi: the field of --query-gpu (`remapped_rows.`: of --query-remapped-rows); the first that this nvidia-smi knows.
 * metric, labels: the series of /metrics; label: compare that label's text in place of the value. snapshot: the JSON's field.
 * read: nvidia-smi's text in our unit; scale: the snapshot's value in the same unit.
 */
export const fields = [
  { smi: ['index'], metric: 'algalon_gpu_up', label: 'gpu_index', snapshot: 'gpu_index', read: String, tolerance: exact },
  { smi: ['uuid'], metric: 'all_smi_gpu_info', label: 'gpu_uuid', snapshot: 'uuid', read: String, tolerance: exact },
  { smi: ['name'], metric: 'all_smi_gpu_info', label: 'gpu', snapshot: 'name', read: String, tolerance: exact },
  { smi: ['pci.bus_id'], metric: 'all_smi_gpu_info', label: 'pci_bus_id', snapshot: 'pci_bus_id', read: busId, tolerance: exact },
  { smi: ['serial'], metric: 'algalon_gpu_board_info', label: 'serial', snapshot: 'serial', read: String, tolerance: exact },
  { smi: ['vbios_version'], metric: 'all_smi_gpu_info', label: 'vbios_version', snapshot: 'vbios_version', read: String, tolerance: exact },
  { smi: ['driver_version'], metric: 'all_smi_gpu_info', label: 'driver_version', read: String, tolerance: exact },
  { smi: ['utilization.gpu'], metric: 'all_smi_gpu_utilization', snapshot: 'utilization_percent', read: number, unit: '%', tolerance: percent },
  { smi: ['utilization.memory'], metric: 'algalon_gpu_memory_activity', snapshot: 'memory_activity_percent', read: number, unit: '%', tolerance: percent },
  { smi: ['utilization.encoder'], metric: 'algalon_gpu_encoder_utilization', snapshot: 'encoder_utilization_percent', read: number, unit: '%', tolerance: percent },
  { smi: ['utilization.decoder'], metric: 'algalon_gpu_decoder_utilization', snapshot: 'decoder_utilization_percent', read: number, unit: '%', tolerance: percent },
  { smi: ['encoder.stats.sessionCount'], metric: 'algalon_gpu_encoder_sessions', read: number, tolerance: counted },
  { smi: ['memory.used'], metric: 'all_smi_gpu_memory_used_bytes', snapshot: 'memory_used_bytes', read: mib, unit: 'B', tolerance: rounding },
  { smi: ['memory.free'], metric: 'algalon_gpu_memory_free_bytes', snapshot: 'memory_free_bytes', read: mib, unit: 'B', tolerance: rounding },
  { smi: ['memory.total'], metric: 'all_smi_gpu_memory_total_bytes', snapshot: 'memory_total_bytes', read: mib, unit: 'B', tolerance: rounding },
  { smi: ['memory.reserved'], metric: 'algalon_gpu_memory_reserved_bytes', snapshot: 'memory_reserved_bytes', read: mib, unit: 'B', tolerance: rounding },
  { smi: ['temperature.gpu'], metric: 'all_smi_gpu_temperature_celsius', snapshot: 'temperature_celsius', read: number, unit: '°C', tolerance: celsius },
  { smi: ['temperature.memory'], metric: 'algalon_gpu_memory_temperature_celsius', snapshot: 'memory_temperature_celsius', read: number, unit: '°C', tolerance: celsius },
  { smi: ['power.draw.average', 'power.draw'], metric: 'all_smi_gpu_power_consumption_watts', snapshot: 'power_watts', read: number, unit: 'W', tolerance: watts },
  { smi: ['power.draw.average'], metric: 'algalon_gpu_power_average_watts', read: number, unit: 'W', tolerance: watts },
  { smi: ['power.draw.instant'], metric: 'algalon_gpu_power_instant_watts', read: number, unit: 'W', tolerance: watts },
  { smi: ['enforced.power.limit', 'power.limit'], metric: 'all_smi_gpu_power_limit_current_watts', snapshot: 'power_limit_watts', read: number, unit: 'W', tolerance: limit },
  { smi: ['power.limit'], metric: 'algalon_gpu_power_limit_requested_watts', read: number, unit: 'W', tolerance: limit, optional: true },
  { smi: ['power.default_limit'], metric: 'algalon_gpu_power_limit_default_watts', snapshot: 'power_limit_default_watts', read: number, unit: 'W', tolerance: limit },
  { smi: ['power.min_limit'], metric: 'algalon_gpu_power_limit_min_watts', snapshot: 'power_limit_min_watts', read: number, unit: 'W', tolerance: limit },
  { smi: ['power.max_limit'], metric: 'all_smi_gpu_power_limit_max_watts', snapshot: 'power_limit_max_watts', read: number, unit: 'W', tolerance: limit },
  { smi: ['clocks.gr'], metric: 'all_smi_gpu_frequency_mhz', snapshot: 'clock_graphics_mhz', read: number, unit: 'MHz', tolerance: clock },
  { smi: ['clocks.sm'], metric: 'algalon_gpu_clock_sm_mhz', snapshot: 'clock_sm_mhz', read: number, unit: 'MHz', tolerance: clock },
  { smi: ['clocks.mem'], metric: 'algalon_gpu_clock_memory_mhz', snapshot: 'clock_memory_mhz', read: number, unit: 'MHz', tolerance: clock },
  { smi: ['clocks.max.gr'], metric: 'all_smi_gpu_clock_graphics_max_mhz', snapshot: 'clock_graphics_max_mhz', read: number, unit: 'MHz', tolerance: exact },
  { smi: ['clocks.max.mem'], metric: 'all_smi_gpu_clock_memory_max_mhz', snapshot: 'clock_memory_max_mhz', read: number, unit: 'MHz', tolerance: exact },
  { smi: ['fan.speed'], metric: 'algalon_gpu_fan_speed_percent', snapshot: 'fan_speed_percent', read: number, unit: '%', tolerance: { absolute: 5, why: '5 points: a fan that follows the heat' } },
  { smi: ['pstate'], metric: 'all_smi_gpu_performance_state', snapshot: 'performance_state', read: (text) => number(text.replace(/^P/, '')), tolerance: exact },
  { smi: ['pcie.link.gen.current', 'pcie.link.gen.gpucurrent'], metric: 'all_smi_gpu_pcie_gen_current', snapshot: 'pcie_generation', read: number, tolerance: exact },
  { smi: ['pcie.link.width.current'], metric: 'all_smi_gpu_pcie_width_current', snapshot: 'pcie_width', read: number, tolerance: exact },
  { smi: ['pcie.link.gen.max'], metric: 'algalon_gpu_pcie_gen_max', snapshot: 'pcie_generation_max', read: number, tolerance: exact },
  { smi: ['pcie.link.width.max'], metric: 'algalon_gpu_pcie_width_max', snapshot: 'pcie_width_max', read: number, tolerance: exact },
  { smi: ['ecc.mode.current'], metric: 'algalon_gpu_ecc_mode', snapshot: 'ecc_enabled', read: word(YES), tolerance: exact },
  { smi: ['ecc.errors.corrected.volatile.total'], metric: 'algalon_gpu_ecc_errors_total', labels: { type: 'corrected' }, snapshot: 'ecc_errors_corrected', read: number, tolerance: counted },
  { smi: ['ecc.errors.uncorrected.volatile.total'], metric: 'algalon_gpu_ecc_errors_total', labels: { type: 'uncorrected' }, snapshot: 'ecc_errors_uncorrected', read: number, tolerance: counted },
  { smi: ['ecc.errors.corrected.aggregate.total'], metric: 'algalon_gpu_ecc_errors_aggregate_total', labels: { type: 'corrected' }, read: number, tolerance: counted },
  { smi: ['ecc.errors.uncorrected.aggregate.total'], metric: 'algalon_gpu_ecc_errors_aggregate_total', labels: { type: 'uncorrected' }, read: number, tolerance: counted },
  { smi: ['retired_pages.single_bit_ecc.count'], metric: 'algalon_gpu_retired_pages', labels: { type: 'corrected' }, read: number, tolerance: counted },
  { smi: ['retired_pages.double_bit.count'], metric: 'algalon_gpu_retired_pages', labels: { type: 'uncorrected' }, read: number, tolerance: counted },
  { smi: ['retired_pages.pending'], metric: 'algalon_gpu_retired_pages_pending', read: word(YES), tolerance: exact },
  { smi: ['remapped_rows.correctable'], metric: 'algalon_gpu_remapped_rows_total', labels: { type: 'corrected' }, read: number, tolerance: counted },
  { smi: ['remapped_rows.uncorrectable'], metric: 'algalon_gpu_remapped_rows_total', labels: { type: 'uncorrected' }, read: number, tolerance: counted },
  { smi: ['remapped_rows.pending'], metric: 'algalon_gpu_row_remap_pending', read: (text) => YES[text] ?? number(text), tolerance: exact },
  { smi: ['remapped_rows.failure'], metric: 'algalon_gpu_row_remap_failed', read: (text) => YES[text] ?? number(text), tolerance: exact },
  { smi: ['clocks_event_reasons_counters.sw_power_cap'], metric: 'algalon_gpu_throttle_seconds_total', labels: { reason: 'sw_power_cap' }, read: micros, unit: 's', tolerance: throttled },
  { smi: ['clocks_event_reasons_counters.sync_boost'], metric: 'algalon_gpu_throttle_seconds_total', labels: { reason: 'sync_boost' }, read: micros, unit: 's', tolerance: throttled },
  { smi: ['clocks_event_reasons_counters.sw_thermal_slowdown'], metric: 'algalon_gpu_throttle_seconds_total', labels: { reason: 'sw_thermal' }, read: micros, unit: 's', tolerance: throttled },
  { smi: ['clocks_event_reasons_counters.hw_thermal_slowdown'], metric: 'algalon_gpu_throttle_seconds_total', labels: { reason: 'hw_thermal' }, read: micros, unit: 's', tolerance: throttled },
  { smi: ['clocks_event_reasons_counters.hw_power_brake_slowdown'], metric: 'algalon_gpu_throttle_seconds_total', labels: { reason: 'hw_power_brake' }, read: micros, unit: 's', tolerance: throttled },
  { smi: ['persistence_mode'], metric: 'algalon_gpu_persistence_mode', snapshot: 'persistence_mode', read: word(YES), tolerance: exact },
  { smi: ['mig.mode.current'], metric: 'algalon_gpu_mig_mode', snapshot: 'mig_enabled', read: word(YES), tolerance: exact },
  { smi: ['compute_mode'], metric: 'algalon_gpu_compute_mode', snapshot: 'compute_mode', read: word(COMPUTE_MODES), tolerance: exact },
];
