/* api_accounting.c - NVML's calls about the driver's accounting and confidential computing. */
#include "sim.h"

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

SIM_CALL(nvmlDeviceGetAccountingMode, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = gpu_of(d)->accounting;
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetAccountingStats, struct nvml_device *d, unsigned pid,
         struct nvml_accounting *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (!gpu_of(d)->accounting)
        return sim_leave(NVML_NOT_SUPPORTED);
    for (size_t i = 0; i < sim.scenario.process_len; i++) {
        const struct sim_process *p = &sim.scenario.processes[i];
        if (p->gpu != d->gpu || p->pid != pid)
            continue;
        *ret = (struct nvml_accounting){
            .gpu = sim_u32(sim_value(d, "accounting_gpu", floor(100 * p->share))),
            .memory = sim_u32(floor(50 * p->share)),
            .memory_max = sim_process_memory(&sim.scenario, p, sim_now()),
            .time_ms = (uint64_t)(sim_now() - sim.start_us) / 1000,
            .start_us = (uint64_t)sim.start_us,
            .running = 1};
        return sim_leave(0);
    }
    return sim_leave(NVML_NOT_FOUND);
}

SIM_CALL(nvmlSystemGetConfComputeState, struct nvml_confidential_state *ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    *ret = (struct nvml_confidential_state){.environment = sim.scenario.confidential ? 2 : 0,
                                            .feature = sim.scenario.confidential};
    return sim_leave(0);
}

SIM_CALL(nvmlSystemGetConfComputeGpusReadyState, unsigned *ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    *ret = 1;
    return sim_leave(sim.scenario.confidential ? 0 : NVML_NOT_SUPPORTED);
}

SIM_CALL(nvmlDeviceGetConfComputeProtectedMemoryUsage, struct nvml_device *d,
         struct nvml_memory_v1 *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    ret->used = sim_memory_used(&sim.scenario, d->gpu, sim_now());
    ret->total = (uint64_t)gpu_of(d)->board->memory_mib << 20;
    ret->free = ret->total - ret->used;
    return sim_leave(sim.scenario.confidential ? 0 : NVML_NOT_SUPPORTED);
}
