/* api_identity.c - NVML's calls about the system, enumeration, and what a GPU is. */
#include "sim.h"

#include <stdlib.h>

#define TEXT_OUT(to, size, ...)                                                                    \
    ((unsigned)snprintf((to), (size), __VA_ARGS__) < (unsigned)(size) ? 0 : NVML_INSUFFICIENT_SIZE)

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

/* Bus numbers as an eight-way server has them; more GPUs go on in the next PCI domain. */
static void place_of(unsigned gpu, unsigned *domain, unsigned *bus, unsigned *device)
{
    static const unsigned buses[] = {0x17, 0x3b, 0x5d, 0x6f, 0x9a, 0xab, 0xba, 0xdb};
    const struct sim_identity *id = &sim.scenario.gpus[gpu].identity;

    *domain = id->placed ? id->domain : gpu / ARRAY_LEN(buses);
    *bus = id->placed ? id->bus : buses[gpu % ARRAY_LEN(buses)];
    *device = id->placed ? id->device : 0;
}

SIM_EXPORT int nvmlSystemGetDriverVersion(char *to, unsigned size);
SIM_EXPORT int nvmlSystemGetDriverVersion(char *to, unsigned size)
{
    int code = sim_enter(NULL, __func__);
    return code ? code : sim_leave(TEXT_OUT(to, size, "%s", sim_driver()));
}

SIM_EXPORT int nvmlSystemGetNVMLVersion(char *to, unsigned size);
SIM_EXPORT int nvmlSystemGetNVMLVersion(char *to, unsigned size)
{
    pthread_mutex_lock(&sim.lock); /* answers uninitialised too, as the real one does */
    sim.calls++;
    return sim_leave(TEXT_OUT(to, size, "%s", sim.scenario.library));
}

SIM_EXPORT int nvmlSystemGetCudaDriverVersion(int *ret);
SIM_EXPORT int nvmlSystemGetCudaDriverVersion(int *ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    *ret = sim.scenario.cuda;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetCount_v2(unsigned *ret);
SIM_EXPORT int nvmlDeviceGetCount_v2(unsigned *ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    *ret = sim.visible_len;
    return sim_leave(0);
}

/* The handle call of one GPU: its own faults count, and a lost one has none. */
static int handle_of(unsigned gpu, const char *call, struct nvml_device **ret)
{
    int code = sim_enter(&sim.devices[gpu], call);

    if (code)
        return code;
    *ret = &sim.devices[gpu];
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, struct nvml_device **ret);
SIM_EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, struct nvml_device **ret)
{
    int code = sim_enter(NULL, "nvmlSimLookup");
    unsigned gpu;

    if (code)
        return code;
    if (index >= sim.visible_len)
        return sim_leave(NVML_INVALID_ARGUMENT);
    gpu = sim.visible[index];
    sim_leave(0);
    return handle_of(gpu, __func__, ret);
}

SIM_EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, struct nvml_device **ret);
SIM_EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, struct nvml_device **ret)
{
    unsigned found = SIM_ALL_GPUS;
    int code = sim_enter(NULL, "nvmlSimLookup");

    if (code)
        return code;
    char *end = NULL;
    unsigned long domain = strtoul(bus_id, &end, 16);
    unsigned long bus = *end == ':' ? strtoul(end + 1, &end, 16) : ULONG_MAX;
    unsigned long device = *end == ':' ? strtoul(end + 1, &end, 16) : ULONG_MAX;
    if (strcmp(end, ".0") != 0)
        return sim_leave(NVML_INVALID_ARGUMENT);
    for (unsigned i = 0; i < sim.visible_len; i++) {
        unsigned at[3];
        place_of(sim.visible[i], &at[0], &at[1], &at[2]);
        if (at[0] == domain && at[1] == bus && at[2] == device)
            found = sim.visible[i];
    }
    sim_leave(0);
    return found == SIM_ALL_GPUS ? NVML_NOT_FOUND : handle_of(found, __func__, ret);
}

SIM_EXPORT int nvmlDeviceGetName(struct nvml_device *d, char *to, unsigned size);
SIM_EXPORT int nvmlDeviceGetName(struct nvml_device *d, char *to, unsigned size)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    const char *told = gpu_of(d)->identity.name;
    const char *name = *told ? told : gpu_of(d)->board->name;
    if (d->instance)
        return sim_leave(
            TEXT_OUT(to, size, "%s MIG %s", name, gpu_of(d)->instances[d->instance - 1]));
    return sim_leave(TEXT_OUT(to, size, "%s", name));
}

SIM_EXPORT int nvmlDeviceGetUUID(struct nvml_device *d, char *to, unsigned size);
SIM_EXPORT int nvmlDeviceGetUUID(struct nvml_device *d, char *to, unsigned size)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (!d->instance && *gpu_of(d)->identity.uuid)
        return sim_leave(TEXT_OUT(to, size, "%s", gpu_of(d)->identity.uuid));
    uint64_t who[2] = {sim.scenario.seed, d->gpu + 1000 * d->instance};
    uint64_t a = hash_bytes(who, sizeof(who)), b = hash_more(a, who, sizeof(who));
    return sim_leave(TEXT_OUT(to, size, "%s-%08x-%04x-%04x-%04x-%012" PRIx64,
                              d->instance ? "MIG" : "GPU", (unsigned)(a >> 32),
                              (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xffff,
                              (unsigned)(b >> 48), b & 0xffffffffffff));
}

