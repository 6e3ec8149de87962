/* api_values.c - NVML's calls about what a GPU does now. */
#include "sim.h"

#define US_PER_S        1000000
#define RING            120    /* entries of a sample ring */
#define UTILISATION_US  166667 /* one sample of utilisation stands for so long */
#define POWER_RING      480
#define POWER_SAMPLE_US 50000
#define ENERGY_STEP_US  100000
#define ENERGY_STEPS    20000 /* a longer silence is integrated in so many coarser steps */
#define STALE_US        (3600 * (int64_t)US_PER_S)

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

static double percent(double ratio)
{
    return floor(ratio * 100 + 0.5);
}

SIM_EXPORT int nvmlDeviceGetUtilizationRates(struct nvml_device *d, struct nvml_utilization *ret);
SIM_EXPORT int nvmlDeviceGetUtilizationRates(struct nvml_device *d, struct nvml_utilization *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->mig)
        return sim_leave(NVML_NOT_SUPPORTED);
    int64_t now = sim_now();
    ret->gpu = sim_u32(sim_value(d, "utilization", percent(sim_load(&sim.scenario, d->gpu, now))));
    ret->memory = sim_u32(
        sim_value(d, "memory_utilization", percent(sim_memory_load(&sim.scenario, d->gpu, now))));
    return sim_leave(0);
}

/* Share of time in which one of the lesser engines works. */
static double engine_load(const struct nvml_device *d, int type, int64_t us)
{
    double part = type == NVML_SAMPLES_JPEG || type == NVML_SAMPLES_OFA ? 0.1 : 0.2;

    return gpu_of(d)->profile == SIM_INFERENCE ? part * sim_load(&sim.scenario, d->gpu, us) : 0;
}

/* What a sample of `type` says for the moment `us`. */
static unsigned sample_value(const struct nvml_device *d, int type, int64_t us)
{
    const struct sim_scenario *s = &sim.scenario;

    switch (type) {
    case NVML_SAMPLES_POWER:
        return sim_u32(sim_value(d, "sample_power", sim_power_w(s, d->gpu, us) * 1000));
    case NVML_SAMPLES_MODULE_POWER: /* the processor takes a hundred watts beside */
        return sim_u32(
            sim_value(d, "sample_module_power", (sim_power_w(s, d->gpu, us) + 100) * 1000));
    case NVML_SAMPLES_GPU:
        return sim_u32(sim_value(d, "sample_utilization", percent(sim_load(s, d->gpu, us))));
    case NVML_SAMPLES_MEMORY:
        return sim_u32(
            sim_value(d, "sample_memory_utilization", percent(sim_memory_load(s, d->gpu, us))));
    case NVML_SAMPLES_SM_CLOCK:
        return sim_u32(sim_value(d, "sample_clock_sm", sim_graphics_mhz(s, d->gpu, us)));
    case NVML_SAMPLES_MEMORY_CLOCK:
        return sim_u32(sim_value(d, "sample_clock_memory", gpu_of(d)->board->memory_mhz));
    default:
        return sim_u32(sim_value(d, "sample_engine", percent(engine_load(d, type, us))));
    }
}

/* Which rings a board fills. */
static bool has_ring(const struct nvml_device *d, int type)
{
    const struct sim_gpu *g = gpu_of(d);

    if (type < 0 || type >= NVML_SAMPLE_TYPES)
        return false;
    if (type == NVML_SAMPLES_MODULE_POWER)
        return g->board->c2c;
    if (type == NVML_SAMPLES_JPEG || type == NVML_SAMPLES_OFA)
        return g->board->arch >= 7 && !g->mig;
    return type == NVML_SAMPLES_POWER || type == NVML_SAMPLES_SM_CLOCK ||
           type == NVML_SAMPLES_MEMORY_CLOCK || !g->mig;
}

static bool is_power(int type)
{
    return type == NVML_SAMPLES_POWER || type == NVML_SAMPLES_MODULE_POWER;
}

/* Turns the ring round, and tells one sample twice: drivers promise no order. */
static void disorder(struct nvml_sample *samples, unsigned n)
{
    for (unsigned i = 0; i < n / 2; i++) {
        struct nvml_sample swap = samples[i];
        samples[i] = samples[n - 1 - i];
        samples[n - 1 - i] = swap;
    }
    for (unsigned i = 3; i + 4 < n; i += 4) {
        struct nvml_sample swap = samples[i];
        samples[i] = samples[i + 3];
        samples[i + 3] = swap;
    }
}

