/* nvidia_gpu.c - asks one GPU who it is and what it does. */
#include "device/nvidia/nvidia_gpu.h"

#include "device/nvidia/nvidia_parts.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_text.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#define ENERGY_MIN_NS (2 * (uint64_t)NS_PER_S) /* the counter moves in steps of up to 0.1 s */
#define IDLE_LOAD     0.005

void nvidia_gpu_init(struct gpu *g, unsigned index)
{
    memset(g, 0, offsetof(struct gpu, links)); /* what lies behind is as long as it is used */
    g->energy_j = g->mig_mode = NAN;
    for (size_t i = 0; i < ARRAY_LEN(g->pcie_rate); i++)
        g->pcie_rate[i].total = g->link_rate[i].total = g->first_link_rate[i].total = NAN;
    for (size_t i = 0; i < THROTTLE_TIMES; i++)
        g->throttle_s[i] = NAN;
    accelerator_detail_init(&g->kept);
    accelerator_init(&g->identity, "nvidia", index);
}

void nvidia_gpu_context_fini(struct gpu_context *c)
{
    free(c->samples);
    free(c->process_samples);
    free(c->process_list);
    free(c->processes);
    nvidia_parts_free(c->parts);
    c->parts = NULL;
    c->samples = NULL;
    c->process_samples = NULL;
    c->process_list = NULL;
    c->processes = NULL;
}

bool nvidia_gpu_may(const struct gpu_context *c, const struct gpu *g, enum question q)
{
    return g->handle && !c->stale_code && g->state == ACCELERATOR_OK && !nvidia_gpu_refused(g, q);
}

bool nvidia_gpu_refused(const struct gpu *g, enum question q)
{
    return g->unsupported[q / 64] >> q % 64 & 1;
}

bool nvidia_gpu_told(struct gpu_context *c, struct gpu *g, enum question q, int code)
{
    c->refusals += nvml_code_is_refusal(code);
    if (nvml_code_is_permanent(code) && q != ASK_ONCE)
        g->unsupported[q / 64] |= (uint64_t)1 << q % 64;
    else if (nvml_code_is_lost(code))
        g->state = ACCELERATOR_LOST;
    else if (nvml_code_is_stale(code))
        c->stale_code = code;
    else if (code == NVML_SUCCESS)
        c->answers++;
    else if (code != NVML_NOT_FOUND && code != NVML_NO_DATA)
        c->failures++;
    return code == NVML_SUCCESS;
}

/* ---- identity ---- */

static const char *architecture_name(unsigned number)
{
    static const char *const names[] = {"",       "",       "Kepler",   "Maxwell",
                                        "Pascal", "Volta",  "Turing",   "Ampere",
                                        "Ada",    "Hopper", "Blackwell"};
    static const unsigned rubin = 13;

    return number < ARRAY_LEN(names) ? names[number] : number == rubin ? "Rubin" : "";
}

typedef int text_call(struct nvml_device *, char *, unsigned);

/* One of the texts of identity; kept as it was when the driver does not answer. */
static void ask_text(struct gpu_context *c, struct gpu *g, text_call *call, char *to, size_t size)
{
    char text[128] = "";

    if (!call || !nvidia_gpu_may(c, g, ASK_ONCE) ||
        !nvidia_gpu_told(c, g, ASK_ONCE, call(g->handle, text, sizeof(text) - 1)))
        return;
    nvidia_text_clean(to, size, text, sizeof(text));
}

static void identify_place(struct gpu_context *c, struct gpu *g)
{
    struct nvml_pci_info pci = {0};
    unsigned number;

    if (ASK(c, g, ASK_ONCE, pci, &pci)) {
        char text[32];
        if (!nvidia_text_bus_id(g->identity.pci_bus_id,
                                str_make(pci.bus_id, strnlen(pci.bus_id, sizeof(pci.bus_id))))) {
            snprintf(text, sizeof(text), "%x:%x:%x.0", pci.domain, pci.bus, pci.device);
            nvidia_text_bus_id(g->identity.pci_bus_id, str_of(text));
        }
    }
    if (ASK(c, g, ASK_ONCE, minor_number, &number) && number < UINT_MAX)
        g->identity.minor = number;
    if (ASK(c, g, ASK_ONCE, numa_node, &number))
        g->identity.numa_node = check_gauge(&c->check, CHECK_NUMA_NODE, number);
}

