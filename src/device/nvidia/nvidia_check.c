/* nvidia_check.c - the table of plausible values. */
#include "device/nvidia/nvidia_check.h"

/* Numbers that mean "nothing" in the driver and in tools above it. */
enum sentinel {
    NOT_ZERO = 1,    /* zero is what an unread field looks like, never a reading */
    NOT_BLANK32 = 2, /* all ones, and the blanks from 0x7ffffff0 on */
    NOT_BLANK64 = 4  /* all ones, and the blanks from 0x7ffffffffffffff0 on */
};

struct rule {
    const char *name;
    double scale;     /* from the driver's unit to ours */
    double low, high; /* in our unit */
    unsigned sentinels;
    unsigned age_s; /* a sample may be this old; 0: the field has no samples */
};

#define BLANK NOT_BLANK32 | NOT_BLANK64
#define TIB   ((double)((uint64_t)1 << 40))

static const struct rule rules[CHECK_FIELDS] = {
    [CHECK_UTILIZATION] = {"nvidia.utilization", 0.01, 0, 1, BLANK, 15},
    [CHECK_MEMORY_UTILIZATION] = {"nvidia.memory_utilization", 0.01, 0, 1, BLANK, 15},
    [CHECK_ENCODER] = {"nvidia.encoder", 0.01, 0, 1, BLANK, 0},
    [CHECK_DECODER] = {"nvidia.decoder", 0.01, 0, 1, BLANK, 0},
    [CHECK_MEMORY_TOTAL] = {"nvidia.memory_total", 1, 1, 16 * TIB, NOT_ZERO | NOT_BLANK64, 0},
    [CHECK_MEMORY_USED] = {"nvidia.memory_used", 1, 0, 16 * TIB, NOT_BLANK64, 0},
    [CHECK_MEMORY_FREE] = {"nvidia.memory_free", 1, 0, 16 * TIB, NOT_BLANK64, 0},
    [CHECK_MEMORY_RESERVED] = {"nvidia.memory_reserved", 1, 0, 16 * TIB, NOT_BLANK64, 0},
    [CHECK_TEMPERATURE] = {"nvidia.temperature", 1, -30, 130, BLANK, 0},
    [CHECK_MEMORY_TEMPERATURE] = {"nvidia.memory_temperature", 1, -30, 140, BLANK | NOT_ZERO, 0},
    [CHECK_THRESHOLD] = {"nvidia.temperature_threshold", 1, 30, 150, BLANK | NOT_ZERO, 0},
    [CHECK_POWER] = {"nvidia.power", 0.001, 0, 5000, BLANK, 15},
    [CHECK_POWER_LIMIT] = {"nvidia.power_limit", 0.001, 1, 5000, BLANK | NOT_ZERO, 0},
    [CHECK_ENERGY] = {"nvidia.energy", 0.001, 0, 1e15, NOT_BLANK64, 0},
    [CHECK_CLOCK] = {"nvidia.clock", 1, 1, 30000, BLANK | NOT_ZERO, 0},
    [CHECK_FAN] = {"nvidia.fan", 0.01, 0, 2, BLANK, 0}, /* requested speed: may exceed 100 % */
    [CHECK_FAN_RPM] = {"nvidia.fan_rpm", 1, 0, 40000, BLANK, 0},
    [CHECK_PSTATE] = {"nvidia.pstate", 1, 0, 15, BLANK, 0},
    [CHECK_SWITCH] = {"nvidia.mode", 1, 0, 1, BLANK, 0},
    [CHECK_COMPUTE_MODE] = {"nvidia.compute_mode", 1, 0, 3, BLANK, 0},
    [CHECK_ECC_ERRORS] = {"nvidia.ecc_errors", 1, 0, 1e15, NOT_BLANK64, 0},
    [CHECK_PCIE_GENERATION] = {"nvidia.pcie_generation", 1, 1, 10, BLANK | NOT_ZERO, 0},
    [CHECK_PCIE_WIDTH] = {"nvidia.pcie_width", 1, 1, 32, BLANK | NOT_ZERO, 0},
    [CHECK_THROTTLE] = {"nvidia.throttle_reasons", 1, 0, 4294967295.0, NOT_BLANK64, 0},
    [CHECK_NUMA_NODE] = {"nvidia.numa_node", 1, 0, 4095, BLANK, 0},
    [CHECK_PROCESS_PID] = {"nvidia.process_pid", 1, 1, 4194304, BLANK, 0},
    [CHECK_PROCESS_MEMORY] = {"nvidia.process_memory", 1, 0, 16 * TIB, NOT_BLANK64, 0},
    [CHECK_PROCESS_UTILIZATION] = {"nvidia.process_utilization", 0.01, 0, 1, BLANK, 15},
    [CHECK_ROWS] = {"nvidia.remapped_rows", 1, 0, 1e6, BLANK, 0},
    [CHECK_PAGES] = {"nvidia.retired_pages", 1, 0, 1e6, BLANK, 0},
    [CHECK_PCIE_ERRORS] = {"nvidia.pcie_errors", 1, 0, 1e12, BLANK, 0},
    [CHECK_PCIE_BYTES] = {"nvidia.pcie_bytes", 1, 0, 1e19, NOT_BLANK64, 0},
    [CHECK_THROTTLE_TIME] = {"nvidia.throttle_time", 1e-9, 0, 1e10, NOT_BLANK64, 0},
    [CHECK_RECOVERY_ACTION] = {"nvidia.recovery_action", 1, 0, 15, BLANK, 0},
    [CHECK_MARGIN] = {"nvidia.temperature_margin", 1, -150, 150, BLANK, 0},
    [CHECK_LINK_KIB] = {"nvidia.nvlink_bytes", 1024, 0, 1e19, NOT_BLANK64, 0},
    [CHECK_LINK_BYTES] = {"nvidia.nvlink_bytes", 1, 0, 1e19, NOT_BLANK64, 0},
    [CHECK_LINK_ERRORS] = {"nvidia.nvlink_errors", 1, 0, 1e15, NOT_BLANK64, 0},
    [CHECK_LINK_VERSION] = {"nvidia.nvlink_version", 1, 1, 64, BLANK | NOT_ZERO, 0},
    [CHECK_C2C_LINKS] = {"nvidia.c2c_links", 1, 0, 64, BLANK, 0},
    [CHECK_JPEG] = {"nvidia.jpeg", 0.01, 0, 1, BLANK, 0},
    [CHECK_OFA] = {"nvidia.ofa", 0.01, 0, 1, BLANK, 0},
    [CHECK_REMAP_BANKS] = {"nvidia.remap_banks", 1, 0, 1e6, BLANK, 0},
    /* Two clocks are read one after the other: a part at full load may show a little more. */
    [CHECK_PROFILE] = {"nvidia.profile", 0.01, 0, 1.01, BLANK, 0},
    [CHECK_PROFILE_RATE] = {"nvidia.profile_rate", 1048576, 0, 1e14, BLANK, 0},
    [CHECK_VIRTUALIZATION] = {"nvidia.virtualization_mode", 1, 0, 4, BLANK, 0},
    [CHECK_FABRIC] = {"nvidia.fabric", 1, 0, 999, BLANK, 0},
};