static unsigned fill_ring(const struct nvml_device *d, int type, uint64_t last_seen,
                          struct nvml_sample *to, unsigned room)
{
    int64_t step = is_power(type) ? POWER_SAMPLE_US : UTILISATION_US;
    int64_t ring = is_power(type) ? POWER_RING : RING;
    int64_t now = sim_now(), shift = sim_fault(SIM_FAULT_SAMPLES_STALE, d->gpu) ? STALE_US : 0;
    unsigned n = 0;

    for (int64_t k = now / step - ring + 1; k <= now / step && n < room; k++) {
        /* The driver's timer drifts by a hair, so stamps are not round. */
        int64_t at = k * step + (k % 7) * 13;
        if (at > now || (uint64_t)at <= last_seen)
            continue;
        to[n].timestamp = (uint64_t)(at - shift);
        to[n].value.ull = 0;
        to[n++].value.u = sample_value(d, type, k * step);
    }
    if (sim_fault(SIM_FAULT_SAMPLES_UNORDERED, d->gpu)) {
        disorder(to, n);
        if (n && n < room) {
            to[n] = to[n / 2];
            n++;
        }
    }
    return n;
}

SIM_EXPORT int nvmlDeviceGetSamples(struct nvml_device *d, int type, unsigned long long last_seen,
                                    unsigned *value_type, unsigned *count,
                                    struct nvml_sample *samples);
SIM_EXPORT int nvmlDeviceGetSamples(struct nvml_device *d, int type, unsigned long long last_seen,
                                    unsigned *value_type, unsigned *count,
                                    struct nvml_sample *samples)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (!has_ring(d, type))
        return sim_leave(NVML_NOT_SUPPORTED);
    *value_type = NVML_VALUE_UNSIGNED;
    if (!samples) {
        *count = is_power(type) ? POWER_RING : RING;
        return sim_leave(0);
    }
    *count = sim_fault(SIM_FAULT_SAMPLES_EMPTY, d->gpu)
                 ? 0
                 : fill_ring(d, type, last_seen, samples, *count);
    return sim_leave(*count ? 0 : NVML_NOT_FOUND);
}

static int codec(struct nvml_device *d, const char *call, const char *field, unsigned *ret,
                 unsigned *period_us)
{
    int code = sim_enter(d, call);
    if (code)
        return code;
    bool serves = gpu_of(d)->profile == SIM_INFERENCE;
    *ret = sim_u32(sim_value(
        d, field, serves ? percent(0.2 * sim_load(&sim.scenario, d->gpu, sim_now())) : 0));
    *period_us = UTILISATION_US;
    return sim_leave(gpu_of(d)->mig ? NVML_NOT_SUPPORTED : 0);
}

SIM_EXPORT int nvmlDeviceGetEncoderUtilization(struct nvml_device *d, unsigned *ret,
                                               unsigned *period_us);
SIM_EXPORT int nvmlDeviceGetEncoderUtilization(struct nvml_device *d, unsigned *ret,
                                               unsigned *period_us)
{
    return codec(d, __func__, "encoder", ret, period_us);
}

SIM_EXPORT int nvmlDeviceGetDecoderUtilization(struct nvml_device *d, unsigned *ret,
                                               unsigned *period_us);
SIM_EXPORT int nvmlDeviceGetDecoderUtilization(struct nvml_device *d, unsigned *ret,
                                               unsigned *period_us)
{
    return codec(d, __func__, "decoder", ret, period_us);
}

#define MIB ((uint64_t)1 << 20)

static void memory_of(const struct nvml_device *d, struct nvml_memory_v2 *ret)
{
    const struct sim_board *b = gpu_of(d)->board;

    if (d->instance) {
        sim_instance_memory(d, ret);
        return;
    }
    ret->total = sim_u64(sim_value(d, "memory_total", (double)(b->memory_mib * MIB)));
    ret->reserved = sim_u64(sim_value(d, "memory_reserved", (double)(b->reserved_mib * MIB)));
    ret->used = sim_memory_used(&sim.scenario, d->gpu, sim_now());
    ret->free = b->memory_mib * MIB - b->reserved_mib * MIB - ret->used;
    ret->free = sim_u64(sim_value(d, "memory_free", (double)ret->free));
    ret->used = sim_u64(sim_value(d, "memory_used", (double)ret->used));
}

