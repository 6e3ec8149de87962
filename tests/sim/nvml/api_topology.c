/* api_topology.c - NVML's calls about what lies between GPUs and which processors are near: the
 * first four of eight GPUs hang on one socket, the others on the next. */
#include "sim.h"

#define SOCKET_GPUS 4
#define SOCKET_CPUS 32

static unsigned socket_of(const struct nvml_device *d)
{
    return d->gpu / SOCKET_GPUS;
}

SIM_CALL(nvmlDeviceGetTopologyCommonAncestor, struct nvml_device *a, struct nvml_device *b,
         int *ret)
{
    int code = sim_enter(a, __func__);
    if (code)
        return code;
    *ret = a->gpu == b->gpu               ? NVML_TOPOLOGY_INTERNAL
           : a->gpu / 2 == b->gpu / 2     ? NVML_TOPOLOGY_SINGLE
           : socket_of(a) == socket_of(b) ? NVML_TOPOLOGY_NODE
                                          : NVML_TOPOLOGY_SYSTEM;
    *ret = (int)sim_value(a, "topology", *ret);
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetP2PStatus, struct nvml_device *a, struct nvml_device *b, int which, int *ret)
{
    int code = sim_enter(a, __func__);
    if (code)
        return code;
    const struct sim_gpu *x = &sim.scenario.gpus[a->gpu], *y = &sim.scenario.gpus[b->gpu];
    if (which < 0 || which > 4)
        return sim_leave(NVML_INVALID_ARGUMENT);
    bool linked = x->links && y->links && !x->mig && !y->mig;
    *ret = (int)sim_value(a, "p2p_status", linked ? 0 : 5);
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetCpuAffinity, struct nvml_device *d, unsigned words, unsigned long *set)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    const unsigned bits = sizeof(*set) * 8;
    for (unsigned i = 0; i < 2 * SOCKET_CPUS; i++) { /* and their siblings, 128 further on */
        unsigned cpu = socket_of(d) * SOCKET_CPUS + i % SOCKET_CPUS + i / SOCKET_CPUS * 128;
        if (cpu / bits < words)
            set[cpu / bits] |= 1ul << cpu % bits;
    }
    return sim_leave(0);
}

SIM_CALL(nvmlDeviceGetMemoryAffinity, struct nvml_device *d, unsigned words, unsigned long *set,
         unsigned scope)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (!words || scope > 1)
        return sim_leave(NVML_INVALID_ARGUMENT);
    set[0] |= 1ul << socket_of(d);
    return sim_leave(0);
}