static const char *const reasons[CHECK_REASONS] = {"range", "sentinel", "stale"};

static bool is_sentinel(const struct rule *rule, double raw)
{
    if (isnan(raw))
        return true;
    if ((rule->sentinels & NOT_ZERO) && !(fabs(raw) > 0))
        return true;
    /* As a double every 64-bit blank is 2^63 or 2^64. */
    if ((rule->sentinels & NOT_BLANK64) && raw >= 0x1p63)
        return true;
    return (rule->sentinels & NOT_BLANK32) &&
           ((raw >= 2147483632.0 && raw <= 2147483647.0) || (raw >= 4294967295.0 && raw < 0x1p32));
}

void check_reject(struct check *c, enum check_field field, enum check_reason reason)
{
    c->rejected[field][reason]++;
}

double check_gauge(struct check *c, enum check_field field, double raw)
{
    const struct rule *rule = &rules[field];
    double value = raw * rule->scale;

    if (is_sentinel(rule, raw)) {
        check_reject(c, field, CHECK_SENTINEL);
        return NAN;
    }
    if (value < rule->low || value > rule->high) {
        check_reject(c, field, CHECK_RANGE);
        return NAN;
    }
    return value;
}

uint64_t check_bytes(struct check *c, enum check_field field, uint64_t raw)
{
    return isnan(check_gauge(c, field, (double)raw)) ? UNKNOWN_COUNT : raw;
}

int64_t check_age_limit_us(enum check_field field, int64_t interval_us)
{
    return MAX((int64_t)rules[field].age_s * 1000000, 2 * interval_us);
}

int check_list(const struct check *c, struct arena *a, struct reading_reject **ret, size_t *ret_len)
{
    size_t n = 0;

    for (size_t f = 0; f < CHECK_FIELDS; f++)
        for (size_t r = 0; r < CHECK_REASONS; r++)
            n += c->rejected[f][r] > 0;
    *ret = NULL;
    *ret_len = 0;
    if (!n)
        return 0;
    *ret = arena_calloc(a, n, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (size_t f = 0; f < CHECK_FIELDS; f++)
        for (size_t r = 0; r < CHECK_REASONS; r++)
            if (c->rejected[f][r])
                (*ret)[(*ret_len)++] =
                    (struct reading_reject){rules[f].name, reasons[r], c->rejected[f][r]};
    return 0;
}