SIM_EXPORT int nvmlDeviceGetMemoryInfo_v2(struct nvml_device *d, struct nvml_memory_v2 *ret);
SIM_EXPORT int nvmlDeviceGetMemoryInfo_v2(struct nvml_device *d, struct nvml_memory_v2 *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->board->unified)
        return sim_leave(NVML_NOT_SUPPORTED);
    if (ret->version != NVML_STRUCT_VERSION(struct nvml_memory_v2, 2))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    memory_of(d, ret);
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMemoryInfo(struct nvml_device *d, struct nvml_memory_v1 *ret);
SIM_EXPORT int nvmlDeviceGetMemoryInfo(struct nvml_device *d, struct nvml_memory_v1 *ret)
{
    struct nvml_memory_v2 memory;
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->board->unified)
        return sim_leave(NVML_NOT_SUPPORTED);
    memory_of(d, &memory);
    *ret = (struct nvml_memory_v1){memory.total, memory.free, memory.used + memory.reserved};
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetTemperature(struct nvml_device *d, int sensor, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetTemperature(struct nvml_device *d, int sensor, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(
        sim_value(d, "temperature", floor(sim_temperature_c(&sim.scenario, d->gpu, sim_now()))));
    return sim_leave(sensor ? NVML_INVALID_ARGUMENT : 0);
}

SIM_EXPORT int nvmlDeviceGetPowerUsage(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetPowerUsage(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "power", 1000 * sim_power_w(&sim.scenario, d->gpu, sim_now())));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetEnforcedPowerLimit(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetEnforcedPowerLimit(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "power_limit", gpu_of(d)->board->power_default_w * 1000));
    return sim_leave(0);
}

/* The integral of power since the driver was loaded, or since a fault began it again. */
static double energy_j(struct nvml_device *d)
{
    struct sim_fault *restart = sim_fault(SIM_FAULT_ENERGY_RESTART, d->gpu);
    int64_t now = sim_now();

    if (restart) {
        restart->healed = true;
        d->energy_j = 0;
        d->energy_us = sim.start_us + restart->from_us;
    }
    double told_w = sim_value(d, "power", (double)NAN) / 1000; /* NAN: as the load has it */
    if (!d->energy_us) {
        d->energy_us = sim.start_us;
        d->energy_j = sim_value(d, "energy_begin", 1e9 * (1 + d->gpu)) / 1000; /* earlier work */
    }
    int64_t step = MAX(ENERGY_STEP_US, (now - d->energy_us) / ENERGY_STEPS);
    for (; d->energy_us + step <= now; d->energy_us += step)
        d->energy_j +=
            (isnan(told_w) ? sim_power_w(&sim.scenario, d->gpu, d->energy_us + step / 2) : told_w) *
            (double)step / 1e6;
    return d->energy_j;
}

SIM_EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct nvml_device *d, unsigned long long *ret);
SIM_EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct nvml_device *d, unsigned long long *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->board->arch < 5) /* Volta and later count */
        return sim_leave(NVML_NOT_SUPPORTED);
    *ret = sim_u64(sim_value(d, "energy", energy_j(d) * 1000));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetClockInfo(struct nvml_device *d, int type, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetClockInfo(struct nvml_device *d, int type, unsigned *ret)
{
    static const char *const fields[] = {"clock_graphics", "clock_sm", "clock_memory",
                                         "clock_video"};
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (type < 0 || type > NVML_CLOCK_VIDEO)
        return sim_leave(NVML_INVALID_ARGUMENT);
    const struct sim_board *b = gpu_of(d)->board;
    double graphics = sim_graphics_mhz(&sim.scenario, d->gpu, sim_now());
    double mhz = type == NVML_CLOCK_MEMORY ? b->memory_mhz : graphics;
    if (type == NVML_CLOCK_VIDEO)
        mhz = floor(graphics * 0.9);
    if (type == NVML_CLOCK_MEMORY && !b->server && graphics <= b->idle_mhz)
        mhz = 405; /* a desktop board rests its memory too */
    *ret = sim_u32(sim_value(d, fields[type], mhz));
    return sim_leave(0);
}

static bool at_rest(const struct nvml_device *d)
{
    return sim_load(&sim.scenario, d->gpu, sim_now()) < 0.01;
}

SIM_EXPORT int nvmlDeviceGetPerformanceState(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetPerformanceState(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "pstate", gpu_of(d)->board->server ? 0 : at_rest(d) ? 8 : 2));
    return sim_leave(0);
}