static double ask_threshold(struct gpu_context *c, struct gpu *g, int type)
{
    unsigned value;

    if (!ASK(c, g, ASK_ONCE, threshold, type, &value))
        return NAN;
    return check_gauge(&c->check, CHECK_THRESHOLD, value);
}

static double ask_max_clock(struct gpu_context *c, struct gpu *g, int type)
{
    unsigned value;

    if (!ASK(c, g, ASK_ONCE, max_clock, type, &value))
        return NAN;
    return check_gauge(&c->check, CHECK_CLOCK, value);
}

static void identify_limits(struct gpu_context *c, struct gpu *g)
{
    struct accelerator *a = &g->identity;
    unsigned low, high;

    a->temperature_shutdown_c = ask_threshold(c, g, NVML_THRESHOLD_SHUTDOWN);
    a->temperature_slowdown_c = ask_threshold(c, g, NVML_THRESHOLD_SLOWDOWN);
    a->temperature_max_operating_c = ask_threshold(c, g, NVML_THRESHOLD_GPU_MAX);
    a->temperature_acoustic_c = ask_threshold(c, g, NVML_THRESHOLD_ACOUSTIC_CURRENT);
    a->clock_graphics_max_mhz = ask_max_clock(c, g, NVML_CLOCK_GRAPHICS);
    a->clock_memory_max_mhz = ask_max_clock(c, g, NVML_CLOCK_MEMORY);
    if (ASK(c, g, ASK_ONCE, power_default, &low))
        a->power_limit_default_w = check_gauge(&c->check, CHECK_POWER_LIMIT, low);
    if (ASK(c, g, ASK_ONCE, power_range, &low, &high)) {
        a->power_limit_min_w = check_gauge(&c->check, CHECK_POWER_LIMIT, low);
        a->power_limit_max_w = check_gauge(&c->check, CHECK_POWER_LIMIT, high);
    }
    if (ASK(c, g, ASK_ONCE, pcie_generation_max, &low))
        a->pcie_generation_max = check_gauge(&c->check, CHECK_PCIE_GENERATION, low);
    if (ASK(c, g, ASK_ONCE, pcie_width_max, &low))
        a->pcie_width_max = check_gauge(&c->check, CHECK_PCIE_WIDTH, low);
    if (ASK(c, g, ASK_ONCE, fans, &low))
        g->fans = MIN(low, DEVICE_FANS);
}

void nvidia_gpu_identify(struct gpu_context *c, struct gpu *g)
{
    struct accelerator *a = &g->identity;
    unsigned number;
    int major, minor;

    ask_text(c, g, c->nvml.uuid, a->uuid, sizeof(a->uuid));
    ask_text(c, g, c->nvml.name, a->name, sizeof(a->name));
    ask_text(c, g, c->nvml.serial, a->serial, sizeof(a->serial));
    ask_text(c, g, c->nvml.vbios, a->vbios, sizeof(a->vbios));
    identify_place(c, g);
    if (ASK(c, g, ASK_ONCE, architecture, &number))
        str_copy(a->architecture, sizeof(a->architecture), str_of(architecture_name(number)));
    if (ASK(c, g, ASK_ONCE, compute_capability, &major, &minor) && major > 0 && major < 100 &&
        minor >= 0 && minor < 100)
        snprintf(a->compute_capability, sizeof(a->compute_capability), "%d.%d", major, minor);
    identify_limits(c, g);
    nvidia_board_identify(c, g);
    nvidia_limits_identify(c, g);
    nvidia_topology_identify(c, g);
    g->identified = g->state == ACCELERATOR_OK && !c->stale_code && a->uuid[0];
}

/* ---- values ---- */

static void read_utilization(struct gpu_context *c, struct gpu *g, struct accelerator *a,
                             const struct sample_summary *gpu, const struct sample_summary *memory)
{
    struct nvml_utilization now;

    a->utilization_ratio = gpu->mean;
    a->utilization_max_ratio = gpu->peak;
    a->memory_utilization_ratio = memory->mean;
    a->detail.utilization_now_ratio = gpu->last;
    a->detail.memory_utilization_now_ratio = memory->last;
    /* A GPU at rest stops to produce samples, so the one-shot call still has to be asked. */
    if ((isnan(gpu->mean) || isnan(memory->mean)) &&
        ASK(c, g, ASK_UTILIZATION, utilization, &now)) {
        if (isnan(gpu->mean))
            a->utilization_ratio = a->utilization_max_ratio = a->detail.utilization_now_ratio =
                check_gauge(&c->check, CHECK_UTILIZATION, now.gpu);
        if (isnan(memory->mean))
            a->memory_utilization_ratio = a->detail.memory_utilization_now_ratio =
                check_gauge(&c->check, CHECK_MEMORY_UTILIZATION, now.memory);
    }
}

