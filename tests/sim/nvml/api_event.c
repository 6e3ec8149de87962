/* api_event.c - NVML's events: those of faults "xid" and "mig-layout", each told once per wanted
 * time to whoever waits. */
#include "sim.h"

#include <time.h>

#define SET_STEP_MS  50 /* of a wait, between two looks */
#define TEST_WAIT_MS 5  /* where a test holds the time, waiting for it to pass is in vain */

/* One for all: no test has two. */
struct nvml_event_set {
    unsigned long long types[SIM_GPUS];
};

static struct nvml_event_set the_set;

SIM_EXPORT int nvmlEventSetCreate(struct nvml_event_set **ret);
SIM_EXPORT int nvmlEventSetCreate(struct nvml_event_set **ret)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    the_set = (struct nvml_event_set){{0}};
    *ret = &the_set;
    return sim_leave(0);
}

SIM_EXPORT int nvmlEventSetFree(struct nvml_event_set *set);
SIM_EXPORT int nvmlEventSetFree(struct nvml_event_set *set)
{
    int code = sim_enter(NULL, __func__);
    return code ? code : sim_leave(set == &the_set ? 0 : NVML_INVALID_ARGUMENT);
}

SIM_EXPORT int nvmlDeviceGetSupportedEventTypes(struct nvml_device *d, unsigned long long *ret);
SIM_EXPORT int nvmlDeviceGetSupportedEventTypes(struct nvml_device *d, unsigned long long *ret)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    *ret = 0x1f | (sim.scenario.gpus[d->gpu].board->mig ? NVML_EVENT_MIG_CHANGED : 0);
    return sim_leave(0);
}

SIM_EXPORT int nvmlDeviceRegisterEvents(struct nvml_device *d, unsigned long long types,
                                        struct nvml_event_set *set);
SIM_EXPORT int nvmlDeviceRegisterEvents(struct nvml_device *d, unsigned long long types,
                                        struct nvml_event_set *set)
{
    int code = sim_enter(d, __func__);
    if (code)
        return code;
    set->types[d->gpu] |= types;
    return sim_leave(0);
}

/* An event that has come and was not told yet. The lock is held. */
static bool next_event(const struct nvml_event_set *set, struct nvml_event_data *ret)
{
    for (unsigned g = 0; g < sim.scenario.gpu_len; g++) {
        struct sim_fault *layout = sim_fault(SIM_FAULT_MIG_LAYOUT, g);
        if (layout && !layout->told && (set->types[g] & NVML_EVENT_MIG_CHANGED)) {
            layout->told = true;
            *ret =
                (struct nvml_event_data){.device = &sim.devices[g], .type = NVML_EVENT_MIG_CHANGED};
            return true;
        }
        struct sim_fault *f = sim_fault(SIM_FAULT_XID, g);
        if (!f || !(set->types[g] & NVML_EVENT_XID))
            continue;
        f->calls--;
        *ret = (struct nvml_event_data){.device = &sim.devices[g],
                                        .type = NVML_EVENT_XID,
                                        .data = (unsigned long long)f->code,
                                        .gpu_instance = UINT_MAX,
                                        .compute_instance = UINT_MAX};
        return true;
    }
    return false;
}

/* As the driver does: a wait for the events of a GPU that is lost fails, also for the others. */
static bool waits_for_lost(const struct nvml_event_set *set)
{
    for (unsigned g = 0; g < sim.scenario.gpu_len; g++)
        if (set->types[g] && sim_fault(SIM_FAULT_LOST, g))
            return true;
    return false;
}

SIM_EXPORT int nvmlEventSetWait_v2(struct nvml_event_set *set, struct nvml_event_data *ret,
                                   unsigned timeout_ms);
SIM_EXPORT int nvmlEventSetWait_v2(struct nvml_event_set *set, struct nvml_event_data *ret,
                                   unsigned timeout_ms)
{
    for (;;) {
        int code = sim_enter(NULL, __func__);
        if (code)
            return code;
        bool found = next_event(set, ret), lost = !found && waits_for_lost(set);
        unsigned left = sim.set_us ? MIN(timeout_ms, TEST_WAIT_MS) : timeout_ms;
        sim_leave(0);
        if (found || lost)
            return found ? NVML_SUCCESS : NVML_GPU_IS_LOST;
        unsigned step = MIN(left, SET_STEP_MS);
        struct timespec pause = {0, (long)step * 1000000L};
        nanosleep(&pause, NULL);
        timeout_ms = left - step;
        if (!timeout_ms)
            return NVML_TIMEOUT;
    }
}

/* ---- of the system ---- */

struct nvml_system_event_set {
    unsigned long long types;
};

static struct nvml_system_event_set system_set;

SIM_EXPORT int nvmlSystemEventSetCreate(struct nvml_system_event_handle *request);
SIM_EXPORT int nvmlSystemEventSetCreate(struct nvml_system_event_handle *request)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    if (request->version != NVML_STRUCT_VERSION(struct nvml_system_event_handle, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    system_set = (struct nvml_system_event_set){0};
    request->set = &system_set;
    return sim_leave(0);
}

SIM_EXPORT int nvmlSystemEventSetFree(struct nvml_system_event_handle *request);
SIM_EXPORT int nvmlSystemEventSetFree(struct nvml_system_event_handle *request)
{
    int code = sim_enter(NULL, __func__);
    return code ? code : sim_leave(request->set == &system_set ? 0 : NVML_INVALID_ARGUMENT);
}

SIM_EXPORT int nvmlSystemRegisterEvents(struct nvml_system_event_register *request);
SIM_EXPORT int nvmlSystemRegisterEvents(struct nvml_system_event_register *request)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    if (request->version != NVML_STRUCT_VERSION(struct nvml_system_event_register, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    request->set->types |= request->types;
    return sim_leave(0);
}

SIM_EXPORT int nvmlSystemEventSetWait(struct nvml_system_event_wait *request);
SIM_EXPORT int nvmlSystemEventSetWait(struct nvml_system_event_wait *request)
{
    int code = sim_enter(NULL, __func__);
    if (code)
        return code;
    if (request->version != NVML_STRUCT_VERSION(struct nvml_system_event_wait, 1))
        return sim_leave(NVML_ARGUMENT_VERSION_MISMATCH);
    struct sim_fault *f = sim_fault(SIM_FAULT_UNBIND, SIM_ALL_GPUS);
    if (!f || !request->size || !(request->set->types & NVML_SYSTEM_EVENT_UNBIND))
        return sim_leave(NVML_TIMEOUT);
    f->calls--;
    request->data[0] = (struct nvml_system_event_data){.type = NVML_SYSTEM_EVENT_UNBIND};
    request->count = 1;
    return sim_leave(0);
}