static int throttle(struct nvml_device *d, const char *call, unsigned long long *ret)
{
    int code = sim_enter(d, call);
    if (code)
        return code;
    const struct sim_board *b = gpu_of(d)->board;
    uint64_t bits = at_rest(d) ? NVML_THROTTLE_IDLE : 0;
    if (sim_power_w(&sim.scenario, d->gpu, sim_now()) > 0.95 * b->power_default_w)
        bits |= NVML_THROTTLE_SW_POWER_CAP;
    *ret = sim_u64(sim_value(d, "throttle", (double)bits));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetCurrentClocksEventReasons(struct nvml_device *d,
                                                      unsigned long long *ret);
SIM_EXPORT int nvmlDeviceGetCurrentClocksEventReasons(struct nvml_device *d,
                                                      unsigned long long *ret)
{
    return throttle(d, __func__, ret);
}

SIM_EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(struct nvml_device *d,
                                                         unsigned long long *ret);
SIM_EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(struct nvml_device *d,
                                                         unsigned long long *ret)
{
    return throttle(d, __func__, ret);
}

SIM_EXPORT int nvmlDeviceGetFanSpeed_v2(struct nvml_device *d, unsigned fan, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetFanSpeed_v2(struct nvml_device *d, unsigned fan, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (fan >= sim_value(d, "fans", gpu_of(d)->board->fans))
        return sim_leave(gpu_of(d)->board->fans ? NVML_INVALID_ARGUMENT : NVML_NOT_SUPPORTED);
    double warm = sim_temperature_c(&sim.scenario, d->gpu, sim_now()) - 40;
    *ret = sim_u32(sim_value(d, "fan", warm > 0 ? floor(30 + warm * 1.5) : 0));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetFanSpeedRPM(struct nvml_device *d, struct nvml_fan_speed_rpm *ret);
SIM_EXPORT int nvmlDeviceGetFanSpeedRPM(struct nvml_device *d, struct nvml_fan_speed_rpm *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (ret->version != NVML_STRUCT_VERSION(struct nvml_fan_speed_rpm, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    if (ret->fan >= sim_value(d, "fans", gpu_of(d)->board->fans))
        return sim_leave(NVML_NOT_SUPPORTED);
    double warm = sim_temperature_c(&sim.scenario, d->gpu, sim_now()) - 40;
    ret->rpm = sim_u32(sim_value(d, "fan_rpm", warm > 0 ? floor(900 + warm * 45) : 0));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetEccMode(struct nvml_device *d, unsigned *current, unsigned *pending);
SIM_EXPORT int nvmlDeviceGetEccMode(struct nvml_device *d, unsigned *current, unsigned *pending)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *current = gpu_of(d)->ecc;
    *pending = gpu_of(d)->ecc_pending;
    return sim_leave(gpu_of(d)->board->ecc ? 0 : NVML_NOT_SUPPORTED);
}

SIM_EXPORT int nvmlDeviceGetTotalEccErrors(struct nvml_device *d, int type, int counter,
                                           unsigned long long *ret);
SIM_EXPORT int nvmlDeviceGetTotalEccErrors(struct nvml_device *d, int type, int counter,
                                           unsigned long long *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (!gpu_of(d)->ecc)
        return sim_leave(NVML_NOT_SUPPORTED);
    const char *field = type == NVML_ECC_CORRECTED ? "ecc_corrected" : "ecc_uncorrected";
    const char *now =
        type == NVML_ECC_CORRECTED ? "ecc_volatile_corrected" : "ecc_volatile_uncorrected";
    double value = sim_value(d, field, counter == NVML_ECC_VOLATILE ? 0 : 3);
    *ret = sim_u64(counter == NVML_ECC_VOLATILE ? sim_value(d, now, value) : value);
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetPersistenceMode(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetPersistenceMode(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = gpu_of(d)->persistence;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetComputeMode(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetComputeMode(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = gpu_of(d)->compute_mode;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMigMode(struct nvml_device *d, unsigned *current, unsigned *pending);
SIM_EXPORT int nvmlDeviceGetMigMode(struct nvml_device *d, unsigned *current, unsigned *pending)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *current = *pending = gpu_of(d)->mig;
    return sim_leave(gpu_of(d)->board->mig ? 0 : NVML_NOT_SUPPORTED);
}

SIM_EXPORT int nvmlDeviceGetCurrPcieLinkGeneration(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetCurrPcieLinkGeneration(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    /* A desktop board at rest slows its link down; that is no fault. */
    bool slow = !gpu_of(d)->board->server && at_rest(d);
    *ret = sim_u32(sim_value(d, "pcie_generation", slow ? 1 : gpu_of(d)->board->pcie_gen));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetCurrPcieLinkWidth(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetCurrPcieLinkWidth(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "pcie_width", gpu_of(d)->board->pcie_width));
    return sim_leave(0);
}
