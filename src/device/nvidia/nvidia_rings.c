/* nvidia_rings.c - measures the driver's buffers of samples, on a thread that may be left behind.
 */
#include "device/nvidia/nvidia.h"
#include "device/nvidia/nvidia_pci.h"
#include "device/nvidia/nvidia_sort.h"
#include "device/nvidia/nvml.h"

#include <stdlib.h>

#define RING_MAX 65536u /* entries; real ones hold 100 to 4000 */

static const char *const types[NVML_SAMPLE_TYPES] = {
    [NVML_SAMPLES_POWER] = "power",
    [NVML_SAMPLES_GPU] = "gpu",
    [NVML_SAMPLES_MEMORY] = "memory",
    [NVML_SAMPLES_ENCODER] = "encoder",
    [NVML_SAMPLES_DECODER] = "decoder",
    [NVML_SAMPLES_SM_CLOCK] = "sm clock",
    [NVML_SAMPLES_MEMORY_CLOCK] = "memory clock",
    [NVML_SAMPLES_MODULE_POWER] = "module power",
    [NVML_SAMPLES_JPEG] = "jpeg",
    [NVML_SAMPLES_OFA] = "ofa",
};

struct rings {
    struct driver_ring *items;
    size_t len, cap;
    int code;
    struct error error;
};

/* Shared by the caller and the thread. */
struct look {
    struct host_paths paths; /* copies: the caller may be gone before the driver answers */
    char *texts[4];
    pthread_mutex_t lock; /* owners, done; and rings until it is done */
    pthread_cond_t ended;
    int owners;
    bool done;
    struct rings rings;
};

static int by_time(const void *a, const void *b)
{
    const struct nvml_sample *x = a, *y = b;

    return (x->timestamp > y->timestamp) - (x->timestamp < y->timestamp);
}

static void measure(struct driver_ring *r, struct nvml_sample *samples, size_t len)
{
    size_t distinct = 0;

    nvidia_sort(samples, len, sizeof(*samples), by_time);
    for (size_t i = 0; i < len; i++)
        distinct += !i || samples[i].timestamp != samples[i - 1].timestamp; /* told twice */
    r->held = distinct;
    if (distinct < 2)
        return;
    r->span_s = (double)(samples[len - 1].timestamp - samples[0].timestamp) / 1e6;
    r->spacing_s = r->span_s / (double)(distinct - 1);
}

static void look_at_ring(const struct nvml *nvml, struct nvml_device *device, int type,
                         struct driver_ring ring, struct rings *to)
{
    unsigned value_type, capacity = 0;
    int code = nvml->samples(device, type, 0, &value_type, &capacity, NULL);

    if (code != NVML_SUCCESS && code != NVML_NOT_FOUND)
        return;
    if (capacity)
        ring.capacity = capacity;
    unsigned count = MIN(MAX(capacity, 1u), RING_MAX);
    struct nvml_sample *samples = xcalloc(count, sizeof(*samples));
    unsigned told = count;
    code = nvml->samples(device, type, 0, &value_type, &told, samples);
    if (code == NVML_SUCCESS)
        measure(&ring, samples, MIN(told, count));
    free(samples);
    struct driver_ring *grown = array_grow(to->items, &to->cap, to->len + 1, sizeof(*to->items));
    if (!grown)
        return;
    to->items = grown;
    ring.type = types[type];
    to->items[to->len++] = ring;
}

static void look_at_gpu(const struct nvml *nvml, struct nvml_device *device, unsigned gpu,
                        struct rings *to)
{
    struct driver_ring ring = {
        .gpu = gpu, .capacity = UNKNOWN, .span_s = UNKNOWN, .spacing_s = UNKNOWN};
    struct nvml_pci_info pci = {0};

    if (nvml->pci && nvml->pci(device, &pci) == NVML_SUCCESS)
        snprintf(ring.pci_bus_id, sizeof(ring.pci_bus_id), "%04x:%02x:%02x.0", pci.domain, pci.bus,
                 pci.device);
    for (int type = 0; type < NVML_SAMPLE_TYPES; type++)
        look_at_ring(nvml, device, type, ring, to);
}

