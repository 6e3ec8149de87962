/* nvidia_probe.c - asks the driver on a thread that may be left behind. */
#include "device/nvidia/nvidia_probe.h"

#include "device/nvidia/nvidia.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvml.h"

#include <stdlib.h>

struct probe {
    struct host_paths paths; /* copies: the caller may be gone before the driver answers */
    char *texts[4];
    pthread_mutex_t lock; /* owners, done; and result until it is done */
    pthread_cond_t ended;
    int owners; /* the caller and the thread */
    bool done;
    struct probe_result result;
};

static void release(struct probe *p)
{
    pthread_mutex_lock(&p->lock);
    bool last = --p->owners == 0;
    pthread_mutex_unlock(&p->lock);
    if (!last)
        return;
    for (size_t i = 0; i < ARRAY_LEN(p->texts); i++)
        free(p->texts[i]);
    free(p->result.gpus);
    pthread_cond_destroy(&p->ended);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Lists and reads the GPUs once. */
static void read_once(const struct host_paths *paths, struct probe_result *r)
{
    struct arena arena;
    struct reading reading;
    void *state;

    r->stage = PROBE_NO_READING;
    if (nvidia_collector.open(paths, &state, &r->error))
        return;
    arena_init(&arena, 0);
    reading_init(&reading, &arena);
    reading.mono_ns = clock_mono_ns();
    if (nvidia_collector.read(state, &reading, &r->error) == 0) {
        r->stage = PROBE_DONE;
        r->platform = reading.platforms[0];
        r->gpus = xcalloc(MAX(reading.accelerator_len, (size_t)1), sizeof(*r->gpus));
        r->gpu_len = reading.accelerator_len;
        for (size_t i = 0; i < r->gpu_len; i++)
            r->gpus[i] = reading.accelerators[i];
    }
    arena_fini(&arena);
    nvidia_collector.close(state);
}

static void look(const struct host_paths *paths, struct probe_result *r)
{
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t n = nvidia_pci_list(paths, pci, ARRAY_LEN(pci));
    struct nvml nvml;
    unsigned flags = 0;

    for (size_t i = 0; i < n; i++)
        if (pci[i].asleep)
            flags = NVML_INIT_FLAG_NO_ATTACH; /* wake nobody up to see how it does */
    if (nvml_open(&nvml, paths->nvml_library, paths->rootfs, &r->error)) {
        r->stage = PROBE_NO_LIBRARY;
        return;
    }
    r->wsl = nvml.wsl;
    r->code = nvml_initialise(&nvml, flags);
    if (r->code == NVML_SUCCESS)
        read_once(paths, r); /* with the library open already its own opening costs nothing */
    else
        r->stage = PROBE_NO_INIT;
    if (r->stage == PROBE_NO_INIT)
        nvml_version(&nvml, r->library, sizeof(r->library));
    nvml_close(&nvml);
}

static void *run(void *arg)
{
    struct probe *p = arg;
    struct probe_result result = {0};

    look(&p->paths, &result);
    pthread_mutex_lock(&p->lock);
    p->result = result;
    p->done = true;
    pthread_cond_signal(&p->ended);
    pthread_mutex_unlock(&p->lock);
    release(p);
    return NULL;
}

static struct probe *probe_new(const struct host_paths *paths)
{
    struct probe *p = xnew(struct probe);

    p->paths.procfs = p->texts[0] = xstrdup(paths->procfs);
    p->paths.sysfs = p->texts[1] = xstrdup(paths->sysfs);
    p->paths.rootfs = p->texts[2] = xstrdup(paths->rootfs);
    p->paths.nvml_library = p->texts[3] = xstrdup(paths->nvml_library);
    pthread_mutex_init(&p->lock, NULL);
    thread_cond_init(&p->ended);
    p->owners = 2;
    return p;
}

int nvidia_probe(const struct host_paths *paths, int64_t patience_ms, struct probe_result *ret)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    struct probe *p = probe_new(paths);
    pthread_t thread;

    *ret = (struct probe_result){0};
    if (thread_start(&thread, "nvml-probe", run, p, NULL)) {
        p->owners = 1;
        release(p);
        return -EAGAIN;
    }
    pthread_mutex_lock(&p->lock);
    while (!p->done && !thread_wait_until(&p->ended, &p->lock, deadline))
        continue;
    bool done = p->done;
    if (done) {
        *ret = p->result;
        p->result.gpus = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    if (done)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread); /* it hangs in the driver and frees what it holds if it returns */
    release(p);
    return done ? 0 : -ETIMEDOUT;
}