/* A GPU without memory of its own (GB10, Thor) uses the host's; its driver says "not supported", or
 * that there are 0 bytes. */
static void read_shared_memory(struct gpu_context *c, struct accelerator *a)
{
    uint64_t total, available;

    if (!nvidia_pci_host_memory(c->paths, &total, &available) || available > total)
        return;
    a->mem_total_bytes = check_bytes(&c->check, CHECK_MEMORY_TOTAL, total);
    a->mem_free_bytes = check_bytes(&c->check, CHECK_MEMORY_FREE, available);
    a->mem_used_bytes = total - available;
    a->mem_shared = 1;
    /* It hangs on no slot: the driver tells a link of generation 1 with one lane, or so. */
    a->pcie_generation_max = a->pcie_width_max = NAN;
}

static void read_memory(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct nvml_memory_v2 m = {.version = NVML_STRUCT_VERSION(struct nvml_memory_v2, 2)};
    struct nvml_memory_v1 old;

    if (ASK(c, g, ASK_MEMORY_V2, memory_v2, &m)) {
        a->mem_reserved_bytes = check_bytes(&c->check, CHECK_MEMORY_RESERVED, m.reserved);
    } else if (ASK(c, g, ASK_MEMORY_V1, memory_v1, &old)) {
        m.total = old.total;
        m.free = old.free;
        m.used = old.used;
    } else {
        if (nvidia_gpu_refused(g, ASK_MEMORY_V2) && nvidia_gpu_refused(g, ASK_MEMORY_V1))
            read_shared_memory(c, a);
        return;
    }
    if (!m.total) {
        read_shared_memory(c, a);
        return;
    }
    a->mem_shared = 0;
    a->mem_total_bytes = check_bytes(&c->check, CHECK_MEMORY_TOTAL, m.total);
    a->mem_used_bytes = check_bytes(&c->check, CHECK_MEMORY_USED, m.used);
    a->mem_free_bytes = check_bytes(&c->check, CHECK_MEMORY_FREE, m.free);
    if (a->mem_total_bytes == UNKNOWN_COUNT)
        return;
    if (a->mem_used_bytes != UNKNOWN_COUNT && a->mem_used_bytes > a->mem_total_bytes) {
        check_reject(&c->check, CHECK_MEMORY_USED, CHECK_RANGE);
        a->mem_used_bytes = UNKNOWN_COUNT;
    }
    if (a->mem_free_bytes != UNKNOWN_COUNT && a->mem_free_bytes > a->mem_total_bytes) {
        check_reject(&c->check, CHECK_MEMORY_FREE, CHECK_RANGE);
        a->mem_free_bytes = UNKNOWN_COUNT;
    }
}

static void read_temperature(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    unsigned value;

    if (ASK(c, g, ASK_TEMPERATURE, temperature, 0, &value))
        a->temperature_c = check_gauge(&c->check, CHECK_TEMPERATURE, value);
}

/* Mean power since the last reading from the hardware's own integral. NAN when there is none, or
 * it began again, or too little time has passed for its steps. */
static double power_of_energy(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    unsigned long long raw;
    double watts = NAN;

    if (!ASK(c, g, ASK_ENERGY, energy, &raw))
        return NAN;
    a->energy_j_total = check_gauge(&c->check, CHECK_ENERGY, (double)raw);
    if (isnan(a->energy_j_total))
        return NAN;
    uint64_t ns = c->mono_ns - g->energy_mono_ns;
    if (!isnan(g->energy_j) && a->energy_j_total > g->energy_j) {
        if (ns < ENERGY_MIN_NS)
            return NAN; /* the interval goes on */
        watts = (a->energy_j_total - g->energy_j) / ((double)ns / NS_PER_S);
        watts = check_gauge(&c->check, CHECK_POWER, watts * 1000);
    }
    g->energy_j = a->energy_j_total;
    g->energy_mono_ns = c->mono_ns;
    return watts;
}

