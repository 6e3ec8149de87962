/* nvidia_check.c - the table of plausible values. */
#include "device/nvidia/nvidia_check.h"

#include "metric/metric.h"

/* Numbers that mean "nothing" in the driver and in tools above it. */
enum sentinel {
    NOT_ZERO = 1,    /* zero is what an unread field looks like, never a reading */
    NOT_BLANK32 = 2, /* all ones, and the blanks from 0x7ffffff0 on */
    NOT_BLANK64 = 4  /* all ones, and the blanks from 0x7ffffffffffffff0 on */
};

struct rule {
    const char *name;
    double scale;     /* from the driver's unit to ours */
    double low, high; /* in our unit, of a field that no family shows */
    unsigned sentinels;
    unsigned age_s;     /* a sample may be this old; 0: the field has no samples */
    const char *family; /* of the catalogue, which tells range and age; NULL: this table does */
};

#define OF(name, family, scale, sentinels)                                                         \
    {                                                                                              \
        name, scale, 0, 0, sentinels, 0, family                                                    \
    }

#define BLANK NOT_BLANK32 | NOT_BLANK64

static const struct rule rules[CHECK_FIELDS] = {
    [CHECK_UTILIZATION] = OF("nvidia.utilization", "all_smi_gpu_utilization", 0.01, BLANK),
    [CHECK_MEMORY_UTILIZATION] =
        OF("nvidia.memory_utilization", "algalon_gpu_memory_activity", 0.01, BLANK),
    [CHECK_ENCODER] = OF("nvidia.encoder", "algalon_gpu_encoder_utilization", 0.01, BLANK),
    [CHECK_DECODER] = OF("nvidia.decoder", "algalon_gpu_decoder_utilization", 0.01, BLANK),
    [CHECK_MEMORY_TOTAL] =
        OF("nvidia.memory_total", "all_smi_gpu_memory_total_bytes", 1, NOT_ZERO | NOT_BLANK64),
    [CHECK_MEMORY_USED] = OF("nvidia.memory_used", "all_smi_gpu_memory_used_bytes", 1, NOT_BLANK64),
    [CHECK_MEMORY_FREE] = OF("nvidia.memory_free", "algalon_gpu_memory_free_bytes", 1, NOT_BLANK64),
    [CHECK_MEMORY_RESERVED] =
        OF("nvidia.memory_reserved", "algalon_gpu_memory_reserved_bytes", 1, NOT_BLANK64),
    [CHECK_TEMPERATURE] = OF("nvidia.temperature", "all_smi_gpu_temperature_celsius", 1, BLANK),
    [CHECK_MEMORY_TEMPERATURE] = OF("nvidia.memory_temperature",
                                    "algalon_gpu_memory_temperature_celsius", 1, BLANK | NOT_ZERO),
    [CHECK_THRESHOLD] =
        OF("nvidia.temperature_threshold", "all_smi_gpu_temperature_threshold_slowdown_celsius", 1,
           BLANK | NOT_ZERO),
    [CHECK_POWER] = OF("nvidia.power", "all_smi_gpu_power_consumption_watts", 0.001, BLANK),
    [CHECK_POWER_LIMIT] =
        OF("nvidia.power_limit", "all_smi_gpu_power_limit_current_watts", 0.001, BLANK | NOT_ZERO),
    [CHECK_ENERGY] =
        OF("nvidia.energy", "all_smi_energy_consumed_joules_total", 0.001, NOT_BLANK64),
    [CHECK_CLOCK] = OF("nvidia.clock", "all_smi_gpu_frequency_mhz", 1, BLANK | NOT_ZERO),
    [CHECK_FAN] = OF("nvidia.fan", "algalon_gpu_fan_speed_percent", 0.01,
                     BLANK), /* requested speed: may exceed 100 % */
    [CHECK_FAN_RPM] = OF("nvidia.fan_rpm", "all_smi_gpu_fan_speed_rpm", 1, BLANK),
    [CHECK_PSTATE] = OF("nvidia.pstate", "all_smi_gpu_performance_state", 1, BLANK),
    [CHECK_SWITCH] = OF("nvidia.mode", "algalon_gpu_mig_mode", 1, BLANK),
    [CHECK_COMPUTE_MODE] = {"nvidia.compute_mode", 1, 0, 3, BLANK, 0, NULL},
    [CHECK_ECC_ERRORS] = OF("nvidia.ecc_errors", "algalon_gpu_ecc_errors_total", 1, NOT_BLANK64),
    [CHECK_PCIE_GENERATION] =
        OF("nvidia.pcie_generation", "all_smi_gpu_pcie_gen_current", 1, BLANK | NOT_ZERO),
    [CHECK_PCIE_WIDTH] =
        OF("nvidia.pcie_width", "all_smi_gpu_pcie_width_current", 1, BLANK | NOT_ZERO),
    [CHECK_THROTTLE] = {"nvidia.throttle_reasons", 1, 0, 4294967295.0, NOT_BLANK64, 0, NULL},
    [CHECK_NUMA_NODE] = OF("nvidia.numa_node", "all_smi_gpu_numa_node_id", 1, BLANK),
    [CHECK_PROCESS_PID] = {"nvidia.process_pid", 1, 1, 4194304, BLANK, 0, NULL},
    [CHECK_PROCESS_MEMORY] =
        OF("nvidia.process_memory", "all_smi_process_memory_used_bytes", 1, NOT_BLANK64),
    [CHECK_PROCESS_UTILIZATION] =
        OF("nvidia.process_utilization", "algalon_process_gpu_utilization", 0.01, BLANK),
    [CHECK_ROWS] = OF("nvidia.remapped_rows", "algalon_gpu_remapped_rows_total", 1, BLANK),
    [CHECK_PAGES] = OF("nvidia.retired_pages", "algalon_gpu_retired_pages", 1, BLANK),
    [CHECK_PCIE_ERRORS] = OF("nvidia.pcie_errors", "algalon_gpu_pcie_errors_total", 1, BLANK),
    [CHECK_PCIE_BYTES] =
        OF("nvidia.pcie_bytes", "algalon_gpu_pcie_transmitted_bytes_total", 1, NOT_BLANK64),
    [CHECK_THROTTLE_TIME] =
        OF("nvidia.throttle_time", "algalon_gpu_throttle_seconds_total", 1e-9, NOT_BLANK64),
    [CHECK_RECOVERY_ACTION] = OF("nvidia.recovery_action", "algalon_gpu_recovery_action", 1, BLANK),
    [CHECK_MARGIN] =
        OF("nvidia.temperature_margin", "algalon_gpu_temperature_margin_celsius", 1, BLANK),
    [CHECK_LINK_KIB] =
        OF("nvidia.nvlink_bytes", "algalon_gpu_nvlink_transmitted_bytes_total", 1024, NOT_BLANK64),
    [CHECK_LINK_BYTES] =
        OF("nvidia.nvlink_bytes", "algalon_gpu_nvlink_transmitted_bytes_total", 1, NOT_BLANK64),
    [CHECK_LINK_ERRORS] =
        OF("nvidia.nvlink_errors", "algalon_gpu_nvlink_errors_total", 1, NOT_BLANK64),
    [CHECK_LINK_VERSION] =
        OF("nvidia.nvlink_version", "algalon_gpu_nvlink_version", 1, BLANK | NOT_ZERO),
    [CHECK_C2C_LINKS] = OF("nvidia.c2c_links", "algalon_gpu_c2c_links", 1, BLANK),
    [CHECK_JPEG] = OF("nvidia.jpeg", "algalon_gpu_jpeg_utilization", 0.01, BLANK),
    [CHECK_OFA] = OF("nvidia.ofa", "algalon_gpu_ofa_utilization", 0.01, BLANK),
    [CHECK_REMAP_BANKS] = OF("nvidia.remap_banks", "algalon_gpu_row_remap_banks", 1, BLANK),
    /* Two clocks are read one after the other: a part at full load may show a little more. */
    [CHECK_PROFILE] = OF("nvidia.profile", "algalon_gpu_prof_sm_active", 0.01, BLANK),
    [CHECK_PROFILE_RATE] = OF("nvidia.profile_rate",
                              "algalon_gpu_prof_pcie_transmit_bytes_per_second", 1048576, BLANK),
    [CHECK_VIRTUALIZATION] =
        OF("nvidia.virtualization_mode", "algalon_gpu_virtualization_mode", 1, BLANK),
    [CHECK_FABRIC] = OF("nvidia.fabric", "algalon_gpu_fabric_status", 1, BLANK),
    [CHECK_CLIQUE] = OF("nvidia.fabric_clique", "algalon_gpu_fabric_clique", 1, BLANK),
    [CHECK_LINK_COUNT] = OF("nvidia.nvlink_count", "algalon_gpu_nvlinks", 1, BLANK),
    [CHECK_LINK_SPEED] =
        OF("nvidia.link_speed", "algalon_gpu_nvlink_speed_bytes_per_second", 1e6, BLANK), /* MB/s */
    [CHECK_BIT_ERROR_RATE] =
        OF("nvidia.nvlink_bit_error_rate", "algalon_gpu_nvlink_bit_error_ratio", 1, 0),
    [CHECK_CORES] = OF("nvidia.cores", "algalon_gpu_cores", 1, BLANK | NOT_ZERO),
    [CHECK_MEMORY_BUS] =
        OF("nvidia.memory_bus", "algalon_gpu_memory_bus_width", 1, BLANK | NOT_ZERO),
    [CHECK_SESSIONS] = OF("nvidia.sessions", "algalon_gpu_encoder_sessions", 1, BLANK),
    [CHECK_LATENCY] =
        OF("nvidia.encoder_latency", "algalon_gpu_encoder_latency_seconds", 1e-6, BLANK),
    [CHECK_BAR1] = OF("nvidia.bar1", "algalon_gpu_bar1_total_bytes", 1, NOT_ZERO | NOT_BLANK64),
    [CHECK_PCIE_RATE] = OF("nvidia.pcie_throughput", "algalon_gpu_pcie_sampled_bytes_per_second",
                           1000, BLANK), /* KB/s */
    [CHECK_VGPU] = OF("nvidia.vgpu_utilization", "all_smi_vgpu_utilization", 0.01, BLANK),
    [CHECK_VGPU_MEMORY] =
        OF("nvidia.vgpu_memory", "all_smi_vgpu_memory_used_bytes", 1, NOT_BLANK64),
    [CHECK_VGPU_SCHEDULER] = OF("nvidia.vgpu_scheduler", "all_smi_vgpu_scheduler_policy", 1, BLANK),
    [CHECK_ACCOUNT] = OF("nvidia.accounting", "algalon_process_accounted_utilization", 0.01, BLANK),
    [CHECK_ACCOUNT_TIME] =
        OF("nvidia.accounting_time", "algalon_process_accounted_seconds_total", 0.001, NOT_BLANK64),
    [CHECK_CYCLES] = OF("nvidia.profile_cycles", "algalon_gpu_prof_cycles_total", 1, NOT_BLANK64),
    [CHECK_CONTEXT_SWITCHES] =
        OF("nvidia.context_switches", "algalon_gpu_context_switches_total", 1, NOT_BLANK64),
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

/* Looks up what the catalogue says, once. Shares are ratios here and percent there. */
static void learn(struct check *c)
{
    for (size_t i = 0; i < CHECK_FIELDS; i++) {
        const struct rule *rule = &rules[i];
        const struct catalogue_family *family =
            rule->family ? catalogue_find(str_of(rule->family)) : NULL;
        struct check_bounds *to = &c->bounds[i];
        *to = (struct check_bounds){rule->low, rule->high, rule->age_s};
        if (!family)
            continue;
        double unit = strcmp(family->unit, "percent") == 0 ? 0.01 : 1;
        catalogue_range(family, &to->low, &to->high);
        to->low *= unit;
        to->high *= unit;
        to->age_s = family->age_s;
    }
    c->learned = true;
}

static const struct check_bounds *bounds(struct check *c, enum check_field field)
{
    if (!c->learned)
        learn(c);
    return &c->bounds[field];
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
    if (value < bounds(c, field)->low || value > bounds(c, field)->high) {
        check_reject(c, field, CHECK_RANGE);
        return NAN;
    }
    return value;
}

uint64_t check_bytes(struct check *c, enum check_field field, uint64_t raw)
{
    return isnan(check_gauge(c, field, (double)raw)) ? UNKNOWN_COUNT : raw;
}

int64_t check_age_limit_us(struct check *c, enum check_field field, int64_t interval_us)
{
    return MAX((int64_t)bounds(c, field)->age_s * 1000000, 2 * interval_us);
}

size_t check_families_unknown(struct buf *to)
{
    size_t n = 0;

    for (size_t i = 0; i < CHECK_FIELDS; i++) {
        if (!rules[i].family || catalogue_find(str_of(rules[i].family)))
            continue;
        buf_printf(to, "%s: %s\n", rules[i].name, rules[i].family);
        n++;
    }
    return n;
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