SIM_EXPORT int nvmlDeviceGetSerial(struct nvml_device *d, char *to, unsigned size);
SIM_EXPORT int nvmlDeviceGetSerial(struct nvml_device *d, char *to, unsigned size)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (*gpu_of(d)->identity.serial)
        return sim_leave(TEXT_OUT(to, size, "%s", gpu_of(d)->identity.serial));
    if (!gpu_of(d)->board->server)
        return sim_leave(NVML_NOT_SUPPORTED);
    return sim_leave(
        TEXT_OUT(to, size, "16546%08u",
                 (unsigned)((sim.scenario.seed * 977 + (uint64_t)d->gpu * 13) % 100000000)));
}

SIM_EXPORT int nvmlDeviceGetVbiosVersion(struct nvml_device *d, char *to, unsigned size);
SIM_EXPORT int nvmlDeviceGetVbiosVersion(struct nvml_device *d, char *to, unsigned size)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (*gpu_of(d)->identity.vbios)
        return sim_leave(TEXT_OUT(to, size, "%s", gpu_of(d)->identity.vbios));
    return sim_leave(TEXT_OUT(to, size, "%02X.00.61.00.%02X", 0x86 + gpu_of(d)->board->arch,
                              gpu_of(d)->board->memory_mib & 0xff));
}

SIM_EXPORT int nvmlDeviceGetPciInfo_v3(struct nvml_device *d, struct nvml_pci_info *ret);
SIM_EXPORT int nvmlDeviceGetPciInfo_v3(struct nvml_device *d, struct nvml_pci_info *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    unsigned domain, bus, device;
    place_of(d->gpu, &domain, &bus, &device);
    *ret = (struct nvml_pci_info){.domain = domain,
                                  .bus = bus,
                                  .device = device,
                                  .pci_device_id = 0x233010de,
                                  .pci_subsystem_id = 0x16c110de};
    snprintf(ret->bus_id_legacy, sizeof(ret->bus_id_legacy), "%04X:%02X:%02X.0", domain & 0xffff,
             bus & 0xff, device & 0x1f);
    snprintf(ret->bus_id, sizeof(ret->bus_id), "%08X:%02X:%02X.0", domain, bus, device);
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMinorNumber(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetMinorNumber(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "minor", d->gpu));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetArchitecture(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetArchitecture(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "architecture", gpu_of(d)->board->arch));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetCudaComputeCapability(struct nvml_device *d, int *major, int *minor);
SIM_EXPORT int nvmlDeviceGetCudaComputeCapability(struct nvml_device *d, int *major, int *minor)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *major = (int)sim_u32(sim_value(d, "compute_major", gpu_of(d)->board->cc_major));
    *minor = (int)sim_u32(sim_value(d, "compute_minor", gpu_of(d)->board->cc_minor));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetNumaNodeId(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetNumaNodeId(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (gpu_of(d)->numa_node < 0)
        return sim_leave(NVML_NOT_SUPPORTED);
    *ret = (unsigned)gpu_of(d)->numa_node;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetTemperatureThreshold(struct nvml_device *d, int type, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetTemperatureThreshold(struct nvml_device *d, int type, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    const struct sim_board *b = gpu_of(d)->board;
    unsigned value = type == NVML_THRESHOLD_SHUTDOWN                         ? b->shutdown_c
                     : type == NVML_THRESHOLD_SLOWDOWN                       ? b->slowdown_c
                     : type == NVML_THRESHOLD_GPU_MAX                        ? b->max_operating_c
                     : type == NVML_THRESHOLD_MEMORY_MAX && b->memory_sensor ? 95
                     : type == NVML_THRESHOLD_ACOUSTIC_CURRENT && b->fans    ? 83
                                                                             : 0;
    char field[32];
    snprintf(field, sizeof(field), "threshold_%d", type);
    double told = sim_value(d, field, value ? sim_value(d, "threshold", value) : (double)NAN);
    if (isnan(told))
        return sim_leave(NVML_NOT_SUPPORTED);
    *ret = sim_u32(told);
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMaxClockInfo(struct nvml_device *d, int type, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetMaxClockInfo(struct nvml_device *d, int type, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    const struct sim_board *b = gpu_of(d)->board;
    char field[32];
    snprintf(field, sizeof(field), "clock_max_%d", type);
    *ret =
        sim_u32(sim_value(d, field, type == NVML_CLOCK_MEMORY ? b->memory_mhz : b->graphics_mhz));
    return sim_leave(type > NVML_CLOCK_VIDEO ? NVML_INVALID_ARGUMENT : 0);
}

SIM_EXPORT int nvmlDeviceGetPowerManagementDefaultLimit(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetPowerManagementDefaultLimit(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "power_default", gpu_of(d)->board->power_default_w * 1000));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetPowerManagementLimitConstraints(struct nvml_device *d, unsigned *low,
                                                            unsigned *high);
SIM_EXPORT int nvmlDeviceGetPowerManagementLimitConstraints(struct nvml_device *d, unsigned *low,
                                                            unsigned *high)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *low = sim_u32(sim_value(d, "power_min", gpu_of(d)->board->power_min_w * 1000));
    *high = sim_u32(sim_value(d, "power_max", gpu_of(d)->board->power_max_w * 1000));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMaxPcieLinkGeneration(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetMaxPcieLinkGeneration(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "pcie_generation_max", gpu_of(d)->board->pcie_gen));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetMaxPcieLinkWidth(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetMaxPcieLinkWidth(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "pcie_width_max", gpu_of(d)->board->pcie_width));
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetNumFans(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetNumFans(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "fans", gpu_of(d)->board->fans));
    return sim_leave(*ret ? 0 : NVML_NOT_SUPPORTED);
}