/* By their places on the bus, so that those asleep are left asleep. */
static void look_at_awake(const struct nvml *nvml, const struct nvidia_pci *pci, size_t n,
                          struct rings *to)
{
    for (size_t i = 0; i < n; i++) {
        struct nvml_device *device;
        if (pci[i].ours && !pci[i].asleep && nvml->by_bus_id &&
            nvml->by_bus_id(pci[i].bus_id, &device) == NVML_SUCCESS)
            look_at_gpu(nvml, device, (unsigned)i, to);
    }
}

static void look_at_all(const struct nvml *nvml, struct rings *to)
{
    unsigned count = 0;

    if (!nvml->count || !nvml->by_index || nvml->count(&count) != NVML_SUCCESS)
        return;
    for (unsigned i = 0; i < MIN(count, (unsigned)NVIDIA_GPUS_MAX); i++) {
        struct nvml_device *device;
        if (nvml->by_index(i, &device) == NVML_SUCCESS)
            look_at_gpu(nvml, device, i, to);
    }
}

static void look_once(const struct host_paths *paths, struct rings *to)
{
    struct nvidia_pci pci[NVIDIA_GPUS_MAX];
    size_t n = nvidia_pci_list(paths, pci, ARRAY_LEN(pci));
    struct nvml nvml;
    unsigned flags = 0;

    for (size_t i = 0; i < n; i++)
        if (pci[i].asleep)
            flags = NVML_INIT_FLAG_NO_ATTACH; /* wake nobody up */
    if (nvml_open(&nvml, paths->nvml_library, paths->rootfs, &to->error)) {
        to->code = -ENODEV;
        return;
    }
    int code = nvml_initialise(&nvml, flags);
    if (code != NVML_SUCCESS)
        to->code =
            error_set(&to->error, -ENODEV, "NVIDIA's driver: %s (%d)", nvml_code_text(code), code);
    else if (nvml.samples && flags)
        look_at_awake(&nvml, pci, n, to);
    else if (nvml.samples)
        look_at_all(&nvml, to);
    nvml_close(&nvml);
}

static void release(struct look *l)
{
    pthread_mutex_lock(&l->lock);
    bool last = --l->owners == 0;
    pthread_mutex_unlock(&l->lock);
    if (!last)
        return;
    for (size_t i = 0; i < ARRAY_LEN(l->texts); i++)
        free(l->texts[i]);
    free(l->rings.items);
    pthread_cond_destroy(&l->ended);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void *run(void *arg)
{
    struct look *l = arg;
    struct rings rings = {0};

    look_once(&l->paths, &rings);
    pthread_mutex_lock(&l->lock);
    l->rings = rings;
    l->done = true;
    pthread_cond_signal(&l->ended);
    pthread_mutex_unlock(&l->lock);
    release(l);
    return NULL;
}

static struct look *look_new(const struct host_paths *paths)
{
    struct look *l = xnew(struct look);

    l->paths.procfs = l->texts[0] = xstrdup(paths->procfs);
    l->paths.sysfs = l->texts[1] = xstrdup(paths->sysfs);
    l->paths.rootfs = l->texts[2] = xstrdup(paths->rootfs);
    l->paths.nvml_library = l->texts[3] = xstrdup(paths->nvml_library);
    pthread_mutex_init(&l->lock, NULL);
    thread_cond_init(&l->ended);
    l->owners = 2;
    return l;
}

int driver_rings_list(const struct host_paths *paths, int64_t patience_ms, struct driver_ring **ret,
                      size_t *ret_len, struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    struct look *l = look_new(paths);
    pthread_t thread;
    int code = thread_start(&thread, "nvml-rings", run, l, err);

    if (code) {
        l->owners = 1;
        release(l);
        return -EAGAIN;
    }
    pthread_mutex_lock(&l->lock);
    while (!l->done && !thread_wait_until(&l->ended, &l->lock, deadline))
        continue;
    bool done = l->done;
    if (done && l->rings.code) {
        code = error_set(err, l->rings.code, "%s", l->rings.error.text);
    } else if (done) {
        *ret = l->rings.items;
        *ret_len = l->rings.len;
        l->rings.items = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    if (done)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread); /* it hangs in the driver and frees what it holds if it returns */
    release(l);
    return done ? code
                : error_set(err, -ETIMEDOUT, "NVIDIA's driver did not answer within %lld ms",
                            (long long)patience_ms);
}
