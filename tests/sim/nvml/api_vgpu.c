/* api_vgpu.c - NVML's calls about virtual GPUs: `vgpus` of each GPU whose virtualization is 3
 * (host), with ids of 1000 x GPU + n. A fault "value field=vgpus" changes how many there are. */
#include "sim.h"

#define VGPU_SAMPLE_US ((int64_t)1000000)

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

static unsigned count_of(const struct nvml_device *d)
{
    return MIN(sim_u32(sim_value(d, "vgpus", gpu_of(d)->vgpus)), SIM_VGPUS);
}

/* Begins a call about one virtual GPU: what it answers at once, or 0 with the lock held. */
static int enter(unsigned id, const char *call)
{
    int code = id / 1000 < sim.scenario.gpu_len ? sim_enter(&sim.devices[id / 1000], call)
                                                : NVML_NOT_FOUND;

    if (code)
        return code;
    bool is = id % 1000 && id % 1000 <= count_of(&sim.devices[id / 1000]);
    return is ? 0 : sim_leave(NVML_NOT_FOUND);
}

static int put(char *to, unsigned size, const char *text)
{
    return (unsigned)snprintf(to, size, "%s", text) < size ? 0 : NVML_INSUFFICIENT_SIZE;
}

SIM_CALL(nvmlDeviceGetActiveVgpus, struct nvml_device *d, unsigned *count, unsigned *ids)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->virtualization < NVML_VIRTUAL_HOST)
        return sim_leave(NVML_NOT_SUPPORTED);
    unsigned room = *count;
    *count = count_of(d);
    if (*count && (!ids || room < *count))
        return sim_leave(NVML_INSUFFICIENT_SIZE);
    for (unsigned i = 0; i < *count; i++)
        ids[i] = d->gpu * 1000 + i + 1;
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetVgpuSchedulerState, struct nvml_device *d, struct nvml_vgpu_scheduler *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = (struct nvml_vgpu_scheduler){.policy = sim_u32(sim_value(d, "vgpu_scheduler", 1)),
                                        .adaptive = 2};
    return sim_leave(gpu_of(d)->virtualization < NVML_VIRTUAL_HOST ? NVML_NOT_SUPPORTED : 0);
}

SIM_CALL(nvmlVgpuInstanceGetUUID, unsigned id, char *to, unsigned size)
{
    char text[64];
    int code = enter(id, __func__);
    if (code)
        return code;
    snprintf(text, sizeof(text), "%08x-0000-4000-8000-%012x", id, id);
    return sim_leave(put(to, size, text));
}

SIM_CALL(nvmlVgpuInstanceGetVmID, unsigned id, char *to, unsigned size, unsigned *kind)
{
    char text[64];
    int code = enter(id, __func__);
    if (code)
        return code;
    *kind = 1; /* a UUID */
    snprintf(text, sizeof(text), "feed%04x-0000-4000-8000-000000000001", id & 0xffff);
    return sim_leave(put(to, size, text));
}

SIM_CALL(nvmlVgpuInstanceGetVmDriverVersion, unsigned id, char *to, unsigned size)
{
    int code = enter(id, __func__);
    if (code)
        return code;
    return sim_leave(put(to, size, id % 1000 == 1 ? "580.95.05" : "Not Available"));
}

SIM_CALL(nvmlVgpuInstanceGetType, unsigned id, unsigned *ret)
{
    int code = enter(id, __func__);
    if (code)
        return code;
    *ret = 1132;
    return sim_leave(0);
}

SIM_CALL(nvmlVgpuTypeGetName, unsigned type, char *to, unsigned *size)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    return sim_leave(type == 1132 ? put(to, *size, "NVIDIA H100XL-20C") : NVML_INVALID_ARGUMENT);
}

SIM_CALL(nvmlVgpuTypeGetFramebufferSize, unsigned type, unsigned long long *ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    *ret = 20ull << 30;
    return sim_leave(type == 1132 ? 0 : NVML_INVALID_ARGUMENT);
}

