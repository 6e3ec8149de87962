/* catalogue_part.c - rows of the catalogue: parts of a device that its driver tells apart, whoever
 * made it: engines, GTs of tiles, regions of memory, partitions, columns of cores. */
#include "metric/catalogue_table.h"

#define PART        GPU ",kind,part"
#define ABSENT_PART "Only where the driver tells parts of the device apart."
#define ASKS_ENGINE "i915: perf; others: /proc/PID/fdinfo; amdgpu: gpu_metrics"
#define ASKS_GT     "i915: gt/gt<N>; xe: device/tile<T>/gt<N>; amdgpu: gpu_metrics"
#define ASKS_LINK   "amdgpu: gpu_metrics 1.4 on"
#define ABSENT_LINK "Only of links that the driver counts: XGMI of MI300 and later."
#define ASKS_REGION "i915, xe: query of memory regions"

const struct catalogue_family catalogue_part[] = {
    {"algalon_gpu_part_utilization", "gauge", "percent", PART,
     "Share of time in which a part of the device worked, mean over the interval, percent; kind is "
     "engine, gt, memory, partition, column or link (driver)",
     .asks = ASKS_ENGINE, .period = CATALOGUE_MEAN, .absent = ABSENT_PART,
     .note = "Parts work side by side: they do not add up to the device."},
    {"algalon_gpu_part_asleep", "gauge", "percent", PART,
     "Share of time in which a part of the device was without power because it had nothing to do, "
     "percent (i915: rc6_residency_ms; xe: idle_residency_ms)",
     .asks = ASKS_GT, .period = CATALOGUE_MEAN, .absent = ABSENT_PART},
    {"algalon_gpu_part_frequency_mhz", "gauge", "megahertz", PART,
     "Clock of a part of the device, MHz; 0 while it sleeps (driver)", .asks = ASKS_GT,
     .absent = ABSENT_PART},
    {"algalon_gpu_part_frequency_max_mhz", "gauge", "megahertz", PART,
     "Highest clock of a part of the device, MHz (driver)", .asks = ASKS_GT, .absent = ABSENT_PART},
    {"algalon_gpu_part_temperature_celsius", "gauge", "celsius", PART,
     "Temperature of a part of the device, degrees Celsius (driver)", .asks = ASKS_GT,
     RANGE(-30, 140), .absent = ABSENT_PART},
    {"algalon_gpu_part_memory_used_bytes", "gauge", "bytes", PART,
     "Memory in use of a region or partition, bytes (driver)", .asks = ASKS_REGION,
     RANGE(0, 16 * CATALOGUE_TIB), .absent = ABSENT_PART},
    {"algalon_gpu_part_memory_total_bytes", "gauge", "bytes", PART,
     "Size of a region of memory or of a partition's share, bytes (driver)", .asks = ASKS_REGION,
     RANGE(1, 16 * CATALOGUE_TIB), .absent = ABSENT_PART},
    {"algalon_gpu_part_up", "gauge", "1", PART,
     "1 while a link to another device works, 0 while it does not (amdgpu: XGMI)",
     .asks = ASKS_LINK, RANGE(0, 1), .absent = ABSENT_LINK,
     .arch = "MI300X with its newer tables."},
    {"algalon_gpu_part_sent_bytes_total", "counter", "bytes", PART,
     "Bytes written over a link to another device since the driver was loaded (amdgpu: XGMI)",
     .asks = ASKS_LINK, .period = CATALOGUE_COUNTS, .absent = ABSENT_LINK},
    {"algalon_gpu_part_received_bytes_total", "counter", "bytes", PART,
     "Bytes read over a link to another device since the driver was loaded (amdgpu: XGMI)",
     .asks = ASKS_LINK, .period = CATALOGUE_COUNTS, .absent = ABSENT_LINK},
    {"algalon_gpu_part_throttled", "gauge", "1", PART ",reason",
     "1 while clocks of a part of the device are held down for a reason, else 0 (driver)",
     .asks = "i915: throttle_reason_*; xe: freq0/throttle/*", RANGE(0, 1), .absent = ABSENT_PART},
};
const size_t catalogue_part_len = ARRAY_LEN(catalogue_part);
