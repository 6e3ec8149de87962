/* api_process.c - NVML's calls about the processes on a GPU. */
#include "sim.h"

#define PROCESS_SAMPLE_US ((int64_t)166667)

static uint64_t memory_of(const struct sim_process *p)
{
    return sim_process_memory(&sim.scenario, p, sim_now());
}

/* True when `p` stands in the list of `type`: 'C', 'G' or 'M'. */
static bool listed(const struct sim_process *p, unsigned gpu, char type)
{
    return p->gpu == gpu && (p->type == type || (p->type == 'B' && type != 'M'));
}

/* How many are in the list; a fault lets it grow between the question for room and the answer. */
static unsigned count_of(unsigned gpu, char type)
{
    unsigned n = 0;

    for (size_t i = 0; i < sim.scenario.process_len; i++)
        n += listed(&sim.scenario.processes[i], gpu, type);
    return n;
}

static void put(void *to, unsigned at, size_t stride, const struct sim_process *p)
{
    struct nvml_process_r535 entry = {.process = {.pid = p->pid,
                                                  .used = memory_of(p),
                                                  .gpu_instance = NVML_NO_INSTANCE,
                                                  .compute_instance = NVML_NO_INSTANCE}};

    memcpy((char *)to + at * stride, &entry, stride);
}

static int list(struct nvml_device *d, const char *call, char type, size_t stride, unsigned *count,
                void *to)
{
    int code = sim_enter(d, call);
    if (code)
        return code;
    unsigned n = count_of(d->gpu, type), room = *count, at = 0;
    if (stride == sizeof(struct nvml_process_v2) && sim_fault(SIM_FAULT_PROCESS_R535, d->gpu))
        stride = sizeof(struct nvml_process_r535);
    *count = n;
    if (!n)
        return sim_leave(0);
    if (!to || room < n) {
        const struct sim_fault *grow = sim_fault(SIM_FAULT_PROCESSES_GROW, d->gpu);
        if (grow && grow->value > 0 && grow->value < n)
            *count = n - (unsigned)grow->value; /* what was there before the others came */
        return sim_leave(NVML_INSUFFICIENT_SIZE);
    }
    for (size_t i = 0; i < sim.scenario.process_len; i++)
        if (listed(&sim.scenario.processes[i], d->gpu, type))
            put(to, at++, stride, &sim.scenario.processes[i]);
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(struct nvml_device *d, unsigned *count,
                                                       struct nvml_process_v2 *to);
SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(struct nvml_device *d, unsigned *count,
                                                       struct nvml_process_v2 *to)
{
    return list(d, __func__, 'C', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses_v2(struct nvml_device *d, unsigned *count,
                                                       struct nvml_process_v2 *to);
SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses_v2(struct nvml_device *d, unsigned *count,
                                                       struct nvml_process_v2 *to)
{
    return list(d, __func__, 'C', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses(struct nvml_device *d, unsigned *count,
                                                    struct nvml_process_v1 *to);
SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses(struct nvml_device *d, unsigned *count,
                                                    struct nvml_process_v1 *to)
{
    return list(d, __func__, 'C', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(struct nvml_device *d, unsigned *count,
                                                        struct nvml_process_v2 *to);
SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(struct nvml_device *d, unsigned *count,
                                                        struct nvml_process_v2 *to)
{
    return list(d, __func__, 'G', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v2(struct nvml_device *d, unsigned *count,
                                                        struct nvml_process_v2 *to);
SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v2(struct nvml_device *d, unsigned *count,
                                                        struct nvml_process_v2 *to)
{
    return list(d, __func__, 'G', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses(struct nvml_device *d, unsigned *count,
                                                     struct nvml_process_v1 *to);
SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses(struct nvml_device *d, unsigned *count,
                                                     struct nvml_process_v1 *to)
{
    return list(d, __func__, 'G', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetMPSComputeRunningProcesses_v3(struct nvml_device *d, unsigned *count,
                                                          struct nvml_process_v2 *to);
SIM_EXPORT int nvmlDeviceGetMPSComputeRunningProcesses_v3(struct nvml_device *d, unsigned *count,
                                                          struct nvml_process_v2 *to)
{
    return list(d, __func__, 'M', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetMPSComputeRunningProcesses_v2(struct nvml_device *d, unsigned *count,
                                                          struct nvml_process_v2 *to);
SIM_EXPORT int nvmlDeviceGetMPSComputeRunningProcesses_v2(struct nvml_device *d, unsigned *count,
                                                          struct nvml_process_v2 *to)
{
    return list(d, __func__, 'M', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetMPSComputeRunningProcesses(struct nvml_device *d, unsigned *count,
                                                       struct nvml_process_v1 *to);
SIM_EXPORT int nvmlDeviceGetMPSComputeRunningProcesses(struct nvml_device *d, unsigned *count,
                                                       struct nvml_process_v1 *to)
{
    return list(d, __func__, 'M', sizeof(*to), count, to);
}

SIM_EXPORT int nvmlDeviceGetProcessUtilization(struct nvml_device *d,
                                               struct nvml_process_sample *to, unsigned *count,
                                               unsigned long long last_seen);
SIM_EXPORT int nvmlDeviceGetProcessUtilization(struct nvml_device *d,
                                               struct nvml_process_sample *to, unsigned *count,
                                               unsigned long long last_seen)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    if (sim.scenario.gpus[d->gpu].mig)
        return sim_leave(NVML_NOT_SUPPORTED);
    int64_t now = sim_now(), last = now / PROCESS_SAMPLE_US * PROCESS_SAMPLE_US;
    int64_t first = MAX(last - 11 * PROCESS_SAMPLE_US, (int64_t)MIN(last_seen, INT64_MAX - 1) + 1);
    unsigned n = 0, need = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sim.scenario.process_len; i++) {
            const struct sim_process *p = &sim.scenario.processes[i];
            for (int64_t at = last; p->gpu == d->gpu && at >= first; at -= PROCESS_SAMPLE_US) {
                double sm = 100 * p->share * sim_load(&sim.scenario, d->gpu, at);
                double mem = 100 * p->share * sim_memory_load(&sim.scenario, d->gpu, at);
                if (sm < 0.5)
                    continue; /* the driver keeps quiet about who does nothing */
                if (pass == 0) {
                    need++;
                    continue;
                }
                to[n++] = (struct nvml_process_sample){
                    .pid = p->pid,
                    .timestamp = (uint64_t)at,
                    .sm = sim_u32(sim_value(d, "process_utilization", sm)),
                    .mem = (unsigned)mem};
            }
        }
        if (pass == 0 && (!need || !to || *count < need)) {
            *count = need;
            return sim_leave(need ? NVML_INSUFFICIENT_SIZE : NVML_NOT_FOUND);
        }
    }
    *count = n;
    return sim_leave(0);
}
