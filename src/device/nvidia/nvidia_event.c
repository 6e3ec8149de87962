/* nvidia_event.c - waits for the driver's events and hands them to the collector's thread. */
#include "device/nvidia/nvidia_event.h"

#include <stdlib.h>

#define QUEUE        256 /* events between two readings */
#define STOP_WAIT_NS ((uint64_t)(EVENT_WAIT_MS + 500) * 1000000)
#define PAUSE_NS     ((uint64_t)NS_PER_S) /* after a failure that may pass */
#define STACK_BYTES  ((size_t)256 << 10)
#define WANTED       (NVML_EVENT_XID | NVML_EVENT_MIG_CHANGED)

struct event {
    unsigned gpu; /* place in devices */
    bool layout;  /* MIG's layout changed; else an XID */
    unsigned xid;
    int64_t at_us;
};

struct event_run {
    struct nvml nvml; /* calls only: the library is the collector's */
    struct nvml_event_set *set;
    struct nvml_system_event_set *system; /* NULL: this driver has none */
    int64_t (*now_us)(void);
    struct {
        struct nvml_device *handle; /* may be dead when its event arrives: only compared */
        char uuid[96];
    } devices[NVIDIA_GPUS_MAX];
    size_t device_len;
    pthread_t thread;

    pthread_mutex_t lock; /* lock: all below */
    pthread_cond_t changed;
    bool stop, done, orphan, unbound;
    struct event queue[QUEUE];
    size_t queue_len;
    uint64_t missed;
};

static void destroy(struct event_run *run)
{
    if (!run)
        return;
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
    free(run);
}

/* ---- the thread ---- */

static void keep(struct event_run *run, const struct nvml_event_data *e)
{
    struct event event = {.layout = e->type == NVML_EVENT_MIG_CHANGED,
                          .xid = (unsigned)MIN(e->data, (uint64_t)UINT32_MAX),
                          .at_us = run->now_us()};
    size_t gpu = 0;

    if (e->type != NVML_EVENT_XID && e->type != NVML_EVENT_MIG_CHANGED)
        return;
    while (gpu < run->device_len && run->devices[gpu].handle != e->device)
        gpu++;
    if (gpu == run->device_len)
        return;
    event.gpu = (unsigned)gpu;
    pthread_mutex_lock(&run->lock);
    if (run->queue_len < QUEUE)
        run->queue[run->queue_len++] = event;
    else
        run->missed++;
    pthread_mutex_unlock(&run->lock);
}

/* Waits out a passing failure; true when the thread is to end. */
static bool pause_or_stop(struct event_run *run, bool pause)
{
    uint64_t until = clock_mono_ns() + PAUSE_NS;

    pthread_mutex_lock(&run->lock);
    while (pause && !run->stop && !thread_wait_until(&run->changed, &run->lock, until))
        ;
    bool stop = run->stop;
    pthread_mutex_unlock(&run->lock);
    return stop;
}

static void look_at_system(struct event_run *run)
{
    struct nvml_system_event_data data[4];
    struct nvml_system_event_wait wait = {
        .version = NVML_STRUCT_VERSION(struct nvml_system_event_wait, 1),
        .timeout_ms = 1,
        .set = run->system,
        .data = data,
        .size = ARRAY_LEN(data),
    };
    bool unbound = false;

    if (run->nvml.system_event_wait(&wait) != NVML_SUCCESS)
        return;
    for (unsigned i = 0; i < MIN(wait.count, wait.size); i++)
        unbound = unbound || data[i].type == NVML_SYSTEM_EVENT_UNBIND;
    pthread_mutex_lock(&run->lock);
    run->unbound = run->unbound || unbound;
    pthread_mutex_unlock(&run->lock);
}

static void *wait_for_events(void *arg)
{
    struct event_run *run = arg;
    unsigned wait_ms = run->system ? EVENT_WAIT_MS / 2 : EVENT_WAIT_MS;
    struct nvml_event_data data;
    bool end = false;

    while (!end) {
        data = (struct nvml_event_data){0};
        int code = run->nvml.event_wait(run->set, &data, wait_ms);
        if (code == NVML_SUCCESS)
            keep(run, &data);
        if (run->system)
            look_at_system(run);
        end = nvml_code_is_stale(code) || nvml_code_is_lost(code) || nvml_code_is_permanent(code);
        end = pause_or_stop(run, !end && code != NVML_SUCCESS && code != NVML_TIMEOUT) || end;
    }
    pthread_mutex_lock(&run->lock);
    bool orphan = run->orphan;
    run->done = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    if (orphan)
        destroy(run);
    return NULL;
}

/* ---- the collector's side ---- */

