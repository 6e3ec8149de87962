/* api_mig.c - NVML's calls about the instances that a GPU is cut into, and GPM, whose samples are
 * moments: what lies between two of them is the load model's mean. */
#include "sim.h"

#include <stdlib.h>

#define MIB        ((uint64_t)1 << 20)
#define GPM_POINTS 20 /* of the mean between two samples */

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

unsigned sim_instances(unsigned gpu)
{
    const struct sim_gpu *g = &sim.scenario.gpus[gpu];
    const struct sim_fault *f = sim_fault(SIM_FAULT_MIG_LAYOUT, gpu);

    if (!g->mig)
        return 0;
    return f ? MIN(sim_u32(f->value), g->instance_len) : g->instance_len;
}

SIM_EXPORT int nvmlDeviceGetMaxMigDeviceCount(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetMaxMigDeviceCount(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = gpu_of(d)->board->mig ? SIM_INSTANCES : 0;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(struct nvml_device *d, unsigned index,
                                                   struct nvml_device **ret);
SIM_EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(struct nvml_device *d, unsigned index,
                                                   struct nvml_device **ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (index >= SIM_INSTANCES)
        return sim_leave(NVML_INVALID_ARGUMENT);
    if (index >= sim_instances(d->gpu))
        return sim_leave(NVML_NOT_FOUND);
    *ret = &sim.instances[d->gpu][index];
    return sim_leave(0);
}

static int instance_id(struct nvml_device *d, const char *call, unsigned add, unsigned *ret)
{
    int code = sim_enter(d, call);
    if (code)
        return code;
    if (!d->instance)
        return sim_leave(NVML_INVALID_ARGUMENT);
    *ret = add ? d->instance + add : 0;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetGpuInstanceId(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetGpuInstanceId(struct nvml_device *d, unsigned *ret)
{
    return instance_id(d, __func__, 6, ret);
}

SIM_EXPORT int nvmlDeviceGetComputeInstanceId(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetComputeInstanceId(struct nvml_device *d, unsigned *ret)
{
    return instance_id(d, __func__, 0, ret);
}

/* Slices of the GPU that an instance has, of seven: the number its profile begins with. */
static unsigned slices(const struct nvml_device *d)
{
    return (unsigned)(gpu_of(d)->instances[d->instance - 1][0] - '0');
}

SIM_EXPORT int nvmlDeviceGetAttributes_v2(struct nvml_device *d, struct nvml_attributes *ret);
SIM_EXPORT int nvmlDeviceGetAttributes_v2(struct nvml_device *d, struct nvml_attributes *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (!d->instance)
        return sim_leave(NVML_NOT_SUPPORTED);
    *ret = (struct nvml_attributes){.multiprocessors = slices(d) * 16,
                                    .copy_engines = slices(d),
                                    .decoders = slices(d),
                                    .jpeg = slices(d),
                                    .ofa = slices(d) == 7,
                                    .gpu_slices = slices(d),
                                    .compute_slices = slices(d)};
    return sim_leave(0);
}

void sim_instance_memory(const struct nvml_device *d, struct nvml_memory_v2 *ret)
{
    unsigned eighths = slices(d) == 3 ? 4 : slices(d) == 7 ? 8 : slices(d);

    ret->total = gpu_of(d)->board->memory_mib * MIB / 8 * eighths;
    ret->reserved = 16 * MIB;
    ret->used = ret->total / 4 * (gpu_of(d)->profile != SIM_IDLE);
    ret->free = ret->total - ret->reserved - ret->used;
}

/* ---- GPM ---- */

struct nvml_gpm_sample {
    int64_t us; /* 0: not taken */
    unsigned gpu, gpu_instance;
};

SIM_EXPORT int nvmlGpmQueryDeviceSupport(struct nvml_device *d, struct nvml_gpm_support *ret);
SIM_EXPORT int nvmlGpmQueryDeviceSupport(struct nvml_device *d, struct nvml_gpm_support *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (ret->version != NVML_GPM_VERSION)
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    ret->supported = gpu_of(d)->board->arch >= 9;
    return sim_leave(0);
}

SIM_EXPORT int nvmlGpmSampleAlloc(struct nvml_gpm_sample **ret);
SIM_EXPORT int nvmlGpmSampleAlloc(struct nvml_gpm_sample **ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    *ret = calloc(1, sizeof(**ret));
    return sim_leave(*ret ? 0 : NVML_MEMORY);
}

SIM_EXPORT int nvmlGpmSampleFree(struct nvml_gpm_sample *sample);
SIM_EXPORT int nvmlGpmSampleFree(struct nvml_gpm_sample *sample)
{
    free(sample);
    return NVML_SUCCESS;
}

static int take(struct nvml_device *d, const char *call, unsigned instance,
                struct nvml_gpm_sample *ret)
{
    int code = sim_enter(d, call);
    if (code)
        return code;
    if (gpu_of(d)->board->arch < 9 || gpu_of(d)->mig != (instance != NVML_NO_INSTANCE))
        return sim_leave(NVML_NOT_SUPPORTED);
    *ret = (struct nvml_gpm_sample){sim_now(), d->gpu, instance};
    return sim_leave(0);
}

SIM_EXPORT int nvmlGpmSampleGet(struct nvml_device *d, struct nvml_gpm_sample *ret);
SIM_EXPORT int nvmlGpmSampleGet(struct nvml_device *d, struct nvml_gpm_sample *ret)
{
    return take(d, __func__, NVML_NO_INSTANCE, ret);
}

SIM_EXPORT int nvmlGpmMigSampleGet(struct nvml_device *d, unsigned instance,
                                   struct nvml_gpm_sample *ret);
SIM_EXPORT int nvmlGpmMigSampleGet(struct nvml_device *d, unsigned instance,
                                   struct nvml_gpm_sample *ret)
{
    return take(d, __func__, instance, ret);
}

/* How much of the GPU's mean load a metric shows: percent, or MiB/s at full load; negative: the
 * board has none. */
static double share_of(const struct sim_board *b, unsigned id, double seconds)
{
    static const struct {
        unsigned first, last;
        double share;
    } shares[] = {{1, 1, 100},    {2, 2, 90},      {3, 3, 45},    {4, 4, 20},      {5, 5, 60},
                  {6, 6, 0},      {7, 7, 50},      {8, 8, 0},     {9, 9, 10},      {10, 10, 55},
                  {11, 11, 0},    {12, 12, 10},    {13, 13, 30},  {20, 20, 2048},  {21, 21, 3072},
                  {30, 36, 5},    {40, 46, 4},     {50, 50, 3},   {60, 61, 18432}, {62, 97, 1024},
                  {160, 165, 50}, {172, 172, 100}, {174, 174, 2}, {212, 247, 1024}};

    if (id >= 100 && id <= 103)
        return b->c2c ? 4096 : -1;
    if (id >= 166 && id <= 169)
        return b->arch >= 10 ? 6 : -1;
    if (id >= 248 && id <= 260) /* since the machine was started */
        return id == 248 ? seconds * 1e9 : seconds * 1e8;
    for (size_t i = 0; i < ARRAY_LEN(shares); i++)
        if (id >= shares[i].first && id <= shares[i].last)
            return shares[i].share;
    return -1;
}

SIM_EXPORT int nvmlGpmMetricsGet(struct nvml_gpm_metrics *m);
SIM_EXPORT int nvmlGpmMetricsGet(struct nvml_gpm_metrics *m)
{
    double load = 0;
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    const struct nvml_gpm_sample *a = m->older, *b = m->newer;
    if (m->version != NVML_GPM_VERSION)
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    if (!a->us || a->gpu != b->gpu || a->gpu_instance != b->gpu_instance || b->us <= a->us)
        return sim_leave(NVML_INVALID_ARGUMENT);
    for (int i = 0; i < GPM_POINTS; i++)
        load += sim_load(&sim.scenario, a->gpu, a->us + (b->us - a->us) * (2 * i + 1) / 40) /
                GPM_POINTS;
    for (unsigned i = 0; i < m->count; i++) {
        char name[16];
        double share = share_of(sim.scenario.gpus[a->gpu].board, m->metrics[i].id,
                                (double)(b->us - sim.start_us) / 1e6);
        double part = m->metrics[i].id >= 248 ? 1 : load;
        snprintf(name, sizeof(name), "gpm_%u", m->metrics[i].id);
        m->metrics[i].code = share < 0 ? NVML_NOT_SUPPORTED : NVML_SUCCESS;
        m->metrics[i].value = sim_value(&sim.devices[a->gpu], name, share * part);
    }
    return sim_leave(0);
}
