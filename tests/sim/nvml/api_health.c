/* api_health.c - NVML's calls about errors of memory that are no field values. Counters of places
 * are faults of fields like memory_error_1_0_7: uncorrected, volatile, SRAM. */
#include "sim.h"

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

static bool is_ampere(const struct nvml_device *d)
{
    return gpu_of(d)->board->arch >= 7 && gpu_of(d)->board->server;
}

SIM_CALL(nvmlDeviceGetMemoryErrorCounter, struct nvml_device *d, int type, int period, int place,
         unsigned long long *ret)
{
    char field[40];
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (type < 0 || type > 1 || period < 0 || period > 1 || place < 0 || place > NVML_ECC_SRAM)
        return sim_leave(NVML_INVALID_ARGUMENT);
    if (!gpu_of(d)->ecc || (place == NVML_ECC_SRAM && !is_ampere(d)))
        return sim_leave(NVML_NOT_SUPPORTED);
    snprintf(field, sizeof(field), "memory_error_%d_%d_%d", type, period, place);
    *ret = sim_u64(sim_value(d, field, 0));
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetSramEccErrorStatus, struct nvml_device *d, struct nvml_sram_status *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (ret->version != NVML_STRUCT_VERSION(struct nvml_sram_status, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    if (!gpu_of(d)->ecc || gpu_of(d)->board->arch < 9)
        return sim_leave(NVML_NOT_SUPPORTED);
    if (!gpu_of(d)->root)
        return sim_leave(NVML_NO_PERMISSION);
    memset(ret->kinds, 0, sizeof(ret->kinds));
    memset(ret->units, 0, sizeof(ret->units));
    ret->kinds[0] = sim_u64(sim_value(d, "sram_parity", 0));
    ret->kinds[2] = sim_u64(sim_value(d, "sram_corrected", 4));
    ret->units[1] = sim_u64(sim_value(d, "sram_sm", 0));
    ret->threshold_exceeded = sim_u32(sim_value(d, "sram_threshold", 0));
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetRetiredPagesPendingStatus, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "pages_pending", 0));
    return sim_leave(gpu_of(d)->ecc && !is_ampere(d) ? 0 : NVML_NOT_SUPPORTED);
}

SIM_CALL(nvmlDeviceGetRemappedRows, struct nvml_device *d, unsigned *corrected,
         unsigned *uncorrected, unsigned *pending, unsigned *failed)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *corrected = sim_u32(sim_value(d, "rows_corrected", 0));
    *uncorrected = sim_u32(sim_value(d, "rows_uncorrected", 0));
    *pending = sim_u32(sim_value(d, "rows_pending", 0));
    *failed = sim_u32(sim_value(d, "rows_failed", 0));
    return sim_leave(is_ampere(d) && !gpu_of(d)->mig ? 0 : NVML_NOT_SUPPORTED);
}

/* At the power cap for a tenth of the time, as the fields have it. */
SIM_CALL(nvmlDeviceGetViolationStatus, struct nvml_device *d, int policy,
         struct nvml_violation *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    bool works = gpu_of(d)->profile != SIM_IDLE;
    ret->reference = (uint64_t)sim_now() * 1000;
    ret->violation = policy == 0 && works ? (uint64_t)(sim_now() - sim.start_us) * 100 : 0;
    return sim_leave(policy < 0 || policy > 11 ? NVML_INVALID_ARGUMENT
                     : policy == 1             ? NVML_NOT_SUPPORTED
                                               : 0);
}

SIM_CALL(nvmlDeviceGetMarginTemperature, struct nvml_device *d, struct nvml_margin_temperature *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (ret->version != NVML_STRUCT_VERSION(struct nvml_margin_temperature, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    double margin = gpu_of(d)->board->max_operating_c -
                    floor(sim_temperature_c(&sim.scenario, d->gpu, sim_now()));
    ret->margin = (int)sim_value(d, "margin", margin);
    return sim_leave(gpu_of(d)->board->arch >= 8 ? 0 : NVML_NOT_SUPPORTED);
}