SIM_CALL(nvmlVgpuInstanceGetFbUsage, unsigned id, unsigned long long *ret)
{
    int code = enter(id, __func__);
    if (code)
        return code;
    *ret = sim_u64(sim_value(&sim.devices[id / 1000], "vgpu_memory", (double)(5ull << 30)));
    return sim_leave(0);
}

SIM_CALL(nvmlVgpuInstanceGetFrameRateLimit, unsigned id, unsigned *ret)
{
    int code = enter(id, __func__);
    if (code)
        return code;
    *ret = 60;
    return sim_leave(0);
}

SIM_CALL(nvmlVgpuInstanceGetLicenseInfo_v2, unsigned id, struct nvml_vgpu_license *ret)
{
    int code = enter(id, __func__);
    if (code)
        return code;
    *ret = (struct nvml_vgpu_license){.licensed = id % 1000 == 1, .state = 3};
    return sim_leave(0);
}

/* A sample a second; the first of a GPU's works as the GPU does, the others rest. */
static unsigned samples(const struct nvml_device *d, uint64_t last_seen, unsigned room,
                        struct nvml_vgpu_use *to)
{
    int64_t last = sim_now() / VGPU_SAMPLE_US * VGPU_SAMPLE_US;
    unsigned n = 0;

    for (unsigned i = 0; i < count_of(d); i++)
        for (int64_t at = last - 9 * VGPU_SAMPLE_US; at <= last; at += VGPU_SAMPLE_US) {
            double load = i ? 0 : sim_load(&sim.scenario, d->gpu, at);
            if ((uint64_t)at <= last_seen)
                continue;
            if (to && n < room)
                to[n] = (struct nvml_vgpu_use){
                    .timestamp = (uint64_t)at,
                    .id = d->gpu * 1000 + i + 1,
                    .sm.u = sim_u32(sim_value(d, "vgpu_utilization", floor(100 * load))),
                    .mem.u = sim_u32(floor(50 * load))};
            n++;
        }
    return n;
}

SIM_CALL(nvmlDeviceGetVgpuInstancesUtilizationInfo, struct nvml_device *d,
         struct nvml_vgpus_use *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (ret->version != NVML_STRUCT_VERSION(struct nvml_vgpus_use, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    if (gpu_of(d)->virtualization < NVML_VIRTUAL_HOST)
        return sim_leave(NVML_NOT_SUPPORTED);
    unsigned room = ret->count;
    ret->value_type = NVML_VALUE_UNSIGNED;
    ret->count = samples(d, ret->last_seen, room, ret->samples);
    return sim_leave(ret->count > room ? NVML_INSUFFICIENT_SIZE : ret->count ? 0 : NVML_NOT_FOUND);
}

SIM_CALL(nvmlDeviceGetVgpuUtilization, struct nvml_device *d, unsigned long long last_seen,
         unsigned *value_type, unsigned *count, struct nvml_vgpu_sample *to)
{
    struct nvml_vgpu_use all[SIM_VGPUS * 10];
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->virtualization < NVML_VIRTUAL_HOST)
        return sim_leave(NVML_NOT_SUPPORTED);
    unsigned n = samples(d, last_seen, ARRAY_LEN(all), all), room = *count;
    *value_type = NVML_VALUE_UNSIGNED;
    *count = n;
    if (n > room || (n && !to))
        return sim_leave(NVML_INSUFFICIENT_SIZE);
    for (unsigned i = 0; i < n; i++)
        to[i] = (struct nvml_vgpu_sample){
            .id = all[i].id, .timestamp = all[i].timestamp, .sm = all[i].sm, .mem = all[i].mem};
    return sim_leave(n ? 0 : NVML_NOT_FOUND);
}

/* ---- in a guest ---- */

SIM_CALL(nvmlDeviceGetGridLicensableFeatures_v4, struct nvml_device *d,
         struct nvml_licensables *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    memset(ret, 0, sizeof(*ret));
    ret->supported = gpu_of(d)->virtualization == NVML_VIRTUAL_GUEST;
    ret->count = ret->supported ? 1 : 0;
    ret->features[0].code = 1;
    ret->features[0].state = sim_u32(sim_value(d, "license", 1));
    return sim_leave(0);
}
