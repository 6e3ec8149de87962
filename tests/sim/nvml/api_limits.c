/* api_limits.c - NVML's calls about limits, modes and sessions. */
#include "sim.h"

static const struct sim_gpu *gpu_of(const struct nvml_device *d)
{
    return &sim.scenario.gpus[d->gpu];
}

SIM_CALL(nvmlDeviceGetBAR1MemoryInfo, struct nvml_device *d, struct nvml_bar1 *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    uint64_t total = gpu_of(d)->board->server ? (uint64_t)256 << 30 : (uint64_t)256 << 20;
    ret->total = sim_u64(sim_value(d, "bar1_total", (double)total));
    ret->used = sim_u64(sim_value(d, "bar1_used", 4 << 20));
    ret->free = ret->total - ret->used;
    return sim_leave(gpu_of(d)->board->c2c ? NVML_NOT_SUPPORTED : 0);
}

SIM_CALL(nvmlDeviceGetClock, struct nvml_device *d, int type, int which, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (which != NVML_CLOCK_BOOST_MAX)
        return sim_leave(NVML_DEPRECATED);
    const struct sim_board *b = gpu_of(d)->board;
    double mhz = type == NVML_CLOCK_MEMORY ? b->memory_mhz : b->graphics_mhz;
    *ret = sim_u32(type == NVML_CLOCK_GRAPHICS ? sim_value(d, "clock_boost_max", mhz) : mhz);
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetApplicationsClock, struct nvml_device *d, int type, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    const struct sim_board *b = gpu_of(d)->board;
    *ret = type == NVML_CLOCK_MEMORY ? b->memory_mhz : b->graphics_mhz - 15;
    return sim_leave(b->server && b->arch < 10 ? 0 : NVML_DEPRECATED);
}

SIM_CALL(nvmlDeviceGetDisplayActive, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "display_active", !gpu_of(d)->board->server));
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetBrand, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    const char *name = gpu_of(d)->board->name;
    double brand = strstr(name, "GeForce") ? 5 : strstr(name, "Tesla") ? 2 : 14;
    *ret = sim_u32(sim_value(d, "brand", brand));
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetNumGpuCores, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "cores", gpu_of(d)->board->cores));
    return sim_leave(*ret ? 0 : NVML_NOT_SUPPORTED);
}

SIM_CALL(nvmlDeviceGetMemoryBusWidth, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "memory_bus", gpu_of(d)->board->bus_bits));
    return sim_leave(*ret ? 0 : NVML_NOT_SUPPORTED);
}

SIM_CALL(nvmlDeviceGetEncoderStats, struct nvml_device *d, unsigned *sessions, unsigned *frames,
         unsigned *latency_us)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    bool serves = gpu_of(d)->profile == SIM_INFERENCE;
    *sessions = sim_u32(sim_value(d, "encoder_sessions", serves ? 3 : 0));
    *frames = sim_u32(sim_value(d, "encoder_frames", serves ? 60 : 0));
    *latency_us = sim_u32(sim_value(d, "encoder_latency", serves ? 4200 : 0));
    return sim_leave(gpu_of(d)->mig ? NVML_NOT_SUPPORTED : 0);
}

SIM_CALL(nvmlDeviceGetFBCStats, struct nvml_device *d, struct nvml_capture_stats *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = (struct nvml_capture_stats){0, 0, 0};
    return sim_leave(gpu_of(d)->mig ? NVML_NOT_SUPPORTED : 0);
}

/* KB/s, sent and received. The real call takes 20 ms. */
SIM_CALL(nvmlDeviceGetPcieThroughput, struct nvml_device *d, int direction, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    double load = sim_load(&sim.scenario, d->gpu, sim_now());
    *ret = sim_u32(sim_value(d, "pcie_throughput", floor(load * (direction ? 3e6 : 2e6))));
    return sim_leave(direction < 0 || direction > 1 ? NVML_INVALID_ARGUMENT : 0);
}

SIM_CALL(nvmlDeviceGetHostVgpuMode, struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = 1;
    return sim_leave(gpu_of(d)->virtualization >= NVML_VIRTUAL_HOST ? 0 : NVML_NOT_SUPPORTED);
}

SIM_CALL(nvmlDeviceGetPlatformInfo, struct nvml_device *d, struct nvml_platform *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (ret->version != NVML_STRUCT_VERSION(struct nvml_platform, 2) &&
        ret->version != NVML_STRUCT_VERSION(struct nvml_platform, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    if (!gpu_of(d)->board->c2c)
        return sim_leave(NVML_NOT_SUPPORTED);
    memcpy(ret->chassis_serial, "1820224130075\0\0", 16);
    ret->slot = 13;
    ret->tray = 2;
    ret->host = 1;
    ret->module = (unsigned char)(d->gpu + 1);
    return sim_leave(0);
}
