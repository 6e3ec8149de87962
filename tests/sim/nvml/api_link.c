/* api_link.c - NVML's calls about NVLink and the fabric. Values of single links are faults of
 * fields like nvlink_3_state and nvlink_3_error_1. */
#include "sim.h"

static const unsigned char cluster[16] = {0x5a, 0x11, 0xda, 0x7a, 0x0c, 0x4e, 0x4b, 0x1e,
                                          0x9a, 0x3f, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc};

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

/* Begins a call about one link: what it answers at once, or 0 with the lock held. */
static int enter(struct nvml_device *d, unsigned link, const char *call)
{
    int code = sim_enter(d, call);

    if (code)
        return code;
    if (gpu_of(d)->mig || !gpu_of(d)->links)
        return sim_leave(NVML_NOT_SUPPORTED);
    return link < gpu_of(d)->links ? 0 : sim_leave(NVML_INVALID_ARGUMENT);
}

static double link_value(const struct nvml_device *d, unsigned link, const char *what, double value)
{
    char name[48];

    snprintf(name, sizeof(name), "nvlink_%u_%s", link, what);
    return sim_value(d, name, value);
}

SIM_EXPORT int nvmlDeviceGetNvLinkState(struct nvml_device *d, unsigned link, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetNvLinkState(struct nvml_device *d, unsigned link, unsigned *ret)
{
    int code = enter(d, link, __func__);
    if (code)
        return code;
    *ret = sim_u32(link_value(d, link, "state", 1));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetNvLinkVersion(struct nvml_device *d, unsigned link, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetNvLinkVersion(struct nvml_device *d, unsigned link, unsigned *ret)
{
    int code = enter(d, link, __func__);
    if (code)
        return code;
    *ret = gpu_of(d)->board->arch >= 10 ? 5 : gpu_of(d)->board->arch >= 9 ? 4 : 3;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetNvLinkRemoteDeviceType(struct nvml_device *d, unsigned link,
                                                   unsigned *ret);
SIM_EXPORT int nvmlDeviceGetNvLinkRemoteDeviceType(struct nvml_device *d, unsigned link,
                                                   unsigned *ret)
{
    int code = enter(d, link, __func__);
    if (code)
        return code;
    *ret = sim_u32(link_value(d, link, "remote", NVML_REMOTE_SWITCH));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetNvLinkErrorCounter(struct nvml_device *d, unsigned link, int counter,
                                               unsigned long long *ret);
SIM_EXPORT int nvmlDeviceGetNvLinkErrorCounter(struct nvml_device *d, unsigned link, int counter,
                                               unsigned long long *ret)
{
    char what[24];
    int code = enter(d, link, __func__);
    if (code)
        return code;
    if (counter < 0 || counter > 4)
        return sim_leave(NVML_INVALID_ARGUMENT);
    snprintf(what, sizeof(what), "error_%d", counter);
    *ret = sim_u64(link_value(d, link, what, 0));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetGpuFabricInfoV(struct nvml_device *d, struct nvml_fabric_info *ret);
SIM_EXPORT int nvmlDeviceGetGpuFabricInfoV(struct nvml_device *d, struct nvml_fabric_info *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    bool third = ret->version == NVML_FABRIC_VERSION_3;
    if (!third && ret->version != NVML_FABRIC_VERSION_2)
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    if (gpu_of(d)->board->arch < 9 || !gpu_of(d)->links)
        return sim_leave(NVML_NOT_SUPPORTED);
    ret->state = (unsigned char)sim_u32(sim_value(d, "fabric_state", NVML_FABRIC_COMPLETED));
    ret->status = sim_u32(sim_value(d, "fabric_status", 0));
    ret->clique = 32766;
    memcpy(ret->cluster_uuid, cluster, sizeof(cluster));
    ret->health = sim_u32(sim_value(d, "fabric_health", 0x1aa)); /* four times no; nothing wrong */
    if (third)
        ret->summary = (unsigned char)sim_u32(sim_value(d, "fabric_summary", NVML_FABRIC_HEALTHY));
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetGpuFabricInfo, struct nvml_device *d, struct nvml_fabric_info_v1 *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->board->arch < 9 || !gpu_of(d)->links)
        return sim_leave(NVML_NOT_SUPPORTED);
    ret->state = (unsigned char)sim_u32(sim_value(d, "fabric_state", NVML_FABRIC_COMPLETED));
    ret->status = sim_u32(sim_value(d, "fabric_status", 0));
    ret->clique = 32766;
    memcpy(ret->cluster_uuid, cluster, sizeof(cluster));
    return sim_leave(0);
}

/* Switches stand on buses from c1 on, five links to each. */
SIM_CALL(nvmlDeviceGetNvLinkRemotePciInfo_v2, struct nvml_device *d, unsigned link,
         struct nvml_pci_info *ret)
{
    int code = enter(d, link, __func__);
    if (code)
        return code;
    *ret = (struct nvml_pci_info){.bus = 0xc1 + link / 5};
    snprintf(ret->bus_id, sizeof(ret->bus_id), "00000000:%02X:00.0", 0xc1 + link / 5);
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetC2cModeInfoV, struct nvml_device *d, struct nvml_c2c_mode *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    ret->version_or_enabled = sim_u32(sim_value(d, "c2c_mode", 1));
    return sim_leave(gpu_of(d)->board->c2c ? 0 : NVML_NOT_SUPPORTED);
}
