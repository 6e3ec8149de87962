/* api_board.c - NVML's calls about the board itself: part numbers, firmware, lesser engines. */
#include "sim.h"

static const struct sim_board *board_of(const struct nvml_device *d)
{
    return sim.scenario.gpus[d->gpu].board;
}

static int put(char *to, unsigned size, const char *text)
{
    return (unsigned)snprintf(to, size, "%s", text) < size ? 0 : NVML_INSUFFICIENT_SIZE;
}

SIM_EXPORT int nvmlDeviceGetBoardPartNumber(struct nvml_device *d, char *to, unsigned size);
SIM_EXPORT int nvmlDeviceGetBoardPartNumber(struct nvml_device *d, char *to, unsigned size)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    return sim_leave(board_of(d)->server ? put(to, size, "900-21010-0000-000")
                                         : NVML_NOT_SUPPORTED);
}

SIM_EXPORT int nvmlDeviceGetInforomImageVersion(struct nvml_device *d, char *to, unsigned size);
SIM_EXPORT int nvmlDeviceGetInforomImageVersion(struct nvml_device *d, char *to, unsigned size)
{
    int code = sim_enter(d, __func__);
    return code ? code : sim_leave(put(to, size, "G520.0200.00.05"));
}

SIM_EXPORT int nvmlDeviceGetInforomVersion(struct nvml_device *d, int object, char *to,
                                           unsigned size);
SIM_EXPORT int nvmlDeviceGetInforomVersion(struct nvml_device *d, int object, char *to,
                                           unsigned size)
{
    static const char *const versions[] = {"2.1", "7.16", "1.0"};
    int code = sim_enter(d, __func__);

    if (code)
        return code;
    if (object < 0 || object > NVML_INFOROM_POWER)
        return sim_leave(NVML_INVALID_ARGUMENT);
    if (object == NVML_INFOROM_ECC && !board_of(d)->ecc)
        return sim_leave(NVML_NOT_SUPPORTED);
    return sim_leave(put(to, size, versions[object]));
}

SIM_EXPORT int nvmlDeviceGetGspFirmwareVersion(struct nvml_device *d, char *to);
SIM_EXPORT int nvmlDeviceGetGspFirmwareVersion(struct nvml_device *d, char *to)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    return sim_leave(board_of(d)->server ? put(to, 80, sim_driver()) : NVML_NOT_SUPPORTED);
}

SIM_EXPORT int nvmlDeviceGetGspFirmwareMode(struct nvml_device *d, unsigned *enabled,
                                            unsigned *by_default);
SIM_EXPORT int nvmlDeviceGetGspFirmwareMode(struct nvml_device *d, unsigned *enabled,
                                            unsigned *by_default)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *enabled = *by_default = board_of(d)->server;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetRowRemapperHistogram(struct nvml_device *d,
                                                 struct nvml_remap_histogram *ret);
SIM_EXPORT int nvmlDeviceGetRowRemapperHistogram(struct nvml_device *d,
                                                 struct nvml_remap_histogram *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (board_of(d)->arch < 7 || !board_of(d)->server || sim.scenario.gpus[d->gpu].mig)
        return sim_leave(NVML_NOT_SUPPORTED);
    *ret = (struct nvml_remap_histogram){
        .low = sim_u32(sim_value(d, "remap_banks_low", 0)),
        .none = sim_u32(sim_value(d, "remap_banks_none", 0)),
    };
    ret->max = 640 - ret->low - ret->none;
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetVirtualizationMode(struct nvml_device *d, unsigned *ret);
SIM_EXPORT int nvmlDeviceGetVirtualizationMode(struct nvml_device *d, unsigned *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = sim_u32(sim_value(d, "virtualization", sim.scenario.gpus[d->gpu].virtualization));
    return sim_leave(0);
}

static int engine(struct nvml_device *d, const char *call, const char *field, unsigned *ret,
                  unsigned *period_us)
{
    int code = sim_enter(d, call);
    if (code)
        return code;
    bool serves = sim.scenario.gpus[d->gpu].profile == SIM_INFERENCE;
    double load = serves ? sim_load(&sim.scenario, d->gpu, sim_now()) : 0;
    *ret = sim_u32(sim_value(d, field, floor(10 * load)));
    *period_us = 166667;
    bool has = board_of(d)->arch >= 7 && !sim.scenario.gpus[d->gpu].mig;
    return sim_leave(has ? 0 : NVML_NOT_SUPPORTED);
}

SIM_EXPORT int nvmlDeviceGetJpgUtilization(struct nvml_device *d, unsigned *ret, unsigned *period);
SIM_EXPORT int nvmlDeviceGetJpgUtilization(struct nvml_device *d, unsigned *ret, unsigned *period)
{
    return engine(d, __func__, "jpeg", ret, period);
}

SIM_EXPORT int nvmlDeviceGetOfaUtilization(struct nvml_device *d, unsigned *ret, unsigned *period);
SIM_EXPORT int nvmlDeviceGetOfaUtilization(struct nvml_device *d, unsigned *ret, unsigned *period)
{
    return engine(d, __func__, "ofa", ret, period);
}