static void register_gpu(struct event_run *run, const struct gpu *g)
{
    unsigned long long types = 0;

    if (g->state != ACCELERATOR_OK || !g->handle || run->device_len == NVIDIA_GPUS_MAX ||
        run->nvml.event_types(g->handle, &types) != NVML_SUCCESS || !(types & WANTED) ||
        run->nvml.event_register(g->handle, types & WANTED, run->set) != NVML_SUCCESS)
        return;
    run->devices[run->device_len].handle = g->handle;
    memcpy(run->devices[run->device_len].uuid, g->identity.uuid, sizeof(g->identity.uuid));
    run->device_len++;
}

/* Where it fails the driver is older than these events. */
static void register_system(struct event_run *run)
{
    const struct nvml *nvml = &run->nvml;
    struct nvml_system_event_handle handle = {
        .version = NVML_STRUCT_VERSION(struct nvml_system_event_handle, 1)};
    struct nvml_system_event_register wanted = {
        .version = NVML_STRUCT_VERSION(struct nvml_system_event_register, 1),
        .types = NVML_SYSTEM_EVENT_UNBIND};

    if (!nvml->system_event_create || !nvml->system_event_free || !nvml->system_event_register ||
        !nvml->system_event_wait || nvml->system_event_create(&handle) != NVML_SUCCESS)
        return;
    wanted.set = handle.set;
    if (nvml->system_event_register(&wanted) == NVML_SUCCESS)
        run->system = handle.set;
    else
        nvml->system_event_free(&handle);
}

static void free_sets(struct event_run *run)
{
    struct nvml_system_event_handle handle = {
        .version = NVML_STRUCT_VERSION(struct nvml_system_event_handle, 1), .set = run->system};

    run->nvml.event_free(run->set);
    if (run->system)
        run->nvml.system_event_free(&handle);
}

int events_start(const struct nvml *nvml, struct gpu *gpus, size_t len, int64_t (*now_us)(void),
                 struct event_run **ret, struct error *err)
{
    struct event_run *run;
    int code = 0;

    *ret = NULL;
    if (!nvml->event_wait || !nvml->event_create || !nvml->event_free || !nvml->event_types ||
        !nvml->event_register)
        return 0;
    run = xnew(struct event_run);
    run->nvml = *nvml;
    run->now_us = now_us;
    pthread_mutex_init(&run->lock, NULL);
    thread_cond_init(&run->changed);
    if (nvml->event_create(&run->set) != NVML_SUCCESS) {
        destroy(run);
        return 0;
    }
    for (size_t i = 0; i < len; i++)
        register_gpu(run, &gpus[i]);
    if (run->device_len) {
        register_system(run);
        code =
            thread_start_small(&run->thread, "nvml-event", STACK_BYTES, wait_for_events, run, err);
    }
    if (!run->device_len || code) {
        free_sets(run);
        destroy(run);
        return code;
    }
    *ret = run;
    return 0;
}

bool events_take(struct event_run *run, struct xid_log *log, struct gpu *gpus, size_t len)
{
    if (!run)
        return true;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < run->queue_len; i++) {
        const struct event *e = &run->queue[i];
        const char *uuid = run->devices[e->gpu].uuid;
        if (!e->layout) {
            xid_log_count(log, uuid, e->xid, e->at_us);
            log_warn("XID", "xid", LOG_NUM(e->xid), "uuid", uuid);
        }
        for (size_t k = 0; e->layout && k < len; k++)
            if (strcmp(gpus[k].identity.uuid, uuid) == 0)
                gpus[k].layout_changed = true;
    }
    run->queue_len = 0;
    log->missed += run->missed;
    run->missed = 0;
    bool done = run->done;
    pthread_mutex_unlock(&run->lock);
    return !done;
}

bool events_unbound(struct event_run *run)
{
    if (!run)
        return false;
    pthread_mutex_lock(&run->lock);
    bool unbound = run->unbound;
    run->unbound = false;
    pthread_mutex_unlock(&run->lock);
    return unbound;
}

bool events_stop(struct event_run *run)
{
    uint64_t until = clock_mono_ns() + STOP_WAIT_NS;

    if (!run)
        return true;
    pthread_mutex_lock(&run->lock);
    run->stop = true;
    pthread_cond_broadcast(&run->changed);
    while (!run->done && !thread_wait_until(&run->changed, &run->lock, until))
        ;
    bool done = run->done;
    run->orphan = !done;
    pthread_t thread = run->thread; /* an orphan may free itself as soon as the lock is let go */
    pthread_mutex_unlock(&run->lock);
    if (!done) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    free_sets(run);
    destroy(run);
    return true;
}
