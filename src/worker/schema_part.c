/* schema_part.c - where the values of a device's parts stand. */
#include "worker/schema_rule.h"

#include "worker/scope.h"

static double part_throttled(const void *thing, unsigned variant)
{
    double reasons = ((const struct merged_part *)thing)->part.throttle_reasons;

    if (!(reasons >= 0 && reasons < 0x1p63))
        return UNKNOWN;
    return ((uint64_t)reasons & scope_throttle[variant].bit) != 0;
}

#define PART struct merged_part

const struct schema_rule schema_part[] = {
    SHARE("algalon_gpu_part_utilization", SCOPE_PART, PART, part.utilization_ratio),
    SHARE("algalon_gpu_part_asleep", SCOPE_PART, PART, part.asleep_ratio),
    GAUGE("algalon_gpu_part_frequency_mhz", SCOPE_PART, PART, part.clock_mhz),
    GAUGE("algalon_gpu_part_frequency_max_mhz", SCOPE_PART, PART, part.clock_max_mhz),
    GAUGE("algalon_gpu_part_temperature_celsius", SCOPE_PART, PART, part.temperature_c),
    COUNT("algalon_gpu_part_memory_used_bytes", SCOPE_PART, PART, part.mem_used_bytes),
    COUNT("algalon_gpu_part_memory_total_bytes", SCOPE_PART, PART, part.mem_total_bytes),
    GAUGE("algalon_gpu_part_up", SCOPE_PART, PART, part.up),
    FIELD("algalon_gpu_part_sent_bytes_total", SCOPE_PART, PART, part.bytes_total[0], 1, 0),
    FIELD("algalon_gpu_part_received_bytes_total", SCOPE_PART, PART, part.bytes_total[1], 1, 0),
    COMPUTED("algalon_gpu_part_throttled", SCOPE_PART_THROTTLE, part_throttled),
};
const size_t schema_part_len = ARRAY_LEN(schema_part);