static void read_power(struct gpu_context *c, struct gpu *g, struct accelerator *a,
                       const struct sample_summary *samples)
{
    double integral = power_of_energy(c, g, a), now = NAN;
    unsigned value;

    if (isnan(samples->mean) && ASK(c, g, ASK_POWER, power, &value))
        now = check_gauge(&c->check, CHECK_POWER, value);
    a->power_w = !isnan(integral) ? integral : !isnan(samples->mean) ? samples->mean : now;
    a->detail.power_now_w = !isnan(a->detail.power_instant_w) ? a->detail.power_instant_w
                            : !isnan(samples->last)           ? samples->last
                                                              : now;
    a->power_max_w = fmax(fmax(samples->peak, now), a->power_w); /* fmax() passes over NAN */
    if (ASK(c, g, ASK_POWER_LIMIT, power_limit, &value))
        a->power_limit_w = check_gauge(&c->check, CHECK_POWER_LIMIT, value);
}

static double ask_clock(struct gpu_context *c, struct gpu *g, int type)
{
    enum question q = (enum question)(ASK_CLOCK + type);
    unsigned value;

    if (!ASK(c, g, q, clock, type, &value))
        return NAN;
    return check_gauge(&c->check, CHECK_CLOCK, value);
}

static void read_clocks(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    unsigned long long bits;
    unsigned value;

    a->clock_graphics_mhz = ask_clock(c, g, NVML_CLOCK_GRAPHICS);
    a->clock_sm_mhz = ask_clock(c, g, NVML_CLOCK_SM);
    a->clock_memory_mhz = ask_clock(c, g, NVML_CLOCK_MEMORY);
    a->clock_video_mhz = ask_clock(c, g, NVML_CLOCK_VIDEO);
    if (ASK(c, g, ASK_PSTATE, pstate, &value) && value != NVML_PSTATE_UNKNOWN)
        a->pstate = check_gauge(&c->check, CHECK_PSTATE, value);
    if (ASK(c, g, ASK_THROTTLE, throttle, &bits))
        a->throttle_reasons = check_gauge(&c->check, CHECK_THROTTLE, (double)bits);
}

/* The mean over the fans that answer. */
static void read_fans(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    double ratio = 0, rpm = 0;
    unsigned ratios = 0, rpms = 0, value;

    for (unsigned i = 0; i < g->fans; i++) {
        struct nvml_fan_speed_rpm speed = {
            .version = NVML_STRUCT_VERSION(struct nvml_fan_speed_rpm, 1), .fan = i};
        if (ASK(c, g, ASK_FAN_SPEED, fan_speed, i, &value)) {
            double one = check_gauge(&c->check, CHECK_FAN, value);
            a->detail.fan_ratio[i] = one;
            ratio += isnan(one) ? 0 : one;
            ratios += !isnan(one);
        }
        if (ASK(c, g, ASK_FAN_RPM, fan_rpm, &speed)) {
            double one = check_gauge(&c->check, CHECK_FAN_RPM, speed.rpm);
            a->detail.fan_rpm[i] = one;
            rpm += isnan(one) ? 0 : one;
            rpms += !isnan(one);
        }
    }
    if (ratios)
        a->fan_ratio = ratio / ratios;
    if (rpms)
        a->fan_rpm = rpm / rpms;
}

static double ask_ecc(struct gpu_context *c, struct gpu *g, enum question q, int type)
{
    unsigned long long count;

    if (!ASK(c, g, q, ecc_errors, type, NVML_ECC_VOLATILE, &count))
        return NAN;
    return check_gauge(&c->check, CHECK_ECC_ERRORS, (double)count);
}

static void read_modes(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    unsigned value, pending;

    if (ASK(c, g, ASK_ECC_MODE, ecc_mode, &value, &pending)) {
        a->ecc_mode = check_gauge(&c->check, CHECK_SWITCH, value);
        a->ecc_pending = check_gauge(&c->check, CHECK_SWITCH, pending);
    }
    a->ecc_corrected_total = ask_ecc(c, g, ASK_ECC_CORRECTED, NVML_ECC_CORRECTED);
    a->ecc_uncorrected_total = ask_ecc(c, g, ASK_ECC_UNCORRECTED, NVML_ECC_UNCORRECTED);
    if (ASK(c, g, ASK_PERSISTENCE, persistence, &value))
        a->persistence_mode = check_gauge(&c->check, CHECK_SWITCH, value);
    if (ASK(c, g, ASK_COMPUTE_MODE, compute_mode, &value))
        a->compute_mode = check_gauge(&c->check, CHECK_COMPUTE_MODE, value);
    if (ASK(c, g, ASK_MIG_MODE, mig_mode, &value, &pending))
        a->mig_mode = check_gauge(&c->check, CHECK_SWITCH, value);
    if (!isnan(g->mig_mode) && (a->mig_mode > 0) != (g->mig_mode > 0))
        nvidia_fields_forget(g); /* another mode, other answers */
    g->mig_mode = a->mig_mode;
    if (a->mem_shared > 0)
        return;
    if (ASK(c, g, ASK_PCIE_GENERATION, pcie_generation, &value))
        a->pcie_generation = check_gauge(&c->check, CHECK_PCIE_GENERATION, value);
    if (ASK(c, g, ASK_PCIE_WIDTH, pcie_width, &value))
        a->pcie_width = check_gauge(&c->check, CHECK_PCIE_WIDTH, value);
}

/* How many processes of each type are on it; not known while none of the lists is given. */
static void count_process_types(const struct gpu_context *c, const struct gpu *g,
                                struct accelerator *a, size_t first)
{
    double *n = a->detail.processes_of_type;

    if (nvidia_gpu_refused(g, ASK_COMPUTE) && nvidia_gpu_refused(g, ASK_COMPUTE_V1))
        return;
    n[PROCESS_COMPUTE] = n[PROCESS_GRAPHICS] = n[PROCESS_MPS] = 0;
    for (size_t i = first; i < c->process_len; i++)
        n[c->processes[i].type == 'G'   ? PROCESS_GRAPHICS
          : c->processes[i].type == 'M' ? PROCESS_MPS
                                        : PROCESS_COMPUTE]++;
}

/* Since when nobody has used it: what a laptop's GPU has to be before it is let go to sleep. */
static void note_use(const struct gpu_context *c, struct gpu *g, const struct accelerator *a,
                     bool has_process)
{
    if (has_process || !(a->utilization_max_ratio < IDLE_LOAD))
        g->idle_since_ns = 0;
    else if (!g->idle_since_ns)
        g->idle_since_ns = c->mono_ns;
}

int nvidia_gpu_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct sample_summary rings[NVML_SAMPLE_TYPES];
    size_t processes = c->process_len;
    int code;

    *a = g->identity;
    c->answers = c->failures = c->refusals = 0;
    if ((code = nvidia_interval_read(c, g, rings)))
        return code;
    read_utilization(c, g, a, &rings[NVML_SAMPLES_GPU], &rings[NVML_SAMPLES_MEMORY]);
    read_memory(c, g, a);
    read_temperature(c, g, a);
    nvidia_fields_read(c, g, a);
    nvidia_link_read(c, g, a);
    nvidia_fabric_read(c, g, a);
    read_power(c, g, a, &rings[NVML_SAMPLES_POWER]);
    read_clocks(c, g, a);
    read_fans(c, g, a);
    read_modes(c, g, a);
    nvidia_interval_show(c, g, rings, a);
    nvidia_board_read(c, g, a);
    nvidia_health_read(c, g, a);
    nvidia_limits_read(c, g, a);
    nvidia_mig_read(c, g);
    nvidia_gpm_read(c, g, a);
    nvidia_limits_pcie(c, g, a);
    nvidia_confidential_read(c, g, a);
    if ((code = nvidia_process_read(c, g)) || (code = nvidia_accounting_read(c, g, a, processes)) ||
        (code = nvidia_vgpu_read(c, g, a)))
        return code;
    count_process_types(c, g, a, processes);
    /* A container whose device rights were taken away (systemctl daemon-reload) gets "unknown
     * error" or a refusal from every call. */
    if (g->state == ACCELERATOR_OK && !c->answers && (c->failures || c->refusals))
        g->state = c->refusals || nvidia_pci_is_refused(c->paths) ? ACCELERATOR_FORBIDDEN
                                                                  : ACCELERATOR_LOST;
    note_use(c, g, a, c->process_len > processes);
    if (g->state != ACCELERATOR_OK || c->stale_code) {
        *a = g->identity; /* it went in the middle: half a reading is none */
        c->process_len = processes;
    }
    a->state = g->state;
    return 0;
}
